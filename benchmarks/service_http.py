"""What a request costs of the processor: the cheapest route of the service beside a bare answer of the same server."""

import statistics

from benchmarks.harness import Figure, Goal, Limit, interleave_all, scratch_folder
from benchmarks.service_load import write_requests
from benchmarks.service_shop import Node, ServedShop, run_load, started
from points_engine.contract import Query

GOAL = Goal(
    name="service_http",
    what="cpu of a request of the cheapest route, GET /healthz, 32 connections",
    yardstick="a bare ASGI answer under the same server",
    words="<= 3 x",
    limits=(Limit("ratio", "at most", 3.0),),
)

CONNECTIONS = 32
REQUESTS_PER_ROUND = 4_000
SIGNED_PER_ROUND = 1_000
LIVE = b"GET /healthz HTTP/1.1\r\nHost: engine\r\n\r\n"


def run() -> Figure:
    """Load both servers in turn; a signed query, which looks into the books, stands beside them in the note."""
    with scratch_folder("service_http") as folder:
        shop = ServedShop(folder / "engine", 1)
        signed = shop.signed(Query(order_id="till-1-none"))

        def cpu_us(node: Node, request: bytes, count: int) -> float:
            file = folder / "requests"
            write_requests(file, [request] * count)
            before = node.cpu_seconds()
            run_load(node, file, CONNECTIONS, 0)
            return (node.cpu_seconds() - before) / count * 1e6

        with shop.node() as node, started(["benchmarks.service_bare"], folder / "bare.log") as bare:
            rounds = interleave_all(
                {
                    "live": lambda: cpu_us(node, LIVE, REQUESTS_PER_ROUND),
                    "query": lambda: cpu_us(node, signed, SIGNED_PER_ROUND),
                    "bare": lambda: cpu_us(bare, LIVE, REQUESTS_PER_ROUND),
                }
            )
        shop.close()
    value, query, yardstick = (statistics.median(rounds[name]) for name in ("live", "query", "bare"))
    return GOAL.figure(
        value=value,
        unit="us",
        yardstick=yardstick,
        note=f"a signed query of an order {query:.0f} us, {query / yardstick:.1f} x",
    )
