"""A shop that is called over a network: callers with credentials, and requests as they send them."""

from typing import NamedTuple

from points_engine.calling import (
    CallerKind,
    Enrol,
    Enrolled,
    EnrolmentCode,
    FinishSignIn,
    MakeEnrolmentCode,
    RevokeCaller,
    SignedIn,
    SignInStarted,
    StartSignIn,
)
from points_engine.contract import (
    Done,
    EnrolCourier,
    PhoneNumber,
    Reply,
    Secret,
    StaffLevel,
)
from points_engine.engine.authentication import Call, NotAccepted
from points_engine.engine.gate import Gate
from points_engine.signing import Key, authorization
from points_engine.wire.callers import Caller
from tests.points_engine.shop import PHONE, TILL, Shop


class Sent(NamedTuple):
    """A request before it is signed."""

    method: str = "POST"
    target: str = "/v1/charges"
    body: bytes = b'{"units": 5}'
    idempotency_key: str = "order-1"


PLAIN = Sent()


class Counter:
    """What happens at the gate of a shop's engine."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.gate: Gate = shop.engine.gate
        self.gate.catch_up()

    # --- credentials

    def code(self, kind: CallerKind, caller_id: str, level: StaffLevel | None = None) -> str:
        """A fresh enrolment code."""
        reply = self.shop.ask(
            MakeEnrolmentCode(
                command_id=self.shop.fresh("enrolment-code"), kind=kind, caller_id=caller_id, level=level
            )
        )
        assert isinstance(reply, EnrolmentCode)
        return reply.code.reveal()

    def enrol(self, code: str, request_id: str | None = None) -> Reply:
        """Enrol with a code."""
        return self.shop.ask(Enrol(request_id=request_id or self.shop.fresh("enrol"), code=Secret(code)))

    def key(self, kind: CallerKind, caller_id: str, level: StaffLevel | None = None) -> Key:
        """The key of a caller who has just been enrolled."""
        if kind is CallerKind.COURIER:
            self.shop.ask(
                EnrolCourier(command_id=self.shop.fresh("courier"), courier_id=caller_id, shop_id="shop-1")
            )
        return key_in(self.enrol(self.code(kind, caller_id, level)))

    def till_key(self, till_id: str = TILL) -> Key:
        """The key of a till."""
        return self.key(CallerKind.TILL, till_id)

    def revoke(self, kind: CallerKind, caller_id: str) -> None:
        """End all that a caller has."""
        command = RevokeCaller(command_id=self.shop.fresh("revoke"), kind=kind, caller_id=caller_id)
        assert Done() == self.shop.ask(command)

    # --- sessions

    def start(self, phone: str = PHONE, request_id: str | None = None, member_no: str | None = None) -> Reply:
        """Ask for a sign-in's code."""
        return self.shop.ask(
            StartSignIn(
                request_id=request_id or self.shop.fresh("sign-in"),
                phone=PhoneNumber(phone),
                member_no=member_no,
            )
        )

    def finish(self, sign_in_id: str, code: str, answer_id: str | None = None) -> Reply:
        """Answer with a code."""
        return self.shop.ask(
            FinishSignIn(
                sign_in_id=sign_in_id,
                answer_id=answer_id or self.shop.fresh("answer"),
                sms_code=Secret(code),
            )
        )

    def sign_in(self, phone: str = PHONE) -> SignedIn:
        """A session of whoever has a phone."""
        sign_in_id = self.shop.fresh("sign-in")
        assert isinstance(self.start(phone, sign_in_id), SignInStarted)
        reply = self.finish(sign_in_id, self.shop.read_sms())
        assert isinstance(reply, SignedIn)
        return reply

    # --- requests

    def signed(self, key: Key, sent: Sent = PLAIN, *, off_seconds: int = 0) -> Call:
        """A signed request, by a clock that is off by so much."""
        at = int(self.shop.clock.now().timestamp()) + off_seconds
        header = authorization(
            key, sent.method, sent.target, sent.body, at=at, idempotency_key=sent.idempotency_key
        )
        return Call(sent.method, sent.target, sent.body, header, sent.idempotency_key)

    def ask(self, call: Call) -> Caller | NotAccepted:
        """Who that is."""
        return self.gate.authentication.authenticate(call)


def with_token(token: str) -> Call:
    """A request with a bearer token."""
    return Call("GET", "/v1/payments/1", b"", f"Bearer {token}", "")


def key_in(reply: Reply) -> Key:
    """The key that came with a credential."""
    assert isinstance(reply, Enrolled)
    return Key(reply.key_id, reply.secret)
