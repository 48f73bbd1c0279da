"""Short messages: durable with their command, handed over afterwards, tried again, and in nobody's way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from points_engine.adapters.keyed_ids import KeyedIds
from points_engine.adapters.keys import MasterKey
from points_engine.adapters.pin_hasher import Argon2PinHasher
from points_engine.adapters.sqlite_store import SqliteStore
from points_engine.bootstrap import HttpGateway, Settings, open_engine
from points_engine.contract import ChallengeKind, PaymentState, SmsDelivery, SmsSent
from points_engine.engine.front_door import Engine
from points_engine.engine.outbox import LEASE, NOTICE_KEPT
from points_engine.proof_ports import SmsNotTaken
from points_engine.sms_code import RETRY_SECONDS, SmsKind
from tests.fakes.manual_clock import ManualClock
from tests.fakes.sms_gateway import FakeSmsGateway
from tests.points_engine.gateway_server import gateway_server
from tests.points_engine.shop import CHEAP, EVERY_KIND, PHONE, RIGHT_PIN, Shop, payment
from tests.waiting import within

D = SmsDelivery
KEY = MasterKey(bytes(range(32)))
BUSY = SmsNotTaken("busy", may_retry=True)
REFUSED = SmsNotTaken("no such number", may_retry=False)


class Opened:
    """A shop with a gateway, on a file that can be opened again."""

    def __init__(self, folder: Path) -> None:
        self.gateway = FakeSmsGateway()
        self.clock = ManualClock()
        self.path = folder / "points.sqlite"
        self.shop = self.open()
        self.shop.member("m-1", 9_000, RIGHT_PIN)
        self.shop.bind("m-1")
        self.shop.pay("m-1", 800, "o-1")

    def open(self) -> Shop:
        """Another engine on the same books."""
        store = SqliteStore(self.path, KEY.fingerprint)
        hasher = Argon2PinHasher(KEY, CHEAP)
        engine = Engine(store, self.clock, KeyedIds(KEY), hasher, EVERY_KIND.scheme(), sender=self.gateway)
        return Shop(self.path.parent, clock=self.clock, engine=engine)

    def delivery(self) -> SmsDelivery:
        """How the code for o-1 fares, as a till sees it."""
        challenge = payment(self.shop.query("o-1")).challenge
        assert challenge is not None
        assert challenge.sms is not None
        return challenge.sms.delivery


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """A payment of 800 that waits, and a gateway."""
    there = Opened(tmp_path)
    try:
        yield there
        assert [] == there.shop.engine.verify()
    finally:
        there.shop.engine.close()


def test_a_code_is_handed_over_after_its_command(opened: Opened) -> None:
    """The command only writes it down; then the gateway gets it once, and the payment says so."""
    sent = opened.shop.send_sms("o-1")
    assert isinstance(sent, SmsSent)
    assert (D.WAITING, []) == (sent.delivery, opened.gateway.asked)
    assert 1 == opened.shop.engine.deliver()
    assert 0 == opened.shop.engine.deliver()
    (sms,) = opened.gateway.taken
    assert PHONE == sms.phone.number
    assert sms.code.reveal() in sms.text.reveal()
    assert D.SENT == opened.delivery()
    assert PaymentState.SUCCEEDED == payment(opened.shop.answer_sms("o-1", sms.code.reveal())).state


def test_no_transaction_is_open_while_a_gateway_dawdles(opened: Opened) -> None:
    """While it is asked the message is on its way, others pay, and the same payment goes through by PIN."""
    seen: list[object] = []

    def meanwhile() -> None:
        seen.append(opened.delivery())
        seen.append(payment(opened.shop.answer("o-1", RIGHT_PIN)).state)

    opened.gateway.meanwhile = meanwhile
    opened.shop.send_sms("o-1")
    opened.shop.engine.deliver()
    assert [D.SENDING, PaymentState.SUCCEEDED] == seen


def test_what_was_not_taken_is_tried_again(opened: Opened) -> None:
    """With growing pauses, the same message by the same id with the same code, until it is taken."""
    opened.gateway.troubles = [BUSY, BUSY]
    opened.shop.send_sms("o-1")
    for seconds in RETRY_SECONDS[:2]:
        assert 1 == opened.shop.engine.deliver()
        assert (D.WAITING, 0) == (opened.delivery(), opened.shop.engine.deliver())
        opened.clock.advance(seconds)
    assert 1 == opened.shop.engine.deliver()
    assert D.SENT == opened.delivery()
    assert 3 == len(opened.gateway.asked)
    assert 1 == len({(sms.message_id, sms.code) for sms in opened.gateway.asked})


def test_a_gateway_that_refuses_is_visible_and_the_pin_still_works(opened: Opened) -> None:
    """Given up at once, seen in payment and outbox; another code may be asked for at once, and a PIN typed."""
    opened.gateway.troubles = [REFUSED]
    opened.shop.send_sms("o-1")
    opened.shop.engine.deliver()
    assert D.FAILED == opened.delivery()
    (message,) = opened.shop.engine.outbox()
    assert ("no such number", None, 1) == (message.problem, message.text, message.attempts)
    assert isinstance(opened.shop.send_sms("o-1"), SmsSent)
    assert PaymentState.SUCCEEDED == payment(opened.shop.answer("o-1", RIGHT_PIN)).state


def test_a_gateway_that_is_never_there(opened: Opened) -> None:
    """A code is given up when it is dead, not later: nobody gets one that does not work."""
    opened.gateway.troubles = [BUSY] * 50
    opened.shop.start_recovery("m-1")
    for _ in range(40):
        opened.shop.engine.deliver()
        opened.clock.advance(10)
    (message,) = opened.shop.engine.outbox()
    assert (D.FAILED, "busy") == (message.delivery, message.problem)
    assert 0 < message.attempts < 8


def test_a_message_that_waited_too_long(opened: Opened) -> None:
    """The engine stood still while the code died: it is not handed over any more."""
    opened.shop.send_sms("o-1")
    opened.clock.advance(300)
    assert 0 == opened.shop.engine.deliver()
    (message,) = opened.shop.engine.outbox()
    assert (D.FAILED, "not handed over in time", []) == (
        message.delivery,
        message.problem,
        opened.gateway.asked,
    )


def test_a_crash_loses_no_message(opened: Opened) -> None:
    """What was written down is handed over by the next engine."""
    opened.shop.send_sms("o-1")
    opened.shop.engine.close()
    opened.shop = opened.open()
    assert 1 == opened.shop.engine.deliver()
    assert 1 == len(opened.gateway.taken)


def test_a_crash_while_handing_over(opened: Opened) -> None:
    """Nobody knows whether the gateway took it: after a while it is asked once more, by the same id."""
    opened.gateway.meanwhile = lambda: 1 / 0
    opened.shop.send_sms("o-1")
    with pytest.raises(ZeroDivisionError):
        opened.shop.engine.deliver()
    opened.gateway.meanwhile = list
    opened.shop.engine.close()
    opened.shop = opened.open()
    assert (0, D.SENDING) == (opened.shop.engine.deliver(), opened.delivery())
    opened.clock.advance(LEASE.total_seconds())
    assert 1 == opened.shop.engine.deliver()
    assert 1 == len({sms.message_id for sms in opened.gateway.asked})


def test_two_engines_hand_a_message_over_once(opened: Opened) -> None:
    """While one is at it the other finds nothing to do."""
    with opened.open() as other:
        found = []
        opened.gateway.meanwhile = lambda: found.append(other.engine.deliver())
        opened.shop.send_sms("o-1")
        opened.shop.engine.deliver()
        assert [0] == found
        assert 0 == other.engine.deliver()
    assert 1 == len(opened.gateway.asked)


def test_one_request_is_one_message(opened: Opened) -> None:
    """Sent again it is answered again, however it fares by then."""
    first = opened.shop.send_sms("o-1", "r-1")
    assert first == opened.shop.send_sms("o-1", "r-1")
    opened.shop.engine.deliver()
    again = opened.shop.send_sms("o-1", "r-1")
    assert isinstance(again, SmsSent)
    assert D.SENT == again.delivery
    assert 1 == len(opened.gateway.asked)


def test_a_newer_code_replaces_one_that_still_waits(opened: Opened) -> None:
    """The older one is not sent after it: the last code that arrives is the one that works."""
    opened.shop.send_sms("o-1")
    opened.clock.advance(60)
    opened.shop.send_sms("o-1")
    assert 1 == opened.shop.engine.deliver()
    newest, older = opened.shop.engine.outbox()
    assert (D.SENT, D.FAILED) == (newest.delivery, older.delivery)
    code = opened.gateway.taken[0].code.reveal()
    assert PaymentState.SUCCEEDED == payment(opened.shop.answer_sms("o-1", code)).state


def test_a_notice_is_worth_a_day(opened: Opened) -> None:
    """A changed phone is told to the old one, also when the gateway comes back after hours."""
    opened.shop.bind("m-1", "+8613900000001")
    opened.gateway.troubles = [BUSY] * len(RETRY_SECONDS)
    for seconds in (0, *RETRY_SECONDS):
        opened.clock.advance(seconds)
        opened.shop.engine.deliver()
    (sms,) = opened.gateway.taken
    assert (PHONE, "") == (sms.phone.number, sms.code.reveal())
    assert "•••0001" in sms.text.reveal()
    assert NOTICE_KEPT.total_seconds() > sum(RETRY_SECONDS)


# --- without a gateway


def test_without_a_gateway_the_staff_pass_it_on(tmp_path: Path) -> None:
    """The message is kept and can be read as long as its code works; then only that it was there."""
    with Shop(tmp_path, EVERY_KIND) as shop:
        shop.member("m-1", 9_000, RIGHT_PIN)
        shop.bind("m-1")
        shop.pay("m-1", 800, "o-1")
        sent = shop.send_sms("o-1")
        assert isinstance(sent, SmsSent)
        assert D.KEPT == sent.delivery
        assert 0 == shop.engine.deliver()
        (message,) = shop.engine.outbox()
        assert (SmsKind.PAYMENT_CODE, PHONE) == (message.kind, message.phone.number)
        assert message.text is not None
        assert "800" in message.text.reveal()
        shop.clock.advance(300)
        assert shop.engine.outbox()[0].text is None
        shop.engine.sweep()
        shop.clock.advance(-300)
        assert shop.engine.outbox()[0].text is None


def test_a_gateway_that_was_taken_away(opened: Opened) -> None:
    """What still waits is then kept for the staff."""
    opened.shop.send_sms("o-1")
    opened.shop.engine.close()
    store, hasher = SqliteStore(opened.path, KEY.fingerprint), Argon2PinHasher(KEY, CHEAP)
    engine = Engine(store, opened.clock, KeyedIds(KEY), hasher, EVERY_KIND.scheme())
    opened.shop = Shop(opened.path.parent, clock=opened.clock, engine=engine)
    assert 0 == opened.shop.engine.deliver()
    assert D.KEPT == opened.delivery()


def test_old_messages_are_forgotten(tmp_path: Path) -> None:
    """After thirty days, and the newest first in the list."""
    with Shop(tmp_path, EVERY_KIND) as shop:
        shop.member("m-1", 0, RIGHT_PIN)
        shop.bind("m-1")
        shop.start_recovery("m-1", "r-1")
        shop.clock.advance(20 * 86_400)
        shop.start_recovery("m-1", "r-2")
        assert 0 == shop.engine.sweep().messages
        first, second = shop.engine.outbox()
        assert first.created_at > second.created_at
        assert [first] == shop.engine.outbox(1)
        shop.clock.advance(10 * 86_400 + 1)
        assert 1 == shop.engine.sweep().messages
        assert [first.message_id] == [message.message_id for message in shop.engine.outbox()]


# --- on a thread of its own


def test_an_open_engine_hands_over_by_itself(tmp_path: Path) -> None:
    """With a gateway in the settings, a real one: the message is there a moment after the command."""
    with gateway_server() as server:
        server.answer(200)
        gateway = HttpGateway(url=f"{server.address}/$phone/$code", method="GET")
        settings = Settings(challenge_kinds=tuple(ChallengeKind), sms_gateway=gateway)
        engine = open_engine(tmp_path, settings, pin_cost=CHEAP)
        with Shop(tmp_path, engine=engine) as shop:
            shop.member("m-1", 9_000, RIGHT_PIN)
            shop.bind("m-1")
            shop.pay("m-1", 800, "o-1")
            shop.send_sms("o-1")
            within(lambda: engine.outbox()[0].delivery is D.SENT)
            code = server.received[0].path[-6:]
            assert PaymentState.SUCCEEDED == payment(shop.answer_sms("o-1", code)).state
