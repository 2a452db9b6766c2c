"""resolve_conflict: the user's answer, applied to everything that waited for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    conflict_row,
    episode_entry,
    live_times,
    log_row,
    one,
    plays,
    refused,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
HOUR = timedelta(hours=1)


def resolve(
    conn: Connection,
    user_id: int,
    conflict_id: int,
    action: str,
    tvshow_id: int | None = None,
    *,
    season: int | None = None,
    episode: int | None = None,
    show: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return one(
        conn,
        "select * from resolve_conflict(%s, %s, %s, %s, %s, %s, %s)",
        (user_id, conflict_id, action, tvshow_id, season, episode, None if show is None else Jsonb(show)),
    )


def mapping_of(conn: Connection, user_id: int) -> dict[str, Any]:
    return one(conn, "select * from plex_show_mappings where user_id = %s", (user_id,))


def test_a_selected_show_is_mapped_learnt_and_gets_every_held_event_in_viewing_order(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    # They arrive in another order than they were watched in.
    held = [receive(conn, user, scrobble(episode=n, at=AT + n * HOUR)) for n in (3, 1, 2)]
    rewatch = receive(conn, user, scrobble(episode=1, at=AT + 30 * HOUR))
    show = make_show(user, "Another name for it")
    row = resolve(conn, user, held[0]["conflict_id"], "select", show)
    assert row == {
        "tvshow_id": show,
        "replayed": 4,
        "outcomes": {"marked_watched": 3, "rewatched": 1},
    }
    assert live_times(conn, show) == [AT + n * HOUR for n in (1, 2, 3, 30)]
    assert_totals_are_a_recount(conn, show)
    assert log_row(conn, rewatch["log_id"])["action_taken"] == "rewatched"
    for outcome in held:
        log = log_row(conn, outcome["log_id"])
        assert (log["status"], log["tvshow_id"]) == ("success", show)
        assert [step["step"] for step in log["trace"]] == ["title", "resolved", "mark"]
    mapping = mapping_of(conn, user)
    assert (mapping["tvshow_id"], mapping["match_method"]) == (show, "manual")
    assert (float(mapping["match_confidence"]), mapping["manually_confirmed"]) == (1.0, True)
    names = conn.execute("select title, kind from show_titles where tvshow_id = %s", (show,)).fetchall()
    assert {(n["title"], n["kind"]) for n in names} == {
        ("Another name for it", "main"),
        (payloads.SHOW, "learnt"),
    }
    conflict = conflict_row(conn, held[0]["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "select")
    assert conflict["resolved_tvshow_id"] == show
    assert conflict["resolved_at"] is not None
    assert receive(conn, user, scrobble(episode=7))["tvshow_id"] == show


def test_a_new_show_is_made_from_what_plex_said(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble("進撃の巨人", 0, 0, title="序章"))
    receive(conn, user, scrobble("進撃の巨人", 2, 5, at=AT + HOUR))
    row = resolve(conn, user, held["conflict_id"], "create_new")
    assert (row["replayed"], row["outcomes"]) == (2, {"marked_watched": 2})
    show = show_row(conn, row["tvshow_id"])
    assert (show["title"], show["source"], show["total_episodes"]) == ("進撃の巨人", "plex", 2)
    entry = episode_entry(conn, row["tvshow_id"], 0, 0)
    assert (entry["title"], entry["airDate"], entry["runtime"]) == ("序章", "2025-10-14", 43)
    assert entry["watched"] is True
    assert_totals_are_a_recount(conn, row["tvshow_id"])


def test_a_new_show_may_be_told_more_exactly(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    told = {
        "title": "Harbour Lights",
        "year": 2021,
        "tmdb_id": 77,
        "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in (1, 2, 3)]}],
    }
    row = resolve(conn, user, held["conflict_id"], "create_new", show=told)
    show = show_row(conn, row["tvshow_id"])
    assert (show["tmdb_id"], show["total_episodes"], show["watched_episodes"]) == (77, 3, 1)
    assert show["show_start_date"].year == 2021


def test_a_new_show_with_an_id_that_is_taken_is_refused_and_nothing_changes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Taken", tmdb_id=77)
    held = receive(conn, user, scrobble())
    with refused(conn, "23505", "tvshows_tmdb_key"):
        resolve(conn, user, held["conflict_id"], "create_new", show={"tmdb_id": 77})
    assert not conflict_row(conn, held["conflict_id"])["resolved"]
    assert log_row(conn, held["log_id"])["status"] == "conflict"


def test_ignore_is_for_this_time_only(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    row = resolve(conn, user, held["conflict_id"], "ignore")
    assert row == {"tvshow_id": None, "replayed": 1, "outcomes": {"ignored": 1}}
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["action_taken"]) == ("ignored", "ignored_by_user")
    again = receive(conn, user, scrobble(episode=2))
    assert again["status"] == "conflict"
    assert again["conflict_id"] != held["conflict_id"]


def test_ignore_forever_is_remembered(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    resolve(conn, user, held["conflict_id"], "ignore_forever")
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["action_taken"]) == ("ignored", "sync_disabled")
    make_show(user, payloads.SHOW)
    assert receive(conn, user, scrobble(episode=2))["action"] == "sync_disabled"
    mapping = mapping_of(conn, user)
    assert (mapping["tvshow_id"], mapping["manually_confirmed"]) == (None, True)


def test_a_missing_episode_is_taken_from_plex_when_the_show_is_confirmed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    held = receive(conn, user, scrobble(season=3, episode=1))
    assert conflict_row(conn, held["conflict_id"])["conflict_type"] == "episode_missing"
    row = resolve(conn, user, held["conflict_id"], "select")
    assert (row["tvshow_id"], row["outcomes"]) == (show, {"marked_watched": 1})
    assert episode_entry(conn, show, 3, 1)["watched"] is True
    assert show_row(conn, show)["total_episodes"] == 3
    assert_totals_are_a_recount(conn, show)


def test_a_missing_episode_may_stand_for_another_one(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 26})
    held = receive(conn, user, scrobble(season=2, episode=4))
    row = resolve(conn, user, held["conflict_id"], "select", season=1, episode=16)
    assert row["outcomes"] == {"marked_watched": 1}
    (play,) = plays(conn, show)
    assert (play["season"], play["episode"]) == (1, 16)
    assert (play["plex_season"], play["plex_episode"]) == (2, 4)
    assert show_row(conn, show)["total_episodes"] == 26


@pytest.mark.parametrize("numbers", [{"season": 1, "episode": 1}, {"episode": 1}, {"season": 1}])
def test_one_number_for_several_waiting_episodes_is_refused(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, numbers: dict[str, Any]
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    held = receive(conn, user, scrobble(season=3, episode=1))
    receive(conn, user, scrobble(season=3, episode=2))
    with refused(conn, "TK422"):
        resolve(conn, user, held["conflict_id"], "select", show, **numbers)
    assert plays(conn, show) == []


def test_the_same_episode_held_twice_may_be_given_one_number(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    held = receive(conn, user, scrobble(season=3, episode=1))
    receive(conn, user, scrobble(season=3, episode=1, at=AT + 5 * HOUR))
    row = resolve(conn, user, held["conflict_id"], "select", show, season=1, episode=2)
    assert row["outcomes"] == {"marked_watched": 1, "rewatched": 1}


@pytest.mark.parametrize(
    ("table", "why"), [("plex_accounts", "account_not_tracked"), ("plex_servers", "server_not_tracked")]
)
def test_an_event_of_an_account_or_server_that_was_refused_since_is_not_marked(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, table: str, why: str
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    show = make_show(user, "Another name")
    conn.execute(f"update {table} set counts = false where user_id = %s".encode(), (user,))
    row = resolve(conn, user, held["conflict_id"], "select", show)
    assert row["outcomes"] == {why: 1}
    log = log_row(conn, held["log_id"])
    assert (log["status"], log["action_taken"]) == ("ignored", why)
    assert plays(conn, show) == []
    assert mapping_of(conn, user)["tvshow_id"] == show


def test_episodes_without_numbers_are_told_apart_by_their_names(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    plain: dict[str, Any] = {"index": payloads.MISSING, "originallyAvailableAt": payloads.MISSING}
    held = receive(conn, user, scrobble(title="Part one", ratingKey="1", **plain))
    receive(conn, user, scrobble(title="Part two", ratingKey="2", **plain))
    with refused(conn, "TK422"):
        resolve(conn, user, held["conflict_id"], "select", show, season=1, episode=1)


def test_an_answer_that_still_lacks_the_episode_asks_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    other = make_show(user, "Nightwatch", seasons={1: 1})
    held = receive(conn, user, scrobble(episode=9))
    row = resolve(conn, user, held["conflict_id"], "select", other)
    assert row["outcomes"] == {"needs_user_input": 1}
    log = log_row(conn, held["log_id"])
    assert log["status"] == "conflict"
    assert log["conflict_id"] != held["conflict_id"]
    again = conflict_row(conn, log["conflict_id"])
    assert (again["conflict_type"], again["tvshow_id"]) == ("episode_missing", other)
    assert mapping_of(conn, user)["tvshow_id"] == other


def test_a_wrong_mapping_is_put_right_by_the_answer(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    wrong = make_show(user, payloads.SHOW, seasons={1: 1})
    right = make_show(user, "Harbour Lights (2021)", seasons={1: 10})
    held = receive(conn, user, scrobble(episode=9))
    assert resolve(conn, user, held["conflict_id"], "select", right)["outcomes"] == {"marked_watched": 1}
    assert mapping_of(conn, user)["tvshow_id"] == right
    assert plays(conn, wrong) == []


def test_personal_media_is_mapped_for_its_own_server(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Races", seasons={2026: 1})
    for server in ("S1", "S2"):
        message = payloads.unmatched(
            Server={"uuid": server}, parentIndex=2026, index=1, lastViewedAt=payloads.VIEWED_AT
        )
        held = receive(conn, user, message)
        assert held["status"] == ("conflict" if server == "S1" else "success")
        if server == "S1":
            resolve(conn, user, held["conflict_id"], "select", show)
            receive(conn, user, message | {"Server": {"uuid": "S1"}})
    # The name was learnt, so the second server's event went by title; its mapping is its own.
    assert value(conn, "select count(*) as n from plex_show_mappings where user_id = %s", (user,)) == 2


def test_a_key_given_to_another_show_while_the_question_is_open_is_another_question(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Hafenlichter")
    plain: dict[str, Any] = {"Guid": payloads.MISSING, "grandparentGuid": "local://12", "grandparentRatingKey": "12"}
    before = receive(conn, user, scrobble("Harbour Lights", **plain))
    after = receive(conn, user, scrobble("Emerald Coast", episode=2, **plain))
    assert after["conflict_id"] not in (None, before["conflict_id"])
    assert resolve(conn, user, before["conflict_id"], "select", show)["outcomes"] == {"marked_watched": 1}
    assert receive(conn, user, scrobble("Emerald Coast", episode=3, **plain))["conflict_id"] == after["conflict_id"]


def test_an_answer_is_given_once(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    resolve(conn, user, held["conflict_id"], "ignore")
    for action in ("ignore", "ignore_forever", "create_new", "select"):
        with refused(conn, "TK409"):
            resolve(conn, user, held["conflict_id"], action)


def test_what_makes_no_sense_is_refused(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, other = make_user(), make_user()
    foreign = make_show(other, payloads.SHOW)
    gone = make_show(user, "Gone")
    conn.execute("select delete_show(%s, %s)", (user, gone))
    held = receive(conn, user, scrobble())["conflict_id"]
    for who, conflict, action, show, sqlstate in (
        (user, 2**40, "ignore", None, "TK404"),
        (other, held, "ignore", None, "TK404"),
        (user, held, "select", foreign, "TK404"),
        (user, held, "select", gone, "TK404"),
        (user, held, "select", 2**40, "TK404"),
        (user, held, "select", None, "TK422"),
        (user, held, "perhaps", None, "TK422"),
        (user, held, "", None, "TK422"),
    ):
        with refused(conn, sqlstate):
            resolve(conn, who, conflict, action, show)
    for action in ("create_new", "ignore", "ignore_forever"):
        with refused(conn, "TK422"):
            resolve(conn, user, held, action, season=1, episode=1)
    assert not conflict_row(conn, held)["resolved"]
    assert conn.execute("select from plex_show_mappings where user_id = %s", (user,)).fetchall() == []


def test_a_show_that_is_named_is_added_without_an_id_that_another_one_has(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "First entry", tmdb_id=1, tvdb_id=5, imdb_id="tt5")
    held = receive(conn, user, scrobble())
    show = {"title": "Second entry", "tmdb_id": 2, "tvdb_id": 5, "imdb_id": "tt6"}
    row = one(
        conn,
        "select * from resolve_conflict(%s, %s, 'create_new', p_show => %s)",
        (user, held["conflict_id"], Jsonb(show)),
    )
    added = show_row(conn, row["tvshow_id"])
    assert (added["tmdb_id"], added["tvdb_id"], added["imdb_id"]) == (2, None, "tt6")
    assert row["outcomes"] == {"marked_watched": 1}
