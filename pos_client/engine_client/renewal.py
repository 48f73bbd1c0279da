"""A till renews its key by itself: asked for, written down, used, and only then is the old one given up.

A till may be ended between any two of these steps and goes on from there:

    asked     the request's id is in the file: asked again, it brings the same key
    answered  the server has made the key; nobody has used it, and the old one is as good as ever
    stored    both keys are in the file; the new one signs, the old one steps in should it not be taken
    taken     the server has seen the new one, and the old one ends a day after
    settled   the new one alone is in the file

All times are the engine's. It runs on the heartbeat's thread.
"""

import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from drivers.remedies import Remedy
from points_engine.calling import CallerKind, CheckedIn, Enrolled, RenewCredential
from points_engine.contract import Command, EngineFault, Reply
from points_engine.signing import Key
from pos_client.engine_client.key_ring import KeyRing
from pos_client.ports import Inbox
from pos_client.till.events import KEY_PATH, DeviceChanged, DeviceLamp, DeviceRemoved

logger = logging.getLogger(__name__)

SPREAD = timedelta(minutes=10)
"""Tills that are all due at once, as after a change of the engine's key, ask within this time."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
"""The waits after a renewal that failed: twice as long each time."""
PATIENCE = timedelta(days=3)
"""After so long without success the cashier is told."""

STEPS = ("asked", "answered", "stored", "taken", "settled")


class Door(Protocol):
    """The way to the server."""

    def execute(self, command: Command) -> Reply:
        """Carry a command out. Raises EngineFault."""


def _spread() -> float:
    return random.random()


class Renewal:
    """Renews the key of a ring when the engine says that it is time. For one thread.

    `spread` says where in the time that tills ask in this one does, from 0 to 1; `on_step` hears the name of each step
    when it is done.
    """

    def __init__(
        self,
        door: Door,
        ring: KeyRing,
        inbox: Inbox,
        *,
        spread: Callable[[], float] = _spread,
        on_step: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._door = door
        self._ring = ring
        self._inbox = inbox
        self._spread = spread
        self._on_step = on_step
        self._next_at: datetime | None = None
        self._due_since = ring.credential.due_since
        self._failures = 0
        self._shown: Remedy | None = None

    def consider(self, said: CheckedIn) -> None:
        """Do what is due, now that the engine has said how it is with the key."""
        if self._ring.look():
            # What was said is about a key that is not this till's any more.
            self._due_since, self._next_at = None, None
            return
        if self._next_at is None or said.at >= self._next_at:
            try:
                self._go_on(said)
            except EngineFault as fault:
                self._failed(said.at, fault.problem)
        self._show(self._word(said))

    def _go_on(self, said: CheckedIn) -> None:
        credential = self._ring.credential
        if credential.older is not None:
            self._settle(said)
        # A key that was replaced is not renewed: whoever has the newer one may be another.
        elif said.ends_at is None and (said.at >= said.renew_at or self._due_since is not None):
            # What was begun before the till was ended is gone on with at once.
            if self._next_at is None and credential.renewal_id is None:
                self._next_at = said.at + self._spread() * SPREAD
            if self._next_at is None or said.at >= self._next_at:
                self._renew(said)

    def _renew(self, said: CheckedIn) -> None:
        credential = self._ring.credential
        self._due_since = self._due_since or said.at
        if credential.renewal_id is None:
            # Its own and unguessable: should the answer get lost, the same request brings the same key.
            credential = replace(credential, renewal_id=secrets.token_urlsafe(24), due_since=self._due_since)
            self._ring.keep(credential)
            self._on_step("asked")
        assert credential.renewal_id is not None
        reply = self._door.execute(
            RenewCredential(request_id=credential.renewal_id, key_id=credential.key.key_id)
        )
        self._on_step("answered")
        is_ours = (
            isinstance(reply, Enrolled)
            and reply.kind is CallerKind.TILL
            and reply.caller_id == credential.till_id
        )
        if not isinstance(reply, Enrolled) or not is_ours:
            # The next time with a request of its own: this one will not be answered otherwise.
            self._ring.keep(replace(credential, renewal_id=None))
            self._failed(said.at, "the points server refuses a new key")
            return
        fresh = Key(reply.key_id, reply.secret)
        self._ring.keep(replace(credential, key=fresh, older=credential.key, renewal_id=None))
        self._on_step("stored")

    def _settle(self, said: CheckedIn) -> None:
        """Give up the key that is not needed any more: the old one, unless the server did not take the new one."""
        credential = self._ring.credential
        if said.key_id == credential.key.key_id:
            self._on_step("taken")
            self._ring.keep(replace(credential, older=None, due_since=None))
            self._on_step("settled")
            self._due_since, self._next_at, self._failures = None, None, 0
            logger.info("engine: this till's key was renewed")
        elif credential.older is not None:
            self._ring.keep(replace(credential, key=credential.older, older=None))
            self._failed(said.at, "the points server does not take the new key")

    def _failed(self, at: datetime, why: str) -> None:
        pause = min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE)
        self._failures = min(self._failures + 1, 10)
        self._next_at = at + pause * random.uniform(0.8, 1.2)
        logger.warning(
            "engine: this till's key could not be renewed: %s. It goes on, and is renewed later", why
        )

    # --- what the cashier is told

    def _word(self, said: CheckedIn) -> Remedy | None:
        if said.ends_at is not None and said.key_id == self._ring.credential.key.key_id:
            hours = max(0, int((said.ends_at - said.at) / timedelta(hours=1)))
            return Remedy(
                "Tell the manager: it ends in {hours} h. Enrol this till again: python -m pos_client --enrol CODE",
                hours=str(hours),
            )
        if self._due_since is None or said.at - self._due_since < PATIENCE:
            return None
        return Remedy(
            "Tell the manager: it could not be renewed for {days} days."
            " Enrol this till again: python -m pos_client --enrol CODE",
            days=str((said.at - self._due_since).days),
        )

    def _show(self, word: Remedy | None) -> None:
        if word == self._shown:
            return
        self._shown = word
        if word is None:
            self._inbox.put(DeviceRemoved(KEY_PATH))
        else:
            self._inbox.put(DeviceChanged(KEY_PATH, DeviceLamp.FAULT, word))
            logger.warning("engine: the key of this till: %s", word)
