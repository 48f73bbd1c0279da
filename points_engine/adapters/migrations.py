"""The versions of the schema, for both databases: migration n leads from version n-1 to n.

A migration is a tuple of parts (`schema_words`), each of which says the same to SQLite and to PostgreSQL. All of it
happens in one transaction. A released migration is never edited; a change is a new one at the end of `MIGRATIONS`, in
a file of its own:

    THINGS: tuple[Part, ...] = (
        Table("thing", '''
            id    IDENTITY,
            name  TEXT NOT NULL UNIQUE,
            owner WHOLE NOT NULL REFERENCES member
        '''),
        "CREATE INDEX thing_of_owner ON thing (owner)",
        Column("till", "generation WHOLE NOT NULL DEFAULT 0"),
    )

It meets databases with data in them: a column that is added has a default or may be NULL, and whatever reads the whole
of a large table says so in the CHANGELOG. `tests/points_engine/adapters/test_migrations.py` leads filled databases of
every version to the newest one; a new version is added there. The statements that use new tables belong into the shared
`sql_…` rooms, in which both stores' books are at home.
"""

from collections.abc import Sequence

from points_engine.adapters.caller_schema import CALLER_TABLES
from points_engine.adapters.code_schema import CODE_EXPIRY
from points_engine.adapters.core_schema import CORE_TABLES
from points_engine.adapters.express_schema import EXPRESS
from points_engine.adapters.lot_schema import LOT_TABLES
from points_engine.adapters.part_schema import PART_TABLES
from points_engine.adapters.proof_schema import PROOF_TABLES
from points_engine.adapters.refund_schema import REFUND_TABLES
from points_engine.adapters.schema_words import FORBID, Dialect, Only, Part, rendered
from points_engine.adapters.seal_schema import SEAL_TABLES
from points_engine.adapters.settlement_schema import SETTLEMENT_TABLES
from points_engine.adapters.webhook_schema import FAILURES, WEBHOOK_TABLES

Migration = Sequence[str]
"""The statements of one migration, in one dialect."""

_FIRST: tuple[Part, ...] = (
    Only(Dialect.POSTGRES, (FORBID,)),
    *CORE_TABLES,
    *PROOF_TABLES,
    *PART_TABLES,
    *LOT_TABLES,
    *REFUND_TABLES,
    *SETTLEMENT_TABLES,
    *SEAL_TABLES,
)

MIGRATIONS: Sequence[Sequence[Part]] = (_FIRST, EXPRESS, WEBHOOK_TABLES, CALLER_TABLES, FAILURES, CODE_EXPIRY)


def migrations_of(dialect: Dialect) -> Sequence[Migration]:
    """Every migration, as statements of one dialect."""
    return tuple(
        tuple(statement for part in migration for statement in rendered(part, dialect))
        for migration in MIGRATIONS
    )
