"""PostgreSQL's tables of the sealed chain: each transfer's place in it and its link. Part of the first migration.

SQLite has one writer, who writes the link with the transfer. Where many write at once that would be a lock for all of
them, so transfers are sealed after their commit, in batches, by one sealer at a time (`postgres_seal`). From then on
`sealed_transfer` shows them by their place: numbers without a gap, in an order that never changes any more.
"""

from points_engine.adapters.schema_words import Dialect, Only, Part, Unchanging, rendered

SEAL_TABLES: tuple[Part, ...] = (
    Only(
        Dialect.POSTGRES,
        (
            """
            CREATE TABLE transfer_link (
                position bigint PRIMARY KEY CHECK (position > 0),
                transfer bigint NOT NULL UNIQUE,
                chain    bytea NOT NULL CHECK (length(chain) = 32)  -- sha256(chain before || canonical bytes)
            )
            """,
            # The one row is the sealer's lock. Every transfer up to number `swept` is sealed, or will never be there;
            # what `mark` and `mark_xid` are for `postgres_seal` says.
            """
            CREATE TABLE seal (
                id       smallint PRIMARY KEY CHECK (id = 1),
                position bigint NOT NULL,                           -- of the newest link
                chain    bytea NOT NULL CHECK (length(chain) = 32), -- the newest link
                swept    bigint NOT NULL,
                mark     bigint,
                mark_xid bigint
            )
            """,
            "INSERT INTO seal (id, position, chain, swept) VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0)",
            """
            CREATE VIEW sealed_transfer AS
            SELECT l.position AS id, t.kind, t.debit, t.credit, t.units, t.balance_units, t.payment, t.command_id,
                t.reason, t.at_us, t.actor, t.customer, l.chain, t.id AS transfer
            FROM transfer_link l JOIN transfer t ON t.id = l.transfer
            """,
            *rendered(
                Unchanging("transfer_link", "a link is never edited", "a link is never deleted"),
                Dialect.POSTGRES,
            ),
        ),
    ),
)
