"""The device set-up: what is attached, what is used, and that a change is in use at once and kept."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from drivers.libraries import MissingLibrary
from drivers.registry import Found
from pos_client.demo.pty_gun import PtyGun
from pos_client.device_setup import Attached
from pos_client.screens.device_setup_window import DeviceCommand, DeviceSetupWindow, Page
from pos_client.screens.till_button import ButtonRole
from pos_client.screens.wording import Language, Wording
from pos_client.settings import load_settings
from pos_client.till.events import DeviceLamp
from tests.pos_client.screens.till_devices_at_work import Till
from tests.pos_client.till.walking import CODE

OpenTill = Callable[..., Till]


@pytest.fixture
def guns() -> Iterator[tuple[PtyGun, PtyGun]]:
    """Two serial guns on real lines; asked for before `open_till`, so that nobody looks for lines that are gone."""
    with PtyGun() as one, PtyGun() as other:
        yield one, other


@pytest.fixture
def open_till(qtbot: QtBot, wording: Wording, tmp_path: Path) -> Iterator[OpenTill]:
    """Opens a till's devices and the window over them."""
    with ExitStack() as stack:

        def open_one(paths: list[str], *found: Found, missing: tuple[MissingLibrary, ...] = ()) -> Till:
            till = stack.enter_context(Till(tmp_path, paths, Attached(found, missing), wording))
            till.open(qtbot)
            return till

        yield open_one


def press(window: DeviceSetupWindow, command: DeviceCommand) -> None:
    """Press one of the buttons beside the path."""
    QTest.mouseClick(window.commands[command], Qt.MouseButton.LeftButton)


def lamps(window: DeviceSetupWindow) -> dict[str, DeviceLamp | None]:
    """What the table shows."""
    return {row.path: row.lamp for row in window.model.rows}


def can(window: DeviceSetupWindow) -> set[DeviceCommand]:
    """What is offered."""
    return {command for command, button in window.commands.items() if button.isEnabled()}


def test_a_gun_that_is_attached_can_be_used_at_once(
    guns: tuple[PtyGun, PtyGun], open_till: OpenTill, qtbot: QtBot
) -> None:
    """It is chosen, used, read, and found again by the next start."""
    used, new = guns
    till = open_till([used.path], Found(new.path, "Zebra DS2208"))
    window = till.window
    assert lamps(window)[new.path] is None
    window.select(new.path)
    press(window, DeviceCommand.ADD)
    qtbot.waitUntil(lambda: lamps(window).get(new.path) is DeviceLamp.READY)
    new.scan(CODE)
    qtbot.waitUntil(lambda: [CODE] == till.sold())

    assert (used.path, new.path) == load_settings(till.file, {}).devices
    assert (1, window.status.whole_text()) == (till.used, "已生效, 下次启动仍然有效")


def test_a_device_can_be_moved_and_removed(
    guns: tuple[PtyGun, PtyGun], open_till: OpenTill, qtbot: QtBot
) -> None:
    """The order is that of the table; what is removed is closed and forgotten; the first cannot go up."""
    one, other = guns
    till = open_till([one.path, other.path, "wedge:"])
    window = till.window
    window.select(other.path)
    assert can(window) == {DeviceCommand.REMOVE, DeviceCommand.UP, DeviceCommand.LOWER}
    press(window, DeviceCommand.UP)
    qtbot.waitUntil(lambda: till.used == 1)
    assert (other.path, one.path, "wedge:") == load_settings(till.file, {}).devices == till.hardware.paths
    assert window.selected is not None
    assert window.selected.path == other.path
    assert can(window) == {DeviceCommand.REMOVE, DeviceCommand.LOWER}
    press(window, DeviceCommand.LOWER)
    qtbot.waitUntil(lambda: till.used == 2)
    window.select("wedge:")
    assert can(window) == {DeviceCommand.REMOVE, DeviceCommand.UP}
    press(window, DeviceCommand.REMOVE)
    qtbot.waitUntil(lambda: till.used == 3)
    assert (one.path, other.path) == load_settings(till.file, {}).devices == till.hardware.paths


def test_a_path_can_be_written_by_hand(
    guns: tuple[PtyGun, PtyGun], open_till: OpenTill, qtbot: QtBot
) -> None:
    """For what no system lists; one that cannot be understood changes nothing and says what is known."""
    till = open_till(["wedge:"])
    window = till.window
    window.path.setText("telescope:")
    press(window, DeviceCommand.ADD)
    qtbot.waitUntil(lambda: till.used == 1)
    assert "serial:" in window.status.whole_text()
    assert ["wedge:"] == list(till.hardware.paths)
    window.path.setText("  " + guns[0].path + " ")
    press(window, DeviceCommand.ADD)
    qtbot.waitUntil(lambda: till.used == 2)
    assert ["wedge:", guns[0].path] == list(till.hardware.paths)


def test_what_cannot_be_kept_is_said(open_till: OpenTill, qtbot: QtBot) -> None:
    """It is used until the till ends, and the reason is there to read."""
    till = open_till(["wedge:"])
    till.file.write_text("till_id = ", encoding="utf-8")
    till.window.path.setText("sim:")
    press(till.window, DeviceCommand.ADD)
    qtbot.waitUntil(lambda: till.used == 1)
    assert ("wedge:", "sim:") == till.hardware.paths
    assert "未能保存" in till.window.status.whole_text()


def test_what_is_wrong_and_what_to_do_is_read_in_both_languages(
    open_till: OpenTill, wording: Wording, qtbot: QtBot
) -> None:
    """A gun that is away: its trouble and remedy in the reader's words, and the driver's where they know more."""
    till = open_till(["serial:/dev/ttyNOBODY9", "hid:zebra"])
    window = till.window
    qtbot.waitUntil(lambda: till.hardware.healths()[0].error_kind is not None)
    window.refresh()
    window.select("serial:/dev/ttyNOBODY9")
    details = window.details
    chinese = (details.headline.whole_text(), details.trouble.whole_text(), details.remedy.whole_text())
    window.select("hid:zebra")
    invalid = details.remedy.whole_text()
    wording.set_language(Language.EN)

    assert chinese == ("扫码枪 1: 连接中", "这个地址没有设备。", "请插上设备, 或选择其他设备。")
    assert invalid == "请填写厂家和产品编号, 例如 hid:05e0:2100, 或只写 hid: 表示任意一台。"
    assert "hid:05e0:2100" in details.remedy.whole_text()
    assert details.trouble.whole_text() == "The path cannot be understood."


def test_a_gun_that_is_plugged_in_while_one_looks_appears(open_till: OpenTill, qtbot: QtBot) -> None:
    """Without a key; F5 does not wait for the next look."""
    till = open_till(["wedge:"])
    till.window._look.stop()
    qtbot.waitUntil(lambda: not till.window._is_looking)
    till.devices.attached = Attached((Found("serial:COM7", "Zebra"),))
    looks = till.devices.looks
    QTest.keyClick(till.window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: "serial:COM7" in lamps(till.window))
    assert till.devices.looks == looks + 1
    till.devices.attached = Attached()
    till.window._look.start(20)
    qtbot.waitUntil(lambda: "serial:COM7" not in lamps(till.window))


def test_missing_libraries_are_named(open_till: OpenTill, qtbot: QtBot) -> None:
    """With what waits for them, and the command that brings them; nothing is said while nothing is missing."""
    till = open_till(["wedge:"])
    assert not till.window.details.missing.isVisible()
    library = MissingLibrary("libzbar", "camera", "sudo apt-get install libzbar0")
    till.devices.attached = Attached((), (library,))
    till.window.look_again()
    qtbot.waitUntil(till.window.details.missing.isVisible)
    assert till.window.details.missing.whole_text() == "libzbar (摄像头)\nsudo apt-get install libzbar0"


def test_a_keyboard_is_taken_with_care(open_till: OpenTill) -> None:
    """Who takes a keyboard away from every other program is told so before."""
    till = open_till(["wedge:"], Found("evdev:1234:5678", "A keyboard"))
    till.window.select("evdev:1234:5678")
    assert "全部按键" in till.window.details.remedy.whole_text()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F11])
def test_the_window_goes_by_key_and_button(open_till: OpenTill, key: Qt.Key) -> None:
    """Esc, F11 and the button put it away; nothing looks for devices then."""
    window = open_till(["wedge:"]).window
    QTest.keyClick(window, key)
    hidden = not window.isVisible()
    window.show()
    QTest.mouseClick(window.close_button, Qt.MouseButton.LeftButton)

    assert (hidden, window.isVisible(), window._look.isActive(), window._refresh.isActive()) == (
        True,
        False,
        False,
        False,
    )


def test_the_page_that_is_shown_is_the_pressed_one(open_till: OpenTill) -> None:
    """One button stands out, and its page is in the lower half."""
    window = open_till(["wedge:"]).window
    for page, button in window.page_buttons.items():
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        pressed = [each for each, it in window.page_buttons.items() if it.role is ButtonRole.PRIMARY]
        assert ([page], page) == (pressed, window.page)
    assert set(window.page_buttons) == {Page.DETAILS, Page.TRIAL, Page.CALIBRATION}


def test_a_till_without_devices_can_get_one(open_till: OpenTill, qtbot: QtBot) -> None:
    """An empty table says what to do."""
    till = open_till([])
    assert till.window.details.trouble.whole_text() == "没有使用中的设备。请在表中选择, 或填写设备路径。"
    till.window.path.setText("wedge:")
    press(till.window, DeviceCommand.ADD)
    qtbot.waitUntil(lambda: ("wedge:",) == till.hardware.paths)
