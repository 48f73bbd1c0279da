"""Engines whose books are on a PostgreSQL server, each folder's in a database of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from points_engine.bootstrap import Engine, Settings, open_engine
from tests.postgres_server import PostgresServer

CONNECTIONS = 6
"""What the tests' few threads need; a server lets only so many in."""


class FarFolders:
    """Opens engines as `open_engine` does, and the same folder again on the same database."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._urls: dict[Path, str] = {}

    def url(self, folder: Path) -> str:
        """The address of a folder's database."""
        if folder not in self._urls:
            self._urls[folder] = self._server.fresh()
        return self._urls[folder]

    def open_engine(self, folder: Path, settings: Settings | None = None, **options: Any) -> Engine:
        """An engine on the folder's database, unless its settings name one."""
        settings = settings or Settings()
        if not settings.database:
            settings = replace(settings, database=self.url(folder), database_connections=CONNECTIONS)
        return open_engine(folder, settings, **options)

    def drop(self) -> None:
        """Remove the databases."""
        for url in self._urls.values():
            self._server.drop(url)
