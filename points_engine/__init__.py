"""The engine: payment codes, limits, PINs and the ledger of a points scheme."""
