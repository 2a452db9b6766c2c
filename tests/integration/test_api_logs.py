"""`/api/plex/logs` and `/api/plex/stats`: what happened, what it adds up to, and doing it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import log_row, plays, value

MakeShow = Callable[..., int]


@pytest.fixture
def events(ann: ApiClient, make_show: MakeShow, conn: Connection) -> dict[str, int]:
    """One log row of each kind: name to id."""
    make_show(ann.user_id, "Harbour Lights")
    seen = scrobble("Harbour Lights")
    return {
        name: receive(conn, ann.user_id, message)["log_id"]
        for name, message in (
            ("success", seen),
            ("duplicate", seen),
            ("conflict", scrobble("Lantern")),
            ("ignored", payloads.episode(event="media.play")),
        )
    }


def failed_event(conn: Connection, user_id: int, message: dict[str, Any]) -> int:
    """Stores an event as one that could not be processed."""
    return int(
        value(
            conn,
            "select record_failed_event(%s, %s, 'webhook', %s, %s, now(), 'XX000: a fault')",
            (user_id, uuid.uuid4(), Jsonb(decision(message)), Jsonb(message)),
        )
    )


def test_the_log_is_listed_the_newest_first_with_what_was_done_and_why(ann: ApiClient, events: dict[str, int]) -> None:
    logs = ann.call("GET", "/api/plex/logs")["logs"]
    assert [log["id"] for log in logs] == sorted(events.values(), reverse=True)
    by_id = {log["id"]: log for log in logs}
    success = by_id[events["success"]]
    assert (success["status"], success["action_taken"], success["event_type"]) == (
        "success",
        "marked_watched",
        "media.scrobble",
    )
    assert (success["plex_title"], success["plex_season"], success["plex_episode"]) == ("Harbour Lights", 1, 1)
    assert [step["step"] for step in success["trace"]][-1] == "mark"
    assert "payload" not in success
    assert by_id[events["conflict"]]["conflict_id"] is not None


def test_a_log_row_alone_has_what_plex_sent(ann: ApiClient, events: dict[str, int]) -> None:
    log = ann.call("GET", f"/api/plex/logs/{events['success']}")
    assert log["payload"]["Metadata"]["grandparentTitle"] == "Harbour Lights"
    assert "thumb" not in str(log["payload"])


def test_the_log_is_filtered_by_status_event_and_title(ann: ApiClient, events: dict[str, int]) -> None:
    def listed(query: str) -> set[str]:
        names = {log_id: name for name, log_id in events.items()}
        return {names[log["id"]] for log in ann.call("GET", f"/api/plex/logs?{query}")["logs"]}

    assert listed("status=success") == {"success"}
    assert listed("event=media.play") == {"ignored"}
    assert listed("event=media.scrobble&status=ignored") == set()
    assert listed("q=LANT") == {"conflict"}
    assert listed("q=%25") == set()
    assert listed("status=conflict&q=lantern") == {"conflict"}


def test_the_log_goes_on_before_an_id_or_a_cursor(ann: ApiClient, events: dict[str, int]) -> None:
    ids = sorted(events.values(), reverse=True)
    page = ann.call("GET", "/api/plex/logs?limit=3")
    assert [log["id"] for log in page["logs"]] == ids[:3]
    for place in (f"before={ids[2]}", f"before={page['next']}", f"next={page['next']}"):
        rest = ann.call("GET", f"/api/plex/logs?limit=3&{place}")
        assert ([log["id"] for log in rest["logs"]], rest["next"]) == (ids[3:], None)
    assert len(ann.call("GET", f"/api/plex/logs?before={2**63}")["logs"]) == 4


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("status", "status=done"),
        ("event", f"event={'x' * 101}"),
        ("event", "event=%00"),
        ("before", "before=x"),
        ("limit", "limit=1.5"),
        ("stauts", "stauts=failed"),
    ],
)
def test_a_wrong_filter_is_refused_by_its_name(ann: ApiClient, field: str, query: str) -> None:
    assert list(ann.refused("GET", f"/api/plex/logs?{query}")) == [field]


def test_a_failed_event_is_applied_when_it_is_replayed(ann: ApiClient, make_show: MakeShow, conn: Connection) -> None:
    show_id = make_show(ann.user_id, "Harbour Lights")
    log_id = failed_event(conn, ann.user_id, scrobble("Harbour Lights"))
    log = ann.call("POST", f"/api/plex/logs/{log_id}/replay")
    assert (log["id"], log["status"], log["action_taken"], log["tvshow_id"], log["error_message"]) == (
        log_id,
        "success",
        "marked_watched",
        show_id,
        None,
    )
    assert (log["attempts"], log["trace"][0]["step"]) == (2, "replayed")
    assert [play["log_id"] for play in plays(conn, show_id)] == [log_id]


def test_replaying_what_was_applied_changes_nothing(ann: ApiClient, events: dict[str, int], conn: Connection) -> None:
    for name in ("success", "duplicate"):
        before = log_row(conn, events[name])
        assert ann.call("POST", f"/api/plex/logs/{events[name]}/replay")["status"] == name
        assert log_row(conn, events[name]) == before
    assert value(conn, "select count(*) from plays") == 1


def test_a_held_event_finds_its_show_when_it_is_replayed(
    ann: ApiClient, events: dict[str, int], make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, "Lantern")
    log = ann.call("POST", f"/api/plex/logs/{events['conflict']}/replay")
    assert (log["status"], log["tvshow_id"]) == ("success", show_id)
    assert ann.call("GET", "/api/plex/conflicts")["conflicts"] == []


def test_an_event_that_was_ignored_stays_ignored_for_the_same_reason(ann: ApiClient, events: dict[str, int]) -> None:
    log = ann.call("POST", f"/api/plex/logs/{events['ignored']}/replay")
    assert (log["status"], log["action_taken"]) == ("ignored", "event_not_scrobble")


def test_a_stored_event_that_cannot_be_read_is_left_as_it_is(
    ann: ApiClient, events: dict[str, int], conn: Connection
) -> None:
    conn.execute(
        "update plex_webhook_logs set payload = %s where id = %s",
        (Jsonb({"event": "media.scrobble", "Metadata": {"index": "x"}}), events["conflict"]),
    )
    before = log_row(conn, events["conflict"])
    assert list(ann.refused("POST", f"/api/plex/logs/{events['conflict']}/replay", status=422)) == ["Metadata.index"]
    assert log_row(conn, events["conflict"]) == before


def test_the_log_of_another_user_is_not_there(bob: ApiClient, events: dict[str, int], conn: Connection) -> None:
    before = log_row(conn, events["conflict"])
    assert bob.call("GET", "/api/plex/logs")["logs"] == []
    bob.call("GET", f"/api/plex/logs/{events['conflict']}", status=404)
    bob.call("POST", f"/api/plex/logs/{events['conflict']}/replay", status=404)
    assert log_row(conn, events["conflict"]) == before
    assert bob.call("GET", "/api/plex/stats")["received"] == 0


def test_the_figures_add_up(ann: ApiClient, make_show: MakeShow, conn: Connection) -> None:
    show_id = make_show(ann.user_id, "Harbour Lights")
    now = datetime.now(UTC)
    for number, age in ((1, 0), (2, 1), (3, 45)):
        at = now - timedelta(days=age, hours=1)
        receive(conn, ann.user_id, scrobble("Harbour Lights", episode=number, at=at))
    receive(conn, ann.user_id, scrobble("Lantern", at=now), at=now)
    failed_event(conn, ann.user_id, scrobble("Harbour Lights", episode=9))
    conn.execute("update plex_webhook_logs set processing_duration_ms = 10")
    conn.execute("update plex_webhook_logs set processing_duration_ms = 30 where status = 'conflict'")
    ann.call("PUT", f"/api/shows/{show_id}/episodes/1/2", {"watched": False})

    stats = ann.call("GET", "/api/plex/stats")
    assert {name: stats[name] for name in ("days", "received", "success", "conflict", "failed", "ignored")} == {
        "days": 30, "received": 4, "success": 2, "conflict": 1, "failed": 1, "ignored": 0,
    }  # fmt: skip
    assert stats["shares"]["success"] == 0.5
    assert sum(stats["shares"].values()) == pytest.approx(1)
    assert (stats["watched_episodes"], stats["shows_added"], stats["open_conflicts"]) == (1, 1, 1)
    assert (stats["processing_average_ms"], stats["processing_p95_ms"]) == (15, pytest.approx(27))
    assert stats["mappings"] == {"certain": 0, "high": 0, "medium": 1, "low": 0, "not_tracked": 0}
    assert (stats["last_event"]["status"], stats["last_event"]["plex_title"]) == ("failed", "Harbour Lights")
    assert ann.call("GET", "/api/plex/stats?days=90")["success"] == 3


def test_the_figures_of_an_empty_log_are_zero_or_unknown(ann: ApiClient) -> None:
    stats = ann.call("GET", "/api/plex/stats?days=1")
    assert (stats["received"], stats["shares"]["success"], stats["processing_p95_ms"], stats["last_event"]) == (
        0,
        0.0,
        None,
        None,
    )


@pytest.mark.parametrize("days", ["0", "3651", "-1", "x", "1e3", ""])
def test_a_wrong_number_of_days_is_refused(ann: ApiClient, days: str) -> None:
    assert list(ann.refused("GET", f"/api/plex/stats?days={days}")) == ["days"]
