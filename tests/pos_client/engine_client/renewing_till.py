"""A till without windows that beats when it is told to, and renews its key."""

from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from drivers.remedies import Remedy
from points_engine.calling import CheckedIn, CheckIn, RenewCredential
from points_engine.contract import Command, EngineFault, Query, Refusal, Refused, Reply
from pos_client.engine_client.credential import read_credential
from pos_client.engine_client.key_ring import KeyRing
from pos_client.engine_client.remote_door import RemoteDoor, Server
from pos_client.engine_client.renewal import Renewal
from pos_client.ports import Inbox
from pos_client.till.events import KEY_PATH, DeviceChanged, DeviceRemoved, Event
from tests.waiting import PATIENCE_SECONDS


def patient(url: str) -> Server:
    """The server at `url`, which answers, however long that takes."""
    return Server(urls=[url], connect_seconds=PATIENCE_SECONDS, answer_seconds=PATIENCE_SECONDS)


class Heard(Inbox):
    """Keeps what the till was told."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()

    def put(self, event: Event) -> None:
        self.events.append(event)

    def get(self, timeout_seconds: float | None) -> Event | None:
        return self.events.popleft() if self.events else None

    def close(self) -> None:
        pass

    @property
    def closed(self) -> bool:
        return not self.events


class RenewingTill:
    """Opened on what is in `folder`, as a till is when it starts; `spread` 0 asks as soon as it is due."""

    def __init__(
        self, folder: Path, url: str, till_id: str, on_step: Callable[[str], None] = lambda _name: None
    ) -> None:
        self.ring = KeyRing(folder, read_credential(folder, till_id))
        self.door = RemoteDoor(patient(url), self.ring)
        self.inbox = Heard()
        self.asked = 0
        self.fails: EngineFault | None = None
        """What becomes of asking for a new key, if it fails."""
        self.renewal = Renewal(self, self.ring, self.inbox, spread=lambda: 0.0, on_step=on_step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.door.close()

    def execute(self, command: Command) -> Reply:
        """The way to the server, as the renewal takes it."""
        if isinstance(command, RenewCredential):
            self.asked += 1
            if self.fails is not None:
                raise self.fails
        return self.door.execute(command)

    def beat(self) -> CheckedIn:
        """One beat of the heart; says what the engine said."""
        said = self.door.execute(CheckIn(key_id=""))
        assert isinstance(said, CheckedIn)
        self.renewal.consider(said)
        return said

    @property
    def sells(self) -> bool:
        """Whether the server takes this till's commands."""
        return self.door.execute(Query(order_id="o-none")) == Refused(refusal=Refusal.ORDER_UNKNOWN)

    @property
    def told(self) -> str | None:
        """The remedy beside the key's lamp as it stands now, as a template; None: there is no such lamp."""
        word = None
        for event in self.inbox.events:
            if isinstance(event, DeviceChanged) and event.path == KEY_PATH:
                assert isinstance(event.remedy, Remedy)
                word = event.remedy.template
            elif event == DeviceRemoved(KEY_PATH):
                word = None
        return word
