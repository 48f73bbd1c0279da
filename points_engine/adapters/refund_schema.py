"""The tables of refunds, and of what customers owe after them. Part of the first migration."""

from points_engine.adapters.schema_words import Guard, Part, Table

REFUND_TABLES: tuple[Part, ...] = (
    Table(
        "refund",
        """
        id               IDENTITY,
        refund_id        TEXT NOT NULL UNIQUE,
        fingerprint      BYTES NOT NULL,        -- sha256 of what was asked
        payment          WHOLE NOT NULL REFERENCES payment,
        units            WHOLE NOT NULL CHECK (units >= 0),   -- in the payment's own asset
        before_units     WHOLE NOT NULL CHECK (before_units >= 0),
        till             WHOLE POINTS AT till,                -- NULL: the back office
        actor            TEXT NOT NULL,
        level            TEXT NOT NULL CHECK (level IN ('cashier', 'manager')),
        reason           TEXT NOT NULL,
        refusal          TEXT,                                  -- NULL: it was made
        balance_units    WHOLE,
        taken_back_units WHOLE NOT NULL CHECK (taken_back_units >= 0),
        owed_units       WHOLE NOT NULL CHECK (owed_units BETWEEN 0 AND taken_back_units),
        at_us            WHOLE NOT NULL
        """,
    ),
    # Two that both saw the same before them cannot both be there: on no store, whatever its isolation.
    "CREATE UNIQUE INDEX refund_in_turn ON refund (payment, before_units) WHERE refusal IS NULL",
    Guard(
        "refund_is_never_too_large",
        "refund",
        "NEW.refusal IS NULL AND NEW.before_units + NEW.units > (SELECT units FROM payment WHERE id = NEW.payment)",
        "a refund larger than its payment",
    ),
    Table(
        "refund_part",
        """
        refund      WHOLE NOT NULL REFERENCES refund,
        place       WHOLE NOT NULL CHECK (place >= 0),
        asset       TEXT NOT NULL,
        units       WHOLE NOT NULL CHECK (units >= 0),
        worth_units WHOLE NOT NULL CHECK (worth_units >= 0),
        PRIMARY KEY (refund, place),
        UNIQUE (refund, asset)
        """,
        is_clustered=True,
    ),
    Table(
        "debt",
        """
        account WHOLE PRIMARY KEY REFERENCES account,        -- the customer's
        owed    WHOLE NOT NULL UNIQUE REFERENCES account,    -- where the ledger has it
        units   WHOLE NOT NULL CHECK (units >= 0)
        """,
    ),
)
