"""The tables of shops' closed days. Part of the first migration."""

from points_engine.adapters.schema_words import Part, Table, Unchanging

SETTLEMENT_TABLES: tuple[Part, ...] = (
    Table(
        "settled_day",
        """
        id             IDENTITY,
        shop           WHOLE NOT NULL REFERENCES shop,
        day            TEXT NOT NULL,                      -- ISO 8601, the shop's own
        after_transfer WHOLE NOT NULL CHECK (after_transfer >= 0),
        last_transfer  WHOLE NOT NULL CHECK (last_transfer >= after_transfer),
        at_us          WHOLE NOT NULL,
        UNIQUE (shop, day)
        """,
    ),
    Table(
        "settlement",
        """
        settled_day    WHOLE NOT NULL REFERENCES settled_day,
        asset          TEXT NOT NULL,
        number         WHOLE NOT NULL CHECK (number > 0),   -- of the shop and asset
        taken_times    WHOLE NOT NULL,
        taken_units    WHOLE NOT NULL,
        reversed_times WHOLE NOT NULL,
        reversed_units WHOLE NOT NULL,
        refunded_times WHOLE NOT NULL,
        refunded_units WHOLE NOT NULL,
        taken_minor    WHOLE,                            -- NULL: no exchange rate
        reversed_minor WHOLE,
        refunded_minor WHOLE,
        net_minor      WHOLE,
        PRIMARY KEY (settled_day, asset)
        """,
        is_clustered=True,
    ),
    *(
        Unchanging(table, "a closed day never changes", "a closed day never changes")
        for table in ("settled_day", "settlement")
    ),
)
