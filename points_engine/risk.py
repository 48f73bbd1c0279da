"""The risk hook: a function of the shop's own that looks at a payment before it goes through.

It is asked once for each asset a payment takes, after every other rule has let it pass; the strictest answer holds. It
runs inside the transaction, so that the facts cannot change under it: it must be quick, must not call the engine, and
may be asked again about the same payment. When it fails, or answers something else, the challenge is asked for.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from points_engine.amounts import Asset
from points_engine.contract import Channel


class RiskAnswer(enum.StrEnum):
    """What the hook says, from the mildest to the strictest."""

    ALLOW = "allow"
    """Nothing speaks against it: the limits alone decide whether a challenge is needed."""
    ASK = "ask"
    """The customer has to prove themselves, whatever the limits say."""
    REFUSE = "refuse"
    """Not this payment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """What is known of a payment: no secret is in it, neither a code nor a PIN nor a phone.

    `units` of `asset` are to be taken for a member, known to the engine since `member_since` (None when that was never
    written down). `day_times` and `day_units` say what they paid with this asset today before this payment,
    `day_pin_free_times` and `day_pin_free_units` what of it went without a proof. `needs_proof` says that the limits
    ask for one already. `taker_id` is the till, the courier or the shop's order page, by `channel`.
    """

    at: datetime
    asset: Asset
    units: int
    channel: Channel
    shop_id: str
    taker_id: str
    member_no: str
    member_since: datetime | None
    day_times: int
    day_units: int
    day_pin_free_times: int
    day_pin_free_units: int
    needs_proof: bool


RiskHook = Callable[[RiskFacts], RiskAnswer]


_STRICTEST_FIRST = tuple(reversed(RiskAnswer))


def stricter(one: RiskAnswer, other: RiskAnswer) -> RiskAnswer:
    """The stricter of two answers."""
    return next(answer for answer in _STRICTEST_FIRST if answer in {one, other})
