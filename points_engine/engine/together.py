"""Commands that wait at the same time: one durable commit for as many as the store can take in."""

from collections.abc import Callable, Sequence
from typing import Any

from points_engine.contract import (
    Charge,
    ChargeMember,
    ChargeOnDelivery,
    Command,
    CommandInvalid,
    IssueCode,
    Reply,
)
from points_engine.engine.charges import Charges
from points_engine.engine.codes import Codes
from points_engine.ports import Books, Store

_Work = Callable[[Books], Reply]


class Together:
    """Carries out many at once: what comes in numbers, and has no slow hash in it. Thread-safe.

    `check` raises CommandInvalid for a command nobody should have built.
    """

    def __init__(
        self, store: Store, charges: Charges, codes: Codes, check: Callable[[Command], None]
    ) -> None:
        self._store = store
        self._charges = charges
        self._check = check
        self._work_of: dict[type[Command], Callable[[Any], _Work]] = {  # by type: no checker can follow that
            **dict.fromkeys((Charge, ChargeMember, ChargeOnDelivery), charges.work),
            IssueCode: codes.work,
        }

    def execute(self, commands: Sequence[Command]) -> list[Reply | Exception]:
        """What came of each, in their order. As `Engine.execute_together`."""
        outcomes: dict[int, Reply | Exception] = {}
        taken: dict[int, Command] = {}
        for place, command in enumerate(commands):
            try:
                self._take(command)
                taken[place] = command
            except CommandInvalid as error:
                outcomes[place] = error
        outcomes |= self._charges.express(taken)
        works = {
            place: self._work_of[type(command)](command)
            for place, command in taken.items()
            if place not in outcomes
        }
        if works:
            outcomes.update(zip(works, self._store.transact_each(list(works.values())), strict=True))
        return [outcomes[place] for place in range(len(commands))]

    def _take(self, command: Command) -> None:
        if type(command) not in self._work_of:
            raise CommandInvalid(f"{type(command).__name__} is not carried out together with others")
        self._check(command)
