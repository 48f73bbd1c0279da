"""Ids in paths and headers: any text, percent-encoded UTF-8."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode

from points_engine.contract import CommandInvalid

KEY_HEADER = "Idempotency-Key"


def filled(template: str, values: Mapping[str, object]) -> str:
    """A path with its fields in. Raises CommandInvalid for what no path can carry: nothing, "." and ".."."""
    parts = []
    for part in template.split("/"):
        if not part.startswith("{"):
            parts.append(part)
            continue
        name = part[1:-1]
        text = str(values[name])
        # What is between client and server takes dots out of a path, however they are written.
        if text in {"", ".", ".."}:
            raise CommandInvalid(f"{name} must be more than dots")
        parts.append(quoted(name, text))
    return "/".join(parts)


def quoted(name: str, text: str) -> str:
    """An id as paths and headers carry it. Raises CommandInvalid for a text that is no UTF-8."""
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise CommandInvalid(f"{name} must not hold control characters") from None


def unquoted(text: str) -> str:
    """The id that a path or header carries. Raises ValueError when it is no UTF-8."""
    return unquote(text, errors="strict") if "%" in text else text


def query_of(values: Mapping[str, object]) -> str:
    """A query: names and values."""
    return urlencode({name: _word(value) for name, value in values.items() if value is not None})


def query_values(query: str) -> Sequence[tuple[str, str]]:
    """The names and values in a query. Raises ValueError when it is none."""
    return parse_qsl(
        query, keep_blank_values=True, strict_parsing=bool(query), errors="strict", max_num_fields=20
    )


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
