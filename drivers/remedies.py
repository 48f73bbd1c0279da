"""What to do about a fault, as a sentence that can be said in other languages too."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self


class Remedy(str):
    """One English sentence, which remembers what it was made of.

    `template` is the sentence with its parameters' names in braces, `params` what stands for each. Whoever speaks
    another language looks the template up, as with gettext, and fills it in anew; for all others this is a text.
    """

    __slots__ = ("params", "template")

    template: str
    params: Mapping[str, str]

    def __new__(cls, template: str, **params: str) -> Self:
        """Fill a template in. Raises KeyError when a parameter is missing."""
        sentence = super().__new__(cls, template.format(**params))
        sentence.template = template
        sentence.params = MappingProxyType(params)
        return sentence
