"""Who calls: the port that the service asks about every request of a route which not everybody may call."""

import abc
from collections.abc import Collection

from points_engine.contract import Refused
from points_engine.engine.authentication import Standing
from points_engine.http.incoming import Incoming
from points_engine.wire.callers import Caller
from points_engine.wire.problems import Problem


class Authenticator(abc.ABC):
    """Finds the caller behind a request. Called in the event loop: whatever waits for a database is awaited."""

    @abc.abstractmethod
    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        """The caller whose credential the request carries; else why there is none, or not now (a limit of rate).

        That the caller may take this route is looked at by the service afterwards.
        """

    async def anybody(self, request: Incoming) -> Problem | None:  # noqa: ARG002 -- who limits nothing looks at nothing
        """Why a request of a route that is anybody's is not taken now (a limit of rate); None when it is."""
        return None

    def standing(self, request: Incoming) -> Standing | None:  # noqa: ARG002 -- who ends nothing looks at nothing
        """By what a request was accepted, for `ended` to look at while its answer goes on; None: nothing ends it."""
        return None

    async def ended(self, standings: Collection[Standing]) -> Collection[Standing]:  # noqa: ARG002 -- as above
        """Those that would not be accepted any more, as far as that can be said now."""
        return ()
