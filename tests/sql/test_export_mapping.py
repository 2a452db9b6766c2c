"""export_mapping: a mapping and its rules without ids of this database."""

from __future__ import annotations

from collections.abc import Callable

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value


def test_a_mapping_is_told_with_its_rules_and_without_what_is_not_known(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = {"server_uuid": "s1", "show_rating_key": "7", "show_title": "Harbour Lights", "show_ids": {"tvdb": 5}}
    mapping = value(conn, "select map_show(%s, %s, %s, 0.95, 'tvdb_id', true)", (user, Jsonb(show), make_show(user)))
    rule = {"kind": "offset", "plex_season": 2, "from_episode": 0, "season": 1, "episode_offset": 12}
    conn.execute("select save_rules(%s, %s, %s, 'user', false, false)", (user, mapping, Jsonb([rule])))

    told = value(conn, "select export_mapping(%s)", (mapping,))

    assert told["plex_server_uuid"] == "s1"
    assert told["plex_rating_key"] == "7"
    assert told["tvdb_id"] == 5
    assert told["manually_confirmed"] is True
    assert "plex_guid" not in told
    assert not {"id", "user_id", "tvshow_id"} & told.keys()
    assert told["rules"] == [rule | {"source": "user"}]


def test_there_is_nothing_to_tell_of_one_that_is_not_there(conn: Connection) -> None:
    assert value(conn, "select export_mapping(0)") is None
