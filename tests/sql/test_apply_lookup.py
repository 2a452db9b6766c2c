"""apply_lookup: decides a pending event again with what was learnt, and acts on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import conflict_row, live_times, log_row, one, refused, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


IDS = payloads.show_ids(payloads.SHOW)
KEY = payloads.rating_key("show", payloads.SHOW)
PLEX = {
    "title": payloads.SHOW,
    "year": 2019,
    "guid": payloads.show_guid(payloads.SHOW),
    "ids": {"tmdb": IDS["tmdb"]},
}
TMDB_SHOW = {"title": payloads.SHOW, "year": 2019, "ids": {"tmdb": IDS["tmdb"], "tvdb": IDS["tvdb"]}}
KNOWN = {"plex_show": PLEX, "tmdb_shows": {str(IDS["tmdb"]): TMDB_SHOW}}
DOCUMENT = {
    "title": payloads.SHOW,
    "year": 2019,
    "tmdb_id": IDS["tmdb"],
    "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": n, "tmdbId": 100 + n} for n in (1, 2)]}],
}
DOWN = {"failed": {"tmdb": {"problem": "unavailable", "message": "TMDB did not answer in time"}}}


def pending(conn: Connection, user_id: int, **message: Any) -> int:
    row = receive(conn, user_id, scrobble(**message), has_tmdb=True)
    assert row["status"] == "pending"
    log_id: int = row["log_id"]
    return log_id


def apply(
    conn: Connection,
    user_id: int,
    log_id: int,
    lookup: dict[str, Any],
    *,
    document: dict[str, Any] | None = None,
    probe: str | None = None,
    has_tmdb: bool = True,
    steps: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    return one(
        conn,
        "select * from apply_lookup(%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            user_id,
            log_id,
            Jsonb(decision(log_row(conn, log_id)["payload"])),
            Jsonb(lookup),
            Jsonb(list(steps)),
            has_tmdb,
            probe,
            None if document is None else Jsonb(document),
        ),
    )


def test_more_is_asked_until_it_is_decided_and_what_was_learnt_is_kept(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(plex_token="00:00:00")
    log_id = pending(conn, user)
    asked = {"step": "asked", "service": "plex"}
    answer = apply(conn, user, log_id, {})
    assert (answer["status"], answer["needs"]) == ("pending", {"plex_show": KEY})
    answer = apply(conn, user, log_id, {"plex_show": PLEX}, steps=(asked,))
    assert answer["needs"] == {"tmdb_show": IDS["tmdb"]}
    row = log_row(conn, log_id)
    assert (row["lookup"], row["trace"][-1]) == ({"plex_show": PLEX}, asked)
    assert row["claimed_until"] is not None
    assert apply(conn, user, log_id, KNOWN)["needs"] == {"tmdb_document": IDS["tmdb"]}
    answer = apply(conn, user, log_id, KNOWN, document=DOCUMENT)
    assert (answer["status"], answer["action"], answer["needs"]) == ("success", "added_show", None)
    row = log_row(conn, log_id)
    assert (row["lookup"], row["claimed_until"], row["next_attempt_at"], row["attempts"]) == (None, None, None, 1)
    assert live_times(conn, answer["tvshow_id"]) == [AT]
    assert [step["step"] for step in row["trace"]][-3:] == ["title", "added", "mark"]


def test_a_show_of_the_tracker_gets_the_mapping_and_the_ids(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Quite another name", tmdb_id=IDS["tmdb"])
    log_id = pending(conn, user)
    answer = apply(conn, user, log_id, KNOWN)
    assert (answer["status"], answer["tvshow_id"]) == ("success", show)
    assert show_row(conn, show)["tvdb_id"] == IDS["tvdb"]
    mapping = one(conn, "select * from plex_show_mappings where tvshow_id = %s", (show,))
    assert (mapping["match_method"], float(mapping["match_confidence"])) == ("plex_lookup", 0.95)
    assert mapping["plex_year"] == 2019


def test_ids_that_deny_each_other_are_asked_about(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Quite another name", tmdb_id=5, tvdb_id=IDS["tvdb"])
    answer = apply(conn, user, pending(conn, user), KNOWN)
    assert answer["status"] == "conflict"
    (candidate,) = conflict_row(conn, answer["conflict_id"])["potential_matches"]
    assert candidate["reason"] == "same TVDB id, but another id differs"


def test_an_event_that_was_decided_meanwhile_is_left_as_it_is(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    log_id = pending(conn, user)
    show = make_show(user, payloads.SHOW)
    event = Jsonb(decision(scrobble()))
    conn.execute("select replay_event(%s, %s, %s, false)", (user, log_id, event))
    answer = apply(conn, user, log_id, KNOWN)
    assert (answer["status"], answer["action"], answer["tvshow_id"]) == ("success", "marked_watched", show)
    assert live_times(conn, show) == [AT]


def test_a_service_that_does_not_answer_is_waited_for_longer_each_time(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    seconds = "select extract(epoch from next_attempt_at - now())::float as s from plex_webhook_logs where id = %s"
    for attempt, expected in ((1, 5), (2, 10), (3, 20)):
        answer = apply(conn, user, log_id, {"plex_show": PLEX} | DOWN)
        assert (answer["status"], answer["needs"]) == ("pending", None)
        assert expected * 0.74 < value(conn, seconds, (log_id,)) < expected * 1.26
        row = log_row(conn, log_id)
        assert (row["attempts"], row["waits_for"], row["claimed_until"]) == (attempt, "tmdb", None)
        assert row["error_message"] == "TMDB did not answer in time"
        assert (row["trace"][-1]["step"], row["trace"][-1]["attempt"]) == ("waits", attempt)
    assert set(log_row(conn, log_id)["lookup"]) == {"plex_show", "since"}
    conn.execute("update plex_webhook_logs set attempts = 40")
    apply(conn, user, log_id, DOWN)
    assert 0.74 < value(conn, seconds, (log_id,)) / 14_400 < 1.26


def test_after_seven_days_it_is_out_of_attempts(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    for days, status in (("6.9", "pending"), ("7.1", "failed")):
        since = value(conn, "select to_jsonb(now() - %s * interval '1 day') as at", (float(days),))
        assert apply(conn, user, log_id, {"since": since} | DOWN)["status"] == status
    row = log_row(conn, log_id)
    assert (row["action_taken"], row["next_attempt_at"]) == ("out_of_attempts", None)


def test_a_long_wait_keeps_the_beginning_and_the_end_of_its_trace(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    conn.execute(
        """update plex_webhook_logs set trace = (select json_agg(json_build_object('step', n))
                                                from generate_series(1, 400) n)"""
    )
    apply(conn, user, log_id, DOWN)
    trace = log_row(conn, log_id)["trace"]
    assert len(trace) < 120
    assert (trace[0], trace[-1]["step"]) == ({"step": 1}, "waits")


def test_a_service_that_is_down_is_not_asked_but_by_a_probe(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    assert set(apply(conn, user, log_id, {}, probe="tmdb")["needs"]) == {"tmdb_find"}
    answer = apply(conn, user, log_id, {})
    assert (answer["status"], answer["needs"]) == ("pending", None)
    row = log_row(conn, log_id)
    assert (row["waits_for"], row["attempts"], row["trace"][-1]["asked"]) == ("tmdb", 0, False)


def test_a_title_that_decides_does_not_wait(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    log_id = pending(conn, user)
    show = make_show(user, payloads.SHOW)
    answer = apply(conn, user, log_id, DOWN)
    assert (answer["status"], answer["tvshow_id"]) == ("success", show)


def test_a_question_that_the_event_was_held_by_is_closed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    held = receive(conn, user, scrobble())
    conn.execute("select look_up_again(%s)", (user,))
    show = make_show(user, "Quite another name", tmdb_id=IDS["tmdb"])
    assert apply(conn, user, held["log_id"], KNOWN)["status"] == "success"
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"], conflict["resolved_tvshow_id"]) == (True, "auto", show)


def test_other_episodes_that_wait_learn_what_was_learnt(conn: Connection, make_user: MakeUser) -> None:
    user = make_user(auto_add_shows=False)
    first, second = pending(conn, user), pending(conn, user, episode=2)
    assert apply(conn, user, first, KNOWN)["status"] == "conflict"
    assert log_row(conn, second)["lookup"] == KNOWN


def test_an_event_of_somebody_who_does_not_count_any_more_is_ignored(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    log_id = pending(conn, user)
    conn.execute("update plex_accounts set counts = false")
    answer = apply(conn, user, log_id, {})
    assert (answer["status"], answer["action"]) == ("ignored", "account_not_tracked")


def test_an_event_of_another_user_is_not_there(conn: Connection, make_user: MakeUser) -> None:
    log_id = pending(conn, make_user())
    with refused(conn, "TK404"):
        apply(conn, make_user(), log_id, {})


def test_a_show_that_only_the_plex_server_knows_answers_what_was_asked_about_it_before(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    conn.execute(
        "update plex_config set plex_token = 'x', plex_server_url = 'http://plex.invalid' where user_id = %s", (user,)
    )
    held = receive(conn, user, scrobble(Guid=payloads.MISSING))
    of_plex = {
        "plex_show": {"title": payloads.SHOW, "year": 2019, "guid": payloads.show_guid(payloads.SHOW), "ids": {}}
    }
    conn.execute("update plex_config set auto_add_shows = false where user_id = %s", (user,))
    asked = apply(conn, user, held["log_id"], of_plex, has_tmdb=False)
    assert asked["status"] == "conflict"
    conn.execute("update plex_config set auto_add_shows = true where user_id = %s", (user,))
    second = receive(conn, user, scrobble(episode=2, Guid=payloads.MISSING))
    added = apply(conn, user, second["log_id"], of_plex, document=DOCUMENT | {"tmdb_id": None}, has_tmdb=False)
    assert (added["status"], added["action"]) == ("success", "added_show")
    conflict = conflict_row(conn, asked["conflict_id"])
    assert (conflict["resolved"], conflict["resolved_tvshow_id"]) == (True, added["tvshow_id"])
    assert log_row(conn, held["log_id"])["status"] == "success"


def test_an_answer_by_rule_that_is_taken_back_takes_the_show_that_was_added_along(
    conn: Connection, make_user: MakeUser
) -> None:
    user = make_user()
    conn.execute("update plex_config set auto_add_shows = false where user_id = %s", (user,))
    held = pending(conn, user)
    asked = apply(conn, user, held, KNOWN)
    assert asked["status"] == "conflict"
    conn.execute("update plex_config set auto_add_shows = true where user_id = %s", (user,))
    added = apply(conn, user, pending(conn, user, episode=2), KNOWN, document=DOCUMENT)
    assert added["action"] == "added_show"
    assert conflict_row(conn, asked["conflict_id"])["resolution_action"] == "auto"
    undone = one(conn, "select * from undo_conflict(%s, %s)", (user, asked["conflict_id"]))
    assert (undone["withdrawn"], undone["held"], undone["removed_tvshow_id"]) == (2, 2, added["tvshow_id"])
    assert show_row(conn, added["tvshow_id"])["deleted_at"] is not None
