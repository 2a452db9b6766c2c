"""receive_event: the door for every event."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

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


def log_count(conn: Connection, user: int) -> Any:
    return value(conn, "select count(*) as n from plex_webhook_logs where user_id = %s", (user,))


def test_a_first_scrobble_marks_maps_and_logs(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=43)
    receipt = uuid.uuid4()
    outcome = receive(conn, user, scrobble(season=2, episode=3), receipt=receipt)
    assert (outcome["status"], outcome["action"], outcome["tvshow_id"]) == ("success", "marked_watched", show)
    assert outcome["conflict_id"] is None

    log = log_row(conn, outcome["log_id"])
    assert (log["user_id"], log["receipt"], log["source"]) == (user, receipt, "webhook")
    assert (log["status"], log["action_taken"], log["tvshow_id"]) == ("success", "marked_watched", show)
    assert (log["event_type"], log["plex_title"]) == ("media.scrobble", payloads.SHOW)
    assert (log["plex_season"], log["plex_episode"]) == (2, 3)
    assert (log["plex_account"], log["plex_server"]) == (payloads.ACCOUNT, payloads.SERVER_UUID)
    assert log["watched_at"] == AT
    assert [step["step"] for step in log["trace"]] == ["title", "mark"]
    assert log["processing_duration_ms"] > 0
    assert log["payload"]["Metadata"]["grandparentTitle"] == payloads.SHOW

    (play,) = plays(conn, show)
    assert (play["log_id"], play["mapping_id"], play["account_id"]) == (
        log["id"],
        log["mapping_id"],
        log["account_id"],
    )
    assert episode_entry(conn, show, 2, 3)["watched"] is True
    assert show_row(conn, show)["plex_synced"] is True
    assert_totals_are_a_recount(conn, show)
    config = one(conn, "select last_webhook_at from plex_config where user_id = %s", (user,))
    assert config["last_webhook_at"] == AT


def test_the_next_scrobble_goes_by_the_mapping(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    conn.execute("update tvshows set title = 'Another name' where id = %s", (show,))
    conn.execute("delete from show_titles where tvshow_id = %s", (show,))
    outcome = receive(conn, user, scrobble(episode=2))
    assert (outcome["status"], outcome["tvshow_id"]) == ("success", show)
    assert log_row(conn, outcome["log_id"])["trace"][0]["step"] == "mapping"


def test_the_same_receipt_gets_the_same_answer_and_is_not_applied_again(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receipt = uuid.uuid4()
    first = receive(conn, user, scrobble(), receipt=receipt)
    assert receive(conn, user, scrobble(), receipt=receipt) == first
    assert receive(conn, user, scrobble(at=AT + 5 * HOUR), receipt=receipt, source="spool") == first
    assert log_count(conn, user) == 1
    assert live_times(conn, show) == [AT]


def test_a_receipt_of_another_user_tells_nothing_of_theirs(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    make_show(user, payloads.SHOW)
    receipt = uuid.uuid4()
    receive(conn, user, scrobble(), receipt=receipt)
    with refused(conn, "23505", "plex_webhook_logs_receipt_key"):
        receive(conn, other, scrobble(), receipt=receipt)


def test_an_exact_repeat_is_logged_as_duplicate(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first = receive(conn, user, scrobble())
    again = receive(conn, user, scrobble(), at=AT + timedelta(seconds=40))
    assert (again["status"], again["action"]) == ("duplicate", "duplicate")
    log = log_row(conn, again["log_id"])
    assert log["trace"] == [{"step": "duplicate", "of": first["log_id"]}]
    assert live_times(conn, show) == [AT]
    assert log_count(conn, user) == 2


def test_a_repeat_of_a_held_event_is_a_duplicate_too(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    assert held["status"] == "conflict"
    again = receive(conn, user, scrobble())
    assert again["status"] == "duplicate"
    waiting = value(
        conn, "select count(*) as n from plex_webhook_logs where status = 'conflict' and user_id = %s", (user,)
    )
    assert waiting == 1


def test_without_a_viewing_time_a_repeat_is_one_only_within_the_length_of_the_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=43)
    message = scrobble(lastViewedAt=payloads.MISSING, viewCount=payloads.MISSING)
    assert receive(conn, user, message)["action"] == "marked_watched"
    assert receive(conn, user, message, at=AT + timedelta(minutes=42))["status"] == "duplicate"
    assert receive(conn, user, message, at=AT + timedelta(minutes=44))["action"] == "rewatched"
    assert len(live_times(conn, show)) == 2
    message = scrobble(episode=2, lastViewedAt=payloads.MISSING, duration=payloads.MISSING)
    receive(conn, user, message)
    assert receive(conn, user, message, at=AT + timedelta(minutes=29))["status"] == "duplicate"
    assert receive(conn, user, message, at=AT + timedelta(minutes=44))["action"] == "rewatched"


def test_a_viewing_time_that_was_not_believed_makes_no_repeat_of_a_rewatch(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    """Of a shared user's viewing Plex may tell the owner's lastViewedAt, which stays what it is."""
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=43)
    message = scrobble(at=AT - 100 * HOUR, viewCount=payloads.MISSING)
    assert receive(conn, user, message, at=AT)["action"] == "marked_watched"
    assert receive(conn, user, message, at=AT + timedelta(minutes=1))["status"] == "duplicate"
    assert receive(conn, user, message, at=AT + 24 * HOUR)["action"] == "rewatched"
    assert live_times(conn, show) == [AT, AT + 24 * HOUR]


def test_a_second_trigger_of_one_viewing_is_no_second_play(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=43)
    receive(conn, user, scrobble())
    outcome = receive(conn, user, scrobble(at=AT + timedelta(minutes=4), viewCount=2))
    assert (outcome["status"], outcome["action"]) == ("success", "already_watched")
    assert live_times(conn, show) == [AT]


def test_a_rewatch_is_a_play_of_its_own(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    outcome = receive(conn, user, scrobble(at=AT + 30 * HOUR, viewCount=2))
    assert (outcome["status"], outcome["action"]) == ("success", "rewatched")
    assert live_times(conn, show) == [AT, AT + 30 * HOUR]
    assert show_row(conn, show)["watched_episodes"] == 1


def test_a_webhook_and_the_history_tell_of_one_viewing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, runtime=43)
    receive(conn, user, scrobble())
    outcome = receive(conn, user, scrobble(at=AT - timedelta(minutes=3), viewCount=5), source="history")
    assert outcome["action"] == "already_watched"
    assert live_times(conn, show) == [AT - timedelta(minutes=3)]


def test_a_spooled_event_keeps_the_time_of_its_receipt(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    outcome = receive(conn, user, scrobble(lastViewedAt=payloads.MISSING), at=AT - 48 * HOUR, source="spool")
    assert live_times(conn, show) == [AT - 48 * HOUR]
    assert log_row(conn, outcome["log_id"])["created_at"] == AT - 48 * HOUR
    config = one(conn, "select last_webhook_at from plex_config where user_id = %s", (user,))
    assert config["last_webhook_at"] == AT - 48 * HOUR


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (scrobble(event="media.play"), "event_not_scrobble"),
        (payloads.trailer(), "not_an_episode"),
        (payloads.live_tv(), "live_tv"),
        (scrobble(user=False, Account={"id": 5, "title": "guest"}), "account_not_tracked"),
    ],
)
def test_what_is_not_for_the_tracker_is_logged_and_nothing_else(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, message: dict[str, Any], why: str
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    outcome = receive(conn, user, message)
    assert (outcome["status"], outcome["action"]) == ("ignored", why)
    log = log_row(conn, outcome["log_id"])
    assert (log["event_key"], log["watched_at"], log["tvshow_id"]) == (None, None, None)
    assert plays(conn, show) == []
    assert receive(conn, user, message)["status"] == "ignored"
    if why == "account_not_tracked":
        assert log["trace"][0]["account"] == "guest"


def test_a_show_that_nobody_knows_is_asked_about_once_and_holds_its_events(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    first = receive(conn, user, scrobble())
    second = receive(conn, user, scrobble(episode=2))
    assert (first["status"], first["action"]) == ("conflict", "needs_user_input")
    assert second["conflict_id"] == first["conflict_id"]
    assert conflict_row(conn, first["conflict_id"])["conflict_type"] == "no_match"
    assert log_row(conn, second["log_id"])["conflict_id"] == first["conflict_id"]


def test_what_needs_a_look_up_waits_and_is_due_at_once(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user(plex_token="00:00:00")
    show = make_show(user, payloads.SHOW)
    outcome = receive(conn, user, scrobble())
    assert (outcome["status"], outcome["action"]) == ("pending", "needs_lookup")
    log = log_row(conn, outcome["log_id"])
    assert log["next_attempt_at"] is not None
    assert log["trace"][-1]["needs"]["plex_show"]
    assert plays(conn, show) == []


def test_a_mapped_show_that_is_off_is_ignored_but_counts_once_it_is_on(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    assert receive(conn, user, scrobble(episode=2))["action"] == "sync_disabled"
    conn.execute("update plex_show_mappings set sync_enabled = true where user_id = %s", (user,))
    assert receive(conn, user, scrobble(episode=2))["action"] == "marked_watched"


@pytest.mark.parametrize(
    "build",
    [
        payloads.episode,
        payloads.special,
        payloads.episode_with_tvdb_only,
        payloads.episode_without_guids,
        payloads.legacy_thetvdb,
        payloads.legacy_thetvdb_2019,
        payloads.legacy_themoviedb,
        payloads.hama_tvdb,
        payloads.hama_anidb,
        payloads.unmatched,
        payloads.unmatched_in_known_show,
    ],
)
def test_every_agents_episode_of_a_known_show_is_marked(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    build: Callable[..., dict[str, Any]],
) -> None:
    user = make_user()
    numbers = [{"episodeNumber": n, "runtime": 43} for n in range(13)]
    seasons = [{"seasonNumber": s, "episodes": numbers} for s in range(3)]
    show = make_show(user, payloads.SHOW, seasons=seasons)
    message = build()
    first = receive(conn, user, message)
    assert (first["status"], first["tvshow_id"]) == ("success", show)
    next_one = receive(conn, user, build(index=message["Metadata"]["index"] + 1))
    assert (next_one["status"], next_one["tvshow_id"]) == ("success", show)
    assert log_row(conn, next_one["log_id"])["trace"][0]["step"] == "mapping"
    assert show_row(conn, show)["watched_episodes"] == 2


def test_a_rebuilt_server_with_reused_rating_keys_does_not_mark_the_old_keys_show(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    old, new = make_show(user, "Harbour Lights"), make_show(user, "Nightwatch")
    receive(conn, user, scrobble("Harbour Lights"))
    key = payloads.rating_key("show", "Harbour Lights")
    for message in (
        scrobble("Nightwatch", episode=2, grandparentRatingKey=key),
        payloads.episode_without_guids(grandparentTitle="Nightwatch", parentIndex=1, index=3, grandparentRatingKey=key),
    ):
        assert receive(conn, user, message)["tvshow_id"] == new
    assert [(p["episode"]) for p in plays(conn, old)] == [1]
    assert receive(conn, user, scrobble("Harbour Lights", episode=4))["tvshow_id"] == old


def test_two_servers_with_the_same_rating_keys_do_not_touch_each_other(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first, second = make_show(user, "Harbour Lights"), make_show(user, "Nightwatch")
    plain = {"grandparentRatingKey": "12", "ratingKey": "34", "parentIndex": 1, "index": 1}
    one_server = payloads.episode_without_guids(grandparentTitle="Harbour Lights", Server={"uuid": "S1"}, **plain)
    other_server = payloads.episode_without_guids(grandparentTitle="Nightwatch", Server={"uuid": "S2"}, **plain)
    assert receive(conn, user, one_server)["tvshow_id"] == first
    assert receive(conn, user, other_server)["tvshow_id"] == second
    keys = conn.execute(
        "select plex_server_uuid, tvshow_id from plex_show_mappings where plex_rating_key = '12' and user_id = %s",
        (user,),
    ).fetchall()
    assert {(k["plex_server_uuid"], k["tvshow_id"]) for k in keys} == {("S1", first), ("S2", second)}


def test_two_users_with_the_same_show_do_not_touch_each_other(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user, other = make_user(), make_user()
    show, foreign = make_show(user, payloads.SHOW), make_show(other, payloads.SHOW)
    assert receive(conn, user, scrobble())["tvshow_id"] == show
    assert plays(conn, foreign) == []
    assert receive(conn, other, scrobble())["action"] == "marked_watched"
    assert len(plays(conn, show)) == len(plays(conn, foreign)) == 1


def test_the_last_webhook_is_noted_once_a_minute(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    for seconds, noted in ((0, 0), (59, 0), (61, 61)):
        receive(conn, user, scrobble(event="media.play"), at=AT + timedelta(seconds=seconds))
        config = one(conn, "select last_webhook_at from plex_config where user_id = %s", (user,))
        assert config["last_webhook_at"] == AT + timedelta(seconds=noted)


@pytest.mark.parametrize("title", ["進撃の巨人", "Émile", "M*A*S*H", "Law & Order", "\ufffd", "'; --", "x" * 1000])
def test_a_title_in_any_script_is_kept_and_matched(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, title: str
) -> None:
    user = make_user()
    show = make_show(user, title)
    outcome = receive(conn, user, scrobble(title))
    assert (outcome["status"], outcome["tvshow_id"]) == ("success", show)
    assert log_row(conn, outcome["log_id"])["plex_title"] == title


def _scrambled(length: int, seed: int = 4) -> str:
    """Characters of four bytes each that no compression makes short."""
    pick = random.Random(seed)
    return "".join(chr(pick.randrange(0x20000, 0x2A6D0)) for _ in range(length))


def test_the_longest_names_that_the_parser_lets_through_are_kept(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    name = _scrambled(1000)
    show = make_show(user, name)
    changes: dict[str, Any] = {
        "Account": {"title": name},
        "Server": {"uuid": _scrambled(100), "title": name},
        "title": name,
        "grandparentRatingKey": _scrambled(100),
    }
    guid = f"local://{_scrambled(490)}"
    outcome = receive(conn, user, payloads.unmatched(grandparentTitle=name, grandparentGuid=guid, **changes))
    assert (outcome["status"], outcome["tvshow_id"]) == ("success", show)
    log = log_row(conn, outcome["log_id"])
    assert (log["plex_title"], log["plex_account"]) == (name, name)
    guid = f"plex://show/{_scrambled(486)}"
    unknown = payloads.episode(grandparentTitle=_scrambled(1000, 5), grandparentGuid=guid, **changes)
    outcome = receive(conn, user, unknown)
    assert outcome["status"] == "conflict"
    changes |= {"grandparentRatingKey": payloads.MISSING, "grandparentTitle": _scrambled(1000, 6)}
    assert receive(conn, user, payloads.episode_without_guids(**changes))["status"] == "conflict"
