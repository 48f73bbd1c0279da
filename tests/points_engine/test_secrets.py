"""No PIN, payment code, SMS code or key is ever written: not in the database, a log, a repr, an exception."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from points_engine.adapters.keys import MasterKey
from points_engine.bootstrap import KEY_NAME
from points_engine.contract import (
    AnswerChallenge,
    ChallengeKind,
    Charge,
    CommandInvalid,
    FinishRecovery,
    IssueCode,
    Secret,
    SetPin,
)
from points_engine.payment_code import grouped
from points_engine.sealing import seal_pin
from tests.by_chance import without_chance
from tests.points_engine.shop import EVERY_KIND, PHONE, RIGHT_PIN, TILL, WRONG_PIN, Shop, payment, points

NEW_PIN = "739154"


def play(shop: Shop) -> list[str]:
    """Everything that touches a secret, right and wrong; returns every code that was shown."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    codes = [shop.code("m-1") for _ in range(3)]
    for code in codes:
        shop.charge(code, 300)
    shop.charge(codes[-1][:-1] + "x", 300)
    for pins in ([WRONG_PIN, RIGHT_PIN], [WRONG_PIN, WRONG_PIN, WRONG_PIN, RIGHT_PIN]):
        codes.append(shop.code("m-1"))
        shop.charge(codes[-1], 600, f"o-{len(codes)}")
        for pin in pins:
            shop.answer(f"o-{len(codes)}", pin)
    shop.set_pin("m-1", NEW_PIN)
    shop.ask(SetPin(command_id="c-1", member_no="m-1", pin=Secret(RIGHT_PIN)))
    shop.ask(SetPin(command_id="c-1", member_no="m-1", pin=Secret(WRONG_PIN)))
    issue = IssueCode(command_id="c-2", member_no="m-1")
    shop.ask(issue)
    shop.ask(issue)
    return codes


def play_proofs(shop: Shop) -> list[bytes]:
    """Everything that touches an SMS code or a sealed PIN, right and wrong; returns every one."""
    shop.bind("m-1")
    shop.pay("m-1", 800, "sms")
    codes = [shop.sms_code("sms")]
    shop.answer_sms("sms", WRONG_PIN)
    shop.clock.advance(60)
    codes.append(shop.sms_code("sms"))
    shop.answer_sms("sms", codes[-1])
    shop.clock.advance(60)
    shop.start_recovery("m-1")
    codes.append(shop.read_sms())
    shop.finish_recovery("m-1", WRONG_PIN, RIGHT_PIN)
    shop.finish_recovery("m-1", codes[-1], RIGHT_PIN)
    boxes = []
    for number, pin in enumerate((WRONG_PIN, RIGHT_PIN)):
        opened = payment(shop.query("sealed") if number else shop.pay("m-1", 800, "sealed")).challenge
        assert opened is not None
        assert opened.seal_to is not None
        sealed = seal_pin(Secret(pin), "sealed", opened.seal_to)
        boxes += [sealed.box, sealed.box.hex().encode()]
        shop.ask(
            AnswerChallenge(order_id="sealed", answer_id=f"a-{number}", kind=ChallengeKind.PIN, answer=sealed)
        )
    # Short numbers are anywhere by chance; a code as text of six digits hardly is.
    return [code.encode() for code in codes] + boxes


def traces(codes: list[str]) -> list[bytes]:
    """What must not be found: PINs and codes as text, grouped, and as numbers."""
    texts = [RIGHT_PIN, WRONG_PIN, NEW_PIN, *codes, *map(grouped, codes), *(code[2:-1] for code in codes)]
    numbers = [int(code).to_bytes(8) for code in codes]
    return [text.encode() for text in texts] + numbers


def test_nothing_secret_is_in_the_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Database and log are searched byte by byte while open and after closing; so is every log line."""
    with caplog.at_level(logging.DEBUG), Shop(tmp_path, EVERY_KIND) as shop:
        found = traces(play(shop)) + play_proofs(shop)
        assert PHONE not in caplog.text
        written = [searched(path) for path in tmp_path.iterdir()]
        key = (tmp_path / KEY_NAME).read_text(encoding="ascii").splitlines()[1]
    # The key is in its own file and nowhere else.
    stored = [searched(path) for path in tmp_path.iterdir() if path.name != KEY_NAME]
    assert stored
    for secret in [
        *found,
        key.encode(),
        bytes.fromhex(key),
        *(MasterKey(bytes.fromhex(key)).derive(use) for use in ("PIN pepper", "sealed PINs", "tokens")),
    ]:
        assert not any(secret in content for content in stored)
    for secret in found:
        assert not any(secret in content for content in written)
        assert secret not in without_chance(caplog.text.encode())


def searched(path: Path) -> bytes:
    """A file's content, but for numbers in which any six digits may stand."""
    return without_chance(path.read_bytes()).replace(PHONE.encode(), b"*")


def test_the_search_would_find_them(tmp_path: Path) -> None:
    """The test above can fail: what a careless table would hold is found in the file."""
    with closing(sqlite3.connect(tmp_path / "careless.sqlite")) as careless, careless:
        careless.execute("CREATE TABLE code (text TEXT, number INTEGER)")
        careless.execute("INSERT INTO code VALUES ('841234567890123456', 841234567890123456)")
    content = searched(tmp_path / "careless.sqlite")
    assert {b"841234567890123456", (841234567890123456).to_bytes(8)} <= {
        secret for secret in traces(["841234567890123456"]) if secret in content
    }


def test_nothing_secret_is_in_a_repr(shop: Shop) -> None:
    """Neither commands nor replies show a PIN or a code."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    issued = shop.issue("m-1")
    code = issued.code.reveal()
    shown = [
        issued,
        Charge(order_id="o-1", till_id=TILL, cashier="lin", code=issued.code, amount=points(600)),
        shop.charge(code, 600, "o-1"),
        AnswerChallenge(order_id="o-1", answer_id="a-1", kind=ChallengeKind.PIN, answer=Secret(RIGHT_PIN)),
        SetPin(command_id="c-1", member_no="m-1", pin=Secret(RIGHT_PIN)),
        shop.answer("o-1", WRONG_PIN),
        shop.engine,
    ]
    assert not [value for value in shown if code in repr(value) or RIGHT_PIN in repr(value)]


def test_nothing_of_a_proof_is_in_a_repr(tmp_path: Path) -> None:
    """Neither commands, replies nor the outbox show an SMS code, a new PIN, a sealed PIN or a whole phone number."""
    with Shop(tmp_path, EVERY_KIND) as shop:
        shop.member("m-1", 10_000, RIGHT_PIN)
        shop.bind("m-1")
        opened = shop.pay("m-1", 800, "o-1")
        assert opened.challenge is not None
        assert opened.challenge.seal_to is not None
        sealed = seal_pin(Secret(RIGHT_PIN), "o-1", opened.challenge.seal_to)
        sent, code = shop.send_sms("o-1"), shop.read_sms()
        recover = FinishRecovery(
            member_no="m-1", answer_id="a-1", sms_code=Secret(code), new_pin=Secret(NEW_PIN)
        )
        answer = AnswerChallenge(order_id="o-1", answer_id="a-2", kind=ChallengeKind.PIN, answer=sealed)
        shown = [opened, sealed, sent, recover, answer, shop.query("o-1"), shop.engine.outbox(), shop.engine]
        holder = shop.engine._store.look(lambda books: books.holder_of(1, points(1).asset))
        rows = shop.engine._store.look(lambda books: books.messages(9))
        for secret in (code, NEW_PIN, RIGHT_PIN, PHONE, repr(sealed.box), sealed.box.hex()):
            assert not [value for value in (*shown, holder, *rows) if secret in repr(value)]


def test_nothing_secret_is_in_an_exception(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a command nobody should have built nor a fault of the store tells what was typed."""
    shop.member("m-1", 10_000, RIGHT_PIN)
    code = shop.code("m-1")
    told: list[Exception] = []
    with pytest.raises(CommandInvalid) as invalid:
        shop.charge(code, 1, "o\x00")
    told.append(invalid.value)
    store = shop.engine._store
    books = vars(store)["_commits"]._books
    empty = sqlite3.connect(":memory:")
    monkeypatch.setattr(books, "_execute", empty.execute)
    for ask in (lambda: shop.charge(code, 1, "o-1"), lambda: shop.set_pin("m-1", RIGHT_PIN)):
        with pytest.raises(sqlite3.Error) as broken:
            ask()
        told.append(broken.value)
    monkeypatch.undo()
    empty.close()
    assert not [error for error in told if code in repr(error) or RIGHT_PIN in repr(error)]
