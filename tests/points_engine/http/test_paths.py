"""The table of endpoints."""

import pytest

from points_engine.http.answers import Answer
from points_engine.http.endpoints import Endpoint
from points_engine.http.incoming import Incoming
from points_engine.http.paths import Paths
from points_engine.wire.callers import Caller


async def answer(_request: Incoming, _caller: Caller | None) -> Answer:
    """Nothing."""
    return Answer(204, b"", b"")


PATHS = Paths(
    Endpoint(method, path, answer)
    for method, path in (
        ("GET", "/a"),
        ("POST", "/a"),
        ("GET", "/a/{x}"),
        ("GET", "/a/b"),
        ("GET", "/a/{x}/c"),
        ("POST", "/a/{x}/{y}"),
    )
)


@pytest.mark.parametrize(
    ("method", "path", "found", "values", "methods"),
    [
        ("GET", "/a", "/a", {}, ()),
        ("PUT", "/a", None, {}, ("GET", "POST")),
        ("GET", "/a/b", "/a/b", {}, ()),
        ("GET", "/a/%2Fz%20%C3%BC", "/a/{x}", {"x": "/z ü"}, ()),
        ("GET", "/a/q/c", "/a/{x}/c", {"x": "q"}, ()),
        ("POST", "/a/q/d", "/a/{x}/{y}", {"x": "q", "y": "d"}, ()),
        ("GET", "/a/", None, {}, ()),
        ("GET", "/a/%ff", None, {}, ()),
        ("GET", "/a/q/d/e", None, {}, ()),
        ("GET", "", None, {}, ()),
    ],
)
def test_an_endpoint_is_found_by_method_and_path(
    method: str, path: str, found: str | None, values: dict[str, str], methods: tuple[str, ...]
) -> None:
    """Spelled out before templates; the parts of a path come without percent signs."""
    seen = PATHS.find(method, path)
    assert (found, methods) == (seen.endpoint and seen.endpoint.path, seen.methods)
    assert seen.endpoint is None or values == seen.values
