"""What verification looks at, and what it finds."""

import enum
from typing import NamedTuple


class Check(enum.StrEnum):
    """What is looked at."""

    CHAIN = "chain"
    NO_TRANSFER_MISSING = "no transfer missing"
    SIDES = "sides"
    SUMS_TO_ZERO = "sums to zero"
    BALANCE = "balance"
    RUNNING_BALANCE = "running balance"
    NEVER_BELOW_ZERO = "never below zero"
    ONE_PAYMENT_ONE_AMOUNT = "one payment, one amount"
    PAYMENT_OF_A_TRANSFER = "payment of a transfer"
    PAYMENT_STATE = "payment's state"
    PAYMENT_AMOUNT = "payment's amount"
    PAYMENT_SHOP = "payment's shop"
    PAYMENT_PARTS = "payment's parts"
    ON_HOLD = "on hold"
    LOT_UNITS = "a lot's units"
    LOTS_WITHIN_BALANCE = "lots within the balance"
    EXPIRED_UNITS = "what expired"
    NEXT_EXPIRY = "next expiry"
    LOT_USES = "what payments took out of lots"
    EARNINGS = "what orders earned"
    REFUNDS = "refunds"
    TAKEN_BACK = "what was taken back"
    DEBTS = "debts"
    CLOSED_DAYS = "closed days"
    SETTLEMENTS = "settlements"
    PIN_FREE_COUNTERS = "PIN-free counters"
    DAY_COUNTERS = "day's counters"


class Finding(NamedTuple):
    """Something that is not as it must be: which check, what about, and what was seen."""

    check: Check
    subject: str
    seen: str
