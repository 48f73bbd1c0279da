"""How often somebody may call: windows of time with a count in each, and whose address a call is counted for."""

import enum
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class RateRulesInvalid(ValueError):
    """Rules for rates that cannot be; names the one and says what can be."""


class RateKind(enum.StrEnum):
    """What is counted; each kind of subject has counts of its own."""

    TILL = "till"
    COURIER = "courier"
    MERCHANT = "merchant"
    CUSTOMER = "customer"
    BACK_OFFICE = "back_office"
    ADDRESS = "address"
    """Of an address: what carries no good credential."""
    SIGN_IN = "sign_in"
    """Of an address: starting and finishing sign-ins."""
    ENROLMENT = "enrolment"
    """Of an address: trying enrolment codes."""
    ALL_ENROLMENTS = "all_enrolments"
    """Of everybody together: trying enrolment codes."""


class Limit(NamedTuple):
    """So many calls in a window of so many seconds; 0 calls: any number."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRules:
    """How many calls a scheme takes. 0 takes any number. Raises RateRulesInvalid.

    In `window_seconds`, of one caller each: `till_calls`, `courier_calls`, `merchant_calls`, `customer_calls` (a
    member, on all their phones together) and `back_office_calls`; and `address_calls` of one address that carry no good
    credential. In ten minutes, of one address: `sign_in_calls` and `enrolment_calls`, and of all together
    `all_enrolment_calls`.

    `trusted_proxies` are the addresses or networks whose X-Forwarded-For is believed; none by default.
    """

    window_seconds: int = 10
    till_calls: int = 500
    courier_calls: int = 100
    merchant_calls: int = 5_000
    customer_calls: int = 100
    back_office_calls: int = 1_000
    address_calls: int = 100
    sign_in_calls: int = 60
    enrolment_calls: int = 20
    all_enrolment_calls: int = 500
    trusted_proxies: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if name == "trusted_proxies":
                continue
            value, lowest, highest = getattr(self, name), 0, 1_000_000
            if name == "window_seconds":
                lowest, highest = 1, 3_600
            if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
                raise RateRulesInvalid(f"{name} must be a whole number from {lowest} to {highest}")
        self.networks()

    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The trusted proxies. Raises RateRulesInvalid."""
        try:
            return tuple(ipaddress.ip_network(each, strict=False) for each in self.trusted_proxies)
        except ValueError:
            raise RateRulesInvalid(
                "trusted_proxies must be addresses or networks, e.g. 10.0.0.5 or 10.0.0.0/24"
            ) from None

    def limit(self, kind: RateKind) -> Limit:
        """The limit of a kind."""
        calls: int = getattr(self, _CALLS.get(kind, f"{kind}_calls"))
        return Limit(calls, _STRICT_SECONDS if kind in STRICT else self.window_seconds)


STRICT = frozenset({RateKind.SIGN_IN, RateKind.ENROLMENT, RateKind.ALL_ENROLMENTS})
"""Counted by all nodes together, call by call: what guesses at secrets, or costs an SMS."""

_CALLS = {RateKind.ALL_ENROLMENTS: "all_enrolment_calls"}
_STRICT_SECONDS = 600

SETTLED_FROM = 10
"""A node tells others of a tenth of a limit at a time: what uses less of it costs no write at all."""


def window_of(now: datetime, seconds: int) -> int:
    """The number of the window a moment is in."""
    return int(now.timestamp()) // seconds


def end_of(window: int, seconds: int) -> datetime:
    """When a window is over."""
    return datetime.fromtimestamp((window + 1) * seconds, UTC)


def wait_seconds(now: datetime, seconds: int) -> int:
    """Whole seconds, rounded up, until the window is over."""
    return max(1, -((now - end_of(window_of(now, seconds), seconds)) // timedelta(seconds=1)))


def client_address(
    peer: str,
    forwarded_for: str,
    trusted: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> str:
    """Whose address a call is counted for: the peer's, unless that is a trusted proxy; then whom it names.

    `forwarded_for` is the X-Forwarded-For header, empty without one; it is read from its end, where the nearest proxy
    wrote, for as long as those who wrote are trusted. An IPv6 address stands for its /64, which is one customer's.
    """
    address = _address(peer)
    if address is None:
        return peer
    for named in reversed(forwarded_for.split(",")):
        if not any(address in network for network in trusted):
            break
        before = _address(named.strip())
        if before is None:
            break
        address = before
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    # As some proxies write it: [2001:db8::1]:443, 203.0.113.7:443.
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
