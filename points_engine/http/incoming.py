"""A request as the service's rooms see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request whose body has come.

    `path` and `query` are as sent, percent-encoded; `values` what stands in the path at the template's names, without
    percent signs. `headers` has lower-case names. `address` is the caller's IP address, empty on a Unix socket.
    """

    method: str
    path: str
    query: str
    values: Mapping[str, str]
    headers: Mapping[bytes, bytes] = field(repr=False)
    body: bytes = field(repr=False)
    address: str
    request_id: str

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name."""
        found = self.headers.get(name)
        return None if found is None else found.decode("latin-1")
