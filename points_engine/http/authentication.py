"""Who calls: the port that the service asks about every request of a route which not everybody may call."""

import abc

from points_engine.contract import Refused
from points_engine.http.incoming import Incoming
from points_engine.wire.callers import Caller
from points_engine.wire.problems import Problem, Trouble, trouble


class Authenticator(abc.ABC):
    """Finds the caller behind a request. Called in the event loop: whatever waits for a database is awaited."""

    @abc.abstractmethod
    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        """The caller whose credential the request carries; else why there is none, or not now (a limit of rate).

        That the caller may take this route is looked at by the service afterwards.
        """


class NobodyKnown(Authenticator):
    """Where nobody can have a credential, nobody has one."""

    async def authenticate(self, request: Incoming) -> Caller | Refused | Problem:
        return trouble(Trouble.NOT_SIGNED_IN, request_id=request.request_id)
