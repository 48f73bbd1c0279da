"""The tables of webhooks: who is told, of what, and how far each telling is.

An event is kept as long as somebody waits for it, or may want it again.
"""

from points_engine.adapters.schema_words import Column, Part, Table

WEBHOOK_TABLES: tuple[Part, ...] = (
    Table(
        "webhook_endpoint",
        """
        id               IDENTITY,
        endpoint_id      TEXT NOT NULL UNIQUE,
        url              TEXT NOT NULL,
        event_types      TEXT NOT NULL,         -- with commas between; empty: all
        secret_ref       TEXT NOT NULL,         -- what the secret is derived from, with the key outside the database
        earlier_ref      TEXT,
        earlier_until_us WHOLE,
        after_position   WHOLE NOT NULL,        -- it hears of the ledger after this
        is_enabled       FLAG NOT NULL CHECK (is_enabled IN (0, 1)),
        failures         WHOLE NOT NULL DEFAULT 0,
        paused_until_us  WHOLE NOT NULL DEFAULT 0,
        lease            TEXT,
        leased_until_us  WHOLE NOT NULL DEFAULT 0,
        created_at_us    WHOLE NOT NULL,
        problem          TEXT
        """,
    ),
    Table(
        "webhook_event",
        """
        id         IDENTITY,
        event_id   TEXT NOT NULL UNIQUE,
        event_type TEXT NOT NULL,
        body       TEXT NOT NULL,
        at_us      WHOLE NOT NULL
        """,
    ),
    Table(
        "webhook_delivery",
        """
        id        IDENTITY,
        event     WHOLE NOT NULL REFERENCES webhook_event,
        endpoint  WHOLE NOT NULL REFERENCES webhook_endpoint,
        state     TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
        tries     WHOLE NOT NULL DEFAULT 0,
        due_at_us WHOLE NOT NULL,
        at_us     WHOLE NOT NULL,
        problem   TEXT,
        UNIQUE (event, endpoint)
        """,
        fill_percent=80,
    ),
    "CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint, due_at_us) WHERE state = 'waiting'",
    "CREATE INDEX webhook_delivery_done ON webhook_delivery (at_us) WHERE state = 'delivered'",
    Table("webhook_cursor", "id WHOLE PRIMARY KEY CHECK (id = 1), position WHOLE NOT NULL"),
    "INSERT INTO webhook_cursor (id, position) VALUES (1, 0)",
)

FAILURES: tuple[Part, ...] = (
    # An endpoint hears of failures among the payments after this number.
    Column("webhook_endpoint", "after_payment WHOLE NOT NULL DEFAULT 0"),
    # The number of the last payment that was looked at.
    Column("webhook_cursor", "failures_after WHOLE NOT NULL DEFAULT 0"),
    # What failed before anybody was told of failures stays untold.
    "UPDATE webhook_cursor SET failures_after = (SELECT coalesce(max(id), 0) FROM payment)",
)
