"""The project's own source keeps the rules of `tests.architecture.tidy`, and each rule can fail."""

from pathlib import PurePosixPath

import pytest

from tests.architecture import tidy
from tests.architecture.project_files import own_sources
from tests.architecture.tidy import RULES, Source

# Files and functions that are larger than the rule allows, with their size. An entry may shrink or go.
KNOWN_LARGE_FILES: dict[str, int] = {}
KNOWN_LARGE_FUNCTIONS: dict[str, int] = {}

LONG_FUNCTION = "def act() -> None:\n" + '    """Act."""\n' * 60

BREAKS = [
    (tidy.file_lines, "drivers/scan.py", "#\n" * 401),
    (tidy.function_lines, "drivers/scan.py", LONG_FUNCTION),
    (tidy.named_for_a_noun, "drivers/utils.py", ""),
    (tidy.named_for_a_noun, "drivers/string_helpers.py", ""),
    (tidy.named_for_a_noun, "pos_client/common/words.py", ""),
    (tidy.named_for_a_noun, "pos_client/shift_manager.py", ""),
    (tidy.qt_in_its_rooms, "pos_client/cashier.py", "from PySide6.QtCore import QTimer"),
    (tidy.qt_in_its_rooms, "drivers/wedge.py", "def watch():\n    import PySide6.QtWidgets"),
    (tidy.qt_in_its_rooms, "points_engine/engine/front_door.py", "import shiboken6"),
    (tidy.no_print, "drivers/scan.py", "print('a scan')"),
    (tidy.no_print, "tests/test_scan.py", "from pprint import pprint\npprint([])"),
    (tidy.no_swallowed_exceptions, "drivers/scan.py", "try:\n    act()\nexcept:\n    raise"),
    (tidy.no_swallowed_exceptions, "drivers/scan.py", "try:\n    act()\nexcept Exception:\n    pass"),
    (
        tidy.no_swallowed_exceptions,
        "drivers/scan.py",
        "try:\n    act()\nexcept (OSError, Exception):\n    ...",
    ),
    (
        tidy.no_swallowed_exceptions,
        "a.py",
        "for x in y:\n    try:\n        act()\n    except BaseException:\n        continue",
    ),
    (tidy.no_sleep, "drivers/serial_gun.py", "import time\ntime.sleep(1)"),
    (tidy.no_sleep, "tests/test_gun.py", "from time import sleep"),
    (tidy.empty_package_files, "drivers/__init__.py", '"""Drivers."""\nfrom drivers.scan import Scan'),
    (tidy.empty_package_files, "drivers/__init__.py", ""),
    (tidy.no_import_effects, "drivers/registry.py", "KINDS = {}\nKINDS.update(serial=1)"),
    (tidy.no_import_effects, "drivers/registry.py", "def act():\n    global KINDS"),
    (tidy.tests_say_what_they_show, "tests/test_scan.py", "def test_scan():\n    assert True"),
    (
        tidy.tests_say_what_they_show,
        "tests/test_scan.py",
        "class TestScan:\n    def test_scan(self):\n        assert 1",
    ),
    (tidy.public_docstrings, "drivers/scan.py", "COUNT = 1"),
    (tidy.public_docstrings, "drivers/scan.py", '"""Scans."""\nclass Scan: ...'),
    (tidy.public_docstrings, "drivers/scan.py", '"""Scans."""\ndef read(): ...'),
    (
        tidy.public_docstrings,
        "drivers/scan.py",
        '"""Scans."""\nclass Scan:\n    """A."""\n    def read(self): ...',
    ),
    (tidy.nothing_unfinished, "drivers/scan.py", "def read():\n    raise NotImplementedError"),
    (tidy.pure_rooms, "points_engine/limits.py", "from datetime import datetime\ndatetime.now()"),
    (tidy.pure_rooms, "points_engine/limits.py", "import datetime\ndatetime.date.today()"),
    (tidy.pure_rooms, "points_engine/limits.py", "open('limits.toml')"),
    (tidy.reasoned_exceptions, "drivers/scan.py", "x = 1  # noqa"),
    (tidy.reasoned_exceptions, "drivers/scan.py", "x = 1  # noqa: BLE001"),
    (tidy.reasoned_exceptions, "drivers/scan.py", "x = 1  # type: ignore  # has no annotations"),
    (tidy.reasoned_exceptions, "drivers/scan.py", "x = 1  # type: ignore[attr-defined]"),
]

KEEPS = [
    (tidy.file_lines, "drivers/scan.py", "#\n" * 400),
    (tidy.named_for_a_noun, "drivers/scan.py", ""),
    (tidy.qt_in_its_rooms, "pos_client/screens/sale.py", "from PySide6.QtCore import QTimer"),
    (tidy.no_swallowed_exceptions, "drivers/scan.py", "try:\n    act()\nexcept OSError:\n    pass"),
    (
        tidy.no_swallowed_exceptions,
        "drivers/scan.py",
        "try:\n    act()\nexcept Exception as bug:\n    report(bug)",
    ),
    (tidy.no_import_effects, "drivers/registry.py", "KINDS = dict(serial=1)"),
    (
        tidy.public_docstrings,
        "drivers/scan.py",
        '"""Scans."""\nclass A(B):\n    """A."""\n    def read(self): ...',
    ),
    (tidy.public_docstrings, "drivers/scan.py", '"""Scans."""\ndef _read(): ...'),
    (tidy.pure_rooms, "points_engine/limits.py", "now = clock.now()"),
    (
        tidy.reasoned_exceptions,
        "drivers/scan.py",
        "x = 1  # noqa: BLE001 - the loop outlives a broken device",
    ),
    (tidy.reasoned_exceptions, "drivers/scan.py", "x = 1  # type: ignore[attr-defined]  # set by the plugin"),
]


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    """Every Python file of the project."""
    return list(own_sources())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_is_tidy(rule: tidy.Rule, sources: list[Source]) -> None:
    """No file of the project breaks the rule."""
    faults = [
        f"{source.path}:{line}: {text}"
        for source in sources
        if source.path.as_posix() not in KNOWN_LARGE_FILES or rule is not tidy.file_lines
        for line, text in rule(source)
        if rule is not tidy.function_lines or f"{source.path}:{text.split()[0]}" not in KNOWN_LARGE_FUNCTIONS
    ]
    assert [] == faults, "\n".join(faults)


def test_known_large_places_only_shrink(sources: list[Source]) -> None:
    """What is over the size is as large as written down here, so that a smaller size is written down too."""
    files = {source.path.as_posix(): source.text.count("\n") for source in sources}
    functions = {
        f"{source.path}:{node.name}": tidy.line_count(node)
        for source in sources
        for node in source.functions()
    }
    assert {path: files.get(path) for path in KNOWN_LARGE_FILES} == KNOWN_LARGE_FILES
    assert {name: functions.get(name) for name in KNOWN_LARGE_FUNCTIONS} == KNOWN_LARGE_FUNCTIONS
    assert all(size > tidy.MOST_FILE_LINES for size in KNOWN_LARGE_FILES.values())
    assert all(size > tidy.MOST_FUNCTION_LINES for size in KNOWN_LARGE_FUNCTIONS.values())


@pytest.mark.parametrize(("rule", "path", "text"), BREAKS)
def test_a_rule_can_fail(rule: tidy.Rule, path: str, text: str) -> None:
    """The rule finds what it is there for."""
    assert [] != list(rule(Source(PurePosixPath(path), text, pure=True)))


@pytest.mark.parametrize(("rule", "path", "text"), KEEPS)
def test_a_rule_lets_the_right_thing_pass(rule: tidy.Rule, path: str, text: str) -> None:
    """The rule does not find what it is not there for."""
    assert [] == list(rule(Source(PurePosixPath(path), text, pure=True)))


def test_every_rule_is_shown_to_fail() -> None:
    """The table above has at least one bad example for each rule."""
    assert set(RULES) == {rule for rule, _, _ in BREAKS}


def test_the_pure_rooms_are_found(sources: list[Source]) -> None:
    """The contract's list of pure rooms names files that exist, so that the rule for them has something to read."""
    assert "pos_client/till/events.py" in {source.path.as_posix() for source in sources if source.pure}
