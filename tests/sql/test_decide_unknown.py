"""decide_unknown: what to do about a show that the tracker does not have for certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


FOUND = {"by": "tmdb", "title": "Nightwatch", "year": 2019}
EVENT = {
    "show_guid": "plex://show/1",
    "show_title": "Nightwatch",
    "show_year": 2019,
    "show_rating_key": "12",
    "show_ids": {"tmdb": 1},
    "ids_from": "tmdb",
    "found": FOUND,
    "lookup": {"tmdb_shows": {"1": FOUND}},
}


def unknown(
    conn: Connection,
    user_id: int,
    *,
    has_tmdb: bool = True,
    candidates: list[dict[str, Any]] | None = None,
    kind: str = "no_match",
    **event: Any,
) -> Any:
    given = {name: known for name, known in (EVENT | event).items() if known is not None}
    return value(
        conn,
        "select decide_unknown(%s, %s, %s, %s, %s, '[]') as decision",
        (user_id, Jsonb(given), has_tmdb, kind, Jsonb(candidates or [])),
    )


def test_what_tmdb_knows_by_its_id_needs_its_document_and_is_then_added(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    answer = unknown(conn, user)
    assert (answer["verdict"], answer["needs"]) == ("pending", {"tmdb_document": 1})
    answer = unknown(conn, user, document={"title": "Nightwatch"})
    assert (answer["verdict"], answer["confidence"], answer["method"]) == ("add", 0.95, "tmdb_lookup")


def test_the_plex_servers_word_is_enough_only_without_tmdb(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    plex = {"found": FOUND | {"by": "plex"}, "show_ids": None, "lookup": {"plex_show": {"title": "Nightwatch"}}}
    assert unknown(conn, user, **plex)["needs"] == {"tmdb_search": {"title": "Nightwatch", "year": 2019}}
    answer = unknown(conn, user, has_tmdb=False, **plex)
    assert (answer["verdict"], answer["needs"]) == ("pending", {"plex_document": "12"})
    answer = unknown(conn, user, has_tmdb=False, document={"title": "Nightwatch"}, **plex)
    assert (answer["verdict"], answer["method"]) == ("add", "plex_lookup")


def test_a_service_that_does_not_answer_is_waited_for(conn: Connection, make_user: MakeUser) -> None:
    failed = {"failed": {"tmdb": {"problem": "unavailable"}}}
    answer = unknown(conn, make_user(), lookup=EVENT["lookup"] | failed)  # type: ignore[operator]
    assert (answer["verdict"], answer["waits_for"]) == ("pending", "tmdb")
    failed = {"failed": {"plex": {"problem": "unavailable"}}}
    assert unknown(conn, make_user(), lookup=EVENT["lookup"] | failed)["needs"] == {"tmdb_document": 1}  # type: ignore[operator]


def test_a_refused_key_is_not_waited_for(conn: Connection, make_user: MakeUser) -> None:
    lookup = {"failed": {"tmdb": {"problem": "rejected"}}}
    answer = unknown(conn, make_user(), show_ids=None, found=None, lookup=lookup)
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "no_match")


def test_the_search_is_for_the_title_without_what_stands_in_brackets(conn: Connection, make_user: MakeUser) -> None:
    answer = unknown(conn, make_user(), show_ids=None, found=None, show_title="Nightwatch (2019)", show_year=None)
    assert answer["needs"] == {"tmdb_search": {"title": "Nightwatch"}}
    home_video = unknown(
        conn, make_user(), show_ids=None, found=None, show_guid="com.plexapp.agents.none://17", show_year=None
    )
    assert home_video["verdict"] == "conflict"


def test_what_may_not_be_added_is_proposed_first(conn: Connection, make_user: MakeUser) -> None:
    local = {"tvshow_id": 1, "title": "Night", "score": 0.4}
    answer = unknown(conn, make_user(auto_add_shows=False), candidates=[local], kind="low_confidence")
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "no_match")
    assert [c["title"] for c in answer["candidates"]] == ["Nightwatch", "Night"]
    assert answer["trace"][-1]["why"] == "auto_add_off"


def test_a_local_show_that_may_be_it_is_asked_about_and_one_with_other_ids_is_not(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Nightwatch")
    candidate = {"tvshow_id": show, "title": "Nightwatch", "score": 0.6}
    answer = unknown(conn, user, candidates=[candidate], kind="low_confidence")
    assert (answer["verdict"], answer["conflict_type"]) == ("conflict", "low_confidence")
    assert [c["tvshow_id"] for c in answer["candidates"]] == [show, None]
    conn.execute("update tvshows set tmdb_id = 7 where id = %s", (show,))
    assert unknown(conn, user, candidates=[candidate], kind="low_confidence")["needs"] == {"tmdb_document": 1}


def test_hits_of_the_search_are_proposed_unless_the_tracker_has_them(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Other", tmdb_id=3)
    hits = [{"tmdb_id": n, "title": "Nightwatch", "year": 1990} for n in (2, 3)]
    answer = unknown(conn, user, show_ids=None, found=None, lookup={"tmdb_search": hits})
    assert (answer["verdict"], [c["tmdb_id"] for c in answer["candidates"]]) == ("conflict", [2])
    assert "poster_path" not in answer["candidates"][0]


def test_what_tmdb_proposes_brings_its_poster(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(auto_add_shows=False)
    there = unknown(conn, user, lookup={"tmdb_shows": {"1": FOUND | {"poster_path": "/watch.jpg"}}})
    assert [c["poster_path"] for c in there["candidates"]] == ["/watch.jpg"]
    hits = [{"tmdb_id": 2, "title": "Nightwatch", "year": 1990, "poster_path": "/old.jpg"}]
    searched = unknown(conn, user, show_ids=None, found=None, lookup={"tmdb_search": hits})
    assert [c["poster_path"] for c in searched["candidates"]] == ["/old.jpg"]
