"""The table of endpoints, found by method and path."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from points_engine.http.endpoints import Endpoint
from points_engine.wire.addresses import unquoted

NO_VALUES: Mapping[str, str] = {}


class Found(NamedTuple):
    """An endpoint and what stands in the path; or the methods that the path has, when it has not the one asked for."""

    endpoint: Endpoint | None
    values: Mapping[str, str]
    methods: tuple[str, ...] = ()


_NOTHING = Found(None, NO_VALUES)


class Paths:
    """Finds endpoints. A part of a path that is spelled out goes before a {name}."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._plain: dict[str, dict[str, Found]] = {}
        self._templates: dict[int, list[tuple[tuple[str, ...], dict[str, Endpoint]]]] = {}
        for endpoint in endpoints:
            self._add(endpoint)
        for templates in self._templates.values():
            templates.sort(key=lambda each: [part.startswith("{") for part in each[0]])

    def _add(self, endpoint: Endpoint) -> None:
        if "{" not in endpoint.path:
            self._plain.setdefault(endpoint.path, {})[endpoint.method] = Found(endpoint, NO_VALUES)
            return
        parts = tuple(endpoint.path.split("/"))
        of_length = self._templates.setdefault(len(parts), [])
        methods = next((methods for template, methods in of_length if template == parts), None)
        if methods is None:
            methods = {}
            of_length.append((parts, methods))
        methods[endpoint.method] = endpoint

    def find(self, method: str, path: str) -> Found:
        """The endpoint of a method and path (as sent, percent-encoded)."""
        plain = self._plain.get(path)
        if plain is not None:
            return plain.get(method) or Found(None, NO_VALUES, tuple(plain))
        parts = path.split("/")
        for template, methods in self._templates.get(len(parts), ()):
            values = _values(template, parts)
            if values is not None:
                endpoint = methods.get(method)
                return Found(endpoint, values, () if endpoint else tuple(methods))
        return _NOTHING


def _values(template: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    values = {}
    for name, part in zip(template, parts, strict=True):
        if name.startswith("{"):
            try:
                values[name[1:-1]] = unquoted(part)
            except ValueError:
                return None
            if not part:
                return None
        elif name != part:
            return None
    return values
