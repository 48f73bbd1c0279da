"""From a stored payment to what the till is told about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from points_engine import challenge
from points_engine.amounts import Amount, Asset
from points_engine.challenge import Tries
from points_engine.contract import (
    Challenge,
    ChallengeKind,
    Payment,
    PaymentPart,
    PaymentState,
    Refusal,
    Refused,
    SealTo,
    SmsSent,
)
from points_engine.engine.bookings import parts_of
from points_engine.engine.scheme import Scheme
from points_engine.part_ports import PartRow
from points_engine.ports import Books, Holder, Ids, PaymentRow
from points_engine.proof_ports import PinOpener, SmsCodeRow


def name_shown(name: str) -> str | None:
    """A member's name as a till may show it: its first character and a star (王*)."""
    return f"{name[0]}*" if name else None


def tries_of(holder: Holder, scheme: Scheme, now: datetime) -> Tries:
    """A member's tries as of now."""
    tries = Tries(
        scheme.pin_tries, holder.pin_failures, holder.is_pin_locked, holder.pin_locks, holder.pin_locked_until
    )
    return tries.at(now)


def kinds_of(holder: Holder, scheme: Scheme, now: datetime) -> tuple[ChallengeKind, ...]:
    """How a member can prove themselves now."""
    can_use_pin = holder.pin_hash is not None and tries_of(holder, scheme, now).left > 0
    return challenge.possible_kinds(
        scheme.challenge_kinds, can_use_pin=can_use_pin, has_phone=holder.phone is not None
    )


def sms_sent(books: Books, code: SmsCodeRow, scheme: Scheme) -> SmsSent:
    """How a sent SMS code fares."""
    message = books.message_of_code(code.id)
    return SmsSent(
        sent_to=message.phone.masked,
        delivery=message.delivery,
        expires_at=code.expires_at,
        resend_at=code.sent_at + timedelta(seconds=scheme.sms.resend_seconds),
    )


_TAKEN = frozenset({PaymentState.REQUIRES_ACTION, PaymentState.SUCCEEDED})


def _parts(row: PaymentRow, parts: Sequence[PartRow]) -> tuple[PaymentPart, ...]:
    return tuple(
        PaymentPart(taken=Amount(part.asset, part.units), worth=Amount(row.asset, part.worth_units))
        for part in parts
    )


class Replies:
    """Makes the replies about payments. `opener` is None where no sealed PINs are taken."""

    def __init__(self, scheme: Scheme, ids: Ids, opener: PinOpener | None) -> None:
        self._scheme = scheme
        self._ids = ids
        self._opener = opener

    def payment(
        self,
        row: PaymentRow,
        holder: Holder | None,
        now: datetime,
        *,
        books: Books | None = None,
        parts: Sequence[PartRow] = (),
    ) -> Payment:
        """What `row` looks like from a till.

        `holder` is the one behind it, None when the code led to nobody. `books` tell of SMS codes sent for it: a fresh
        payment has none. `parts` are its parts.
        """
        balance = None
        if self._scheme.shows_balance and row.balance_units is not None:
            balance = Amount(row.asset, max(0, row.balance_units))
        return Payment(
            order_id=row.order_id,
            state=row.state,
            amount=Amount(row.asset, row.units),
            at=row.at,
            member=name_shown(holder.member_name) if holder else None,
            challenge=self._challenge(row, holder, now, books) if holder else None,
            refused=self._refused(row, holder, balance, now),
            balance=balance,
            parts=_parts(row, parts) if row.state in _TAKEN else (),
        )

    def stored(self, books: Books, row: PaymentRow, now: datetime) -> Payment:
        """`payment` for one whose holder is not at hand."""
        holder = None if row.account_id is None else books.holder(row.account_id)
        return self.payment(row, holder, now, books=books, parts=parts_of(books, row))

    def nonce(self, row: PaymentRow) -> bytes:
        """What a PIN for this payment is sealed with: nobody can tell it before the payment is there."""
        return self._ids.token(f"challenge\x1f{row.id}\x1f{row.opened_at.isoformat()}\x1f{row.order_id}")

    def paid_at_once(
        self, order_id: str, asset: Asset, units: int, member_name: str, balance_units: int, at: datetime
    ) -> Payment:
        """What a till is told of a fresh payment that its one asset paid without a proof."""
        amount = Amount(asset, units)
        return Payment(
            order_id=order_id,
            state=PaymentState.SUCCEEDED,
            amount=amount,
            at=at,
            member=name_shown(member_name),
            balance=Amount(asset, balance_units) if self._scheme.shows_balance else None,
            parts=(PaymentPart(taken=amount, worth=amount),),
        )

    def _challenge(
        self, row: PaymentRow, holder: Holder, now: datetime, books: Books | None
    ) -> Challenge | None:
        if row.state is not PaymentState.REQUIRES_ACTION or row.challenge_expires_at is None:
            return None
        kinds = kinds_of(holder, self._scheme, now)
        offers_sms = ChallengeKind.SMS_CODE in kinds
        code = books.live_code(holder.member, row.id) if books and offers_sms else None
        tries = tries_of(holder, self._scheme, now)
        seal_to = None
        if self._opener is not None and ChallengeKind.PIN in kinds:
            seal_to = SealTo(public_key=self._opener.public_key, nonce=self.nonce(row))
        return Challenge(
            kinds=kinds,
            tries_left=tries.left_for_code(code.failures if code else 0) if offers_sms else tries.left,
            expires_at=row.challenge_expires_at,
            seal_to=seal_to,
            phone=holder.phone.masked if holder.phone and offers_sms else None,
            sms=sms_sent(books, code, self._scheme) if books and code else None,
        )

    def _refused(
        self, row: PaymentRow, holder: Holder | None, available: Amount | None, now: datetime
    ) -> Refused | None:
        if row.refusal is None:
            return None
        if row.refusal is Refusal.PIN_LOCKED and holder is not None:
            return self.pin_locked(holder, now)
        return Refused(
            refusal=row.refusal, available=available if row.refusal is Refusal.BALANCE_TOO_LOW else None
        )

    def pin_locked(self, holder: Holder, now: datetime) -> Refused:
        """The tries are used up, and how long."""
        wait_seconds = tries_of(holder, self._scheme, now).wait_seconds(now)
        return Refused(refusal=Refusal.PIN_LOCKED, tries_left=0, wait_seconds=wait_seconds)
