"""`settings`: what holds, and where it was written."""

import argparse
from typing import Any

from points_engine.back_office.answers import Answer, Listing, plain
from points_engine.back_office.office import Office


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    verb = verbs.add_parser(
        "settings", parents=[shared], help="the settings that hold, each with where it was written"
    )
    verb.add_argument("--changed", action="store_true", help="only those that were written somewhere")
    verb.set_defaults(run=_settings)


def _settings(office: Office, given: argparse.Namespace) -> Answer:
    rows = [
        {"setting": each.name, "value": plain(each.value), "source": each.source}
        for each in office.loaded.effective()
        if each.source != "default" or not given.changed
    ]
    return Listing("Settings", ("setting", "value", "source"), rows).answer(
        note="" if rows else "Nothing is set: every setting has its default."
    )
