"""The style sheet as a browser reads it."""

from __future__ import annotations

from pathlib import Path

import app

SHEET = Path(app.__file__).parent / "static" / "app.css"


def test_every_block_is_closed_before_the_next_part_begins() -> None:
    """An open @media would keep all that follows it from phones, and no browser would say a word."""
    depth = 0
    for number, line in enumerate(SHEET.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith(("/*", "@media")):
            assert depth == 0, f"line {number} stands within a block: {line[:80]}"
        depth += line.count("{") - line.count("}")
    assert depth == 0
