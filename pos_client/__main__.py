"""The till's command: `python -m pos_client`."""

import argparse
import getpass
import logging
import os
import sys
from pathlib import Path

from pos_client.display import NoDisplay, has_display, need_display

VERSION = "0.1.0"
NO_DISPLAY = 2
"""The exit code where windows cannot be seen."""
NOT_ENROLLED = 1
"""The exit code of an enrolment that came to nothing."""


def main(arguments: list[str] | None = None) -> int:
    """Run the till, or its demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="points-till", description="A till that takes loyalty points.")
    parser.add_argument("--version", action="version", version=f"points-till {VERSION}")
    parser.add_argument("--settings", type=Path, help="the till's settings (TOML)")
    parser.add_argument(
        "--enrol",
        nargs="?",
        const="",
        metavar="CODE",
        help="get this till's credential from its points server, by a code of the back office (asked for without one)",
    )
    parser.add_argument(
        "--demo", action="store_true", help="a demo shop to play with; plays itself without a display"
    )
    parser.add_argument("--play", action="store_true", help="with --demo: let it play itself, display or not")
    parser.add_argument(
        "--pictures", type=Path, default=Path("demo-out"), help="where the self-playing demo paints"
    )
    parser.add_argument("--folder", type=Path, help="with --demo: keep the demo shop in this folder")
    parser.add_argument("--language", choices=("zh_CN", "en"), help="the language to begin with")
    parser.add_argument(
        "--log", default="WARNING", choices=("DEBUG", "INFO", "WARNING", "ERROR"), help="how much to log"
    )
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=chosen.log, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if chosen.enrol is not None:
        return _enrol(chosen)
    try:
        return _demo(chosen) if chosen.demo else _till(chosen)
    except NoDisplay as trouble:
        sys.stderr.write(f"{trouble}\n")
        return NO_DISPLAY


def _demo(chosen: argparse.Namespace) -> int:
    language = chosen.language or "zh_CN"
    if chosen.play or not has_display(sys.platform, os.environ):
        from pos_client.demo import selfplay  # noqa: PLC0415  # Qt's platform is chosen before Qt is loaded

        return selfplay.play(chosen.pictures, language=language)
    from pos_client.demo import byhand  # noqa: PLC0415  # as above

    return byhand.run(chosen.folder, language)


def _enrol(chosen: argparse.Namespace) -> int:
    from points_engine.contract import EngineFault, Secret  # noqa: PLC0415  # --help needs nothing of it
    from pos_client.engine_client.enrolment import EnrolmentFailed  # noqa: PLC0415  # as above
    from pos_client.remote_till import enrol_till  # noqa: PLC0415  # as above
    from pos_client.settings import SettingsInvalid, load_settings  # noqa: PLC0415  # as above

    try:
        settings = load_settings(chosen.settings)
        code = Secret((chosen.enrol or getpass.getpass("Code: ")).strip())
        folder = enrol_till(settings, code)
    except (SettingsInvalid, EnrolmentFailed, EngineFault) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return NOT_ENROLLED
    sys.stdout.write(f"This till is enrolled as {settings.till_id}; its credential is in {folder}\n")
    return 0


def _till(chosen: argparse.Namespace) -> int:
    need_display(sys.platform, os.environ)
    from pos_client.bootstrap import run_till  # noqa: PLC0415  # --version and --help need no Qt

    return run_till(chosen.settings, chosen.language)


if __name__ == "__main__":
    sys.exit(main())
