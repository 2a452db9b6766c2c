"""import_mapping: a mapping of an export comes back, and what is mapped here stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, value

RULE = {"kind": "offset", "plex_season": 2, "from_episode": 0, "season": 1, "episode_offset": 12}
MAPPING = {
    "plex_server_uuid": "s1",
    "plex_rating_key": "7",
    "plex_guid": "plex://show/1",
    "plex_title": "Harbour Lights",
    "match_confidence": 0.95,
    "match_method": "tvdb_id",
    "manually_confirmed": True,
    "sync_enabled": True,
    "rules": [RULE],
}


def _bring(conn: Connection, user: int, show: int | None, emptied: int | None = None, **changes: Any) -> dict[str, Any]:
    mapping = {name: content for name, content in (MAPPING | changes).items() if content is not None}
    return one(conn, "select * from import_mapping(%s, %s, %s, %s)", (user, Jsonb(mapping), show, emptied))


def test_it_comes_back_once_with_its_rules(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user)

    first, second = _bring(conn, user, show), _bring(conn, user, show)

    assert (first["added"], second["added"]) == (True, False)
    assert first["mapping_id"] == second["mapping_id"]
    row = one(conn, "select * from plex_show_mappings")
    assert (row["tvshow_id"], row["manually_confirmed"], row["has_rules"]) == (show, True, True)
    assert value(conn, "select export_mapping(%s)", (row["id"],))["rules"] == [RULE | {"source": "user"}]


def test_what_is_answered_here_counts_and_no_viewing_goes_through_it(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    mine, other = make_show(user), make_show(user, "Another")
    _bring(conn, user, mine)

    for change in ({}, {"plex_guid": None}, {"plex_rating_key": None, "plex_server_uuid": "s2"}):
        assert _bring(conn, user, other, **change) == {"mapping_id": None, "added": False}
    assert value(conn, "select tvshow_id from plex_show_mappings") == mine


def test_a_guid_of_one_server_counts_there_only(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user)
    local = {"plex_guid": "local://7", "plex_rating_key": None}

    assert _bring(conn, user, show, **local)["added"]
    assert _bring(conn, user, show, **local, plex_server_uuid="s2")["added"]
    assert not _bring(conn, user, show, **local)["added"]


def test_one_without_a_key_comes_back_once_as_well(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user)
    nameless = {"plex_guid": None, "plex_rating_key": None}

    assert [_bring(conn, user, show, **nameless)["added"] for _ in range(2)] == [True, False]


def test_not_to_be_tracked_comes_back_as_that(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    gone = make_show(user)

    _bring(conn, user, None, gone, sync_enabled=False)

    row = one(conn, "select tvshow_id, emptied_tvshow_id, sync_enabled from plex_show_mappings")
    assert row == {"tvshow_id": None, "emptied_tvshow_id": gone, "sync_enabled": False}
