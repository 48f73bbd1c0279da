"""The back office at a terminal: `points-engine`."""
