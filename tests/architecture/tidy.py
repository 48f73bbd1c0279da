"""The house's own rules, each a function that reads one source file and yields what breaks it.

They say what no linter's rule set says; `RULES` is the table of all of them. The test beside this file runs them over
every file of the project, and shows of each that it can fail.
"""

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 60

HOUSES = ("drivers", "points_engine", "pos_client")
QT_ROOMS = ("pos_client/screens/", "pos_client/demo/", "pos_client/bootstrap.py", "tests/", "benchmarks/")
BANNED_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
BROAD_EXCEPTIONS = {"Exception", "BaseException"}
CLOCK_READERS = {"now", "utcnow", "today"}
WORLD_CALLS = {"open", "input", "eval", "exec", "__import__"}

OWN_WORD_BASES = {"ABC", "Protocol", "Exception", "enum.Enum", "enum.StrEnum"}
"""Bases that describe none of the methods a class may add."""

EXCEPTION_MARK = re.compile(
    r"#\s*(?:noqa|type:\s*ignore|pragma)(?P<rule>\[[\w, -]+\]|:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*)?(?P<rest>.*)"
)

Fault = tuple[int, str]
"""A line number, and what is wrong there."""


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the project's root, its text, and whether it is one of the pure rooms."""

    path: PurePosixPath
    text: str
    pure: bool = False

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed text."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    @property
    def in_tests(self) -> bool:
        """Whether the file belongs to the tests."""
        return self.path.parts[0] == "tests"

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method."""
        return (node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))

    def calls(self) -> Iterator[tuple[int, str]]:
        """Every call with a plain or dotted name: its line and the name."""
        return ((node.lineno, ast.unparse(node.func)) for node in self.nodes if isinstance(node, ast.Call))

    def imports(self) -> Iterator[tuple[int, str]]:
        """Every name an import statement brings, in full: its line and the name, such as ``time.sleep``."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def file_lines(source: Source) -> Iterator[Fault]:
    """A file is at most 400 lines long."""
    count = source.text.count("\n")
    if count > MOST_FILE_LINES:
        yield count, f"{count} lines, and {MOST_FILE_LINES} are the most: this wants a new room"


def line_count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function takes, from its ``def`` to its end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def function_lines(source: Source) -> Iterator[Fault]:
    """A function is at most 60 lines long."""
    for node in source.functions():
        if (count := line_count(node)) > MOST_FUNCTION_LINES:
            yield node.lineno, f"{node.name} has {count} lines, and {MOST_FUNCTION_LINES} are the most"


def named_for_a_noun(source: Source) -> Iterator[Fault]:
    """No module is named for being useful."""
    words = {word for part in source.path.with_suffix("").parts for word in part.split("_")}
    for word in sorted(words & BANNED_NAMES):
        yield 1, f"a module named {word!r} says nothing about what is in it"


def qt_in_its_rooms(source: Source) -> Iterator[Fault]:
    """Qt is imported in the screens, the bootstrap and the demo only."""
    if source.path.as_posix().startswith(QT_ROOMS):
        return
    for line, name in source.imports():
        if name.split(".")[0] in {"PySide6", "shiboken6"}:
            yield line, "Qt is for pos_client.screens, pos_client.bootstrap and pos_client.demo"


def no_print(source: Source) -> Iterator[Fault]:
    """Nothing is printed: a program's output goes through a writer that can be exchanged."""
    for line, name in source.calls():
        if name in {"print", "pprint", "pprint.pprint"}:
            yield line, f"{name}(): write to sys.stdout or a rich console"


def no_swallowed_exceptions(source: Source) -> Iterator[Fault]:
    """No exception is caught by a bare except, nor caught broadly and dropped."""
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler):
            continue
        if node.type is None:
            yield node.lineno, "a bare except catches even the request to stop"
            continue
        caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
        if caught & BROAD_EXCEPTIONS and all(_does_nothing(statement) for statement in node.body):
            yield node.lineno, "a bug swallowed here is never heard of again"


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass | ast.Continue)


def no_sleep(source: Source) -> Iterator[Fault]:
    """Nobody sleeps: one waits for what one waits for."""
    imported = ((line, name) for line, name in source.imports() if name == "time.sleep")
    called = ((line, name) for line, name in source.calls() if name == "time.sleep")
    for line, _ in (*imported, *called):
        yield line, "time.sleep: wait on a condition, a queue or a timer"


def empty_package_files(source: Source) -> Iterator[Fault]:
    """An ``__init__.py`` is a docstring and nothing more."""
    if source.path.name == "__init__.py" and (
        len(source.tree.body) != 1 or not ast.get_docstring(source.tree)
    ):
        yield 1, "an __init__.py says in a docstring what the package is, and imports nothing"


def no_import_effects(source: Source) -> Iterator[Fault]:
    """Importing a module does nothing but define: no call stands on its own, nothing global is changed."""
    for node in source.nodes:
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}: pass it, or keep it in an object"
    if source.path.name == "conftest.py" or source.path.suffix == ".spec":
        return  # the two kinds of file that exist for what happens when they are read
    for statement in source.tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            yield statement.lineno, "this call happens on import"


def tests_say_what_they_show(source: Source) -> Iterator[Fault]:
    """Every test has a docstring."""
    if not source.in_tests:
        return
    for node in source.functions():
        if node.name.startswith("test_") and not ast.get_docstring(node):
            yield node.lineno, f"{node.name} does not say what it shows"


def public_docstrings(source: Source) -> Iterator[Fault]:
    """Every module, public class, function and method says what it is.

    A method of a class that inherits may be its base's, and is described there.
    """
    if source.path.suffix == ".spec":
        return
    if not ast.get_docstring(source.tree):
        yield 1, "the module does not say what it is"
    if not source.in_tests:
        yield from _undocumented(source.tree)


def _undocumented(parent: ast.Module | ast.ClassDef) -> Iterator[Fault]:
    for node in parent.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
        if node.name.startswith("_") or decorators & {"overload", "override", "setter"}:
            continue
        if not ast.get_docstring(node):
            yield node.lineno, f"{node.name} does not say what it is"
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} <= OWN_WORD_BASES:
            yield from _undocumented(node)


def nothing_unfinished(source: Source) -> Iterator[Fault]:
    """Nothing raises NotImplementedError: what is not there is not offered."""
    for node in source.nodes:
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield (
                node.lineno,
                "NotImplementedError: an abstract method says it better, a half-built one is not shipped",
            )


def pure_rooms(source: Source) -> Iterator[Fault]:
    """A pure room reads no clock and opens nothing, not even by what needs no import."""
    if not source.pure:
        return
    for line, name in source.calls():
        start, _, last = name.rpartition(".")
        if last in CLOCK_READERS and start.rpartition(".")[2] in {"datetime", "date"}:
            yield line, f"{name}(): the time comes in as an argument"
        if name in WORLD_CALLS:
            yield line, f"{name}() reaches into the world"


def reasoned_exceptions(source: Source) -> Iterator[Fault]:
    """An exception from a checker's rule names the rule and gives its reason on the same line."""
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        found = EXCEPTION_MARK.match(token.string) if token.type == tokenize.COMMENT else None
        if found and not (found["rule"] and re.search(r"\w{2,}", found["rest"])):
            yield token.start[0], f"{found[0]!r} needs its rule and a reason"


Rule = Callable[[Source], Iterator[Fault]]
"""Reads one file and yields what breaks it."""

RULES: tuple[Rule, ...] = (
    file_lines,
    function_lines,
    named_for_a_noun,
    qt_in_its_rooms,
    no_print,
    no_swallowed_exceptions,
    no_sleep,
    empty_package_files,
    no_import_effects,
    tests_say_what_they_show,
    public_docstrings,
    nothing_unfinished,
    pure_rooms,
    reasoned_exceptions,
)
"""Every rule; its name is its function's, its meaning the docstring."""
