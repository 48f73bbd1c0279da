"""Keys for tills and staff, by the way every caller gets theirs: a code that works once, and a key for it."""

import uuid

from points_engine.bootstrap import Engine
from points_engine.calling import CallerKind, Enrol, Enrolled, EnrolmentCode, MakeEnrolmentCode
from points_engine.contract import StaffLevel
from points_engine.signing import Key


def key_of(engine: Engine, kind: CallerKind, caller_id: str) -> Key:
    """Enrol a caller and return what it signs with."""
    level = StaffLevel.MANAGER if kind is CallerKind.BACK_OFFICE else None
    made = engine.execute(
        MakeEnrolmentCode(command_id=uuid.uuid4().hex, kind=kind, caller_id=caller_id, level=level)
    )
    assert isinstance(made, EnrolmentCode), made
    enrolled = engine.execute(Enrol(request_id=uuid.uuid4().hex, code=made.code))
    assert isinstance(enrolled, Enrolled), enrolled
    return Key(enrolled.key_id, enrolled.secret)
