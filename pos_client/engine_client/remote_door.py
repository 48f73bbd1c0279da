"""The engine's front door from far away: a command goes over HTTP, and its reply or an honest fault comes back.

Every command is idempotent by its id, so an attempt that may have arrived is made again with the same id. What may
have been done and was not answered is never called a failure.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from points_engine.contract import Command, EngineFault, Refusal, Refused, Reply
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import Request, encode_command
from pos_client.engine_client.deadline_guard import DeadlineGuard
from pos_client.engine_client.http_line import AnswerStream, HttpLine
from pos_client.engine_client.http_line import Request as Outgoing
from pos_client.engine_client.judging import REFUSALS_OF_THE_ASKING, NotDone, judge
from pos_client.engine_client.nodes import Nodes
from pos_client.engine_client.server_clock import ServerClock
from pos_client.engine_client.troubles import LineFault, Trouble
from pos_client.engine_client.trust import Trust

PAUSES_SECONDS = (0.05, 0.2, 0.5)
"""The waits before the second attempt and those after it, at most, where nothing says otherwise."""


SHORTEST_SECONDS = 0.05
"""With less time left an attempt is not begun: it would be cut off, and nobody would know what it did."""

ANOTHER_TIME_SECONDS = 2.0
"""A time that is known better by so much is worth another signature."""

_OF_THE_TIME = (Trouble.NOT_ENROLLED, Trouble.CLOCK_OFF)
"""What a signature with another time may put right."""


class Credential(Protocol):
    """Who asks, and how that is proved."""

    @property
    def caller(self) -> CallerKind | None:
        """The kind of caller; None for whoever has no credential."""

    def authorization(self, request: Request, at: int) -> str:
        """The Authorization header of a request that is sent at that time (seconds since 1970); empty for none."""

    def give_way(self, authorization: str) -> bool:
        """The server did not take what that header proves; whether there is something else to prove it with now."""


class Listener(Protocol):
    """Hears how the way to the server is. Called on any thread."""

    def heard(self) -> None:
        """The engine answered."""

    def failed(self, trouble: Trouble) -> None:
        """A command had no reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the points server is: the base URLs of its nodes, whom to believe, and how long to wait.

    `connect_seconds` is for one connection, `answer_seconds` for a whole command with all its attempts.
    """

    urls: Sequence[str]
    trust: Trust = field(default_factory=Trust)
    connect_seconds: float = 1.5
    answer_seconds: float = 4.0


@dataclass(slots=True)
class _Asking:
    """One command on its way."""

    command: Command
    request: Request
    deadline: float
    attempts: int = 0
    maybe_done: bool = False
    trouble: Trouble = Trouble.NO_ANSWER
    wait_seconds: float | None = None
    authorization: str = ""


class RemoteDoor:
    """Carries commands out at the points server. Thread-safe: each thread has connections of its own.

    Raises EngineFault when the server's CA file cannot be read.
    """

    def __init__(
        self,
        server: Server,
        credential: Credential,
        *,
        clock: ServerClock | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._server = server
        self._credential = credential
        self._clock = clock or ServerClock()
        self._listener = listener
        self._nodes = Nodes(server.urls)
        self._context = server.trust.context()
        self._guard = DeadlineGuard()
        self._closing = threading.Event()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._lines: list[HttpLine] = []

    def execute(self, command: Command, deadline: float | None = None) -> Reply:
        """Carry a command out; durable when it returns. `deadline` is by time.monotonic().

        Raises EngineFault: with `nothing_changed` only if surely none of its attempts was carried out.
        """
        if deadline is None:
            deadline = self._clock.monotonic() + self._server.answer_seconds
        request = encode_command(command, self._credential.caller)
        asking = _Asking(command=command, request=request, deadline=deadline)
        reply = self._ask(asking)
        refusal = reply.refusal if isinstance(reply, Refused) else None
        if refusal is Refusal.TILL_NOT_ENROLLED:
            asking.trouble = Trouble.NOT_ENROLLED
        if refusal in REFUSALS_OF_THE_ASKING and asking.maybe_done:
            # It says nothing of an earlier attempt, which may have been carried out all the same.
            reply = None
        elif reply is not None and refusal is not Refusal.TILL_NOT_ENROLLED:
            self._tell(None)
            return reply
        self._tell(asking.trouble)
        changes_nothing = request.method == "GET" or not asking.maybe_done
        if asking.trouble is Trouble.NOT_ENROLLED and changes_nothing:
            return reply or Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        raise EngineFault(asking.trouble.problem, asking.trouble.remedy, nothing_changed=changes_nothing)

    def _tell(self, trouble: Trouble | None) -> None:
        if self._listener is None:
            return
        if trouble is None:
            self._listener.heard()
        else:
            self._listener.failed(trouble)

    def open_stream(self, path: str, silence_seconds: float) -> AnswerStream:
        """Ask for an answer that does not end, on this thread's own connection. Raises LineFault."""
        node = self._nodes.current
        sent_at = self._clock.monotonic()
        try:
            request = Request("GET", path, {"Accept": "text/event-stream"})
            stream = self._line().open_stream(
                node,
                _outgoing(request, self._credential.authorization(request, int(self._clock.now()))),
                connect_seconds=self._server.connect_seconds,
                silence_seconds=silence_seconds,
            )
        except LineFault:
            self._nodes.leave(node)
            raise
        self._clock.learn(stream.headers.get("date"), sent_at)
        return stream

    def close(self) -> None:
        """Let go of everything. Commands on their way make no further attempt."""
        self._closing.set()
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            line.close()
        self._guard.close()

    def _ask(self, asking: _Asking) -> Reply | None:
        """Make attempts until there is a reply, or none is to be had in time."""
        untried = len(self._nodes)
        if not self._is_time(asking):
            return None
        for pause_seconds in (*PAUSES_SECONDS, None):
            node = self._nodes.current
            said = self._attempt(asking, node)
            if not isinstance(said, NotDone):
                return said
            asking.maybe_done |= said.maybe_done
            asking.trouble = said.trouble
            if not said.helps or pause_seconds is None:
                return None
            if said.elsewhere:
                self._nodes.leave(node)
                untried -= 1
            # Jitter: what collided once must not collide again.
            wait_seconds = 0.0 if said.elsewhere and untried > 0 else pause_seconds * random.uniform(0.5, 1.0)
            if said.wait_seconds is not None:
                wait_seconds = said.wait_seconds
            if not self._is_time(asking, wait_seconds) or self._closing.wait(wait_seconds):
                return None
        return None

    def _is_time(self, asking: _Asking, wait_seconds: float = 0.0) -> bool:
        """Whether an attempt after this wait has a chance."""
        return self._clock.monotonic() + wait_seconds + SHORTEST_SECONDS < asking.deadline

    def _attempt(self, asking: _Asking, node: str) -> Reply | NotDone:
        """One request and its answer. Another follows at once where the time of signing was wrong, or the key."""
        said = self._in_its_time(asking, node)
        if _is_turned_away(said) and self._credential.give_way(asking.authorization):
            said = self._in_its_time(asking, node)
        return said

    def _in_its_time(self, asking: _Asking, node: str) -> Reply | NotDone:
        signed_ahead = self._clock.now() - self._clock.monotonic()
        said = self._exchange(asking, node)
        if isinstance(said, NotDone) and said.trouble in _OF_THE_TIME:
            ahead = self._clock.now() - self._clock.monotonic()
            if abs(ahead - signed_ahead) > ANOTHER_TIME_SECONDS:
                said = self._exchange(asking, node)
        return said

    def _exchange(self, asking: _Asking, node: str) -> Reply | NotDone:
        sent_at = self._clock.monotonic()
        deadline = asking.deadline
        if len(self._nodes) > 1:
            # A node that hangs must not take the time in which another would have answered.
            deadline = min(deadline, sent_at + self._server.answer_seconds / 2)
        asking.authorization = self._credential.authorization(asking.request, int(self._clock.now()))
        try:
            answer = self._line().exchange(
                node,
                _outgoing(asking.request, asking.authorization),
                connect_seconds=self._server.connect_seconds,
                deadline=deadline,
            )
        except LineFault as fault:
            return NotDone(trouble=fault.trouble, maybe_done=fault.maybe_arrived, elsewhere=True)
        said = judge(asking.command, answer)
        if isinstance(said, NotDone) and said.server_time is not None:
            self._clock.be_told(said.server_time.timestamp(), sent_at)
        else:
            self._clock.learn(answer.headers.get("date"), sent_at)
        return said

    def _line(self) -> HttpLine:
        line: HttpLine | None = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = HttpLine(self._server.trust, self._context, self._guard)
            with self._lock:
                self._lines.append(line)
        return line


def _outgoing(request: Request, authorization: str) -> Outgoing:
    return Outgoing(
        method=request.method,
        path=request.path,
        headers={**request.headers, **({"Authorization": authorization} if authorization else {})},
        body=request.body,
    )


def _is_turned_away(said: Reply | NotDone) -> bool:
    """Whether a signature was not good, so that surely nothing was done."""
    if isinstance(said, NotDone):
        return said.trouble is Trouble.NOT_ENROLLED
    return isinstance(said, Refused) and said.refusal is Refusal.TILL_NOT_ENROLLED
