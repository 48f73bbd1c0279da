"""What the service counts, for Prometheus. No label holds an id: labels are templates, methods, words and statuses."""

from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from points_engine.contract import Command, Payment, Refused, Reply
from points_engine.http.gathering import GATHERED
from points_engine.wire.problems import Trouble

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64)


class _OfEndpoint(NamedTuple):
    requests: Counter
    seconds: Histogram


class Metrics:
    """The counters of one node, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "points_http_requests", "Requests answered", ["route", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "points_http_request_seconds",
            "From a request's head to its answer",
            ["route", "method"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_flight = Gauge("points_http_requests_in_flight", "Requests under way", registry=self.registry)
        self.streams = Gauge("points_http_streams", "Live streams that are followed", registry=self.registry)
        self._charges = Counter(
            "points_charges",
            "Charges carried out, by the state of the payment, or why there is none",
            ["outcome", "refusal"],
            registry=self.registry,
        )
        self._sizes = Histogram(
            "points_commands_together",
            "Commands that went to the engine together",
            buckets=_SIZES,
            registry=self.registry,
        )
        self._faults = Counter(
            "points_faults",
            "Commands that failed for no fault of the caller",
            ["fault"],
            registry=self.registry,
        )
        self._of_outcome: dict[tuple[str, str], Counter] = {}
        self._of_endpoint: dict[tuple[str, str, int], _OfEndpoint] = {}

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is its template."""
        key = (route, method, status)
        found = self._of_endpoint.get(key)
        if found is None:
            found = self._of_endpoint[key] = _OfEndpoint(
                self._requests.labels(route, method, str(status)), self._seconds.labels(route, method)
            )
        found.requests.inc()
        found.seconds.observe(seconds)

    def went_together(self, count: int) -> None:
        """So many commands went to the engine together."""
        self._sizes.observe(count)

    def outcome(self, command: Command, reply: Reply | Trouble) -> None:
        """What came of a command."""
        if isinstance(reply, Trouble):
            if reply.status >= 500:
                self._faults.labels(reply.code).inc()
        elif isinstance(reply, Payment) and type(command) in GATHERED:
            self._charged(reply.state.value, reply.refused.refusal.code if reply.refused else "")
        elif isinstance(reply, Refused) and type(command) in GATHERED:
            self._charged("refused", reply.refusal.code)

    def _charged(self, outcome: str, refusal: str) -> None:
        found = self._of_outcome.get((outcome, refusal))
        if found is None:
            found = self._of_outcome[outcome, refusal] = self._charges.labels(outcome, refusal)
        found.inc()

    def page(self) -> bytes:
        """All of it, in Prometheus's text format."""
        return generate_latest(self.registry)
