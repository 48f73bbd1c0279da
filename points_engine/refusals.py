"""Every reason for which the engine, or the till, does not do what was asked; the contract hands them out."""

import enum


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
    ENROLMENT_CODE_INVALID = (
        "enrolment_code_invalid", False, 403, NextAction.CALL_THE_MANAGER,
        "登记码无效或已过期", "Enrolment code not valid",
    )  # fmt: skip
    """Not one, used, too old, or taken back: the back office makes another one."""
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
    ORDER_SHARE_TOO_LARGE = (
        "order_share_too_large", False, 422, NextAction.CHANGE_AMOUNT,
        "超过本单可用比例", "More than may be paid of this order",
    )  # fmt: skip
    """More than the share of an order that may be paid with this asset, or than the order costs."""
    EXPIRY_NOT_ALLOWED = (
        "expiry_not_allowed", False, 422, NextAction.CHANGE_AMOUNT,
        "有效期不正确", "Expiry not allowed",
    )  # fmt: skip
    """What is given would be good until a day that is past, or too far ahead to be one."""
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
    SHOP_UNKNOWN = (
        "shop_unknown", False, 404, NextAction.CALL_THE_MANAGER,
        "没有这个门店", "No such shop",
    )  # fmt: skip
    """No shop with this id: it never had a till."""
    DAY_NOT_OVER = (
        "day_not_over", True, 409, NextAction.WAIT,
        "当日尚未结束", "The day is not over",
    )  # fmt: skip
    """Only a day that has ended in the shop's zone is closed."""
    DAY_NOT_SETTLED = (
        "day_not_settled", False, 404, NextAction.CALL_THE_MANAGER,
        "该日没有结算", "This day was not settled",
    )  # fmt: skip
    """A day before the shop's first: there is nothing in it and never will be."""
    ACCOUNT_FROZEN = (
        "account_frozen", False, 403, NextAction.OTHER_TENDER,
        "账户已冻结", "Account frozen",
    )  # fmt: skip
    """Frozen by the back office: nothing may be taken."""
    DAILY_LIMIT_REACHED = (
        "daily_limit_reached", False, 403, NextAction.OTHER_TENDER,
        "超过今日支付限额", "Over the limit for today",
    )  # fmt: skip
    """With what was paid today it would exceed the day's count or sum."""
    BALANCE_TOO_LOW = (
        "balance_too_low", False, 402, NextAction.SMALLER_PART,
        "余额不足", "Balance too low",
    )  # fmt: skip
    """What is not on hold does not cover the amount; the reply names what is available if the scheme shows it."""
    RISK_TOO_HIGH = (
        "risk_too_high", False, 403, NextAction.OTHER_TENDER,
        "本次请使用其他方式支付", "Use another tender this time",
    )  # fmt: skip
    """The shop's own risk check refused it."""
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
    PHONE_NOT_ALLOWED = (
        "phone_not_allowed", True, 422, NextAction.CUSTOMER_TRIES_AGAIN,
        "手机号码不正确", "Not a phone number",
    )  # fmt: skip
    """Not an international number: a plus sign and 8 to 15 digits."""
    PHONE_NOT_BOUND = (
        "phone_not_bound", False, 403, NextAction.OTHER_TENDER,
        "未绑定手机号码", "No phone bound",
    )  # fmt: skip
    """An SMS code is wanted and the member has no phone to send it to."""
    PIN_NOT_ALLOWED = (
        "pin_not_allowed", True, 422, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码必须是六位数字", "A PIN has six digits",
    )  # fmt: skip
    """A new PIN that is not six digits."""
    PIN_TOO_SIMPLE = (
        "pin_too_simple", True, 422, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码过于简单, 请换一个", "PIN too simple, choose another one",
    )  # fmt: skip
    """A new PIN that is tried first: few digits, a run, a pattern, the birthday, the end of the phone number."""
    PIN_NOT_SET = (
        "pin_not_set", False, 403, NextAction.SET_PIN_ON_PHONE,
        "未设置支付密码", "No PIN set",
    )  # fmt: skip
    """The amount needs a PIN and the member has none."""
    SEALED_PIN_INVALID = (
        "sealed_pin_invalid", True, 422, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码未能读取, 请重新输入", "PIN not readable, type it again",
    )  # fmt: skip
    """Sealed for another payment or engine, altered, or used before: no try, it says nothing about the PIN."""
    PIN_LOCKED = (
        "pin_locked", False, 423, NextAction.RESET_PIN_ON_PHONE,
        "密码已锁定, 请在手机上找回", "PIN locked; reset on the phone",
    )  # fmt: skip
    """The tries are used up, counted across kinds, payments and tills; the reply says how long, if a wait helps."""
    PIN_WRONG = (
        "pin_wrong", True, 403, NextAction.CUSTOMER_TRIES_AGAIN,
        "密码不正确, 还可再试 {tries_left} 次", "Wrong PIN, {tries_left} tries left",
    )  # fmt: skip
    """The payment stays open for another try."""
    SMS_CODE_EXPIRED = (
        "sms_code_expired", True, 410, NextAction.CUSTOMER_TRIES_AGAIN,
        "短信验证码已过期", "SMS code expired",
    )  # fmt: skip
    """Too old, replaced, used up or never sent: a new one has to be."""
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
    SMS_LIMIT_REACHED = (
        "sms_limit_reached", False, 429, NextAction.OTHER_TENDER,
        "今日短信次数已用完", "No more SMS codes today",
    )  # fmt: skip
    """As many as a member, a phone or the whole scheme may be sent in 24 hours; the reply says for how long."""
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
