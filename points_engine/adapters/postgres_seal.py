"""Sealing: giving transfers their place in the chain after their commit, in batches, one sealer at a time.

No transfer is left out, however late it commits. A batch looks for every committed transfer without a link above the
number `swept`, so one that comes late is found by the next. `swept` only spares looking at the whole ledger, and it
moves in three steps, each in a batch of its own that finds nothing more to seal:

1.  `mark` is the highest number given out so far. Whoever has a number up to it had locked its account before, and so
    had its transaction's number already.
2.  `mark_xid` is the number of a transaction that began after that. All of those have a lower one.
3.  No transaction below `mark_xid` is under way any more: all of those are committed, or gone for good. What a batch
    that begins then finds is all there will ever be up to `mark`.

(A snapshot's own upper end will not do for the second step: it is past the highest transaction that is over, not past
the highest there is.) A verification looks at the whole ledger all the same.
"""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from points_engine.adapters.sql_books import transfer_of
from points_engine.ledger import chain_after

SEALED_AT_ONCE = 1_000

MOVED = "id, kind, debit, credit, units, balance_units, payment, command_id, reason, at_us, actor"
"""The columns of a transfer that the chain sees."""

_HEAD = "SELECT position, chain, swept, mark, mark_xid FROM seal WHERE id = 1 FOR UPDATE"
# The oldest transaction under way, and our own. Their type is unsigned, but no server has come near half of 64 bits.
_UNDER_WAY = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_current_xact_id()::text::bigint"
)
_HIGHEST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM transfer_id_seq"
_UNSEALED = f"""
    SELECT {MOVED} FROM transfer t
    WHERE t.id > $1 AND NOT EXISTS (SELECT FROM transfer_link l WHERE l.transfer = t.id AND l.transfer > $1)
    ORDER BY t.id LIMIT $2
"""
_LINK = """
    INSERT INTO transfer_link (position, transfer, chain) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
"""
_KEEP_HEAD = "UPDATE seal SET position = $1, chain = $2, swept = $3, mark = $4, mark_xid = $5 WHERE id = 1"


class _Sweep(NamedTuple):
    """Up to number `swept` all is sealed; up to `mark` all will be seen once nobody before `mark_xid` is under way."""

    swept: int
    mark: int | None = None
    mark_xid: int | None = None


Execute = Callable[..., Any]
"""Runs a statement, with `$1`, `$2`, with a sequence of values; returns its cursor."""


def seal_batch(execute: Execute, most: int = SEALED_AT_ONCE, *, waits: bool = True) -> int | None:
    """Seal the next transfers within the transaction that is under way; says how many, None: another is sealing.

    Nobody else seals until that transaction ends. `waits` for another sealer, or does not; then it is the
    transaction's first statement.
    """
    head = execute(_HEAD if waits else f"{_HEAD} SKIP LOCKED").fetchone()
    if head is None:
        return None
    position, chain, *sweep = head
    oldest_xid, own_xid = execute(_UNDER_WAY).fetchone()
    rows = execute(_UNSEALED, (sweep[0], most)).fetchall()
    links: list[tuple[int, int, bytes]] = []
    for row in rows:
        position += 1
        chain = chain_after(chain, transfer_of((position, *row[1:])))
        links.append((position, row[0], chain))
    if links:
        positions, transfers, chains = (list(column) for column in zip(*links, strict=True))
        execute(_LINK, (positions, transfers, chains))
    before, after = _Sweep(*sweep), _Sweep(*sweep)
    # Who waited for another sealer may have begun before that one set its mark.
    if len(rows) < most and not waits:
        after = _swept(execute, before, oldest_xid, own_xid)
    if links or after != before:
        execute(_KEEP_HEAD, (position, chain, *after))
    return len(rows)


def _swept(execute: Execute, sweep: _Sweep, oldest_xid: int, own_xid: int) -> _Sweep:
    """The next step of the sweep, once all that is visible is sealed."""
    if sweep.mark is None:
        highest = execute(_HIGHEST).fetchone()[0]
        return sweep if highest <= sweep.swept else sweep._replace(mark=highest)
    # A database that was moved to another server begins its transactions' numbers anew.
    if sweep.mark_xid is None or sweep.mark_xid > own_xid:
        return sweep._replace(mark_xid=own_xid)
    return _Sweep(sweep.mark) if sweep.mark_xid <= oldest_xid else sweep


def unsealed(execute: Execute, after: int = 0) -> Sequence[tuple[Any, ...]]:
    """Every transfer with a number above `after` that has no link yet, in the order of their numbers."""
    rows: Sequence[tuple[Any, ...]] = execute(_UNSEALED, (after, 2**62)).fetchall()
    return rows
