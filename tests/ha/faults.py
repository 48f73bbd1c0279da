"""What may go wrong while tills sell: a row of the fault table each."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.ha.chain import Chain
from tests.ha.long_line import LongLine

Mend = Callable[[], None]
"""What ends a fault."""

LINE_DELAY_SECONDS, LINE_LOSS = 0.08, 0.05
FLUSH_MICROSECONDS = 250_000


@dataclass(frozen=True, slots=True)
class Fault:
    """`strike` makes it and returns what mends it. It lasts `lasts` seconds of the `sells` seconds that tills sell."""

    name: str
    what: str
    strike: Callable[[Chain], Mend]
    lasts: float
    sells: float


def _nothing() -> None:
    """What mends itself."""


def _kill_node(chain: Chain) -> Mend:
    chain.nodes[0].kill()
    return chain.nodes[0].start


def _kill_postgres(chain: Chain) -> Mend:
    chain.primary().kill_postgres()
    return _nothing


def _power_off_primary(chain: Chain) -> Mend:
    machine = chain.primary()
    machine.power_off()
    return machine.start


def _hand_over(chain: Chain) -> Mend:
    standby = next(
        name for name, member in chain.cluster.members().items() if member["role"] == "sync_standby"
    )
    chain.cluster.switch_over(standby)
    return _nothing


def _cut_node(chain: Chain) -> Mend:
    chain.nodes[0].host.cut()
    return chain.nodes[0].host.mend


def _mute_node(chain: Chain) -> Mend:
    node = chain.nodes[0]
    node.host.cut(chain.cluster.balancer_host.address, inbound=False)
    return node.host.mend


def _cut_primary(chain: Chain) -> Mend:
    host = chain.primary().host
    host.cut()
    return host.mend


def _mute_primary(chain: Chain) -> Mend:
    host = chain.primary().host
    host.cut(chain.cluster.balancer_host.address, inbound=False)
    return host.mend


def _long_line(chain: Chain) -> Mend:
    line = LongLine(chain.cluster.balancer_host, delay_seconds=LINE_DELAY_SECONDS, loss=LINE_LOSS)
    line.__enter__()
    return line.__exit__


def _lossy_database(chain: Chain) -> Mend:
    host = chain.primary().host
    host.lose(LINE_LOSS)
    return host.mend


def _fill_disk(chain: Chain) -> Mend:
    machine = chain.primary()
    machine.disk.fill()

    def mend() -> None:
        machine.disk.empty()
        machine.start()

    return mend


def _set_clock(offset: str) -> Callable[[Chain], Mend]:
    def strike(chain: Chain) -> Mend:
        node = chain.nodes[0]
        node.set_clock(offset)
        return lambda: node.set_clock("+0")

    return strike


def _slow_disk(chain: Chain) -> Mend:
    machine = chain.primary()
    machine.slow_down(FLUSH_MICROSECONDS)
    return lambda: machine.slow_down(0)


FAULTS = (
    Fault("node_killed", "kill -9 of one of three nodes; started again", _kill_node, 4, 12),
    Fault("postgres_killed", "kill -9 of PostgreSQL on the primary; Patroni starts it again", _kill_postgres, 0, 18),
    Fault(
        "primary_handed_over", "Patroni is asked to hand the primary over to the synchronous standby", _hand_over, 0, 15
    ),
    Fault(
        "primary_dies",
        "the primary's machine loses its power: PostgreSQL, Patroni, etcd and PgBouncer end at once; back later",
        _power_off_primary, 32, 40,
    ),
    Fault("node_cut", "one node cut off from everything, both ways", _cut_node, 8, 15),
    Fault("node_mute", "one node hears the balancer, and nothing it answers arrives", _mute_node, 8, 15),
    Fault("primary_cut", "the primary's machine cut off from everything, both ways", _cut_primary, 32, 40),
    Fault(
        "primary_mute", "the primary hears the nodes, and nothing it answers arrives: commits without an answer",
        _mute_primary, 8, 18,
    ),
    Fault(
        "long_line",
        f"between tills and balancer a packet takes {LINE_DELAY_SECONDS * 1e3:.0f} ms to half as much again "
        f"each way, and {LINE_LOSS:.0%} are lost",
        _long_line, 12, 18,
    ),
    Fault(
        "lossy_database", f"{LINE_LOSS:.0%} of the packets from and to the primary's machine are lost, each way",
        _lossy_database, 10, 16,
    ),
    Fault("disk_full", "the primary's disk has no byte left; emptied later", _fill_disk, 32, 40),
    Fault("clock_ahead", "one node's clock jumps an hour ahead, and back", _set_clock("+1h"), 8, 14),
    Fault("clock_behind", "one node's clock jumps an hour back, and forth", _set_clock("-1h"), 8, 14),
    Fault(
        "slow_disk", f"every flush of the primary's disk waits {FLUSH_MICROSECONDS / 1e3:.0f} ms more",
        _slow_disk, 10, 15,
    ),
)  # fmt: skip
"""In the order in which they are played. Altogether about seven minutes, with what comes to rest in between."""

QUICK = ("node_killed", "postgres_killed", "primary_handed_over", "primary_dies")
"""What `make ha` shows."""
