"""The scheme as the engine's rooms see it: every number that a shop may choose, already checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo

from points_engine.amounts import Asset, Exchange
from points_engine.caller_rules import CallerRules
from points_engine.contract import ChallengeKind, ClawBackRule
from points_engine.earning import EarnRule
from points_engine.limits import AssetLimits
from points_engine.lots import LotRules
from points_engine.payment_code import CodeLayout
from points_engine.rates import RateRules
from points_engine.refunding import RefundRules
from points_engine.sms_code import SmsRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """What holds for all members and tills. An asset without limits is not offered, one without
    a rule in `earning` earns nothing.

    `code_kept_for` is how long an expired code is still told apart from one that never was; `replies_kept_for` how long
    the answer to an IssueCode is replayed. Both only decide how well the engine explains itself. `sms_kept_for` is how
    long a short message stays in the outbox, without its code.
    """

    layout: CodeLayout
    limits: Mapping[Asset, AssetLimits]
    exchange: Mapping[Asset, Exchange]
    code_lifetime_seconds: int
    challenge_lifetime_seconds: int
    challenge_kinds: tuple[ChallengeKind, ...]
    takes_plain_pins: bool
    takes_sealed_pins: bool
    pin_tries: int
    lock_waits_seconds: tuple[int, ...]
    sms: SmsRules
    zone: tzinfo
    shows_balance: bool
    lots: LotRules
    earning: Mapping[Asset, EarnRule]
    refunds: Mapping[Asset, RefundRules]
    claw_back: ClawBackRule
    callers: CallerRules
    rates: RateRules
    code_kept_for: timedelta = timedelta(minutes=10)
    replies_kept_for: timedelta = timedelta(days=1)
    sms_kept_for: timedelta = timedelta(days=30)
