"""The drivers at a terminal: `python -m drivers list | watch PATH… | record FILE PATH | replay FILE`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from drivers import commands
from drivers.commands import Limits, Writer
from drivers.errors import DeviceError

_PATHS = """\
A path is a kind, an address and options:
  serial:/dev/ttyACM0?baud=9600     a gun on a serial port
  hid:05e0:2100                     a gun in HID POS mode
  evdev:05e0:1200                   a gun in keyboard mode, on Linux
  sim:                              a gun made of software
  keypad:serial:/dev/ttyUSB0?profile=counter, keypad:evdev:04d9:a02a
  printer:tcp:192.168.1.50, printer:file:/dev/usb/lp0, printer:cups:counter
`list` shows those that are attached.
"""

_IN_CLEAR = """\
A recording holds everything that was scanned, in clear. Record labels on goods, never a customer's payment code: it is
worth money for a minute, and tells about its owner for longer.
"""

_WRONG_USE = 2


def main(
    arguments: Sequence[str] | None = None, write: Writer | None = None, complain: Writer | None = None
) -> int:
    """Run one command; its exit code: 0 done, 1 it could not be done, 2 wrong use."""
    write, complain = write or sys.stdout.write, complain or sys.stderr.write
    given = _parser().parse_args(arguments)
    try:
        return _run(given, write)
    except DeviceError as error:
        complain(f"{error}\n")
        return _WRONG_USE
    except KeyboardInterrupt:
        return commands.DONE


def _run(given: argparse.Namespace, write: Writer) -> int:
    if given.command == "list":
        return commands.list_devices(write, opens=not given.no_open, opens_keyboards=given.keyboards)
    if given.command == "replay":
        return commands.replay_file(given.file, write, shows=given.show)
    with _until_ctrl_c() as is_enough:
        limits = Limits(given.seconds, given.scans, is_enough)
        if given.command == "record":
            return commands.record(given.file, given.path, write, limits=limits)
        return commands.watch(given.paths, write, shows=given.show, limits=limits)


@contextmanager
def _until_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C be asked for, instead of tearing a recording off in the middle; a second one does tear it off."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False  # whoever runs a command on another thread has the signals
        return
    pressed = threading.Event()

    def press(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        pressed.set()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m drivers", description="See what devices do.", epilog=_PATHS, formatter_class=plain
    )
    verbs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    verb = verbs.add_parser("list", help="what is attached, how it is, and what is missing")
    verb.add_argument(
        "--no-open", action="store_true", help="only look; by default each device is opened for a moment"
    )
    verb.add_argument(
        "--keyboards",
        action="store_true",
        help="open keyboards too: for up to two seconds they type nowhere else",
    )

    verb = verbs.add_parser(
        "watch", help="what devices read and how they are, until Ctrl-C", epilog=_PATHS, formatter_class=plain
    )
    verb.add_argument("paths", nargs="+", metavar="PATH")
    verb.add_argument("--show", action="store_true", help="the bytes of every scan, in hex")
    _add_limits(verb)

    verb = verbs.add_parser(
        "record",
        help="a gun's raw frames, into a new file, until Ctrl-C",
        epilog=_IN_CLEAR,
        formatter_class=plain,
    )
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument("path", metavar="PATH")
    _add_limits(verb)

    verb = verbs.add_parser("replay", help="read a recording again, as its gun was read", epilog=_IN_CLEAR)
    verb.add_argument("file", type=Path, metavar="FILE")
    verb.add_argument("--show", action="store_true", help="the bytes of every scan, in hex")
    return parser


def _add_limits(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--seconds", type=_positive, help="end after so long")
    verb.add_argument(
        "--scans", type=int, help="end after so many scans; exit code 1 when they do not come in time"
    )


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError("no such time")
    return value


if __name__ == "__main__":
    # A shell starts what runs in the background with Ctrl-C ignored; here it is the way to end.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
