"""All of it as a shop runs it: the service's own command with TLS, a till enrolled by its command, real windows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from points_engine.bootstrap import PinEntry, Settings, open_engine
from points_engine.contract import Secret
from pos_client.__main__ import main
from pos_client.bootstrap import TillApplication, shop_choices
from pos_client.engine_client.credential import FILE_NAME, read_credential
from pos_client.settings import load_settings
from pos_client.till.effects import EntryKind
from pos_client.till.events import DigitTyped, PinEntered, Scanned
from tests.architecture.project_files import ROOT
from tests.by_chance import without_chance
from tests.flows.wire_tap import WireTap
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, Shop
from tests.waiting import PATIENCE_SECONDS

ENGINE = [sys.executable, "-m", "points_engine"]


class Served:
    """The service's command at work, by what it said when it began."""

    def __init__(self, options: list[str], said: dict[str, str]) -> None:
        self._options = options
        self.port = int(said["address"].rpartition(":")[2])
        self.fingerprint = said["tls_fingerprint"]

    def enrol_code(self) -> str:
        """What the back office's command prints for the till."""
        done = subprocess.run(
            [*ENGINE, "tills", "enrol-code", TILL, *self._options],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        code: str = json.loads(done.stdout)["code"]
        return code


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Served]:
    """The service on the engine in `folder`."""
    options = ["--folder", str(folder), "--settings", str(folder.parent / "engine.toml"), "--json"]
    command = [*ENGINE, "serve", *options, "--tls-lan", "--host", "127.0.0.1", "--port", "0"]
    with (
        log.open("wb") as written,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=written, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            yield Served(options, json.loads(process.stdout.readline()))
            process.terminate()
            assert 0 == process.wait(PATIENCE_SECONDS)
        finally:
            process.kill()


@contextmanager
def opened(qapp: QApplication, settings_file: Path) -> Iterator[TillApplication]:
    """The till with these settings, started."""
    settings = load_settings(settings_file, {})
    with closing(TillApplication(qapp, settings, shop_choices(settings))) as till:
        till.start()
        yield till


def settings_of_a_till(folder: Path, url: str, fingerprint: str) -> Path:
    """A file of settings, by which a till waits for its answers."""
    file = folder / "till.toml"
    file.write_text(
        f'till_id = "{TILL}"\nshop_name = "店"\ncashier = "lin"\ndata_folder = "{folder / "till"}"\n'
        f"reply_due_seconds = {10 * PATIENCE_SECONDS}\n"
        f'[engine]\nurls = ["{url}"]\nfingerprint = "{fingerprint}"\n'
        f"connect_seconds = {PATIENCE_SECONDS}\nanswer_seconds = {PATIENCE_SECONDS}\n",
        encoding="utf-8",
    )
    return file


def test_a_sale_with_a_sealed_pin_over_tls(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From an empty data folder to a paid sale; nobody reads a secret on the wire, in logs or in files."""
    (tmp_path / "engine.toml").write_text(
        'pin_entry = "sealed"\ncode_lifetime_seconds = 600\nchallenge_lifetime_seconds = 600\n',
        encoding="utf-8",
    )
    sealed = Settings(shows_balance=True, pin_entry=PinEntry.SEALED, code_lifetime_seconds=600)
    log = tmp_path / "service.log"
    with (
        Shop(tmp_path / "engine", engine=open_engine(tmp_path / "engine", sealed, pin_cost=CHEAP)) as shop,
        serving(tmp_path / "engine", log) as served,
        WireTap(served.port) as tap,
    ):
        shop.member("m-1", 2_000, RIGHT_PIN)
        settings_file = settings_of_a_till(tmp_path, f"https://127.0.0.1:{tap.port}", served.fingerprint)
        enrol_code = served.enrol_code()
        assert 0 == main(["--settings", str(settings_file), "--enrol", enrol_code])
        with opened(qapp, settings_file) as till:

            def shows(key: str) -> None:
                qtbot.waitUntil(
                    lambda: till.cashier.view is not None and till.cashier.view.headline.key == key
                )

            shows("cashier.enter_amount")
            code = shop.code("m-1")
            for event in (DigitTyped("8"), DigitTyped("00"), Scanned(Secret(code), "sim:")):
                till.inbox.put(event)
            shows("cashier.waiting_for_pin")
            till.inbox.put(PinEntered(Secret(RIGHT_PIN)))
            shows("cashier.paid")
        assert 1_200 == shop.balance("m-1")
    secret = read_credential(tmp_path / "till", TILL).key.secret.reveal()
    said = capsys.readouterr()
    written = [path for path in (tmp_path / "till").rglob("*") if path.is_file() and path.name != FILE_NAME]
    told = b"".join(path.read_bytes() for path in written) + log.read_bytes()
    told += (said.out + said.err).encode()
    assert len(tap.seen) > 5_000
    secrets = (secret, code, RIGHT_PIN, enrol_code)
    assert [] == [place for place, word in enumerate(secrets) if word.encode() in without_chance(told)]
    assert [] == [word for word in (b"HTTP/1.1", b"charges", b"till-1", code.encode()) if word in tap.seen]
    assert EntryKind.SUCCEEDED.encode() in told


def test_another_certificate_is_no_server_of_ours(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    """The till shows it, with its remedy, and sends nothing that is signed."""
    Shop(tmp_path / "engine").engine.close()
    (tmp_path / "engine.toml").write_text("", encoding="utf-8")
    with serving(tmp_path / "engine", tmp_path / "service.log") as served:
        url = f"https://127.0.0.1:{served.port}"
        settings_file = settings_of_a_till(tmp_path, url, served.fingerprint)
        assert 0 == main(["--settings", str(settings_file), "--enrol", served.enrol_code()])
        settings_of_a_till(tmp_path, url, "ab" * 32)
        with opened(qapp, settings_file) as till:
            qtbot.waitUntil(
                lambda: any("Compare the fingerprint" in str(remedy) for _, _, remedy in _lamps(till))
            )


def _lamps(till: TillApplication) -> tuple[tuple[str, object, str | None], ...]:
    return till.cashier.view.lamps if till.cashier.view is not None else ()
