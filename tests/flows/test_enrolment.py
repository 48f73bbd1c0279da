"""A till is enrolled from the command line: once, for its owner alone, and nobody sees its secret."""

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from points_engine.calling import CallerKind
from points_engine.contract import Query, Refusal, Refused
from points_engine.http.gatekeeper import Gatekeeper
from pos_client.__main__ import NOT_ENROLLED, main
from pos_client.engine_client.credential import FILE_NAME, read_credential
from pos_client.engine_client.remote_door import RemoteDoor
from tests.held_port import HeldPort
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND, TILL, Shop
from tests.pos_client.engine_client.renewing_till import patient
from tests.waiting import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """The shop's server."""
    shop = Shop(tmp_path_factory.mktemp("server"), EVERY_KIND)
    shop.till("till-2")
    with (
        Gatekeeper(shop.engine.gate, EVERY_KIND.rates) as gatekeeper,
        RunningService(shop.folder, shop=shop, authenticator=gatekeeper) as running,
    ):
        yield running


@pytest.fixture
def counter(server: RunningService) -> Counter:
    """Where codes are made."""
    return Counter(server.shop)


@pytest.fixture
def settings(server: RunningService, tmp_path: Path) -> Path:
    """The settings of the shop's till."""
    path = tmp_path / "till.toml"
    path.write_text(
        f'till_id = "{TILL}"\nshop_name = "店"\ncashier = "lin"\ndata_folder = "{tmp_path / "data"}"\n'
        f'[engine]\nurls = ["http://127.0.0.1:{server.port}"]\n'
        f"connect_seconds = {PATIENCE_SECONDS}\nanswer_seconds = {PATIENCE_SECONDS}\n",
        encoding="utf-8",
    )
    return path


def enrol(settings: Path, code: str) -> int:
    """As somebody at the till's terminal does."""
    return main(["--settings", str(settings), "--enrol", code, "--log", "DEBUG"])


def test_a_code_becomes_a_credential(
    server: RunningService,
    counter: Counter,
    settings: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The till is known from then on; its secret is in one file of its owner's, and nowhere else."""
    caplog.set_level(logging.DEBUG)
    code = counter.code(CallerKind.TILL, TILL)
    assert 0 == enrol(settings, code)
    credential = read_credential(tmp_path / "data", TILL)
    with closing(RemoteDoor(patient(f"http://127.0.0.1:{server.port}"), credential)) as door:
        assert Refused(refusal=Refusal.ORDER_UNKNOWN) == door.execute(Query(order_id="o-1"))
    assert 0o600 == (tmp_path / "data" / FILE_NAME).stat().st_mode & 0o777
    said = capsys.readouterr()
    assert f"enrolled as {TILL}" in said.out
    told = said.out + said.err + caplog.text + b"".join(server.log).decode()
    assert [] == [secret for secret in (code, credential.key.secret.reveal()) if secret in told]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: "AAAA-BBBB", ["refuses the code", "another"]),
        (lambda counter: counter.code(CallerKind.TILL, "till-2"), [f"not this till's ({TILL})", "till_id"]),
    ],
    ids=["no such code", "another till's"],
)
def test_a_code_that_is_not_good_leaves_nothing_behind(
    counter: Counter,
    settings: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Counter], str],
    words: list[str],
) -> None:
    """It is said why, and what to do."""
    assert NOT_ENROLLED == enrol(settings, make(counter))
    said = capsys.readouterr().err
    assert [] == [word for word in words if word not in said]
    assert not (tmp_path / "data" / FILE_NAME).exists()


def test_a_server_that_is_away_is_named(
    server: RunningService, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its remedy; the code is still good."""
    text = settings.read_text(encoding="utf-8")
    with HeldPort() as nobody:
        settings.write_text(text.replace(f":{server.port}", f":{nobody.number}"), encoding="utf-8")
        assert NOT_ENROLLED == enrol(settings, "AAAA-BBBB")
    assert "cannot be reached" in capsys.readouterr().err


def test_a_till_with_its_engine_inside_needs_no_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says so."""
    settings = tmp_path / "till.toml"
    settings.write_text('till_id = "T1"\nshop_name = "S"\ncashier = "c"\n', encoding="utf-8")
    assert NOT_ENROLLED == enrol(settings, "AAAA-BBBB")
    assert "engine.urls" in capsys.readouterr().err
