"""`webhooks`: which of the merchant's own systems is told, with which secret, and what came of it."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from rich.text import Text

from points_engine import lots
from points_engine.back_office.answers import FAILED, WRONG_USE, Answer, Failed, Listing, in_zone, plain
from points_engine.back_office.ledger_reports import count, day
from points_engine.back_office.office import Office
from points_engine.engine.webhooks import Webhooks
from points_engine.webhook import EndpointInvalid, types_of
from points_engine.webhook_ports import DeliveryState


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers."""
    whole = verbs.add_parser(
        "webhooks", parents=[shared], help="tell the merchant's own systems what happened"
    )
    actions = whole.add_subparsers(dest="action", required=True, metavar="ACTION")

    verb = actions.add_parser("add", parents=[shared], help="tell an address of what happens from now on")
    verb.add_argument("url", metavar="URL", help="e.g. https://shop.example/webhooks")
    verb.add_argument("--types", metavar="TYPES", help="only these event types, with commas between")
    verb.set_defaults(run=_add)

    verb = actions.add_parser("list", parents=[shared], help="every endpoint, and how far it is")
    verb.set_defaults(run=_list)

    for name, run, told in (
        ("remove", _remove, "tell it no more, and forget what waits for it"),
        ("enable", _enable, "try again at once with one that failed, or that said it was gone"),
        ("test", _test, "send it a message that means nothing, and say what it answers"),
    ):
        verb = actions.add_parser(name, parents=[shared], help=told)
        verb.add_argument("endpoint", metavar="ENDPOINT")
        verb.set_defaults(run=run)

    verb = actions.add_parser("rotate", parents=[shared], help="give it a fresh secret; both sign for a day")
    verb.add_argument("endpoint", metavar="ENDPOINT")
    verb.add_argument("--at-once", action="store_true", help="the one before signs no more from now on")
    verb.set_defaults(run=_rotate)

    verb = actions.add_parser("replay", parents=[shared], help="tell it once more what it never took")
    verb.add_argument("endpoint", metavar="ENDPOINT")
    verb.add_argument("--delivered", action="store_true", help="what it took, instead")
    verb.add_argument(
        "--from", dest="since", type=day, metavar="DAY", help="only what happened since that day"
    )
    verb.add_argument("--event", metavar="EVENT", help="only this one")
    verb.set_defaults(run=_replay)

    verb = actions.add_parser("dead", parents=[shared], help="what was tried for the last time")
    verb.add_argument("endpoint", metavar="ENDPOINT", nargs="?")
    verb.add_argument("--most", type=count, default=100, metavar="COUNT", help="how many (100)")
    verb.set_defaults(run=_dead)


@contextmanager
def _desk(office: Office) -> Iterator[Webhooks]:
    with office.engine() as engine:
        try:
            yield engine.webhooks
        except EndpointInvalid as error:
            raise Failed(
                str(error)[0].upper() + str(error)[1:],
                "`points-engine webhooks list` shows those there are.",
                code=WRONG_USE,
                word="endpoint_invalid",
            ) from None


def _add(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        types = types_of(given.types) if given.types else frozenset()
        opened = webhooks.add(given.url, sorted(types))
    return _shown_once(opened.endpoint_id, opened.secret.reveal(), "is told of what happens from now on")


def _rotate(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        secret = webhooks.rotate(given.endpoint, at_once=given.at_once)
    overlap = "alone from now on" if given.at_once else "beside the one before, which ends in a day"
    return _shown_once(given.endpoint, secret.reveal(), f"has a fresh secret, which signs {overlap}")


def _shown_once(endpoint_id: str, secret: str, told: str) -> Answer:
    shown = f"{endpoint_id} {told}. Its secret, shown this once:\n{secret}"
    return Answer({"endpoint_id": endpoint_id, "secret": secret}, Text(shown))


def _list(office: Office, _given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        rows = [plain(each) for each in webhooks.endpoints()]
    columns = ("endpoint_id", "url", "event_types", "is_enabled", "waiting", "delivered", "dead", "problem")
    return Listing("Webhooks", columns, rows).answer()


def _remove(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        webhooks.remove(given.endpoint)
    return Answer({"endpoint_id": given.endpoint}, Text(f"{given.endpoint} is told no more."))


def _enable(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        webhooks.enable(given.endpoint)
    return Answer({"endpoint_id": given.endpoint}, Text(f"{given.endpoint} is tried again."))


def _test(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        told = webhooks.test(given.endpoint)
    if told.problem is not None:
        shown = f"{given.endpoint} did not take the message: {told.problem}."
        return Answer(plain(told), Text(shown), FAILED)
    return Answer(plain(told), Text(f"{given.endpoint} took the message: it answered {told.status}."))


def _replay(office: Office, given: argparse.Namespace) -> Answer:
    state = DeliveryState.DELIVERED if given.delivered else DeliveryState.DEAD
    with _desk(office) as webhooks:
        replayed = webhooks.replay(
            given.endpoint, state=state, since=_start(office, given.since), event_id=given.event
        )
    return Answer({"replayed": replayed}, Text(f"{replayed} events are told to {given.endpoint} once more."))


def _start(office: Office, since: date | None) -> datetime | None:
    return None if since is None else lots.start_of(since, office.zone)


def _dead(office: Office, given: argparse.Namespace) -> Answer:
    with _desk(office) as webhooks:
        names = {each.id: each.endpoint_id for each in webhooks.rows()}
        dead = webhooks.deliveries(given.endpoint, DeliveryState.DEAD, given.most)
    rows = [
        {
            "event_id": each.event.event_id, "event_type": each.event.event_type,
            "endpoint_id": names[each.endpoint], "tries": each.tries, "problem": each.problem,
            "at": in_zone(each.at, office.zone),
        }
        for each in dead
    ]  # fmt: skip
    columns = ("at", "event_type", "event_id", "endpoint_id", "tries", "problem")
    note = "" if rows else "Nothing was given up."
    return Listing("Given up", columns, rows).answer(note=note)
