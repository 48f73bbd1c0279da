"""What time the server has, as far as its answers tell."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from pos_client.engine_client.server_clock import ServerClock

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC).timestamp()


class TwoClocks:
    """A wall clock and a monotonic one, moved by hand."""

    def __init__(self) -> None:
        self.wall = NOON
        self.monotonic = 1000.0

    def passes(self, seconds: float) -> None:
        """Both go on."""
        self.wall += seconds
        self.monotonic += seconds


@pytest.fixture
def clocks() -> TwoClocks:
    """This computer's."""
    return TwoClocks()


@pytest.fixture
def server(clocks: TwoClocks) -> ServerClock:
    """What is known of the server's."""
    return ServerClock(lambda: clocks.wall, lambda: clocks.monotonic)


def said(seconds: float) -> str:
    """A Date header."""
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC), usegmt=True)


def test_before_the_first_answer_it_is_this_computers(server: ServerClock) -> None:
    """Nothing better is known."""
    assert (NOON, 0.0) == (server.now(), server.off_seconds)


@pytest.mark.parametrize("round_trip", [0.0, 0.4, 3.0])
def test_a_server_that_agrees_changes_nothing(
    clocks: TwoClocks, server: ServerClock, round_trip: float
) -> None:
    """Within the second that the header has, and the way there and back."""
    sent_at = clocks.monotonic
    header = said(clocks.wall + round_trip / 3)
    clocks.passes(round_trip)
    server.learn(header, sent_at)
    assert 0.0 == server.off_seconds


@pytest.mark.parametrize("ahead", [-3600.0, -31.0, 90.0, 86400.0])
def test_a_server_with_another_time_is_believed(clocks: TwoClocks, server: ServerClock, ahead: float) -> None:
    """And how far off this computer is can be told."""
    for _ in range(2):
        server.learn(said(clocks.wall + ahead), clocks.monotonic)
        clocks.passes(10)
    assert abs(server.now() - (clocks.wall + ahead)) <= 2
    assert abs(server.off_seconds + ahead) <= 2


def test_setting_this_computers_clock_changes_nothing_for_the_server(
    clocks: TwoClocks, server: ServerClock
) -> None:
    """Signatures keep their time, and the difference shows."""
    server.learn(said(clocks.wall), clocks.monotonic)
    clocks.wall += 7200
    assert NOON == server.now()
    assert 7200.0 == server.off_seconds


@pytest.mark.parametrize("header", [None, "", "yesterday", "Mon, 99 Mar 2026 12:00:00 GMT"])
def test_a_header_that_is_no_date_teaches_nothing(
    clocks: TwoClocks, server: ServerClock, header: str | None
) -> None:
    """Whatever a balancer writes there."""
    server.learn(header, clocks.monotonic)
    assert 0.0 == server.off_seconds


def test_the_engines_own_word_counts_for_more_than_a_header(clocks: TwoClocks, server: ServerClock) -> None:
    """A balancer's clock is not the engine's: once the engine has told its time, headers teach nothing."""
    server.be_told(clocks.wall - 500, clocks.monotonic)
    server.learn(said(clocks.wall + 900), clocks.monotonic)
    assert 500.0 == server.off_seconds
    server.be_told(clocks.wall + 7, clocks.monotonic)
    assert -7.0 == server.off_seconds
