"""The command line: every command, how it ends, and how it complains."""

import io
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from points_engine.back_office.command_line import main
from points_engine.bootstrap import KEY_NAME
from tests.architecture.project_files import ROOT
from tests.points_engine.back_office.desk import Desk
from tests.points_engine.shop import PHONE, RIGHT_PIN, TILL, Shop


def with_member(desk: Desk, units: int = 100) -> None:
    """One member, one till."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1", units, RIGHT_PIN)


def test_an_engine_is_made_once(desk: Desk) -> None:
    """Made again it stays what it is."""
    with_member(desk)
    assert not desk.ask("init")["created"]
    assert "m-1" == desk.ask("show", "member", "m-1")["member_no"]


def test_a_mistyped_folder_does_not_become_an_engine(tmp_path: Path) -> None:
    """Only `init` makes one."""
    desk = Desk(tmp_path / "nowhere")
    for words in (
        ["shops"],
        ["verify"],
        ["backup", tmp_path / "b"],
        ["rotate-key"],
        ["members", "import", "x"],
    ):
        assert (2, "no_engine") == (desk.fail(*words)["code"], desk.fail(*words)["error"])
    assert [] == list(tmp_path.iterdir())


def test_shops_tills_and_couriers(desk: Desk) -> None:
    """Enrolled, listed, moved; a courier of a till's name is another one."""
    desk.ask("tills", "add", "t-1", "--shop", "s-1")
    desk.ask("tills", "add", "t-1", "--shop", "s-2")
    desk.ask("couriers", "add", "t-1", "--shop", "s-1")
    assert [{"till_id": "t-1", "shop_id": "s-2"}] == desk.ask("tills", "list")
    assert [{"courier_id": "t-1", "shop_id": "s-1"}] == desk.ask("couriers", "list")
    assert [("s-1", 0, 1), ("s-2", 1, 0)] == [tuple(shop.values()) for shop in desk.ask("shops")]
    assert "t-1" in desk.say("tills", "list").out


def test_empty_lists_say_what_to_do(desk: Desk) -> None:
    """A first day."""
    assert [] == desk.ask("shops")
    assert "points-engine tills add" in desk.say("shops").out
    assert "points-engine couriers add" in desk.say("couriers", "list").out


def test_a_member_and_what_is_done_to_them(desk: Desk) -> None:
    """Credited, adjusted, limited, frozen and shown."""
    with_member(desk)
    assert 150 == desk.ask("credit", "m-1", "50", "--reason", "gift", "--id", "c-1")["balance"]["units"]
    assert 150 == desk.ask("credit", "m-1", "50", "--reason", "gift", "--id", "c-1")["balance"]["units"]
    assert (
        145 == desk.ask("adjust", "m-1", "-5", "--reason", "typed twice", "--by", "mei")["balance"]["units"]
    )
    desk.ask("limits", "m-1", "300")
    desk.ask("freeze", "m-1")
    shown = desk.ask("show", "member", "m-1")
    assert ("m-1", True, True) == (shown["member_no"], shown["is_frozen"], shown["has_pin"])
    assert {"asset": "points", "balance_units": 145, "pin_free_limit_units": 300} == shown["accounts"][0]
    desk.ask("unfreeze", "m-1")
    desk.ask("limits", "m-1", "default")
    shown = desk.ask("show", "member", "m-1")
    assert (False, None) == (shown["is_frozen"], shown["accounts"][0]["pin_free_limit_units"])
    assert "active" in desk.say("show", "member", "m-1").out


def test_a_statement_and_what_expires(desk: Desk) -> None:
    """All pages of a statement; lots by the scheme's rule, and the run that expires them."""
    desk.environment |= {
        "POINTS_ENGINE_LOTS_EXPIRY_POINTS_KIND": "months",
        "POINTS_ENGINE_LOTS_EXPIRY_POINTS_COUNT": "1",
    }
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1")
    for number in range(3):
        desk.ask("credit", "m-1", "10", "--reason", f"gift {number}")
    statement = desk.ask("statement", "m-1", "--oldest-first")
    assert ([10, 20, 30], True) == (
        [line["balance_units"] for line in statement["lines"]],
        statement["is_whole"],
    )
    assert not desk.ask("statement", "m-1", "--most", "2")["is_whole"]
    assert "add --most" in desk.say("statement", "m-1", "--most", "2").out
    assert [{"last_day": "2026-04-02", "units": 30}] == desk.ask("expiring", "m-1")
    desk.clock.advance(40 * 24 * 3600)
    assert {"units": 30, "lots": 3, "accounts": 1} == desk.ask("expire")
    assert [] == desk.ask("expiring", "m-1")
    assert "Nothing" in desk.say("expiring", "m-1").out


def test_a_day_is_settled_billed_and_refunded(desk: Desk, tmp_path: Path) -> None:
    """What a shop took, what it gave back, and the file that says so."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1", 1_000)
        shop.pay("m-1", 70, "o-1")
    refunded = desk.ask("refund", "o-1", "20", "--reason", "broken", "--id", "r-1", "--by", "mei")
    assert refunded == desk.ask("refund", "o-1", "20", "--reason", "broken", "--id", "r-1", "--by", "mei")
    assert 50 == refunded["refundable"]["units"]
    assert "refund_too_large" == desk.fail("refund", "o-1", "51", "--reason", "more")["error"]
    desk.clock.advance(24 * 3600)
    assert "day_not_settled" == desk.fail("bill", "shop-1", tmp_path / "bill.csv")["error"]
    points = next(row for row in desk.ask("settle", "shop-1") if row["asset"] == "points")
    assert (70, 20, 50) == (points["taken_units"], points["refunded_units"], points["net_units"])
    assert 2 == desk.ask("bill", "shop-1", tmp_path / "bill.csv")["lines"]
    assert "o-1" in (tmp_path / "bill.csv").read_text(encoding="utf-8-sig")
    assert "file_exists" == desk.fail("bill", "shop-1", tmp_path / "bill.csv")["error"]


def test_a_tills_list_is_held_against_the_bill(desk: Desk, tmp_path: Path) -> None:
    """A list of orders, or the shift log as the till exports it; what differs ends with 1."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1", 1_000)
        shop.pay("m-1", 70, "o-1")
        shop.pay("m-1", 30, "o-2")
        shop.reverse("o-2")
    desk.clock.advance(24 * 3600)
    desk.ask("settle", "shop-1")
    bill, orders, log = (tmp_path / name for name in ("bill.csv", "orders.csv", "log.csv"))
    desk.ask("bill", "shop-1", bill)
    orders.write_text("order_id,units,state\no-1,70,succeeded\no-2,30,reversed\n", encoding="utf-8")
    log.write_text(
        "\ufeffNo.,Points,Kind code,Order\n1,70,intent,o-1\n2,70,succeeded,o-1\n3,30,succeeded,o-2\n"
        "4,30,reversed,o-2\n5,0,scan_refused,\n",
        encoding="utf-8",
    )
    for each in (orders, log):
        told = desk.ask("reconcile", bill, TILL, each)
        assert (2, []) == (told["orders"], told["differences"])
    assert "agree" in desk.say("reconcile", bill, TILL, log).out
    log.write_text("Order,Points,Kind code\no-1,71,succeeded\n", encoding="utf-8")
    said = desk.say("reconcile", bill, TILL, log, "--json")
    assert (1, ["units differ", "not at the till"]) == (
        said.code,
        [each["kind"] for each in said.data["differences"]],
    )
    for wrong, word in ((tmp_path / "none.csv", "fault"), (bill, "bill_invalid")):
        assert word == desk.fail("reconcile", bill, TILL, wrong)["error"]


def test_the_outbox_shows_codes_only_when_told_to(desk: Desk) -> None:
    """A shop without a gateway reads the code out; nobody else sees it by the way."""
    with Shop(desk.folder, clock=desk.clock) as shop:
        shop.member("m-1", 1_000, RIGHT_PIN)
        shop.bind("m-1")
        shop.start_recovery("m-1")
        code = shop.read_sms()
    hidden = desk.say("outbox").out + desk.say("outbox", "--json").out
    assert [] == [secret for secret in (code, PHONE) if secret in hidden]
    assert code in desk.say("outbox", "--show", "--json").out


def test_verify_says_what_it_found(desk: Desk) -> None:
    """True books end with 0, edited ones with 1."""
    with_member(desk)
    assert {"findings": []} == desk.ask("verify")
    with closing(sqlite3.connect(desk.folder / "points.sqlite")) as connection, connection:
        connection.execute(
            "UPDATE account SET balance_units = 7 WHERE kind = 'customer' AND asset = 'points'"
        )
    said = desk.say("verify", "--json")
    assert 1 == said.code
    assert "balance" in {each["check"] for each in said.data["findings"]}
    assert "Keep the file" in desk.say("verify").out


WRONG: list[tuple[list[Any], int, str, str]] = [
    (["show", "member", "m-9"], 1, "member_unknown", "m-9"),
    (["credit", "m-9", "5", "--reason", "x"], 1, "member_unknown", "m-9"),
    (["credit", "m-1", "0", "--reason", "x"], 1, "amount_not_allowed", "m-1"),
    (["credit", "m-1", "5", "--reason", "a\nb"], 2, "command_invalid", "control characters"),
    (["credit", "", "5", "--reason", "x"], 2, "command_invalid", "member_no"),
    (["adjust", "m-1", "-500", "--reason", "x"], 1, "balance_too_low", "m-1"),
    (["adjust", "m-1", "5", "--reason", " "], 2, "command_invalid", "reason"),
    (["limits", "m-1", "lots"], 2, "command_invalid", "lots"),
    (["limits", "m-1", "999999"], 1, "amount_not_allowed", "m-1"),
    (["refund", "o-9", "5", "--reason", "x"], 1, "order_unknown", "o-9"),
    (["settle", "s-9"], 1, "shop_unknown", "s-9"),
    (["settle", "s-9", "--day", "2999-01-01"], 2, "day_not_over", "2999-01-01"),
    (["bill", "s-9", "bill.csv"], 1, "shop_unknown", "s-9"),
    (["statement", "m-9"], 1, "member_unknown", "m-9"),
    (["members", "import", "/nowhere/m.csv"], 3, "fault", "m.csv"),
    (["members", "export", "/nowhere/m.csv"], 3, "fault", "m.csv"),
    (["backup", "/nowhere/b.sqlite"], 3, "fault", "b.sqlite"),
    (["restore", "/nowhere/b.sqlite"], 2, "failed", "b.sqlite"),
]


@pytest.mark.parametrize(("words", "code", "word", "named"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    desk: Desk, words: list[Any], code: int, word: str, named: str
) -> None:
    """An exit code, a word for programs, the thing that was meant, and something to do about it."""
    with_member(desk)
    before = desk.ask("statement", "m-1")
    told = desk.fail(*words)
    assert (code, word) == (told["code"], told["error"])
    assert named in told["problem"] + told["remedy"]
    assert told["remedy"]
    said = desk.say(*words)
    assert ("", 1) == (said.out, said.err.count("\n"))
    assert before == desk.ask("statement", "m-1")


@pytest.mark.parametrize(
    "words",
    [
        [], ["fly"], ["credit", "m-1", "many", "--reason", "x"], ["credit", "m-1", "-3", "--reason", "x"],
        ["credit", "m-1", "1_000", "--reason", "x"], ["credit", "m-1", "5"], ["tills", "add", "t"],
        ["statement", "m-1", "--from", "yesterday"], ["members", "import", "m.csv", "--batch", "0"],
        ["outbox", "--most", "-1"], ["members", "import", "m.csv", "--country-code", "x"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_use_ends_with_2(desk: Desk, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told before anything is opened."""
    with pytest.raises(SystemExit) as ended:
        desk.say(*words)
    assert 2 == ended.value.code
    assert "usage:" in capsys.readouterr().err


def test_faults_of_the_surroundings_end_with_3(desk: Desk) -> None:
    """A missing key, a database of something else."""
    key = (desk.folder / KEY_NAME).read_bytes()
    (desk.folder / KEY_NAME).unlink()
    assert 3 == desk.fail("shops")["code"]
    (desk.folder / KEY_NAME).write_bytes(b"no key")
    assert 3 == desk.fail("rotate-key")["code"]
    (desk.folder / KEY_NAME).write_bytes(key)
    (desk.folder / "points.sqlite").write_bytes(b"this is a diary" * 1_000)
    for words in (["shops"], ["verify"], ["rotate-key"], ["backup", desk.folder / "b"]):
        told = desk.fail(*words)
        assert (3, "fault") == (told["code"], told["error"])


def test_the_settings_are_listed_with_their_source_and_never_a_secret(desk: Desk) -> None:
    """What holds, whence, and dots for what a gateway is opened with."""
    (desk.folder / "engine.toml").write_text(
        "pin_tries = 4\n[sms_gateway]\nkind = 'http'\nurl = 'https://u:hunter2@x.example/$phone/$text'\n",
        encoding="utf-8",
    )
    desk.environment["POINTS_ENGINE_SHOWS_BALANCE"] = "true"
    rows = {row["setting"]: (row["value"], row["source"]) for row in desk.ask("settings")}
    assert (4, f"{desk.folder}/engine.toml, line 1") == rows["pin_tries"]
    assert (True, "POINTS_ENGINE_SHOWS_BALANCE") == rows["shows_balance"]
    assert ("•••", "http") == (rows["sms_gateway.url"][0], rows["sms_gateway.kind"][0])
    said = desk.say("settings").out + desk.say("settings", "--changed").out
    assert "hunter2" not in said
    assert "zone" not in {row["setting"] for row in desk.ask("settings", "--changed")}


def test_wrong_settings_stop_every_command(desk: Desk) -> None:
    """With the file and the line, and exit code 2."""
    (desk.folder / "engine.toml").write_text("\npin_tries = 99\n", encoding="utf-8")
    for words in (["settings"], ["shops"], ["init"]):
        told = desk.fail(*words)
        assert (2, "settings_invalid") == (told["code"], told["error"])
        assert "engine.toml, line 2" in told["problem"]


def test_options_may_stand_before_and_after_the_command(tmp_path: Path) -> None:
    """--folder and --json are the same wherever they are."""
    out, err = io.StringIO(), io.StringIO()
    assert 0 == main(["init", "--folder", str(tmp_path), "--json"], out, err, {})
    assert 0 == main(["--json", "shops"], out, err, {"POINTS_ENGINE_FOLDER": str(tmp_path)})
    assert "[]" == out.getvalue().splitlines()[-1]


def test_the_command_runs_as_a_process(desk: Desk) -> None:
    """`python -m points_engine`, its exit code, and a reader who has had enough."""
    command = [sys.executable, "-m", "points_engine", "--folder", str(desk.folder)]
    good = subprocess.run([*command, "verify"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "The books are true.\n", "") == (good.returncode, good.stdout, good.stderr)
    with subprocess.Popen(
        [*command, "settings"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as piped:
        assert piped.stdout is not None
        assert piped.stderr is not None
        piped.stdout.close()
        assert b"" == piped.stderr.read()
