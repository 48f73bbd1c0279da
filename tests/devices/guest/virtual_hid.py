"""HID devices made in user space and given to the kernel (`/dev/uhid`): it takes them for real ones.

Source: Documentation/hid/uhid.rst and `linux/uhid.h`.
"""

import os
import struct
import threading
from types import TracebackType
from typing import Self

_EVENT_BYTES = 4380
_BUS_USB = 0x03
_DESTROY, _OPEN, _CLOSE, _OUTPUT, _GET_REPORT, _GET_REPORT_REPLY = 1, 4, 5, 6, 9, 10
_CREATE, _INPUT, _SET_REPORT, _SET_REPORT_REPLY = 11, 12, 13, 14
_DATA_MAX = 4096


class VirtualHid:
    """One device, plugged in from its making to `unplug`. What it is sent is kept in `outputs` and `features`."""

    def __init__(
        self, descriptor: bytes, vendor_id: int, product_id: int, *, name: str = "Virtual", serial: str = "S1"
    ) -> None:
        self._file = os.open("/dev/uhid", os.O_RDWR | os.O_CLOEXEC)
        self._news = threading.Condition()
        self._is_open = False
        self.outputs: list[bytes] = []
        self.features: list[bytes] = []
        create = struct.pack(
            f"<I128s64s64sHHIIII{_DATA_MAX}s",
            _CREATE, name.encode(), b"virtual", serial.encode(), len(descriptor), _BUS_USB, vendor_id, product_id,
            0x0100, 0, descriptor,
        )  # fmt: skip
        os.write(self._file, create)
        threading.Thread(target=self._serve, name=f"uhid {name}", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def send(self, *reports: bytes) -> None:
        """Send input reports; each is queued for whoever has the device open."""
        for report in reports:
            os.write(self._file, struct.pack(f"<IH{len(report)}s", _INPUT, len(report), report))

    def unplug(self) -> None:
        """Pull it out; safe to call again."""
        file, self._file = self._file, -1
        if file >= 0:
            os.write(file, struct.pack("<I", _DESTROY))
            os.close(file)

    def until_open(self) -> None:
        """Wait until somebody reads it."""
        with self._news:
            assert self._news.wait_for(lambda: self._is_open, 20), "nobody opened it"

    def until_told(self, count: int) -> list[bytes]:
        """Wait for so many output reports, and return all."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.outputs) >= count, 20), f"{len(self.outputs)} came"
            return [*self.outputs]

    def _serve(self) -> None:
        while True:
            try:
                event = os.read(self._file, _EVENT_BYTES)
            except OSError:
                return
            if len(event) < 4:
                return
            with self._news:
                self._take(event)
                self._news.notify_all()

    def _take(self, event: bytes) -> None:
        (kind,) = struct.unpack_from("<I", event)
        if kind in (_OPEN, _CLOSE):
            self._is_open = kind == _OPEN
        elif kind == _OUTPUT:
            (size,) = struct.unpack_from("<H", event, 4 + _DATA_MAX)
            self.outputs.append(event[4 : 4 + size])
        elif kind == _GET_REPORT:
            os.write(
                self._file, struct.pack("<III", _GET_REPORT_REPLY, *struct.unpack_from("<I", event, 4), 0)
            )
        elif kind == _SET_REPORT:
            number, _, _, size = struct.unpack_from("<IBBH", event, 4)
            self.features.append(event[12 : 12 + size])
            os.write(self._file, struct.pack("<IIH", _SET_REPORT_REPLY, number, 0))
