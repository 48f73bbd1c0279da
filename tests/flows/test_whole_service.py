"""All of it as a shop runs it: the service's own command with TLS, a till enrolled by its command, real windows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

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
from tests.flows.wire_tap import WireTap
from tests.points_engine.shop import CHEAP, RIGHT_PIN, TILL, Shop

WAIT_MS = 20_000
ENGINE = [sys.executable, "-m", "points_engine"]


class Served:
    """The service's command at work: what it said when it began, and where its log goes."""

    def __init__(self, folder: Path, log: IO[bytes]) -> None:
        self._options = ["--folder", str(folder), "--settings", str(folder.parent / "engine.toml"), "--json"]
        self.process = subprocess.Popen(
            [*ENGINE, "serve", *self._options, "--tls-lan", "--host", "127.0.0.1", "--port", "0"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.port = int(said["address"].rpartition(":")[2])
        self.fingerprint: str = said["tls_fingerprint"]

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
    with log.open("wb") as written:
        served = Served(folder, written)
        try:
            yield served
        finally:
            served.process.terminate()
            served.process.communicate(timeout=20)
        assert 0 == served.process.returncode


def test_a_sale_with_a_sealed_pin_over_tls(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From an empty data folder to a paid sale; nobody reads a secret on the wire, in logs or in files."""
    (tmp_path / "engine.toml").write_text('pin_entry = "sealed"\n', encoding="utf-8")
    sealed = Settings(shows_balance=True, pin_entry=PinEntry.SEALED)
    shop = Shop(tmp_path / "engine", engine=open_engine(tmp_path / "engine", sealed, pin_cost=CHEAP))
    shop.member("m-1", 2_000, RIGHT_PIN)
    log = tmp_path / "service.log"
    with serving(tmp_path / "engine", log) as served, WireTap(served.port) as tap:
        settings_file = tmp_path / "till.toml"
        settings_file.write_text(
            f'till_id = "{TILL}"\nshop_name = "店"\ncashier = "lin"\ndata_folder = "{tmp_path / "till"}"\n'
            f'[engine]\nurls = ["https://127.0.0.1:{tap.port}"]\nfingerprint = "{served.fingerprint}"\n',
            encoding="utf-8",
        )
        enrol_code = served.enrol_code()
        assert 0 == main(["--settings", str(settings_file), "--enrol", enrol_code])
        settings = load_settings(settings_file, {})
        till = TillApplication(qapp, settings, shop_choices(settings))
        till.start()

        def shows(key: str) -> None:
            qtbot.waitUntil(
                lambda: till.cashier.view is not None and till.cashier.view.headline.key == key,
                timeout=WAIT_MS,
            )

        shows("cashier.enter_amount")
        code = shop.code("m-1")
        for event in (DigitTyped("8"), DigitTyped("00"), Scanned(Secret(code), "sim:")):
            till.inbox.put(event)
        shows("cashier.waiting_for_pin")
        till.inbox.put(PinEntered(Secret(RIGHT_PIN)))
        shows("cashier.paid")
        till.close()
    assert 1_200 == shop.balance("m-1")
    shop.engine.close()
    secret = read_credential(tmp_path / "till", TILL).key.secret.reveal()
    said = capsys.readouterr()
    written = [path for path in (tmp_path / "till").rglob("*") if path.is_file() and path.name != FILE_NAME]
    told = b"".join(path.read_bytes() for path in written) + log.read_bytes()
    told += (said.out + said.err).encode()
    assert len(tap.seen) > 5_000
    assert [] == [
        place for place, word in enumerate((secret, code, RIGHT_PIN, enrol_code)) if word.encode() in told
    ]
    assert [] == [word for word in (b"HTTP/1.1", b"charges", b"till-1", code.encode()) if word in tap.seen]
    assert EntryKind.SUCCEEDED.encode() in told


def test_another_certificate_is_no_server_of_ours(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> None:
    """The till shows it, with its remedy, and sends nothing that is signed."""
    shop = Shop(tmp_path / "engine")
    shop.engine.close()
    (tmp_path / "engine.toml").write_text("", encoding="utf-8")
    with serving(tmp_path / "engine", tmp_path / "service.log") as served:
        settings_file = tmp_path / "till.toml"
        settings_file.write_text(
            f'till_id = "{TILL}"\nshop_name = "店"\ncashier = "lin"\ndata_folder = "{tmp_path / "till"}"\n'
            f'[engine]\nurls = ["https://127.0.0.1:{served.port}"]\nfingerprint = "{served.fingerprint}"\n',
            encoding="utf-8",
        )
        assert 0 == main(["--settings", str(settings_file), "--enrol", served.enrol_code()])
        text = settings_file.read_text(encoding="utf-8").replace(served.fingerprint, "ab" * 32)
        settings_file.write_text(text, encoding="utf-8")
        settings = load_settings(settings_file, {})
        till = TillApplication(qapp, settings, shop_choices(settings))
        till.start()
        qtbot.waitUntil(
            lambda: any("Compare the fingerprint" in str(remedy) for _, _, remedy in _lamps(till)),
            timeout=WAIT_MS,
        )
        till.close()


def _lamps(till: TillApplication) -> tuple[tuple[str, object, str | None], ...]:
    return till.cashier.view.lamps if till.cashier.view is not None else ()
