"""What is searched for six digits of a PIN: all but numbers of the moment, in which any six may stand."""

import re

_NUMBERS = re.compile(
    rb"T\d\d:\d\d:\d\d\.\d{6}|datetime\.datetime\([^)]*\)"  # times
    rb"|(?<!\d)1[34]\d{13}(?!\d)"  # places in memory
    rb"|\d+\.\d{7,}"  # what was measured
    rb"|-[0-9a-f]{16}(?![0-9a-f])"  # keys' names
)


def without_chance(content: bytes) -> bytes:
    """The content without its times to the microsecond, its places in memory, its measurements and names of keys."""
    return _NUMBERS.sub(b"*", content)
