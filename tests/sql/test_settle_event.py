"""settle_event: acts on a decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, decision, scrobble
from tests.watch_state import conflict_row, live_times, one, plays, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def settle(
    conn: Connection, user_id: int, verdict: dict[str, Any], message: dict[str, Any] | None = None
) -> dict[str, Any]:
    """With a log row that exists, as the deferred foreign key of the play wants one."""
    event = Jsonb(decision(message or scrobble()))
    log_id = value(
        conn,
        """insert into plex_webhook_logs (user_id, receipt, source, event_type, payload, status)
           values (%s, gen_random_uuid(), 'webhook', 'media.scrobble', '{}', 'ignored') returning id""",
        (user_id,),
    )
    return one(
        conn,
        "select * from settle_event(%s, %s, %s, %s, 'webhook', %s, null)",
        (user_id, event, Jsonb({"trace": [{"step": "given"}]} | verdict), log_id, AT),
    )


def test_a_mapped_event_marks_the_episode_and_keeps_the_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    row = settle(conn, user, {"verdict": "mapped", "tvshow_id": show, "confidence": 0.95, "method": "tvdb_id"})
    assert (row["status"], row["action"], row["tvshow_id"]) == ("success", "marked_watched", show)
    assert row["conflict_id"] is None
    mapping = one(conn, "select * from plex_show_mappings where id = %s", (row["mapping_id"],))
    assert (mapping["tvshow_id"], float(mapping["match_confidence"]), mapping["match_method"]) == (
        show,
        0.95,
        "tvdb_id",
    )
    assert mapping["last_synced_at"] is not None
    assert live_times(conn, show) == [AT]
    assert row["trace"] == [
        {"step": "given"},
        {
            "step": "mark",
            "season": 1,
            "episode": 1,
            "action": "marked_watched",
            "confidence": 0.95,
            "method": "tvdb_id",
        },
    ]


def test_a_known_mapping_is_used_as_it_is(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first = settle(conn, user, {"verdict": "mapped", "tvshow_id": show, "confidence": 1, "method": "manual"})
    verdict = {"verdict": "mapped", "tvshow_id": show, "mapping_id": first["mapping_id"]}
    row = settle(conn, user, verdict, scrobble(episode=2))
    assert (row["status"], row["mapping_id"]) == ("success", first["mapping_id"])
    mapping = one(conn, "select * from plex_show_mappings where user_id = %s", (user,))
    assert mapping["match_method"] == "manual"


def test_a_show_without_that_episode_is_asked_about_and_stays_mapped(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, year=2020, seasons={1: 1})
    verdict = {"verdict": "mapped", "tvshow_id": show, "confidence": 0.8, "method": "title"}
    row = settle(conn, user, verdict, scrobble(season=7, episode=9))
    assert (row["status"], row["action"]) == ("conflict", "needs_user_input")
    assert row["mapping_id"] is not None
    conflict = conflict_row(conn, row["conflict_id"])
    assert (conflict["conflict_type"], conflict["tvshow_id"]) == ("episode_missing", show)
    (candidate,) = conflict["potential_matches"]
    assert (candidate["tvshow_id"], candidate["year"], candidate["score"]) == (show, 2020, 0.8)
    assert row["trace"][-1]["step"] == "episode_missing"
    assert (row["trace"][-1]["season"], row["trace"][-1]["episode"]) == (7, 9)
    assert plays(conn, show) == []


def test_a_question_is_opened_and_nothing_marked(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    candidates = [{"tvshow_id": show, "score": 0.5}]
    verdict = {"verdict": "conflict", "conflict_type": "low_confidence", "candidates": candidates}
    row = settle(conn, user, verdict)
    assert (row["status"], row["action"], row["tvshow_id"]) == ("conflict", "needs_user_input", None)
    assert conflict_row(conn, row["conflict_id"])["potential_matches"] == candidates
    assert plays(conn, show) == []


def test_pending_and_ignored_write_nothing(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    row = settle(conn, user, {"verdict": "pending"})
    assert (row["status"], row["action"], row["conflict_id"]) == ("pending", "needs_lookup", None)
    row = settle(conn, user, {"verdict": "ignored", "reason": "sync_disabled", "mapping_id": None})
    assert (row["status"], row["action"]) == ("ignored", "sync_disabled")
    assert conn.execute("select from plex_conflicts where user_id = %s", (user,)).fetchall() == []
    assert conn.execute("select from plex_show_mappings where user_id = %s", (user,)).fetchall() == []


def test_a_show_that_was_deleted_meanwhile_is_not_marked_or_mapped(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    first = settle(conn, user, {"verdict": "mapped", "tvshow_id": show, "confidence": 1, "method": "manual"})
    conn.execute("select delete_show(%s, %s)", (user, show))
    verdict = {"verdict": "mapped", "tvshow_id": show, "mapping_id": first["mapping_id"]}
    with refused(conn, "40001"):
        settle(conn, user, verdict, scrobble(episode=2))
    verdict = {"verdict": "mapped", "tvshow_id": show, "confidence": 1, "method": "title"}
    with refused(conn, "40001"):
        settle(conn, user, verdict, scrobble("Nightwatch"))
    assert len(plays(conn, show)) == 1
    assert value(conn, "select count(*) as n from plex_show_mappings where user_id = %s", (user,)) == 1


def test_a_mapping_that_was_changed_or_made_meanwhile_is_not_gone_by(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    first = settle(conn, user, {"verdict": "mapped", "tvshow_id": show, "confidence": 1, "method": "manual"})
    by_mapping = {"verdict": "mapped", "tvshow_id": show, "mapping_id": first["mapping_id"]}
    by_title = {"verdict": "mapped", "tvshow_id": show, "confidence": 0.8, "method": "title"}
    conn.execute("update plex_show_mappings set sync_enabled = false where user_id = %s", (user,))
    with refused(conn, "40001"):
        settle(conn, user, by_mapping, scrobble(episode=2))
    conn.execute("update plex_show_mappings set sync_enabled = true, tvshow_id = %s where user_id = %s", (other, user))
    with refused(conn, "40001"):
        settle(conn, user, by_mapping, scrobble(episode=2))
    with refused(conn, "40001"):
        settle(conn, user, by_title, scrobble(episode=2))
    assert [play["episode"] for play in plays(conn, show)] == [1]
    assert plays(conn, other) == []


def test_a_mapping_to_the_same_show_that_was_made_meanwhile_is_used(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    by_title = {"verdict": "mapped", "tvshow_id": show, "confidence": 0.8, "method": "title"}
    first = settle(conn, user, by_title)
    second = settle(conn, user, by_title, scrobble(episode=2))
    assert (second["status"], second["mapping_id"]) == ("success", first["mapping_id"])


def test_without_a_number_the_air_date_finds_the_episode(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    episodes = [{"episodeNumber": n, "airDate": f"2026-01-0{n}"} for n in (5, 6)]
    show = make_show(user, "Nightly", seasons=[{"seasonNumber": 31, "episodes": episodes}])
    message = scrobble("Nightly", 2026, index=payloads.MISSING, originallyAvailableAt="2026-01-06")
    row = settle(conn, user, {"verdict": "mapped", "tvshow_id": show, "confidence": 1, "method": "manual"}, message)
    assert (row["status"], row["action"]) == ("success", "marked_watched")
    (play,) = plays(conn, show)
    assert (play["season"], play["episode"]) == (31, 6)
    assert (play["plex_season"], play["plex_episode"]) == (2026, None)
