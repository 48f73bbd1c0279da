"""Every error of a device has a word to translate by and a remedy to read."""

from collections.abc import Iterator

import pytest

from drivers import errors
from drivers.errors import DeviceError
from drivers.remedies import Remedy

MADE: list[DeviceError] = [
    errors.PathInvalid("'x' names no kind", Remedy("Begin it with one of: sim:.")),
    errors.ProfileInvalid("The profile x cannot be used", Remedy("Correct the file.")),
    errors.DriverMissing("pyserial"),
    errors.DeviceStateError("A device that is closed cannot claim", Remedy("Open a new device.")),
    errors.DeviceUnavailable("It is away", Remedy("Wait a moment.")),
    errors.DeviceAbsent("/dev/ttyACM0"),
    errors.DeviceBusy("/dev/ttyACM0", None),
    errors.DeviceBusy("/dev/ttyACM0", "minicom (process 7)"),
    errors.DevicePermission("This user may not open it", Remedy("Join the group dialout.")),
    errors.DeviceUnusable("It is no port", Remedy("Choose another.")),
    errors.DeviceChanged("/dev/ttyACM0"),
    errors.DeviceLost("/dev/ttyACM0"),
    errors.PrinterNotReady("tcp:10.0.0.9:9100"),
    errors.PrinterOutOfPaper("tcp:10.0.0.9:9100"),
    errors.PrinterCoverOpen("tcp:10.0.0.9:9100"),
]


def tree(root: type[DeviceError]) -> Iterator[type[DeviceError]]:
    """An error and all below it."""
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_names_its_remedy(error: DeviceError) -> None:
    """The remedy is one sentence, and the error's text is what happened and then the remedy."""
    assert error.remedy.endswith((".", "pyserial"))
    assert f"{error.args[0]}. {error.remedy}" == str(error)


def test_each_error_has_a_word_of_its_own() -> None:
    """Errors can be told apart by `kind`, and the docstring's tree names every one."""
    classes = [cls for cls in tree(DeviceError) if not cls.__name__.startswith("_")]
    assert len(classes) == len({cls.kind for cls in classes})
    assert {*classes} == {DeviceError, *(type(error) for error in MADE)}
    for cls in classes:
        assert f"{cls.__name__} " in f"{errors.__doc__} " or f"{cls.__name__}\n" in str(errors.__doc__)
