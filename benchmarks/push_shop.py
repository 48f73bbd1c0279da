"""What both nodes of `push_ms` share: a shop whose customers approve on their phones."""

from points_engine.bootstrap import Settings
from points_engine.contract import ChallengeKind

TILL = "till-1"
MEMBER = "m-1"
SETTINGS = Settings(challenge_kinds=(ChallengeKind.PHONE_APPROVAL, ChallengeKind.PIN))
