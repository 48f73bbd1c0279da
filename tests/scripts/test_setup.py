"""``scripts/setup`` makes a checkout ready, or names what is missing and what to do; called again it does nothing.

Each test runs the real script in a small checkout of its own, whose path has a space in it, with a real environment
and a real pip; the one package its lock names comes from a wheel made here, so no network is needed.
"""

import ast
import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.architecture.project_files import ROOT

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="the fake packagers here are shell scripts"),
    pytest.mark.timeout(
        600
    ),  # a real environment and a real pip take a machine that does much else a minute each
]

# The Python outside any environment: what a newcomer starts setup with.
BARE_PYTHON = str(Path(sys.executable).resolve())

NEVER_THERE = "lib:libnobody-has-this.so.9"


def make_wheel(folder: Path, version: str) -> str:
    """Write a wheel of an empty package ``till_bell`` and return its hash."""
    files = {
        "till_bell.py": "",
        f"till_bell-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: till-bell\nVersion: {version}\n",
        f"till_bell-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
        for name, text in files.items()
    ]
    record = f"till_bell-{version}.dist-info/RECORD"
    path = folder / f"till_bell-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, record: "\n".join([*records, f"{record},,", ""])}.items():
            wheel.writestr(name, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Checkout:
    """A small checkout with the real setup script, its own lock and its own list of system packages."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("scripts", "locks", "bin", "wheels"):
            (self.root / name).mkdir(parents=True)
        shutil.copy(ROOT / "scripts" / "setup", self.root / "scripts" / "setup")
        self.system_packages("")
        self.lock("1.0")
        self.environment = {
            # The commands found first are the ones a test puts into bin.
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.root),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": (self.root / "wheels").as_uri(),
        }

    def lock(self, version: str, digest: str | None = None) -> None:
        """Let the locks name one version of the one package."""
        there = make_wheel(self.root / "wheels", version)
        text = f"till-bell=={version} \\\n    --hash=sha256:{digest or there}\n"
        for group in ("run", "test"):
            (self.root / "locks" / f"{group}.txt").write_text(text)

    def system_packages(self, lines: str) -> None:
        """Write the list of what the system must bring."""
        (self.root / "scripts" / "system-packages.txt").write_text(f"# a remark\n\n{lines}")

    def command(self, name: str, script: str) -> None:
        """Put a shell script on the PATH, in front of the system's own command of that name."""
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def only_own_commands(self) -> None:
        """Hide the system's commands, so that what is on the PATH is the same on every machine."""
        (self.root / "bin" / "env").symlink_to("/usr/bin/env")
        self.environment["PATH"] = str(self.root / "bin")

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run setup as a newcomer does."""
        return subprocess.run(
            [BARE_PYTHON, str(self.root / "scripts" / "setup"), *(arguments or ("run",))],
            env=self.environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )

    def watch_programs(self) -> Path:
        """From now on what setup starts is written into this file, a line each."""
        programs = self.root / "programs"
        (self.root / "watched").mkdir()
        (self.root / "watched" / "sitecustomize.py").write_text(
            "import sys\n"
            "def note(event, arguments):\n"
            "    if event == 'subprocess.Popen':\n"
            f"        with open({str(programs)!r}, 'a') as file:\n"
            "            file.write(f'{arguments[1]}\\n')\n"
            "sys.addaudithook(note)\n"
        )
        self.environment["PYTHONPATH"] = str(self.root / "watched")
        return programs

    def installed(self) -> str:
        """Return the version of the one package in the environment."""
        (metadata,) = self.root.glob(".venv/lib/python3.*/site-packages/till_bell-*.dist-info")
        return metadata.name.removeprefix("till_bell-").removesuffix(".dist-info")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A checkout that nobody has set up yet."""
    return Checkout(tmp_path / "a till")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment as setup makes it, with nothing in it yet."""
    made = Checkout(tmp_path_factory.mktemp("made") / "a till")
    (made.root / "locks" / "run.txt").write_text("")
    result = made.setup()
    assert 0 == result.returncode, result.stderr
    (made.root / ".venv" / "setup-run.stamp").unlink()
    return made.root / ".venv"


@pytest.fixture
def furnished(checkout: Checkout, environment: Path) -> Checkout:
    """A checkout that has its environment, which takes the longest to make; all else is to be done."""
    shutil.copytree(environment, checkout.root / ".venv", symlinks=True)
    return checkout


def test_it_sets_up_and_then_rests(checkout: Checkout) -> None:
    """The first call installs the lock, the second needs nothing and does nothing, a new lock is installed again."""
    first = checkout.setup()
    assert (0, "1.0") == (first.returncode, checkout.installed()), first.stderr

    before = {path: path.stat().st_mtime_ns for path in checkout.root.rglob("*.stamp")}
    checkout.environment["PIP_FIND_LINKS"] = "/nowhere"
    programs = checkout.watch_programs()
    second = checkout.setup()
    assert (0, "", "") == (second.returncode, second.stdout, second.stderr)
    assert before == {path: path.stat().st_mtime_ns for path in checkout.root.rglob("*.stamp")}
    assert not programs.exists(), "it rests in a twentieth of a second, for it starts nothing"

    checkout.environment["PIP_FIND_LINKS"] = (checkout.root / "wheels").as_uri()
    checkout.lock("2.0")
    third = checkout.setup()
    assert (0, "2.0") == (third.returncode, checkout.installed()), third.stderr
    assert "pip" in programs.read_text()


def test_a_file_with_another_hash_is_not_installed(furnished: Checkout) -> None:
    """A wheel that is not the locked one stops setup, and the next call tries again instead of resting."""
    furnished.lock("1.0", digest="0" * 64)
    stopped = furnished.setup()
    assert stopped.returncode == 1
    assert "could not be installed" in stopped.stderr
    assert [] == list(furnished.root.glob(".venv/*.stamp"))
    assert furnished.setup().returncode == 1


def test_without_ensurepip_the_pip_outside_fills_the_environment(checkout: Checkout) -> None:
    """On a Debian without python3-venv setup needs nothing more than the pip that is there."""
    (checkout.root / "no_ensurepip").mkdir()
    (checkout.root / "no_ensurepip" / "sitecustomize.py").write_text(
        "import sys\nsys.modules['ensurepip'] = None\n"
    )
    checkout.environment["PYTHONPATH"] = str(checkout.root / "no_ensurepip")
    has_pip = subprocess.run([BARE_PYTHON, "-m", "pip", "--version"], capture_output=True, check=False)
    if has_pip.returncode != 0:
        pytest.skip("the Python outside the environment has no pip here")
    result = checkout.setup()
    assert (0, "1.0") == (result.returncode, checkout.installed()), result.stderr
    assert [] == list(checkout.root.glob(".venv/lib/python3.*/site-packages/pip"))


def test_a_missing_library_stops_with_its_remedy(checkout: Checkout) -> None:
    """What is missing is named with its Debian package, what it is for and the command; nothing has been made."""
    checkout.system_packages(f"run | needed | libnobody9 | {NEVER_THERE} | keeping nobody company\n")
    checkout.only_own_commands()
    checkout.command("apt-get", "exit 100")
    stopped = checkout.setup()
    assert stopped.returncode == 1
    assert "libnobody-has-this.so.9 [libnobody9]: keeping nobody company" in stopped.stderr
    assert "sudo apt-get install --no-install-recommends libnobody9" in stopped.stderr
    assert not (checkout.root / ".venv").exists()


@pytest.mark.parametrize(
    ("packager", "command"),
    [
        ("dnf", "sudo dnf install 'libnobody-has-this.so.9()(64bit)' gizmo"),
        ("zypper", "sudo zypper install 'libnobody-has-this.so.9()(64bit)' gizmo"),
        ("unheard-of", "install the packages of this system that hold them"),
    ],
)
def test_other_systems_are_told_in_their_own_words(checkout: Checkout, packager: str, command: str) -> None:
    """Where there is no apt, the remedy is the command of the packager that is there, or the names alone."""
    checkout.system_packages(
        f"run | needed | libnobody9 | {NEVER_THERE} | a\nrun | wanted | gizmo | program:gizmo | b\n"
    )
    checkout.only_own_commands()
    checkout.command(packager, "exit 1")
    stopped = checkout.setup()
    assert stopped.returncode == 1
    assert command in stopped.stderr


def test_apt_brings_what_is_missing(furnished: Checkout) -> None:
    """Where apt may, it installs all that is missing in one call, after an update when the lists are empty."""
    furnished.system_packages(
        "run  | needed | gizmo   | program:gizmo   | a\n"
        "run  | wanted | widget  | program:widget  | b\n"
        "test | wanted | tool    | program:tool    | for tests alone\n"
    )
    here = furnished.root / "bin"
    furnished.command("sudo", 'shift; exec "$@"')  # who runs the tests need not be root
    furnished.command(
        "apt-get",
        f"""echo "$@" >> '{here}/log'
case "$*" in
  update*) touch '{here}/updated';;
  *) test -e '{here}/updated' || exit 100
     for name in gizmo widget; do printf '#!/bin/sh\\n' > '{here}'/$name; chmod +x '{here}'/$name; done;;
esac""",
    )
    result = furnished.setup()
    assert result.returncode == 0, result.stderr
    install = "install -y -qq --no-install-recommends gizmo widget"
    assert [install, "update -qq", install] == (here / "log").read_text().splitlines()


def test_a_larger_group_sets_up_the_smaller_one(furnished: Checkout) -> None:
    """After ``test``, ``run`` has nothing left to do, even where something that only tests want is missing."""
    furnished.system_packages(
        "run | wanted | sh | program:sh | a\ntest | wanted | gizmo | program:gizmo | b\n"
    )
    furnished.command("sudo", "exit 1")
    furnished.command("apt-get", "exit 100")
    assert 0 == furnished.setup("test").returncode
    assert (0, "") == ((found := furnished.setup("run")).returncode, found.stderr)
    assert "gizmo" in furnished.setup("test").stderr


def test_what_is_only_wanted_does_not_stop(furnished: Checkout) -> None:
    """Setup goes on without it, says so each time, and is content as soon as it is there."""
    furnished.system_packages("run | wanted | gizmo | program:gizmo | pressing keys\n")
    furnished.command("sudo", "exit 1")
    furnished.command("apt-get", "exit 100")
    for _ in range(2):
        result = furnished.setup()
        assert result.returncode == 0, result.stderr
        assert "gizmo [gizmo]: pressing keys" in result.stderr
    furnished.command("gizmo", "exit 0")
    assert (0, "") == ((found := furnished.setup()).returncode, found.stderr)


@pytest.mark.parametrize("arguments", [(), ("everything",), ("run", "test")])
def test_another_group_is_refused(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    """A group nobody knows, or several, get the usage and change nothing."""
    script = str(checkout.root / "scripts" / "setup")
    refused = subprocess.run([BARE_PYTHON, script, *arguments], capture_output=True, text=True, check=False)
    assert (2, "usage: scripts/setup run|test|mutation|build|devices|ha\n") == (
        refused.returncode,
        refused.stderr,
    )
    assert not (checkout.root / ".venv").exists()


def test_an_older_python_can_read_the_sentence_meant_for_it() -> None:
    """The script is written so that a Python that is too old gets as far as being told so."""
    tree = ast.parse((ROOT / "scripts" / "setup").read_text(encoding="utf-8"), feature_version=(3, 8))
    first_statements = [type(statement) for statement in tree.body[:3]]
    assert [ast.Expr, ast.Import, ast.If] == first_statements


def test_the_list_of_system_packages_is_well_formed() -> None:
    """Every line has its five parts, a known group, need and kind of check, and is there once."""
    text = (ROOT / "scripts" / "system-packages.txt").read_text(encoding="utf-8")
    lines = [
        [part.strip() for part in line.split("|")] for line in text.splitlines() if line and line[0] != "#"
    ]
    for group, need, package, check, reason in lines:
        assert group in {"run", "test", "build", "devices", "ha"}
        assert need in {"needed", "wanted"}
        assert check.partition(":")[0] in {"lib", "program", "font"}
        assert package
        assert reason
    assert len(lines) == len({line[2] for line in lines})
