"""The table of the parts of payments. Part of the first migration."""

from points_engine.adapters.schema_words import Part, Table

PART_TABLES: tuple[Part, ...] = (
    # Only of payments with is_split = 1.
    Table(
        "payment_part",
        """
        payment     WHOLE NOT NULL REFERENCES payment,
        place       WHOLE NOT NULL CHECK (place >= 0),
        asset       TEXT NOT NULL,
        units       WHOLE NOT NULL CHECK (units > 0),
        worth_units WHOLE NOT NULL CHECK (worth_units > 0),   -- in the payment's own asset
        account     WHOLE NOT NULL REFERENCES account,
        clearing    WHOLE NOT NULL POINTS AT account,
        PRIMARY KEY (payment, place),
        UNIQUE (payment, asset)
        """,
        is_clustered=True,
    ),
)
