"""Who may come in over a network: who calls, whether it is theirs, and whether it is too often."""

from points_engine.engine.authentication import Authentication
from points_engine.engine.enrolments import Enrolments
from points_engine.engine.ownership import Ownership
from points_engine.engine.rate_limits import RateLimits
from points_engine.engine.scheme import Scheme
from points_engine.ports import Clock, Ids, Store


class Gate:
    """What a service asks before it hands a command to the engine; thread-safe."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, scheme: Scheme, enrolments: Enrolments) -> None:
        self.authentication = Authentication(store, clock, ids, scheme, enrolments)
        self.ownership = Ownership(store)
        self.rates = RateLimits(store, clock, ids, scheme.rates)

    def catch_up(self) -> None:
        """Learn what other nodes did: credentials they ended, calls they counted. Raises EngineFault.

        Called on a thread of its own every `credentials_refresh_seconds`.
        """
        self.authentication.refresh()
        self.rates.settle()
