"""What tests of the till's edges share: a journal in a real file, and a reader of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_client.journal import JournalReader, SqliteJournal
from tests.pos_client.entries import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "till" / "journal.sqlite"


@pytest.fixture
def journal(path: Path) -> Iterator[SqliteJournal]:
    journal = opened(path)
    yield journal
    journal.close()


@pytest.fixture
def reader(journal: SqliteJournal, path: Path) -> Iterator[JournalReader]:
    reader = JournalReader(path)
    yield reader
    reader.close()
