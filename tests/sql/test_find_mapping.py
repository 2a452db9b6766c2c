"""find_mapping: which kept answer is that of an event's show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]
GUID = "plex://show/5d9c086c46115600200aa2fe"
LOCAL = "local://4711"


def find(conn: Connection, user_id: int, **event: Any) -> Any:
    return value(conn, "select find_mapping(%s, %s) as id", (user_id, Jsonb({"server_uuid": "S1"} | event)))


def add(conn: Connection, user_id: int, **columns: Any) -> Any:
    row = {"server": "S1", "key": None, "guid": None, "title": ""} | columns
    return value(
        conn,
        """insert into plex_show_mappings (user_id, plex_server_uuid, plex_rating_key, plex_guid, plex_title,
                                           match_confidence, match_method)
           values (%(user)s, %(server)s, %(key)s, %(guid)s, %(title)s, 1, 'manual') returning id""",
        row | {"user": user_id},
    )


def test_a_plex_guid_means_the_same_on_every_server(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    mapping = add(conn, user, guid=GUID, key="12", title="Dark")
    assert find(conn, user, show_guid=GUID, show_title="Dark") == mapping
    assert find(conn, user, show_guid=GUID, server_uuid="S2", show_title="Renamed") == mapping


@pytest.mark.parametrize("guid", [LOCAL, "com.plexapp.agents.none://4711", "tv.plex.agents.none://4711"])
def test_a_local_guid_counts_on_its_own_server_only(conn: Connection, make_user: MakeUser, guid: str) -> None:
    user = make_user()
    first = add(conn, user, guid=guid, server="S1", title="Race Reports")
    second = add(conn, user, guid=guid, server="S2", title="Other Reports")
    assert find(conn, user, show_guid=guid, show_title="Race reports") == first
    assert find(conn, user, show_guid=guid, show_title=None) == first
    assert find(conn, user, show_guid=guid, server_uuid="S2", show_title="Other Reports") == second
    assert find(conn, user, show_guid=guid, server_uuid="S3") is None
    # It holds a rating key, which a rebuilt library gives to another show.
    assert find(conn, user, show_guid=guid, show_title="Nightwatch") is None


@pytest.mark.parametrize(
    ("kept", "told", "same"),
    [
        (GUID, "plex://show/of-a-remake", False),
        ("com.plexapp.agents.thetvdb://1", "com.plexapp.agents.thetvdb://2", False),
        ("com.plexapp.agents.thetvdb://1", GUID, True),
        (GUID, LOCAL, True),
        (GUID, None, True),
        (None, GUID, True),
    ],
)
def test_by_its_rating_key_a_show_is_known_unless_one_agent_gives_it_two_guids(
    conn: Connection, make_user: MakeUser, kept: str | None, told: str | None, same: bool
) -> None:
    user = make_user()
    mapping = add(conn, user, key="12", guid=kept, title="Shameless")
    found = find(conn, user, show_rating_key="12", show_guid=told, show_title="Shameless")
    assert found == (mapping if same else None)


def test_the_guid_wins_over_the_rating_key(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    add(conn, user, key="12", title="Dark")
    by_guid = add(conn, user, guid=GUID, key="99", title="Dark")
    assert find(conn, user, show_guid=GUID, show_rating_key="12", show_title="Dark") == by_guid


@pytest.mark.parametrize("title", ["Dark", "dark!", "", None])
def test_the_rating_key_counts_on_its_server_while_the_title_is_the_same(
    conn: Connection, make_user: MakeUser, title: str | None
) -> None:
    user = make_user()
    mapping = add(conn, user, key="12", title="Dark")
    assert find(conn, user, show_rating_key="12", show_title=title) == mapping
    assert find(conn, user, show_rating_key="12", show_title=title, server_uuid="S2") is None
    assert find(conn, user, show_rating_key="13", show_title=title) is None


@pytest.mark.parametrize("guid", [None, "plex://show/another"])
def test_a_reused_rating_key_of_another_title_is_another_show(
    conn: Connection, make_user: MakeUser, guid: str | None
) -> None:
    user = make_user()
    add(conn, user, key="12", guid=GUID, title="Dark")
    assert find(conn, user, show_rating_key="12", show_guid=guid, show_title="Nightwatch") is None


def test_an_event_with_neither_is_found_by_server_and_title(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    mapping = add(conn, user, title="The Morning Quiz")
    add(conn, user, title="The Evening Quiz", key="5")
    assert find(conn, user, show_title="the morning quiz") == mapping
    assert find(conn, user, show_title="The Morning Quiz", server_uuid="S2") is None
    assert find(conn, user, show_title="The Evening Quiz") is None
    assert find(conn, user) is None


def test_another_users_mapping_is_not_found(conn: Connection, make_user: MakeUser) -> None:
    user, other = make_user(), make_user()
    add(conn, user, guid=GUID, key="12", title="Dark")
    add(conn, user, title="Quiz")
    assert find(conn, other, show_guid=GUID, show_rating_key="12", show_title="Dark") is None
    assert find(conn, other, show_title="Quiz") is None
