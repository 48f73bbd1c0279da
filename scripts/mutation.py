"""Break the engine's pure rules in every small way mutmut knows, and write down how many breaks a test notices.

    python scripts/mutation.py             run, then write docs/mutation.md; 1 when fewer than 90 % die
    python scripts/mutation.py --figures   only write the page from the last run

What is broken, and which tests look, stands in pyproject.toml under [tool.mutmut].
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "mutants"
PAGE = ROOT / "docs" / "mutation.md"
LEAST_PERCENT = 90

_DEAD_CODES = frozenset({1, 3, -24, 24, 36, 152, 255})
"""What mutmut writes for a mutant that a test noticed: one that failed, or ran out of time."""

_HEAD = """# The mutation check

`make mutation` breaks the engine's pure rules in every small way that mutmut knows, one at a time: a `<` becomes a
`<=`, a number one more, an argument is lost. The tests that mirror the broken module run, and at least 90 % of the
breaks have to make one of them fail. The words of exceptions are left alone: they are no rule.

This page is written by the command. A break that lives on is named, so that whoever changes a rule can see
whether it changes what anybody could tell (`python -m mutmut show NAME` prints it).

"""


class Figures(NamedTuple):
    """One module's breaks; `living` are the names of those nobody noticed."""

    module: str
    dead: int
    living: tuple[str, ...]

    @property
    def all(self) -> int:
        """How many there were."""
        return self.dead + len(self.living)


def percent(dead: int, of: int) -> float:
    """How many per cent died."""
    return 100 * dead / of if of else 100.0


def read_figures(folder: Path) -> list[Figures]:
    """What the last run left in its folder, by module. Raises SystemExit when a mutant was not tried."""
    figures = []
    for path in sorted(folder.glob("points_engine/**/*.meta")):
        codes = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        if None in codes.values():
            raise SystemExit(f"{path.name}: some were not tried; run `make mutation` again")
        living = tuple(sorted(name for name, code in codes.items() if code not in _DEAD_CODES))
        if codes:
            figures.append(Figures(path.name.removesuffix(".py.meta"), len(codes) - len(living), living))
    return figures


def drawn(figures: list[Figures]) -> str:
    """The page."""
    total = Counter(dead=sum(each.dead for each in figures), all=sum(each.all for each in figures))
    rows = [
        f"| `{each.module}` | {each.all} | {each.dead} | {percent(each.dead, each.all):.0f} % |"
        for each in figures
    ]
    rows.append(
        f"| **all** | {total['all']} | {total['dead']} | {percent(total['dead'], total['all']):.1f} % |"
    )
    table = "\n".join(["| module | breaks | noticed | |", "| --- | --- | --- | --- |", *rows])
    names = "\n".join(f"- `{name}`" for each in figures for name in each.living)
    return f"{_HEAD}{table}\n\n## Those that live on\n\n{names or 'None.'}\n"


def main(arguments: list[str]) -> int:
    """Run mutmut unless told not to, write the page, and say whether enough died."""
    if arguments != ["--figures"]:
        subprocess.run([sys.executable, "-m", "mutmut", "run"], cwd=ROOT, check=True)
    figures = read_figures(RUN)
    if not figures:
        raise SystemExit("there are no figures: run `make mutation`")
    PAGE.write_text(drawn(figures), encoding="utf-8")
    dead, of = sum(each.dead for each in figures), sum(each.all for each in figures)
    sys.stdout.write(
        f"{dead} of {of} breaks noticed ({percent(dead, of):.1f} %); see {PAGE.relative_to(ROOT)}\n"
    )
    return int(percent(dead, of) < LEAST_PERCENT)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
