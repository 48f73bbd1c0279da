"""What can be wrong with a device. Every error names its remedy in one sentence; none holds anything scanned.

    DeviceError
    ├── PathInvalid          the path names no kind, no option or no value this program knows
    ├── ProfileInvalid       the description of a model cannot be understood
    ├── DriverMissing        the library for this kind of device is not installed
    ├── DeviceStateError     a step the device's table does not have (a bug of the caller)
    └── DeviceUnavailable    the environment: it may pass, so the device is looked for again
        ├── DeviceAbsent       there is nothing at this address
        ├── DeviceBusy         another program holds it
        ├── DevicePermission   this user may not open it
        ├── DeviceUnusable     it is there but cannot be used as this kind of device
        ├── DeviceChanged      another device is at the address now
        ├── DeviceLost         it was there and stopped answering
        └── PrinterNotReady    a printer says that it cannot print
            ├── PrinterOutOfPaper
            └── PrinterCoverOpen

DriverMissing is looked for again as well: installing the library is enough.
"""

from __future__ import annotations

from typing import ClassVar

from drivers.remedies import Remedy


class DeviceError(Exception):
    """Base of this tree: `kind` is a stable word to translate by, `remedy` one sentence saying what to do."""

    kind: ClassVar[str] = "device_error"

    def __init__(self, what: str, remedy: Remedy) -> None:
        super().__init__(what)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.args[0]}. {self.remedy}"


class PathInvalid(DeviceError):
    """The path of a device cannot be understood."""

    kind = "path_invalid"


class ProfileInvalid(DeviceError):
    """The description of a model of device cannot be understood."""

    kind = "profile_invalid"


class DriverMissing(DeviceError):
    """The library for this kind of device is not installed."""

    kind = "driver_missing"

    def __init__(self, library: str) -> None:
        super().__init__(
            f"The library {library} is not installed",
            Remedy("Install it with: python -m pip install {library}", library=library),
        )


class DeviceStateError(DeviceError):
    """A device was asked for a step that its state does not allow."""

    kind = "device_state"


class DeviceUnavailable(DeviceError):
    """The device cannot be used now; it is looked for again."""

    kind = "device_unavailable"


class DeviceAbsent(DeviceUnavailable):
    """There is nothing at the device's address."""

    kind = "device_absent"

    def __init__(self, address: str) -> None:
        super().__init__(f"There is no device at {address}", Remedy("Plug it in, or choose another device."))


class DeviceBusy(DeviceUnavailable):
    """Another program holds the device; `holder` names it when the system tells."""

    kind = "device_busy"

    def __init__(self, address: str, holder: str | None) -> None:
        who = holder or "another program"
        remedy = (
            Remedy("Close another program, then wait a second.")
            if holder is None
            else Remedy("Close {holder}, then wait a second.", holder=holder)
        )
        super().__init__(f"{address} is in use by {who}", remedy)


class DevicePermission(DeviceUnavailable):
    """This user may not open the device."""

    kind = "device_permission"


class DeviceUnusable(DeviceUnavailable):
    """Something is at the address, but it cannot be used as this kind of device."""

    kind = "device_unusable"


class DeviceChanged(DeviceUnavailable):
    """Another device is at the address now."""

    kind = "device_changed"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"Another device is at {address} now",
            Remedy("Plug the first one in again, or choose the new one among the devices."),
        )


class DeviceLost(DeviceUnavailable):
    """The device was there and stopped answering."""

    kind = "device_lost"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The device at {address} stopped answering", Remedy("Check its cable; it comes back by itself.")
        )


class PrinterNotReady(DeviceUnavailable):
    """A printer answers, and says that it cannot print."""

    kind = "printer_not_ready"

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The printer at {address} cannot print",
            Remedy("Look for a red light on it: clear the paper path, or switch it off and on."),
        )


class PrinterOutOfPaper(PrinterNotReady):
    """The paper of a printer has come to its end."""

    kind = "printer_out_of_paper"

    def __init__(self, address: str) -> None:
        DeviceUnavailable.__init__(
            self,
            f"The printer at {address} has no paper",
            Remedy("Put in a new roll; what waits is printed then."),
        )


class PrinterCoverOpen(PrinterNotReady):
    """The cover of a printer is open."""

    kind = "printer_cover_open"

    def __init__(self, address: str) -> None:
        DeviceUnavailable.__init__(
            self,
            f"The cover of the printer at {address} is open",
            Remedy("Close it; what waits is printed then."),
        )
