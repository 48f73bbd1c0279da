"""Keypad devices: they ask while the till asks, on real serial lines, and what is typed reaches the inbox alone."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from drivers.device import Device
from drivers.serial_keypad import SerialKeypad, load_profile
from drivers.simulated_gun import SimulatedGun
from points_engine.contract import Secret
from pos_client.inbox import QueueInbox
from pos_client.keypads import Keypads
from pos_client.till.events import CustomerCanceled, Event, PinEntered, PinTyping
from pos_client.till.showing import view
from pos_client.till.view import View
from tests.drivers.pty_line import PtyLine
from tests.pos_client.till.walking import PIN, awaiting_pin
from tests.waiting import PATIENCE_SECONDS

PROMPT = b"\r\nPIN: "
CLOSED = b"\r\n"


class Counter:
    """One till with serial keypads on the counter."""

    def __init__(self, *lines: PtyLine) -> None:
        self.inbox = QueueInbox()
        self.lines = lines
        self.keys = 0
        self.devices: list[Device] = [self.keypad(line) for line in lines]
        self.keypads = Keypads(self.inbox, lambda: self.devices, on_key=self.sound)

    def keypad(self, line: PtyLine) -> SerialKeypad:
        """A keypad on a line, being read."""
        path = f"keypad:serial:{line.port}"
        device = SerialKeypad(path, line.port, load_profile("simulated"), retry_seconds=0.005, ports=list)
        device.start(lambda scan: None, lambda health: None)
        return device

    def sound(self) -> None:
        """The tone of a key."""
        self.keys += 1

    def asks(self, pin_for: str | None) -> None:
        """The till shows this."""
        self.keypads.show_view(asking(pin_for))

    def next_events(self, count: int) -> list[Event | None]:
        """So many of what has reached the till."""
        return [self.inbox.get(PATIENCE_SECONDS) for _ in range(count)]

    def close(self) -> None:
        """End."""
        for device in self.devices:
            device.stop()


def asking(pin_for: str | None) -> View:
    """A view that asks a PIN, or none."""
    shown = view(awaiting_pin())
    return replace(shown, customer=replace(shown.customer, pin_for=pin_for))


@pytest.fixture
def lines() -> Iterator[tuple[PtyLine, PtyLine]]:
    """Two serial lines."""
    pair = PtyLine(), PtyLine()
    yield pair
    for line in pair:
        line.close()


@pytest.fixture
def counter_with(lines: tuple[PtyLine, PtyLine]) -> Iterator[Callable[..., Counter]]:
    """Makes a counter, and closes it while its lines are still there: nobody looks for one that is gone."""
    assert lines
    made: list[Counter] = []

    def make(*lines: PtyLine) -> Counter:
        made.append(Counter(*lines))
        for line in lines:
            assert CLOSED == line.receive(len(CLOSED))  # open and at rest
        return made[-1]

    yield make
    for counter in made:
        counter.close()


def test_a_pin_typed_on_a_keypad_is_the_tills(
    counter_with: Callable[..., Counter],
    lines: tuple[PtyLine, PtyLine],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Dots and one tone for each key, then the PIN with the asking it answers; none of its digits is logged."""
    line, _ = lines
    with caplog.at_level(logging.DEBUG):
        counter = counter_with(line)
        line.send(b"99")  # nobody asks yet
        counter.asks("order/1")
        assert PROMPT == line.receive(len(PROMPT))
        line.send(PIN.encode() + b"\r")
        events = counter.next_events(7)

    assert [*map(PinTyping, range(1, 7)), PinEntered(Secret(PIN), "order/1")] == events
    assert 6 == counter.keys
    assert b"******" + CLOSED == line.receive(len(PIN + "\r\n"))
    assert PIN not in caplog.text + repr(events)


def test_the_keypads_cancel_is_the_customers(
    counter_with: Callable[..., Counter], lines: tuple[PtyLine, PtyLine]
) -> None:
    """The key that gives up ends the payment like the button on the screen."""
    counter = counter_with(lines[0])
    counter.asks("order/1")
    assert PROMPT == lines[0].receive(len(PROMPT))
    lines[0].send(b"1\x1b")
    assert [PinTyping(1), PinTyping(0), CustomerCanceled()] == counter.next_events(3)


def test_every_keypad_asks_and_stops_with_the_till(
    counter_with: Callable[..., Counter], lines: tuple[PtyLine, PtyLine]
) -> None:
    """Two keypads ask at once; when the asking is over both close, and what was half typed is gone."""
    one, other = lines
    counter = counter_with(one, other)
    counter.devices.append(SimulatedGun())
    counter.asks("order/1")
    for line in lines:
        assert PROMPT == line.receive(len(PROMPT))
    one.send(b"12")
    assert [PinTyping(1), PinTyping(2)] == counter.next_events(2)
    counter.asks(None)
    assert b"**" + CLOSED == one.receive(4)
    assert CLOSED == other.receive(len(CLOSED))
    one.send(b"3456\r")
    counter.asks("order/2")
    assert PROMPT == one.receive(len(PROMPT))
    assert None is counter.inbox.get(0.0)


def test_the_same_view_again_asks_once(
    counter_with: Callable[..., Counter], lines: tuple[PtyLine, PtyLine]
) -> None:
    """A dot more on the screen is no new question: what was typed stays."""
    counter = counter_with(lines[0])
    counter.asks("order/1")
    assert PROMPT == lines[0].receive(len(PROMPT))
    lines[0].send(b"1")
    assert [PinTyping(1)] == counter.next_events(1)
    counter.asks("order/1")
    lines[0].send(b"2")
    assert [PinTyping(2)] == counter.next_events(1)


def test_a_keypad_plugged_in_late_joins_in(
    counter_with: Callable[..., Counter], lines: tuple[PtyLine, PtyLine]
) -> None:
    """One that is set up while the customer types asks with the next view; one that was closed holds nobody up."""
    counter = counter_with(lines[0])
    counter.devices[0].stop()
    counter.asks("order/1")
    counter.devices.append(counter.keypad(lines[1]))
    counter.asks("order/1")
    assert CLOSED + PROMPT == lines[1].receive(len(CLOSED + PROMPT))
    lines[1].send(b"1")
    assert [PinTyping(1)] == counter.next_events(1)
    counter.keypads.stop_asking()
