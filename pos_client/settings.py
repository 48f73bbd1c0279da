"""What a shop sets up at a till: a TOML file, over it the environment, checked when it is read and when written."""

import os
import re
import tempfile
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import platformdirs
from msgspec import Meta

from drivers.errors import PathInvalid
from drivers.registry import parse_path, public_path
from points_engine.amounts import MAX_UNITS, Exchange
from pos_client.till.state import Rules

APPLICATION = "points-till"
PREFIX = "POINTS_TILL_"
KEYPAD_KIND = "keypad"
"""The kind of device that belongs to `keypads`; all others are `devices`."""

Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Word = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^[A-Za-z0-9_-]+$")]
Positive = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Seconds = Annotated[float, Meta(ge=0.1, le=600)]


THIS_COMPUTER = ("localhost", "127.0.0.1", "[::1]")
"""Hosts to which nothing leaves this computer."""

_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?")


class SettingsInvalid(ValueError):
    """A setting that cannot be: names its key, what is allowed, and where it was written."""


class ExchangeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many points are worth so many minor money units (fen, cents)."""

    points: Positive = 100
    money_minor: Positive = 100


class RemoteSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the engine is when it is a service: the base URLs of its nodes; none, and it is in the till's own process.

    `ca_file` or `fingerprint` (SHA-256 of the server's certificate) say whom to believe; without either, the system's
    CAs. `connect_seconds` is for one connection, `answer_seconds` for a whole command with all its attempts.
    `code_prefix` and `zone` are the scheme's, as the server is set up.
    """

    urls: tuple[str, ...] = ()
    ca_file: str = ""
    fingerprint: Annotated[str, Meta(pattern=r"^((?i:sha256):)?([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$|^$")] = (
        ""
    )
    connect_seconds: Seconds = 1.5
    answer_seconds: Seconds = 4.0
    code_prefix: Annotated[str, Meta(pattern=r"^[0-9]{2}$")] = "84"
    zone: str = "Asia/Shanghai"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A till's settings. `devices` and `keypads` (the customer's) are paths as the drivers read them.

    `data_folder` holds the journal, and the ledger or the till's credential.
    """

    till_id: Word
    shop_name: Name
    cashier: Name
    devices: tuple[str, ...] = ("wedge:",)
    keypads: tuple[str, ...] = ()
    language: Literal["zh_CN", "en"] = "zh_CN"
    data_folder: str = ""
    exchange: ExchangeSettings = ExchangeSettings()
    engine: RemoteSettings = RemoteSettings()
    max_units: Annotated[int, Meta(ge=1, le=MAX_UNITS)] = 1_000_000
    reply_due_seconds: Seconds = 5.0

    @property
    def data_path(self) -> Path:
        """Where the till keeps its files: the folder that was set, or the user's own for this program."""
        if self.data_folder:
            return Path(self.data_folder).expanduser()
        return platformdirs.user_data_path(APPLICATION, appauthor=False)

    def rules(self, is_payment_code: Callable[[str], bool]) -> Rules:
        """The settings as the session uses them."""
        return Rules(
            till_id=self.till_id,
            shop_name=self.shop_name,
            cashier=self.cashier,
            is_payment_code=is_payment_code,
            exchange=Exchange(self.exchange.points, self.exchange.money_minor),
            max_units=self.max_units,
            reply_due_seconds=self.reply_due_seconds,
        )


TABLES = {"exchange": ExchangeSettings.__struct_fields__, "engine": RemoteSettings.__struct_fields__}
"""The settings that are tables, with their keys."""

LISTS = ("devices", "keypads", "urls")
"""The settings that are lists: in the environment, with commas."""


def settings_path() -> Path:
    """Where the settings are looked for when nobody says otherwise."""
    return platformdirs.user_config_path(APPLICATION, appauthor=False) / "till.toml"


def load_settings(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of a till.

    `path` must exist when it is given; else the file at `settings_path()` is read if there is one. A variable
    POINTS_TILL_<KEY> goes before the file: POINTS_TILL_DEVICES is a list with commas, a key of a table has
    both names, such as POINTS_TILL_EXCHANGE_POINTS. Raises SettingsInvalid.
    """
    written = _from_file(path)
    from_environment = _from_environment(environment)
    for key, value in from_environment.items():
        if isinstance(value, dict) and isinstance(written.get(key), dict):
            written[key] = {**written[key], **value}
        else:
            written[key] = value
    source = str(path or settings_path())
    if from_environment:
        source += f" or the environment ({PREFIX}...)"
    try:
        # Not strict: numbers arrive from the environment as texts.
        settings = msgspec.convert(written, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(_told(str(error), source)) from None
    _check_paths(settings.devices, settings.keypads, source)
    _check_engine(settings.engine, source)
    return settings


def save_devices(
    place: Path, devices: Sequence[str], keypads: Sequence[str], environment: Mapping[str, str] = os.environ
) -> None:
    """Write the devices into the settings at `place`; all but these two lists, comments too, stays as it is.

    The file is whole at every moment: the new one takes the old one's place when it is on the disk. Raises
    SettingsInvalid, and then nothing was written.
    """
    for key, paths in (("devices", devices), ("keypads", keypads)):
        variable = PREFIX + key.upper()
        if variable in environment and tuple(paths) != tuple(_listed(environment[variable])):
            raise SettingsInvalid(f"{variable} is set in the environment, and goes before {place}")
    _check_paths(devices, keypads, str(place))
    target = place.resolve()  # a link stays a link
    try:
        old = target.read_text(encoding="utf-8") if target.exists() else ""
        new = _with_devices(old, devices, keypads)
        _check_written(old, new, devices, keypads)
        _replace(target, new)
    except (OSError, ValueError) as error:  # TOML's errors and Unicode's are ValueErrors
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SettingsInvalid(f"the settings at {place} cannot be written: {reason}") from None


def _with_devices(text: str, devices: Sequence[str], keypads: Sequence[str]) -> str:
    import tomlkit  # noqa: PLC0415  # 60 ms that a till which is set up needs not pay

    document = tomlkit.parse(text)
    document["devices"] = list(devices)
    if keypads or "keypads" in document:
        document["keypads"] = list(keypads)
    return tomlkit.dumps(document)


def _check_written(old: str, new: str, devices: Sequence[str], keypads: Sequence[str]) -> None:
    """ValueError when the new text says anything else than the old one with these devices."""
    expected = {"keypads": [], **tomllib.loads(old), "devices": [*devices]} | {"keypads": [*keypads]}
    if expected != {"keypads": [], **tomllib.loads(new)}:
        raise ValueError("the file is written in a way that cannot be kept; write the devices by hand")


def _replace(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    written = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)


def _check_paths(devices: Sequence[str], keypads: Sequence[str], source: str) -> None:
    for key, paths in (("devices", devices), ("keypads", keypads)):
        for path in paths:
            try:
                parse_path(path)
            except PathInvalid as error:
                raise SettingsInvalid(f"{key}: {error} Look in {source}.") from None
            if (key == "keypads") != (path.partition(":")[0] == KEYPAD_KIND):
                right = "keypads" if key == "devices" else "devices"
                raise SettingsInvalid(f"{key}: {public_path(path)} belongs to {right}. Look in {source}.")


def _check_engine(engine: RemoteSettings, source: str) -> None:
    for url in engine.urls:
        parts = _URL.fullmatch(url)
        if parts is None:
            raise SettingsInvalid(f"engine.urls: each is such as https://points.example:8443, in {source}")
        if parts["scheme"] == "http" and parts["host"] not in THIS_COMPUTER:
            raise SettingsInvalid(
                f"engine.urls: {url} would carry PINs in the clear: https:// is needed but for this computer "
                f"itself, in {source}"
            )
    if engine.ca_file and engine.fingerprint:
        raise SettingsInvalid(f"engine.ca_file or engine.fingerprint, not both, in {source}")
    try:
        ZoneInfo(engine.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsInvalid(
            f"engine.zone: {engine.zone!r} is no time zone such as Asia/Shanghai, in {source}"
        ) from None


def _from_file(path: Path | None) -> dict[str, Any]:
    place = settings_path() if path is None else path
    try:
        return tomllib.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path is None:
            return {}
        raise SettingsInvalid(f"there are no settings at {place}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsInvalid(f"the settings at {place} cannot be read: {error}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX).lower()
        table, _, rest = key.partition("_")
        if rest in TABLES.get(table, ()):
            found.setdefault(table, {})[rest] = _listed(text) if rest in LISTS else text
        elif key in LISTS:
            found[key] = _listed(text)
        elif key in Settings.__struct_fields__ and key not in TABLES:
            found[key] = text
        else:
            raise SettingsInvalid(f"{name} is no setting; there are: {', '.join(_keys())}")
    return found


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _keys() -> list[str]:
    inner = [f"{table}.{key}" for table, keys in TABLES.items() for key in keys]
    return [key for key in Settings.__struct_fields__ if key not in TABLES] + inner


def _told(error: str, source: str) -> str:
    """Msgspec's "Expected ... - at `$.key`" with the key first."""
    what, _, where = error.partition(" - at ")
    key = where.strip("`").removeprefix("$").removeprefix(".")
    missing = re.search(r"missing required field `(\w+)`", what)
    unknown = re.search(r"unknown field `(\w+)`", what)
    if missing:
        return f"{_joined(key, missing[1])} is missing in {source}"
    if unknown:
        return f"{_joined(key, unknown[1])} is no setting; there are: {', '.join(_keys())}. Look in {source}."
    return f"{key}: {what[:1].lower()}{what[1:]}, in {source}"


def _joined(*keys: str) -> str:
    return ".".join(key for key in keys if key)
