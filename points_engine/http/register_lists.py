"""What the back office reads: shops, tills, couriers and members, page by page, and a shop's bills."""

from collections.abc import Callable
from datetime import date

from points_engine.bill import bill_text
from points_engine.contract import Channel, Refusal, Refused
from points_engine.engine.front_door import Engine
from points_engine.http.answers import Answer, of_reply, of_trouble, of_value
from points_engine.http.blocking import answered_by
from points_engine.http.endpoints import About, Endpoint, Handler
from points_engine.http.incoming import Incoming
from points_engine.http.pages import (
    Courier,
    Couriers,
    Member,
    Members,
    PageAsked,
    Shop,
    Shops,
    Till,
    Tills,
    page_asked,
    page_of,
)
from points_engine.http.workers import Workers
from points_engine.wire.callers import Caller, CallerKind
from points_engine.wire.commands import RequestInvalid
from points_engine.wire.problems import Trouble
from points_engine.wire.routes import PREFIX

SECONDS = 15.0
CSV = b"text/csv; charset=utf-8"

_OFFICE = frozenset({CallerKind.BACK_OFFICE})


_FAULTS = (Trouble.UNAVAILABLE, Trouble.OUTCOME_UNKNOWN, Trouble.LATE)
_BILL = About(
    name="ShowBill",
    summary="A shop's bill of a closed day, as CSV",
    reply=str,
    media_type="text/csv",
    problems=(Refusal.SHOP_UNKNOWN, Refusal.DAY_NOT_SETTLED, *_FAULTS),
)
_MEMBER = About(
    name="ShowMember", summary="A member", reply=Member, problems=(Refusal.MEMBER_UNKNOWN, *_FAULTS)
)


def _list(name: str, what: str, reply: type) -> About:
    return About(
        name=f"List{name}", summary=f"{what}, page by page", reply=reply, query=PageAsked, problems=_FAULTS
    )


class RegisterLists:
    """Reads the register and the bills, on threads."""

    def __init__(self, engine: Engine, workers: Workers) -> None:
        self._engine = engine
        self._workers = workers

    def endpoints(self) -> tuple[Endpoint, ...]:
        """All of them, for the back office alone."""
        return tuple(
            Endpoint("GET", f"{PREFIX}{path}", self._on_thread(answer), _OFFICE, about=about)
            for path, answer, about in (
                ("/shops", self._shops, _list("Shops", "The shops", Shops)),
                ("/shops/{shop_id}/bills/{day}", self._bill, _BILL),
                ("/tills", self._tills, _list("Tills", "The tills", Tills)),
                ("/couriers", self._couriers, _list("Couriers", "The couriers", Couriers)),
                ("/members", self._members, _list("Members", "The members", Members)),
                ("/members/{member_no}", self._member, _MEMBER),
            )
        )

    def _on_thread(self, answer: Callable[[Incoming], Answer]) -> Handler:
        def checked(request: Incoming) -> Answer:
            try:
                return answer(request)
            except RequestInvalid as error:
                return of_trouble(Trouble.REQUEST_INVALID, request.request_id, error.detail)

        async def handle(request: Incoming, _caller: Caller | None) -> Answer:
            return await answered_by(self._workers, request, lambda: checked(request), seconds=SECONDS)

        return handle

    def _shops(self, request: Incoming) -> Answer:
        asked = page_asked(request.query)
        page, after = page_of(self._engine.register.shops(), asked, lambda row: row.shop_id)
        return of_value(Shops(shops=tuple(Shop(**row._asdict()) for row in page), next_after=after))

    def _tills(self, request: Incoming) -> Answer:
        rows = self._engine.register.takers(Channel.TILL)
        page, after = page_of(rows, page_asked(request.query), lambda row: row.taker_id)
        tills = tuple(Till(till_id=row.taker_id, shop_id=row.shop_id) for row in page)
        return of_value(Tills(tills=tills, next_after=after))

    def _couriers(self, request: Incoming) -> Answer:
        rows = self._engine.register.takers(Channel.DELIVERY)
        page, after = page_of(rows, page_asked(request.query), lambda row: row.taker_id)
        couriers = tuple(Courier(courier_id=row.taker_id, shop_id=row.shop_id) for row in page)
        return of_value(Couriers(couriers=couriers, next_after=after))

    def _members(self, request: Incoming) -> Answer:
        asked = page_asked(request.query)
        rows = self._engine.register.member_page(_number(asked), asked.most + 1)
        page, is_last = rows[: asked.most], len(rows) <= asked.most
        after = None if is_last else str(page[-1].id)
        return of_value(Members(members=tuple(Member.of(row) for row in page), next_after=after))

    def _member(self, request: Incoming) -> Answer:
        record = self._engine.register.member(request.values["member_no"])
        if record is None:
            return of_reply(Refused(refusal=Refusal.MEMBER_UNKNOWN), request.request_id)
        return of_value(Member.of(record))

    def _bill(self, request: Incoming) -> Answer:
        try:
            day = date.fromisoformat(request.values["day"])
        except ValueError:
            raise RequestInvalid("`day` must be a day such as 2026-03-02") from None
        bill = self._engine.bill(request.values["shop_id"], day)
        if isinstance(bill, Refused):
            return of_reply(bill, request.request_id)
        return Answer(200, CSV, bill_text(bill).encode())


def _number(asked: PageAsked) -> int:
    if asked.after is None:
        return 0
    if not asked.after.isascii() or not asked.after.isdecimal() or len(asked.after) > 18:
        raise RequestInvalid("`after` is not the `next_after` of a page")
    return int(asked.after)
