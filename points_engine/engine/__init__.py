"""The front door: one command, one transaction; one module per family of commands."""
