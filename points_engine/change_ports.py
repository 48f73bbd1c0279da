"""Who is told that something became durable: which order, which account; never what, how much or by whose proof.

Whoever hears of a change reads the state again through the front door. So a change that is told twice, or though
nothing came of it, does no harm; and one that gets lost is caught by whoever looks again after a while.
"""

import abc
from collections.abc import Sequence
from typing import NamedTuple


class Change(NamedTuple):
    """Something became of a payment, or of an account alone.

    `order_id` is empty when it was no payment; `account_id` 0 when no account is known. `taker` is the row of the till,
    courier or order page whose payment went on after they had their answer; 0 where the answer said it all.
    """

    order_id: str
    taker: int
    account_id: int


class Changes(abc.ABC):
    """Hears what the store made durable."""

    @abc.abstractmethod
    def changed(self, changes: Sequence[Change]) -> None:
        """These changes are durable.

        Called by whoever wrote, after the COMMIT and perhaps with the writer's lock held: must be quick, must not call
        the store, and must not raise. Several threads may call it at once.
        """


class NobodyHears(Changes):
    """What becomes of changes where nobody listens."""

    def changed(self, changes: Sequence[Change]) -> None:
        """Drop them."""
