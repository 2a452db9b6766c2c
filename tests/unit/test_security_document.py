"""docs/security.md: each test that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.findall(
    r"^- `([\w/]+\.py)::(\w+)`$", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_every_test_that_a_defence_names_is_there() -> None:
    missing = []
    for path, name in NAMED:
        module = ROOT / path
        tree = ast.parse(module.read_text(encoding="utf-8")) if module.exists() else ast.Module([], [])
        if name not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
            missing.append(f"{path}::{name}")
    assert missing == []


def test_every_defence_names_one() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    sections = text.split("\n## ")[2:]
    assert [s.partition("\n")[0] for s in sections if not re.search(r"^- `tests/", s, re.MULTILINE)] == []
    assert len(NAMED) > 60
