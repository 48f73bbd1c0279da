"""The tables of shops' closed days. Part of the first migration."""

SETTLEMENT_TABLES = (
    """
    CREATE TABLE settled_day (
        id             INTEGER PRIMARY KEY,
        shop           INTEGER NOT NULL REFERENCES shop,
        day            TEXT NOT NULL,                      -- ISO 8601, the shop's own
        after_transfer INTEGER NOT NULL CHECK (after_transfer >= 0),
        last_transfer  INTEGER NOT NULL CHECK (last_transfer >= after_transfer),
        at_us          INTEGER NOT NULL,
        UNIQUE (shop, day)
    ) STRICT
    """,
    """
    CREATE TABLE settlement (
        settled_day    INTEGER NOT NULL REFERENCES settled_day,
        asset          TEXT NOT NULL,
        number         INTEGER NOT NULL CHECK (number > 0),   -- of the shop and asset
        taken_times    INTEGER NOT NULL,
        taken_units    INTEGER NOT NULL,
        reversed_times INTEGER NOT NULL,
        reversed_units INTEGER NOT NULL,
        refunded_times INTEGER NOT NULL,
        refunded_units INTEGER NOT NULL,
        taken_minor    INTEGER,                            -- NULL: no exchange rate
        reversed_minor INTEGER,
        refunded_minor INTEGER,
        net_minor      INTEGER,
        PRIMARY KEY (settled_day, asset)
    ) STRICT, WITHOUT ROWID
    """,
    *(
        f"""
        CREATE TRIGGER {table}_is_never_{done} BEFORE {event} ON {table}
        BEGIN SELECT RAISE(ABORT, 'a closed day never changes'); END
        """
        for table in ("settled_day", "settlement")
        for event, done in (("UPDATE", "edited"), ("DELETE", "deleted"))
    ),
)
