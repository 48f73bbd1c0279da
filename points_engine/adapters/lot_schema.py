"""The tables of lots, of what payments took out of them, and of what orders earned. Part of the first migration."""

from points_engine.adapters.schema_words import Kept, Part, Table

LOT_TABLES: tuple[Part, ...] = (
    Table(
        "lot_terms",
        """
        id         IDENTITY,
        grace_days WHOLE NOT NULL CHECK (grace_days >= 0),
        zone       TEXT NOT NULL,                       -- IANA
        UNIQUE (grace_days, zone)
        """,
    ),
    # Only of units that expire.
    Table(
        "lot",
        """
        id              IDENTITY,
        account         WHOLE NOT NULL REFERENCES account,
        units           WHOLE NOT NULL CHECK (units > 0),              -- as it was given: it is left, ...
        left_units      WHOLE NOT NULL CHECK (left_units >= 0),
        expired_units   WHOLE NOT NULL DEFAULT 0 CHECK (expired_units >= 0),
        withdrawn_units WHOLE NOT NULL DEFAULT 0 CHECK (withdrawn_units >= 0),   -- ... or in lot_use
        expires_at_us   WHOLE NOT NULL,
        terms           WHOLE NOT NULL POINTS AT lot_terms,
        CHECK (left_units + expired_units + withdrawn_units <= units)
        """,
    ),
    "CREATE INDEX lot_live ON lot (account, expires_at_us) WHERE left_units > 0",
    "CREATE INDEX account_next_expiry ON account (next_expiry_us) WHERE next_expiry_us IS NOT NULL",
    # Only of payments that took something out of a lot.
    Table(
        "lot_use",
        """
        id      IDENTITY,
        payment WHOLE NOT NULL REFERENCES payment,
        account WHOLE NOT NULL REFERENCES account,
        lot     WHOLE REFERENCES lot,                 -- NULL: out of what never expires
        units   WHOLE NOT NULL CHECK (units >= 0)     -- taken and not given back
        """,
    ),
    "CREATE INDEX lot_use_of_payment ON lot_use (payment, account)",
    Table(
        "earning",
        """
        id               IDENTITY,
        order_id         TEXT NOT NULL UNIQUE,
        command_id       TEXT NOT NULL UNIQUE,
        till             WHOLE NOT NULL POINTS AT till,
        account          WHOLE NOT NULL REFERENCES account,
        spend_minor      WHOLE NOT NULL CHECK (spend_minor >= 0),
        units            WHOLE NOT NULL CHECK (units >= 0),
        lot              WHOLE REFERENCES lot,
        expires_at_us    WHOLE,
        taken_back_units WHOLE NOT NULL DEFAULT 0 CHECK (taken_back_units BETWEEN 0 AND units),
        at_us            WHOLE NOT NULL
        """,
    ),
    # A lot's terms are everybody's.
    Kept(("lot_terms",)),
)
