"""The credentials of everybody who calls the service: got as each of them gets them, and kept."""

import threading
from dataclasses import dataclass

from points_engine.bootstrap import Engine
from points_engine.calling import (
    Enrol,
    Enrolled,
    EnrolmentCode,
    FinishSignIn,
    MakeEnrolmentCode,
    SignedIn,
    SignInStarted,
    StartSignIn,
)
from points_engine.contract import PhoneNumber, Secret
from points_engine.signing import BEARER, Key
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import Request
from pos_client.engine_client.credential import TillCredential
from pos_client.engine_client.enrolment import Nobody
from pos_client.engine_client.remote_door import Credential, RemoteDoor, Server
from tests.points_engine.shop import newest_code

NOBODYS_KEY = Key("nobodys", Secret("no-such-secret"))


@dataclass(frozen=True)
class Session:
    """A customer who is signed in."""

    token: Secret
    caller: CallerKind = CallerKind.CUSTOMER

    def authorization(self, _request: Request, _at: int) -> str:
        """The header."""
        return f"{BEARER} {self.token.reveal()}"

    def give_way(self, _authorization: str) -> bool:
        """There is no other."""
        return False


class Keyring:
    """Enrols and signs in over HTTP; the codes come from the back office's terminal, which is the engine itself."""

    def __init__(self, server: Server, engine: Engine) -> None:
        self._engine = engine
        self._door = RemoteDoor(server, Nobody())
        self._lock = threading.Lock()
        self._kept: dict[Caller, Credential] = {}
        self._numbers = 0
        self.phones: dict[str, PhoneNumber] = {}
        """The phones of the members who may sign in."""

    def credential(self, caller: Caller) -> Credential:
        """This caller's, as it was got the first time."""
        with self._lock:
            if caller not in self._kept:
                is_customer = caller.kind is CallerKind.CUSTOMER
                self._kept[caller] = self._session(caller) if is_customer else self._key(caller)
            return self._kept[caller]

    def close(self) -> None:
        """Close the connections."""
        self._door.close()

    def _fresh(self) -> str:
        self._numbers += 1
        return f"keyring-{self._numbers}"

    def _key(self, caller: Caller) -> Credential:
        code = self._engine.execute(
            MakeEnrolmentCode(
                command_id=self._fresh(), kind=caller.kind, caller_id=caller.caller_id, level=caller.level
            )
        )
        if not isinstance(code, EnrolmentCode):
            return TillCredential(till_id=caller.caller_id, key=NOBODYS_KEY, caller=caller.kind)
        enrolled = self._door.execute(Enrol(request_id=self._fresh(), code=code.code))
        assert isinstance(enrolled, Enrolled)
        key = Key(enrolled.key_id, enrolled.secret)
        return TillCredential(till_id=caller.caller_id, key=key, caller=caller.kind)

    def _session(self, caller: Caller) -> Credential:
        sign_in_id = self._fresh()
        started = self._door.execute(
            StartSignIn(
                request_id=sign_in_id, phone=self.phones[caller.caller_id], member_no=caller.caller_id
            )
        )
        assert isinstance(started, SignInStarted)
        code = Secret(newest_code(self._engine))
        signed_in = self._door.execute(
            FinishSignIn(sign_in_id=sign_in_id, answer_id=self._fresh(), sms_code=code)
        )
        assert isinstance(signed_in, SignedIn)
        return Session(signed_in.token)
