"""`/api/plex/conflicts`: the questions, and what the answers do to the events that wait."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, conflict_row, log_row, plays, show_row, value

MakeShow = Callable[..., int]


@pytest.fixture
def held(ann: ApiClient, conn: Connection) -> dict[str, Any]:
    """An open conflict about "Lantern", which no show is like, with two events that came in the wrong order."""
    late = receive(conn, ann.user_id, scrobble("Lantern", episode=2, at=AT + timedelta(hours=2)))
    early = receive(conn, ann.user_id, scrobble("Lantern", episode=1, at=AT))
    assert (late["status"], late["conflict_id"]) == ("conflict", early["conflict_id"])
    return {"id": late["conflict_id"], "logs": [early["log_id"], late["log_id"]]}


def resolve(client: ApiClient, conflict_id: int, *, status: int = 200, **body: Any) -> Any:
    return client.call("POST", f"/api/plex/conflicts/{conflict_id}/resolve", body, status=status)


def assert_written_in_viewing_order(conn: Connection, show_id: int) -> None:
    """The plays were written in the order in which they happened, not in that in which Plex told of them."""
    ids = [play["id"] for play in plays(conn, show_id)]
    assert ids == sorted(ids)


def test_a_conflict_says_what_is_asked_and_how_many_events_wait(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "Bob's Burgers", year=2011)
    receive(conn, ann.user_id, scrobble("Bob Burgers"))
    receive(conn, ann.user_id, scrobble("Bob Burgers", episode=2))
    (conflict,) = ann.call("GET", "/api/plex/conflicts")["conflicts"]
    assert (conflict["plex_title"], conflict["conflict_type"], conflict["held"]) == ("Bob Burgers", "low_confidence", 2)
    (candidate,) = conflict["potential_matches"]
    assert (candidate["tvshow_id"], candidate["title"], candidate["year"]) == (show_id, "Bob's Burgers", 2011)
    assert 0 < candidate["score"] < 0.6
    assert candidate["reason"]
    assert (conflict["resolved"], conflict["resolution_action"], conflict["resolved_at"]) == (False, None, None)


def test_selecting_a_show_marks_what_waited_in_viewing_order(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "The Lamp")
    answer = resolve(ann, held["id"], action="select", tvshow_id=show_id)
    assert answer == {
        "id": held["id"],
        "action": "select",
        "resolved": True,
        "tvshow_id": show_id,
        "replayed": 2,
        "outcomes": {"marked_watched": 2},
    }
    assert [(play["episode"], play["log_id"]) for play in plays(conn, show_id)] == list(
        zip((1, 2), held["logs"], strict=True)
    )
    assert_written_in_viewing_order(conn, show_id)
    assert {log_row(conn, log_id)["status"] for log_id in held["logs"]} == {"success"}
    row = conflict_row(conn, held["id"])
    assert (row["resolved"], row["resolution_action"], row["resolved_tvshow_id"]) == (True, "select", show_id)
    assert ann.call("GET", "/api/plex/conflicts")["conflicts"] == []
    assert receive(conn, ann.user_id, scrobble("Lantern", episode=3))["tvshow_id"] == show_id
    assert_totals_are_a_recount(conn, show_id)


def test_creating_a_show_takes_title_and_episodes_from_plex(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    answer = resolve(ann, held["id"], action="create_new")
    assert (answer["replayed"], answer["outcomes"]) == (2, {"marked_watched": 2})
    row = show_row(conn, answer["tvshow_id"])
    assert (row["title"], row["source"], row["watched_episodes"], row["user_id"]) == ("Lantern", "plex", 2, ann.user_id)


@pytest.mark.parametrize("action", ["select", "create_new"])
def test_a_tmdb_id_that_a_show_has_selects_that_show(
    ann: ApiClient, bob: ApiClient, held: dict[str, Any], make_show: MakeShow, action: str
) -> None:
    make_show(bob.user_id, "His Lamp", tmdb_id=77)
    show_id = make_show(ann.user_id, "The Lamp", tmdb_id=77)
    answer = resolve(ann, held["id"], action=action, tmdb_id=77)
    assert (answer["tvshow_id"], answer["replayed"], answer["action"]) == (show_id, 2, action)


@pytest.mark.parametrize("action", ["select", "create_new"])
def test_a_tmdb_id_that_no_show_has_is_stored_on_the_new_one(
    ann: ApiClient, held: dict[str, Any], conn: Connection, action: str
) -> None:
    answer = resolve(ann, held["id"], action=action, tmdb_id=78)
    row = show_row(conn, answer["tvshow_id"])
    assert (row["tmdb_id"], row["title"], row["watched_episodes"]) == (78, "Lantern", 2)
    assert answer["replayed"] == 2


def test_a_candidate_that_is_not_in_the_tracker_is_added_under_its_own_name(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    conn.execute(
        "update plex_conflicts set potential_matches = %s",
        (
            Jsonb(
                [{"tvshow_id": None, "tmdb_id": 9, "title": "The Lantern", "year": 2014, "score": 0.5, "reason": "x"}]
            ),
        ),
    )
    answer = resolve(ann, held["id"], action="select", tmdb_id=9)
    show = ann.call("GET", f"/api/shows/{answer['tvshow_id']}")
    assert (show["title"], show["year"], show["tmdb_id"]) == ("The Lantern", 2014, 9)
    names = value(conn, "select array_agg(title order by title) from show_titles where tvshow_id = %s", (show["id"],))
    assert names == ["Lantern", "The Lantern"]


def test_ignoring_leaves_these_events_out_and_asks_again_next_time(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    answer = resolve(ann, held["id"], action="ignore")
    assert (answer["replayed"], answer["outcomes"], answer["tvshow_id"]) == (2, {"ignored": 2}, None)
    assert {log_row(conn, log_id)["status"] for log_id in held["logs"]} == {"ignored"}
    assert receive(conn, ann.user_id, scrobble("Lantern", episode=3))["status"] == "conflict"


def test_ignoring_for_good_is_kept_as_a_mapping_to_nothing(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    assert resolve(ann, held["id"], action="ignore_forever")["replayed"] == 2
    assert receive(conn, ann.user_id, scrobble("Lantern", episode=3))["action"] == "sync_disabled"
    (mapping,) = ann.call("GET", "/api/plex/mappings?unmapped=true")["mappings"]
    assert (mapping["plex_title"], mapping["manually_confirmed"]) == ("Lantern", True)


def test_searching_again_finds_a_show_that_was_added_since(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    answer = resolve(ann, held["id"], action="search_again")
    assert (answer["resolved"], answer["replayed"], answer["outcomes"]) == (False, 2, {"needs_user_input": 2})
    assert conflict_row(conn, held["id"])["resolved"] is False

    show_id = make_show(ann.user_id, "Lantern")
    answer = resolve(ann, held["id"], action="search_again")
    assert answer == {
        "id": held["id"],
        "action": "search_again",
        "resolved": True,
        "tvshow_id": show_id,
        "replayed": 2,
        "outcomes": {"marked_watched": 2},
    }
    assert [play["episode"] for play in plays(conn, show_id)] == [1, 2]
    assert_written_in_viewing_order(conn, show_id)
    assert conflict_row(conn, held["id"])["resolution_action"] == "search_again"


def test_a_missing_episode_can_be_named_or_taken_from_plex(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "Lantern", seasons={1: 2, 2: 2})
    first = receive(conn, ann.user_id, scrobble("Lantern", season=3, episode=1))
    assert ann.call("GET", "/api/plex/conflicts")["conflicts"][0]["tvshow_id"] == show_id
    answer = resolve(ann, first["conflict_id"], action="select", season=2, episode=2)
    assert (answer["tvshow_id"], answer["outcomes"]) == (show_id, {"marked_watched": 1})
    assert [(play["season"], play["episode"]) for play in plays(conn, show_id)] == [(2, 2)]

    second = receive(conn, ann.user_id, scrobble("Lantern", season=4, episode=1))
    resolve(ann, second["conflict_id"], action="select")
    assert [(play["season"], play["episode"]) for play in plays(conn, show_id)] == [(2, 2), (4, 1)]
    assert_totals_are_a_recount(conn, show_id)


def test_one_episode_number_for_several_waiting_episodes_does_not_fit(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "The Lamp")
    resolve(ann, held["id"], action="select", tvshow_id=show_id, season=1, episode=1, status=422)
    assert conflict_row(conn, held["id"])["resolved"] is False
    assert plays(conn, show_id) == []


def test_selecting_nothing_where_no_show_was_found_does_not_fit(ann: ApiClient, held: dict[str, Any]) -> None:
    resolve(ann, held["id"], action="select", status=422)


@pytest.mark.parametrize("action", ["select", "create_new", "ignore", "ignore_forever", "search_again"])
def test_a_conflict_is_answered_once(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection, action: str
) -> None:
    resolve(ann, held["id"], action="ignore")
    shows = value(conn, "select count(*) from tvshows")
    extra = {"tmdb_id": 5} if action in ("select", "create_new") else {}
    resolve(ann, held["id"], action=action, status=409, **extra)
    assert value(conn, "select count(*) from tvshows") == shows


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("action", {}),
        ("action", {"action": "auto"}),
        ("action", {"action": None}),
        ("tvshow_id", {"action": "select", "tvshow_id": 0}),
        ("tvshow_id", {"action": "ignore", "tvshow_id": 1}),
        ("tvshow_id", {"action": "create_new", "tvshow_id": 1}),
        ("tmdb_id", {"action": "search_again", "tmdb_id": 1}),
        ("tmdb_id", {"action": "select", "tvshow_id": 1, "tmdb_id": 1}),
        ("tmdb_id", {"action": "select", "tmdb_id": 2**31}),
        ("episode", {"action": "select", "tvshow_id": 1, "season": 1}),
        ("season", {"action": "select", "tvshow_id": 1, "episode": 1}),
        ("season", {"action": "create_new", "season": 1, "episode": 1}),
        ("season", {"action": "select", "tvshow_id": 1, "season": -1, "episode": 1}),
        ("show", {"action": "create_new", "show": {}}),
    ],
)
def test_a_wrong_answer_is_refused_by_the_fields_name(
    ann: ApiClient, held: dict[str, Any], conn: Connection, field: str, body: dict[str, Any]
) -> None:
    assert list(ann.refused("POST", f"/api/plex/conflicts/{held['id']}/resolve", body)) == [field]
    assert conflict_row(conn, held["id"])["resolved"] is False


def test_the_show_of_another_user_cannot_be_selected(
    ann: ApiClient, bob: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    resolve(ann, held["id"], action="select", tvshow_id=make_show(bob.user_id, "His"), status=404)
    assert conflict_row(conn, held["id"])["resolved"] is False


def test_the_conflict_of_another_user_is_not_there(
    bob: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(bob.user_id, "His")
    assert bob.call("GET", "/api/plex/conflicts?resolved=all")["conflicts"] == []
    for body in ({"action": "select", "tvshow_id": show_id}, {"action": "ignore"}, {"action": "search_again"}):
        resolve(bob, held["id"], status=404, **body)
    resolve(bob, 999_999, action="ignore", status=404)
    assert conflict_row(conn, held["id"])["resolved"] is False


def test_open_answered_and_all_conflicts_are_listed_in_pages(ann: ApiClient, conn: Connection) -> None:
    ids = [receive(conn, ann.user_id, scrobble(title))["conflict_id"] for title in ("One", "Two", "Three")]
    resolve(ann, ids[1], action="ignore")

    def listed(query: str) -> list[int]:
        return [conflict["id"] for conflict in ann.call("GET", f"/api/plex/conflicts?{query}")["conflicts"]]

    assert listed("") == listed("resolved=false") == [ids[2], ids[0]]
    assert listed("resolved=true") == [ids[1]]
    assert listed("resolved=all") == ids[::-1]
    page = ann.call("GET", "/api/plex/conflicts?limit=1")
    assert listed(f"next={page['next']}") == [ids[0]]
    assert list(ann.refused("GET", "/api/plex/conflicts?resolved=maybe")) == ["resolved"]
