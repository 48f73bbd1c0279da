"""What callers and the engine say to each other: commands, replies and every Refusal.

The only engine module (with `amounts`) that every room may import. All values are frozen; amounts are whole
numbers of the smallest unit; times are aware UTC datetimes stamped by the engine's clock. Every command is
idempotent: the same id with the same content gets the same answer, however often it is asked.
"""

import enum
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Never

from points_engine.amounts import Amount, Asset


class Secret:
    """A text that must never be seen: a PIN, an SMS code, a payment code, a token.

    It compares in constant time, prints as dots, and refuses to be pickled or formatted into a text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the engine's own checks and for showing a code to its owner, nowhere else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> Never:
        raise TypeError("a Secret is never written anywhere")


class EngineFault(Exception):
    """The engine's surroundings fail: a full disk, a locked or damaged file, a missing key. No refusal, no bug.

    `problem` and `remedy` are sentences for whoever keeps the till running; they hold no command's content.
    `nothing_changed` is False when the fault came while a transaction was being made durable: then only a query or
    the same command again tells what became of it.
    """

    def __init__(self, problem: str, remedy: str, *, nothing_changed: bool = True) -> None:
        super().__init__(f"{problem}. {remedy}")
        self.problem = problem
        self.remedy = remedy
        self.nothing_changed = nothing_changed


class CommandInvalid(ValueError):
    """A command that no caller should have built, e.g. an empty order number; names the field, not its content."""


class NextAction(enum.StrEnum):
    """What the cashier does after a refusal."""

    SCAN_THE_RIGHT_CODE = "scan_the_right_code"
    CUSTOMER_REFRESHES = "customer_refreshes"
    OTHER_TENDER = "other_tender"
    SMALLER_PART = "smaller_part"
    CHANGE_AMOUNT = "change_amount"
    SET_PIN_ON_PHONE = "set_pin_on_phone"
    CUSTOMER_TRIES_AGAIN = "customer_tries_again"
    RESET_PIN_ON_PHONE = "reset_pin_on_phone"
    RESEND_LATER = "resend_later"
    START_AGAIN = "start_again"
    NEW_ORDER_NUMBER = "new_order_number"
    CHECK_THE_PAYMENT = "check_the_payment"
    CHECK_THE_MEMBER = "check_the_member"
    CALL_THE_MANAGER = "call_the_manager"
    WAIT = "wait"


class Refusal(enum.Enum):
    """Why a command was not carried out, in order of precedence: of several reasons, the first here is given.

    First who asks, then what is asked, then the code, the member, the challenge, the money, and what only
    a till can know. Each carries `code` (the wire word), `retry_helps` (may the same attempt, or the same
    payment with a fresh code or answer, succeed soon), `http_status`, `next_action` and the sentence the
    cashier reads in Chinese and English, with {tries_left}, {wait_seconds}, {available} filled in where
    the reply carries them.
    """

    TILL_NOT_ENROLLED = (
        "till_not_enrolled", False, 401, NextAction.CALL_THE_MANAGER,
        "本收银台未登记", "This till is not enrolled",
    )  # fmt: skip
    """The engine does not know the till that asks."""
    NOT_PERMITTED = (
        "not_permitted", False, 403, NextAction.CALL_THE_MANAGER,
        "没有权限", "Not permitted",
    )  # fmt: skip
    """The caller is known and may not do this, e.g. touch another till's order."""
    ORDER_MISMATCH = (
        "order_mismatch", False, 422, NextAction.NEW_ORDER_NUMBER,
        "订单号重复但内容不同", "Same order number, different content",
    )  # fmt: skip
    """The id was used before for something else; what it did then stands."""
    ORDER_UNKNOWN = (
        "order_unknown", False, 404, NextAction.CHECK_THE_PAYMENT,
        "没有这笔订单", "No such order",
    )  # fmt: skip
    """The engine has never seen this order."""
    AMOUNT_NOT_ALLOWED = (
        "amount_not_allowed", False, 422, NextAction.CHANGE_AMOUNT,
        "金额不在允许范围内", "Amount not allowed",
    )  # fmt: skip
    """Nothing, below the scheme's minimum, or above a cap."""
    NOT_A_PAYMENT_CODE = (
        "not_a_payment_code", True, 422, NextAction.SCAN_THE_RIGHT_CODE,
        "不是付款码", "Not a payment code",
    )  # fmt: skip
    """Wrong length, prefix or check digit: a product label, another wallet, a misread."""
    CODE_UNKNOWN = (
        "code_unknown", True, 404, NextAction.CUSTOMER_REFRESHES,
        "付款码无效", "Code not valid",
    )  # fmt: skip
    """Well formed, but never issued, voided by a newer one, or long gone."""
    CODE_EXPIRED = (
        "code_expired", True, 410, NextAction.CUSTOMER_REFRESHES,
        "付款码已过期", "Code expired",
    )  # fmt: skip
    """Older than its lifetime by the engine's clock."""
    CODE_USED = (
        "code_used", True, 409, NextAction.CUSTOMER_REFRESHES,
        "付款码已被使用", "Code already used",
    )  # fmt: skip
    """Another payment was opened or made with it: a code works once."""
    MEMBER_UNKNOWN = (
        "member_unknown", False, 404, NextAction.CHECK_THE_MEMBER,
        "没有这个会员", "No such member",
    )  # fmt: skip
    """No member with this number."""
    MEMBER_EXISTS = (
        "member_exists", False, 409, NextAction.CHECK_THE_MEMBER,
        "会员号已存在", "Member number already taken",
    )  # fmt: skip
    """Another member is enrolled under this number."""
    ACCOUNT_FROZEN = (
        "account_frozen", False, 403, NextAction.OTHER_TENDER,
        "账户已冻结", "Account frozen",
    )  # fmt: skip
    """Frozen by the back office: nothing may be taken."""
    BALANCE_TOO_LOW = (
        "balance_too_low", False, 402, NextAction.SMALLER_PART,
        "余额不足", "Balance too low",
    )  # fmt: skip
    """What is not on hold does not cover the amount; the reply names what is available if the scheme shows it."""
    PAYMENT_CANCELED = (
        "payment_canceled", False, 409, NextAction.START_AGAIN,
        "支付已取消", "Payment canceled",
    )  # fmt: skip
    """The customer, the till or a reversal ended it; nothing was taken."""
    PAYMENT_EXPIRED = (
        "payment_expired", False, 410, NextAction.START_AGAIN,
        "支付已超时", "Payment timed out",
    )  # fmt: skip
    """The challenge was not answered in time; nothing was taken."""
    PIN_NOT_ALLOWED = (
        "pin_not_allowed", True, 422, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码必须是六位数字", "A PIN has six digits",
    )  # fmt: skip
    """A new PIN that is not six digits."""
    PIN_NOT_SET = (
        "pin_not_set", False, 403, NextAction.SET_PIN_ON_PHONE,
        "未设置支付密码", "No PIN set",
    )  # fmt: skip
    """The amount needs a PIN and the member has none."""
    PIN_LOCKED = (
        "pin_locked", False, 423, NextAction.RESET_PIN_ON_PHONE,
        "密码已锁定, 请在手机上找回", "PIN locked; reset on the phone",
    )  # fmt: skip
    """The tries are used up, counted across payments and tills."""
    PIN_WRONG = (
        "pin_wrong", True, 403, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码不正确, 还可再试 {tries_left} 次", "Wrong PIN, {tries_left} tries left",
    )  # fmt: skip
    """The payment stays open for another try."""
    SMS_CODE_EXPIRED = (
        "sms_code_expired", True, 410, NextAction.CUSTOMER_TRIES_AGAIN,
        "短信验证码已过期", "SMS code expired",
    )  # fmt: skip
    """Too old: a new one has to be sent."""
    SMS_CODE_WRONG = (
        "sms_code_wrong", True, 403, NextAction.CUSTOMER_TRIES_AGAIN,
        "短信验证码不正确, 还可再试 {tries_left} 次", "Wrong SMS code, {tries_left} tries left",
    )  # fmt: skip
    """The payment stays open for another try."""
    SMS_TOO_SOON = (
        "sms_too_soon", True, 429, NextAction.RESEND_LATER,
        "请在 {wait_seconds} 秒后重新发送", "Send again in {wait_seconds} s",
    )  # fmt: skip
    """The last SMS code was sent a moment ago."""
    NOT_REFUNDABLE = (
        "not_refundable", False, 409, NextAction.CHECK_THE_PAYMENT,
        "该支付不能退款", "Not refundable",
    )  # fmt: skip
    """Not a payment that succeeded."""
    REFUND_TOO_LARGE = (
        "refund_too_large", False, 422, NextAction.CHECK_THE_PAYMENT,
        "退款超过原支付金额", "Refund larger than the payment",
    )  # fmt: skip
    """With what was refunded before it would exceed the payment."""
    ENGINE_UNAVAILABLE = (
        "engine_unavailable", True, 503, NextAction.WAIT,
        "无法连接积分系统", "Points system not reachable",
    )  # fmt: skip
    """An environment fault: nothing was sent, nothing was taken."""
    OUTCOME_UNKNOWN = (
        "outcome_unknown", True, 504, NextAction.WAIT,
        "结果未知, 请勿重复收款", "Result not known yet, do not charge again",
    )  # fmt: skip
    """Till only: it was sent and no answer came; the till is asking."""

    def __init__(
        self, code: str, retry_helps: bool, http_status: int, next_action: NextAction, zh_cn: str, en: str
    ) -> None:
        self.code = code
        self.retry_helps = retry_helps
        self.http_status = http_status
        self.next_action = next_action
        self.zh_cn = zh_cn
        self.en = en

    @property
    def precedence(self) -> int:
        """Its place in the order: a smaller number is given before a larger one."""
        return _PRECEDENCE[self]

    def __repr__(self) -> str:
        return f"Refusal.{self.name}"


_PRECEDENCE = {refusal: place for place, refusal in enumerate(Refusal)}


class ChallengeKind(enum.StrEnum):
    """How a customer proves themselves when an amount is over the PIN-free limit."""

    PIN = "pin"
    SMS_CODE = "sms_code"


class PaymentState(enum.StrEnum):
    """The life of a payment; the moves between them are the table in `points_engine.payment`."""

    NEW = "new"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    REVERSED = "reversed"


class CanceledBy(enum.StrEnum):
    """Who ended a payment that waited for its challenge."""

    CUSTOMER = "customer"
    TILL = "till"


# --- commands ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolTill:
    """Make a till known, in a shop. Replies Done."""

    command_id: str
    till_id: str
    shop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolMember:
    """Make a member known, with an empty account per asset. Replies Done, or refuses MEMBER_EXISTS."""

    command_id: str
    member_no: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFrozen:
    """Freeze or unfreeze a member. Replies Done."""

    command_id: str
    member_no: str
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPinFreeLimit:
    """The member's own PIN-free limit; None goes back to the scheme's. The scheme's ceiling still holds."""

    command_id: str
    member_no: str
    asset: Asset
    units: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPin:
    """A new PIN of six digits; clears tries and lock. Replies Done."""

    command_id: str
    member_no: str
    pin: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Give a member an amount, out of the asset's issued account. Replies Credited."""

    command_id: str
    member_no: str
    amount: Amount
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCode:
    """A fresh one-minute payment code; an older one is void from now on. Replies CodeIssued."""

    command_id: str
    member_no: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Take an amount from whoever stands behind the code. `order_id` is made and stored by the till first.

    Replies Payment: SUCCEEDED, REQUIRES_ACTION (a challenge is open, the amount on hold) or FAILED with its
    refusal. A refused charge leaves the code alive. Refuses ORDER_MISMATCH when the order's content differs.
    """

    order_id: str
    till_id: str
    cashier: str
    code: Secret
    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChallenge:
    """What the customer typed. `answer_id` makes a repeated sending one try.

    Replies Payment (SUCCEEDED, or FAILED when the tries are used up) or refuses PIN_WRONG with tries left.
    """

    order_id: str
    answer_id: str
    kind: ChallengeKind
    answer: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """End a payment that waits for its challenge. Replies Payment as it then stands."""

    order_id: str
    by: CanceledBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """How does this order stand? Replies Payment, or refuses ORDER_UNKNOWN."""

    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """Whatever became of this order, nothing shall be taken for it: safe whether absent, open or done.

    Replies Payment: REVERSED, or FAILED / CANCELED when nothing had been taken anyway. A charge that arrives
    later under the same order finds it reversed.
    """

    order_id: str
    till_id: str


Command = (
    EnrolTill | EnrolMember | SetFrozen | SetPinFreeLimit | SetPin | Credit | IssueCode
    | Charge | AnswerChallenge | Cancel | Query | Reverse
)  # fmt: skip

# --- replies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal with its particulars: tries left, what is available (if the scheme shows it), seconds to wait."""

    refusal: Refusal
    tries_left: int | None = None
    available: Amount | None = None
    wait_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Carried out, now or when it was asked first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """The member's balance after the credit."""

    balance: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeIssued:
    """A payment code for its owner's eyes; valid from `issued_at` up to, not including, `expires_at`."""

    code: Secret
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the engine wants to see before it charges."""

    kinds: tuple[ChallengeKind, ...]
    tries_left: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An order as the engine has it.

    `challenge` is set in REQUIRES_ACTION, `refused` in FAILED and CANCELED. `member` is the name as a till may
    show it (王*), `balance` what is left afterwards if the scheme shows it.
    """

    order_id: str
    state: PaymentState
    amount: Amount
    at: datetime
    member: str | None = None
    challenge: Challenge | None = None
    refused: Refused | None = None
    balance: Amount | None = None


Reply = Done | Credited | CodeIssued | Payment | Refused
