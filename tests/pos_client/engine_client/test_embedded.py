"""The engine in the till's own process: answers come through the inbox, whatever the engine does."""

import logging
import threading
from collections.abc import Iterator

import pytest

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    Command,
    EngineFault,
    PaymentState,
    Query,
    Refusal,
    Refused,
    Reply,
    Secret,
)
from pos_client.engine_client.embedded import EmbeddedEngine
from pos_client.inbox import QueueInbox
from pos_client.till.events import NoReply, Replied
from tests.fakes.engine import Member, ModelEngine
from tests.pos_client.till.walking import CODE, PIN
from tests.waiting import PATIENCE_SECONDS

CHARGE = Charge(order_id="o1", till_id="T1", cashier="c", code=Secret(CODE), amount=Amount(Asset.POINTS, 300))
ANSWER = AnswerChallenge(order_id="o1", answer_id="a1", kind=ChallengeKind.PIN, answer=Secret(PIN))


class FailingEngine:
    """Raises what it was given."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def execute(self, command: Command) -> Reply:
        """Fail."""
        raise self._error


@pytest.fixture
def inbox() -> Iterator[QueueInbox]:
    inbox = QueueInbox()
    yield inbox
    inbox.close()


def test_an_answer_comes_with_the_number_of_its_request(inbox: QueueInbox) -> None:
    """Sent and forgotten; the reply is in the inbox."""
    client = EmbeddedEngine(ModelEngine({CODE: Member(balance=500)}), inbox)
    client.send(7, CHARGE)
    event = inbox.get(PATIENCE_SECONDS)
    client.close()
    assert isinstance(event, Replied)
    assert not isinstance(event.reply, Refused)
    assert (7, PaymentState.SUCCEEDED) == (event.request_id, getattr(event.reply, "state", None))


def test_sending_never_waits_and_a_slow_pin_holds_no_charge_up(inbox: QueueInbox) -> None:
    """While one PIN is checked, another command is answered."""
    charged = threading.Event()

    class Slow(ModelEngine):
        def execute(self, command: Command) -> Reply:
            if isinstance(command, AnswerChallenge):
                charged.wait(PATIENCE_SECONDS)
            return super().execute(command)

    client = EmbeddedEngine(Slow({CODE: Member(balance=500)}), inbox)
    client.send(1, ANSWER)
    client.send(2, CHARGE)
    first = inbox.get(PATIENCE_SECONDS)
    charged.set()
    second = inbox.get(PATIENCE_SECONDS)
    client.close()
    numbers = [event.request_id for event in (first, second) if isinstance(event, Replied)]
    assert [2, 1] == numbers


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            EngineFault("The disk is full", "Free some."),
            Replied(3, Refused(refusal=Refusal.ENGINE_UNAVAILABLE)),
        ),
        (EngineFault("The disk is full", "Free some.", nothing_changed=False), NoReply(3)),
        (ValueError(CODE), NoReply(3)),
        (OSError("gone"), NoReply(3)),
    ],
    ids=["nothing changed", "may have changed", "bug", "environment"],
)
def test_what_the_engine_raises_is_answered_honestly(
    inbox: QueueInbox, error: Exception, expected: Replied | NoReply, caplog: pytest.LogCaptureFixture
) -> None:
    """Surely nothing: a refusal. Perhaps something: no reply. And no text that might hold a code is written."""
    client = EmbeddedEngine(FailingEngine(error), inbox)
    with caplog.at_level(logging.DEBUG):
        client.send(3, CHARGE)
        event = inbox.get(PATIENCE_SECONDS)
        client.close()
    assert expected == event
    assert type(error).__name__ in caplog.text or str(error) in caplog.text
    assert CODE not in caplog.text
    assert PIN not in caplog.text


def test_what_was_taken_is_finished_before_closing(inbox: QueueInbox) -> None:
    """Closing loses no answer."""
    client = EmbeddedEngine(ModelEngine({}), inbox, workers=1)
    for number in range(20):
        client.send(number, Query(order_id=f"o{number}"))
    client.close()
    inbox.close()
    numbers = []
    while not inbox.closed:
        event = inbox.get(None)
        assert isinstance(event, Replied)
        numbers.append(event.request_id)
    assert list(range(20)) == numbers
