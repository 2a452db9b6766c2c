"""Reads tables and links out of the documentation, so that tests can hold them against the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


def read(name: str) -> str:
    """The text of a document, by its path from the project's root."""
    return (ROOT / name).read_text(encoding="utf-8")


def documents() -> list[str]:
    """Every Markdown document that users or developers read, by its path from the project's root."""
    return ["README.md", "CHANGELOG.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md"))]


def table(document: str, name: str) -> list[list[str]]:
    """The rows of the table between `<!-- NAME:begin -->` and `<!-- NAME:end -->`, without its head."""
    text = read(document)
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    assert text.count(begin) == 1, f"{document} has no table {name}"
    assert text.count(end) == 1, f"the table {name} of {document} has no end"
    lines = text.partition(begin)[2].partition(end)[0].strip().splitlines()
    rows = [_cells(line) for line in lines]
    assert len(rows) > 2, f"the table {name} of {document} is empty"
    assert all(len(row) == len(rows[0]) for row in rows), f"the table {name} of {document} has ragged rows"
    return rows[2:]


def _cells(line: str) -> list[str]:
    parts = re.split(r"(?<!\\)\|", line.strip())
    assert parts[0] == parts[-1] == "", f"not a row of a table: {line}"
    return [part.strip().replace("\\|", "|") for part in parts[1:-1]]


def code(text: str) -> list[str]:
    """What stands between backquotes in a cell or a text; blocks of code are left out."""
    return _CODE.findall(without_code_blocks(text))


def json_values(cell: str) -> list[Any]:
    """The JSON values between backquotes in a cell."""
    return [json.loads(text) for text in code(cell)]


def without_code_blocks(text: str) -> str:
    """The text without what stands between fences."""
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """The targets of all links."""
    return _LINK.findall(without_code_blocks(text))


def anchors(text: str) -> set[str]:
    """The names by which a document's headings can be linked to, as GitHub makes them."""
    names = set()
    for heading in _HEADING.findall(without_code_blocks(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        names.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return names
