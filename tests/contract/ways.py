"""Two ways to the same promises: the engine in this process, and the service over HTTP, as each caller asks it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from points_engine.bootstrap import Engine
from points_engine.contract import Adjust, Channel, Command, Refund, Reply, Reverse, StaffLevel
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import Request
from points_engine.wire.routes import ROUTE_OF
from pos_client.engine_client.remote_door import RemoteDoor, Server
from tests.points_engine.http.running_service import credential

OFFICE = Caller(CallerKind.BACK_OFFICE, "office", level=StaffLevel.MANAGER)


class Way(Protocol):
    """How commands reach an engine."""

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Carry a command out, for this caller or for whoever such a command is for."""

    def close(self) -> None:
        """Let go."""


@dataclass(frozen=True)
class Embedded:
    """The front door of an engine in this process, which asks nobody who they are."""

    engine: Engine

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Carry a command out."""
        return self.engine.execute(command)

    def close(self) -> None:
        """The engine is closed by whoever opened it."""


@dataclass(frozen=True)
class Presented:
    """A caller's credential."""

    who: Caller

    @property
    def caller(self) -> CallerKind:
        """The kind of caller."""
        return self.who.kind

    def authorization(self, _request: Request, _at: int) -> str:
        """The header."""
        return credential(self.who)["Authorization"]


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


@dataclass
class Remote:
    """The service at these addresses."""

    urls: Sequence[str]
    _doors: dict[Caller, RemoteDoor] = field(default_factory=dict)

    def execute(self, command: Command, caller: Caller | None = None) -> Reply:
        """Send a command over HTTP."""
        who = caller or caller_of(command)
        if who not in self._doors:
            self._doors[who] = RemoteDoor(Server(urls=self.urls, answer_seconds=20.0), Presented(who))
        return self._doors[who].execute(command)

    def close(self) -> None:
        """Close the connections."""
        for door in self._doors.values():
            door.close()
