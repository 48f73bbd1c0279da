"""A text that nobody is to see. The contract hands it out."""

import hmac
from typing import Never


class Secret:
    """A text that must never be seen: a PIN, an SMS code, a payment code, a token.

    It compares in constant time, prints as dots, and refuses to be pickled or formatted into a text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the engine's own checks and for showing a code to its owner, nowhere else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __reduce__(self) -> Never:
        raise TypeError("a Secret is never written anywhere")
