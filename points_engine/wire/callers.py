"""Who may call, and what of a command their credential already says."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from points_engine.contract import Channel, Taker


class CallerKind(enum.StrEnum):
    """The kinds of caller; what each may ask is in the routes."""

    TILL = "till"
    CUSTOMER = "customer"
    COURIER = "courier"
    BACK_OFFICE = "back_office"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credential was checked. `caller_id` is a till_id, member_no, courier_id, or the office's name."""

    kind: CallerKind
    caller_id: str

    @property
    def taker(self) -> Taker | None:
        """Who takes payments with this credential; None for those who take none."""
        channel = _CHANNELS.get(self.kind)
        return None if channel is None else Taker(channel, self.caller_id)

    @property
    def says(self) -> Mapping[str, object]:
        """Fields of commands that the credential decides, so that nobody can act as somebody else."""
        if self.kind is CallerKind.TILL:
            return {"till_id": self.caller_id, "channel": Channel.TILL}
        if self.kind is CallerKind.COURIER:
            return {"courier_id": self.caller_id, "till_id": self.caller_id, "channel": Channel.DELIVERY}
        return {"member_no": self.caller_id} if self.kind is CallerKind.CUSTOMER else {}


_CHANNELS = {CallerKind.TILL: Channel.TILL, CallerKind.COURIER: Channel.DELIVERY}

SAID_BY: Mapping[CallerKind, frozenset[str]] = MappingProxyType(
    {kind: frozenset(Caller(kind, "").says) for kind in CallerKind}
)
"""The names of those fields, for each kind of caller."""
