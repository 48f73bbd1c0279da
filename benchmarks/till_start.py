"""From starting the till's process to being ready for a scan, beside a bare window with the same imports."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.harness import Figure, Goal, Limit, interleave, scratch_folder
from pos_client.demo.pty_gun import PtyGun

GOAL = Goal(
    name="till_start",
    what="start of the process -> ready for a scan",
    yardstick="bare PySide6 window + the same imports",
    words="<= 1.5 x",
    limits=(Limit("ratio", "at most", 1.5),),
)

ROUNDS = 7
READY = "ready\n"

TILL = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from pos_client.bootstrap import TillApplication, shop_choices
from pos_client.settings import load_settings
from pos_client.till.events import DeviceLamp

app = QApplication(["points-till"])
settings = load_settings(Path(sys.argv[1]), {})
till = TillApplication(app, settings, shop_choices(settings))

def see(view):
    lamps = [lamp for path, lamp, _ in view.cashier.lamps if path.startswith("serial:")]
    if lamps == [DeviceLamp.READY] and view.cashier.headline.key == "cashier.enter_amount":
        till.cashier.repaint()
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        app.quit()

till.shown.connect(see)
till.start()
app.exec()
till.close()
"""

BARE = """
import sys
from PySide6.QtWidgets import QApplication, QLabel
import pos_client.bootstrap, argon2, filelock, serial

app = QApplication(["bare"])
window = QLabel("ready")
window.resize(1366, 768)
window.show()
window.repaint()
sys.stdout.write("ready\\n")
sys.stdout.flush()
"""
"""The modules a till's opening imports besides its bootstrap's own are imported here too."""


def run() -> Figure:
    """Measure both as whole processes; the till's folder was used before, as it is every morning but the first."""
    with scratch_folder("till_start") as folder, PtyGun() as gun:
        settings = folder / "till.toml"
        settings.write_text(
            f'till_id = "till-1"\nshop_name = "店"\ncashier = "c"\ndevices = ["{gun.path}", "wedge:"]\n'
            f'data_folder = "{folder.as_posix()}"\n',
            encoding="utf-8",
        )
        rounds = interleave(lambda: _ready_ms(TILL, settings), lambda: _ready_ms(BARE, settings), ROUNDS)
    return GOAL.figure(
        value=rounds.value,
        unit="ms",
        yardstick=rounds.yardstick_value,
        note=f"whole processes; {rounds.spread}",
    )


def _ready_ms(program: str, settings: Path) -> float:
    start = time.perf_counter_ns()
    with subprocess.Popen(
        [sys.executable, "-c", program, str(settings)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        took_ms = (time.perf_counter_ns() - start) / 1e6
        if line != READY:
            raise RuntimeError("the process ended before it was ready")
    return took_ms
