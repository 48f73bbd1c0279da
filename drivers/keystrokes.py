"""Timed keys -> a scan or typing. Pure: no window system, no clock; times are parameters, in seconds of any one clock.

A gun in keyboard mode and a person share one stream of keys. What tells them apart: a gun's keys come 1-19 ms apart,
it lets go of each before it presses the next, within some milliseconds, and it ends with Enter or Tab or falls silent.
So every character is held until its run (keys less than `gap_seconds` apart) has ended, and is then either part of a
scan or given back to the focus, in order.

What is promised, with the defaults:

- A person's keys are all given back, in order, at the latest `gap_seconds` after the last key of their run; a key
  pressed in a pause is held for 50 ms at most. Keys that are no characters are held only while they follow a held one
  that closely.
- A burst with no person's key within `gap_seconds` of it comes out as exactly its text, once. Its Enter or Tab is
  swallowed, also a late one (`late_suffix_seconds`) after a burst that was long enough to end by silence.
- When both hit keys within one run, no scan comes out of it. A person's key stays down longer than a gun's
  (`gun_dwell_seconds`): such keys are given back, in order, and if `min_length` or more keys were a gun's, these are
  swallowed and counted as one misread; with fewer, all of it was typing.
- Memory is bounded: a run of more than `max_keys` is no label; it is swallowed up to the next pause and counted as a
  misread.

Sources: the limits others use: KeyboardBarcodeScanner (40 ms gap), onScan.js (mean 30 ms, >= 6 characters), Odoo
(100 ms), WooCommerce (100 ms, >= 4 characters).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.key_codes import translation
from drivers.scan import Scan, split_aim_id, symbology_of


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One press or release of one key. Its `repr` never shows the character, which may be a payment code's or a PIN's.

    `code` is the physical key (a native scan code): the same number at press and release.
    `char` is the one printable character the keyboard layout made of it; None for a key that makes none, and for a
    shortcut (Ctrl+C).
    `digit` is "0".."9" when the key is that digit's by its place (number row or keypad), whatever the layout.
    `stamp_seconds` is the window system's own time of the event (any zero point), None when it has none: with it, a
    till that is busy for a moment still sees the true gaps.
    `native` is whatever the caller needs to give the key back to the focus.
    """

    code: int
    char: str | None = None
    digit: str | None = None
    is_shifted: bool = False
    is_enter: bool = False
    is_tab: bool = False
    is_modifier: bool = False
    is_auto_repeat: bool = False
    stamp_seconds: float | None = None
    native: object = field(default=None, compare=False)

    @property
    def is_suffix(self) -> bool:
        """Whether this key may end a gun's burst."""
        return self.is_enter or self.is_tab

    @property
    def scanned_char(self) -> str | None:
        """What a gun meant: the digit by its place, or what the layout made of it, with Shift or without a digit."""
        if self.is_suffix or self.is_modifier:
            return None
        if self.digit is not None and not self.is_shifted:
            return self.digit
        if self.char is None or len(self.char) != 1 or not self.char.isprintable():
            return None
        return self.char

    def __repr__(self) -> str:
        name = (
            "enter" if self.is_enter else "tab" if self.is_tab else "modifier" if self.is_modifier else "key"
        )
        return f"Key({name}{', auto-repeat' if self.is_auto_repeat else ''})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do: first give `release` back to the focus, in order, each as a press and a release.

    Then drop the event at hand if `swallow` is set, else pass it on. `scan` is the label that has been read, if any.
    """

    swallow: bool = False
    release: tuple[Key, ...] = ()
    scan: Scan | None = None


_PASS = Verdict()
_SWALLOW = Verdict(swallow=True)


@dataclass(slots=True)
class _Held:
    key: Key
    at: float
    is_persons: bool
    is_down: bool = True


@dataclass(slots=True)
class _Run:
    """Keys that followed each other closely; `deadline` is when the pause after them has lasted long enough."""

    held: list[_Held] = field(default_factory=list)
    down_count: int = 0
    is_mixed: bool = False
    is_overlong: bool = False
    has_waited_longer: bool = False
    deadline: float | None = None

    def keys(self) -> tuple[Key, ...]:
        return tuple(held.key for held in self.held)

    def find_down(self, code: int) -> _Held | None:
        return next((held for held in reversed(self.held) if held.is_down and held.key.code == code), None)


class KeystrokeParser:
    """Decides, key by key, what is a gun's and what a person's; the module's text says what it promises.

    Feed every press and every release of every key, and call `idle` when `next_deadline` has come. Of a key whose
    press was swallowed the release is swallowed too. Where releases are never fed, a run is judged by its gaps alone.
    `prefix` and `suffix` are what the gun puts around each label: only runs that have both are scans, and they are cut
    off. `layouts` is for a gun set to another keyboard than the system: its layout, a comma, the system's ("us,fr").
    ValueError for layouts nobody knows, and for times and lengths that contradict each other.
    """

    def __init__(
        self,
        *,
        gap_seconds: float = 0.05,
        min_length: int = 6,
        min_length_unsuffixed: int = 12,
        late_suffix_seconds: float = 0.2,
        gun_dwell_seconds: float = 0.03,
        prefix: str = "",
        suffix: str = "",
        layouts: str = "",
        max_keys: int = 1024,
    ) -> None:
        if not 0 < gap_seconds <= late_suffix_seconds or gun_dwell_seconds <= 0:
            raise ValueError("times are positive, and late_suffix_seconds is no shorter than gap_seconds")
        if not 1 <= min_length <= min_length_unsuffixed <= max_keys:
            raise ValueError("lengths rise: 1, min_length, min_length_unsuffixed, max_keys")
        self._gap_seconds = gap_seconds
        self._min_length = min_length
        self._min_length_unsuffixed = min_length_unsuffixed
        self._late_suffix_seconds = late_suffix_seconds
        self._gun_dwell_seconds = gun_dwell_seconds
        self._prefix, self._suffix = prefix, suffix
        self._meant = _meant_by(layouts)
        self._max_keys = max_keys
        self._misreads = 0
        self._run = _Run()
        self._sees_releases = False
        self._swallowed_codes: set[int] = set()
        self._suffix_window_seconds = 0.0
        self._last_key, self._last_at = Key(code=0), 0.0

    @property
    def next_deadline(self) -> float | None:
        """When to call `idle`, in the clock of `at`; None while nothing is held."""
        return self._run.deadline

    def take_misreads(self) -> int:
        """How many bursts could not be read since the last call."""
        misreads, self._misreads = self._misreads, 0
        return misreads

    def press(self, key: Key, at: float) -> Verdict:
        """Judge a key that went down at `at`."""
        if key.is_modifier:
            return _PASS
        since_last = _elapsed_seconds(self._last_key, self._last_at, key, at)
        ended = self._settle() if self._run.held and since_last >= self._gap_seconds else _PASS
        if self._run.held:
            self._extend_run(key, at)
            return _SWALLOW if self._waits_after(key) else self._settle()
        window, self._suffix_window_seconds = self._suffix_window_seconds, 0.0
        if window and key.is_suffix and not key.is_auto_repeat and since_last <= window:
            self._note_swallowed(key, at)
            self._suffix_window_seconds = self._gap_seconds  # CR LF may come as two keys
        elif key.scanned_char is not None and not key.is_auto_repeat:
            self._extend_run(key, at)
        else:
            return Verdict(False, ended.release, ended.scan)
        return Verdict(True, ended.release, ended.scan)

    def release(self, key: Key, at: float) -> Verdict:
        """Judge a key that went up at `at`."""
        if key.is_modifier or key.is_auto_repeat:
            return _PASS
        self._sees_releases = True
        if key.code not in self._swallowed_codes:
            return _PASS
        self._swallowed_codes.discard(key.code)
        held = self._run.find_down(key.code)
        if held is None:
            return _SWALLOW
        held.is_down = False
        self._run.down_count -= 1
        if held.key.is_suffix and held is self._run.held[-1] and not self._run.is_mixed:
            return self._settle()
        if _elapsed_seconds(held.key, held.at, key, at) >= self._gun_dwell_seconds:
            held.is_persons = self._run.is_mixed = True
        return _SWALLOW

    def idle(self, at: float) -> Verdict:
        """Judge the silence up to `at`. Calls before `next_deadline` change nothing."""
        run = self._run
        if run.deadline is None or at < run.deadline:
            return _PASS
        if at - run.deadline > self._gap_seconds / 2 and not run.has_waited_longer:
            # The caller was busy: keys of this very run may wait in its queue behind this call.
            run.has_waited_longer = True
            run.deadline = at + self._gap_seconds
            return _PASS
        return self._settle()

    def flush(self) -> tuple[Key, ...]:
        """Give everything up as typing: the held keys, in order. For the end of listening."""
        keys, self._run = self._run.keys(), _Run()
        return keys

    def _note_swallowed(self, key: Key, at: float) -> None:
        self._last_key, self._last_at = key, at
        if len(self._swallowed_codes) >= self._max_keys:  # releases that never came: the focus was elsewhere
            self._swallowed_codes.clear()
        self._swallowed_codes.add(key.code)

    def _extend_run(self, key: Key, at: float) -> None:
        run = self._run
        is_persons = key.is_auto_repeat or not (key.is_suffix or key.scanned_char is not None)
        is_overlapped = self._sees_releases and run.down_count > 0
        run.is_mixed = run.is_mixed or is_persons or is_overlapped
        if len(run.held) >= self._max_keys:
            run.is_overlong = True
            run.held.clear()
            run.down_count = 0
        run.held.append(_Held(key, at, is_persons))
        run.down_count += 1
        run.has_waited_longer = False
        run.deadline = at + self._gap_seconds
        self._note_swallowed(key, at)

    def _waits_after(self, key: Key) -> bool:
        # A suffix ends a clean run only when it has come up again with nothing pressed since: a person's Enter in the
        # middle of a burst would otherwise make two labels of it. Without releases there is nothing to wait for.
        return self._sees_releases or self._run.is_mixed or not key.is_suffix

    def _settle(self) -> Verdict:
        run, self._run = self._run, _Run()
        if run.is_overlong:
            return self._misread(())
        last = run.held[-1]
        # A gun has let go of its last key by the time its silence is noticed; only its suffix is judged while down.
        is_last_down = self._sees_releases and last.is_down and not last.key.is_suffix
        if run.is_mixed or is_last_down:
            persons = tuple(
                held.key for held in run.held if held.is_persons or (held.is_down and self._sees_releases)
            )
            if len(run.held) - len(persons) >= self._min_length:
                return self._misread(persons)
        elif (scan := self._scan_of(run)) is not None:
            self._suffix_window_seconds = (
                self._gap_seconds if last.key.is_suffix else self._late_suffix_seconds
            )
            return Verdict(swallow=True, scan=scan)
        return Verdict(swallow=True, release=run.keys())

    def _misread(self, persons: tuple[Key, ...]) -> Verdict:
        self._misreads += 1
        self._suffix_window_seconds = self._late_suffix_seconds
        return Verdict(swallow=True, release=persons)

    def _scan_of(self, run: _Run) -> Scan | None:
        last = run.held[-1]
        typed = "".join(meant_char(held.key, self._meant) or "" for held in run.held)
        least = self._min_length if last.key.is_suffix else self._min_length_unsuffixed
        if not self._has_affixes(typed):
            typed = typed.swapcase()  # their letters tell that Caps Lock is on
            if not self._has_affixes(typed):
                return None
        labelled = typed[len(self._prefix) : len(typed) - len(self._suffix)]
        if len(labelled) < least:
            return None
        aim_id, text = split_aim_id(labelled)
        return Scan(labelled.encode(), text, symbology_of(aim_id), aim_id, at=last.at) if text else None

    def _has_affixes(self, typed: str) -> bool:
        return typed.startswith(self._prefix) and typed.endswith(self._suffix)


def meant_char(key: Key, meant: Mapping[str, str] | None) -> str | None:
    """What a gun meant by a key: what it made, translated if there is a translation, else as the key itself says."""
    if meant is None or key.is_suffix or key.is_modifier or key.char is None:
        return key.scanned_char
    return meant.get(key.char, key.scanned_char)


def _meant_by(layouts: str) -> Mapping[str, str] | None:
    if not layouts:
        return None
    gun, _, system = layouts.partition(",")
    try:
        return translation(gun, system)
    except KeyError:
        raise ValueError("layouts are two that are known") from None


def _elapsed_seconds(earlier: Key, earlier_at: float, later: Key, later_at: float) -> float:
    if earlier.stamp_seconds is None or later.stamp_seconds is None:
        return later_at - earlier_at
    return later.stamp_seconds - earlier.stamp_seconds
