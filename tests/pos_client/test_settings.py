"""What a shop sets up at a till."""

import errno
import os
from pathlib import Path

import platformdirs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from points_engine.amounts import Exchange
from pos_client.settings import Settings, SettingsInvalid, load_settings, save_devices, settings_path
from tests.pos_client.till.walking import is_payment_code

WHOLE = """
till_id = "T7"
shop_name = "街角小店"
cashier = "林"
devices = ["serial:/dev/ttyACM0?baud=9600", "wedge:"]
language = "en"
data_folder = "/var/lib/till"
max_units = 5000
reply_due_seconds = 3
[exchange]
points = 10
money_minor = 3
"""
LEAST = 'till_id = "T1"\nshop_name = "Shop"\ncashier = "Lin"\n'


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "till.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_can_be_written(tmp_path: Path) -> None:
    """The file is read as it stands."""
    settings = load_settings(written(tmp_path, WHOLE), {})
    assert ("T7", "街角小店", "林", "en") == (
        settings.till_id, settings.shop_name, settings.cashier, settings.language
    )  # fmt: skip
    assert ("serial:/dev/ttyACM0?baud=9600", "wedge:") == settings.devices
    assert Path("/var/lib/till") == settings.data_path


def test_three_settings_are_enough(tmp_path: Path) -> None:
    """Everything else has a sensible value."""
    settings = load_settings(written(tmp_path, LEAST), {})
    assert Settings(till_id="T1", shop_name="Shop", cashier="Lin") == settings
    assert ("zh_CN", ("wedge:",)) == (settings.language, settings.devices)
    assert platformdirs.user_data_path("points-till", appauthor=False) == settings.data_path


def test_the_session_gets_its_rules(tmp_path: Path) -> None:
    """What was set up is what the till does."""
    rules = load_settings(written(tmp_path, WHOLE), {}).rules(is_payment_code)
    assert ("T7", "街角小店", "林", 5000, 3.0, Exchange(10, 3)) == (
        rules.till_id, rules.shop_name, rules.cashier, rules.max_units, rules.reply_due_seconds, rules.exchange
    )  # fmt: skip
    assert is_payment_code is rules.is_payment_code


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """Single keys, a list with commas, and keys of a table."""
    environment = {
        "POINTS_TILL_TILL_ID": "T9",
        "POINTS_TILL_DEVICES": "sim:, wedge:",
        "POINTS_TILL_EXCHANGE_POINTS": "50",
        "POINTS_TILL_MAX_UNITS": "700",
        "EDITOR": "vi",
    }
    settings = load_settings(written(tmp_path, WHOLE), environment)
    assert ("T9", ("sim:", "wedge:"), 700, "林") == (
        settings.till_id, settings.devices, settings.max_units, settings.cashier
    )  # fmt: skip
    assert (50, 3) == (settings.exchange.points, settings.exchange.money_minor)


def test_the_environment_alone_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A till in a container has no file."""
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_a, **_k: tmp_path)
    environment = {
        "POINTS_TILL_TILL_ID": "T1", "POINTS_TILL_SHOP_NAME": "Shop", "POINTS_TILL_CASHIER": "Lin"
    }  # fmt: skip
    assert Settings(till_id="T1", shop_name="Shop", cashier="Lin") == load_settings(None, environment)


def test_the_file_is_looked_for_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path, where programs keep their settings."""
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_a, **_k: tmp_path)
    written(tmp_path, LEAST)
    assert tmp_path / "till.toml" == settings_path()
    assert "T1" == load_settings(None, {}).till_id


FINGERPRINT = "SHA256:" + ":".join(["aB"] * 32)
REMOTE = f"""{LEAST}
[engine]
urls = ["https://points-1.example:8443", "https://[2001:db8::7]/"]
fingerprint = "{FINGERPRINT}"
answer_seconds = 3
"""


def test_an_engine_far_away_is_a_table(tmp_path: Path) -> None:
    """Its nodes, whom to believe, how long to wait; in the environment too, the nodes with commas."""
    engine = load_settings(written(tmp_path, REMOTE), {}).engine
    assert ("https://points-1.example:8443", "https://[2001:db8::7]/") == engine.urls
    assert (FINGERPRINT, 3.0, 1.5) == (
        engine.fingerprint, engine.answer_seconds, engine.connect_seconds
    )  # fmt: skip
    environment = {"POINTS_TILL_ENGINE_URLS": "https://a.example, http://localhost:8080"}
    changed = load_settings(written(tmp_path, REMOTE), environment).engine
    assert (("https://a.example", "http://localhost:8080"), 3.0) == (changed.urls, changed.answer_seconds)
    assert () == load_settings(written(tmp_path, LEAST), {}).engine.urls


def _engine(line: str) -> str:
    return f"{LEAST}[engine]\n{line}\n"


WRONG = [
    (_engine('urls = ["points.example"]'), {}, ["engine.urls", "https://"]),
    (_engine('urls = ["https://points.example/v1"]'), {}, ["engine.urls", "such as"]),
    (_engine('urls = ["https://user:pass@points.example"]'), {}, ["engine.urls", "such as"]),
    (_engine('urls = ["http://points.example"]'), {}, ["engine.urls", "in the clear", "https://"]),
    (_engine('fingerprint = "abcd"'), {}, ["engine.fingerprint"]),
    (_engine(f'fingerprint = "{"ab" * 32}"\nca_file = "ca.pem"'), {}, ["ca_file", "fingerprint", "not both"]),
    (_engine('code_prefix = "8"'), {}, ["engine.code_prefix"]),
    (_engine('zone = "Mars/Olympus"'), {}, ["engine.zone", "Asia/Shanghai"]),
    (_engine('url = "https://points.example"'), {}, ["engine.url", "engine.urls"]),
    ("", {}, ["till_id", "missing"]),
    (LEAST.replace("T1", "T 1"), {}, ["till_id", "A-Za-z0-9_-"]),
    (LEAST.replace("Shop", ""), {}, ["shop_name", "length >= 1"]),
    (LEAST.replace("Lin", " Lin"), {}, ["cashier"]),
    (LEAST + 'language = "fr"', {}, ["language", "fr"]),
    (LEAST + "max_units = 0", {}, ["max_units", ">= 1"]),
    (LEAST + "max_units = 1.5", {}, ["max_units", "int"]),
    (LEAST + "reply_due_seconds = 0", {}, ["reply_due_seconds", ">= 0.1"]),
    (LEAST + "[exchange]\npoints = -1", {}, ["exchange.points", ">= 1"]),
    (LEAST + "[exchange]\nyuan = 1", {}, ["exchange.yuan", "exchange.points"]),
    (LEAST + "till_no = 3", {}, ["till_no", "till_id"]),
    (LEAST + 'devices = ["telescope:"]', {}, ["devices", "telescope:", "serial:"]),
    (LEAST + 'devices = "wedge:"', {}, ["devices", "array"]),
    (LEAST + "max_units = ", {}, ["till.toml", "cannot be read"]),
    (LEAST, {"POINTS_TILL_LANGAUGE": "en"}, ["POINTS_TILL_LANGAUGE", "language"]),
    (LEAST, {"POINTS_TILL_MAX_UNITS": "many"}, ["max_units", "int", "environment"]),
    (LEAST, {"POINTS_TILL_EXCHANGE": "3"}, ["POINTS_TILL_EXCHANGE", "exchange.points"]),
]


@pytest.mark.parametrize(("text", "environment", "named"), WRONG)
def test_a_wrong_setting_names_its_key_and_what_is_allowed(
    tmp_path: Path, text: str, environment: dict[str, str], named: list[str]
) -> None:
    """Whoever reads the message knows what to change and where."""
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(written(tmp_path, text), environment)
    message = str(caught.value)
    assert [] == [part for part in named if part not in message], message


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    """A mistyped path is not silently a till with other settings."""
    with pytest.raises(SettingsInvalid, match=r"no settings at .*nowhere\.toml"):
        load_settings(tmp_path / "nowhere.toml", {})


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes of something else."""
    path = tmp_path / "till.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_settings(path, {})


def test_settings_do_not_change(tmp_path: Path) -> None:
    """They are read once."""
    settings = load_settings(written(tmp_path, LEAST), {})
    with pytest.raises(AttributeError):
        settings.till_id = "T2"  # type: ignore[misc]  # that is the point


COMMENTED = """# The till at the door
till_id = "T7" # written on its back
shop_name = "街角小店"
cashier = "林"
devices = ["wedge:"]

[exchange] # since May
points = 10
money_minor = 3
"""


def test_devices_are_written_and_all_else_stays(tmp_path: Path) -> None:
    """What the shop wrote by hand, comments too, is where it was."""
    path = written(tmp_path, COMMENTED)
    path.chmod(0o640)
    save_devices(path, ["serial:/dev/ttyACM0?baud=115200", "wedge:"], [], {})
    devices = 'devices = ["serial:/dev/ttyACM0?baud=115200", "wedge:"]'

    assert COMMENTED.replace('devices = ["wedge:"]', devices) == path.read_text(encoding="utf-8")
    assert ("serial:/dev/ttyACM0?baud=115200", "wedge:") == load_settings(path, {}).devices
    assert 0o640 == path.stat().st_mode & 0o777
    assert [path] == list(tmp_path.iterdir())


@given(
    name=st.text(st.characters(codec="utf-8"), min_size=1),
    baud=st.integers(50, 4_000_000),
    twice=st.booleans(),
)
@example(name='/dev/"a\\b" #\n[exchange]', baud=9600, twice=True)
@settings(max_examples=60)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, baud: int, twice: bool
) -> None:
    """A port of any name, over a file with everything in it."""
    path = written(tmp_path_factory.mktemp("till"), WHOLE)
    devices = (f"serial:{name.replace('?', '')}x?baud={baud}", *["wedge:"] * twice)
    before = load_settings(path, {})
    save_devices(path, devices, [], {})
    assert structs.replace(before, devices=devices) == load_settings(path, {})


def test_a_till_without_a_file_gets_one(tmp_path: Path) -> None:
    """A till that was set up by its environment keeps its devices nevertheless."""
    path = tmp_path / "new" / "till.toml"
    save_devices(path, ["sim:"], [], {})
    assert 'devices = ["sim:"]\n' == path.read_text(encoding="utf-8")


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """Where the settings are kept elsewhere, they are written there."""
    real = written(tmp_path, LEAST)
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    save_devices(link, ["sim:"], [], {})
    assert (True, ("sim:",)) == (link.is_symlink(), load_settings(real, {}).devices)


UNWRITABLE = [
    (LEAST, ["telescope:"], {}, "telescope:"),
    (LEAST, ["sim:"], {"POINTS_TILL_DEVICES": "wedge:"}, "POINTS_TILL_DEVICES"),
    ("till_id = ", ["sim:"], {}, "cannot be written"),
]


@pytest.mark.parametrize(("text", "devices", "environment", "named"), UNWRITABLE)
def test_what_cannot_be_written_changes_nothing(
    tmp_path: Path, text: str, devices: list[str], environment: dict[str, str], named: str
) -> None:
    """The reason is told, and the file is what it was."""
    path = written(tmp_path, text)
    with pytest.raises(SettingsInvalid, match=named):
        save_devices(path, devices, [], environment)
    assert ([path], text) == (list(tmp_path.iterdir()), path.read_text(encoding="utf-8"))


def test_a_full_disk_leaves_the_old_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Power or room may go at any moment: the old file is replaced by a whole one or not at all."""
    path = written(tmp_path, LEAST)

    def fails(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(SettingsInvalid, match="No space left"):
        save_devices(path, ["sim:"], [], {})
    assert ([path], LEAST) == (list(tmp_path.iterdir()), path.read_text(encoding="utf-8"))
