"""A till whose engine is a service: how its settings become a way there, and how it is enrolled.

Imported only when it is needed, with all that speaks HTTP.
"""

from pathlib import Path

from points_engine.contract import Secret
from pos_client.engine_client.credential import keep_credential, read_credential
from pos_client.engine_client.enrolment import EnrolmentFailed, enrol
from pos_client.engine_client.key_ring import KeyRing
from pos_client.engine_client.remote import RemoteEngine
from pos_client.engine_client.remote_door import Server
from pos_client.engine_client.renewal import Renewal
from pos_client.engine_client.trust import Trust
from pos_client.ports import EngineClient, Inbox
from pos_client.settings import Settings


def server_of(settings: Settings) -> Server:
    """The server that the settings name."""
    engine = settings.engine
    return Server(
        urls=engine.urls,
        trust=Trust(
            ca_file=Path(engine.ca_file).expanduser() if engine.ca_file else None,
            fingerprint=engine.fingerprint,
        ),
        connect_seconds=engine.connect_seconds,
        # The till asks again when its own wait is over: what is still on its way then should be so no longer.
        answer_seconds=min(engine.answer_seconds, settings.reply_due_seconds * 0.9),
    )


def open_client(settings: Settings, inbox: Inbox) -> EngineClient:
    """The way to the server, which need not be there yet.

    Raises NotEnrolled, or EngineFault when the till's own files cannot be read.
    """
    ring = KeyRing(settings.data_path, read_credential(settings.data_path, settings.till_id))
    return RemoteEngine(server_of(settings), ring, inbox, renews=lambda door: Renewal(door, ring, inbox))


def enrol_till(settings: Settings, code: Secret) -> Path:
    """Enrol this till at its server and keep the credential; returns the folder it is in.

    Raises EnrolmentFailed, or EngineFault when the credential cannot be kept.
    """
    if not settings.engine.urls:
        raise EnrolmentFailed("The settings name no points server: write its address into engine.urls first.")
    keep_credential(settings.data_path, enrol(server_of(settings), settings.till_id, code))
    return settings.data_path
