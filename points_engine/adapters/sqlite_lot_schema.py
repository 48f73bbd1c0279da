"""The tables of lots, of what payments took out of them, and of what orders earned. Part of the first migration."""

LOT_TABLES = (
    """
    CREATE TABLE lot_terms (
        id         INTEGER PRIMARY KEY,
        grace_days INTEGER NOT NULL CHECK (grace_days >= 0),
        zone       TEXT NOT NULL,                       -- IANA
        UNIQUE (grace_days, zone)
    ) STRICT
    """,
    """
    CREATE TABLE lot (                                  -- only of units that expire
        id              INTEGER PRIMARY KEY,
        account         INTEGER NOT NULL REFERENCES account,
        units           INTEGER NOT NULL CHECK (units > 0),              -- as it was given: it is left, ...
        left_units      INTEGER NOT NULL CHECK (left_units >= 0),
        expired_units   INTEGER NOT NULL DEFAULT 0 CHECK (expired_units >= 0),
        withdrawn_units INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn_units >= 0),   -- ... or in lot_use
        expires_at_us   INTEGER NOT NULL,
        terms           INTEGER NOT NULL REFERENCES lot_terms,
        CHECK (left_units + expired_units + withdrawn_units <= units)
    ) STRICT
    """,
    "CREATE INDEX lot_live ON lot (account, expires_at_us) WHERE left_units > 0",
    "CREATE INDEX account_next_expiry ON account (next_expiry_us) WHERE next_expiry_us IS NOT NULL",
    """
    CREATE TABLE lot_use (                              -- only of payments that took something out of a lot
        id      INTEGER PRIMARY KEY,
        payment INTEGER NOT NULL REFERENCES payment,
        account INTEGER NOT NULL REFERENCES account,
        lot     INTEGER REFERENCES lot,                 -- NULL: out of what never expires
        units   INTEGER NOT NULL CHECK (units >= 0)     -- taken and not given back
    ) STRICT
    """,
    "CREATE INDEX lot_use_of_payment ON lot_use (payment, account)",
    """
    CREATE TABLE earning (
        id               INTEGER PRIMARY KEY,
        order_id         TEXT NOT NULL UNIQUE,
        command_id       TEXT NOT NULL UNIQUE,
        till             INTEGER NOT NULL REFERENCES till,
        account          INTEGER NOT NULL REFERENCES account,
        spend_minor      INTEGER NOT NULL CHECK (spend_minor >= 0),
        units            INTEGER NOT NULL CHECK (units >= 0),
        lot              INTEGER REFERENCES lot,
        expires_at_us    INTEGER,
        taken_back_units INTEGER NOT NULL DEFAULT 0 CHECK (taken_back_units BETWEEN 0 AND units),
        at_us            INTEGER NOT NULL
    ) STRICT
    """,
)
