"""The tables of who calls: credentials, enrolment codes, sessions, sign-ins, counts. The second migration.

Nothing in them opens anything without the key outside the database: secrets are made from it, and codes, tokens,
phones and addresses are known by keyed digests and numbers.
"""

from points_engine.adapters.schema_words import Column, Part, Table

CALLER_TABLES: tuple[Part, ...] = (
    Table(
        "credential",
        """
        id             IDENTITY,
        key_id         TEXT NOT NULL UNIQUE,
        kind           TEXT NOT NULL CHECK (kind IN ('till', 'courier', 'merchant', 'back_office')),
        caller_id      TEXT NOT NULL,
        level          TEXT CHECK (level IN ('cashier', 'manager')),
        generation     WHOLE NOT NULL CHECK (generation > 0),
        nonce          BYTES NOT NULL CHECK (length(nonce) = 16),   -- what the secret is made from
        pepper         TEXT NOT NULL,                               -- the name of the key it is made with
        request_digest BYTES NOT NULL UNIQUE CHECK (length(request_digest) = 16),
        created_at_us  WHOLE NOT NULL,
        used_at_us     WHOLE,                                       -- NULL: not used yet
        ends_at_us     WHOLE,                                       -- NULL: its end is not settled
        change         WHOLE NOT NULL DEFAULT 0,                    -- larger than any before it
        UNIQUE (kind, caller_id, generation),
        CHECK ((kind = 'back_office') = (level IS NOT NULL))
        """,
    ),
    "CREATE INDEX credential_change ON credential (change) WHERE change > 0",
    Table(
        "enrolment_code",
        """
        digest        BYTES PRIMARY KEY CHECK (length(digest) = 16),
        kind          TEXT NOT NULL,
        caller_id     TEXT NOT NULL,
        level         TEXT,
        expires_at_us WHOLE NOT NULL,
        credential    WHOLE REFERENCES credential                   -- NULL: not used yet
        """,
        is_clustered=True,
    ),
    "CREATE INDEX enrolment_code_of_caller ON enrolment_code (kind, caller_id)",
    "CREATE INDEX enrolment_code_expires ON enrolment_code (expires_at_us)",
    Table(
        "session",
        """
        id            IDENTITY,
        digest        BYTES NOT NULL UNIQUE CHECK (length(digest) = 16),
        member        WHOLE NOT NULL REFERENCES member,
        created_at_us WHOLE NOT NULL,
        seen_at_us    WHOLE NOT NULL
        """,
        fill_percent=85,
    ),
    "CREATE INDEX session_of_member ON session (member)",
    "CREATE INDEX session_created ON session (created_at_us)",
    Table(
        "sign_in",
        """
        id            IDENTITY,
        request_id    TEXT NOT NULL UNIQUE,
        phone_key     WHOLE NOT NULL,                               -- 63 bits of a keyed hash of the phone
        has_code      FLAG NOT NULL CHECK (has_code IN (0, 1)),     -- 0: nobody has this phone
        is_live       FLAG NOT NULL CHECK (is_live IN (0, 1)),
        failures      WHOLE NOT NULL CHECK (failures >= 0),
        answer_digest BYTES CHECK (length(answer_digest) = 16),     -- NULL: not answered rightly
        sent_at_us    WHOLE NOT NULL,
        expires_at_us WHOLE NOT NULL
        """,
        fill_percent=85,
    ),
    "CREATE INDEX sign_in_of_phone ON sign_in (phone_key, sent_at_us)",
    "CREATE INDEX sign_in_sent ON sign_in (sent_at_us)",
    Table(
        "call_count",
        """
        subject    WHOLE NOT NULL,                                  -- 63 bits of a keyed hash of who or where
        counted_in WHOLE NOT NULL,                                  -- the window's number
        calls      WHOLE NOT NULL CHECK (calls >= 0),
        ends_at_us WHOLE NOT NULL,
        PRIMARY KEY (subject, counted_in)
        """,
        is_clustered=True,
        fill_percent=70,
    ),
    "CREATE INDEX call_count_ends ON call_count (ends_at_us)",
    Column("sms_code", "is_sign_in FLAG NOT NULL DEFAULT 0 CHECK (is_sign_in IN (0, 1))"),
    "CREATE INDEX member_with_phone ON member (phone) WHERE phone IS NOT NULL",
)
