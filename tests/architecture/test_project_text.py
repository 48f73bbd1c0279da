"""What the project's files say: nothing of the machine they were written on, and nothing unfinished."""

import re
from pathlib import PurePosixPath

import pytest

from tests.architecture.project_files import ROOT, own_paths

# Each pattern is written so that it does not find itself in this file.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.])/(?:wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+|op[t]/pypi)[/\w]*"
    ),
    "a package index": re.compile(r"pyp[i]\.org|pythonhoste[d]\.org|--(?:extra-)?inde[x]-url|--find-link[s]"),
    "a file address": re.compile(r"file:/[/]/"),
    "something unfinished": re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b"),
    "how the work is organised": re.compile(r"\bissu[e] #?\d|\bpart \d of [4]\b", re.IGNORECASE),
}

BREAKS = [
    ("a path of one machine", "open('/" + "work/main/pyproject.toml')"),
    ("a path of one machine", "see /" + "root/.cache"),
    ("a path of one machine", "/" + "home/mei/till"),
    ("a package index", "https://" + "pypi" + ".org/simple"),
    ("a package index", "--" + "index-url https://example.com"),
    ("a package index", "--" + "find-links wheels"),
    ("a file address", "file:" + "///srv/wheels"),
    ("something unfinished", "# TO" + "DO: the rest"),
    ("how the work is organised", "as issue" + " #3 says"),
]


def text_of(path: PurePosixPath) -> str | None:
    """Return a file's text, or None for a picture or a sound."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_speaks_of(what: str) -> None:
    """No file of the project holds such a text."""
    found = [
        f"{path}: {match[0]}"
        for path in own_paths()
        if (text := text_of(path)) is not None
        for match in FORBIDDEN[what].finditer(text)
    ]
    assert [] == found


@pytest.mark.parametrize(("what", "text"), BREAKS)
def test_such_a_text_is_found(what: str, text: str) -> None:
    """The pattern finds what it is there for."""
    assert FORBIDDEN[what].search(text)
