"""A long, bad line between the tills and the balancer: every IP packet waits, and some never arrive.

Kernels without netem have nothing that delays packets, so two TUN interfaces lead through this thread. It is plugged in
by two routes and taken out again without anybody's connection noticing more than the line.
"""

import fcntl
import heapq
import os
import random
import selectors
import struct
import threading
import time
from typing import Self

from tests.ha.network import TILLS_ADDRESS, Host, call

_TUN_SET_INTERFACE = 0x400454CA
_TUN_WITHOUT_HEADER = 0x0001 | 0x1000
_PACKET_BYTES = 65536


def _open_tun(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUN_SET_INTERFACE, struct.pack("16sH22x", name.encode(), _TUN_WITHOUT_HEADER))
    return device


class LongLine:
    """While entered, packets between this process and `host` take `delay_seconds` (and up to half more) each way.

    `loss` is the share of packets that get lost, each direction by itself.
    """

    def __init__(self, host: Host, *, delay_seconds: float, loss: float, seed: int = 1) -> None:
        self._host = host
        self._delay_seconds = delay_seconds
        self._loss = loss
        self._chance = random.Random(seed)
        self._closing = threading.Event()
        self._devices: tuple[int, int] = (-1, -1)
        self._thread = threading.Thread(target=self._carry, name="long line", daemon=True)
        self.carried = self.lost = 0

    def __enter__(self) -> Self:
        self._devices = (_open_tun("line-near"), _open_tun("line-far"))
        call("ip", "link", "set", "line-near", "up")
        call("ip", "link", "set", "line-far", "netns", self._host.name)
        self._host.run("ip", "link", "set", "line-far", "up")
        self._thread.start()
        # Both have their addresses already: only the way between them is another one now.
        self._host.run(
            "ip", "route", "add", f"{TILLS_ADDRESS}/32", "dev", "line-far", "src", self._host.address
        )
        call("ip", "route", "add", f"{self._host.address}/32", "dev", "line-near", "src", TILLS_ADDRESS)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closing.set()
        self._thread.join()
        for device in self._devices:
            os.close(device)  # the interface goes with it, and its route

    def _carry(self) -> None:
        near, far = self._devices
        waiting: list[tuple[float, int, int, bytes]] = []
        number = 0
        with selectors.DefaultSelector() as selector:
            selector.register(near, selectors.EVENT_READ, far)
            selector.register(far, selectors.EVENT_READ, near)
            while not self._closing.is_set():
                pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.05
                for ready, _ in selector.select(min(pause, 0.05)):
                    packet = os.read(ready.fd, _PACKET_BYTES)
                    if self._chance.random() < self._loss:
                        self.lost += 1
                        continue
                    number += 1
                    due = time.monotonic() + self._delay_seconds * self._chance.uniform(1.0, 1.5)
                    heapq.heappush(waiting, (due, number, ready.data, packet))
                while waiting and waiting[0][0] <= time.monotonic():
                    *_, device, packet = heapq.heappop(waiting)
                    os.write(device, packet)
                    self.carried += 1
