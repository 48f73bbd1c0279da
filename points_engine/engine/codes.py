"""Payment codes: issuing a fresh one, forgetting old ones."""

from collections.abc import Callable
from datetime import datetime

from points_engine import payment_code
from points_engine.contract import IssueCode, Refusal, Reply
from points_engine.engine.command_log import Outcome, code_text, once, reply_of
from points_engine.engine.scheme import Scheme
from points_engine.payment_code import CodeState
from points_engine.ports import Books, Clock, CodeRow, Ids, Store


class Codes:
    """Carries out IssueCode; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._scheme = scheme

    def issue(self, command: IssueCode) -> Reply:
        """A fresh code; the member's older one is void from now on."""
        return self._store.transact(self.work(command))

    def work(self, command: IssueCode) -> Callable[[Books], Reply]:
        """The issue of a code as work for one transaction."""

        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: self._issue(books, command.member_no, now))
            return reply_of(command, row, self._scheme.layout, self._ids)

        return work

    def _issue(self, books: Books, member_no: str, now: datetime) -> Outcome:
        member = books.member(member_no)
        if member is None:
            return Outcome(refusal=Refusal.MEMBER_UNKNOWN)
        books.void_live_codes(member.member, now)
        nonce, code_key = self._unused(books)
        expires_at = payment_code.expires_at(now, self._scheme.code_lifetime_seconds)
        books.add_code(CodeRow(code_key, member.member, CodeState.LIVE, expires_at))
        return Outcome(nonce=nonce, expires_at=expires_at)

    def _unused(self, books: Books) -> tuple[bytes, int]:
        """A nonce whose code nobody has now: of 10^15 codes one is taken only by a rare chance, but then it matters."""
        while True:
            nonce = self._ids.nonce()
            code_key = self._ids.lookup_key(code_text(nonce, self._scheme.layout, self._ids))
            if not books.has_code(code_key):
                return nonce, code_key

    def sweep(self, books: Books, now: datetime) -> int:
        """Forget codes and replies that are too old to be asked for; says how many codes went."""
        books.drop_code_commands(now - self._scheme.replies_kept_for)
        return books.drop_codes(now - self._scheme.code_kept_for)
