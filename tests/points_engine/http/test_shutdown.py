"""Stopping under load: what was taken is answered, and what was answered is in the books."""

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

from points_engine.contract import Charge, Payment, Query, Refusal, Refused, Secret
from points_engine.service_settings import ServiceSettings
from points_engine.wire.commands import Request, encode_command
from points_engine.wire.replies import decode_reply
from tests.points_engine.http.running_service import TILL, RunningService, credential
from tests.points_engine.shop import points
from tests.waiting import PATIENCE_SECONDS

CALLERS = 8
SETTINGS = ServiceSettings(port=0, drain_seconds=1, finish_seconds=int(PATIENCE_SECONDS))


def requests_of(running: RunningService, caller: int) -> Iterator[tuple[str, Request]]:
    """Charges of a member of this caller's own, one after the other."""
    member = running.shop.member(f"member-{caller}", 1_000_000)
    for number in range(10_000):
        order_id = f"order-{caller}-{number}"
        code = running.shop.code(member)
        command = Charge(
            order_id=order_id, till_id="till-1", cashier="lin", code=Secret(code), amount=points(1)
        )
        yield order_id, encode_command(command, TILL.kind)


class CallerThread(threading.Thread):
    """Charges on one connection until it is closed; `answered` has what came for each order that was sent."""

    def __init__(self, running: RunningService, caller: int, some: threading.Semaphore) -> None:
        super().__init__()
        self.answered: dict[str, int | None] = {}
        self._running, self._caller, self._some = running, caller, some

    def run(self) -> None:
        """Until the other end has no more."""
        connection = http.client.HTTPConnection("127.0.0.1", self._running.port, timeout=PATIENCE_SECONDS)
        for order_id, request in requests_of(self._running, self._caller):
            self.answered[order_id] = None
            try:
                connection.request(
                    request.method, request.path, request.body, {**request.headers, **credential(TILL)}
                )
                response = connection.getresponse()
                payment = decode_reply(response.status, response.read())
                assert isinstance(payment, Payment)
                self.answered[order_id] = response.status
                self._some.release()
                if response.will_close:
                    # Not reconnected: http.client would do so by itself.
                    break
            except (OSError, http.client.HTTPException):
                break
        connection.close()


def test_what_is_taken_is_answered(tmp_path: Path) -> None:
    """Every charge in the books was answered, and every answer is in the books."""
    running = RunningService(tmp_path / "engine", SETTINGS)
    with running:
        some = threading.Semaphore(0)
        callers = [CallerThread(running, number, some) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        for _ in range(CALLERS * 3):
            assert some.acquire(timeout=PATIENCE_SECONDS)
        running.stop()
        for caller in callers:
            caller.join(PATIENCE_SECONDS)
        assert not [caller for caller in callers if caller.is_alive()]
        answered = {order: status for caller in callers for order, status in caller.answered.items()}
        stood = {order: running.shop.ask(Query(order_id=order)) for order in answered}
    lost = Refused(refusal=Refusal.ORDER_UNKNOWN)
    assert {order for order, status in answered.items() if status is None} == {
        order for order, reply in stood.items() if reply == lost
    }
    assert len(answered) > CALLERS * 3
