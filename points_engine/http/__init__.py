"""The engine over HTTP: what comes in is decoded, carried out by the engine's front door, and encoded again."""
