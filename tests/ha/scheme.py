"""The scheme that is played under load: one in which nothing but faults stands in a payment's way."""

from pathlib import Path


def write_settings(path: Path, database: str, *, session: str = "") -> Path:
    """Write the engine's settings for its owner alone: `database` is a URL with a password in it.

    With PgBouncer before it, in transaction mode, `session` is the address past that.
    """
    path.touch(mode=0o600)
    path.write_text(
        f'database = "{database}"\n'
        f"database_is_pooled = {str(bool(session)).lower()}\n"
        f'database_listen = "{session}"\n'
        "[limits.points]\n"
        "pin_free_daily_count = 1000000000\n"
        "pin_free_daily_units = 1000000000\n"
        # One caller shows the codes of everybody.
        "[rates]\n"
        "back_office_calls = 0\n"
        "[service]\n"
        "deadline_seconds = 5\n"
        "drain_seconds = 1\n",
        encoding="utf-8",
    )
    return path
