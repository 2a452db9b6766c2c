"""summarise_plan: a plan in numbers, and by episode."""

from __future__ import annotations

from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value


def step(grp: str, act: str, was: int | None, becomes: int | None, *, plex: int = 1, **fields: Any) -> dict[str, Any]:
    place = {"tvshow_id": 3, "season": 1, "episode": was} if was is not None else {}
    target = {"to_season": 1, "to_episode": becomes} if becomes is not None else {}
    return {"grp": grp, "act": act, "plex_season": 1, "plex_episode": plex} | place | target | fields


def summary(conn: Connection, *steps: dict[str, Any], show: int = 3) -> dict[str, Any]:
    return dict(value(conn, "select summarise_plan(%s, %s)", (Jsonb(list(steps)), show)))


def test_each_message_is_counted_once_whatever_becomes_of_it(conn: Connection) -> None:
    found = summary(
        conn,
        step("a", "keep", 1, 1),
        step("b", "move", 2, 3),
        step("c", "mark", None, 4),
        step("d", "wait", None, None),
        step("e", "withdraw", 5, None),
        step("e", "wait", None, None),
        step("f", "keep", 6, 6),
        step("f", "mark", None, 7),
    )
    assert {name: found[name] for name in ("events", "unchanged", "moved", "marked", "unplaced")} == {
        "events": 6,
        "unchanged": 1,
        "moved": 2,
        "marked": 1,
        "unplaced": 2,
    }


def test_equal_changes_are_one_line(conn: Connection) -> None:
    rule = {"rule": {"kind": "absolute"}}
    found = summary(conn, step("a", "move", 2, 3, plex=9, **rule), step("b", "move", 2, 3, plex=9, **rule), show=4)
    (change,) = found["changes"]
    assert change == {
        "plex_season": 1,
        "plex_episode": 9,
        "was": [{"tvshow_id": 3, "season": 1, "episode": 2}],
        "becomes": [{"tvshow_id": 4, "season": 1, "episode": 3}],
        "rule": "absolute",
        "events": 2,
    }


def test_an_empty_plan_is_no_change(conn: Connection) -> None:
    assert summary(conn) == {"events": 0, "unchanged": 0, "moved": 0, "marked": 0, "unplaced": 0, "changes": []}
