"""Two ways to the same promises: the engine in this process, and the service over HTTP, as each caller asks it."""

import threading
from dataclasses import dataclass
from typing import Protocol

from points_engine.bootstrap import Engine
from points_engine.contract import Adjust, Channel, Command, PhoneNumber, Refund, Reply, Reverse, StaffLevel
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.routes import ROUTE_OF
from pos_client.engine_client.remote_door import RemoteDoor, Server
from tests.contract.keyring import Keyring
from tests.waiting import PATIENCE_SECONDS

OFFICE = Caller(CallerKind.BACK_OFFICE, "office", level=StaffLevel.MANAGER)


class Way(Protocol):
    """How commands reach an engine."""

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Carry a command out, for this caller or for whoever such a command is for."""

    def knows_phone(self, member_no: str, phone: str) -> None:
        """A member got a phone, with which they can prove who they are."""

    def close(self) -> None:
        """Let go."""


@dataclass(frozen=True)
class Embedded:
    """The front door of an engine in this process, which asks nobody who they are."""

    engine: Engine

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Carry a command out."""
        return self.engine.execute(command)

    def knows_phone(self, member_no: str, phone: str) -> None:
        """Nobody proves who they are."""

    def close(self) -> None:
        """The engine is closed by whoever opened it."""


def caller_of(command: Command) -> Caller:
    """Who sends such a command: the till, courier or member that it names, as far as they may, else the back office."""
    callers = ROUTE_OF[type(command)].callers
    if isinstance(command, Reverse) and command.channel is Channel.DELIVERY:
        return Caller(CallerKind.COURIER, command.till_id)
    named = (
        (CallerKind.TILL, "till_id"),
        (CallerKind.COURIER, "courier_id"),
        (CallerKind.CUSTOMER, "member_no"),
    )
    for kind, name in named:
        caller_id: str | None = getattr(command, name, None)
        is_theirs = kind is not CallerKind.CUSTOMER or CallerKind.BACK_OFFICE not in callers
        if kind in callers and is_theirs and caller_id is not None:
            return Caller(kind, caller_id)
    if isinstance(command, Refund):
        return Caller(CallerKind.BACK_OFFICE, command.actor.name, level=command.actor.level)
    if isinstance(command, Adjust):
        return Caller(CallerKind.BACK_OFFICE, command.actor, level=StaffLevel.MANAGER)
    return OFFICE


class Remote:
    """The service at an address, as callers with credentials of their own reach it."""

    def __init__(self, url: str, engine: Engine) -> None:
        self._server = Server(urls=[url], answer_seconds=PATIENCE_SECONDS)
        self.keyring = Keyring(self._server, engine)
        self._lock = threading.Lock()
        self._doors: dict[Caller, RemoteDoor] = {}

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Send a command over HTTP."""
        who = caller or caller_of(command)
        with self._lock:
            if who not in self._doors:
                self._doors[who] = RemoteDoor(self._server, self.keyring.credential(who))
            door = self._doors[who]
        return door.execute(command)

    def knows_phone(self, member_no: str, phone: str) -> None:
        """A member who may sign in."""
        self.keyring.phones[member_no] = PhoneNumber(phone)

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors.values():
            door.close()
        self.keyring.close()
