"""What a till proves itself with: kept in the data folder for its owner alone, shown nowhere."""

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from points_engine.contract import EngineFault, Secret
from points_engine.signing import Key, authorization
from points_engine.wire.addresses import KEY_HEADER
from points_engine.wire.callers import CallerKind
from points_engine.wire.commands import Request
from pos_client.engine_client.troubles import Trouble
from pos_client.ports import NotEnrolled

logger = logging.getLogger(__name__)

FILE_NAME = "engine-credential.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TillCredential:
    """A till's name at the points server, and the key its requests are signed with.

    While the key is being renewed: `older` is the one before it, until the server has taken the new one; `renewal_id`
    the request by which a new one was asked for, until there is one; `due_since` when that began, by its clock.
    """

    till_id: str
    key: Key
    older: Key | None = None
    renewal_id: str | None = field(default=None, repr=False)
    due_since: datetime | None = None
    caller: CallerKind = CallerKind.TILL

    def authorization(self, request: Request, at: int) -> str:
        """The Authorization header of a request that is sent at that time (seconds since 1970)."""
        return signed_with(self.key, request, at)

    def give_way(self, _authorization: str) -> bool:
        """There is no other key to try."""
        return False


def signed_with(key: Key, request: Request, at: int) -> str:
    """The Authorization header of a request that is signed with a key at that time (seconds since 1970)."""
    key_of_command = request.headers.get(KEY_HEADER, "")
    return authorization(
        key, request.method, request.path, request.body, at=at, idempotency_key=key_of_command
    )


def keep_credential(folder: Path, credential: TillCredential) -> None:
    """Write a credential into the till's data folder, in place of an earlier one. Raises EngineFault."""
    written_down: dict[str, object] = {"till_id": credential.till_id, **_written(credential.key)}
    if credential.older is not None:
        written_down["older"] = _written(credential.older)
    if credential.renewal_id is not None:
        written_down["renewal_id"] = credential.renewal_id
    if credential.due_since is not None:
        written_down["due_since"] = credential.due_since.isoformat()
    text = json.dumps(written_down)
    place = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=folder)  # for its owner alone
        written = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            written.replace(place)
        finally:
            written.unlink(missing_ok=True)
        _sync(folder)
    except OSError as error:
        raise EngineFault(
            f"The till's credential cannot be written to {place} ({error.strerror})",
            "Give the till a data folder it may write to, and enrol it again with a new code.",
        ) from None


def read_credential(folder: Path, till_id: str) -> TillCredential:
    """The credential of this till. Raises NotEnrolled, or EngineFault when the file cannot be read."""
    place = folder / FILE_NAME
    try:
        _close_to_others(place)
        written = json.loads(place.read_text(encoding="utf-8"))
        older, renewal_id, due_since = (written.get(name) for name in ("older", "renewal_id", "due_since"))
        credential = TillCredential(
            till_id=str(written["till_id"]),
            key=_read(written),
            older=None if older is None else _read(older),
            renewal_id=None if renewal_id is None else str(renewal_id),
            due_since=None if due_since is None else datetime.fromisoformat(due_since),
        )
    except FileNotFoundError:
        raise NotEnrolled(
            "This till is not enrolled with the points server", Trouble.NOT_ENROLLED.remedy
        ) from None
    except OSError as error:
        raise EngineFault(
            f"The till's credential at {place} cannot be read ({error.strerror})",
            "Let the till's user read it.",
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):  # their texts hold what was read
        raise NotEnrolled(
            f"The till's credential at {place} is damaged", Trouble.NOT_ENROLLED.remedy
        ) from None
    if credential.till_id != till_id:
        raise NotEnrolled(
            f"The till's credential at {place} is that of another till", Trouble.NOT_ENROLLED.remedy
        )
    return credential


def forget_half_written(folder: Path) -> None:
    """Remove what a till left that was ended while it wrote its credential: there may be a secret in it."""
    for left in folder.glob(f".{FILE_NAME}.*"):
        with suppress(OSError):
            left.unlink()


def _written(key: Key) -> dict[str, str]:
    return {"key_id": key.key_id, "secret": key.secret.reveal()}


def _read(written: Mapping[str, object]) -> Key:
    return Key(str(written["key_id"]), Secret(str(written["secret"])))


def _close_to_others(place: Path) -> None:
    mode = place.stat().st_mode
    if os.name == "posix" and mode & 0o077:
        logger.warning("%s could be read by others; it is for its owner alone from now on", place)
        place.chmod(0o600)


def _sync(folder: Path) -> None:
    """Make the new name durable, where folders can be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
