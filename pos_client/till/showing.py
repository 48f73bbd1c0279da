"""What people see of the till: `view` turns every state into both screens. It decides nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from points_engine.contract import NextAction
from pos_client.till.refusing import next_action
from pos_client.till.resolving import may_set_aside
from pos_client.till.state import (
    AwaitingPin,
    Canceling,
    Charging,
    CheckingPin,
    Collecting,
    Entering,
    PaidSummary,
    Ready,
    Refusing,
    Resolving,
    Rules,
    Sale,
    Stage,
    Till,
)
from pos_client.till.view import MESSAGE_KEYS, Action, CashierView, CustomerView, Message, Tone, View

ONE_MOMENT = Message("customer.one_moment")
ASK_CASHIER = Message("customer.ask_cashier")

CUSTOMER_NEXT: Mapping[NextAction, Message] = {
    NextAction.SCAN_THE_RIGHT_CODE: Message("customer.show_payment_code"),
    NextAction.START_AGAIN: Message("customer.show_payment_code"),
    NextAction.CUSTOMER_REFRESHES: Message("customer.refresh_code"),
    NextAction.SET_PIN_ON_PHONE: Message("customer.set_pin"),
    NextAction.RESET_PIN_ON_PHONE: Message("customer.reset_pin"),
}
"""What a customer can do about a refusal by themselves."""

FOR_STAFF_ONLY = {
    NextAction.CALL_THE_MANAGER, NextAction.NEW_ORDER_NUMBER, NextAction.CHECK_THE_PAYMENT,
    NextAction.CHECK_THE_MEMBER, NextAction.WAIT,
}  # fmt: skip
"""Refusals that lead to these are no business of a customer's; they are sent to the cashier."""


def view(till: Till) -> View:
    """Both screens for a state: what the phase shows, and what stands beside every phase."""
    shown = SHOWN[type(till.phase)](till.rules, till.phase)
    notice = None
    if till.notice is not None:
        notice = Message(till.notice.key, till.notice.params)
    elif till.unwritten:
        notice = Message("notice.not_recorded")
    cashier = replace(shown.cashier, notice=notice, parked_count=len(till.parked), lamps=till.lamps)
    customer = replace(shown.customer, shop_name=till.rules.shop_name)
    # A word to the cashier is to be read, whatever passes behind it.
    return View(cashier=cashier, customer=customer, is_passing=shown.is_passing and notice is None)


def _message(key: str, **params: str | int) -> Message:
    return Message(key, tuple(params.items()))


def _cashier(rules: Rules, sale: Sale, tone: Tone, headline: Message, **more: Any) -> CashierView:
    """A cashier's view of a sale: its part in points is the big number, with the rest when there is one."""
    units = sale.points_units
    part = units if units < sale.total_units else None
    return CashierView(
        tone=tone,
        headline=headline,
        amount_units=units,
        amount_money_minor=rules.exchange.to_money_minor(units),
        part_of_units=None if part is None else sale.total_units,
        **more,
    )


def _customer(rules: Rules, sale: Sale, tone: Tone, headline: Message, **more: Any) -> CustomerView:
    """A customer's view of a sale: what is to be paid in points."""
    units = sale.points_units
    return CustomerView(
        tone=tone,
        headline=headline,
        amount_units=units,
        amount_money_minor=rules.exchange.to_money_minor(units),
        **more,
    )


def _entering(rules: Rules, phase: Entering) -> View:
    if phase.paid is not None:
        return _paid(rules, phase.paid)
    units = phase.units
    if phase.sale_total is not None:
        headline = _message("cashier.enter_part", total_units=phase.sale_total)
    elif phase.recovered:
        taken = sum(order.units for order in phase.recovered)
        headline = _message("cashier.recovered", count=len(phase.recovered), units=taken)
    else:
        headline = _message("cashier.enter_amount")
    actions: tuple[Action, ...] = ()
    if units and phase.sale_total is None:
        actions = (Action.CONFIRM, Action.PART, Action.DROP)
    elif units:
        actions = (Action.CONFIRM, Action.DROP)
    elif phase.recovered:
        actions = (Action.CONFIRM,)
    elif phase.sale_total is not None or phase.sale is not None:
        actions = (Action.DROP,)
    cashier = CashierView(
        tone=Tone.WARN if phase.recovered else Tone.NEUTRAL,
        headline=headline,
        amount_units=units,
        amount_money_minor=rules.exchange.to_money_minor(units),
        entering=True,
        part_of_units=phase.sale_total,
        actions=actions,
        enter=Action.CONFIRM if Action.CONFIRM in actions else None,
    )
    to_pay = units or phase.sale_total
    if not to_pay:
        return View(
            cashier=cashier,
            customer=CustomerView(tone=Tone.NEUTRAL, headline=_message("customer.welcome")),
        )
    customer = CustomerView(
        tone=Tone.NEUTRAL,
        headline=_message("customer.to_pay"),
        amount_units=to_pay,
        amount_money_minor=rules.exchange.to_money_minor(to_pay),
    )
    return View(cashier=cashier, customer=customer)


def _paid(rules: Rules, paid: PaidSummary) -> View:
    sale = paid.sale
    units, money_minor = sale.paid_units, paid.money_minor
    if not units:
        headline = _message("cashier.paid_elsewhere", money_minor=money_minor)
    elif money_minor:
        headline = _message("cashier.paid_with_rest", units=units, money_minor=money_minor)
    else:
        headline = _message("cashier.paid", units=units)
    left = paid.balance_units
    worth_minor = rules.exchange.to_money_minor(units)
    return View(
        cashier=CashierView(
            tone=Tone.GOOD,
            headline=headline,
            detail=None if left is None else _message("cashier.balance_left", balance_units=left),
            entering=True,
            member=paid.member,
            amount_units=units,
            amount_money_minor=worth_minor,
        ),
        customer=CustomerView(
            tone=Tone.GOOD,
            headline=_message("customer.paid", units=units) if units else _message("customer.thank_you"),
            detail=None if left is None else _message("customer.balance_left", balance_units=left),
            amount_units=units or None,
            amount_money_minor=worth_minor or None,
        ),
    )


def _ready(rules: Rules, phase: Ready) -> View:
    return View(
        cashier=_cashier(
            rules,
            phase.sale,
            Tone.NEUTRAL,
            _message("cashier.scan_code"),
            actions=(Action.PART, Action.OTHER_TENDER, Action.DROP),
        ),
        customer=_customer(rules, phase.sale, Tone.NEUTRAL, _message("customer.show_code")),
    )


def _charging(rules: Rules, phase: Charging) -> View:
    return View(
        cashier=_cashier(rules, phase.sale, Tone.BUSY, _message("cashier.charging")),
        customer=_customer(rules, phase.sale, Tone.BUSY, ONE_MOMENT),
        is_passing=True,
    )


def _awaiting_pin(rules: Rules, phase: AwaitingPin) -> View:
    wrong = phase.wrong_before
    tries = {"tries_left": phase.tries_left}
    return View(
        cashier=_cashier(
            rules,
            phase.sale,
            Tone.WARN if wrong else Tone.BUSY,
            _message("cashier.waiting_for_pin"),
            detail=_message("refusal.pin_wrong", **tries) if wrong else None,
            member=phase.member,
            dots=phase.dots,
            expires_at=phase.expires_at,
            actions=(Action.DROP,),
        ),
        customer=_customer(
            rules,
            phase.sale,
            Tone.WARN if wrong else Tone.NEUTRAL,
            _message("customer.pin_wrong", **tries) if wrong else _message("customer.enter_pin"),
            pin_for=phase.pin_for,
            dots=phase.dots,
            tries_left=phase.tries_left,
            expires_at=phase.expires_at,
        ),
    )


def _checking_pin(rules: Rules, phase: CheckingPin) -> View:
    sale, member = phase.waiting.sale, phase.waiting.member
    return View(
        cashier=_cashier(rules, sale, Tone.BUSY, _message("cashier.checking_pin"), member=member),
        customer=_customer(rules, sale, Tone.BUSY, _message("customer.checking_pin")),
        is_passing=True,
    )


def _canceling(rules: Rules, phase: Canceling) -> View:
    return View(
        cashier=_cashier(rules, phase.sale, Tone.BUSY, _message("cashier.canceling")),
        customer=_customer(rules, phase.sale, Tone.BUSY, _message("customer.canceling")),
        is_passing=True,
    )


def _resolving(rules: Rules, phase: Resolving) -> View:
    attempt = max(1, phase.attempt)
    asking = "cashier.giving_back" if phase.stage is Stage.REVERSE else "cashier.asking_again"
    detail = _message(asking, attempt=attempt)
    if phase.refusal_code is not None:
        detail = _message(f"refusal.{phase.refusal_code}")
    actions = (Action.SET_ASIDE,) if may_set_aside(phase) else ()
    if phase.sale is None:
        cashier = CashierView(
            tone=Tone.WARN,
            headline=_message("cashier.resolving_at_start", count=1 + len(phase.later)),
            detail=detail,
            amount_units=phase.open_order.units,
            amount_money_minor=rules.exchange.to_money_minor(phase.open_order.units),
            actions=actions,
        )
        return View(cashier=cashier, customer=CustomerView(tone=Tone.BUSY, headline=ONE_MOMENT))
    headline = _message("refusal.outcome_unknown")
    if phase.given_up is not None:
        headline = _message("cashier.returning_points", units=phase.open_order.units)
    return View(
        cashier=_cashier(rules, phase.sale, Tone.WARN, headline, detail=detail, actions=actions),
        customer=_customer(rules, phase.sale, Tone.BUSY, ONE_MOMENT),
    )


def _collecting(rules: Rules, phase: Collecting) -> View:
    sale = phase.sale
    rest_money_minor = sale.rest_money_minor(rules.exchange)
    headline = _message("cashier.collect_all")
    if sale.paid_units:
        headline = _message("cashier.collect_rest", units=sale.paid_units)
    return View(
        cashier=CashierView(
            tone=Tone.GOOD if sale.paid_units else Tone.NEUTRAL,
            headline=headline,
            amount_units=sale.paid_units,
            amount_money_minor=rules.exchange.to_money_minor(sale.paid_units),
            part_of_units=sale.total_units,
            rest_units=sale.rest_units,
            rest_money_minor=rest_money_minor,
            member=phase.member,
            actions=(Action.OTHER_TENDER, Action.DROP),
            enter=Action.OTHER_TENDER,
        ),
        customer=CustomerView(
            tone=Tone.GOOD if sale.paid_units else Tone.NEUTRAL,
            headline=_message("customer.rest_due", money_minor=rest_money_minor),
            detail=_message("customer.paid", units=sale.paid_units) if sale.paid_units else None,
            amount_units=sale.rest_units,
            amount_money_minor=rest_money_minor,
        ),
    )


def _refusing(rules: Rules, phase: Refusing) -> View:
    reason = _reason(phase)
    following = next_action(phase.refusal_code)
    detail = None
    if phase.available_units is not None:
        detail = _message("cashier.available", available_units=phase.available_units)
    for_staff = following in FOR_STAFF_ONLY
    # What another tender would have to cover; of an undivided sale the big number says it already.
    divided = phase.sale.points_units < phase.sale.total_units
    rest_money_minor = phase.sale.rest_money_minor(rules.exchange)
    return View(
        cashier=_cashier(
            rules,
            phase.sale,
            Tone.BAD,
            reason,
            detail=detail,
            next_step=_message(f"next.{following.value}"),
            rest_units=phase.sale.rest_units if divided else None,
            rest_money_minor=rest_money_minor if divided else None,
            actions=(Action.CONFIRM, Action.PART, Action.OTHER_TENDER, Action.DROP),
            enter=Action.CONFIRM,
        ),
        customer=_customer(
            rules,
            phase.sale,
            Tone.BAD,
            ASK_CASHIER if for_staff else reason,
            detail=None if for_staff else CUSTOMER_NEXT.get(following, ASK_CASHIER),
        ),
    )


def _reason(phase: Refusing) -> Message:
    carried = {"tries_left": phase.tries_left, "wait_seconds": phase.wait_seconds}
    key = f"refusal.{phase.refusal_code}"
    return Message(key, tuple((name, carried.get(name) or 0) for name in MESSAGE_KEYS.get(key, ())))


SHOWN: Mapping[type[Any], Callable[[Rules, Any], View]] = {
    Entering: _entering,
    Ready: _ready,
    Charging: _charging,
    AwaitingPin: _awaiting_pin,
    CheckingPin: _checking_pin,
    Canceling: _canceling,
    Resolving: _resolving,
    Collecting: _collecting,
    Refusing: _refusing,
}
"""What each phase shows."""
