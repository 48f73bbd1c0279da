"""The pure till: events in, state and effects out; no IO, no clock, no randomness."""
