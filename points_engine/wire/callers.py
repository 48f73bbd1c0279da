"""Who may call, and what of a command their credential already says."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from points_engine.calling import CallerKind
from points_engine.contract import CanceledBy, Channel, StaffLevel, Taker

__all__ = ["SAID_BY", "Caller", "CallerKind"]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose credential was checked.

    `caller_id` is a till_id, courier_id, shop_id (a shop's order server), member_no, or an operator's name. `key_id` is
    that of the credential, empty for a customer's session; `level` an operator's.
    """

    kind: CallerKind
    caller_id: str
    key_id: str = ""
    level: StaffLevel | None = None

    @property
    def taker(self) -> Taker | None:
        """Who takes payments with this credential; None for those who take none."""
        channel = _CHANNELS.get(self.kind)
        return None if channel is None else Taker(channel, self.caller_id)

    @property
    def says(self) -> Mapping[str, object]:
        """Fields of commands that the credential decides, so that nobody can act as somebody else."""
        if self.kind is CallerKind.CUSTOMER:
            return {"member_no": self.caller_id, "by": CanceledBy.CUSTOMER}
        said: dict[str, object] = {"key_id": self.key_id}
        if self.kind is CallerKind.TILL:
            said |= {"till_id": self.caller_id, "channel": Channel.TILL}
        if self.kind is CallerKind.COURIER:
            said |= {"courier_id": self.caller_id, "till_id": self.caller_id, "channel": Channel.DELIVERY}
        if self.kind is CallerKind.MERCHANT:
            said |= {"shop_id": self.caller_id, "channel": Channel.ONLINE}
        return said


_CHANNELS = {
    CallerKind.TILL: Channel.TILL,
    CallerKind.COURIER: Channel.DELIVERY,
    CallerKind.MERCHANT: Channel.ONLINE,
}

SAID_BY: Mapping[CallerKind, frozenset[str]] = MappingProxyType(
    {kind: frozenset(Caller(kind, "").says) for kind in CallerKind}
)
"""The names of those fields, for each kind of caller."""
