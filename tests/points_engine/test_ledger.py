"""The ledger's rules: what a transfer moves between whom, and the chain that shows an edit."""

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine import ledger
from points_engine.ledger import GENESIS, SIDES, AccountKind, Transfer, TransferKind
from points_engine.payment import Booking

AT = datetime(2026, 3, 2, 4, 0, 0, 123456, tzinfo=UTC)
CHARGE = Transfer(7, TransferKind.CHARGE, 11, 12, 300, 4_700, 3, None, None, AT)

TEXTS = st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs", "Cc"]), max_size=10)
TRANSFERS = st.builds(
    Transfer,
    id=st.integers(1, 99),
    kind=st.sampled_from(TransferKind),
    debit_id=st.integers(1, 99),
    credit_id=st.integers(1, 99),
    units=st.integers(1, 99),
    balance_units=st.integers(0, 99),
    payment_id=st.none() | st.integers(1, 99),
    command_id=st.none() | TEXTS.filter(bool),
    reason=st.none() | TEXTS.filter(bool),
    at=st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 -- Hypothesis wants it so
)


def test_every_kind_has_two_different_sides() -> None:
    """Each kind of transfer takes from one kind of account and gives to another."""
    assert set(TransferKind) == set(SIDES)
    assert all(sides.debit is not sides.credit for sides in SIDES.values())


def test_every_booking_is_a_kind_of_transfer() -> None:
    """What a payment's move asks for, the ledger knows by the same name."""
    assert {booking.value for booking in Booking} <= {kind.value for kind in TransferKind}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TransferKind.CREDIT, 130),
        (TransferKind.CHARGE, 70),
        (TransferKind.HOLD, 70),
        (TransferKind.POST, 100),
        (TransferKind.VOID, 130),
        (TransferKind.REVERSAL, 130),
        (TransferKind.REFUND, 130),
    ],
)
def test_what_each_kind_leaves_the_customer(kind: TransferKind, expected: int) -> None:
    """Of a balance of 100 and a transfer of 30."""
    assert expected == ledger.balance_after(kind, 100, 30)


def test_a_way_out_of_every_hold() -> None:
    """What a hold takes, a void gives back and a post takes on."""
    hold, post, void = (SIDES[kind] for kind in (TransferKind.HOLD, TransferKind.POST, TransferKind.VOID))
    assert (hold.credit, hold.debit) == void
    assert (hold.credit, AccountKind.CLEARING) == post


def test_the_canonical_bytes_are_these() -> None:
    """Anybody can compute them: decimal numbers, empty for absent, U+001F between, UTF-8."""
    assert (
        b"7\x1fcharge\x1f11\x1f12\x1f300\x1f4700\x1f3\x1f\x1f\x1f1772424000123456"
        == ledger.canonical_bytes(CHARGE)
    )
    credit = CHARGE._replace(kind=TransferKind.CREDIT, payment_id=None, command_id="c-1", reason="谢谢")
    expected = "7\x1fcredit\x1f11\x1f12\x1f300\x1f4700\x1f\x1fc-1\x1f谢谢\x1f1772424000123456".encode()
    assert expected == ledger.canonical_bytes(credit)


def test_the_chain_is_a_sha256_over_the_link_before() -> None:
    """A link is sha256(link before || canonical bytes)."""
    expected = hashlib.sha256(GENESIS + ledger.canonical_bytes(CHARGE)).digest()
    assert expected == ledger.chain_after(GENESIS, CHARGE)


@given(TRANSFERS, TRANSFERS)
def test_different_transfers_have_different_links(one: Transfer, other: Transfer) -> None:
    """No two transfers look alike to the chain."""
    assert (one == other) == (ledger.chain_after(GENESIS, one) == ledger.chain_after(GENESIS, other))


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 -- Hypothesis wants it so
def test_a_time_survives_being_written(at: datetime) -> None:
    """Microseconds and back is the same moment."""
    assert at == ledger.moment(ledger.microseconds(at))


def test_who_put_something_right_by_hand_is_under_the_chain() -> None:
    """Another name is another link, and no name is as if there were no such field."""
    adjusted = CHARGE._replace(kind=TransferKind.ADJUST_DOWN, actor="chen")
    plain = ledger.canonical_bytes(adjusted._replace(actor=None))
    assert plain + b"\x1fchen" == ledger.canonical_bytes(adjusted)
    assert ledger.chain_after(GENESIS, adjusted) != ledger.chain_after(GENESIS, adjusted._replace(actor="li"))
