"""What a shop may choose, checked when it is made."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from points_engine.amounts import Asset, Exchange
from points_engine.caller_rules import CallerRules
from points_engine.challenge import CONSECUTIVE_FAILURES_MAX
from points_engine.contract import ChallengeKind, ClawBackRule
from points_engine.earning import EarnRule
from points_engine.engine.scheme import Scheme
from points_engine.gateway import AppriseGateway, HttpGateway
from points_engine.limits import AssetLimits
from points_engine.lots import LotRules
from points_engine.payment_code import LIFETIME_SECONDS, CodeLayout
from points_engine.rates import RateRules
from points_engine.refunding import RefundRules
from points_engine.service_settings import ServiceSettings
from points_engine.sms_code import SmsRules
from points_engine.webhook import WebhookRules

_DATABASE_SCHEMES = ("postgresql://", "postgres://")


class PinEntry(enum.StrEnum):
    """How PINs may arrive."""

    PLAIN = "plain"
    """As typed: for an engine inside the till's own process."""
    PLAIN_OR_SEALED = "plain_or_sealed"
    SEALED = "sealed"
    """Encrypted at the keypad alone."""


class SettingsInvalid(ValueError):
    """A setting that cannot be; names it and says what can be."""


def _limits_of_all_assets() -> Mapping[Asset, AssetLimits]:
    return MappingProxyType({asset: AssetLimits() for asset in Asset})


def _a_point_for_each_1_00() -> Mapping[Asset, EarnRule]:
    return MappingProxyType({Asset.POINTS: EarnRule(1, 100)})


def _refunds_of_all_assets() -> Mapping[Asset, RefundRules]:
    return MappingProxyType({asset: RefundRules() for asset in Asset})


def _exchange_of_all_assets() -> Mapping[Asset, Exchange]:
    return MappingProxyType({asset: Exchange(100, 100) for asset in Asset})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One scheme's settings; amounts are in each asset's smallest unit.

    `code_prefix` begins every payment code; `limits` has the limits of each asset offered; `zone` (an IANA name)
    decides when a day begins; `shows_balance` says whether a till may see balances. `exchange` says what each asset is
    worth in money, where a price is paid out of several: unless set, 100 points or 100 cents are worth 1.00.

    `challenge_kinds` are the proofs offered, in this order; `pin_entry` says how PINs may arrive. `pin_tries` wrong
    answers in a row lock the PIN for the first of `lock_waits_seconds`, as many again for the next, and after the last
    until it is recovered. `sms` bounds short messages, `sms_gateway` sends them; without one they are kept in the
    outbox for the shop's staff.

    `lots` says when what is given expires, `earning` what an order earns of each asset. `refunds` says how much of it
    cashiers may give back of a payment, `claw_back` what becomes of earned points that are to be taken back and are
    spent already. `webhooks` says how merchants' own systems are told, `service` how the engine is served over HTTP.
    `callers` bounds the credentials and sessions of those who call over a network, `rates` how often they may.

    `database` is the address of a PostgreSQL database, with all servers of its cluster in it; empty: a SQLite file in
    the engine's folder. An engine keeps up to `database_connections` to it; `database_is_pooled` says that PgBouncer in
    transaction mode stands in between, and `database_listen` is then the servers' own address, on which a node hears
    what the others committed.

    Raises SettingsInvalid, PrefixInvalid, LimitsInvalid, SmsRulesInvalid, GatewayInvalid, EndpointInvalid,
    ServiceSettingsInvalid, CallerRulesInvalid or RateRulesInvalid, all of them ValueErrors that name the setting.
    """

    code_prefix: str = "84"
    code_lifetime_seconds: int = LIFETIME_SECONDS
    challenge_lifetime_seconds: int = 120
    challenge_kinds: tuple[ChallengeKind, ...] = (ChallengeKind.PIN,)
    pin_entry: PinEntry = PinEntry.PLAIN
    pin_tries: int = 3
    lock_waits_seconds: tuple[int, ...] = (60, 300, 1800)
    sms: SmsRules = field(default_factory=SmsRules)
    sms_gateway: HttpGateway | AppriseGateway | None = None
    zone: str = "Asia/Shanghai"
    shows_balance: bool = False
    limits: Mapping[Asset, AssetLimits] = field(default_factory=_limits_of_all_assets)
    exchange: Mapping[Asset, Exchange] = field(default_factory=_exchange_of_all_assets)
    lots: LotRules = field(default_factory=LotRules)
    earning: Mapping[Asset, EarnRule] = field(default_factory=_a_point_for_each_1_00)
    refunds: Mapping[Asset, RefundRules] = field(default_factory=_refunds_of_all_assets)
    claw_back: ClawBackRule = ClawBackRule.OWED
    webhooks: WebhookRules = field(default_factory=WebhookRules)
    service: ServiceSettings = field(default_factory=ServiceSettings)
    callers: CallerRules = field(default_factory=CallerRules)
    rates: RateRules = field(default_factory=RateRules)
    # Not in the repr, thus shown nowhere: there may be a password in it.
    database: str = field(default="", repr=False)
    database_connections: int = 16
    database_is_pooled: bool = False
    database_listen: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        CodeLayout(self.code_prefix)
        _check_whole("code_lifetime_seconds", self.code_lifetime_seconds, 10, 600)
        _check_whole("challenge_lifetime_seconds", self.challenge_lifetime_seconds, 10, 600)
        # NIST SP 800-63B allows up to 100 in a row; payment terminals allow 3 to 6.
        _check_whole("pin_tries", self.pin_tries, 1, 10)
        _check_whole("database_connections", self.database_connections, 2, 500)
        if self.database and not self.database.startswith(_DATABASE_SCHEMES):
            raise SettingsInvalid("database must begin with postgresql:// (or be empty, for a SQLite file)")
        if self.database_listen and not self.database_listen.startswith(_DATABASE_SCHEMES):
            raise SettingsInvalid("database_listen must begin with postgresql:// (or be empty)")
        self._check_proofs()
        if not self.limits:
            raise SettingsInvalid("limits must name at least one asset")
        if not set(self.limits) <= set(self.exchange):
            raise SettingsInvalid("exchange must say what each asset in limits is worth")
        self._zone()

    def _check_proofs(self) -> None:
        kinds = self.challenge_kinds
        if not kinds or len(set(kinds)) != len(kinds) or not set(kinds) <= set(ChallengeKind):
            raise SettingsInvalid(f"challenge_kinds must name some of {', '.join(ChallengeKind)}, each once")
        for wait in self.lock_waits_seconds:
            _check_whole("lock_waits_seconds", wait, 1, 7 * 24 * 3600)
        if list(self.lock_waits_seconds) != sorted(self.lock_waits_seconds):
            raise SettingsInvalid("lock_waits_seconds must not become shorter")
        if self.pin_tries * (len(self.lock_waits_seconds) + 1) > CONSECUTIVE_FAILURES_MAX:
            raise SettingsInvalid(
                f"pin_tries and lock_waits_seconds allow more than {CONSECUTIVE_FAILURES_MAX} wrong answers in a row: "
                "take fewer of either"
            )

    def _zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise SettingsInvalid(
                f"zone {self.zone!r} is no time zone: use a name such as Asia/Shanghai"
            ) from error

    def scheme(self) -> Scheme:
        """The settings as the engine's rooms use them."""
        return Scheme(
            layout=CodeLayout(self.code_prefix),
            limits=MappingProxyType(dict(self.limits)),
            exchange=MappingProxyType(dict(self.exchange)),
            code_lifetime_seconds=self.code_lifetime_seconds,
            challenge_lifetime_seconds=self.challenge_lifetime_seconds,
            challenge_kinds=self.challenge_kinds,
            takes_plain_pins=self.pin_entry is not PinEntry.SEALED,
            takes_sealed_pins=self.pin_entry is not PinEntry.PLAIN,
            pin_tries=self.pin_tries,
            lock_waits_seconds=self.lock_waits_seconds,
            sms=self.sms,
            zone=self._zone(),
            shows_balance=self.shows_balance,
            lots=self.lots,
            earning=MappingProxyType(dict(self.earning)),
            refunds=MappingProxyType(dict(self.refunds)),
            claw_back=self.claw_back,
            callers=self.callers,
            rates=self.rates,
        )


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise SettingsInvalid(f"{name} must be a whole number from {lowest} to {highest}")
