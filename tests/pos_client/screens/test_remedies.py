"""What to do about a device's fault is said in every language of the till, with its particulars."""

import ast
from collections.abc import Iterator
from string import Formatter

import pytest

from drivers.errors import DeviceBusy, DriverMissing, PathInvalid
from drivers.keystrokes import KeystrokeParser
from drivers.registry import KINDS, open_device
from drivers.remedies import Remedy
from pos_client import journal
from pos_client.screens.lamps import FaultLine, Lamp
from pos_client.screens.wording import Language, Table, Wording, load_remedies, load_wording
from pos_client.till.events import DeviceLamp
from tests.architecture.project_files import ROOT

OTHER_LANGUAGES = [language for language in Language if language is not Language.EN]


def written() -> Iterator[tuple[str, set[str]]]:
    """Every remedy written in drivers and engine client: its template, and the parameters it is given."""
    folders = (ROOT / "drivers", ROOT / "pos_client" / "engine_client")
    for file in sorted(file for folder in folders for file in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Remedy":
                template = node.args[0]
                if isinstance(template, ast.Constant) and isinstance(template.value, str):
                    yield template.value, {word.arg or "" for word in node.keywords}


def named(template: str) -> set[str]:
    """The parameters a sentence shows."""
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.fixture(params=OTHER_LANGUAGES)
def table(request: pytest.FixtureRequest) -> Table:
    """The remedies of another language."""
    language: Language = request.param
    return load_remedies(language)


def test_every_remedy_has_words(table: Table) -> None:
    """None is missing, none shows what it is not given, and none loses what is to be typed."""
    remedies = dict(written())
    assert len(remedies) > 40
    assert [] == [template for template in remedies if template not in table]
    assert [] == [template for template, params in remedies.items() if not named(table[template]) <= params]
    assert [] == [template for template in remedies if not named(template) <= named(table[template])]
    assert [] == [template for template in remedies if table[template].isascii()]


def test_every_option_says_what_it_may_be(table: Table) -> None:
    """What stands for `meaning` when an option of a path is refused."""
    meanings = {meaning for kind in KINDS.values() for _, meaning in kind.all_options.values()}
    assert [] == sorted(meanings - {*table})


@pytest.mark.parametrize("options", [{"gap_seconds": -1.0}, {"min_length": 9, "min_length_unsuffixed": 5}])
def test_contradictions_have_words(options: dict[str, float], table: Table) -> None:
    """What stands for `rule` when the options of a keyboard gun contradict each other."""
    with pytest.raises(ValueError, match=" ") as caught:
        KeystrokeParser(**options)  # type: ignore[arg-type]  # a table of mixed settings
    assert str(caught.value) in table


def test_the_tills_own_remedies_have_words(table: Table) -> None:
    """Those of the journal."""
    assert [] == sorted({*journal._REMEDIES.values()} - {*table})


def test_no_words_are_left_over(table: Table) -> None:
    """A sentence that nobody says any more is found."""
    said = {template for template, _ in written()} | {*journal._REMEDIES.values()}
    said |= {meaning for kind in KINDS.values() for _, meaning in kind.all_options.values()}
    rest = {*table} - said
    assert {
        word for word in rest if not word.startswith(("times are", "lengths rise", "No loudspeaker"))
    } == set()


@pytest.fixture
def wording() -> Wording:
    """The till's wording, in Chinese."""
    return load_wording(strict=True)


@pytest.mark.parametrize(
    ("remedy", "chinese"),
    [
        (DeviceBusy("/dev/ttyUSB0", "minicom (7)").remedy, "请关闭 minicom (7), 稍等片刻。"),
        (DriverMissing("hidapi").remedy, "请安装: python -m pip install hidapi"),
        (Remedy("It must be {meaning}.", name="baud", meaning=Remedy("7 or 8")), "baud 应为: 7 或 8。"),
        ("Nobody has words for {this}.", "Nobody has words for {this}."),
    ],
)
def test_a_remedy_is_filled_in(remedy: str, chinese: str, wording: Wording) -> None:
    """With its parameters, which may be remedies themselves; in English it is the drivers' own text."""
    assert chinese == wording.remedy(remedy)
    wording.set_language(Language.EN)
    assert str(remedy) == wording.remedy(remedy)


def test_a_refused_path_says_which_option(wording: Wording) -> None:
    """The remedy alone tells what was wrong."""
    with pytest.raises(PathInvalid) as caught:
        open_device("serial:COM3?baud=fast")
    assert "baud 应为: 50 到 4000000 的数, 或 auto。" == wording.remedy(caught.value.remedy)


@pytest.mark.usefixtures("qapp")
def test_the_cashiers_window_speaks_one_language(wording: Wording) -> None:
    """The line of the first fault, and the lamp's tooltip: Chinese in the Chinese window, English in the English."""
    remedy = DriverMissing("hidapi").remedy
    state = ("hid:05e0:2100", DeviceLamp.FAULT, remedy)
    line, lamp = FaultLine(wording), Lamp(wording)
    line.show_states((state,))
    lamp.show_state(state, 0)
    assert line.words.whole_text().endswith(": 请安装: python -m pip install hidapi")
    assert "请安装" in lamp.toolTip()
    wording.set_language(Language.EN)
    assert line.words.whole_text().endswith(f": {remedy}")


def test_a_remedy_is_a_text_that_knows_its_parts() -> None:
    """Equal to its sentence, with template and parameters; a parameter that is missing is our bug."""
    remedy = Remedy("Close {holder}, then wait a second.", holder="minicom")
    assert "Close minicom, then wait a second." == remedy
    assert ("Close {holder}, then wait a second.", {"holder": "minicom"}) == (
        remedy.template,
        dict(remedy.params),
    )
    with pytest.raises(KeyError):
        Remedy("Close {holder}.")
