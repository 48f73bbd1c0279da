"""The back office: `python -m points_engine`, the same as `points-engine`."""

import sys

from points_engine.back_office.command_line import main

if __name__ == "__main__":
    sys.exit(main())
