"""The register: who is enrolled, for the back office to read, and members by the thousand for it to bring in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from points_engine import lots
from points_engine.amounts import Asset
from points_engine.contract import Channel, Taker
from points_engine.engine.scheme import Scheme
from points_engine.lots import Terms
from points_engine.ports import Books, Clock, Store
from points_engine.register_ports import MemberRecord, NewMember, Opening, ShopRecord, TakerRecord

OPENING = "opening balance"
"""The reason of the credits that an import makes."""

_PAGE = 1_000


class Imported(NamedTuple):
    """What became of a batch: how many are new, how many were imported before from the same row.

    `clashes` are the numbers of members who are there and were not imported from this row; if there are any, nothing of
    the batch was written.
    """

    added: int
    unchanged: int
    clashes: tuple[str, ...]


class Register:
    """Reads who is registered, and imports members; thread-safe."""

    def __init__(self, store: Store, clock: Clock, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._scheme = scheme

    def shops(self) -> Sequence[ShopRecord]:
        """Every shop. Raises EngineFault, as all of these do."""
        return self._store.look(lambda books: books.shop_records())

    def takers(self, channel: Channel) -> Sequence[TakerRecord]:
        """Every till, or every courier."""
        return self._store.look(lambda books: books.taker_records(channel))

    def member_count(self) -> int:
        """How many members there are."""
        return self._store.look(lambda books: books.member_count())

    def member(self, member_no: str) -> MemberRecord | None:
        """A member by number."""
        return self._store.look(lambda books: books.member_record(member_no))

    def member_page(self, after: int, most: int) -> Sequence[MemberRecord]:
        """The next members after the one with this id (0: from the first), in the order of enrolment."""
        return self._store.look(lambda books: books.member_records(after, most))

    def is_taker_of(self, order_id: str, taker: Taker) -> bool | None:
        """Whether it is this one's own order; None when there is no such order."""

        def look(books: Books) -> bool | None:
            row = books.payment(order_id)
            if row is None:
                return None
            known = books.till(taker.taker_id, row.asset, taker.channel)
            return known is not None and known.till == row.till

        return self._store.look(look)

    def taker_row(self, taker: Taker) -> int | None:
        """Under which number changes name a till or courier (`points_engine.change_ports`); None: not enrolled."""

        def look(books: Books) -> int | None:
            known = books.till(taker.taker_id, Asset.POINTS, taker.channel)
            return None if known is None else known.till

        return self._store.look(look)

    def account_rows(self, member_no: str) -> Mapping[Asset, int] | None:
        """Under which numbers changes name a member's accounts; None: no such member."""

        def look(books: Books) -> Mapping[Asset, int] | None:
            known = books.member(member_no)
            if known is None:
                return None
            return {asset: books.holder_of(known.member, asset).account_id for asset in Asset}

        return self._store.look(look)

    def now(self) -> datetime:
        """The engine's time: the only one that counts."""
        return self._clock.now()

    def members(self) -> Iterator[MemberRecord]:
        """Every member in the order of enrolment; read page by page, so that nobody waits."""
        after = 0
        while page := self._store.look(lambda books: books.member_records(after, _PAGE)):  # noqa: B023 -- run at once
            yield from page
            after = page[-1].id

    def import_members(self, batch: Sequence[NewMember], *, is_dry_run: bool = False) -> Imported:
        """Enrol a batch of members, all of them or none; whoever was imported from the same row is left as they are.

        The caller has seen to it that no number comes twice and every text and amount is one. A dry run writes nothing
        and says what would come of it.
        """
        look_or_write = self._store.look if is_dry_run else self._store.transact

        def work(books: Books) -> Imported:
            known = books.import_marks([new.member_no for new in batch])
            clashes = tuple(
                new.member_no for new in batch if new.member_no in known and known[new.member_no] != new.mark
            )
            fresh = [new for new in batch if new.member_no not in known]
            if not clashes and not is_dry_run:
                now = self._clock.now()
                books.add_members(fresh, self._opening(now), now)
            return Imported(len(fresh), len(batch) - len(fresh) - len(clashes), clashes)

        return look_or_write(work)

    def _opening(self, now: datetime) -> Opening:
        """What is brought in expires as what is credited today does."""
        rules, zone = self._scheme.lots, self._scheme.zone
        expires_at = {}
        for asset, rule in rules.expiry.items():
            last_day = rule.last_day(lots.day_of(now, zone))
            if last_day is not None:
                expires_at[asset] = lots.end_of(last_day, zone)
        return Opening(OPENING, Terms(rules.grace_days, str(zone)), expires_at)
