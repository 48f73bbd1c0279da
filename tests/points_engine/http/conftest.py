"""One running service for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.points_engine.http.running_service import RunningService
from tests.points_engine.shop import EVERY_KIND


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with RunningService(tmp_path_factory.mktemp("service"), scheme=EVERY_KIND) as running:
        yield running
