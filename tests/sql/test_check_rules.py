"""check_rules: no episode of Plex has two rules."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection, season_documents

SEASONS = season_documents({1: 12, 2: 12})


def offset(season: int, first: int = 0, last: int | None = None, **fields: Any) -> dict[str, Any]:
    plain = {"kind": "offset", "plex_season": season, "from_episode": first, "to_episode": last, "season": season}
    return plain | {"source": "user"} | fields


def absolute(season: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"kind": "absolute", "plex_season": season, "from_episode": 0, "to_episode": None, "source": "user"} | fields


def double(episode: int, **fields: Any) -> dict[str, Any]:
    return {
        "kind": "double",
        "plex_season": 1,
        "from_episode": episode,
        "to_episode": episode,
        "source": "user",
    } | fields


def check(
    conn: Connection, rules: list[dict[str, Any]], beside: list[dict[str, Any]] | None = None, seasons: Any = SEASONS
) -> None:
    conn.execute("select check_rules(%s, %s, %s)", (Jsonb(rules), Jsonb(beside or []), Jsonb(seasons)))


@pytest.mark.parametrize(
    ("rules", "beside"),
    [
        ([offset(1, 1, 12), offset(1, 13, 24), offset(1, 25), offset(2)], []),
        ([absolute()], [offset(0)]),
        ([absolute(2)], [offset(1)]),
        ([double(1), double(2)], [absolute()]),
        ([offset(1)], [absolute(source="hama")]),
        ([], [absolute()]),
    ],
)
def test_rules_for_different_episodes_go_together(
    conn: Connection, rules: list[dict[str, Any]], beside: list[dict[str, Any]]
) -> None:
    check(conn, rules, beside)


@pytest.mark.parametrize(
    ("rules", "beside", "field"),
    [
        ([offset(1, 1, 12), offset(1, 12, 24)], [], "rules.1.from_episode"),
        ([offset(1, 13), offset(2), offset(1, 20, 30)], [], "rules.2.from_episode"),
        ([offset(1, 0, 3)], [offset(1, 3, 3)], "rules.0.from_episode"),
        ([absolute()], [offset(2)], "rules.0.from_episode"),
        ([offset(5, 100)], [absolute()], "rules.0.from_episode"),
        ([absolute(), absolute()], [], "rules.1.from_episode"),
        ([double(1)], [double(1)], "rules.0.from_episode"),
    ],
)
def test_two_rules_for_one_episode_are_refused_by_the_field(
    conn: Connection, rules: list[dict[str, Any]], beside: list[dict[str, Any]], field: str
) -> None:
    with pytest.raises(psycopg.Error) as raised, conn.transaction():
        check(conn, rules, beside)
    assert (raised.value.sqlstate, raised.value.diag.column_name) == ("TK422", field)


def test_absolute_numbers_need_seasons_to_count_through(conn: Connection) -> None:
    for seasons in ([], season_documents({0: 3})):
        with pytest.raises(psycopg.Error) as raised, conn.transaction():
            check(conn, [offset(1), absolute(2)], seasons=seasons)
        assert (raised.value.sqlstate, raised.value.diag.column_name) == ("TK422", "rules.1.kind")
    # A mapping to no show may get a show later.
    conn.execute("select check_rules(%s, '[]', null)", (Jsonb([absolute()]),))
