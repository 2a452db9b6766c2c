"""mapping_snapshot: what can be changed of a mapping, as it is."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import Connection
from tests.sql.test_update_mapping import mapped
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def test_it_has_show_state_learnt_name_and_every_rule(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    conn.execute("update plex_show_mappings set plex_title = 'Hafenlichter' where user_id = %s", (user,))
    conn.execute(
        "insert into show_titles (user_id, tvshow_id, title, kind) select %s, %s, plex_title, 'learnt' from plex_show_mappings",
        (user, show),
    )
    conn.execute(
        """insert into plex_numbering_rules (user_id, mapping_id, plex_season, season, removed_at)
           values (%s, %s, 1, 2, null), (%s, %s, 3, 4, now())""",
        (user, mapping, user, mapping),
    )

    snapshot = value(conn, "select mapping_snapshot(%s)", (mapping,))

    assert [(rule["plex_season"], rule["removed_at"] is None) for rule in snapshot.pop("rules")] == [
        (1, True),
        (3, False),
    ]
    assert snapshot == {
        "tvshow_id": show,
        "emptied_tvshow_id": None,
        "match_confidence": 0.8,
        "match_method": "title",
        "manually_confirmed": False,
        "sync_enabled": True,
        "learnt": "Hafenlichter",
    }


def test_of_a_mapping_that_is_not_there_it_is_null(conn: Connection) -> None:
    assert value(conn, "select mapping_snapshot(%s)", (2**40,)) is None
