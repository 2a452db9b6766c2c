"""map_show: keeps the answer for a Plex show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import one, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
DARK = {
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_guid": "plex://show/dark",
    "show_title": "Dark",
    "show_year": 2017,
    "show_ids": {"tmdb": 70523, "tvdb": 334824, "imdb": "tt5753856"},
}


def keep(
    conn: Connection,
    user_id: int,
    show: dict[str, Any],
    tvshow_id: int | None,
    *,
    confidence: float = 0.8,
    method: str = "title",
    confirmed: bool = False,
) -> Any:
    return value(
        conn,
        "select map_show(%s, %s, %s, %s::numeric, %s, %s) as id",
        (user_id, Jsonb(show), tvshow_id, confidence, method, confirmed),
    )


def mapping(conn: Connection, mapping_id: int) -> dict[str, Any]:
    return one(conn, "select * from plex_show_mappings where id = %s", (mapping_id,))


def test_everything_known_of_the_plex_show_is_kept(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Dark")
    row = mapping(conn, keep(conn, user, DARK, show))
    assert row["user_id"] == user
    assert (row["plex_server_uuid"], row["plex_rating_key"], row["plex_guid"]) == ("S1", "12", "plex://show/dark")
    assert (row["plex_title"], row["plex_year"]) == ("Dark", 2017)
    assert (row["tmdb_id"], row["tvdb_id"], row["imdb_id"]) == (70523, 334824, "tt5753856")
    assert (row["tvshow_id"], float(row["match_confidence"]), row["match_method"]) == (show, 0.8, "title")
    assert (row["manually_confirmed"], row["sync_enabled"]) == (False, True)


def test_a_new_answer_replaces_the_old_one(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    first, second = make_show(user, "Dark"), make_show(user, "Dark Matter")
    before = keep(conn, user, DARK, first)
    after = keep(conn, user, DARK, second, confidence=1, method="manual", confirmed=True)
    assert after == before
    row = mapping(conn, after)
    assert (row["tvshow_id"], row["match_method"], row["manually_confirmed"]) == (second, "manual", True)


def test_no_show_means_not_to_be_tracked_and_a_show_turns_it_on_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    row = mapping(conn, keep(conn, user, DARK, None, confidence=1))
    assert (row["tvshow_id"], row["sync_enabled"]) == (None, False)
    row = mapping(conn, keep(conn, user, DARK, make_show(user, "Dark")))
    assert row["sync_enabled"] is True


def test_a_rating_key_of_a_rebuilt_library_goes_to_the_new_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    dark, other = make_show(user, "Dark"), make_show(user, "Nightwatch")
    old = keep(conn, user, DARK, dark)
    new = keep(conn, user, DARK | {"show_guid": "plex://show/nw", "show_title": "Nightwatch"}, other)
    assert new != old
    assert (mapping(conn, old)["plex_rating_key"], mapping(conn, old)["tvshow_id"]) == (None, dark)
    assert (mapping(conn, new)["plex_rating_key"], mapping(conn, new)["tvshow_id"]) == ("12", other)


def test_the_same_rating_key_on_another_server_is_another_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    dark, other = make_show(user, "Dark"), make_show(user, "Nightwatch")
    plain = {"show_rating_key": "12", "show_title": "Dark"}
    first = keep(conn, user, plain | {"server_uuid": "S1"}, dark)
    second = keep(conn, user, plain | {"server_uuid": "S2"}, other)
    assert mapping(conn, first)["tvshow_id"] == dark
    assert mapping(conn, second)["tvshow_id"] == other


def test_a_guid_that_plex_did_not_tell_before_is_learnt(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Dark")
    without = {key: DARK[key] for key in DARK if key != "show_guid"}
    first = keep(conn, user, without, show)
    assert keep(conn, user, DARK, show) == first
    assert mapping(conn, first)["plex_guid"] == "plex://show/dark"
    assert keep(conn, user, without, show) == first
    assert mapping(conn, first)["plex_guid"] == "plex://show/dark"


def test_personal_media_of_two_servers_are_two_mappings(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Race Reports")
    for scheme in ("local", "com.plexapp.agents.none", "tv.plex.agents.none"):
        media = {"show_guid": f"{scheme}://4711", "show_title": f"Race Reports {scheme}"}
        first = keep(conn, user, media | {"server_uuid": "S1"}, show)
        second = keep(conn, user, media | {"server_uuid": "S2"}, show)
        assert first != second
        assert keep(conn, user, media | {"server_uuid": "S1"}, show) == first


def test_another_users_show_is_refused(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, other = make_user(), make_user()
    show = make_show(user, "Dark")
    with refused(conn, "23503", "plex_show_mappings_show_fkey"):
        keep(conn, other, DARK, show)


def test_two_users_map_the_same_plex_show_each_for_themselves(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    users = make_user(), make_user()
    shows = [make_show(user, "Dark") for user in users]
    mappings = [keep(conn, user, DARK, show) for user, show in zip(users, shows, strict=True)]
    assert [mapping(conn, m)["tvshow_id"] for m in mappings] == shows
    assert [mapping(conn, m)["plex_rating_key"] for m in mappings] == ["12", "12"]


def test_what_the_user_confirmed_is_changed_by_the_user_only(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first, second = make_show(user, "Dark"), make_show(user, "Dark Matter")
    kept = keep(conn, user, DARK, first, confirmed=True)
    assert keep(conn, user, DARK, second) == kept
    assert mapping(conn, kept)["tvshow_id"] == first
    keep(conn, user, DARK, second, confirmed=True)
    assert mapping(conn, kept)["tvshow_id"] == second


def test_a_local_guid_of_a_rebuilt_library_goes_to_the_new_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    races, other = make_show(user, "Race Reports"), make_show(user, "Nightwatch")
    media = {"server_uuid": "S1", "show_guid": "local://4711", "show_title": "Race Reports"}
    old = keep(conn, user, media, races)
    new = keep(conn, user, media | {"show_title": "Nightwatch"}, other)
    assert (mapping(conn, old)["plex_guid"], mapping(conn, old)["tvshow_id"]) == (None, races)
    assert (mapping(conn, new)["plex_guid"], mapping(conn, new)["tvshow_id"]) == ("local://4711", other)


def test_a_guid_that_counts_everywhere_is_not_given_up_for_a_local_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Dark")
    kept = keep(conn, user, DARK, show)
    assert keep(conn, user, DARK | {"show_guid": "local://12"}, show) == kept
    assert mapping(conn, kept)["plex_guid"] == "plex://show/dark"


def test_another_answer_takes_the_learnt_name_from_the_show_before(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first, second = make_show(user, "Dunkel"), make_show(user, "Finster")
    keep(conn, user, DARK, first, confirmed=True)
    conn.execute(
        "insert into show_titles (user_id, tvshow_id, title, kind) values (%s, %s, 'Dark', 'learnt')", (user, first)
    )
    keep(conn, user, DARK, first, confirmed=True)
    assert value(conn, "select count(*) as n from show_titles where title = 'Dark'") == 1
    keep(conn, user, DARK, second, confirmed=True)
    assert value(conn, "select count(*) as n from show_titles where title = 'Dark'") == 0
