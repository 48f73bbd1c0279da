"""The tables of who takes part, of payments, and of the ledger. Part of the first migration.

Times are microseconds since 1970-01-01 UTC, amounts the asset's smallest unit. Keys are whole numbers in the order of
insertion, so that what is written together lies together.
"""

from points_engine.adapters.schema_words import Dialect, Kept, Only, Part, Table, Unchanging, one_of
from points_engine.amounts import Asset
from points_engine.contract import PaymentState
from points_engine.ledger import SIDES, AccountKind, TransferKind

_SCHEME_ACCOUNTS = ", ".join(
    f"('{kind}', '{asset}', 0, NULL)"
    for kind in AccountKind
    if kind not in (AccountKind.CUSTOMER, AccountKind.CLEARING, AccountKind.OWED, AccountKind.SETTLED)
    for asset in Asset
)
_STORED_STATES = [state for state in PaymentState if state is not PaymentState.NEW]
_CUSTOMERS_SIDE = " ".join(
    f"WHEN '{kind}' THEN {side}"
    for kind, kinds in SIDES.items()
    for side, account in kinds._asdict().items()
    if account is AccountKind.CUSTOMER
)

CORE_TABLES: tuple[Part, ...] = (
    Table(
        "engine_fact",
        """
        name  TEXT PRIMARY KEY,           -- 'key_fingerprint'
        value TEXT NOT NULL
        """,
        is_clustered=True,
    ),
    Table(
        "shop",
        """
        id      IDENTITY,
        shop_id TEXT NOT NULL UNIQUE
        """,
    ),
    Table(
        "till",
        """
        id      IDENTITY,
        till_id TEXT NOT NULL,              -- a courier's id on 'delivery', the shop's own on 'online'
        shop    WHOLE NOT NULL REFERENCES shop,
        channel TEXT NOT NULL DEFAULT 'till' CHECK (channel IN ('till', 'online', 'delivery')),
        UNIQUE (till_id, channel)
        """,
    ),
    Table(
        "member",
        """
        id             IDENTITY,
        member_no      TEXT NOT NULL UNIQUE,
        name           TEXT NOT NULL,
        is_frozen      FLAG NOT NULL DEFAULT 0 CHECK (is_frozen IN (0, 1)),
        pin_hash       TEXT,                -- argon2id of an HMAC whose key is not in here
        pin_command_id TEXT,                -- the SetPin that set it
        pin_failures   WHOLE NOT NULL DEFAULT 0 CHECK (pin_failures >= 0),
        is_pin_locked  FLAG NOT NULL DEFAULT 0 CHECK (is_pin_locked IN (0, 1)),
        pin_locks      WHOLE NOT NULL DEFAULT 0 CHECK (pin_locks >= 0),
        pin_locked_until_us WHOLE,        -- NULL in a lock: until it is recovered
        phone          TEXT,                -- E.164
        birthday       TEXT,                -- ISO 8601
        enrolled_at_us WHOLE,
        import_mark    BYTES                 -- of the row they were imported from: the same row enrols nobody again
        """,
    ),
    Table(
        "account",
        f"""
        id                   IDENTITY,
        kind                 TEXT NOT NULL CHECK ({one_of("kind", AccountKind)}),
        asset                TEXT NOT NULL,
        owner                WHOLE NOT NULL,   -- customer, owed: member.id; clearing, settled: shop.id; others: 0
        balance_units        WHOLE CHECK (balance_units >= -overdraft_units),  -- customers' alone; others' is a sum
        overdraft_units      WHOLE NOT NULL DEFAULT 0 CHECK (overdraft_units >= 0),   -- left open by a claw-back
        pin_free_limit_units WHOLE CHECK (pin_free_limit_units >= 0),
        use_day              WHOLE NOT NULL DEFAULT 0,           -- days since 0001-01-01 = 1; the counters are its
        pin_free_count       WHOLE NOT NULL DEFAULT 0,
        pin_free_units       WHOLE NOT NULL DEFAULT 0,
        paid_count           WHOLE NOT NULL DEFAULT 0 CHECK (paid_count >= 0),
        paid_units           WHOLE NOT NULL DEFAULT 0 CHECK (paid_units >= 0),
        next_expiry_us       WHOLE,       -- of its lots with something left; NULL: it has none
        UNIQUE (owner, asset, kind),
        CHECK ((kind = 'customer') = (balance_units IS NOT NULL))
        """,
        fill_percent=70,
    ),
    f"INSERT INTO account (kind, asset, owner, balance_units) VALUES {_SCHEME_ACCOUNTS}",  # noqa: S608 -- our own enums
    Table(
        "payment_code",
        """
        code_key      WHOLE PRIMARY KEY,  -- 63 bits of a keyed hash of the code; the code itself is stored nowhere
        member        WHOLE NOT NULL POINTS AT member,
        state         TEXT NOT NULL CHECK (state IN ('live', 'used')),
        expires_at_us WHOLE NOT NULL
        """,
        fill_percent=85,
    ),
    "CREATE INDEX payment_code_of_member ON payment_code (member)",
    Table(
        "payment",
        f"""
        id                      IDENTITY,
        order_id                TEXT NOT NULL UNIQUE,
        till                    WHOLE NOT NULL POINTS AT till,
        cashier                 TEXT NOT NULL,
        code_key                WHOLE,          -- online: of the member's number; NULL: reversed before it came
        asset                   TEXT NOT NULL,
        units                   WHOLE NOT NULL CHECK (units >= 0),
        account                 WHOLE POINTS AT account,   -- NULL: the code led to nobody
        clearing                WHOLE NOT NULL POINTS AT account,
        state                   TEXT NOT NULL
            CHECK ({one_of("state", _STORED_STATES)}),
        refusal                 TEXT,
        canceled_by             TEXT,
        balance_units           WHOLE,
        challenge_expires_at_us WHOLE,
        pin_free_day            WHOLE,
        opened_at_us            WHOLE NOT NULL,
        at_us                   WHOLE NOT NULL,
        is_split                FLAG NOT NULL DEFAULT 0 CHECK (is_split IN (0, 1)),
        paid_day                WHOLE,
        pay_from                TEXT,             -- assets, with commas between; NULL: the amount's own
        total_asset             TEXT,
        total_units             WHOLE,
        reference               TEXT
        """,
        fill_percent=85,
    ),
    "CREATE INDEX payment_open ON payment (account, challenge_expires_at_us) WHERE state = 'requires_action'",
    Table(
        "transfer",
        f"""
        id            IDENTITY,
        kind          TEXT NOT NULL
            CHECK ({one_of("kind", TransferKind)}),
        debit         WHOLE NOT NULL POINTS AT account,
        credit        WHOLE NOT NULL POINTS AT account,
        units         WHOLE NOT NULL CHECK (units > 0),
        balance_units WHOLE NOT NULL,                              -- the customer's, after it
        payment       WHOLE POINTS AT payment,
        command_id    TEXT,
        reason        TEXT,
        at_us         WHOLE NOT NULL,
        @sqlite chain BYTES NOT NULL CHECK (length(chain) = 32),      -- sha256(chain before || canonical bytes)
        actor         TEXT,                                          -- who put something right by hand
        customer      WHOLE GENERATED ALWAYS AS (                  -- the customer's account among the two
            CASE kind {_CUSTOMERS_SIDE} END
        ) COMPUTED
        """,
    ),
    # SQLite's indexes end with the row's number anyway.
    Only(
        Dialect.SQLITE,
        ("CREATE INDEX transfer_of_customer ON transfer (customer) WHERE customer IS NOT NULL",),
    ),
    Only(
        Dialect.POSTGRES,
        ("CREATE INDEX transfer_of_customer ON transfer (customer, id) WHERE customer IS NOT NULL",),
    ),
    Unchanging("transfer", "a transfer is never edited", "a transfer is never deleted"),
    Table(
        "answer",
        """
        answer_id  TEXT PRIMARY KEY,
        payment    WHOLE NOT NULL REFERENCES payment,
        kind       TEXT NOT NULL,
        tries_left WHOLE,                 -- NULL: it was right
        at_us      WHOLE NOT NULL,
        sealed_key WHOLE                  -- 63 bits of an HMAC of a sealed PIN, by which a replay is known
        """,
        is_clustered=True,
    ),
    "CREATE UNIQUE INDEX answer_sealed ON answer (sealed_key) WHERE sealed_key IS NOT NULL",
    Table(
        "command",
        """
        command_id    TEXT PRIMARY KEY,
        fingerprint   BYTES NOT NULL,        -- sha256 of what was asked, without secrets
        refusal       TEXT,
        balance_units WHOLE,
        nonce         BYTES,                 -- what an issued code was made from, useless without the key
        at_us         WHOLE NOT NULL,
        expires_at_us WHOLE
        """,
    ),
    "CREATE INDEX command_of_code ON command (at_us) WHERE nonce IS NOT NULL",
    # What much points at, from rows that come so fast that a lock on it for each of them would be everybody's.
    Kept(("shop", "till", "member", "account", "payment")),
)
