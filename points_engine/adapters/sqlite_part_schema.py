"""The table of the parts of payments. Part of the first migration."""

PART_TABLES = (
    """
    CREATE TABLE payment_part (             -- only of payments with is_split = 1
        payment     INTEGER NOT NULL REFERENCES payment,
        place       INTEGER NOT NULL CHECK (place >= 0),
        asset       TEXT NOT NULL,
        units       INTEGER NOT NULL CHECK (units > 0),
        worth_units INTEGER NOT NULL CHECK (worth_units > 0),   -- in the payment's own asset
        account     INTEGER NOT NULL REFERENCES account,
        clearing    INTEGER NOT NULL REFERENCES account,
        PRIMARY KEY (payment, place),
        UNIQUE (payment, asset)
    ) STRICT, WITHOUT ROWID
    """,
)
