"""Where the data files stand that the windows are made of."""

from pathlib import Path


def resources_folder() -> Path:
    """The folder `resources` beside the packages, in a checkout as well as in a packed program."""
    return Path(__file__).resolve().parents[2] / "resources"
