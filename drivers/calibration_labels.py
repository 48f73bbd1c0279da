"""The two labels a gun is calibrated with: scanned once each, they show how it is set. Data only."""

LABELS = ('AZqwy"m-01', "9Qa/ZYM:82.7")
"""Printed as Code 128 or QR code: letters and signs that keyboards have in different places, digits at an end.

No sign among them needs a third level (AltGr) on any of the layouts known here, for not every gun has one. Neither is
part of the other, and no label of a shop is one of them.
"""
