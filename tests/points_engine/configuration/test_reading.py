"""Reading settings: what goes before what, and what is said about a mistake."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points_engine.amounts import Asset
from points_engine.configuration.reading import Loaded, known_settings, load_settings
from points_engine.configuration.sources import line_of, variable_name
from points_engine.settings import Settings, SettingsInvalid

GATEWAY = """
[sms_gateway]
kind = "http"
url = "https://shop:hunter2@sms.example/?to=$phone&text=$text"
body = "key=abc123"
headers = { Authorization = "Bearer t0ken" }
proxy = "http://me:pr0xy@proxy.example"
"""


def read(folder: Path, text: str = "", **variables: str) -> Loaded:
    """What a file and an environment come to."""
    (folder / "engine.toml").write_text(text, encoding="utf-8")
    return load_settings(folder, None, {f"POINTS_ENGINE_{name}": value for name, value in variables.items()})


def test_nothing_written_is_the_default(tmp_path: Path) -> None:
    """A folder without a file has the settings an engine has by itself."""
    loaded = load_settings(tmp_path, None, {"EDITOR": "vi", "POINTS_ENGINE_FOLDER": "/x"})
    assert Settings() == loaded.settings
    assert {"default"} == {each.source for each in loaded.effective()}


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    """Each says whence it is."""
    loaded = read(tmp_path, "pin_tries = 4\nzone = 'UTC'\n", PIN_TRIES="5", LIMITS_POINTS_CAP_UNITS="77")
    assert (5, "UTC") == (loaded.settings.pin_tries, loaded.settings.zone)
    assert 77 == loaded.settings.limits[Asset.POINTS].cap_units
    assert set(Settings().limits) == set(loaded.settings.limits)
    sources = {each.name: each.source for each in loaded.effective()}
    assert ("POINTS_ENGINE_PIN_TRIES", f"{tmp_path}/engine.toml, line 2", "default") == (
        sources["pin_tries"], sources["zone"], sources["shows_balance"]
    )  # fmt: skip


def test_a_named_file_must_be_there_and_may_be_named_by_a_variable(tmp_path: Path) -> None:
    """A mistyped name is no engine with other settings."""
    with pytest.raises(SettingsInvalid, match=r"gone\.toml: there is no such settings file"):
        load_settings(tmp_path, tmp_path / "gone.toml", {})
    other = tmp_path / "other.toml"
    other.write_text("pin_tries = 2", encoding="utf-8")
    assert 2 == load_settings(tmp_path, None, {"POINTS_ENGINE_SETTINGS": str(other)}).settings.pin_tries


def test_an_entry_is_laid_over_and_false_takes_it_away(tmp_path: Path) -> None:
    """A table of entries keeps the defaults that nothing is said about."""
    settings = read(tmp_path, "[limits]\nwallet = false\n[limits.points]\ncap_units = 9\n").settings
    assert {Asset.POINTS, Asset.STORED_VALUE} == set(settings.limits)
    assert 9 == settings.limits[Asset.POINTS].cap_units
    assert {Asset.POINTS} == set(
        read(tmp_path, LIMITS_WALLET="false", LIMITS_STORED_VALUE="FALSE").settings.limits
    )


def test_lists_and_tables_come_from_the_environment_too(tmp_path: Path) -> None:
    """Commas for a list, or TOML; a table as TOML in one line, which takes the place of the file's."""
    assert (1, 2) == read(tmp_path, LOCK_WAITS_SECONDS="1, 2").settings.lock_waits_seconds
    assert (1, 2) == read(tmp_path, LOCK_WAITS_SECONDS="[1, 2]").settings.lock_waits_seconds
    assert () == read(tmp_path, LOCK_WAITS_SECONDS="").settings.lock_waits_seconds
    gateway = '{ kind = "apprise", url = "twilio://a/$phone" }'
    loaded = read(tmp_path, GATEWAY, SMS_GATEWAY=gateway)
    assert "AppriseGateway" == type(loaded.settings.sms_gateway).__name__
    assert None is read(tmp_path, GATEWAY, SMS_GATEWAY="false").settings.sms_gateway


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    """What a gateway is opened with is masked in the listing, in the repr and in every error."""
    loaded = read(tmp_path, GATEWAY, SMS_GATEWAY_BODY="key=zzz999")
    shown = f"{loaded.effective()}{loaded}"
    for line in ("timeout_seconds = 99", 'method = "SMASH"', 'bodyy = "abc123"', "proxy = 7"):
        with pytest.raises(SettingsInvalid) as caught:
            read(tmp_path, GATEWAY.replace("proxy", "# proxy") + line)
        shown += str(caught.value)
    assert [] == [secret for secret in ("hunter2", "abc123", "zzz999", "t0ken", "pr0xy") if secret in shown]
    assert {"•••"} == {
        each.value for each in loaded.effective() if each.name.endswith((".url", ".headers", ".body"))
    }


WRONG = [
    ("pin_trys = 3", {}, ["engine.toml, line 1", "did you mean pin_tries?"]),
    ("\n\ncap_units = 3", {}, ["line 3", "did you mean limits.points.cap_units?"]),
    ("zebra = 3", {}, ["line 1", "zebra is no setting; there are: ", "pin_tries"]),
    ("pin_tries = 3.5", {}, ["line 1", "pin_tries", "int"]),
    ("pin_tries = 99", {}, ["line 1", "pin_tries must be a whole number from 1 to 10"]),
    ('pin_entry = "seald"', {}, ["line 1", "pin_entry: must be one of plain, plain_or_sealed, sealed"]),
    (
        "[limits.points]\n# why\nminimum_units = 0",
        {},
        ["line 3", "limits.points: minimum_units must be at least 1"],
    ),
    ("[limits.gold]\ncap_units = 3", {}, ["line 1", "limits.gold is no setting", "points"]),
    ("limits = 3", {}, ["line 1", "limits is a table"]),
    ("[sms.texts]\npin_recovered = '$x'", {}, ["sms", "pin_recovered"]),
    ("[sms_gateway]\nurl = 'x'", {}, ["line 1", "sms_gateway.kind is missing", "http, apprise"]),
    ("[sms_gateway]\nkind = 'htpp'", {}, ["line 2", "did you mean http?"]),
    ("[sms_gateway]\nkind = 'http'", {}, ["line 1", "sms_gateway.url is missing"]),
    ("pin_tries = \nzone = 3", {}, ["engine.toml", "no TOML", "line 1"]),
    ("", {"PIN_TRIES": "many"}, ["POINTS_ENGINE_PIN_TRIES", "int"]),
    ("", {"PIN_TRIE": "3"}, ["POINTS_ENGINE_PIN_TRIE", "did you mean POINTS_ENGINE_PIN_TRIES?"]),
    ("", {"QQQQQQQ": "3"}, ["POINTS_ENGINE_QQQQQQQ", "points-engine settings"]),
    ("", {"LIMITS": "3 4"}, ["POINTS_ENGINE_LIMITS", "as TOML writes it"]),
    ("", {"LIMITS": "3"}, ["POINTS_ENGINE_LIMITS", "is a table"]),
    ("", {"CHALLENGE_KINDS": "pin,pin"}, ["POINTS_ENGINE_CHALLENGE_KINDS", "each once"]),
    ("", {"CHALLENGE_KINDS": "pin,fax"}, ["POINTS_ENGINE_CHALLENGE_KINDS", "must be one of pin"]),
]


@pytest.mark.parametrize(("text", "variables", "named"), WRONG)
def test_a_mistake_is_told_with_its_place_and_what_is_right(
    tmp_path: Path, text: str, variables: dict[str, str], named: list[str]
) -> None:
    """File and line, or the variable, and what can be written instead."""
    with pytest.raises(SettingsInvalid) as caught:
        read(tmp_path, text, **variables)
    assert [] == [part for part in named if part not in str(caught.value)], str(caught.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"zone = '\xd0'", b"a = " + b"[" * 5_000])
def test_a_file_that_is_no_text_is_told(tmp_path: Path, data: bytes) -> None:
    """Bytes of something else, or brackets without an end."""
    (tmp_path / "engine.toml").write_bytes(data)
    with pytest.raises(SettingsInvalid, match=r"engine\.toml"):
        load_settings(tmp_path, None, {})


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Windows' editors put one before what they save."""
    (tmp_path / "engine.toml").write_bytes(b"\xef\xbb\xbfpin_tries = 4\r\n")
    assert 4 == load_settings(tmp_path, None, {}).settings.pin_tries


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("a = 1", ("a",), 1),
        ("b = 1\n\n# a\na = 1", ("a",), 4),
        ("[t]\nb = '''\na = 1\n'''\na = 2", ("t", "a"), 5),
        ("t.a = 1", ("t", "a"), 1),
        ("x = 1\nt = { b = 1, a = 2 }", ("t", "a"), 2),
        ("x = [\n 1,\n 2,\n]\na = 1", ("x",), 1),
        ("b = 1", ("a",), None),
    ],
)
def test_a_line_is_found_however_it_is_written(text: str, path: tuple[str, ...], line: int | None) -> None:
    """Tables, dotted names, inline tables, texts and lists of many lines."""
    assert line == line_of(text, path)


NAMES = [setting.path for setting in known_settings()]
VALUES = st.recursive(
    st.sampled_from(
        ["1", "0", "-1", "true", "false", '"x"', '""', "1.5", "nan", '"84"', "1979-05-27", '"$code"']
    )
    | st.integers().map(str),
    lambda inner: st.lists(inner, max_size=3).map(lambda each: f"[{', '.join(each)}]"),
    max_leaves=4,
)


@given(
    entries=st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=4),
    noise=st.text(max_size=8),
    variables=st.dictionaries(
        st.sampled_from(NAMES).map(variable_name), VALUES | st.text(max_size=8), max_size=3
    ),
)
def test_anything_at_all_is_settings_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory,
    entries: list[tuple[tuple[str, ...], str]],
    noise: str,
    variables: dict[str, str],
) -> None:
    """Whatever a file or a variable holds: settings, or a sentence that says where the mistake is."""
    folder = tmp_path_factory.mktemp("engine")
    text = "\n".join([*(f"{'.'.join(path)} = {value}" for path, value in entries), noise])
    (folder / "engine.toml").write_text(text, encoding="utf-8", errors="replace", newline="")
    told = ""
    try:
        loaded = load_settings(folder, None, variables)
        assert loaded.effective()
        loaded.settings.scheme()
    except SettingsInvalid as error:
        told = str(error)
    assert not told or "engine.toml" in told or "POINTS_ENGINE_" in told
