"""A reply cut down to what a till, or the back office, goes by: the words that engine and model are compared in."""

from points_engine.contract import (
    Accumulated,
    Credited,
    Done,
    Payment,
    PaymentState,
    Refunded,
    Refused,
    Reply,
    Settled,
)

Told = tuple[object, ...]
"""A reply as the model tells it: ("payment", state, balance, parts, challenge, refusal), ("credited", balance), ..."""


def told_refusal(
    code: str,
    *,
    tries_left: int | None = None,
    available: int | None = None,
    wait_seconds: int | None = None,
) -> Told:
    """A refusal and its particulars."""
    return ("refused", code, tries_left, available, wait_seconds)


def told_payment(
    state: str,
    balance: int | None,
    parts: tuple[tuple[str, int, int], ...],
    challenge: Told | None,
    refused: Told | None,
) -> Told:
    """A payment; what came to nothing has neither parts nor a balance to speak of."""
    is_taken = state in {"requires_action", "succeeded"}
    shown = balance if is_taken or state == "reversed" else None
    return ("payment", state, shown, parts if is_taken else (), challenge, refused)


def _told_payment(reply: Payment) -> Told:
    challenge = None
    if reply.challenge is not None:
        kinds = tuple(str(kind) for kind in reply.challenge.kinds)
        challenge = (kinds, reply.challenge.tries_left, reply.challenge.sms is not None)
    assert (reply.state is PaymentState.REQUIRES_ACTION) is (challenge is not None)
    return told_payment(
        str(reply.state),
        reply.balance.units if reply.balance else None,
        tuple((str(part.taken.asset), part.taken.units, part.worth.units) for part in reply.parts),
        challenge,
        told(reply.refused) if reply.refused else None,
    )


def told(reply: Reply) -> Told:
    """A reply as the model tells it."""
    match reply:
        case Refused():
            return told_refusal(
                reply.refusal.code,
                tries_left=reply.tries_left,
                available=reply.available.units if reply.available else None,
                wait_seconds=reply.wait_seconds,
            )
        case Payment():
            return _told_payment(reply)
        case Refunded():
            return (
                "refunded",
                tuple((str(part.asset), part.units) for part in reply.parts),
                reply.refunded.units,
                reply.refundable.units,
                reply.taken_back.units if reply.taken_back else 0,
                reply.owed.units if reply.owed else 0,
                reply.balance.units if reply.balance else None,
            )
        case Credited():
            return ("credited", reply.balance.units)
        case Accumulated():
            return ("accumulated", reply.earned.units, reply.balance.units)
        case Settled():
            return (
                "settled",
                {
                    str(row.asset): (
                        row.taken_times, row.taken_units, row.reversed_times, row.reversed_units,
                        row.refunded_times, row.refunded_units, row.net_minor,
                    )
                    for row in reply.settlements
                },
            )  # fmt: skip
        case Done():
            return ("done",)
        case _:
            raise AssertionError(f"the model does not tell a {type(reply).__name__}")
