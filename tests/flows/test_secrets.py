"""No PIN and no payment code is written anywhere, whatever happens at the till."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from pos_client.demo.scenarios import SCENARIOS, UNKNOWN, WRONG_PIN, Scenario
from tests.by_chance import without_chance
from tests.flows.conftest import IMPATIENT_SECONDS, PATIENT_SECONDS, OpenShop, Shop

SILENT = tuple(scenario for scenario in SCENARIOS if UNKNOWN in scenario.expected)
ANSWERED = tuple(scenario for scenario in SCENARIOS if scenario not in SILENT)


def test_no_secret_is_written_anywhere(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """After every scenario, neither logs nor files, views nor reprs hold a PIN or a code that was shown."""
    caplog.set_level(logging.DEBUG)
    written: dict[str, bytes] = {}
    secrets = {WRONG_PIN}
    for name, scenarios, due in (
        ("answered", ANSWERED, PATIENT_SECONDS),
        ("silent", SILENT, IMPATIENT_SECONDS),
    ):
        shop = open_shop(tmp_path / name, reply_due_seconds=due)
        written |= {f"{name}/{kind}": content for kind, content in left_by(shop, scenarios).items()}
        secrets |= {member.pin for member in shop.stage.shop.members if member.pin is not None}
        secrets |= {code.reveal() for code in shop.codes}
    written["log"] = caplog.text.encode()
    assert len(secrets) >= len(SCENARIOS) + 2
    assert {"answered/journal.sqlite", "answered/points.sqlite", "log", "silent/views"} <= set(written)
    found = [
        (name, len(secret))
        for name, content in written.items()
        for secret in secrets
        if secret.encode() in without_chance(content)
    ]
    assert [] == found


def left_by(shop: Shop, scenarios: Sequence[Scenario]) -> dict[str, bytes]:
    """What a shop has written and shown when it has played these and is closed."""
    seen: list[str] = []
    shop.stage.till.shown.connect(lambda view: seen.append(repr(view)))
    for scenario in scenarios:
        shop.play(scenario)
    shop.stage.close()
    written = {path.name: path.read_bytes() for path in shop.folder.rglob("*") if path.is_file()}
    written["views"] = "\n".join(seen).encode()
    written["repr"] = repr(vars(shop.stage.till)).encode()
    return written
