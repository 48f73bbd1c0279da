"""The books for other systems, page by page: what `points-engine export` writes, over HTTP."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from points_engine.amounts import Asset
from points_engine.contract import Channel
from points_engine.engine.exports import Exports
from points_engine.http.answers import Answer, of_trouble, of_value
from points_engine.http.blocking import answered_by
from points_engine.http.endpoints import About, Endpoint, Handler
from points_engine.http.incoming import Incoming
from points_engine.http.pages import PageAsked, page_asked
from points_engine.http.workers import Workers
from points_engine.ledger import TransferKind
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import RequestInvalid
from points_engine.wire.problems import Trouble
from points_engine.wire.routes import PREFIX

SECONDS = 15.0
_MOST_DIGITS = 18
_OFFICE = frozenset({CallerKind.BACK_OFFICE})


class ExportedTransfer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the ledger; lines are in the order of `position`, which never changes."""

    position: int
    kind: TransferKind
    asset: Asset
    units: int
    balance_units: int
    at: datetime
    member_no: str | None = None
    shop_id: str | None = None
    order_id: str | None = None
    taker_id: str | None = None
    channel: Channel | None = None
    command_id: str | None = None
    reason: str | None = None
    actor: str | None = None


class ExportedPayment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A payment as it stands; what becomes of it later is in the transfers."""

    number: int
    order_id: str
    state: str
    asset: Asset
    units: int
    refunded_units: int
    shop_id: str
    taker_id: str
    channel: Channel
    opened_at: datetime
    at: datetime
    refusal: str | None = None
    member_no: str | None = None
    cashier: str = ""
    reference: str = ""


class ExportedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A member's account as it stands."""

    number: int
    member_no: str
    asset: Asset
    balance_units: int
    is_frozen: bool


class ExportedTransfers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of the ledger. Without `next_after` there is nothing newer yet."""

    transfers: tuple[ExportedTransfer, ...]
    next_after: str | None = None


class ExportedPayments(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of payments, in the order of opening, those of the last minute left for later."""

    payments: tuple[ExportedPayment, ...]
    next_after: str | None = None


class ExportedAccounts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of members' accounts."""

    accounts: tuple[ExportedAccount, ...]
    next_after: str | None = None


class ExportLists:
    """Reads pages of the books, on threads, for the back office alone."""

    def __init__(self, exports: Exports, workers: Workers) -> None:
        self._exports = exports
        self._workers = workers

    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them."""
        return tuple(
            Endpoint(
                "GET", f"{PREFIX}/export/{path}", self._on_thread(answer), _OFFICE, about=_about(path, reply)
            )
            for path, answer, reply in (
                ("transfers", self._transfers, ExportedTransfers),
                ("payments", self._payments, ExportedPayments),
                ("accounts", self._accounts, ExportedAccounts),
            )
        )

    def _on_thread(self, answer: Callable[[int, int], Answer]) -> Handler:
        def checked(request: Incoming) -> Answer:
            try:
                asked = page_asked(request.query)
                return answer(_place(asked.after), asked.most)
            except RequestInvalid as error:
                return of_trouble(Trouble.REQUEST_INVALID, request.request_id, error.detail)

        async def handle(request: Incoming, _caller: Caller | None) -> Answer:
            return await answered_by(self._workers, request, lambda: checked(request), seconds=SECONDS)

        return handle

    def _transfers(self, after: int, most: int) -> Answer:
        lines = self._exports.transfer_page(after, most)
        page = tuple(ExportedTransfer(**line._asdict()) for line in lines)
        return of_value(ExportedTransfers(transfers=page, next_after=_next(lines, most, "position")))

    def _payments(self, after: int, most: int) -> Answer:
        lines = self._exports.payment_page(after, most)
        page = tuple(ExportedPayment(**line._asdict()) for line in lines)
        return of_value(ExportedPayments(payments=page, next_after=_next(lines, most, "number")))

    def _accounts(self, after: int, most: int) -> Answer:
        lines = self._exports.account_page(after, most)
        page = tuple(ExportedAccount(**line._asdict()) for line in lines)
        return of_value(ExportedAccounts(accounts=page, next_after=_next(lines, most, "number")))


def _about(path: str, reply: type) -> About:
    return About(
        name=f"Export{path.capitalize()}",
        summary=f"The {path}, page by page, for other systems",
        reply=reply,
        query=PageAsked,
        problems=(Trouble.UNAVAILABLE, Trouble.LATE),
    )


def _next(lines: Sequence[object], most: int, place: str) -> str | None:
    return str(getattr(lines[-1], place)) if len(lines) == most else None


def _place(after: str | None) -> int:
    if after is None:
        return 0
    if not after.isascii() or not after.isdecimal() or len(after) > _MOST_DIGITS:
        raise RequestInvalid("`after` is not the `next_after` of a page")
    return int(after)
