"""What is in the books of some members, without the numbers that a database gave: so two databases can be compared."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

Told = dict[str, list[dict[str, Any]]]

_PAYMENTS = """
    SELECT p.order_id, t.till_id, t.channel, p.cashier, p.code_key IS NOT NULL AS has_code, p.asset, p.units,
        m.member_no, a.asset AS account_asset, c.kind AS clearing_kind, c.asset AS clearing_asset, p.state, p.refusal,
        p.canceled_by, p.balance_units, p.challenge_expires_at_us, p.pin_free_day, p.opened_at_us, p.at_us, p.is_split,
        p.paid_day, p.pay_from, p.total_asset, p.total_units, p.reference
    FROM payment p
    JOIN till t ON t.id = p.till
    JOIN account c ON c.id = p.clearing
    LEFT JOIN account a ON a.id = p.account
    LEFT JOIN member m ON m.id = a.owner
    WHERE p.order_id LIKE :orders
    ORDER BY p.order_id
"""
_TRANSFERS = """
    SELECT m.member_no, a.asset, t.kind, d.kind AS debit_kind, c.kind AS credit_kind, t.units, t.balance_units,
        p.order_id, t.reason, t.actor, t.at_us
    FROM transfer t
    JOIN account a ON a.id = t.customer
    JOIN member m ON m.id = a.owner
    JOIN account d ON d.id = t.debit
    JOIN account c ON c.id = t.credit
    LEFT JOIN payment p ON p.id = t.payment
    WHERE m.member_no LIKE :members
    ORDER BY m.member_no, a.asset, t.id
"""
_ACCOUNTS = """
    SELECT m.member_no, m.is_frozen, a.asset, a.balance_units, a.overdraft_units, a.pin_free_limit_units, a.use_day,
        a.pin_free_count, a.pin_free_units, a.paid_count, a.paid_units, a.next_expiry_us
    FROM account a JOIN member m ON m.id = a.owner
    WHERE a.kind = 'customer' AND m.member_no LIKE :members
    ORDER BY m.member_no, a.asset
"""
_CODES = """
    SELECT m.member_no, k.state, k.expires_at_us
    FROM payment_code k JOIN member m ON m.id = k.member
    WHERE m.member_no LIKE :members
    ORDER BY m.member_no, k.expires_at_us, k.state
"""
_LOTS = """
    SELECT m.member_no, a.asset, l.units, l.left_units, l.expired_units, l.withdrawn_units, l.expires_at_us
    FROM lot l JOIN account a ON a.id = l.account JOIN member m ON m.id = a.owner
    WHERE m.member_no LIKE :members
    ORDER BY m.member_no, a.asset, l.id
"""
_USES = """
    SELECT p.order_id, u.units, l.expires_at_us
    FROM lot_use u
    JOIN payment p ON p.id = u.payment
    JOIN account a ON a.id = u.account
    JOIN member m ON m.id = a.owner
    LEFT JOIN lot l ON l.id = u.lot
    WHERE m.member_no LIKE :members
    ORDER BY p.order_id, u.id
"""
_TABLES = {
    "payment": _PAYMENTS,
    "transfer": _TRANSFERS,
    "account": _ACCOUNTS,
    "payment_code": _CODES,
    "lot": _LOTS,
    "lot_use": _USES,
}


def told(where: str | Path, members: str = "%", orders: str = "%") -> Told:
    """What the books say of members, and of orders, whose ids are LIKE these; in PostgreSQL or in a SQLite file."""
    names = {"members": members, "orders": orders}
    if isinstance(where, Path):
        with closing(sqlite3.connect(where)) as file:
            file.row_factory = sqlite3.Row
            return {
                table: [dict(row) for row in file.execute(text, names)] for table, text in _TABLES.items()
            }
    with psycopg.connect(where, row_factory=dict_row) as connection:
        return {
            table: connection.execute(re.sub(r":(\w+)", r"%(\1)s", text), names).fetchall()
            for table, text in _TABLES.items()
        }
