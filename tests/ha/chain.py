"""A whole chain on one machine: a cluster of databases, nodes of the engine behind a balancer, and tills that sell."""

import shutil
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from points_engine.bootstrap import Engine, load_settings, open_engine
from points_engine.signing import Key
from points_engine.wire.callers import CallerKind
from tests.ha.cluster import Cluster
from tests.ha.credentials import key_of
from tests.ha.daemon import wait_until
from tests.ha.database_machine import DatabaseMachine
from tests.ha.line import signed_by
from tests.ha.market import Market, Selling
from tests.ha.nodes import READY_PATH, EngineNode
from tests.ha.scheme import write_settings

TILLS = 50
PAUSE_SECONDS = 0.4
"""Between a till's customers, half to one and a half times as long: about 100 charges a second altogether."""
SETTLE_SECONDS = 90.0
_WHOLE_SECONDS = 120
_ASK_SECONDS = 1


class Chain:
    """Starts everything in `folder`, and stops it; a context manager. `say` is told what happens, a sentence each."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.say = say
        self.cluster = Cluster(folder, say, health_path=READY_PATH)
        self._folder = folder
        self._stack = ExitStack()
        self.nodes: list[EngineNode] = []
        self._market: Market | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.cluster)
            settings = write_settings(
                self._folder / "settings.toml", self.cluster.database_url, session=self.cluster.session_url
            )
            office = self._folder / "office"
            engine: Engine = open_engine(
                office, load_settings(office, settings).settings, sweep_every_seconds=None
            )
            stack.callback(engine.close)
            for host in self.cluster.node_hosts:
                folder = self._folder / host.name
                folder.mkdir()
                shutil.copy(office / "points.key", folder)
                node = EngineNode(host, folder, settings, is_ready)
                self.nodes.append(node)
                stack.callback(node.stop)
                node.start()
            for node in self.nodes:
                node.wait_until_ready()
            self._market = self._open_market(engine)
            wait_until(
                "the balancer leads to the nodes",
                lambda: is_ready(self.cluster.engine_address),
                _WHOLE_SECONDS,
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def _open_market(self, engine: Engine) -> Market:
        self.say(f"{len(self.nodes)} nodes serve; {TILLS} tills are enrolled")
        phones = signed_by(key_of(engine, CallerKind.BACK_OFFICE, "phones"))
        keys: dict[str, Key] = {}
        market = Market(
            engine, [self.cluster.engine_address], TILLS, lambda till_id: signed_by(keys[till_id]), phones
        )
        market.open()
        keys.update({till_id: key_of(engine, CallerKind.TILL, till_id) for till_id in market.till_ids})
        return market

    def selling(self) -> Selling:
        """All tills, ready to sell."""
        assert self._market is not None, "enter it first"
        return Selling(self._market, pause_seconds=PAUSE_SECONDS, settle_seconds=SETTLE_SECONDS)

    def primary(self) -> DatabaseMachine:
        """The machine that leads now."""
        name = self.cluster.primary_name()
        assert name is not None, "no primary"
        return self.cluster.machine(name)

    def wait_until_whole(self) -> None:
        """Wait until every machine and every node takes part again; raises NotReady."""
        for node in self.nodes:
            node.wait_until_ready()
        wait_until("every database machine takes part", self.cluster.is_whole, _WHOLE_SECONDS)
        wait_until("the way to the primary", self.cluster.answers, _WHOLE_SECONDS)


def is_ready(address: str) -> bool:
    """Whether whoever is at "host:port" takes work."""
    try:
        with urllib.request.urlopen(f"http://{address}{READY_PATH}", timeout=_ASK_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
