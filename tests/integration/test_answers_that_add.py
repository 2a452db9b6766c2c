"""Answers that add a show: asked of TMDB or the Plex server, and nothing is changed when those fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.plex import FakePlex
from tests.fakes.tmdb import FakeTmdb
from tests.integration.api_client import ApiClient
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import conflict_row, episode_entry, log_row, value

KEY = payloads.rating_key("show", payloads.SHOW)


@pytest.fixture
def held(ann: ApiClient, conn: Connection) -> int:
    """An open question with two events, and a candidate that only TMDB has."""
    row = receive(conn, ann.user_id, scrobble(episode=1))
    receive(conn, ann.user_id, scrobble(episode=9))
    candidate = {
        "tvshow_id": None,
        "tmdb_id": 77,
        "title": "Hafenlichter",
        "year": 2021,
        "score": 0.5,
        "reason": "TMDB",
    }
    conn.execute("update plex_conflicts set potential_matches = %s", (Jsonb([candidate]),))
    conflict_id: int = row["conflict_id"]
    return conflict_id


def resolve(client: ApiClient, conflict_id: int, *, status: int = 200, **body: Any) -> Any:
    return client.call("POST", f"/api/plex/conflicts/{conflict_id}/resolve", body, status=status)


@pytest.mark.parametrize("action", ["select", "create_new"])
def test_a_candidate_of_tmdb_is_added_with_names_ids_and_episodes(
    ann: ApiClient, held: int, fake_tmdb: FakeTmdb, conn: Connection, action: str
) -> None:
    fake_tmdb.add_show(77, "Harbour Lights Abroad", tvdb_id=700, alternative=["Hafenlichter"], seasons={0: 1, 1: 4})
    answer = resolve(ann, held, action=action, tmdb_id=77)
    assert answer["outcomes"] == {"marked_watched": 1, "needs_user_input": 1}
    show = ann.call("GET", f"/api/shows/{answer['tvshow_id']}")
    assert (show["title"], show["year"], show["tmdb_id"], show["tvdb_id"]) == ("Harbour Lights Abroad", 2020, 77, 700)
    assert (show["total_episodes"], show["watched_episodes"], show["total_minutes"]) == (5, 1, 45)
    names = value(conn, "select array_agg(title order by title) from show_titles where tvshow_id = %s", (show["id"],))
    assert {payloads.SHOW, "Hafenlichter"} <= set(names)
    # Numbered in another way, perhaps: asked, not added.
    (asked,) = ann.call("GET", "/api/plex/conflicts")["conflicts"]
    assert (asked["conflict_type"], asked["tvshow_id"], asked["held"]) == ("episode_missing", show["id"], 1)
    undone = ann.call("POST", f"/api/plex/conflicts/{held}/undo")
    assert (undone["held"], undone["removed_tvshow_id"]) == (2, show["id"])


def test_a_new_show_is_found_by_the_id_that_the_plex_server_knows(
    ann: ApiClient,
    held: int,
    fake_tmdb: FakeTmdb,
    fake_plex: FakePlex,
    use_plex: Callable[..., None],
) -> None:
    use_plex(ann.user_id)
    fake_plex.add_show(KEY, payloads.SHOW, guid=payloads.show_guid(), guids=["tmdb://78"], seasons={1: 2})
    fake_tmdb.add_show(78, "Harbour Lights", seasons={1: 10})
    answer = resolve(ann, held, action="create_new")
    show = ann.call("GET", f"/api/shows/{answer['tvshow_id']}")
    assert (show["tmdb_id"], show["total_episodes"], show["watched_episodes"]) == (78, 10, 2)


def test_a_new_show_is_found_by_the_id_that_its_messages_told(
    ann: ApiClient, fake_tmdb: FakeTmdb, conn: Connection
) -> None:
    fake_tmdb.add_show(79, "Harbour Lights", tvdb_id=payloads.show_ids()["tvdb"], seasons={2: 20})
    row = receive(conn, ann.user_id, payloads.legacy_thetvdb(parentIndex=2, index=15))
    answer = resolve(ann, row["conflict_id"], action="create_new")
    show = ann.call("GET", f"/api/shows/{answer['tvshow_id']}")
    assert (show["tmdb_id"], show["total_episodes"], show["watched_episodes"]) == (79, 20, 1)


@pytest.mark.parametrize("body", [{"action": "create_new"}, {"action": "select", "tmdb_id": 77}])
def test_without_a_tmdb_key_the_plex_servers_episodes_are_taken(
    ann: ApiClient,
    held: int,
    fake_plex: FakePlex,
    use_plex: Callable[..., None],
    conn: Connection,
    body: dict[str, Any],
) -> None:
    use_plex(ann.user_id)
    fake_plex.add_show(KEY, payloads.SHOW, year=2021, guid=payloads.show_guid(), guids=["tvdb://5"], seasons={1: 9})
    answer = resolve(ann, held, **body)
    show = ann.call("GET", f"/api/shows/{answer['tvshow_id']}")
    assert (show["title"], show["year"], show["total_episodes"]) == (payloads.SHOW, 2021, 9)
    assert show["watched_episodes"] == 2
    assert (show["tmdb_id"], show["tvdb_id"]) == ((77, None) if "tmdb_id" in body else (None, 5))
    assert episode_entry(conn, show["id"], 1, 9)["watched"] is True


@pytest.mark.parametrize("why", ["another_server", "another_show", "gone"])
def test_where_the_server_has_another_show_the_episodes_that_wait_are_taken(
    ann: ApiClient, held: int, fake_plex: FakePlex, use_plex: Callable[..., None], why: str
) -> None:
    use_plex(ann.user_id, **({"plex_server_uuid": "another"} if why == "another_server" else {}))
    if why != "gone":
        guid = "plex://show/another" if why == "another_show" else payloads.show_guid()
        fake_plex.add_show(KEY, payloads.SHOW, guid=guid, seasons={1: 5})
    answer = resolve(ann, held, action="create_new")
    assert answer["outcomes"] == {"marked_watched": 2}
    assert ann.call("GET", f"/api/shows/{answer['tvshow_id']}")["total_episodes"] == 2
    if why == "another_server":
        assert fake_plex.requests == []


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (failures.status(500), 503, "tmdb_unavailable"),
        (failures.malformed(), 503, "tmdb_unavailable"),
        (failures.html(), 503, "tmdb_unavailable"),
        (failures.drop(), 503, "tmdb_unavailable"),
        (failures.status(401), 422, "tmdb_key_rejected"),
    ],
)
def test_when_tmdb_fails_nothing_is_changed(
    ann: ApiClient,
    held: int,
    fake_tmdb: FakeTmdb,
    conn: Connection,
    failure: failures.Failure,
    status: int,
    code: str,
) -> None:
    fake_tmdb.add_show(77, "Harbour Lights Abroad", seasons={1: 9})
    fake_tmdb.fail("/tv/*", failure)
    assert resolve(ann, held, action="select", tmdb_id=77, status=status)["error"]["code"] == code
    assert not conflict_row(conn, held)["resolved"]
    assert value(conn, "select count(*) as n from tvshows") == 0
    fake_tmdb.heal()
    assert resolve(ann, held, action="select", tmdb_id=77)["outcomes"] == {"marked_watched": 2}


def test_when_tmdb_asks_to_wait_so_does_the_answer(ann: ApiClient, held: int, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.fail("/tv/*", failures.status(429, retry_after=7))
    response = ann.send("POST", f"/api/plex/conflicts/{held}/resolve", {"action": "select", "tmdb_id": 77})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "7")


def test_an_id_that_tmdb_does_not_know_is_refused_by_the_fields_name(
    ann: ApiClient, held: int, fake_tmdb: FakeTmdb, conn: Connection
) -> None:
    error = resolve(ann, held, action="create_new", tmdb_id=5, status=422)["error"]
    assert list(error["fields"]) == ["tmdb_id"]
    assert not conflict_row(conn, held)["resolved"]


def test_when_the_plex_server_fails_nothing_is_changed(
    ann: ApiClient, held: int, fake_plex: FakePlex, use_plex: Callable[..., None], conn: Connection
) -> None:
    use_plex(ann.user_id)
    fake_plex.fail("*", failures.status(500))
    assert resolve(ann, held, action="create_new", status=503)["error"]["code"] == "plex_unavailable"
    assert not conflict_row(conn, held)["resolved"]


def test_nobody_is_asked_about_a_show_that_the_tracker_has_or_a_question_that_is_answered(
    ann: ApiClient, held: int, fake_tmdb: FakeTmdb, make_show: Callable[..., int], conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "Harbour Lights Abroad", tmdb_id=77)
    assert resolve(ann, held, action="create_new", tmdb_id=77)["tvshow_id"] == show_id
    resolve(ann, held, action="create_new", tmdb_id=78, status=409)
    assert fake_tmdb.requests == []
    assert log_row(conn, 1)["watched_at"] == AT
