"""How the till reaches an engine: embedded in its own process, later over HTTP."""
