"""What a merchant's own system is told of: which transfer makes which event, and when a telling is tried again.

An event is made from what the books hold anyway, so a charge does nothing for it: from the ledger's transfers, and from
the payments that failed, which move nothing. See docs/events.md.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from points_engine.ledger import TransferKind


class EventType(enum.StrEnum):
    """The kinds of event, by the word that travels."""

    PAYMENT_SUCCEEDED = "payment.succeeded"
    PAYMENT_HELD = "payment.held"
    PAYMENT_CANCELED = "payment.canceled"
    PAYMENT_FAILED = "payment.failed"
    """Refused at once, or after a hold because the tries were used up. No kind of transfer makes it by itself."""
    PAYMENT_REVERSED = "payment.reversed"
    PAYMENT_REFUNDED = "payment.refunded"
    POINTS_CREDITED = "points.credited"
    POINTS_EARNED = "points.earned"
    POINTS_GRANTED = "points.granted"
    POINTS_ADJUSTED = "points.adjusted"
    POINTS_EXPIRED = "points.expired"
    POINTS_CLAWED_BACK = "points.clawed_back"
    POINTS_OWED = "points.owed"
    POINTS_RECOVERED = "points.recovered"
    SHOP_SETTLED = "shop.settled"
    ENDPOINT_TEST = "endpoint.test"
    """Sent by hand, to one endpoint: whether it listens. No transfer makes it."""


TYPE_OF: Mapping[TransferKind, EventType] = MappingProxyType(
    {
        TransferKind.CHARGE: EventType.PAYMENT_SUCCEEDED,
        TransferKind.HOLD: EventType.PAYMENT_HELD,
        TransferKind.POST: EventType.PAYMENT_SUCCEEDED,
        TransferKind.VOID: EventType.PAYMENT_CANCELED,
        TransferKind.REVERSAL: EventType.PAYMENT_REVERSED,
        TransferKind.REFUND: EventType.PAYMENT_REFUNDED,
        TransferKind.CREDIT: EventType.POINTS_CREDITED,
        TransferKind.EARN: EventType.POINTS_EARNED,
        TransferKind.GRANT: EventType.POINTS_GRANTED,
        TransferKind.ADJUST_UP: EventType.POINTS_ADJUSTED,
        TransferKind.ADJUST_DOWN: EventType.POINTS_ADJUSTED,
        TransferKind.EXPIRE: EventType.POINTS_EXPIRED,
        TransferKind.CLAW_BACK: EventType.POINTS_CLAWED_BACK,
        TransferKind.DEBT: EventType.POINTS_OWED,
        TransferKind.RECOVERY: EventType.POINTS_RECOVERED,
        TransferKind.SETTLEMENT: EventType.SHOP_SETTLED,
        TransferKind.SETTLEMENT_RETURN: EventType.SHOP_SETTLED,
    }
)
"""The event that each kind of transfer makes; a void of a payment that failed makes PAYMENT_FAILED instead."""

OF_PAYMENTS = frozenset(kind for kind, word in TYPE_OF.items() if word.startswith("payment."))
"""Transfers of which a payment may have several at once, one an asset, that are one event together."""

MOST_TRIES = 10
_WAITS_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After each failed try but the last: the schedule that Standard Webhooks recommends, three days in all."""
_JITTER = 0.2
_LONGEST_PAUSE_SECONDS = 300


class EndpointInvalid(ValueError):
    """An endpoint that cannot be; says what can be."""


def wait_seconds(tries: int, chance: float) -> float | None:
    """How long after the `tries`-th failed try the next one is made, None when that was the last.

    `chance` is from 0 up to 1: what failed together is not tried again together.
    """
    if tries >= MOST_TRIES:
        return None
    return _WAITS_SECONDS[tries - 1] * (1 - _JITTER + 2 * _JITTER * chance)


def pause_seconds(failures: int) -> int:
    """How long an endpoint is left alone after so many failures in a row, so that others do not wait for it."""
    return min(2**failures, _LONGEST_PAUSE_SECONDS) if failures else 0


_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::[0-9]{1,5})?(?:[/?](?P<rest>[!-~]*))?",
    re.IGNORECASE,
)


def check_url(url: str, *, allows_http: bool) -> None:
    """Raises EndpointInvalid for what is no address of an endpoint; it says nothing of whom the address leads to."""
    found = _URL.fullmatch(url)
    if found is None or len(url) > 2_000:
        # A user or a password in it would not be sent: messages are signed instead.
        raise EndpointInvalid("an endpoint's address must be such as https://shop.example/webhooks")
    if "#" in (found["rest"] or ""):
        raise EndpointInvalid("an endpoint's address must hold no #fragment: it would never be sent")
    if found["scheme"].lower() != "https" and not allows_http:
        raise EndpointInvalid(
            "an endpoint's address must begin with https://, unless http is explicitly allowed"
        )


def types_of(words: str) -> frozenset[EventType]:
    """The event types in a text, with commas between. Raises EndpointInvalid."""
    try:
        return frozenset(EventType(word.strip()) for word in words.split(","))
    except ValueError:
        known = ", ".join(each for each in EventType if each is not EventType.ENDPOINT_TEST)
        raise EndpointInvalid(f"an event type must be one of {known}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRules:
    """How merchants' own systems are told. Raises EndpointInvalid.

    Unless `allows_http`, an endpoint is spoken to by https alone; unless `allows_private_addresses`, never at an
    address of the shop's own network or of this machine, whatever its name resolves to. What was delivered is
    forgotten after `kept_days`.
    """

    allows_http: bool = False
    allows_private_addresses: bool = False
    kept_days: int = 30

    def __post_init__(self) -> None:
        if isinstance(self.kept_days, bool) or not 1 <= self.kept_days <= 3_650:
            raise EndpointInvalid("webhooks.kept_days must be a whole number from 1 to 3650")
