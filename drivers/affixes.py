"""What a gun was told to put before and behind every label, taken off again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.scan import Scan, split_aim_id, symbology_of


@dataclass(frozen=True, slots=True)
class Affixes:
    """The characters before and behind a label; the key or the control character that ends it is none of them."""

    prefix: str = ""
    suffix: str = ""

    def cut(self, scan: Scan) -> Scan | None:
        """The label alone; None when it does not carry both, or nothing is between them.

        An AIM identifier is found on either side of the prefix: guns differ.
        """
        text = scan.text
        is_whole = len(text) > len(self.prefix) + len(self.suffix)
        if not (is_whole and text.startswith(self.prefix) and text.endswith(self.suffix)):
            return None
        text = text[len(self.prefix) : len(text) - len(self.suffix)]
        if scan.aim_id is not None or not self.prefix:
            return replace(scan, text=text)
        aim_id, label = split_aim_id(text)
        return replace(scan, text=label, aim_id=aim_id, symbology=symbology_of(aim_id)) if label else None
