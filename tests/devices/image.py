"""The virtual machine's kernel and RAM disk, made of this Debian's own packages and the locked wheels.

Kept in build/devices/ with a stamp: the second call does nothing. Needs apt's lists, `kmod`, and the network once.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.devices import initrd

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "devices"
KERNEL, RAM_DISK, _STAMP = FOLDER / "vmlinuz", FOLDER / "initrd.gz", FOLDER / "stamp"

_GUEST_FILES = Path(__file__).parent / "guest"
_LOCK = ROOT / "locks" / "test.txt"

_PACKAGES = (
    "busybox-static", "libc6", "libgcc-s1", "zlib1g", "libbz2-1.0", "liblzma5", "libexpat1", "libffi8", "libuuid1",
    "libcrypt1", "python3.{minor}-minimal", "libpython3.{minor}-minimal", "libpython3.{minor}-stdlib",
)  # fmt: skip
_RENAMED = ("libssl3t64", "libssl3")
"""Debian 13 and Debian 12."""

_MODULES = (
    "uhid", "uinput", "evdev", "hid-generic", "usbhid", "xhci-pci", "usbserial", "ftdi_sio", "cdc-acm", "dummy_hcd",
    "libcomposite", "usb_f_hid", "usb_f_acm", "virtio_pci", "9pnet_virtio", "9p",
)  # fmt: skip
_WHEELS = (
    "hidapi",
    "evdev-binary",
    "pyserial",
    "msgspec",
    "pytest",
    "pluggy",
    "iniconfig",
    "packaging",
    "pygments",
)
_PLATFORM = "manylinux2014_x86_64"

_LEFT_OUT = ("usr/share", "usr/lib/x86_64-linux-gnu/gconv")
_LEFT_OUT_OF_PYTHON = ("idlelib", "tkinter", "lib2to3", "test", "pydoc_data", "ensurepip", "turtledemo")


class BuildStop(Exception):
    """The machine cannot be made here; the text says why and what to do."""


@dataclass(frozen=True)
class Versions:
    """What this Debian has now: its kernel's package, and the minor version of its Python 3."""

    kernel_package: str
    python_minor: str


def bring() -> None:
    """Make kernel and RAM disk unless they are there and up to date. Raises BuildStop."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise BuildStop("these tests are built of Debian's packages, and there is no apt-get here")
    versions = _versions()
    stamp = _fingerprint(versions)
    if _STAMP.is_file() and _STAMP.read_text() == stamp and KERNEL.is_file() and RAM_DISK.is_file():
        return
    sys.stderr.write(f"making a virtual machine of {versions.kernel_package} in {FOLDER.relative_to(ROOT)}\n")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as work:
        _build(Path(work), versions)
    _STAMP.write_text(stamp)


def _build(work: Path, versions: Versions) -> None:
    root, kernel, packages, wheels = (work / name for name in ("root", "kernel", "packages", "wheels"))
    for folder in (root, kernel, packages, wheels):
        folder.mkdir()
    names = [name.format(minor=versions.python_minor) for name in _PACKAGES]
    renamed = next(name for name in _RENAMED if _run("apt-cache", "show", name, check=False))
    _run("apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", *names, renamed, cwd=packages)
    for package in packages.glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(root))
        package.unlink()
    _run("apt-get", "-o", "APT::Sandbox::User=root", "download", "-qq", versions.kernel_package, cwd=packages)
    (package,) = packages.glob("*.deb")
    _run("dpkg-deb", "-x", str(package), str(kernel))
    _take_modules(kernel, root)
    _take_wheels(wheels, root / "usr" / "lib" / "python3" / "dist-packages", versions.python_minor)
    _finish(root, versions.python_minor)
    (image,) = (kernel / "boot").glob("vmlinuz-*")
    shutil.copy(image, KERNEL)
    initrd.pack(root, RAM_DISK)


def _take_modules(kernel: Path, root: Path) -> None:
    """Copy the drivers that are wanted, and those they need."""
    base = kernel if (kernel / "lib" / "modules").is_dir() else kernel / "usr"
    (release,) = (base / "lib" / "modules").iterdir()
    _run(_system_program("depmod"), "-b", str(base), release.name)
    paths: set[Path] = set()
    for module in _MODULES:
        shown = _run(
            _system_program("modprobe"), "-d", str(base), "-S", release.name, "--show-depends", module
        )
        paths.update(Path(line.split()[1]) for line in shown.splitlines() if line.startswith("insmod "))
    for path in paths:
        target = root / path.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(release / name, root / "lib" / "modules" / release.name / name)
    _run(_system_program("depmod"), "-b", str(root), release.name)


def _take_wheels(folder: Path, packages: Path, python_minor: str) -> None:
    """Unpack the locked wheels for the machine's Python, each checked against its hash."""
    wanted = folder / "wanted.txt"
    wanted.write_text("\n".join(_locked(_WHEELS)))
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--require-hashes", "--only-binary=:all:", f"--python-version=3.{python_minor}", f"--platform={_PLATFORM}",
        f"--dest={folder}", f"--requirement={wanted}",
    ]  # fmt: skip
    _run(*command)
    packages.mkdir(parents=True, exist_ok=True)
    for wheel in folder.glob("*.whl"):
        _run(sys.executable, "-m", "zipfile", "-e", str(wheel), str(packages))


def _locked(names: Iterable[str]) -> Iterator[str]:
    """The lock's own lines for some packages, without their conditions: the machine is what they ask for."""
    text = _LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    for name in names:
        match = re.search(rf"^({re.escape(name)}==\S+)(?: ;[^-]*?)?((?:\s+--hash=\S+)+)", text, re.MULTILINE)
        if match is None:
            raise BuildStop(f"{_LOCK.relative_to(ROOT)} has no {name}")
        yield f"{match[1]} {' '.join(match[2].split())}"


def _finish(root: Path, python_minor: str) -> None:
    """Leave out what no test needs, and put the programs where the kernel and the scripts look for them."""
    left_out = [root / path for path in _LEFT_OUT]
    left_out += [root / "usr" / "lib" / f"python3.{python_minor}" / name for name in _LEFT_OUT_OF_PYTHON]
    for folder in left_out:
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("bin", "sbin", "lib64", "proc", "sys", "dev", "tmp", "run", "till"):
        (root / name).mkdir(exist_ok=True)
    if not (root / "bin" / "busybox").exists():
        shutil.copy(root / "usr" / "bin" / "busybox", root / "bin" / "busybox")
    (root / "bin" / "sh").symlink_to("busybox")
    (root / "usr" / "bin" / "python3").symlink_to(f"python3.{python_minor}")
    loader = next((root / "usr" / "lib").glob("*/ld-linux-x86-64.so.2"), None)
    if loader is not None and not (root / "lib64" / loader.name).exists():
        (root / "lib64" / loader.name).symlink_to(f"/{loader.relative_to(root)}")
    shutil.copy(_GUEST_FILES / "init", root / "init")
    (root / "init").chmod(0o755)


def _versions() -> Versions:
    kernel = re.search(
        r"Depends: (linux-image-\S+)", _run("apt-cache", "depends", "linux-image-amd64", check=False)
    )
    python = re.search(
        r"Depends: python3\.(\d+)-minimal", _run("apt-cache", "depends", "python3-minimal", check=False)
    )
    if kernel is None or python is None:
        raise BuildStop("apt knows no kernel or no Python here; on Debian for x86-64: sudo apt-get update")
    return Versions(kernel[1], python[1])


def _fingerprint(versions: Versions) -> str:
    digest = hashlib.sha256(f"{versions}".encode())
    for path in (Path(__file__), Path(initrd.__file__), _GUEST_FILES / "init", _LOCK):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _system_program(name: str) -> str:
    """A program that may lie where only root's PATH leads."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name


def _run(*command: str, cwd: Path | None = None, check: bool = True) -> str:
    """Run a command and return what it prints. Raises BuildStop with its complaint."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise BuildStop(f"{' '.join(command[:4])} failed:\n{done.stderr.strip()[-2000:]}")
    return done.stdout
