"""A points server that may be killed, as a process of its own, and comes back in this one on the same port."""

import dataclasses
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from points_engine.bootstrap import open_engine
from points_engine.contract import Secret
from points_engine.http.gatekeeper import Gatekeeper
from pos_client.engine_client.credential import TillCredential
from tests.held_port import HeldPort
from tests.points_engine.engine.counter import Counter
from tests.points_engine.http.running_service import QUICK, RunningService
from tests.points_engine.shop import CHEAP, EVERY_KIND, RIGHT_PIN, TILL, Shop
from tests.waiting import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
LASTING = dataclasses.replace(EVERY_KIND, code_lifetime_seconds=600, challenge_lifetime_seconds=600)
"""A scheme by the system's clock whose codes are good until servers and tills have started and died."""


class MortalService:
    """The server of the shop in `folder`. Between its lives the tests look into its engine themselves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._port = HeldPort()
        self._process: subprocess.Popen[str] | None = None
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        with self._port:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None
            self.stop()

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._port.url

    def start_doomed(self, step: int) -> None:
        """Start one that will kill itself at this durable step, and wait until it listens."""
        arguments = [str(self.folder), str(self._port.number), str(step)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.doomed_service", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert "listening\n" == self._process.stdout.readline()

    def arm(self) -> None:
        """From now on durable steps count."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("arm\n")
        self._process.stdin.flush()
        assert "armed\n" == self._process.stdout.readline()

    def died(self) -> bool:
        """Wait until it has killed itself."""
        assert self._process is not None
        code = self._process.wait(PATIENCE_SECONDS)
        self._process.communicate()
        self._process = None
        return code < 0

    def start(self) -> None:
        """Start one that lives, until `stop`."""
        shop = self._shop()
        gatekeeper = self._running.enter_context(Gatekeeper(shop.engine.gate, LASTING.rates))
        settings = dataclasses.replace(QUICK, port=self._port.number)
        self._running.enter_context(
            RunningService(self.folder, settings, shop=shop, authenticator=gatekeeper)
        )

    def stop(self) -> None:
        """End it in good order, if it runs."""
        self._running.close()

    def _shop(self) -> Shop:
        engine = open_engine(self.folder, LASTING, pin_cost=CHEAP, sweep_every_seconds=None)
        return Shop(self.folder, engine=engine)

    def prepared(self, member_no: str, units: int) -> tuple[Secret, TillCredential]:
        """Before it is started: a member with points and a PIN, who shows a code; and the shop's till, enrolled."""
        with self._shop() as shop:
            shop.member(member_no, units, RIGHT_PIN)
            key = Counter(shop).till_key()
            return Secret(shop.code(member_no)), TillCredential(till_id=TILL, key=key)

    def balance(self, member_no: str) -> int:
        """When it has ended: what a member has. The books must be true."""
        with self._shop() as shop:
            assert [] == shop.engine.verify()
            return shop.balance(member_no)
