"""Draw the tables and diagrams of docs/engine.md, back-office.md and api.md from the engine's own tables and parser.

    python scripts/draw_engine_page.py           rewrite what is drawn; the words around it stay
    python scripts/draw_engine_page.py --check   only say whether the pages are up to date

In a page a drawn part stands between `<!-- drawn: NAME -->` and `<!-- end -->`.
"""

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = tuple(ROOT / "docs" / name for name in ("engine.md", "back-office.md", "api.md"))

if __name__ == "__main__":
    # Run as a command, from wherever: the project is not installed.
    sys.path.insert(0, str(ROOT))

from points_engine import challenge, ledger, payment  # noqa: E402 -- after the path is known
from points_engine.contract import PaymentState, Refusal  # noqa: E402 -- after the path is known
from points_engine.engine.findings import Check  # noqa: E402 -- after the path is known
from points_engine.engine.verify_payments import HISTORIES  # noqa: E402 -- after the path is known
from points_engine.limits import AssetLimits  # noqa: E402 -- after the path is known
from scripts import api_drawings, back_office_drawings  # noqa: E402 -- after the path is known


def described(enumeration: type) -> dict[str, str]:
    """The docstring under each member of an enum, by the member's name."""
    body = ast.parse(inspect.getsource(enumeration)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for member, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(member, ast.Assign)
            and isinstance(text, ast.Expr)
            and isinstance(member.targets[0], ast.Name)
        ):
            found[member.targets[0].id] = str(ast.literal_eval(text.value))
    return found


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    lines = [list(map(str, row)) for row in rows]
    heads = list(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *lines])


def diagram(kind: str, lines: Iterable[str]) -> str:
    """A mermaid diagram."""
    return "\n".join(["```mermaid", kind, *(f"    {line}" for line in lines), "```"])


def refusals() -> str:
    """Every refusal, by precedence."""
    meanings = described(Refusal)
    return table(
        ["", "refusal", "what it means", "the cashier reads", "retry helps", "next", "HTTP"],
        (
            (
                refusal.precedence + 1,
                f"`{refusal.code}`",
                meanings[refusal.name],
                f"{refusal.zh_cn} / {refusal.en}",
                "yes" if refusal.retry_helps else "no",
                refusal.next_action.replace("_", " "),
                refusal.http_status,
            )
            for refusal in Refusal
        ),
    )


def payment_diagram() -> str:
    """The life of a payment."""
    moves = [
        f"{state} --> {step.state}: {event}{f' / {step.booking}' if step.booking else ''}"
        for (state, event), step in payment.TABLE.items()
    ]
    return diagram("stateDiagram-v2", [f"[*] --> {PaymentState.NEW}", *moves])


def payment_histories() -> str:
    """What stands in the ledger behind a payment in each state."""
    rows = []
    for state, histories in HISTORIES.items():
        ways = sorted(histories, key=lambda history: (len(history), history))
        rows.append(
            (
                f"`{state}`",
                ", or ".join(" → ".join(history) or "nothing" for history in ways) or "never stored",
            )
        )
    return table(["state", "its transfers"], rows)


def challenge_diagram() -> str:
    """The life of a challenge."""
    moves = [f"{state} --> {after}: {event}" for (state, event), after in challenge.TABLE.items()]
    return diagram("stateDiagram-v2", [f"[*] --> {challenge.ChallengeState.OPEN}", *moves])


def accounts() -> str:
    """The ledger's accounts."""
    meanings = described(ledger.AccountKind)
    return table(
        ["account", "what it is"], ((f"`{kind}`", meanings[kind.name]) for kind in ledger.AccountKind)
    )


def transfers_diagram() -> str:
    """What moves between which accounts."""
    return diagram(
        "flowchart LR",
        (f"{sides.debit} -- {kind} --> {sides.credit}" for kind, sides in ledger.SIDES.items()),
    )


def movements() -> str:
    """Every kind of transfer, from where to where."""
    meanings = described(ledger.TransferKind)
    return table(
        ["event", "takes from", "gives to", "why"],
        (
            (f"`{kind}`", f"`{sides.debit}`", f"`{sides.credit}`", meanings[kind.name])
            for kind, sides in ledger.SIDES.items()
        ),
    )


def limits() -> str:
    """The limits of an asset, as they are unless the shop says otherwise."""
    defaults = AssetLimits()
    return table(
        ["limit", "unless set"],
        ((f"`{name}`", f"{getattr(defaults, name):,}") for name in defaults.__slots__),
    )


def checks() -> str:
    """What verification looks at."""
    return ", ".join(Check) + "."


DRAWN: dict[str, Callable[[], str]] = {
    "refusals": refusals,
    "payment": payment_diagram,
    "histories": payment_histories,
    "challenge": challenge_diagram,
    "accounts": accounts,
    "transfers": transfers_diagram,
    "movements": movements,
    "limits": limits,
    "checks": checks,
    **back_office_drawings.DRAWN,
    **api_drawings.DRAWN,
}


def redrawn(page: str) -> str:
    """The page with every drawn part drawn anew. Raises KeyError for a part nobody draws."""
    return re.sub(
        r"<!-- drawn: (\w+) -->\n.*?<!-- end -->",
        lambda part: f"<!-- drawn: {part[1]} -->\n\n{DRAWN[part[1]]()}\n\n<!-- end -->",
        page,
        flags=re.DOTALL,
    )


def main(arguments: list[str]) -> int:
    """Redraw the pages, or with --check say whether that would change one; 1 when it would."""
    before = {page: page.read_text(encoding="utf-8") for page in PAGES}
    after = {page: redrawn(text) for page, text in before.items()}
    if arguments == ["--check"]:
        return int(before != after)
    for page, text in after.items():
        page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
