"""replay_held: many events at once end as if each had come alone, and the document is written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, log_row, one, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
MINUTE = timedelta(minutes=1)
PLEX_SHOW = {k: v for k, v in decision(scrobble()).items() if k.startswith("show_") or k == "server_uuid"}


def replay_held(conn: Connection, user: int, conflict: int, show: int, mapping: int, logs: list[int]) -> dict[str, Any]:
    return one(
        conn,
        "select * from replay_held(%s, %s, %s, %s, %s, 'select', %s)",
        (user, conflict, Jsonb(PLEX_SHOW), show, mapping, logs),
    )


def replay_one_by_one(
    conn: Connection, user: int, conflict: int, show: int, mapping: int, logs: list[int]
) -> dict[str, Any]:
    """The same through settle_event alone, which writes the document for each."""
    outcomes: dict[str, int] = {}
    for log in conn.execute(
        "select * from plex_webhook_logs where id = any (%s) order by watched_at, id", (logs,)
    ).fetchall():
        event = decision(log["payload"])
        verdict = {"verdict": "mapped", "tvshow_id": show, "mapping_id": mapping, "trace": log["trace"]}
        verdict["trace"] += [{"step": "resolved", "action": "select", "conflict_id": conflict}]
        settled = one(
            conn,
            "select * from settle_event(%s, %s, %s, %s, %s, %s, %s)",
            (user, Jsonb(event), Jsonb(verdict), log["id"], log["source"], log["watched_at"], log["account_id"]),
        )
        conn.execute(
            """update plex_webhook_logs set status = %s, action_taken = %s, tvshow_id = %s, mapping_id = %s, trace = %s,
                      conflict_id = coalesce(%s, conflict_id) where id = %s""",
            (
                settled["status"],
                settled["action"],
                settled["tvshow_id"],
                settled["mapping_id"],
                Jsonb(settled["trace"]),
                settled["conflict_id"],
                log["id"],
            ),
        )
        outcomes[settled["action"]] = outcomes.get(settled["action"], 0) + 1
    return {"replayed": len(logs), "outcomes": outcomes}


def everything(conn: Connection, user: int, show: int, logs: list[int]) -> dict[str, Any]:
    """What a user can see of it, without the ids that differ from one try to the next."""
    assert_totals_are_a_recount(conn, show)
    row = show_row(conn, show)
    kept = ("seasons", "watched_episodes", "total_episodes", "total_minutes", "plex_synced", "plex_last_sync")
    return {
        "show": {name: row[name] for name in kept},
        "plays": conn.execute(
            """select season, episode, watched_at, source, server_uuid, account_id, plex_season, plex_episode, log_id,
                      mapping_id, voided_at, void_reason from plays where tvshow_id = %s
               order by season, episode, watched_at, log_id nulls last, void_reason""",
            (show,),
        ).fetchall(),
        "logs": [
            {k: log_row(conn, log_id)[k] for k in ("status", "action_taken", "tvshow_id", "mapping_id", "trace")}
            for log_id in logs
        ],
        "asked": conn.execute(
            """select conflict_type, potential_matches, tvshow_id from plex_conflicts
               where user_id = %s and not resolved""",
            (user,),
        ).fetchall(),
    }


moments = st.integers(0, 40).map(lambda n: n * 4)
held_events = st.lists(st.tuples(st.integers(1, 4), moments, st.integers(0, 1)), min_size=1, max_size=9)
earlier = st.lists(st.tuples(st.sampled_from(["viewing", "mark", "unmark"]), st.integers(1, 3), moments), max_size=5)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=held_events, before=earlier)
# Rewatches, reports of one viewing, and one whose episode is missing.
@example(held=[(1, 0, 0), (1, 4, 0), (1, 80, 0), (1, 84, 1), (4, 0, 0)], before=[])
# Taken back later than it was watched; marked by hand before and after.
@example(held=[(1, 0, 0), (1, 40, 0)], before=[("unmark", 1, 20), ("mark", 1, 120), ("viewing", 1, 44)])
def test_many_at_once_end_as_one_by_one(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    held: list[tuple[int, int, int]],
    before: list[tuple[str, int, int]],
) -> None:
    with conn.transaction(force_rollback=True):
        user = make_user()
        rows = [
            receive(
                conn,
                user,
                scrobble(
                    episode=episode,
                    at=AT + minutes * MINUTE,
                    Account={"id": 1 + account, "title": f"account {account}"},
                    viewOffset=number,
                ),
            )
            for number, (episode, minutes, account) in enumerate(held)
        ]
        logs = [row["log_id"] for row in rows]
        conflict = rows[0]["conflict_id"]
        show = make_show(user, "Another name", seasons={1: 3}, runtime=20)
        mapping = value(conn, "select map_show(%s, %s, %s, 1, 'manual', true) as id", (user, Jsonb(PLEX_SHOW), show))
        account = log_row(conn, logs[0])["account_id"]
        for kind, episode, minutes in before:
            conn.execute(
                "select mark_watched(%s, %s, 1, %s, null, %s, %s, 'webhook', 'S1', %s)",
                (user, show, episode, kind, AT + minutes * MINUTE, account),
            )
        conn.execute(
            """update plex_conflicts set resolved = true, resolved_at = now(), resolution_action = 'select' where id = %s""",
            (conflict,),
        )
        outcomes = []
        for replay in (replay_one_by_one, replay_held):
            with conn.transaction(force_rollback=True):
                answer = replay(conn, user, conflict, show, mapping, logs)
                outcomes.append((answer, everything(conn, user, show, logs)))
        assert outcomes[0] == outcomes[1]


def tuples_written(conn: Connection, table: str) -> Any:
    """Rows of this transaction: inserted and updated."""
    return value(
        conn,
        """select pg_stat_get_xact_tuples_inserted(%s::regclass) + pg_stat_get_xact_tuples_updated(%s::regclass) as n""",
        (table, table),
    )


def test_the_document_and_the_mapping_are_written_once_however_many_events_wait(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    written = {}
    for count in (5, 40):
        user = make_user()
        rows = [receive(conn, user, scrobble(episode=n, at=AT + n * MINUTE)) for n in range(1, count + 1)]
        # The same one again, and one that the show lacks.
        rows.append(receive(conn, user, scrobble(episode=1, at=AT + 600 * MINUTE)))
        rows.append(receive(conn, user, scrobble(season=7, episode=1, at=AT + 601 * MINUTE)))
        show = make_show(user, "Another name", seasons={1: count})
        tables = ("tvshows", "plex_show_mappings", "plex_conflicts", "plays", "watch_events", "plex_webhook_logs")
        before = {name: tuples_written(conn, f"tracker.{name}") for name in tables}
        answer = one(conn, "select * from resolve_conflict(%s, %s, 'select', %s)", (user, rows[0]["conflict_id"], show))
        assert answer["outcomes"] == {"marked_watched": count, "rewatched": 1, "needs_user_input": 1}
        written[count] = {name: tuples_written(conn, f"tracker.{name}") - before[name] for name in tables}
        each = {name: written[count].pop(name) for name in ("plays", "watch_events", "plex_webhook_logs")}
        assert each == {"plays": count + 1, "watch_events": count + 1, "plex_webhook_logs": count + 2}
    assert written[5] == written[40]
    assert written[40]["tvshows"] == 1


def test_an_event_of_an_account_that_counts_no_more_is_left_out(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    row = receive(conn, user, scrobble())
    show = make_show(user, "Another name")
    mapping = value(conn, "select map_show(%s, %s, %s, 1, 'manual', true) as id", (user, Jsonb(PLEX_SHOW), show))
    conn.execute("update plex_accounts set counts = false where user_id = %s", (user,))
    answer = replay_held(conn, user, row["conflict_id"], show, mapping, [row["log_id"]])
    assert answer == {"replayed": 1, "outcomes": {"account_not_tracked": 1}}
    assert log_row(conn, row["log_id"])["trace"][-1]["step"] == "resolved"


def test_only_the_rows_that_were_named_are_replayed(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    first = receive(conn, user, scrobble(payloads.SHOW))
    second = receive(conn, user, scrobble(payloads.SHOW, episode=2))
    show = make_show(user, "Another name")
    mapping = value(conn, "select map_show(%s, %s, %s, 1, 'manual', true) as id", (user, Jsonb(PLEX_SHOW), show))
    assert replay_held(conn, user, first["conflict_id"], show, mapping, [second["log_id"]])["replayed"] == 1
    assert log_row(conn, first["log_id"])["status"] == "conflict"
    assert log_row(conn, second["log_id"])["status"] == "success"
