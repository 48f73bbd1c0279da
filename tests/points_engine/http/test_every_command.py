"""Every command's good way over HTTP: each has the reply that its route promises."""

from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from points_engine import calling
from points_engine import contract as c
from points_engine.amounts import Asset
from points_engine.contract import Command, Secret
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.routes import ROUTE_OF
from tests.points_engine.http.running_service import OFFICE, TILL, RunningService
from tests.points_engine.shop import EVERY_KIND, OTHER_PIN, PHONE, RIGHT_PIN, points

MEMBER = Caller(CallerKind.CUSTOMER, "8600")
COURIER = Caller(CallerKind.COURIER, "courier-1")
MERCHANT = Caller(CallerKind.MERCHANT, "shop-1")


class Visit:
    """Sends commands, each of which its route's reply must come for."""

    def __init__(self, running: RunningService) -> None:
        self.running = running
        self.sent: set[Any] = set()

    def send(self, caller: Caller, command: Command) -> Any:
        """The reply to a command."""
        reply = self.running.ask(command, caller)
        assert isinstance(reply, ROUTE_OF[type(command)].replies), (command, reply)
        self.sent.add(type(command))
        return reply

    def enrol(self) -> None:
        """A shop, a member, and what they have."""
        number = "8600"
        self.send(OFFICE, c.EnrolTill(command_id="1", till_id="till-1", shop_id="shop-1"))
        self.send(OFFICE, c.EnrolCourier(command_id="2", courier_id="courier-1", shop_id="shop-1"))
        self.send(OFFICE, c.EnrolMember(command_id="3", member_no=number, name="王小明"))
        self.send(OFFICE, c.BindPhone(command_id="4", member_no=number, phone=c.PhoneNumber(PHONE)))
        self.send(OFFICE, c.SetPin(command_id="5", member_no=number, pin=Secret(RIGHT_PIN)))
        self.send(OFFICE, c.Credit(command_id="6", member_no=number, amount=points(50_000), reason="gift"))
        self.send(OFFICE, c.Grant(command_id="7", member_no=number, amount=points(100), campaign="spring"))
        adjusted = c.Adjust(
            command_id="8", member_no=number, asset=Asset.POINTS, units=-100, reason="typo", actor="office"
        )
        assert 50_000 == self.send(OFFICE, adjusted).balance.units
        self.send(OFFICE, c.SetFrozen(command_id="9", member_no=number, frozen=False))
        self.send(MEMBER, c.SetPinFreeLimit(command_id="10", member_no=number, asset=Asset.POINTS, units=400))

    def code(self) -> Secret:
        """A fresh code, for the member's own eyes."""
        issued = self.send(MEMBER, c.IssueCode(command_id=self.running.shop.fresh("code"), member_no="8600"))
        assert isinstance(issued, c.CodeIssued)
        return issued.code

    def charge(self, order_id: str, units: int) -> c.PaymentState:
        """A charge at the till."""
        command = c.Charge(
            order_id=order_id, till_id="till-1", cashier="lin", code=self.code(), amount=points(units)
        )
        payment: c.Payment = self.send(TILL, command)
        return payment.state

    def pay(self) -> None:
        """On every channel, with every proof, and back again."""
        assert self.charge("o-1", 300) is c.PaymentState.SUCCEEDED
        self.send(TILL, c.Query(order_id="o-1"))
        actor = c.Actor(name="lin", level=c.StaffLevel.CASHIER)
        refund = c.Refund(
            refund_id="r-1",
            order_id="o-1",
            till_id="till-1",
            actor=actor,
            amount=points(100),
            reason="broken",
        )
        assert 200 == self.send(TILL, refund).refundable.units
        self.send(TILL, c.Reverse(order_id="o-1", till_id="till-1"))
        assert self.charge("o-2", 900) is c.PaymentState.REQUIRES_ACTION
        self.send(TILL, c.SendSmsCode(order_id="o-2", request_id="s-1"))
        assert 1 == len(self.send(MEMBER, c.ShowWaiting(member_no="8600")).payments)
        right = c.AnswerChallenge(
            order_id="o-2", answer_id="a-1", kind=c.ChallengeKind.PIN, answer=Secret(RIGHT_PIN)
        )
        assert self.send(TILL, right).state is c.PaymentState.SUCCEEDED
        ended: dict[str, tuple[Caller, Command, c.PaymentState]] = {
            "o-3": (MEMBER, c.Approve(order_id="o-3", member_no="8600"), c.PaymentState.SUCCEEDED),
            "o-4": (MEMBER, c.Decline(order_id="o-4", member_no="8600"), c.PaymentState.CANCELED),
            "o-5": (TILL, c.Cancel(order_id="o-5", by=c.CanceledBy.TILL), c.PaymentState.CANCELED),
        }
        for order_id, (caller, command, state) in ended.items():
            self.charge(order_id, 900)
            assert self.send(caller, command).state is state
        at_the_door = c.ChargeOnDelivery(
            order_id="o-6", courier_id="courier-1", delivery_order="d-1", code=self.code(), amount=points(20)
        )
        self.send(COURIER, at_the_door)
        self.send(
            MERCHANT, c.ChargeMember(order_id="o-7", shop_id="shop-1", member_no="8600", amount=points(20))
        )

    def look(self) -> None:
        """What is earned and shown, and the end of the day."""
        earned = c.Accumulate(
            command_id="11", till_id="till-1", member_no="8600", order_id="receipt-1", spend_minor=5_000
        )
        self.send(TILL, earned)
        for command in (
            c.ShowBalance(member_no="8600", asset=Asset.POINTS),
            c.ShowStatement(member_no="8600", asset=Asset.POINTS, most=3),
            c.ShowExpiring(member_no="8600", asset=Asset.POINTS),
        ):
            self.send(MEMBER, command)
        day = self.running.shop.clock.now().date()
        self.running.shop.clock.advance(timedelta(days=2).total_seconds())
        self.send(OFFICE, c.Settle(shop_id="shop-1", day=day))
        self.send(MEMBER, c.StartRecovery(member_no="8600", request_id="v-1"))
        finished = c.FinishRecovery(
            member_no="8600",
            answer_id="v-2",
            sms_code=Secret(self.running.shop.read_sms()),
            new_pin=Secret(OTHER_PIN),
        )
        self.send(MEMBER, finished)


def test_every_command_has_its_reply(tmp_path: Path) -> None:
    """Whatever an engine does for a caller within reach, it does over the wire."""
    with RunningService(tmp_path / "engine", scheme=EVERY_KIND) as running:
        visit = Visit(running)
        visit.enrol()
        visit.pay()
        visit.look()
        assert [] == running.shop.engine.verify()
    # Those about who calls are shown where credentials are real: tests/points_engine/http/test_gatekeeper.py.
    assert set(get_args(Command)) - set(get_args(calling.CallerCommand)) == visit.sent
