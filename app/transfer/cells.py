"""Text in a CSV file: a spreadsheet calculates what it takes for a formula (OWASP, "CSV Injection"), so none looks like one."""

from __future__ import annotations

# The last four are the same signs in the width of Japanese letters.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What a spreadsheet may leave out at the beginning. The apostrophe is among it, so that what was put before is known again.
_BEFORE = " '\v\f\u00a0\u200b\u3000\ufeff"


def defused(text: str) -> str:
    """The text as a cell: behind an apostrophe where it could be a formula, or have got one here."""
    return f"'{text}" if _could_be_formula(text) else text


def as_meant(cell: str) -> str:
    """The text that a cell was made of."""
    return cell[1:] if cell.startswith("'") and _could_be_formula(cell[1:]) else cell


def _could_be_formula(text: str) -> bool:
    return text.lstrip(_BEFORE).startswith(_FORMULA)
