"""settle_open_conflicts: a question answers itself when the tracker gains the show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, conflict_row, live_times, log_row, one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def settle(conn: Connection, user_id: int, show: int) -> Any:
    return value(conn, "select settle_open_conflicts(%s, %s) as n", (user_id, show))


def test_the_show_by_its_name_answers_the_question(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    held = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR)) for n in (2, 1)]
    show = make_show(user, payloads.SHOW)
    assert settle(conn, user, show) == 1
    conflict = conflict_row(conn, held[0]["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "auto")
    assert conflict["resolved_tvshow_id"] == show
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert (mapping["tvshow_id"], mapping["manually_confirmed"]) == (show, False)
    assert (float(mapping["match_confidence"]), mapping["match_method"]) == (0.8, "title")
    assert live_times(conn, show) == [AT + HOUR, AT + 2 * HOUR]
    assert log_row(conn, held[0]["log_id"])["trace"][-2:] == [
        {"step": "resolved", "action": "auto", "conflict_id": held[0]["conflict_id"]},
        {"step": "mark", "season": 1, "episode": 2, "action": "marked_watched"},
    ]
    assert_totals_are_a_recount(conn, show)
    assert settle(conn, user, show) == 0


def test_an_id_that_an_event_told_answers_it_whatever_the_name(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, payloads.legacy_thetvdb(parentIndex=2, index=15))
    assert held["status"] == "conflict"
    show = make_show(user, "Quite another name", tvdb_id=payloads.show_ids()["tvdb"], seasons={2: 15})
    assert settle(conn, user, show) == 1
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert (float(mapping["match_confidence"]), mapping["match_method"]) == (0.95, "tvdb_id")
    assert mapping["tvdb_id"] == payloads.show_ids()["tvdb"]
    assert len(plays(conn, show)) == 1


def test_what_is_not_certain_stays_open_with_one_candidate_more(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    tmdb = {"tvshow_id": None, "tmdb_id": 9, "title": "Harbour Lights", "year": 2019, "score": 0.5, "reason": "TMDB"}
    known = {**tmdb, "tmdb_id": 10}
    conn.execute("update plex_conflicts set potential_matches = %s", (Jsonb([tmdb, known]),))
    show = make_show(user, "Harbour Lights Tonight", tmdb_id=10)
    assert settle(conn, user, show) == 0
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["conflict_type"]) == (False, "low_confidence")
    assert [(c["tvshow_id"], c["tmdb_id"]) for c in conflict["potential_matches"]] == [(show, 10), (None, 9)]


def test_the_year_of_the_earliest_episode_that_waits_counts(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    receive(conn, user, scrobble(year=2024))
    receive(conn, user, scrobble(year=2012, episode=2))
    receive(conn, user, scrobble(year=2025, episode=3))
    assert settle(conn, user, make_show(user, payloads.SHOW, year=2020)) == 0
    # An episode of 2012 is not of the show of 2020; one of 2024 would leave both.
    assert settle(conn, user, make_show(user, payloads.SHOW, year=2011)) == 1
    row = one(conn, "select facts, potential_matches from plex_conflicts")
    assert row["facts"]["episode_year"] == 2012


def test_an_episode_that_was_missing_is_marked_when_it_is_there_and_the_others_wait(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    held = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR)) for n in (3, 4)]
    seasons = Jsonb([{"seasonNumber": 1, "episodes": [{"episodeNumber": 3}]}])
    conn.execute("select add_episodes(%s, %s, %s)", (user, show, seasons))
    assert settle(conn, user, show) == 1
    assert [log_row(conn, row["log_id"])["status"] for row in held] == ["success", "conflict"]
    assert not conflict_row(conn, held[0]["conflict_id"])["resolved"]
    seasons = Jsonb([{"seasonNumber": 1, "episodes": [{"episodeNumber": 4}]}])
    conn.execute("select add_episodes(%s, %s, %s)", (user, show, seasons))
    assert settle(conn, user, show) == 1
    conflict = conflict_row(conn, held[0]["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "auto")
    assert len(plays(conn, show)) == 2
    assert_totals_are_a_recount(conn, show)


def test_an_episode_that_the_show_lacks_is_another_question(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    there = receive(conn, user, scrobble(episode=1))
    missing = receive(conn, user, scrobble(episode=9))
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    assert settle(conn, user, show) == 1
    assert log_row(conn, there["log_id"])["status"] == "success"
    log = log_row(conn, missing["log_id"])
    assert log["status"] == "conflict"
    again = conflict_row(conn, log["conflict_id"])
    assert (again["conflict_type"], again["tvshow_id"], again["resolved"]) == ("episode_missing", show, False)
    assert conflict_row(conn, there["conflict_id"])["resolved"]


def test_an_answer_that_was_taken_back_is_not_given_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    settle(conn, user, show)
    conn.execute("select undo_conflict(%s, %s)", (user, held["conflict_id"]))
    assert settle(conn, user, show) == 0
    later = receive(conn, user, scrobble(episode=2))
    assert (later["status"], later["conflict_id"]) == ("conflict", held["conflict_id"])
    assert log_row(conn, later["log_id"])["trace"][-1]["step"] == "taken_back"
    assert plays(conn, show)[0]["void_reason"] == "undone"


def test_the_questions_of_others_and_about_others_stay(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, stranger = make_user(), make_user()
    theirs = receive(conn, stranger, scrobble())
    other = receive(conn, user, scrobble("Beacon"))
    show = make_show(user, payloads.SHOW)
    assert settle(conn, user, show) == 0
    assert settle(conn, stranger, show) == 0
    assert settle(conn, user, 2**40) == 0
    assert not conflict_row(conn, theirs["conflict_id"])["resolved"]
    assert not conflict_row(conn, other["conflict_id"])["resolved"]


def test_an_answer_that_names_a_show_settles_the_same_question_of_another_server(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    plain: dict[str, Any] = {"grandparentGuid": payloads.MISSING, "Guid": payloads.MISSING}
    here = receive(conn, user, scrobble(Server={"uuid": "S1"}, **plain))
    there = receive(conn, user, scrobble(Server={"uuid": "S2"}, episode=2, **plain))
    assert here["conflict_id"] != there["conflict_id"]
    show = make_show(user, "Hafenlichter")
    conn.execute("select resolve_conflict(%s, %s, 'select', %s)", (user, here["conflict_id"], show))
    conflict = conflict_row(conn, there["conflict_id"])
    assert (conflict["resolution_action"], conflict["resolved_tvshow_id"]) == ("auto", show)
    assert len(plays(conn, show)) == 2


def test_a_rule_that_has_mapped_the_show_since_answers_it_and_goes_with_the_answer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, payloads.SHOW)
    # It finds the show by itself, and the question has its answer.
    later = receive(conn, user, scrobble(episode=2, at=AT + HOUR))
    assert (later["status"], later["tvshow_id"]) == ("success", show)
    assert len(plays(conn, show)) == 2
    undone = one(conn, "select * from undo_conflict(%s, %s)", (user, held["conflict_id"]))
    assert (undone["withdrawn"], undone["held"]) == (2, 2)
    assert value(conn, "select count(*) as n from plex_show_mappings") == 0
    assert log_row(conn, later["log_id"])["conflict_id"] == held["conflict_id"]


def test_a_show_is_found_by_its_name_also_where_somebody_could_be_asked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    conn.execute("update plex_config set plex_token = 'sealed' where user_id = %s", (user,))
    assert receive(conn, user, scrobble("Beacon"))["status"] == "pending"
    assert settle(conn, user, make_show(user, payloads.SHOW)) == 1
    assert conflict_row(conn, held["conflict_id"])["resolution_action"] == "auto"


def test_an_event_that_maps_the_show_answers_what_was_asked_about_it_before(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    ids = payloads.show_ids()
    first = make_show(user, payloads.SHOW, year=1990, tvdb_id=ids["tvdb"])
    make_show(user, payloads.SHOW, year=2017)
    key = payloads.rating_key("show", payloads.SHOW)
    unproven = scrobble(Guid=payloads.MISSING, grandparentGuid=payloads.MISSING, guid="local://77", year=2018)
    held = receive(conn, user, unproven)
    assert held["status"] == "conflict"
    proven = payloads.legacy_thetvdb(
        parentIndex=1, index=2, grandparentRatingKey=key, lastViewedAt=payloads.VIEWED_AT + 3600
    )
    assert receive(conn, user, proven)["tvshow_id"] == first
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"], conflict["resolved_tvshow_id"]) == (
        True,
        "auto",
        first,
    )
    assert live_times(conn, first) == [AT, AT + HOUR]
    assert log_row(conn, held["log_id"])["status"] == "success"
