"""No PIN and no payment code is written anywhere, whatever happens at the till."""

import logging
from pathlib import Path

import pytest

from pos_client.demo.scenarios import SCENARIOS, WRONG_PIN
from tests.flows.conftest import OpenShop


def test_no_secret_is_written_anywhere(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """After every scenario, neither logs nor files, views nor reprs hold a PIN or a code that was shown."""
    caplog.set_level(logging.DEBUG)
    shop = open_shop(tmp_path / "shop", reply_due_seconds=0.5)
    seen: list[str] = []
    shop.stage.till.shown.connect(lambda view: seen.append(repr(view)))
    for scenario in SCENARIOS:
        shop.play(scenario)
    codes = [code.reveal() for code in shop.codes]
    pins = [member.pin for member in shop.stage.shop.members if member.pin is not None]
    shop.stage.close()
    written = {path.name: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()}
    written["log"] = caplog.text.encode()
    written["views"] = "\n".join(seen).encode()
    written["repr"] = repr(vars(shop.stage.till)).encode()
    assert len(codes) >= len(SCENARIOS) - 2
    assert {"journal.sqlite", "points.sqlite", "log", "views"} <= set(written)
    found = [
        (name, len(secret))
        for name, content in written.items()
        for secret in (*codes, *pins, WRONG_PIN)
        if secret.encode() in content
    ]
    assert [] == found
