"""The system's clocks."""

from datetime import timedelta

from pos_client.clock import SystemClock


def test_the_wall_time_is_utc_and_aware() -> None:
    """Stamps are UTC; only screens know the shop's zone."""
    assert timedelta(0) == SystemClock().now().utcoffset()


def test_the_monotonic_clock_goes_forward() -> None:
    """Two looks, in order."""
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()
