"""The wording tables are complete, agree with each other and with the code, and fill in what they promise."""

import re
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from points_engine.contract import Refusal
from pos_client import receipts
from pos_client.camera_view import Hint
from pos_client.receipts import PRINTED_KINDS
from pos_client.scan_facts import Verdict
from pos_client.screens import assets
from pos_client.screens.calibration_page import CALIBRATION_WORDS
from pos_client.screens.device_details import TROUBLES
from pos_client.screens.device_model import DeviceColumn
from pos_client.screens.device_setup_window import DeviceCommand, Page
from pos_client.screens.lamps import DEVICE_KINDS
from pos_client.screens.scan_trial import FACTS
from pos_client.screens.shift_log_csv import CSV_COLUMNS
from pos_client.screens.shift_log_model import Column
from pos_client.screens.totals_bar import FIGURES
from pos_client.screens.wording import (
    Language,
    Wording,
    WordingMissing,
    grouped,
    load_table,
    load_wording,
    money,
    placeholders,
    time_left,
)
from pos_client.till.effects import EntryKind
from pos_client.till.events import DeviceLamp
from pos_client.till.view import MESSAGE_KEYS, Action, Message

TABLES = {language: load_table(language) for language in Language}

DYNAMIC_KEYS = {
    *(f"action.{action.value}" for action in Action),
    *(f"lamp.{lamp.value}" for lamp in DeviceLamp),
    *(f"device.{kind}" for kind in DEVICE_KINDS),
    *(f"kind.{kind.value}" for kind in EntryKind),
    *(f"receipt.{kind.value}" for kind in PRINTED_KINDS),
    *(f"csv.{column}" for column in CSV_COLUMNS),
    *(f"log.{column.name.lower()}" for column in Column),
    *(f"totals.{figure}" for figure in FIGURES),
    *(f"devices.{column.name.lower()}" for column in DeviceColumn),
    *(f"devices.{command.value}" for command in DeviceCommand),
    *(f"devices.{lamp.value}" for lamp in DeviceLamp),
    "devices.free",
    *(f"page.{page.value}" for page in Page),
    *(f"trial.{fact}" for fact in FACTS),
    *(f"{part}.{words}" for part in ("calibration", "calibration_advice") for words in CALIBRATION_WORDS),
    *(
        f"{part}.{hint.value}"
        for part in ("hint", "hint_advice")
        for hint in Hint
        if hint is not Hint.NOTHING
    ),
    *(f"{part}.{verdict.value}" for part in ("verdict", "advice") for verdict in Verdict),
    *(f"{part}.{trouble}" for part in ("trouble", "remedy") for trouble in TROUBLES),
}
"""Keys the windows build from names of values."""


def written_keys() -> set[str]:
    """Every text in the source of windows and receipts that is a key of the tables."""
    room = Path(assets.__file__).parent
    texts = {
        text
        for file in (*room.glob("*.py"), Path(receipts.__file__))
        for text in re.findall(r"[\"']([a-z_]+\.[a-z_]+)[\"']", file.read_text())
    }
    return texts & TABLES[Language.EN].keys()


def test_both_languages_say_the_same_things() -> None:
    """Every key exists in both languages with the same parameters."""
    shapes = [{key: placeholders(text) for key, text in table.items()} for table in TABLES.values()]

    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("language", Language)
def test_every_message_of_the_till_has_a_sentence(language: Language) -> None:
    """All keys a view can hold are there, and want no parameter the view does not carry."""
    table = TABLES[language]

    wanting = {
        key: placeholders(table.get(key, "{missing}")) - set(names)
        for key, names in MESSAGE_KEYS.items()
        if not placeholders(table.get(key, "{missing}")) <= set(names)
    }

    assert wanting == {}


def test_no_sentence_is_written_for_nobody() -> None:
    """Every key is a message of the till, or stands in the windows' source, or is built from a name there."""
    assert set() == TABLES[Language.EN].keys() - MESSAGE_KEYS.keys() - DYNAMIC_KEYS - written_keys()


def test_every_built_key_has_a_sentence() -> None:
    """What the windows build from names of values is in the tables."""
    assert set() == DYNAMIC_KEYS - TABLES[Language.EN].keys()


@pytest.mark.parametrize("refusal", Refusal)
def test_refusals_speak_as_the_contract_does(refusal: Refusal) -> None:
    """The contract is the only source of a refusal's sentence."""
    key = f"refusal.{refusal.code}"

    assert (TABLES[Language.ZH_CN][key], TABLES[Language.EN][key]) == (refusal.zh_cn, refusal.en)


def test_a_refusal_written_twice_is_refused(tmp_path: Path) -> None:
    """A table that repeats a refusal's sentence cannot be loaded: it would drift from the contract."""
    (tmp_path / "en.toml").write_text('[refusal]\npin_wrong = "No"\n', encoding="utf-8")

    with pytest.raises(ValueError, match="must not be written again"):
        load_table(Language.EN, tmp_path)


def test_a_table_holds_sentences_only(tmp_path: Path) -> None:
    """A number in a table is named with its key."""
    (tmp_path / "en.toml").write_text("[cashier]\npaid = 3\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"cashier\.paid"):
        load_table(Language.EN, tmp_path)


@pytest.mark.parametrize(
    ("message", "chinese", "english"),
    [
        (Message("cashier.paid", (("units", 1200),)), "支付成功: 1,200 积分", "Paid: 1,200 points"),
        (
            Message("cashier.paid_with_rest", (("units", 1), ("money_minor", 120050))),
            "收款完成: 1 积分 + ¥1,200.50",
            "Done: 1 point + ¥1,200.50",
        ),
        (
            Message("refusal.pin_wrong", (("tries_left", 1),)),
            "密码不正确, 还可再试 1 次",
            "Wrong PIN, 1 try left",
        ),
        (Message("customer.paid", (("units", 1001),)), "已支付 1,001 积分", "1,001 points paid"),
    ],
)
def test_parameters_are_filled_in(message: Message, chinese: str, english: str) -> None:
    """Numbers are grouped, money has two decimals, and one is singular in English."""
    said = [
        Wording(TABLES, language, strict=True).text(message) for language in (Language.ZH_CN, Language.EN)
    ]

    assert said == [chinese, english]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (grouped(0), "0"),
        (grouped(1234567), "1,234,567"),
        (money(0), "¥0.00"),
        (money(5), "¥0.05"),
        (money(-120050), "-¥1,200.50"),
        (time_left(65), "1:05"),
        (time_left(-3), "0:00"),
    ],
)
def test_numbers_as_people_read_them(shown: str, expected: str) -> None:
    """Groups of three, two decimals, minutes and seconds."""
    assert shown == expected


@pytest.mark.parametrize(
    ("key", "chinese", "english"),
    [
        ("refusal.pin_wrong", "密码不正确", "Wrong PIN"),
        ("refusal.sms_too_soon", "请在 … 秒后重新发送", "Send again in … s"),
        ("refusal.code_used", "付款码已被使用", "Code already used"),
    ],
)
def test_a_list_leaves_out_what_is_not_known_any_more(key: str, chinese: str, english: str) -> None:
    """A reason in the shift log says nothing of the tries that were left then."""
    said = [
        Wording(TABLES, language, strict=True).say_without_counts(key)
        for language in (Language.ZH_CN, Language.EN)
    ]

    assert said == [chinese, english]


@pytest.mark.parametrize(
    "message", [Message("cashier.nothing"), Message("cashier.paid")], ids=["no sentence", "no parameter"]
)
def test_what_is_missing_is_loud_in_tests_and_readable_in_a_shop(
    message: Message, caplog: pytest.LogCaptureFixture
) -> None:
    """Strict wording raises; a shop's shows the key and logs it."""
    with pytest.raises(WordingMissing):
        load_wording(strict=True).text(message)

    assert load_wording().text(message) == message.key
    assert message.key in caplog.text


def test_switching_the_language_is_announced_once(qtbot: QtBot) -> None:
    """`changed` comes when the language changes and only then."""
    wording = load_wording()
    with qtbot.waitSignal(wording.changed):
        wording.set_language(Language.EN)
    with qtbot.assertNotEmitted(wording.changed):
        wording.set_language(Language.EN)

    assert wording.language is Language.EN
