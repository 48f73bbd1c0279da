"""The tables of proof: SMS codes, the outbox of short messages, recoveries. Part of the first migration."""

from points_engine.adapters.schema_words import Part, Table

PROOF_TABLES: tuple[Part, ...] = (
    Table(
        "sms_code",
        """
        id            IDENTITY,
        request_id    TEXT NOT NULL UNIQUE,
        member        WHOLE NOT NULL REFERENCES member,
        payment       WHOLE REFERENCES payment,      -- NULL: for a recovery
        digest        BYTES NOT NULL CHECK (length(digest) = 16),   -- of an HMAC whose key is not in here
        state         TEXT NOT NULL CHECK (state IN ('live', 'used', 'void')),
        failures      WHOLE NOT NULL CHECK (failures >= 0),
        sent_at_us    WHOLE NOT NULL,
        expires_at_us WHOLE NOT NULL
        """,
    ),
    "CREATE INDEX sms_code_live ON sms_code (member, payment) WHERE state = 'live'",
    Table(
        "sms_message",
        """
        id            IDENTITY,
        message_id    TEXT NOT NULL UNIQUE,
        member        WHOLE NOT NULL REFERENCES member,
        kind          TEXT NOT NULL,
        code          WHOLE UNIQUE REFERENCES sms_code,
        phone         TEXT NOT NULL,
        body          TEXT NOT NULL,                   -- without the code
        nonce         BYTES,                            -- what the code is made from, useless without the key
        delivery      TEXT NOT NULL CHECK (delivery IN ('waiting', 'sending', 'sent', 'kept', 'failed')),
        attempts      WHOLE NOT NULL,
        due_at_us     WHOLE NOT NULL,
        useless_at_us WHOLE NOT NULL,
        created_at_us WHOLE NOT NULL,
        at_us         WHOLE NOT NULL,
        problem       TEXT
        """,
    ),
    "CREATE INDEX sms_message_due ON sms_message (due_at_us) WHERE delivery IN ('waiting', 'sending')",
    "CREATE INDEX sms_message_readable ON sms_message (useless_at_us) WHERE nonce IS NOT NULL",
    # What the limits count: codes alone, by member, by phone, and all.
    "CREATE INDEX sms_message_of_member ON sms_message (member, created_at_us) WHERE code IS NOT NULL",
    "CREATE INDEX sms_message_to_phone ON sms_message (phone, created_at_us) WHERE code IS NOT NULL",
    "CREATE INDEX sms_message_lately ON sms_message (created_at_us, code)",
    Table(
        "recovery_answer",
        """
        answer_id  TEXT PRIMARY KEY,
        member     WHOLE NOT NULL REFERENCES member,
        tries_left WHOLE,                            -- NULL: it was right
        at_us      WHOLE NOT NULL
        """,
        is_clustered=True,
    ),
)
