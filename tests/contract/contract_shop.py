"""The shop of the engine's tests, reached by any way; every name in it is new in each test."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from points_engine.bootstrap import Engine
from points_engine.contract import Command, Reply
from points_engine.wire.callers import Caller
from tests.contract.ways import Way
from tests.fakes.manual_clock import ManualClock
from tests.points_engine.shop import PHONE, RIGHT_PIN, Shop


class ContractShop(Shop):
    """A shop whose commands go by `way`; `engines` are those behind it, whose outbox and books tests look into."""

    def __init__(self, folder: Path, way: Way, engines: Sequence[Engine], clock: ManualClock) -> None:
        self.way = way
        self.engines = engines
        self._members = itertools.count(1)
        super().__init__(folder, clock=clock, engine=engines[0])

    def ask(self, command: Command) -> Reply:
        """Send a command by the way."""
        return self.way.execute(command)

    def ask_as(self, caller: Caller, command: Command) -> Reply:
        """Send a command as somebody: an engine in this process asks nobody who they are."""
        return self.way.execute(command, caller)

    def somebody(self, units: int = 9_000, pin: str | None = RIGHT_PIN, *, phone: bool = False) -> str:
        """A member nobody has met, with points, a PIN, and perhaps a phone of their own."""
        number = next(self._members)
        member_no = self.member(f"somebody-{number}", units, pin)
        if phone:
            phone_number = f"{PHONE[:-5]}{number:05}"
            self.bind(member_no, phone_number)
            self.way.knows_phone(member_no, phone_number)
        return member_no
