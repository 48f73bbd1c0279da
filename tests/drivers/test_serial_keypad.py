"""The serial keypad on real pseudo-terminals: what is said on the line, to the last byte, and what becomes of it."""

import functools
import logging
from collections.abc import Callable, Sequence

import pytest

from drivers.device import Device, State
from drivers.errors import DeviceStateError
from drivers.keypad_profile import KeypadProfile
from drivers.pin_entry import Pin
from drivers.serial_keypad import SerialKeypad, load_profile, profile_names
from tests.drivers.asker import Asker
from tests.drivers.pty_line import PluggedLine, PtyLine
from tests.drivers.watcher import Watcher

Start = Callable[[Device], None]


def keypad_at(port: str, profile: KeypadProfile) -> SerialKeypad:
    """A keypad that looks for its port often and does not ask the system for others."""
    return SerialKeypad(
        f"keypad:serial:{port}", port, profile, retry_seconds=0.005, read_timeout_seconds=0.005, ports=list
    )


Pairs = Sequence[tuple[bytes, bytes]]

SIMULATED: Pairs = [
    (b"\r\n", b"99"),  # it was closed at first: keys pressed before the question
    (b"\r\nPIN: ", b"1"),
    (b"*", b"2"),
    (b"*", b"\x7f"),
    (b"\b \b", b"23"),
    (b"**", b"\x15"),
    (b"\r\nPIN: ", b"123456"),
    (b"******", b"7\r"),
    (b"\r\n", b"8"),  # and keys pressed after it
]
COUNTER: Pairs = [
    (b"\x83\x8b", b""),
    (b"\x8a\x82", b"12\x08"),
    (b"\x82", b"12345"),
    (b"", b"\xb6"),  # the last digit, with bit 7 set
    (b"\x83\x8b", b"\x0d"),
]
HCC960: Pairs = [
    (b"\x1bN\x06\x1bI", b"\x021234\x03"),  # Enter after four digits
    (b"\x1bI", b"\x02123456\x03"),
]
CONVERSATIONS: list[tuple[str, Pairs, list[int | str]]] = [
    ("simulated", SIMULATED, [1, 2, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, "123456"]),
    ("counter", COUNTER, [1, 2, 0, 1, 2, 3, 4, 5, 6, "123456"]),
    ("hcc960", HCC960, [1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6, "123456"]),
]


@pytest.mark.parametrize(("name", "pairs", "told"), CONVERSATIONS, ids=[row[0] for row in CONVERSATIONS])
def test_a_whole_conversation(
    name: str,
    pairs: Pairs,
    told: list[int | str],
    line: PtyLine,
    watcher: Watcher,
    started: Start,
    asker: Asker,
) -> None:
    """Every byte the till sends is the expected one, every answer is taken, and nothing is left over on either side."""
    profile = load_profile(name)
    keypad = keypad_at(line.port, profile)
    started(keypad)
    watcher.until_state(State.ENABLED)
    question = profile.commands.open + profile.commands.prompt
    for expected, answer in pairs:
        if expected.startswith(question) and not asker.told:
            asker.ask(keypad)
        assert expected == line.receive(len(expected))
        line.send(answer)
    asker.until(*told)
    keypad.stop()
    assert b"" == line.receive(1, timeout_seconds=0.0)


def test_every_profile_has_its_conversation() -> None:
    """No profile ships that no conversation was held with."""
    assert set(profile_names()) == {name for name, _, _ in CONVERSATIONS}


def test_keys_reach_nobody_unless_asked(
    line: PtyLine, watcher: Watcher, started: Start, asker: Asker
) -> None:
    """Keys before a question, after its end and between two are read and forgotten."""
    keypad = keypad_at(line.port, load_profile("simulated"))
    started(keypad)
    line.receive(2)
    line.send(b"111111\r")
    asker.ask(keypad)
    line.receive(7)
    line.send(b"12")
    asker.until(1, 2)
    keypad.stop_asking()
    assert b"**\r\n" == line.receive(4)
    line.send(b"3456\r")
    asker.ask(keypad)
    line.receive(7)
    line.send(b"987654\r")
    asker.until(1, 2, 1, 2, 3, 4, 5, 6, "987654")


def test_the_customer_may_cancel(line: PtyLine, watcher: Watcher, started: Start, asker: Asker) -> None:
    """The cancel key ends the question, and the digits typed so far are gone."""
    keypad = keypad_at(line.port, load_profile("simulated"))
    started(keypad)
    asker.ask(keypad)
    assert b"\r\n\r\nPIN: " == line.receive(9)
    line.send(b"123\x1b456\r")
    asker.until(1, 2, 3, 0, "canceled")
    assert b"***\r\n" == line.receive(5)


def test_a_receiver_may_ask_again_at_once(line: PtyLine, watcher: Watcher, started: Start) -> None:
    """A PIN that the engine refused leads to the next question from within the first one's answer."""
    keypad = keypad_at(line.port, load_profile("simulated"))
    pins: list[str] = []

    def on_pin(pin: Pin) -> None:
        pins.append(pin.reveal())
        if len(pins) == 1:
            keypad.ask(lambda _: None, on_pin, lambda: None)
        watcher.on_health(keypad.health())

    started(keypad)
    keypad.ask(lambda _: None, on_pin, lambda: None)
    assert b"\r\n\r\nPIN: " == line.receive(9)
    line.send(b"111111\r222")  # the last three are meant for no question
    assert b"******\r\nPIN: " == line.receive(13)
    line.send(b"333333\r")
    assert watcher.until(lambda: len(pins) == 2)
    assert ["111111", "333333"] == pins


def test_an_unplugged_keypad_begins_anew(
    plugged: PluggedLine, watcher: Watcher, started: Start, asker: Asker
) -> None:
    """Pulled in the middle of a PIN, the keypad is reported lost, its digits are wiped, and back again it asks anew."""
    keypad = keypad_at(plugged.path, load_profile("simulated"))
    started(keypad)
    asker.ask(keypad)
    plugged.line.receive(9)
    plugged.line.send(b"123")
    asker.until(1, 2, 3)
    plugged.unplug()
    watcher.until_state(State.LOST)
    asker.until(1, 2, 3, 0)
    plugged.plug()
    watcher.until_state(State.ENABLED, times=2)
    assert b"\r\n\r\nPIN: " == plugged.line.receive(9)
    plugged.line.send(b"456789\r")
    asker.until(1, 2, 3, 0, 1, 2, 3, 4, 5, 6, "456789")
    assert 1 == keypad.health().statistics.reconnects


def test_a_keypad_that_is_away_asks_when_it_comes(
    plugged: PluggedLine, watcher: Watcher, started: Start, asker: Asker
) -> None:
    """A question put while nothing is plugged in is shown as soon as the keypad is."""
    plugged.unplug()
    keypad = keypad_at(plugged.path, load_profile("counter"))
    started(keypad)
    assert "device_absent" == watcher.until_error("device_absent").error_kind
    asker.ask(keypad)
    plugged.plug()
    assert b"\x83\x8b\x8a\x82" == plugged.line.receive(4)


def test_a_closed_keypad_does_not_ask(line: PtyLine, watcher: Watcher, started: Start, asker: Asker) -> None:
    """After its end a keypad takes no question, and one that was open is over without a word."""
    keypad = keypad_at(line.port, load_profile("simulated"))
    started(keypad)
    asker.ask(keypad)
    line.receive(9)
    line.send(b"12")
    asker.until(1, 2)
    keypad.stop()
    asker.until(1, 2)
    with pytest.raises(DeviceStateError):
        asker.ask(keypad)


def test_no_digit_is_logged_or_shown(
    plugged: PluggedLine,
    watcher: Watcher,
    started: Start,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Typed, handed to a receiver that fails and quotes it, and torn off in the middle: no log has a digit of it."""
    caplog.set_level(logging.DEBUG)
    taken: list[object] = []

    def fail(value: object) -> None:
        taken.append(value)
        watcher.on_health(keypad.health())
        raise ValueError(value.reveal() if isinstance(value, Pin) else value)

    keypad = keypad_at(plugged.path, load_profile("simulated"))
    started(keypad)
    for times, typed, count in ((1, b"7777", 4), (2, b"777777\r", 12)):
        keypad.ask(fail, fail, lambda: fail("cancel"))
        watcher.until_state(State.ENABLED, times)
        plugged.line.receive(9)
        plugged.line.send(typed)
        assert watcher.until(functools.partial(lambda least: len(taken) >= least, count))
        plugged.unplug()
        watcher.until_state(State.LOST, times)
        plugged.plug()
    assert [1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6] == taken[:-1]
    written = caplog.text + repr(watcher.healths) + repr(taken) + repr(keypad) + "".join(capfd.readouterr())
    assert "ValueError" in written
    assert "777" not in written.replace(plugged.path, "").replace(hex(id(keypad)), "")
