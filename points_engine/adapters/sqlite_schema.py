"""The SQLite schema, as the migrations that lead to it.

Migration n brings a database from `PRAGMA user_version` n-1 to n, all of it in one transaction. A released migration is
never edited; a change is a new one. Times are microseconds since 1970-01-01 UTC, amounts the asset's smallest unit.
Keys are integers in the order of insertion, so that what is written together lies together.
"""

import sqlite3
from collections.abc import Sequence

from points_engine.adapters.sqlite_lot_schema import LOT_TABLES
from points_engine.adapters.sqlite_part_schema import PART_TABLES
from points_engine.adapters.sqlite_proof_schema import PROOF_TABLES
from points_engine.adapters.sqlite_refund_schema import REFUND_TABLES
from points_engine.adapters.sqlite_settlement_schema import SETTLEMENT_TABLES
from points_engine.amounts import Asset
from points_engine.ledger import SIDES, AccountKind, TransferKind
from points_engine.ports import StoreUnavailable

APPLICATION_ID = 0x50544C31
"""Marks a file as ours ("PTL1"): SQLite's `PRAGMA application_id`."""

Migration = Sequence[str]

_SCHEME_ACCOUNTS = ", ".join(
    f"('{kind}', '{asset}', 0, NULL)"
    for kind in AccountKind
    if kind not in (AccountKind.CUSTOMER, AccountKind.CLEARING, AccountKind.OWED, AccountKind.SETTLED)
    for asset in Asset
)
_ACCOUNT_KINDS = ", ".join(f"'{kind}'" for kind in AccountKind)
_TRANSFER_KINDS = ", ".join(f"'{kind}'" for kind in TransferKind)
_FROM_CUSTOMER, _TO_CUSTOMER = (
    ", ".join(f"'{kind}'" for kind, sides in SIDES.items() if sides[place] is AccountKind.CUSTOMER)
    for place in (0, 1)
)

_FIRST: Migration = (
    """
    CREATE TABLE engine_fact (
        name  TEXT PRIMARY KEY,           -- 'key_fingerprint'
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE shop (
        id      INTEGER PRIMARY KEY,
        shop_id TEXT NOT NULL UNIQUE
    ) STRICT
    """,
    """
    CREATE TABLE till (
        id      INTEGER PRIMARY KEY,
        till_id TEXT NOT NULL,              -- a courier's id on 'delivery', the shop's own on 'online'
        shop    INTEGER NOT NULL REFERENCES shop,
        channel TEXT NOT NULL DEFAULT 'till' CHECK (channel IN ('till', 'online', 'delivery')),
        UNIQUE (till_id, channel)
    ) STRICT
    """,
    """
    CREATE TABLE member (
        id             INTEGER PRIMARY KEY,
        member_no      TEXT NOT NULL UNIQUE,
        name           TEXT NOT NULL,
        is_frozen      INTEGER NOT NULL DEFAULT 0 CHECK (is_frozen IN (0, 1)),
        pin_hash       TEXT,                -- argon2id of an HMAC whose key is not in here
        pin_command_id TEXT,                -- the SetPin that set it
        pin_failures   INTEGER NOT NULL DEFAULT 0 CHECK (pin_failures >= 0),
        is_pin_locked  INTEGER NOT NULL DEFAULT 0 CHECK (is_pin_locked IN (0, 1)),
        pin_locks      INTEGER NOT NULL DEFAULT 0 CHECK (pin_locks >= 0),
        pin_locked_until_us INTEGER,        -- NULL in a lock: until it is recovered
        phone          TEXT,                -- E.164
        birthday       TEXT,                -- ISO 8601
        enrolled_at_us INTEGER,
        import_mark    BLOB                 -- of the row they were imported from: the same row enrols nobody again
    ) STRICT
    """,
    f"""
    CREATE TABLE account (
        id                   INTEGER PRIMARY KEY,
        kind                 TEXT NOT NULL CHECK (kind IN ({_ACCOUNT_KINDS})),
        asset                TEXT NOT NULL,
        owner                INTEGER NOT NULL,   -- customer, owed: member.id; clearing, settled: shop.id; others: 0
        balance_units        INTEGER CHECK (balance_units >= -overdraft_units),  -- customers' alone; others' is a sum
        overdraft_units      INTEGER NOT NULL DEFAULT 0 CHECK (overdraft_units >= 0),   -- left open by a claw-back
        pin_free_limit_units INTEGER CHECK (pin_free_limit_units >= 0),
        use_day              INTEGER NOT NULL DEFAULT 0,           -- days since 0001-01-01 = 1; the counters are its
        pin_free_count       INTEGER NOT NULL DEFAULT 0,
        pin_free_units       INTEGER NOT NULL DEFAULT 0,
        paid_count           INTEGER NOT NULL DEFAULT 0 CHECK (paid_count >= 0),
        paid_units           INTEGER NOT NULL DEFAULT 0 CHECK (paid_units >= 0),
        next_expiry_us       INTEGER,       -- of its lots with something left; NULL: it has none
        UNIQUE (owner, asset, kind),
        CHECK ((kind = 'customer') = (balance_units IS NOT NULL))
    ) STRICT
    """,
    f"INSERT INTO account (kind, asset, owner, balance_units) VALUES {_SCHEME_ACCOUNTS}",  # noqa: S608 -- our own enums
    """
    CREATE TABLE payment_code (
        code_key      INTEGER PRIMARY KEY,  -- 63 bits of a keyed hash of the code; the code itself is stored nowhere
        member        INTEGER NOT NULL REFERENCES member,
        state         TEXT NOT NULL CHECK (state IN ('live', 'used')),
        expires_at_us INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX payment_code_of_member ON payment_code (member)",
    """
    CREATE TABLE payment (
        id                      INTEGER PRIMARY KEY,
        order_id                TEXT NOT NULL UNIQUE,
        till                    INTEGER NOT NULL REFERENCES till,
        cashier                 TEXT NOT NULL,
        code_key                INTEGER,          -- online: of the member's number; NULL: reversed before it came
        asset                   TEXT NOT NULL,
        units                   INTEGER NOT NULL CHECK (units >= 0),
        account                 INTEGER REFERENCES account,   -- NULL: the code led to nobody
        clearing                INTEGER NOT NULL REFERENCES account,
        state                   TEXT NOT NULL
            CHECK (state IN ('requires_action', 'succeeded', 'failed', 'canceled', 'reversed')),
        refusal                 TEXT,
        canceled_by             TEXT,
        balance_units           INTEGER,
        challenge_expires_at_us INTEGER,
        pin_free_day            INTEGER,
        opened_at_us            INTEGER NOT NULL,
        at_us                   INTEGER NOT NULL,
        is_split                INTEGER NOT NULL DEFAULT 0 CHECK (is_split IN (0, 1)),
        paid_day                INTEGER,
        pay_from                TEXT,             -- assets, with commas between; NULL: the amount's own
        total_asset             TEXT,
        total_units             INTEGER,
        reference               TEXT
    ) STRICT
    """,
    """
    CREATE INDEX payment_open ON payment (account, challenge_expires_at_us) WHERE state = 'requires_action'
    """,
    f"""
    CREATE TABLE transfer (
        id            INTEGER PRIMARY KEY,
        kind          TEXT NOT NULL
            CHECK (kind IN ({_TRANSFER_KINDS})),
        debit         INTEGER NOT NULL REFERENCES account,
        credit        INTEGER NOT NULL REFERENCES account,
        units         INTEGER NOT NULL CHECK (units > 0),
        balance_units INTEGER NOT NULL,                              -- the customer's, after it
        payment       INTEGER REFERENCES payment,
        command_id    TEXT,
        reason        TEXT,
        at_us         INTEGER NOT NULL,
        chain         BLOB NOT NULL CHECK (length(chain) = 32),      -- sha256(chain before || canonical bytes)
        actor         TEXT,                                          -- who put something right by hand
        customer      INTEGER GENERATED ALWAYS AS (                  -- the customer's account among the two
            CASE WHEN kind IN ({_FROM_CUSTOMER}) THEN debit WHEN kind IN ({_TO_CUSTOMER}) THEN credit END
        ) VIRTUAL
    ) STRICT
    """,
    "CREATE INDEX transfer_of_customer ON transfer (customer) WHERE customer IS NOT NULL",
    """
    CREATE TRIGGER transfer_is_never_edited BEFORE UPDATE ON transfer
    BEGIN SELECT RAISE(ABORT, 'a transfer is never edited'); END
    """,
    """
    CREATE TRIGGER transfer_is_never_deleted BEFORE DELETE ON transfer
    BEGIN SELECT RAISE(ABORT, 'a transfer is never deleted'); END
    """,
    """
    CREATE TABLE answer (
        answer_id  TEXT PRIMARY KEY,
        payment    INTEGER NOT NULL REFERENCES payment,
        kind       TEXT NOT NULL,
        tries_left INTEGER,                 -- NULL: it was right
        at_us      INTEGER NOT NULL,
        sealed_key INTEGER                  -- 63 bits of an HMAC of a sealed PIN, by which a replay is known
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE UNIQUE INDEX answer_sealed ON answer (sealed_key) WHERE sealed_key IS NOT NULL",
    """
    CREATE TABLE command (
        command_id    TEXT PRIMARY KEY,
        fingerprint   BLOB NOT NULL,        -- sha256 of what was asked, without secrets
        refusal       TEXT,
        balance_units INTEGER,
        nonce         BLOB,                 -- what an issued code was made from, useless without the key
        at_us         INTEGER NOT NULL,
        expires_at_us INTEGER
    ) STRICT
    """,
    "CREATE INDEX command_of_code ON command (at_us) WHERE nonce IS NOT NULL",
    *PROOF_TABLES,
    *PART_TABLES,
    *LOT_TABLES,
    *REFUND_TABLES,
    *SETTLEMENT_TABLES,
)

MIGRATIONS: Sequence[Migration] = (_FIRST,)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Bring a database to the newest version, one transaction a migration; return that version.

    A fresh file becomes one of ours; safe when two processes do it at once. Raises StoreUnavailable for a file that
    is not ours or that a newer engine has written.
    """
    while True:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection, len(migrations))
            if version == len(migrations):
                connection.execute("ROLLBACK")
                return version
            for statement in migrations[version]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def version_of(connection: sqlite3.Connection, newest: int) -> int:
    """A database's version, 0 for an empty one. Raises StoreUnavailable when it is not ours or newer than `newest`."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application_id != APPLICATION_ID:
        raise StoreUnavailable(
            "The database file belongs to another program",
            "Choose another folder for the engine, or move that file away.",
        )
    if version > newest:
        raise StoreUnavailable(
            f"The database has version {version}, this engine knows versions up to {newest}",
            "Start the newer engine that wrote it.",
        )
    return version
