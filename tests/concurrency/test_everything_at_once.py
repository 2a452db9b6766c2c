"""Everything that can be done to a tracker, at random and at once: no deadlock, no fault, and it adds up."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from tests import payloads
from tests.concurrency.conftest import with_patience
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.sql.reference_fold import Play, Said, first_watched, fold
from tests.watch_state import assert_totals_are_a_recount, value

NAMES = ("Harbour Lights", "Nightwatch", "進撃の巨人", "Unknown to the tracker")
EPISODES = 4
# What a user is told: it is not there, it was done before, it does not fit, a show with this id is there already.
EXPECTED = {"TK404", "TK409", "TK422"}
EXPECTED_CONSTRAINT = "tvshows_tmdb_key"


class Somebody:
    """One of the sessions; does something at random."""

    def __init__(self, seed: int, user: int) -> None:
        self.random = random.Random(seed)
        self.user = user

    def __call__(self, connection: Connection) -> None:
        for _ in range(25):
            act = self.random.choice(
                [self.scrobbles] * 8
                + [self.marks] * 4
                + [self.answers] * 2
                + [self.takes_back] * 2
                + [self.replays, self.remaps, self.deletes, self.restores, self.adds, self.refreshes, self.forgets]
            )
            try:
                with_patience(act, connection)
            except psycopg.Error as error:
                if error.sqlstate not in EXPECTED and error.diag.constraint_name != EXPECTED_CONSTRAINT:
                    raise

    def a(self, connection: Connection, query: str) -> Any:
        rows = connection.execute(query.encode(), (self.user,)).fetchall()
        return self.random.choice(rows)["id"] if rows else 0

    def a_show(self, connection: Connection) -> Any:
        return self.a(connection, "select id from tvshows where user_id = %s and deleted_at is null")

    def a_time(self) -> Any:
        return AT + timedelta(minutes=self.random.randrange(0, 240, 5))

    def a_message(self) -> dict[str, Any]:
        changes: dict[str, Any] = {"viewCount": self.random.randrange(3)}
        if self.random.random() < 0.3:
            changes["grandparentGuid"] = payloads.MISSING
        if self.random.random() < 0.2:
            changes["grandparentRatingKey"] = self.random.choice(("12", "13"))
        if self.random.random() < 0.3:
            changes["Account"] = {"id": 7, "title": "kim"}
        name, number = self.random.choice(NAMES), self.random.randrange(1, EPISODES + 2)
        return scrobble(name, episode=number, at=self.a_time(), **changes)

    def scrobbles(self, connection: Connection) -> None:
        receive(connection, self.user, self.a_message())

    def marks(self, connection: Connection) -> None:
        connection.execute(
            "select set_watched(%s, %s, 1, %s, %s, %s)",
            (
                self.user,
                self.a_show(connection),
                self.random.randrange(1, EPISODES + 1),
                self.random.random() < 0.5,
                self.a_time(),
            ),
        )

    def answers(self, connection: Connection) -> None:
        conflict = self.a(connection, "select id from plex_conflicts where user_id = %s and not resolved")
        action = self.random.choice(("select", "select", "create_new", "ignore", "ignore_forever"))
        show = self.a_show(connection) if action == "select" else None
        connection.execute("select resolve_conflict(%s, %s, %s, %s)", (self.user, conflict, action, show))

    def takes_back(self, connection: Connection) -> None:
        conflict = self.a(connection, "select id from plex_conflicts where user_id = %s and resolved")
        connection.execute("select undo_conflict(%s, %s)", (self.user, conflict))

    def replays(self, connection: Connection) -> None:
        log_id = self.a(
            connection, "select id from plex_webhook_logs where user_id = %s and status in ('conflict', 'ignored')"
        )
        if log_id:
            payload = value(connection, "select payload from plex_webhook_logs where id = %s", (log_id,))
            connection.execute(
                "select replay_event(%s, %s, %s, false)",
                (self.user, log_id, Jsonb(parse_event(payload).decision())),
            )

    def remaps(self, connection: Connection) -> None:
        mapping = self.a(connection, "select id from plex_show_mappings where user_id = %s")
        show = self.random.choice((self.a_show(connection), None))
        connection.execute("select update_mapping(%s, %s, %s)", (self.user, mapping, Jsonb({"tvshow_id": show})))

    def forgets(self, connection: Connection) -> None:
        mapping = self.a(connection, "select id from plex_show_mappings where user_id = %s")
        connection.execute("select delete_mapping(%s, %s)", (self.user, mapping))

    def deletes(self, connection: Connection) -> None:
        if self.random.random() < 0.4:
            connection.execute("select delete_show(%s, %s)", (self.user, self.a_show(connection)))

    def restores(self, connection: Connection) -> None:
        show = self.a(connection, "select id from tvshows where user_id = %s and deleted_at is not null")
        connection.execute("select restore_show(%s, %s)", (self.user, show))

    def adds(self, connection: Connection) -> None:
        episodes = [
            {"episodeNumber": n, "runtime": 20, "watched": n == 1, "dateWatched": self.a_time().isoformat()}
            for n in range(1, EPISODES + 1)
        ]
        show = {
            "title": self.random.choice(NAMES),
            "tmdb_id": self.random.randrange(1, 20),
            "seasons": [{"seasonNumber": 1, "episodes": episodes}],
        }
        with connection.transaction():
            connection.execute("select lock_mappings(%s)", (self.user,))
            added = value(connection, "select add_show(%s, %s) as id", (self.user, Jsonb(show)))
            connection.execute("select return_mappings(%s, %s)", (self.user, added))
            connection.execute("select settle_open_conflicts(%s, %s)", (self.user, added))

    def refreshes(self, connection: Connection) -> None:
        number = EPISODES + self.random.randrange(4)
        seasons = [{"seasonNumber": 1, "episodes": [{"episodeNumber": number, "runtime": 20}]}]
        connection.execute("select add_episodes(%s, %s, %s)", (self.user, self.a_show(connection), Jsonb(seasons)))


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_at_once_adds_up(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    at_once: Callable[..., list[Any]],
    seed: int,
) -> None:
    users = [make_user(), make_user()]
    for user in users:
        for name in NAMES[:3]:
            make_show(user, name, seasons={1: EPISODES}, runtime=20)
    at_once([Somebody(seed * 100 + number, users[number % 4 // 3]) for number in range(12)], 12)

    shows = conn.execute("select id, seasons from tvshows order by id").fetchall()
    for show in shows:
        assert_totals_are_a_recount(conn, show["id"])
        for season in show["seasons"]:
            for entry in season["episodes"]:
                assert_is_the_fold_of_what_was_said(conn, show["id"], season["seasonNumber"], entry)
    assert value(conn, "select count(*) as n from plays where void_reason is null") > 0

    assert nothing(
        conn,
        "a question that nothing waits for",
        """
        select c.id from plex_conflicts c where not resolved
        and not exists (select from plex_webhook_logs l where l.conflict_id = c.id and l.status = 'conflict')""",
    )
    assert nothing(
        conn,
        "an event that waits for an answer that was given",
        """
        select l.id from plex_webhook_logs l join plex_conflicts c on c.id = l.conflict_id
        where l.status = 'conflict' and c.resolved""",
    )
    assert nothing(
        conn,
        "a success without a play that tells of it",
        """
        select l.id from plex_webhook_logs l where l.status = 'success'
        and not exists (select from watch_events w
                        where w.log_id = l.id and w.user_id = l.user_id and w.withdrawn_at is null)""",
    )
    assert nothing(
        conn,
        "something said that is not a success in the log",
        """
        select w.id from watch_events w join plex_webhook_logs l on l.id = w.log_id
        where w.withdrawn_at is null and (l.status <> 'success' or l.tvshow_id is distinct from w.tvshow_id)""",
    )
    assert nothing(
        conn,
        "a mapping to a deleted show",
        """
        select m.id from plex_show_mappings m join tvshows s on s.id = m.tvshow_id where s.deleted_at is not null""",
    )


def nothing(conn: Connection, what: str, query: str) -> bool:
    """True when the query finds nothing; the rows, with what they are, otherwise."""
    rows = conn.execute(query.encode()).fetchall()
    assert rows == [], what
    return True


def assert_is_the_fold_of_what_was_said(conn: Connection, show_id: int, season: int, entry: dict[str, Any]) -> None:
    where = (show_id, season, entry["episodeNumber"])
    said = [
        Said(
            row["kind"],
            row["occurred_at"],
            (row["account_id"], row["server_uuid"]) if row["kind"] == "viewing" else None,
        )
        for row in conn.execute(
            """select * from watch_events
               where tvshow_id = %s and season = %s and episode = %s and withdrawn_at is null""",
            where,
        )
    ]
    kept = conn.execute(
        """select watched_at, voided_at from plays
           where tvshow_id = %s and season = %s and episode = %s
             and (void_reason is null or void_reason = 'unmarked')""",
        where,
    ).fetchall()
    expected = fold(said, entry["runtime"])
    assert sorted((Play(**row) for row in kept), key=lambda p: p.sort_key) == expected
    first = first_watched(expected)
    assert entry["watched"] is (first is not None)
    assert entry["dateWatched"] == (first and first.strftime("%Y-%m-%dT%H:%M:%SZ"))
