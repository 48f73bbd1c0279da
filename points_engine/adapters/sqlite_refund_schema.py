"""The tables of refunds, and of what customers owe after them. Part of the first migration."""

REFUND_TABLES = (
    """
    CREATE TABLE refund (
        id               INTEGER PRIMARY KEY,
        refund_id        TEXT NOT NULL UNIQUE,
        fingerprint      BLOB NOT NULL,        -- sha256 of what was asked
        payment          INTEGER NOT NULL REFERENCES payment,
        units            INTEGER NOT NULL CHECK (units >= 0),   -- in the payment's own asset
        before_units     INTEGER NOT NULL CHECK (before_units >= 0),
        till             INTEGER REFERENCES till,               -- NULL: the back office
        actor            TEXT NOT NULL,
        level            TEXT NOT NULL CHECK (level IN ('cashier', 'manager')),
        reason           TEXT NOT NULL,
        refusal          TEXT,                                  -- NULL: it was made
        balance_units    INTEGER,
        taken_back_units INTEGER NOT NULL CHECK (taken_back_units >= 0),
        owed_units       INTEGER NOT NULL CHECK (owed_units BETWEEN 0 AND taken_back_units),
        at_us            INTEGER NOT NULL
    ) STRICT
    """,
    # Two that both saw the same before them cannot both be there: on no store, whatever its isolation.
    "CREATE UNIQUE INDEX refund_in_turn ON refund (payment, before_units) WHERE refusal IS NULL",
    """
    CREATE TRIGGER refund_is_never_too_large BEFORE INSERT ON refund
    WHEN NEW.refusal IS NULL AND NEW.before_units + NEW.units > (SELECT units FROM payment WHERE id = NEW.payment)
    BEGIN SELECT RAISE(ABORT, 'a refund larger than its payment'); END
    """,
    """
    CREATE TABLE refund_part (
        refund      INTEGER NOT NULL REFERENCES refund,
        place       INTEGER NOT NULL CHECK (place >= 0),
        asset       TEXT NOT NULL,
        units       INTEGER NOT NULL CHECK (units >= 0),
        worth_units INTEGER NOT NULL CHECK (worth_units >= 0),
        PRIMARY KEY (refund, place),
        UNIQUE (refund, asset)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE debt (
        account INTEGER PRIMARY KEY REFERENCES account,        -- the customer's
        owed    INTEGER NOT NULL UNIQUE REFERENCES account,    -- where the ledger has it
        units   INTEGER NOT NULL CHECK (units >= 0)
    ) STRICT
    """,
)
