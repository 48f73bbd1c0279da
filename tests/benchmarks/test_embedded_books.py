"""The books that the engine's figures are measured on are true books."""

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.embedded_books import ChargingEngine
from benchmarks.embedded_yardsticks import PAGE_BYTES, PAGES, BareCharges, DiskSync


@pytest.mark.parametrize("accounts", [30, 100])
def test_written_books_are_true_and_can_be_charged(tmp_path: Path, accounts: int) -> None:
    """Verification finds nothing wrong with them, before and after charges."""
    charging = ChargingEngine(tmp_path, accounts)
    with charging.engine:
        assert [] == charging.engine.verify()
        for ready in charging.prepare(5):
            charging.charge(ready)
        assert [] == charging.engine.verify()


def test_the_bare_charge_writes_the_same_rows(tmp_path: Path) -> None:
    """One payment, one transfer, one balance, one used code: as many rows as the engine's charge."""
    charging = ChargingEngine(tmp_path / "engine", 30)
    charging.engine.close()
    with closing(BareCharges(tmp_path / "engine", 30)) as bare:

        def rows() -> list[int]:
            return [
                bare._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- the names below
                for table in ("payment", "transfer", "payment_code WHERE state = 'used'")
            ]

        before = rows()
        for key in bare.prepare(4):
            bare.charge(key)
        assert [count + 4 for count in before] == rows()


def test_the_disk_is_written_over_and_not_extended(tmp_path: Path) -> None:
    """L is measured on a file that is there already, however often it comes round."""
    with closing(DiskSync(tmp_path / "disk", length_pages=2 * PAGES)) as disk:
        for number in range(5):
            disk.write(number)
            disk.write_at_once(number)
        assert 2 * PAGES * PAGE_BYTES == (tmp_path / "disk").stat().st_size
