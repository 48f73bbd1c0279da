"""The demo phone: a member's fresh code, its minute, and the gun."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from points_engine.contract import CodeIssued, Refusal, Refused, Secret
from pos_client.screens.phone_window import PhoneWindow
from pos_client.screens.samples import SAMPLE_MEMBERS
from pos_client.screens.wording import Language, Wording
from tests.fakes.clock import HandClock
from tests.waiting import PATIENCE_SECONDS


class Counter:
    """Issues codes when told to, from another thread; remembers what was held under the gun."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.asked: list[str] = []
        self.waiting: list[Callable[[], None]] = []
        self.held: list[Secret] = []
        self.refusal: Refusal | None = None
        self.answers_at_once = True

    def issue(
        self, member_no: str, on_code: Callable[[CodeIssued], None], on_refused: Callable[[Refused], None]
    ) -> None:
        self.asked.append(member_no)
        number = len(self.asked)

        def answer() -> None:
            if self.refusal is not None:
                on_refused(Refused(refusal=self.refusal))
                return
            now = self._clock.now()
            code = Secret(f"29{number:016d}")
            on_code(CodeIssued(code=code, issued_at=now, expires_at=now + timedelta(seconds=60)))

        self.waiting.append(answer)
        if self.answers_at_once:
            self.answer()

    def answer(self) -> None:
        """Answer the oldest asking, from another thread."""
        thread = threading.Thread(target=self.waiting.pop(0))
        thread.start()
        thread.join(PATIENCE_SECONDS)


@pytest.fixture
def counter(clock: HandClock) -> Counter:
    return Counter(clock)


@pytest.fixture
def phone(qtbot: QtBot, counter: Counter, wording: Wording, clock: HandClock) -> PhoneWindow:
    made = PhoneWindow(
        SAMPLE_MEMBERS, wording, clock=clock, issue=counter.issue, hold_under_gun=counter.held.append
    )
    qtbot.addWidget(made)
    made.show()
    return made


def has_code(phone: PhoneWindow, number: int) -> Callable[[], bool]:
    """Whether the phone shows the code of this asking."""
    return lambda: phone.code is not None and phone.code.code == Secret(f"29{number:016d}")


def test_it_opens_with_a_code_of_the_first_member(phone: PhoneWindow, counter: Counter, qtbot: QtBot) -> None:
    """Nothing has to be pressed; the time runs from the engine's stamp."""
    qtbot.waitUntil(has_code(phone, 1))

    assert (counter.asked, phone.member_no, phone.countdown.text()) == (["M1001"], "M1001", "1:00")


def test_the_code_goes_under_the_gun(phone: PhoneWindow, counter: Counter, qtbot: QtBot) -> None:
    """The button hands over what is shown, and nothing while there is nothing."""
    qtbot.waitUntil(has_code(phone, 1))
    QTest.mouseClick(phone.hold, Qt.MouseButton.LeftButton)
    counter.answers_at_once = False
    phone.choose("M1002")
    QTest.mouseClick(phone.hold, Qt.MouseButton.LeftButton)

    assert counter.held == [Secret("290000000000000001")]


def test_a_refresh_brings_another_code(phone: PhoneWindow, qtbot: QtBot) -> None:
    """And the old one is gone."""
    qtbot.waitUntil(has_code(phone, 1))
    QTest.mouseClick(phone.refresh, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(has_code(phone, 2))


def test_another_member_has_another_code(phone: PhoneWindow, counter: Counter, qtbot: QtBot) -> None:
    """Choosing a member asks for theirs; facts and PIN are those of the chosen."""
    qtbot.waitUntil(has_code(phone, 1))
    phone.choose("M1002")
    qtbot.waitUntil(has_code(phone, 2))

    assert counter.asked == ["M1001", "M1002"]
    assert phone.facts.whole_text() == "880 积分\n未设置支付密码"


def test_a_late_code_of_the_member_before_is_dropped(
    phone: PhoneWindow, counter: Counter, qtbot: QtBot
) -> None:
    """A phone never shows another member's code, whatever the order of the answers."""
    qtbot.waitUntil(has_code(phone, 1))
    counter.answers_at_once = False
    phone.choose("M1002")
    phone.choose("M1003")
    counter.waiting.reverse()
    counter.answer()
    counter.answer()
    qtbot.waitUntil(has_code(phone, 3))
    qtbot.wait(20)

    assert has_code(phone, 3)()


def test_a_code_whose_time_is_over_can_still_be_held(
    phone: PhoneWindow, counter: Counter, clock: HandClock, qtbot: QtBot
) -> None:
    """It is faded and says so; the gun reads it all the same, and the till refuses it."""
    qtbot.waitUntil(has_code(phone, 1))
    fresh = phone.words.whole_text()
    clock.advance(60)
    phone._paint()
    QTest.mouseClick(phone.hold, Qt.MouseButton.LeftButton)

    assert (fresh, phone.words.whole_text()) == ("请对准扫码枪", "付款码已过期, 请刷新")
    assert phone.qr._is_faded
    assert counter.held == [Secret("290000000000000001")]


def test_a_refused_code_says_why(phone: PhoneWindow, counter: Counter, qtbot: QtBot) -> None:
    """Instead of a code there is the reason."""
    qtbot.waitUntil(has_code(phone, 1))
    counter.refusal = Refusal.ACCOUNT_FROZEN
    phone.choose("M1003")
    qtbot.waitUntil(lambda: phone.words.whole_text() == "账户已冻结")

    assert (phone.code, phone.hold.isEnabled()) == (None, False)


def test_the_balance_follows(phone: PhoneWindow, wording: Wording) -> None:
    """What the engine says the member has is what the phone shows."""
    phone.show_points("M1001", 1)
    wording.set_language(Language.EN)

    assert phone.facts.whole_text() == "1 point\nPIN 135790 (demo)"


def test_the_digits_are_covered_until_the_owner_asks(phone: PhoneWindow, qtbot: QtBot) -> None:
    """A code is for the gun: four digits and dots, by four; all of them after a touch; covered again when it is new."""
    qtbot.waitUntil(has_code(phone, 1))
    seen = [phone.digits.text()]
    QTest.mouseClick(phone.digits, Qt.MouseButton.LeftButton)
    seen.append(phone.digits.text())
    QTest.mouseClick(phone.refresh, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(has_code(phone, 2))
    seen.append(phone.digits.text())

    covered = "2900 •••• •••• •••• ••"
    assert seen == [covered, "2900 0000 0000 0000 01", covered]


def test_a_member_nobody_has_is_a_bug(phone: PhoneWindow) -> None:
    """An unknown number is refused and changes nothing."""
    with pytest.raises(KeyError):
        phone.choose("M9999")

    assert phone.member_no == "M1001"
