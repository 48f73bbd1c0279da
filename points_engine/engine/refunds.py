"""Refunds: a part of what was taken, or all of it, goes back to where it came from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine import payment, refunding
from points_engine.amounts import Amount, Asset
from points_engine.contract import PaymentState, Refund, Refunded, Refusal, Refused, Reply
from points_engine.engine import bookings, debts
from points_engine.engine.bookings import expire_if_due, parts_of
from points_engine.engine.command_log import fingerprint
from points_engine.engine.scheme import Scheme
from points_engine.ledger import TransferKind
from points_engine.part_ports import PartRow
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, Clock, PaymentRow, Store, TillRow
from points_engine.refund_ports import BackRow, RefundPartRow, RefundRow
from points_engine.refunding import Portion, RefundRules, Share

_ANY = RefundRules()


class _Asked(NamedTuple):
    """A refund that is asked for: the payment as it stands, its parts, and what of them is back."""

    row: PaymentRow
    till: TillRow | None
    parts: Sequence[PartRow]
    back: Mapping[Asset, BackRow]

    @property
    def back_units(self) -> int:
        """What is back of the payment, in its own asset."""
        return sum(back.worth_units for back in self.back.values())

    def shares(self, units: int) -> tuple[Share, ...]:
        """How `units` would go back to the parts."""
        nothing = BackRow()
        backs = [self.back.get(part.asset, nothing) for part in self.parts]
        portions = [
            Portion(part.units, part.worth_units, back.units, back.worth_units)
            for part, back in zip(self.parts, backs, strict=True)
        ]
        return refunding.spread(portions, units)


class Refunds:
    """Carries out Refund; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme

    def refund(self, command: Refund) -> Reply:
        """Give back what is asked for, or record why not; the same refund again gets the same answer."""
        return self._store.transact(lambda books: self._refund(books, command))

    def _refund(self, books: Books, command: Refund) -> Reply:
        now = self._clock.now()
        row, known = books.payment(command.order_id), books.refund(command.refund_id)
        till = None
        if command.till_id is not None:
            till = books.till(command.till_id, row.asset if row else command.amount.asset)
            if till is None:
                return Refused(refusal=Refusal.TILL_NOT_ENROLLED)
        mark = fingerprint(command)
        if row is None:
            return Refused(refusal=Refusal.ORDER_UNKNOWN if known is None else Refusal.ORDER_MISMATCH)
        if known is not None and known.fingerprint == mark:
            return self._reply(books, row, known)
        row = expire_if_due(books, row, now)
        asked = _Asked(row, till, parts_of(books, row), books.refunded(row.id))
        refusal = self._judge(asked, command)
        if known is not None:
            is_permitted = refusal is not Refusal.NOT_PERMITTED
            return Refused(refusal=Refusal.ORDER_MISMATCH if is_permitted else Refusal.NOT_PERMITTED)
        if refusal is not None:
            books.add_refund(_fresh(asked, command, mark, now)._replace(refusal=refusal))
            return Refused(refusal=refusal)
        return self._give_back(books, asked, command, mark, now)

    def _judge(self, asked: _Asked, command: Refund) -> Refusal | None:
        """Why not, by precedence: who asks, what is asked, then the money."""
        row, amount = asked.row, command.amount
        left_units = row.units - asked.back_units
        is_amount = amount.asset is row.asset and amount.units > 0
        is_refundable = row.state is PaymentState.SUCCEEDED and left_units > 0
        may_ask = refunding.may_ask(
            command.actor.level,
            has_till=asked.till is not None,
            is_own_shop=asked.till is not None and asked.till.clearing_id == row.clearing_id,
        )
        if may_ask and is_amount and is_refundable:
            may_ask = self._may_give(asked, command, min(amount.units, left_units))
        if not may_ask:
            return Refusal.NOT_PERMITTED
        if not is_amount:
            return Refusal.AMOUNT_NOT_ALLOWED
        if row.state is not PaymentState.SUCCEEDED:
            return Refusal.NOT_REFUNDABLE
        return Refusal.REFUND_TOO_LARGE if amount.units > left_units else None

    def _may_give(self, asked: _Asked, command: Refund, units: int) -> bool:
        """Whether this level may give back so much of every asset it goes to, cashiers' refunds before it included."""
        nothing = BackRow()
        return all(
            self._scheme.refunds.get(part.asset, _ANY).allow(
                command.actor.level, asked.back.get(part.asset, nothing).by_cashiers_units, share.units
            )
            for part, share in zip(asked.parts, asked.shares(units), strict=True)
        )

    def _give_back(self, books: Books, asked: _Asked, command: Refund, mark: bytes, now: datetime) -> Reply:
        row, units = asked.row, command.amount.units
        payment.move(row.state, PaymentEvent.REFUND)
        shares = asked.shares(units)
        for part, share in zip(asked.parts, shares, strict=True):
            if share.units:
                bookings.transfer(
                    books, TransferKind.REFUND, books.holder(part.account_id), share.units, now,
                    clearing_id=part.clearing_id, payment_id=row.id, command_id=command.refund_id,
                    reason=command.reason, actor=command.actor.name,
                )  # fmt: skip
        taken = debts.take_back(
            books,
            row,
            asked.back_units + units,
            self._scheme.claw_back,
            now,
            command.refund_id,
            command.reason,
        )
        balance_units = None if row.account_id is None else books.holder(row.account_id).balance_units
        made = _fresh(asked, command, mark, now)._replace(
            balance_units=balance_units, taken_back_units=taken.units, owed_units=taken.owed_units
        )
        rows = [
            RefundPartRow(part.asset, share.units, share.worth_units)
            for part, share in zip(asked.parts, shares, strict=True)
        ]
        books.add_refund(made, rows)
        return self._told(books, row, made, rows)

    def _reply(self, books: Books, row: PaymentRow, known: RefundRow) -> Reply:
        if known.refusal is not None:
            return Refused(refusal=known.refusal)
        return self._told(books, row, known, books.refund_parts(known.id))

    def _told(
        self, books: Books, row: PaymentRow, made: RefundRow, parts: Sequence[RefundPartRow]
    ) -> Refunded:
        refunded_units = made.before_units + made.units
        balance = taken_back = owed = None
        if self._scheme.shows_balance and made.balance_units is not None:
            balance = Amount(row.asset, max(0, made.balance_units))
        earning = books.earning(row.order_id)
        if made.taken_back_units and earning is not None:
            asset = books.holder(earning.account_id).asset
            taken_back, owed = Amount(asset, made.taken_back_units), Amount(asset, made.owed_units)
        return Refunded(
            refund_id=made.refund_id,
            order_id=row.order_id,
            amount=Amount(row.asset, made.units),
            parts=tuple(Amount(part.asset, part.units) for part in parts if part.units),
            refunded=Amount(row.asset, refunded_units),
            refundable=Amount(row.asset, row.units - refunded_units),
            at=made.at,
            taken_back=taken_back,
            owed=owed,
            balance=balance,
        )


def _fresh(asked: _Asked, command: Refund, mark: bytes, now: datetime) -> RefundRow:
    return RefundRow(
        id=0,
        refund_id=command.refund_id,
        fingerprint=mark,
        payment=asked.row.id,
        units=command.amount.units,
        before_units=asked.back_units,
        till=asked.till.till if asked.till else None,
        actor=command.actor.name,
        level=command.actor.level,
        reason=command.reason,
        refusal=None,
        balance_units=None,
        taken_back_units=0,
        owed_units=0,
        at=now,
    )
