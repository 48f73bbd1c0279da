"""What becomes of a charge: every rule in turn, inside the transaction that carries it out."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine import challenge, limits, payment_code
from points_engine.contract import ChargeMember, Refusal
from points_engine.engine import bookings
from points_engine.engine.bookings import Take, expire_if_due
from points_engine.engine.replies import kinds_of
from points_engine.engine.scheme import Scheme
from points_engine.engine.splitting import ChargeCommand, Splitter
from points_engine.part_ports import PartRow
from points_engine.payment import PaymentEvent
from points_engine.ports import Books, ChargeFacts, Holder
from points_engine.risk import RiskAnswer, RiskFacts, RiskHook, stricter

_LOG = logging.getLogger(__name__)


class Verdict(NamedTuple):
    """What becomes of a charge. `holder` is the payer's account for the amount's asset, if there is a payer.

    `takes` is what is taken; `balance_units` what is then left of the amount's asset, or what was available when that
    was too little.
    """

    event: PaymentEvent
    refusal: Refusal | None = None
    holder: Holder | None = None
    takes: Sequence[Take] = ()
    balance_units: int | None = None


def _refused(refusal: Refusal, holder: Holder | None = None, available_units: int | None = None) -> Verdict:
    if holder is not None and available_units is None:
        available_units = holder.balance_units
    return Verdict(PaymentEvent.REFUSE, refusal, holder, (), available_units)


class Judge:
    """Judges charges by the scheme's rules; without a hook nobody is asked about risk."""

    def __init__(self, scheme: Scheme, risk_hook: RiskHook | None = None) -> None:
        self._scheme = scheme
        self._risk_hook = risk_hook
        self._splitter = Splitter(scheme)

    def judge(
        self, books: Books, command: ChargeCommand, facts: ChargeFacts, now: datetime, *, is_code: bool
    ) -> Verdict:
        """What becomes of a charge, by precedence: the amount alone, then who is to pay, then their accounts."""
        refusal = self._refusal_of_amount(command) or _refusal_of_payer(command, facts, now, is_code=is_code)
        till, holder = facts.till, facts.holder
        if refusal is not None:
            return _refused(refusal)
        assert till is not None
        assert holder is not None
        if holder.is_frozen:
            return _refused(Refusal.ACCOUNT_FROZEN, holder)
        holder = bookings.expire_lots_if_due(books, holder, now)
        takes = self._takes(books, command, holder, till.clearing_id, now)
        if isinstance(takes, Refusal):
            # Holds whose time is up may help: looked for only when something is lacking.
            holder = _without_what_is_due(books, holder, now)
            takes = self._takes(books, command, holder, till.clearing_id, now)
        if isinstance(takes, Refusal):
            available_units = None
            if command.pay_from:
                available_units = self._splitter.available_units(books, command, holder, now)
            return _refused(takes, holder, available_units)
        return self._judge_takes(books, command, holder, takes, now)

    def _refusal_of_amount(self, command: ChargeCommand) -> Refusal | None:
        scheme, amount, total = self._scheme, command.amount, command.order_total
        percent = 100
        if command.pay_from:
            if not amount.units or not set(command.pay_from) <= set(scheme.limits):
                return Refusal.AMOUNT_NOT_ALLOWED
        else:
            rules = scheme.limits.get(amount.asset)
            if rules is None or not rules.allows(amount.units):
                return Refusal.AMOUNT_NOT_ALLOWED
            percent = rules.order_share_percent
            if total is None and percent == 100:
                return None
        known = scheme.exchange
        if amount.asset not in known or (total is not None and total.asset not in known):
            return Refusal.AMOUNT_NOT_ALLOWED
        is_within = amount.units <= self._splitter.share_units(command, amount.asset, percent)
        return None if is_within else Refusal.ORDER_SHARE_TOO_LARGE

    def _takes(
        self, books: Books, command: ChargeCommand, holder: Holder, clearing_id: int, now: datetime
    ) -> Sequence[Take] | Refusal:
        """What would be taken, with the day's use before it; a refusal when it cannot be."""
        if command.pay_from:
            return self._splitter.takes(books, command, holder, now)
        units, use = command.amount.units, holder.day_use.on(limits.shop_day(now, self._scheme.zone))
        if self._scheme.limits[holder.asset].day_room(use) < units:
            return Refusal.DAILY_LIMIT_REACHED
        if holder.balance_units < units:
            return Refusal.BALANCE_TOO_LOW
        part = PartRow(holder.asset, units, units, holder.account_id, clearing_id)
        return (Take(part, holder, use),)

    def _judge_takes(
        self, books: Books, command: ChargeCommand, holder: Holder, takes: Sequence[Take], now: datetime
    ) -> Verdict:
        """Whether what could be taken needs a proof, and whether the payer can give one."""
        needs_proof = any(
            limits.needs_pin(self._scheme.limits[part.asset], payer.pin_free_limit_units, use, part.units)
            for part, payer, use in takes
        )
        if self._risk_hook is not None:
            answer = self._ask(self._risk_hook, books, command, takes, now, needs_proof=needs_proof)
            if answer is RiskAnswer.REFUSE:
                return _refused(Refusal.RISK_TOO_HIGH, holder)
            needs_proof = needs_proof or answer is RiskAnswer.ASK
        if needs_proof and not kinds_of(holder, self._scheme, now):
            has_pin = holder.pin_hash is not None
            return _refused(
                challenge.refusal_without_kinds(self._scheme.challenge_kinds, has_pin=has_pin), holder
            )
        counted = [
            Take(part, payer, use.plus(part.units, is_pin_free=not needs_proof)) for part, payer, use in takes
        ]
        left_units = holder.balance_units - sum(
            part.units for part, _, _ in takes if part.account_id == holder.account_id
        )
        event = PaymentEvent.CHARGE_OVER_LIMIT if needs_proof else PaymentEvent.CHARGE_WITHIN_LIMIT
        return Verdict(event, None, holder, counted, left_units)

    @staticmethod
    def _ask(
        hook: RiskHook,
        books: Books,
        command: ChargeCommand,
        takes: Sequence[Take],
        now: datetime,
        *,
        needs_proof: bool,
    ) -> RiskAnswer:
        """The hook's strictest answer about the parts; ASK when it fails."""
        strictest, (channel, taker_id) = RiskAnswer.ALLOW, command.taker
        for part, payer, use in takes:
            till = books.till(taker_id, part.asset, channel)
            assert till is not None
            facts = RiskFacts(
                at=now,
                asset=part.asset,
                units=part.units,
                channel=channel,
                shop_id=books.shop_of(till.till),
                taker_id=taker_id,
                member_no=payer.member_no,
                member_since=books.member_since(payer.member),
                day_times=use.times,
                day_units=use.units,
                day_pin_free_times=use.pin_free_times,
                day_pin_free_units=use.pin_free_units,
                needs_proof=needs_proof,
            )
            strictest = stricter(strictest, _answer_of(hook, facts))
        return strictest


def _answer_of(hook: RiskHook, facts: RiskFacts) -> RiskAnswer:
    try:
        return RiskAnswer(hook(facts))
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with a shop's own function, its customers can pay
        # Its kind alone: what it says, and where, may hold what it was told.
        _LOG.warning("the risk hook failed (%s): the customer is asked for a proof", type(error).__name__)
        return RiskAnswer.ASK


def _refusal_of_payer(
    command: ChargeCommand, facts: ChargeFacts, now: datetime, *, is_code: bool
) -> Refusal | None:
    """Why nobody can be charged: the code is none, or is no good; or there is no such member."""
    if isinstance(command, ChargeMember):
        return Refusal.MEMBER_UNKNOWN if facts.holder is None else None
    if not is_code:
        return Refusal.NOT_A_PAYMENT_CODE
    code = facts.code
    if code is None or facts.holder is None:
        return Refusal.CODE_UNKNOWN
    return payment_code.refusal_of(code.state, code.expires_at, now)


def _without_what_is_due(books: Books, holder: Holder, now: datetime) -> Holder:
    """The holder once holds whose time is up have been given back, of whichever asset the payments were."""
    for row in books.open_payments_of(holder.member, now):
        expire_if_due(books, row, now)
    return books.holder(holder.account_id)
