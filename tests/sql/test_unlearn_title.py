"""unlearn_title: a name that was learnt from a wrong answer does not go on deciding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.watch_state import one

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def names(conn: Connection, show_id: int) -> set[str]:
    rows = conn.execute("select title from show_titles where tvshow_id = %s", (show_id,))
    return {row["title"] for row in rows}


def answered(conn: Connection, user: int, show: int, **changes: Any) -> int:
    """Answers the question about Harbour Lights with that show; the id of the mapping."""
    held = receive(conn, user, scrobble(**changes))
    conn.execute("select resolve_conflict(%s, %s, 'select', %s)", (user, held["conflict_id"], show))
    mapping_id = one(conn, "select max(id) as id from plex_show_mappings where user_id = %s", (user,))["id"]
    assert isinstance(mapping_id, int)
    return mapping_id


def test_only_the_name_learnt_from_that_mapping_goes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Hafenlichter", titles=[{"title": "Port Lights"}])
    mapping = answered(conn, user, show)
    assert names(conn, show) == {"Hafenlichter", "Port Lights", payloads.SHOW}
    conn.execute("select unlearn_title(%s, %s)", (user, mapping))
    assert names(conn, show) == {"Hafenlichter", "Port Lights"}


def test_a_name_of_the_shows_own_stays(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    conn.execute("select unlearn_title(%s, %s)", (user, mapping))
    assert names(conn, show) == {payloads.SHOW}


def test_a_name_that_another_mapping_stands_for_stays(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Hafenlichter")
    mapping = answered(conn, user, show)
    conn.execute(
        """insert into plex_show_mappings (user_id, plex_server_uuid, plex_guid, plex_title, tvshow_id,
                                           match_confidence, match_method)
           values (%s, 'S2', 'local://1', %s, %s, 1, 'manual')""",
        (user, payloads.SHOW, show),
    )
    conn.execute("select unlearn_title(%s, %s)", (user, mapping))
    assert payloads.SHOW in names(conn, show)


@pytest.mark.parametrize("put_right_by", ["delete_mapping", "update_mapping"])
def test_a_wrong_answer_that_is_put_right_is_forgotten(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, put_right_by: str
) -> None:
    user = make_user()
    wrong, right = make_show(user, "Nightwatch"), make_show(user, "Hafenlichter")
    mapping = answered(conn, user, wrong)
    if put_right_by == "delete_mapping":
        conn.execute("select delete_mapping(%s, %s)", (user, mapping))
        assert receive(conn, user, scrobble(episode=2))["status"] == "conflict"
    else:
        conn.execute("select update_mapping(%s, %s, %s)", (user, mapping, Jsonb({"tvshow_id": right})))
        assert receive(conn, user, scrobble(episode=2))["tvshow_id"] == right
    assert names(conn, wrong) == {"Nightwatch"}


def test_another_users_mapping_teaches_nothing(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Hafenlichter")
    mapping = answered(conn, user, show)
    conn.execute("select unlearn_title(%s, %s)", (other, mapping))
    assert payloads.SHOW in names(conn, show)
