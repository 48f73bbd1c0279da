"""The back office's commands: tills, members, freezing, limits, PINs."""

from collections.abc import Callable
from datetime import datetime

from points_engine import pin_rules
from points_engine.contract import (
    Channel,
    EnrolCourier,
    EnrolMember,
    EnrolTill,
    Refusal,
    Refused,
    Reply,
    SetFrozen,
    SetPin,
    SetPinFreeLimit,
)
from points_engine.engine.command_log import AdministrativeCommand, Outcome, once, reply_of
from points_engine.engine.scheme import Scheme
from points_engine.pin_rules import is_pin
from points_engine.ports import Books, Clock, Ids, PinHasher, Store
from points_engine.proof_ports import CredentialRow


class Members:
    """Carries out the commands about tills and members; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, hasher: PinHasher, scheme: Scheme) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._hasher = hasher
        self._scheme = scheme

    def _run(self, command: AdministrativeCommand, act: Callable[[Books, datetime], Outcome]) -> Reply:
        def work(books: Books) -> Reply:
            now = self._clock.now()
            row = once(books, command, now, lambda: act(books, now))
            return reply_of(command, row, self._scheme.layout, self._ids)

        return self._store.transact(work)

    def enrol_till(self, command: EnrolTill) -> Reply:
        """Make a till known, or move it to another shop."""

        def act(books: Books, _now: datetime) -> Outcome:
            books.put_till(command.till_id, command.shop_id)
            return Outcome()

        return self._run(command, act)

    def enrol_courier(self, command: EnrolCourier) -> Reply:
        """Make a courier known, or let them collect for another shop."""

        def act(books: Books, _now: datetime) -> Outcome:
            books.put_till(command.courier_id, command.shop_id, Channel.DELIVERY)
            return Outcome()

        return self._run(command, act)

    def enrol_member(self, command: EnrolMember) -> Reply:
        """Make a member known."""

        def act(books: Books, now: datetime) -> Outcome:
            if books.member(command.member_no) is not None:
                return Outcome(refusal=Refusal.MEMBER_EXISTS)
            books.add_member(command.member_no, command.name, command.birthday, now)
            return Outcome()

        return self._run(command, act)

    def set_frozen(self, command: SetFrozen) -> Reply:
        """Freeze or unfreeze a member."""

        def act(books: Books, _now: datetime) -> Outcome:
            member = books.member(command.member_no)
            if member is None:
                return Outcome(refusal=Refusal.MEMBER_UNKNOWN)
            books.set_frozen(member.member, is_frozen=command.frozen)
            return Outcome()

        return self._run(command, act)

    def set_pin_free_limit(self, command: SetPinFreeLimit) -> Reply:
        """The member's own limit; AMOUNT_NOT_ALLOWED above the scheme's ceiling."""

        def act(books: Books, _now: datetime) -> Outcome:
            limits = self._scheme.limits.get(command.asset)
            if limits is None or (command.units or 0) > limits.pin_free_ceiling_units:
                return Outcome(refusal=Refusal.AMOUNT_NOT_ALLOWED)
            member = books.member(command.member_no)
            if member is None:
                return Outcome(refusal=Refusal.MEMBER_UNKNOWN)
            account_id = books.holder_of(member.member, command.asset).account_id
            books.set_pin_free_limit(account_id, command.units)
            return Outcome()

        return self._run(command, act)

    def set_pin(self, command: SetPin) -> Reply:
        """A new PIN. It is hashed before the transaction: a slow hash holds nobody up.

        A PIN that may not be one is refused without a trace, so that the same command may come again with a better one.
        """
        pin = command.pin.reveal()
        may_be = is_pin(pin) and not pin_rules.has_pattern(pin)
        pin_hash = self._hasher.hash(command.member_no, pin) if may_be else None

        def work(books: Books) -> tuple[Reply, CredentialRow | None]:
            now = self._clock.now()
            member = books.credential(command.member_no, self._scheme.pin_tries)
            refusal = pin_rules.refusal_of(pin, member.birthday, member.phone_number) if member else None
            if refusal is not None and books.command(command.command_id) is None:
                return Refused(refusal=refusal), None

            def act() -> Outcome:
                if member is None or pin_hash is None:
                    return Outcome(refusal=Refusal.MEMBER_UNKNOWN)
                books.set_pin(member.member, pin_hash, command.command_id)
                return Outcome()

            row = once(books, command, now, act)
            return reply_of(command, row, self._scheme.layout, self._ids), member

        reply, before = self._store.transact(work)
        if before is None or before.pin_command_id != command.command_id or before.pin_hash is None:
            return reply
        # A replay: no fingerprint of a PIN is kept, so its own slow hash says whether it is the same one.
        same = is_pin(pin) and self._hasher.verify(command.member_no, pin, before.pin_hash)
        return reply if same else Refused(refusal=Refusal.ORDER_MISMATCH)
