"""An index by which expired payment codes are found. A migration of its own.

It is on an expression that nobody but the sweep writes. On the bare column it would be a second way to a code for the
express charge, whose plan is kept and may have been made while the table was empty and one way as good as the other.
SQLite goes without: its table holds ten minutes of one shop's codes.
"""

from points_engine.adapters.schema_words import Dialect, Only, Part

CODE_EXPIRY: tuple[Part, ...] = (
    Only(
        Dialect.POSTGRES,
        ("CREATE INDEX payment_code_expires ON payment_code ((expires_at_us + 0))",),
    ),
)
