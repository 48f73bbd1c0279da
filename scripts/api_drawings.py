"""What docs/api.md has drawn: every route of a command, and every problem that is no refusal, out of their tables."""

from collections.abc import Callable

from points_engine.wire.problems import Trouble
from points_engine.wire.routes import ROUTES


def routes() -> str:
    """Every route: who may call it, what its Idempotency-Key is, which command it carries."""
    rows = [
        f"| `{route.method} {route.path}` | {', '.join(sorted(route.callers)).replace('_', ' ') or 'anybody'} "
        f"| {f'`{route.id_field}`' if route.id_field else '-'} | {route.command.__name__} |"
        for route in ROUTES
    ]
    return "\n".join(["| route | callers | key | command |", "| --- | --- | --- | --- |", *rows])


def troubles() -> str:
    """Every problem that is no refusal: its type, its status, and whether the command surely was not carried out."""
    rows = [
        f"| `{kind.urn}` | {kind.status} | {kind.title} | {'yes' if kind.nothing_changed else 'not known'} |"
        for kind in Trouble
    ]
    return "\n".join(["| type | status | | nothing changed |", "| --- | --- | --- | --- |", *rows])


DRAWN: dict[str, Callable[[], str]] = {"routes": routes, "troubles": troubles}
