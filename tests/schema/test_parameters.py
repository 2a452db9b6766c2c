"""No text of SQL is put together from values: what is executed is constant, or made with psycopg.sql."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "app").rglob("*.py"))
EXECUTE = {"execute", "executemany", "copy", "stream", "fetch_one", "fetch_all"}


def _is_put_together(node: ast.expr) -> bool:
    """An f-string with a value, `+` or `%` on text, `.format()` or `.join()`; psycopg.sql's own `format` excepted."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr in ("format", "join"):
            of = node.func.value
            is_composed = isinstance(of, ast.Call) and ast.unparse(of.func) in ("sql.SQL", "SQL")
            return not is_composed
        if node.func.attr == "encode":
            return _is_put_together(node.func.value)
    return False


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in EXECUTE
        and node.args
    ]


@pytest.mark.parametrize("path", SOURCES)
def test_sql_is_never_put_together_from_values(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text())
    assigned = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in _calls(tree):
        query = call.args[0]
        if isinstance(query, ast.Name):
            query = assigned.get(query.id, query)
        assert not _is_put_together(query), f"{path}:{call.lineno}: {ast.unparse(call)[:120]}"


@pytest.mark.parametrize(
    "text", ['f"select {x}"', '"select %s" % x', '"select " + x', '"select {}".format(x)', '" ".join(x)']
)
def test_the_guard_sees_every_way(text: str) -> None:
    assert _is_put_together(ast.parse(text, mode="eval").body)


def test_functions_execute_no_text_that_they_put_together() -> None:
    for path in sorted((ROOT / "sql" / "functions").glob("*.sql")):
        body = path.read_text().lower()
        assert "\n    execute " not in body or "format(" in body, path.name
