"""What the probe asks and what it makes of the answer. tests/integration has it run as Docker runs it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import healthcheck


@pytest.mark.parametrize(
    ("bind", "asked"),
    [
        ("0.0.0.0:8787", [("127.0.0.1", 8787)]),
        ("127.0.0.1:80", [("127.0.0.1", 80)]),
        ("192.0.2.7:8787", [("192.0.2.7", 8787)]),
        ("nas.local:8787", [("nas.local", 8787)]),
        ("[::]:8787", [("::1", 8787), ("127.0.0.1", 8787)]),
        ("[::1]:9000", [("::1", 9000)]),
        ("[2001:db8::7]:8787", [("2001:db8::7", 8787)]),
    ],
)
def test_the_server_is_asked_where_it_listens(bind: str, asked: list[tuple[str, int]]) -> None:
    assert healthcheck.addresses(bind) == asked


@pytest.mark.parametrize("bind", ["8787", ":8787", "localhost", "127.0.0.1:", "127.0.0.1:http"])
def test_what_is_no_address_and_port_is_refused(bind: str) -> None:
    with pytest.raises(ValueError, match=r"no address|invalid literal"):
        healthcheck.addresses(bind)


def test_only_200_with_ok_is_healthy() -> None:
    assert healthcheck.verdict(200, {"status": "ok"}) == (True, "ok")
    assert not healthcheck.verdict(503, {"status": "ok"})[0]
    assert not healthcheck.verdict(200, {"status": "degraded"})[0]


def test_what_may_be_a_holiday_is_said_and_is_healthy() -> None:
    quiet = {"status": "ok", "warnings": ["nothing was received\nfor 8 days", "the moon is full"]}
    assert healthcheck.verdict(200, quiet) == (
        True,
        "ok; warning: nothing was received for 8 days; the moon is full",
    )
    assert healthcheck.verdict(200, {"status": "ok", "warnings": []}) == (True, "ok")
    assert healthcheck.verdict(200, {"status": "ok", "warnings": "x"}) == (True, "ok")
    assert not healthcheck.verdict(200, quiet | {"status": "degraded"})[0]


def test_the_reason_is_one_line() -> None:
    degraded = {"status": "degraded", "reason": "the database\ndoes not  answer"}
    assert healthcheck.verdict(503, degraded) == (False, "degraded (503): the database does not answer")
    assert healthcheck.verdict(200, {"status": "starting"}) == (False, "starting (200): no reason given")


@pytest.mark.parametrize("body", [[], "ok", None, 7, {}, {"state": "ok"}])
def test_an_answer_of_another_program_is_unhealthy(body: object) -> None:
    assert healthcheck.verdict(200, body) == (False, "/readyz answered 200 with something that is not Tellykeep's")


def test_it_imports_the_standard_library_only() -> None:
    tree = ast.parse(Path(healthcheck.__file__).read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert imported <= sys.stdlib_module_names
