"""Sealing: giving transfers their place in the chain after their commit, in batches, one sealer at a time.

No transfer is left out, however late it commits. A batch looks for every committed transfer without a link above the
number `swept`, so one that comes late is found by the next. `swept` only spares looking at the whole ledger, and it
moves by this argument: at some moment let `mark` be the highest number given out and `mark_xid` the next transaction's.
Whoever holds a number up to `mark` locked its account before, thus began before `mark_xid`. Once no transaction before
`mark_xid` is under way, all of those are committed or gone for good, and a batch that then finds nothing more to seal
has sealed every one of them. A verification looks at the whole ledger all the same.
"""
# ruff: noqa: S608 -- what is put into statements is this file's own lists of columns; values are always bound

from collections.abc import Callable, Sequence
from typing import Any

from points_engine.adapters.sql_books import transfer_of
from points_engine.ledger import chain_after

SEALED_AT_ONCE = 1_000

MOVED = "id, kind, debit, credit, units, balance_units, payment, command_id, reason, at_us, actor"
"""The columns of a transfer that the chain sees."""

_HEAD = "SELECT position, chain, swept, mark, mark_xid FROM seal WHERE id = 1 FOR UPDATE"
# The functions' type is unsigned and of 64 bits, but no server has come near half of that.
_BEGUN_BEFORE = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_BEGINS_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
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

Execute = Callable[..., Any]
"""Runs a statement, with `$1`, `$2`, with a sequence of values; returns its cursor."""


def seal_batch(execute: Execute, most: int = SEALED_AT_ONCE, *, waits: bool = True) -> int | None:
    """Seal the next transfers within the transaction that is under way; says how many, None: another is sealing.

    Nobody else seals until that transaction ends. `waits` for another sealer, or does not.
    """
    head = execute(_HEAD if waits else f"{_HEAD} SKIP LOCKED").fetchone()
    if head is None:
        return None
    position, chain, swept, mark, mark_xid = head
    oldest_xid = execute(_BEGUN_BEFORE).fetchone()[0]
    rows = execute(_UNSEALED, (swept, most)).fetchall()
    links: list[tuple[int, int, bytes]] = []
    for row in rows:
        position += 1
        chain = chain_after(chain, transfer_of((position, *row[1:])))
        links.append((position, row[0], chain))
    if links:
        positions, transfers, chains = (list(column) for column in zip(*links, strict=True))
        execute(_LINK, (positions, transfers, chains))
    mark_before = (swept, mark, mark_xid)
    if len(rows) < most:
        swept, mark, mark_xid = _swept(execute, swept, mark, mark_xid, oldest_xid)
    if links or (swept, mark, mark_xid) != mark_before:
        execute(_KEEP_HEAD, (position, chain, swept, mark, mark_xid))
    return len(rows)


def _swept(
    execute: Execute, swept: int, mark: int | None, mark_xid: int | None, oldest_xid: int
) -> tuple[int, int | None, int | None]:
    """How far nothing can come any more, and the next mark, once all that is visible is sealed."""
    if mark is not None and mark_xid is not None and mark_xid <= oldest_xid:
        swept, mark, mark_xid = mark, None, None
    next_xid = execute(_BEGINS_NEXT).fetchone()[0]
    # A database that was moved to another server begins its transactions' numbers anew.
    if mark is None or mark_xid is None or mark_xid > next_xid:
        highest = execute(_HIGHEST).fetchone()[0]
        if highest <= swept:
            return swept, None, None
        # In this order: whoever has a number up to the mark began before the next transaction that begins now.
        mark, mark_xid = highest, execute(_BEGINS_NEXT).fetchone()[0]
    return swept, mark, mark_xid


def unsealed(execute: Execute, after: int = 0) -> Sequence[tuple[Any, ...]]:
    """Every transfer with a number above `after` that has no link yet, in the order of their numbers."""
    rows: Sequence[tuple[Any, ...]] = execute(_UNSEALED, (after, 2**62)).fetchall()
    return rows
