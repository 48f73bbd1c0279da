"""Settings: what is checked, and what comes of them."""

from zoneinfo import ZoneInfo

import pytest

from points_engine.amounts import Asset
from points_engine.limits import AssetLimits
from points_engine.settings import Settings, SettingsInvalid


def test_the_defaults_make_a_scheme() -> None:
    """A shop that chooses nothing gets a working scheme."""
    scheme = Settings().scheme()
    assert set(Asset) == set(scheme.limits)
    assert ("84", 60, 120, 3) == (
        scheme.layout.prefix,
        scheme.code_lifetime_seconds,
        scheme.challenge_lifetime_seconds,
        scheme.pin_tries,
    )
    assert ZoneInfo("Asia/Shanghai") == scheme.zone


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"code_prefix": "62"}, "another wallet"),
        ({"code_lifetime_seconds": 5}, "code_lifetime_seconds must be a whole number from 10 to 600"),
        ({"challenge_lifetime_seconds": 601}, "challenge_lifetime_seconds must be"),
        ({"pin_tries": 0}, "pin_tries must be a whole number from 1 to 10"),
        ({"pin_tries": True}, "pin_tries must be"),
        ({"zone": "Mars/Olympus"}, "zone 'Mars/Olympus' is no time zone"),
        ({"zone": "../etc/passwd"}, "is no time zone"),
        ({"limits": {}}, "limits must name at least one asset"),
    ],
)
def test_an_impossible_setting_is_refused_by_name(wrong: dict[str, object], words: str) -> None:
    """The error says which setting and what it may be."""
    with pytest.raises(ValueError, match=words):
        Settings(**wrong)  # type: ignore[arg-type]  # that is the point


def test_limits_changed_afterwards_change_nothing() -> None:
    """A scheme keeps the limits it was made with."""
    limits = {Asset.POINTS: AssetLimits()}
    scheme = Settings(limits=limits).scheme()
    limits[Asset.POINTS] = AssetLimits(cap_units=1)
    assert AssetLimits() == scheme.limits[Asset.POINTS]


def test_a_wrong_setting_is_an_error_of_the_settings() -> None:
    """All of them are ValueErrors, those of this room SettingsInvalid."""
    with pytest.raises(SettingsInvalid):
        Settings(pin_tries=11)
