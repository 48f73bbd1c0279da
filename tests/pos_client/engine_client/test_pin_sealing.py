"""A PIN leaves the till sealed wherever the engine can open one, and as it was typed nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from points_engine.amounts import Amount, Asset
from points_engine.contract import (
    AnswerChallenge,
    Challenge,
    ChallengeKind,
    Payment,
    PaymentState,
    Query,
    SealedPin,
    SealTo,
    Secret,
)
from pos_client.engine_client import pin_sealing
from pos_client.engine_client.pin_sealing import PinSealing

NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
PIN = "284619"
SEAL_TO = SealTo(public_key=X25519PrivateKey.generate().public_key().public_bytes_raw(), nonce=bytes(16))
WAITING = Payment(
    order_id="o1",
    state=PaymentState.REQUIRES_ACTION,
    amount=Amount(Asset.POINTS, 800),
    at=NOW,
    challenge=Challenge(
        kinds=(ChallengeKind.PIN,), tries_left=3, expires_at=NOW + timedelta(seconds=120), seal_to=SEAL_TO
    ),
)
ANSWER = AnswerChallenge(order_id="o1", answer_id="a1", kind=ChallengeKind.PIN, answer=Secret(PIN))


@pytest.fixture
def sealing() -> PinSealing:
    """One that has seen a payment that waits."""
    sealing = PinSealing()
    sealing.see(WAITING)
    return sealing


def test_a_pin_is_sealed_for_its_payment(sealing: PinSealing) -> None:
    """Under the same id; what was typed is in it nowhere."""
    sent = sealing.sealed(ANSWER)
    assert isinstance(sent, AnswerChallenge)
    assert isinstance(sent.answer, SealedPin)
    assert ("o1", "a1", ChallengeKind.PIN) == (sent.order_id, sent.answer_id, sent.kind)
    assert PIN.encode() not in sent.answer.box


@pytest.mark.parametrize(
    "command",
    [
        replace(ANSWER, order_id="o2"),
        replace(ANSWER, kind=ChallengeKind.SMS_CODE),
        replace(ANSWER, answer=SealedPin(b"sealed by the keypad")),
        Query(order_id="o1"),
    ],
    ids=["another order", "an SMS code", "sealed already", "no answer"],
)
def test_everything_else_is_sent_as_it_is(sealing: PinSealing, command: AnswerChallenge | Query) -> None:
    """Nothing else is touched."""
    assert command == sealing.sealed(command)


def test_a_payment_that_is_over_is_forgotten(sealing: PinSealing) -> None:
    """Nobody types a PIN for it any more."""
    sealing.see(replace(WAITING, state=PaymentState.SUCCEEDED, challenge=None))
    assert ANSWER == sealing.sealed(ANSWER)


def test_no_more_is_remembered_than_a_till_can_have_open(
    sealing: PinSealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest goes first."""
    monkeypatch.setattr(pin_sealing, "MOST_ORDERS", 2)
    for number in (2, 3):
        sealing.see(replace(WAITING, order_id=f"o{number}"))
    kept = [sealing.sealed(replace(ANSWER, order_id=f"o{number}")) for number in (1, 2, 3)]
    assert [False, True, True] == [isinstance(getattr(sent, "answer", None), SealedPin) for sent in kept]
