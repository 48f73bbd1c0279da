"""The books in PostgreSQL: transfers take their number from a sequence, and their place in the chain later."""

from collections.abc import Iterator, MutableMapping, Sequence
from datetime import datetime

from points_engine.adapters.postgres_connections import Connection
from points_engine.adapters.postgres_locks import LockingBooks
from points_engine.adapters.postgres_seal import SEALED_AT_ONCE, seal_batch, unsealed
from points_engine.adapters.sql_books import transfer_of
from points_engine.adapters.sql_register import Given
from points_engine.amounts import Asset
from points_engine.change_ports import Change
from points_engine.ledger import SIDES, AccountKind, Transfer, TransferKind, chain_after, microseconds
from points_engine.limits import DayUse

_TRANSFER_COLUMNS = "kind, debit, credit, units, balance_units, payment, command_id, reason, at_us, actor"
_ADD_TRANSFER = f"""
    INSERT INTO transfer ({_TRANSFER_COLUMNS})
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""  # noqa: S608 -- our own columns
_SET_BALANCE = """
    UPDATE account SET balance_units = ?1, overdraft_units = least(overdraft_units, greatest(0, -?1)),
    use_day = ?2, pin_free_count = ?3, pin_free_units = ?4, paid_count = ?5, paid_units = ?6
    WHERE id = ?7
"""
DROP_CODES = "DELETE FROM payment_code WHERE expires_at_us + 0 <= ?"
"""As its index has it, which is on this expression."""
_FREE_IDS = "SELECT nextval(pg_get_serial_sequence(?, 'id')) FROM generate_series(1, ?)"
_HEAD = "SELECT position, chain FROM seal WHERE id = 1"

ENDS = MutableMapping[tuple[AccountKind, Asset], int]
"""The ids of the ledger's ends, which never change, as far as they are known."""


class PostgresBooks(LockingBooks):
    """Reads and writes of one transaction. `ends` is shared by all of a store's transactions."""

    def __init__(self, connection: Connection, ends: ENDS, *, writes: bool) -> None:
        super().__init__(connection, writes=writes)
        self._scheme_accounts = ends  # type: ignore[assignment] # a dict to whoever uses it

    def pay_plainly(self, *_charge: object) -> None:
        """Leave it to the rules: what is plain has been paid on the express way."""

    # --- transfers

    def set_balance(self, account_id: int, balance_units: int, use: DayUse) -> None:
        self._check_locked(account_id)
        self.touched.append(Change("", 0, account_id))
        self._execute(_SET_BALANCE, (balance_units, *use, account_id))

    def add_transfer(
        self,
        kind: TransferKind,
        debit_id: int,
        credit_id: int,
        units: int,
        balance_units: int,
        at: datetime,
        *,
        payment_id: int | None = None,
        command_id: str | None = None,
        reason: str | None = None,
        actor: str | None = None,
    ) -> None:
        # The order of an account's numbers is that of its balances only because nobody else takes one meanwhile.
        for side, account_id in zip(SIDES[kind], (debit_id, credit_id), strict=True):
            if side is AccountKind.CUSTOMER:
                self._check_locked(account_id)
        self._execute(
            _ADD_TRANSFER,
            (
                kind, debit_id, credit_id, units, balance_units, payment_id, command_id, reason, microseconds(at),
                actor,
            ),
        )  # fmt: skip

    def _check_locked(self, account_id: int) -> None:
        assert account_id in self._locked_accounts, "an account was changed that nobody had locked"

    def _add_credits(self, given: Sequence[Given], reason: str, at: datetime) -> None:
        issued, at_us = self._issued_accounts(), microseconds(at)
        self._insert_all(
            "transfer",
            _TRANSFER_COLUMNS,
            [
                (
                    str(TransferKind.CREDIT), issued[each.asset], each.account, each.units, each.units, None,
                    f"import-{each.member_no}", reason, at_us, None,
                )
                for each in given
            ],
        )  # fmt: skip

    def _free_ids(self, table: str, count: int) -> Sequence[int]:
        return [row[0] for row in self._execute(_FREE_IDS, (table, count))]

    def use_code(self, code_key: int) -> None:
        used = self._changed(
            "UPDATE payment_code SET state = 'used' WHERE code_key = ? AND state = 'live'", code_key
        )
        assert used == 1, "a code was used that was not live"

    def drop_codes(self, expired_by: datetime) -> int:
        return self._changed(DROP_CODES, microseconds(expired_by))

    # --- the sealed order

    def first_moved_at(self, clearing_ids: Sequence[int]) -> datetime | None:
        self._seal()
        return super().first_moved_at(clearing_ids)

    def last_transfer_before(self, after_transfer: int, end: datetime) -> int:
        self._seal()
        return super().last_transfer_before(after_transfer, end)

    def _seal(self) -> None:
        """Seal all there is, so that it has its place in a day that is closed now; nobody else seals meanwhile."""
        while self._writes and seal_batch(self._connection.execute) == SEALED_AT_ONCE:
            continue

    def all_transfers(self) -> Iterator[tuple[Transfer, bytes]]:
        yield from super().all_transfers()
        head = self._one(_HEAD)
        assert head is not None
        position, chain = head
        for row in unsealed(self._connection.execute):
            position += 1
            transfer = transfer_of((position, *row[1:]))
            chain = chain_after(chain, transfer)
            yield transfer, chain
