"""How a till gets its credential: a single-use code for a key of its own."""

import secrets

from points_engine.calling import CallerKind, Enrol, Enrolled
from points_engine.contract import EngineFault, Refused, Secret
from points_engine.signing import Key
from points_engine.wire.commands import Request
from pos_client.engine_client.credential import TillCredential
from pos_client.engine_client.remote_door import RemoteDoor, Server


class EnrolmentFailed(Exception):
    """This till has no credential of its own by this code; says why and what to do, never the code."""


class Nobody:
    """Who has no credential yet."""

    caller = None

    def authorization(self, _request: Request, _at: int) -> str:
        """None."""
        return ""

    def give_way(self, _authorization: str) -> bool:
        """There is no key to try."""
        return False


def enrol(server: Server, till_id: str, code: Secret) -> TillCredential:
    """Ask the server for the credential of this till, by the code that its back office gave. Raises EnrolmentFailed."""
    door = RemoteDoor(server, Nobody())
    # Its own and unguessable: should the answer get lost, the same request gets it again.
    command = Enrol(request_id=secrets.token_urlsafe(24), code=code)
    try:
        reply = door.execute(command)
    except EngineFault as fault:
        again = (
            "" if fault.nothing_changed else " If the code is refused then, ask the back office for another."
        )
        raise EnrolmentFailed(f"{fault} Then enrol again.{again}") from None
    finally:
        door.close()
    if isinstance(reply, Refused):
        raise EnrolmentFailed(
            f"The points server refuses the code ({reply.refusal.en}): a code is good once, for some minutes. "
            "Ask the back office for another."
        )
    if not isinstance(reply, Enrolled) or reply.kind is not CallerKind.TILL or reply.caller_id != till_id:
        raise EnrolmentFailed(
            f"The code is not this till's ({till_id}), and is used now: ask the back office for one of {till_id}, "
            "or correct till_id in the settings."
        )
    return TillCredential(till_id=till_id, key=Key(reply.key_id, reply.secret))
