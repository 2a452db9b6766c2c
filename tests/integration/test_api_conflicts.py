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


def undo(client: ApiClient, conflict_id: int, *, status: int = 200) -> Any:
    return client.call("POST", f"/api/plex/conflicts/{conflict_id}/undo", status=status)


def test_a_conflict_names_the_episodes_that_wait_and_since_when(
    ann: ApiClient, bob: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    receive(conn, ann.user_id, scrobble("Lantern", episode=1, at=AT + timedelta(hours=9), title="First"))
    conflict = ann.call("GET", f"/api/plex/conflicts/{held['id']}")
    assert conflict == ann.call("GET", "/api/plex/conflicts")["conflicts"][0]
    assert [(e["season"], e["episode"], e["events"]) for e in conflict["held_episodes"]] == [(1, 1, 2), (1, 2, 1)]
    assert conflict["held_episodes"][0]["watched_at"] == "2026-01-01T20:00:00Z"
    assert (conflict["waiting_since"], conflict["overdue"]) == (conflict["created_at"], False)
    assert (conflict["undo_until"], conflict["undone_at"]) == (None, None)
    bob.call("GET", f"/api/plex/conflicts/{held['id']}", status=404)


def test_at_most_twenty_episodes_are_named_and_all_are_counted(ann: ApiClient, conn: Connection) -> None:
    for number in range(1, 24):
        row = receive(conn, ann.user_id, scrobble("Lantern", episode=number, at=AT + timedelta(hours=number)))
    conflict = ann.call("GET", f"/api/plex/conflicts/{row['conflict_id']}")
    assert conflict["held"] == 23
    assert [e["episode"] for e in conflict["held_episodes"]] == list(range(1, 21))


def test_a_question_that_is_open_for_a_day_is_overdue_and_counted(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    receive(conn, ann.user_id, scrobble("Beacon"))

    def figures() -> tuple[int, int]:
        stats = ann.call("GET", "/api/plex/stats")
        return stats["open_conflicts"], stats["conflicts_overdue"]

    assert figures() == (2, 0)
    conn.execute("update plex_conflicts set created_at = now() - interval '25 hours' where id = %s", (held["id"],))
    assert figures() == (2, 1)
    assert ann.call("GET", f"/api/plex/conflicts/{held['id']}")["overdue"] is True
    resolve(ann, held["id"], action="ignore")
    assert figures() == (1, 0)
    conflict = ann.call("GET", f"/api/plex/conflicts/{held['id']}")
    assert (conflict["overdue"], conflict["waiting_since"]) == (False, None)


def test_an_answer_is_taken_back_and_given_to_another_show(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    wrong, right = make_show(ann.user_id, "The Lamp"), make_show(ann.user_id, "The Light")
    resolve(ann, held["id"], action="select", tvshow_id=wrong)
    later = receive(conn, ann.user_id, scrobble("Lantern", episode=3, at=AT + timedelta(hours=3)))
    assert ann.call("GET", f"/api/plex/conflicts/{held['id']}")["undo_until"] is not None
    assert undo(ann, held["id"]) == {
        "id": held["id"],
        "resolved": False,
        "withdrawn": 3,
        "held": 3,
        "removed_tvshow_id": None,
        "kept_tvshow_id": None,
    }
    assert ann.call("GET", "/api/plex/mappings")["mappings"] == []
    show = ann.call("GET", f"/api/shows/{wrong}")
    assert (show["watched_episodes"], show["total_minutes"]) == (0, 0)
    viewings = ann.call("GET", f"/api/shows/{wrong}/plays")["plays"]
    assert {play["void_reason"] for play in viewings} == {"undone"}
    conflict = ann.call("GET", f"/api/plex/conflicts/{held['id']}")
    assert (conflict["resolved"], conflict["held"], conflict["undo_until"]) == (False, 3, None)
    assert conflict["undone_at"] is not None
    assert log_row(conn, later["log_id"])["conflict_id"] == held["id"]
    undo(ann, held["id"], status=409)

    assert resolve(ann, held["id"], action="select", tvshow_id=right)["outcomes"] == {"marked_watched": 3}
    assert ann.call("GET", f"/api/shows/{right}")["watched_episodes"] == 3
    assert_written_in_viewing_order(conn, right)


def test_an_answer_that_added_a_show_is_taken_back_with_the_show(
    ann: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    show_id = resolve(ann, held["id"], action="create_new")["tvshow_id"]
    assert undo(ann, held["id"])["removed_tvshow_id"] == show_id
    ann.call("GET", f"/api/shows/{show_id}", status=404)
    assert ann.call("GET", "/api/shows")["shows"] == []


def test_what_cannot_be_taken_back_is_refused_and_nothing_changes(
    ann: ApiClient, bob: ApiClient, held: dict[str, Any], conn: Connection
) -> None:
    undo(ann, held["id"], status=409)
    undo(ann, 999_999, status=404)
    show_id = resolve(ann, held["id"], action="create_new")["tvshow_id"]
    undo(bob, held["id"], status=404)
    conn.execute("update plex_conflicts set resolved_at = now() - interval '8 days'")
    undo(ann, held["id"], status=409)
    assert ann.call("GET", f"/api/shows/{show_id}")["watched_episodes"] == 2
    assert ann.call("GET", f"/api/plex/conflicts/{held['id']}")["undo_until"] is None


def test_a_show_that_is_added_answers_its_question(ann: ApiClient, held: dict[str, Any], conn: Connection) -> None:
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": n, "runtime": 20} for n in (1, 2)]}]
    show = ann.call("POST", "/api/shows", {"title": "Lantern", "seasons": seasons}, status=201)
    assert (show["watched_episodes"], show["total_minutes"]) == (2, 40)
    conflict = ann.call("GET", f"/api/plex/conflicts/{held['id']}")
    assert (conflict["resolution_action"], conflict["resolved_tvshow_id"], conflict["held"]) == ("auto", show["id"], 0)
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    assert (mapping["manually_confirmed"], mapping["match_confidence"]) == (False, 0.8)
    assert undo(ann, held["id"])["withdrawn"] == 2
    assert ann.call("GET", f"/api/shows/{show['id']}")["watched_episodes"] == 0


def test_a_show_that_gets_the_name_or_the_episode_answers_its_question(
    ann: ApiClient, held: dict[str, Any], make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "The Lamp", seasons={1: 1})
    show = ann.call("PATCH", f"/api/shows/{show_id}", {"title": "Lantern"})
    assert show["watched_episodes"] == 1
    (conflict,) = ann.call("GET", "/api/plex/conflicts")["conflicts"]
    assert (conflict["conflict_type"], conflict["tvshow_id"]) == ("episode_missing", show_id)
    seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": 2}]}]
    show = ann.call("PATCH", f"/api/shows/{show_id}", {"seasons": seasons})
    assert show["watched_episodes"] == 2
    assert ann.call("GET", "/api/plex/conflicts")["conflicts"] == []
