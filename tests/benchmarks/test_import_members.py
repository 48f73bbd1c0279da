"""The import that is measured and its yardstick write the same rows."""

import shutil
from pathlib import Path

from benchmarks import import_members as benchmark
from points_engine.bootstrap import open_engine


def test_the_yardstick_writes_what_the_import_wrote(tmp_path: Path) -> None:
    """Row by row, in every table; and the imported books are true."""
    benchmark.empty_engine(tmp_path / "engine")
    shutil.copytree(tmp_path / "engine", tmp_path / "bare")
    assert benchmark.import_them(tmp_path / "engine", benchmark.spreadsheet(30)) > 0
    imported = benchmark.rows_of(tmp_path / "engine")
    assert {"member": 30, "account": 90, "transfer": 10} == {
        table: len(each.rows) for table, each in zip(benchmark.TABLES, imported, strict=True) if each.rows
    }
    assert benchmark.insert_barely(tmp_path / "bare", imported) > 0
    assert imported == benchmark.rows_of(tmp_path / "bare")
    for name in ("engine", "bare"):
        with open_engine(tmp_path / name, sweep_every_seconds=None) as engine:
            assert [] == engine.verify()
