"""How a shop's SMS gateway is spoken to, as a template: no gateway is known here, so that any may be used.

A field is written $phone, $text, $code (empty where there is none) or $message_id (the same at every attempt, for
gateways that know a repetition by it); $$ is a dollar. What is put in is escaped for where it stands: percent-encoding
in the URL and in a form, JSON escapes in JSON.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from types import MappingProxyType

FIELDS = frozenset({"phone", "text", "code", "message_id"})
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HTTP = re.compile(r"https?://[^/?#$\s]+(?:[/?#]\S*)?\Z")

HEADER_FIELDS = frozenset({"message_id"})
"""A header is no place for a text or a number: it may be logged on the way."""


class GatewayInvalid(ValueError):
    """A gateway that cannot be; names the setting and never what is in it."""


def _as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _as_is(text: str) -> str:
    return text


def _percent(text: str) -> str:
    """Percent-encoding (RFC 3986): all but its unreserved characters."""
    return "".join(
        chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in text.encode("utf-8", "replace")
    )


_ESCAPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("application/json", _as_json),
    ("application/x-www-form-urlencoded", _percent),
    ("text/plain", _as_is),
)
"""How what is put into a body is escaped, by the body's content type."""


@dataclass(frozen=True, slots=True)
class Taken:
    """By what an answer says that the message was taken: a status of 2xx and, if given, a text in the answer.

    `json_field` names a field of a JSON answer (dots lead inwards) that must equal `equals` (compared as text);
    `contains` a text that must be in it. A gateway may answer 200 and mean no.
    """

    json_field: str | None = None
    equals: str = ""
    contains: str = ""

    def holds(self, status: int, body: str) -> bool:
        """Whether this answer says so."""
        if not 200 <= status < 300 or self.contains not in body:
            return False
        return self.json_field is None or _field_of(body, self.json_field) == self.equals


def _field_of(body: str, path: str) -> str | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value if isinstance(value, str) else json.dumps(value)


@dataclass(frozen=True, slots=True)
class GatewayRequest:
    """What is sent for one message; prints nothing of it."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpGateway:
    """A gateway that is spoken to by one HTTP request a message. Raises GatewayInvalid.

    URL, headers and body hold the shop's password with the gateway: none of them is printed. `timeout_seconds` bounds
    connecting and every wait for the answer.
    """

    url: str = field(repr=False)
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    body: str = field(default="", repr=False)
    content_type: str = "application/json"
    taken: Taken = field(default_factory=Taken)
    timeout_seconds: float = 10.0
    proxy: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _HTTP.match(self.url):
            raise GatewayInvalid("sms_gateway.url must be an http or https address")
        if self.method not in {"GET", "POST", "PUT"}:
            raise GatewayInvalid("sms_gateway.method must be GET, POST or PUT")
        if self.content_type not in dict(_ESCAPES):
            known = ", ".join(name for name, _ in _ESCAPES)
            raise GatewayInvalid(f"sms_gateway.content_type must be one of {known}")
        if not 1 <= self.timeout_seconds <= 30:
            raise GatewayInvalid("sms_gateway.timeout_seconds must be from 1 to 30")
        _check_template("sms_gateway.url", self.url, FIELDS)
        _check_template("sms_gateway.body", self.body, FIELDS)
        for name, value in self.headers.items():
            if not name.isascii() or not (name + value).isprintable():
                raise GatewayInvalid("sms_gateway.headers must be printable, with names in ASCII")
            _check_template("sms_gateway.headers", value, HEADER_FIELDS)
        named = {*Template(self.url).get_identifiers(), *Template(self.body).get_identifiers()}
        if "phone" not in named or not named & {"text", "code"}:
            raise GatewayInvalid("sms_gateway.url or body must hold $phone, and $text or $code")

    def request(self, fields: Mapping[str, str]) -> GatewayRequest:
        """The request for one message; `fields` has all of FIELDS."""
        body = _filled(self.body, fields, dict(_ESCAPES)[self.content_type]).encode()
        headers = {name: _filled(value, fields, _as_is) for name, value in self.headers.items()}
        if body:
            headers.setdefault("Content-Type", f"{self.content_type}; charset=utf-8")
        return GatewayRequest(self.method, _filled(self.url, fields, _percent), headers, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseGateway:
    """A service that Apprise knows, by its address with $phone in it, e.g. "twilio://SID:TOKEN@FROM/$phone"."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        _check_template("sms_gateway.url", self.url, frozenset({"phone", "message_id"}))
        if "://" not in self.url or "phone" not in Template(self.url).get_identifiers():
            raise GatewayInvalid("sms_gateway.url must be an Apprise address with $phone in it")

    def address(self, fields: Mapping[str, str]) -> str:
        """The address for one message."""
        return _filled(self.url, fields, _percent)


def _check_template(name: str, text: str, known: frozenset[str]) -> None:
    template = Template(text)
    if not template.is_valid() or not set(template.get_identifiers()) <= known:
        names = ", ".join(f"${word}" for word in sorted(known))
        raise GatewayInvalid(f"{name} may hold {names}, and $$ for a dollar, and no other field")


def _filled(text: str, fields: Mapping[str, str], escape: Callable[[str], str]) -> str:
    return Template(text).substitute({name: escape(value) for name, value in fields.items()})
