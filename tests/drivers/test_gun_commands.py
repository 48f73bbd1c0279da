"""What guns can be told, by their descriptors and by their makers."""

import pytest

from drivers.gun_commands import GunCommands, commands_of
from drivers.report_descriptor import parse
from tests.drivers.hid_pos_gun import EMULATOR_DESCRIPTOR, HONEYWELL, ZEBRA, HidPosGun

NOTHING = GunCommands()


def serial(command: str) -> bytes:
    """A serial command in Honeywell's report for them."""
    return bytes.fromhex(command).ljust(64, b"\0")


BY_SERIAL = GunCommands(
    accept=(serial("fd0316070d"),),
    reject=(serial("fd0316070d"), serial("fd0316070d")),
    trigger_on=(serial("fd0316540d"),),
    trigger_off=(serial("fd0316550d"),),
)
BY_USAGES = GunCommands((b"\x04\x40",), (b"\x04\x20",), (b"\x04\x04",), (b"\x04\x00",))


def with_outputs(items: str) -> bytes:
    """A gun's descriptor with more items."""
    return HidPosGun(ZEBRA.pieces, after=bytes.fromhex(items)).descriptor


@pytest.mark.parametrize(
    ("descriptor", "vendor_id", "commands"),
    [
        (EMULATOR_DESCRIPTOR, 0x05E0, NOTHING),
        (EMULATOR_DESCRIPTOR, 0x0C2E, NOTHING),
        (None, 0x05E0, NOTHING),
        (None, 0x0C2E, BY_SERIAL),
        (None, 0x0536, BY_SERIAL),
        (HONEYWELL.descriptor, 0x0C2E, BY_USAGES),
        # Its report for serial commands alone, here of eight bytes.
        (
            with_outputs("0666ff 85fd 7508 9507 0922 9102"),
            0x0C2E,
            GunCommands(
                (bytes.fromhex("fd0316070d000000"),),
                (bytes.fromhex("fd0316070d000000"),) * 2,
                (bytes.fromhex("fd0316540d000000"),),
                (bytes.fromhex("fd0316550d000000"),),
            ),
        ),
        # "Not on file" is meant better than "error".
        (with_outputs("058c 8505 7501 9508 0985 0987 9102"), 0x05E0, GunCommands(reject=(b"\x05\x02",))),
        # The same usages as features or inputs are no commands.
        (with_outputs("058c 8505 7501 9508 0985 0987 b102"), 0x05E0, NOTHING),
    ],
)
def test_a_gun_is_told_in_its_own_way(
    descriptor: bytes | None, vendor_id: int, commands: GunCommands
) -> None:
    """One line a gun: its usages first, its maker's commands where it takes them."""
    assert commands == commands_of(None if descriptor is None else parse(descriptor), vendor_id)


def test_reports_without_ids_begin_with_a_zero() -> None:
    """The id comes first, also where there is none: so hidapi wants it."""
    gun = HidPosGun(ZEBRA.pieces, report_id=0, after=bytes.fromhex("058c 7501 9510 0986 9102"))
    assert (b"\x00\x01\x00",) == commands_of(parse(gun.descriptor), 0x05E0).accept
