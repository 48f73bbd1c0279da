"""`tills`, `couriers`, `merchants`, `operators`, `sign-out`: who calls over the network, by which keys, until when."""

import argparse
import secrets
from typing import Any

from rich.console import Group
from rich.text import Text

from points_engine.back_office.answers import Answer, Listing, refused
from points_engine.back_office.office import Office, carried_out, command_id
from points_engine.calling import (
    CallerKind,
    Credentials,
    Enrol,
    Enrolled,
    EnrolmentCode,
    MakeEnrolmentCode,
    RevokeCaller,
    ShowCredentials,
)
from points_engine.contract import Refusal, Refused, StaffLevel

_PAGE = 500

_CALLED = {
    CallerKind.TILL: "till",
    CallerKind.COURIER: "courier",
    CallerKind.MERCHANT: "order server",
    CallerKind.BACK_OFFICE: "operator",
}


def add_commands(verbs: Any, shared: argparse.ArgumentParser) -> None:
    """Add what this room offers by itself."""
    for word, what, kind, who in (
        ("merchants", "the shops' own order servers", CallerKind.MERCHANT, "SHOP"),
        ("operators", "who works in the back office over the network", CallerKind.BACK_OFFICE, "NAME"),
    ):
        verb = verbs.add_parser(word, help=f"{what}: by which keys they call")
        steps = verb.add_subparsers(dest="step", required=True, metavar="STEP")
        add_steps(steps, shared, kind, who)
        step = steps.add_parser(
            "token",
            parents=[shared],
            help=f"a key for an {_CALLED[kind]} at once: the token it sends, shown this once",
        )
        _add_who(step, kind, who)
        step.set_defaults(run=_token, kind=kind)

    verb = verbs.add_parser(
        "sign-out", parents=[shared], help="end all sessions of a member: a phone was lost, or sold"
    )
    verb.add_argument("member", metavar="MEMBER")
    verb.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
    verb.set_defaults(run=_sign_out)


def add_steps(steps: Any, shared: argparse.ArgumentParser, kind: CallerKind, who: str) -> None:
    """Add to a verb what can be done about the keys of a kind of caller."""
    called = _CALLED[kind]
    step = steps.add_parser(
        "enrol-code",
        parents=[shared],
        help=f"a code that works once and for ten minutes: with it the {called} gets its key, also a further one",
    )
    _add_who(step, kind, who)
    step.add_argument("--id", metavar="ID", help="the same id again shows the same code")
    step.set_defaults(run=_code, kind=kind)
    step = steps.add_parser(
        "keys", parents=[shared], help=f"the keys of every {called}, or of one: since when, until when"
    )
    step.add_argument("caller", metavar=who, nargs="?")
    step.set_defaults(run=_keys, kind=kind)
    step = steps.add_parser(
        "revoke", parents=[shared], help=f"end all keys and codes of one {called} at once"
    )
    step.add_argument("caller", metavar=who)
    step.add_argument("--id", metavar="ID", help="the same id again does nothing twice")
    step.set_defaults(run=_revoke, kind=kind)


def _add_who(step: argparse.ArgumentParser, kind: CallerKind, who: str) -> None:
    step.add_argument("caller", metavar=who)
    if kind is CallerKind.BACK_OFFICE:
        levels = [str(level) for level in StaffLevel]
        step.add_argument("--level", choices=levels, required=True, help="what the operator may decide")


def _make(given: argparse.Namespace, fresh: str) -> MakeEnrolmentCode:
    level = getattr(given, "level", None)
    return MakeEnrolmentCode(
        command_id=fresh, kind=given.kind, caller_id=given.caller, level=StaffLevel(level) if level else None
    )


def _told(given: argparse.Namespace) -> str:
    return f"{_CALLED[given.kind].capitalize()} {given.caller}"


def _code(office: Office, given: argparse.Namespace) -> Answer:
    reply = office.ask(_make(given, command_id(given.id)), _told(given))
    assert isinstance(reply, EnrolmentCode)
    code = reply.code.reveal()
    until = reply.expires_at.astimezone(office.zone)
    shown = Group(
        Text(code, style="bold"),
        Text(f"{_told(given)} enrols with it once, until {until:%H:%M:%S}."),
    )
    return Answer({"code": code, "expires_at": reply.expires_at.isoformat()}, shown)


def _token(office: Office, given: argparse.Namespace) -> Answer:
    with office.engine() as engine:
        made = carried_out(engine, _make(given, command_id(None)), _told(given))
        assert isinstance(made, EnrolmentCode)
        enrolled = carried_out(engine, Enrol(request_id=secrets.token_hex(16), code=made.code), _told(given))
    assert isinstance(enrolled, Enrolled)
    token = f"{enrolled.key_id}.{enrolled.secret.reveal()}"
    shown = Group(
        Text(token, style="bold", overflow="fold"),
        Text(
            "Sent as `Authorization: Bearer …`, over TLS alone. Keep it like a key: it is stored nowhere and not shown "
            "again."
        ),
    )
    return Answer({"token": token, "key_id": enrolled.key_id}, shown)


def _keys(office: Office, given: argparse.Namespace) -> Answer:
    rows: list[dict[str, Any]] = []
    with office.engine() as engine:
        after: int | None = None
        while True:
            command = ShowCredentials(kind=given.kind, caller_id=given.caller, after=after, most=_PAGE)
            page = carried_out(engine, command, "Keys")
            assert isinstance(page, Credentials)
            rows += [
                {
                    "caller_id": each.caller_id, "key_id": each.key_id, "level": each.level,
                    "created_at": each.created_at, "used_at": each.used_at, "ends_at": each.ends_at,
                }
                for each in page.credentials
            ]  # fmt: skip
            after = page.next_after
            if after is None:
                break
    columns = ["caller_id", "key_id", "created_at", "used_at", "ends_at"]
    if given.kind is CallerKind.BACK_OFFICE:
        columns.insert(2, "level")
    return Listing("Keys", columns, rows).answer(note="" if rows else "There are no keys yet.")


def _revoke(office: Office, given: argparse.Namespace) -> Answer:
    command = RevokeCaller(command_id=command_id(given.id), kind=given.kind, caller_id=given.caller)
    office.ask(command, _told(given))
    seconds = office.settings.callers.credentials_refresh_seconds
    return Answer(
        {"caller_id": given.caller},
        Text(f"{_told(given)} has no key any more; every node knows it within {seconds} s."),
    )


def _sign_out(office: Office, given: argparse.Namespace) -> Answer:
    command = RevokeCaller(command_id=command_id(given.id), kind=CallerKind.CUSTOMER, caller_id=given.member)
    with office.engine() as engine:
        if engine.register.member(given.member) is None:
            raise refused(Refused(refusal=Refusal.MEMBER_UNKNOWN), f"Member {given.member}")
        carried_out(engine, command, f"Member {given.member}")
    return Answer({"member_no": given.member}, Text(f"Member {given.member} is signed out on every phone."))
