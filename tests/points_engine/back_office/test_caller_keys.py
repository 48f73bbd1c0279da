"""Keys of those who call over the network: a code or a token from the terminal, listed, revoked."""

from pathlib import Path

import pytest

from points_engine.calling import Enrol, Enrolled
from points_engine.contract import Refusal, Secret, StaffLevel
from points_engine.engine.authentication import NotAccepted
from points_engine.wire.callers import Caller
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.engine.counter import Counter, key_in, with_token
from tests.points_engine.shop import TILL, Shop, refused


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a till, a courier and a shop."""
    made = Desk(tmp_path / "engine")
    made.ask("init")
    made.ask("tills", "add", TILL, "--shop", "shop-1")
    made.ask("couriers", "add", "courier-1", "--shop", "shop-1")
    return made


def _shop(desk: Desk) -> Shop:
    return Shop(desk.folder, clock=desk.clock)


@pytest.mark.parametrize(
    ("words", "caller_id"),
    [
        (["tills", "enrol-code", TILL], TILL),
        (["couriers", "enrol-code", "courier-1"], "courier-1"),
        (["merchants", "enrol-code", "shop-1"], "shop-1"),
        (["operators", "enrol-code", "wang", "--level", "manager"], "wang"),
    ],
)
def test_a_code_from_the_terminal_enrols(desk: Desk, words: list[str], caller_id: str) -> None:
    """Once; the same id shows the same code again."""
    told = desk.ask(*words, "--id", "x")
    assert told == desk.ask(*words, "--id", "x")
    assert desk.clock.now().isoformat() < told["expires_at"]
    with _shop(desk) as shop:
        reply = shop.ask(Enrol(request_id="r", code=Secret(told["code"])))
        assert isinstance(reply, Enrolled)
        assert caller_id == reply.caller_id
        again = refused(shop.ask(Enrol(request_id="s", code=Secret(told["code"]))))
        assert again.refusal is Refusal.ENROLMENT_CODE_INVALID
    assert told["code"] in desk.say(*words, "--id", "x").out


def test_a_token_is_made_at_once_and_kept_nowhere(desk: Desk) -> None:
    """For operators and order servers; it calls as they do."""
    operator = desk.ask("operators", "token", "wang", "--level", "cashier")
    server = desk.ask("merchants", "token", "shop-1")
    with _shop(desk) as shop:
        counter = Counter(shop)
        found = counter.ask(with_token(operator["token"]))
        assert isinstance(found, Caller)
        assert ("wang", StaffLevel.CASHIER) == (found.caller_id, found.level)
        assert isinstance(counter.ask(with_token(server["token"])), Caller)
    held = b"".join(each.read_bytes() for each in desk.folder.glob("points.sqlite*"))
    assert operator["token"].partition(".")[2].encode() not in held


def test_keys_are_listed_and_revoked(desk: Desk) -> None:
    """Of everybody, or of one; who is revoked has none from then on, twice being once."""
    code = desk.ask("tills", "enrol-code", TILL)["code"]
    with _shop(desk) as shop:
        key = key_in(shop.ask(Enrol(request_id="r", code=Secret(code))))
    listed = desk.ask("tills", "keys")
    assert [(TILL, key.key_id, None, None)] == [
        (row["caller_id"], row["key_id"], row["used_at"], row["ends_at"]) for row in listed
    ]
    assert [] == desk.ask("tills", "keys", "till-9")
    assert key.key_id in desk.say("tills", "keys", TILL).out
    assert "within 1 s" in desk.say("tills", "revoke", TILL, "--id", "x").out
    assert {"caller_id": TILL} == desk.ask("tills", "revoke", TILL, "--id", "x")
    assert desk.ask("tills", "keys")[0]["ends_at"] is not None
    with _shop(desk) as shop:
        counter = Counter(shop)
        assert isinstance(counter.ask(counter.signed(key)), NotAccepted)


def test_what_cannot_be_enrolled_says_so(desk: Desk) -> None:
    """A till that is not there, and an operator without a level."""
    told = desk.fail("tills", "enrol-code", "till-9")
    assert (1, "till_not_enrolled") == (told["code"], told["error"])
    with pytest.raises(SystemExit):
        desk.say("operators", "enrol-code", "wang")


def test_a_member_is_signed_out_on_every_phone(desk: Desk) -> None:
    """Whoever there is none of is told so."""
    with _shop(desk) as shop:
        shop.member("8600")
        shop.bind("8600")
        session = Counter(shop).sign_in()
    assert {"member_no": "8600"} == desk.ask("sign-out", "8600")
    with _shop(desk) as shop:
        assert isinstance(Counter(shop).ask(with_token(session.token.reveal())), NotAccepted)
    assert "member_unknown" == desk.fail("sign-out", "8601")["error"]
