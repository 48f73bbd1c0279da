"""What a shop may choose, checked when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from points_engine.amounts import Asset
from points_engine.engine.scheme import Scheme
from points_engine.limits import AssetLimits
from points_engine.payment_code import LIFETIME_SECONDS, CodeLayout


class SettingsInvalid(ValueError):
    """A setting that cannot be; names it and says what can be."""


def _limits_of_all_assets() -> Mapping[Asset, AssetLimits]:
    return MappingProxyType({asset: AssetLimits() for asset in Asset})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One scheme's settings; amounts are in each asset's smallest unit.

    `code_prefix` begins every payment code; `limits` has the limits of each asset offered; `pin_tries` wrong PINs lock
    it; `zone` (an IANA name) decides when a day begins; `shows_balance` says whether a till may see balances.
    Raises SettingsInvalid, PrefixInvalid or LimitsInvalid, all of them ValueErrors that name the setting.
    """

    code_prefix: str = "84"
    code_lifetime_seconds: int = LIFETIME_SECONDS
    challenge_lifetime_seconds: int = 120
    pin_tries: int = 3
    zone: str = "Asia/Shanghai"
    shows_balance: bool = False
    limits: Mapping[Asset, AssetLimits] = field(default_factory=_limits_of_all_assets)

    def __post_init__(self) -> None:
        CodeLayout(self.code_prefix)
        _check_whole("code_lifetime_seconds", self.code_lifetime_seconds, 10, 600)
        _check_whole("challenge_lifetime_seconds", self.challenge_lifetime_seconds, 10, 600)
        # NIST SP 800-63B allows up to 100 in a row; payment terminals allow 3 to 6.
        _check_whole("pin_tries", self.pin_tries, 1, 10)
        if not self.limits:
            raise SettingsInvalid("limits must name at least one asset")
        self._zone()

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
            code_lifetime_seconds=self.code_lifetime_seconds,
            challenge_lifetime_seconds=self.challenge_lifetime_seconds,
            pin_tries=self.pin_tries,
            zone=self._zone(),
            shows_balance=self.shows_balance,
        )


def _check_whole(name: str, value: object, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
        raise SettingsInvalid(f"{name} must be a whole number from {lowest} to {highest}")
