"""reapply_mapping: everything that came through a mapping goes where it belongs, as if it had always gone there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection, season_documents
from tests.mapping_state import correct, give_rules, log_state, map_to, show_state
from tests.scrobbles import AT, decision, receive, scrobble
from tests.watch_state import (
    assert_totals_are_a_recount,
    conflict_row,
    episode_entry,
    live_plays,
    live_times,
    log_row,
    one,
    show_row,
    value,
)

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


@dataclass(frozen=True)
class Step:
    """Something that happens: a message of the Plex show, or the user's own word about an episode of one of the shows."""

    what: str
    season: int
    episode: int
    minutes: int
    who: int = 0

    @property
    def at(self) -> datetime:
        return AT + timedelta(minutes=self.minutes)


WRONG = {0: 1, 1: 3, 2: 2}
RIGHT = {1: 2, 2: 3}
RULES: dict[str, list[dict[str, Any]]] = {
    "none": [],
    "another season": [{"plex_season": 1, "season": 2}],
    "absolute": [{"kind": "absolute"}],
    "by season": [{"kind": "to_absolute", "season": 2, "season_lengths": [1, 2]}],
    "double": [
        {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 1, "first_episode": 1, "last_episode": 2}
    ],
    "double and absolute": [
        {"kind": "absolute"},
        {"kind": "double", "plex_season": 1, "from_episode": 2, "to_episode": 2, "first_episode": 2, "last_episode": 3},
    ],
}

seasons = st.sampled_from((0, 1, 1, 2))
episodes = st.integers(1, 4)
minutes = st.sampled_from((0, 5, 19, 20, 25, 45, 60, 200))
steps = st.lists(
    st.one_of(
        st.builds(Step, st.just("plex"), seasons, episodes, minutes, st.sampled_from((0, 1))),
        st.builds(Step, st.just("plex"), seasons, episodes, minutes),
        st.builds(
            Step,
            st.sampled_from(("mark wrong", "unmark wrong", "mark right", "unmark right")),
            st.just(1),
            st.just(1),
            minutes,
        ),
    ),
    min_size=1,
    max_size=8,
)


class World:
    """A tracker with two shows, and one Plex show that stands for one of them."""

    def __init__(self, conn: Connection, make_user: MakeUser, make_show: MakeShow, *, maps_to: str, rules: str) -> None:
        self.conn = conn
        self.user = make_user()
        self.wrong = make_show(self.user, "Nightwatch", seasons=WRONG, runtime=20)
        self.right = make_show(self.user, "Fog", seasons=RIGHT, runtime=20)
        self.mapping = map_to(conn, self.user, getattr(self, maps_to))
        if RULES[rules]:
            give_rules(conn, self.user, self.mapping, RULES[rules])

    def does(self, step: Step) -> None:
        if step.what == "plex":
            account = {"id": 1 + step.who, "title": ("alex", "kim")[step.who]}
            message = scrobble(
                season=step.season, episode=step.episode, at=step.at, Account=account, viewCount=step.minutes
            )
            receive(self.conn, self.user, message)
        else:
            word, show = step.what.split()
            self.conn.execute(
                "select set_watched(%s, %s, %s, %s, %s, %s)",
                (self.user, getattr(self, show), step.season, step.episode, word == "mark", step.at),
            )

    def correct(self, show: str | None) -> dict[str, Any]:
        return correct(self.conn, self.user, self.mapping, None if show is None else getattr(self, show))

    def state(self) -> dict[str, Any]:
        """Without what differs between two trackers: numbers of rows."""
        found = {name: show_state(self.conn, getattr(self, name)) for name in ("wrong", "right")}
        accounts = {
            row["id"]: row["title"]
            for row in self.conn.execute("select id, title from plex_accounts where user_id = %s", (self.user,))
        }
        for show in found.values():
            for row in show["plays"] + show["said"]:
                row["account_id"] = accounts.get(row["account_id"])
                row.pop("mapping_id", None)
        names = {None: None, self.wrong: "wrong", self.right: "right"}
        log = [row | {"tvshow_id": names[row["tvshow_id"]]} for row in log_state(self.conn, self.user)]
        # Which question a message waited for once, stays in its row.
        found["log"] = [{"status": row["status"], "show": row["tvshow_id"]} for row in log]
        found["asked"] = value(
            self.conn, "select count(*) from plex_conflicts where user_id = %s and not resolved", (self.user,)
        )
        for show_id in (self.wrong, self.right):
            assert_totals_are_a_recount(self.conn, show_id)
        return found


properties = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plex(season: int, episode: int, minutes: int = 0, who: int = 0) -> Step:
    return Step("plex", season, episode, minutes, who)


@properties
@given(happened=steps, corrected_after=st.integers(0, 8), rules=st.sampled_from(sorted(RULES)))
@example(happened=[plex(1, 1), plex(1, 1, 5), Step("mark right", 1, 1, 0)], corrected_after=3, rules="none")
@example(happened=[plex(1, 1), Step("unmark wrong", 1, 1, 5), plex(1, 1, 45)], corrected_after=2, rules="none")
@example(happened=[plex(1, 3), plex(0, 1, 5), plex(1, 3, 60)], corrected_after=2, rules="none")
@example(happened=[plex(1, 1), plex(1, 2, 5)], corrected_after=2, rules="double")
def test_after_a_correction_both_shows_are_as_if_the_events_had_always_gone_to_the_right_one(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    happened: list[Step],
    corrected_after: int,
    rules: str,
) -> None:
    with conn.transaction(force_rollback=True):
        corrected = World(conn, make_user, make_show, maps_to="wrong", rules=rules)
        always_right = World(conn, make_user, make_show, maps_to="right", rules=rules)
        for number, step in enumerate(happened):
            if number == corrected_after:
                corrected.correct("right")
            corrected.does(step)
            always_right.does(step)
        if corrected_after >= len(happened):
            corrected.correct("right")
        assert corrected.state() == always_right.state()


@properties
@given(
    happened=steps,
    way=st.lists(st.sampled_from(("right", "wrong", None)), min_size=1, max_size=4),
    rules=st.sampled_from(sorted(RULES)),
)
@example(happened=[plex(1, 1), plex(1, 3, 5), Step("unmark wrong", 1, 1, 10)], way=["right"], rules="none")
@example(happened=[plex(1, 1), plex(2, 2, 5)], way=[None], rules="double and absolute")
def test_correcting_back_restores_exactly_what_was(
    conn: Connection,
    make_user: MakeUser,
    make_show: MakeShow,
    happened: list[Step],
    way: list[str | None],
    rules: str,
) -> None:
    with conn.transaction(force_rollback=True):
        world = World(conn, make_user, make_show, maps_to="wrong", rules=rules)
        for step in happened:
            world.does(step)
        before = world.state()
        kept = conn.execute(
            "select * from plays where tvshow_id = %s and voided_at is null order by id", (world.wrong,)
        ).fetchall()
        for show in way:
            world.correct(show)
        world.correct("wrong")
        assert world.state() == before
        again = conn.execute(
            "select * from plays where tvshow_id = %s and voided_at is null order by id", (world.wrong,)
        ).fetchall()
        assert [row["id"] for row in again] == [row["id"] for row in kept]


def test_a_correction_moves_marks_and_dates_and_says_what_it_moved(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    first = receive(conn, user, scrobble(episode=1))
    receive(conn, user, scrobble(episode=2, at=AT + timedelta(hours=1)))
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    answer = correct(conn, user, mapping, right)
    assert (answer["events"], answer["moved"], answer["unplaced"], answer["conflict_id"]) == (2, 2, 0, None)
    assert answer["changes"] == [
        {
            "plex_season": 1,
            "plex_episode": n,
            "was": [{"tvshow_id": wrong, "season": 1, "episode": n}],
            "becomes": [{"tvshow_id": right, "season": 1, "episode": n}],
            "rule": None,
            "events": 1,
        }
        for n in (1, 2)
    ]
    assert live_times(conn, wrong) == []
    assert live_times(conn, right) == [AT, AT + timedelta(hours=1)]
    assert [show_row(conn, show)["watched_episodes"] for show in (wrong, right)] == [0, 2]
    assert episode_entry(conn, right, 1, 1)["dateWatched"] == "2026-01-01T20:00:00Z"
    assert episode_entry(conn, wrong, 1, 1)["dateWatched"] is None
    voided = conn.execute("select void_reason from plays where tvshow_id = %s", (wrong,)).fetchall()
    assert [row["void_reason"] for row in voided] == ["moved", "moved"]
    row = log_row(conn, first["log_id"])
    assert (row["status"], row["tvshow_id"]) == ("success", right)
    assert row["trace"][-1]["step"] == "moved"


def test_marks_by_hand_stay_where_they_were_made(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    receive(conn, user, scrobble())
    later = AT + timedelta(days=1)
    conn.execute("select set_watched(%s, %s, 1, 5, true, %s)", (user, wrong, later))
    conn.execute("select set_watched(%s, %s, 1, 1, true, %s)", (user, right, later))
    correct(conn, user, value(conn, "select id from plex_show_mappings where user_id = %s", (user,)), right)
    assert live_times(conn, wrong) == [later]
    # Watched before the mark: the mark says nothing new any more.
    assert live_times(conn, right) == [AT]
    assert episode_entry(conn, right, 1, 1)["dateWatched"] == "2026-01-01T20:00:00Z"


def test_what_the_right_show_lacks_waits_and_comes_with_the_answer(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch", seasons={1: 1})
    logs = [receive(conn, user, scrobble(episode=n, at=AT + timedelta(hours=n)))["log_id"] for n in (1, 2, 3)]
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    answer = correct(conn, user, mapping, right)
    assert (answer["moved"], answer["unplaced"]) == (1, 2)
    conflict = conflict_row(conn, answer["conflict_id"])
    assert (conflict["conflict_type"], conflict["tvshow_id"], conflict["plex_title"]) == (
        "episode_missing",
        right,
        payloads.SHOW,
    )
    assert [log_row(conn, log_id)["status"] for log_id in logs] == ["success", "conflict", "conflict"]
    assert show_row(conn, wrong)["watched_episodes"] == 0
    resolved = one(conn, "select * from resolve_conflict(%s, %s, 'select')", (user, answer["conflict_id"]))
    assert resolved["outcomes"] == {"marked_watched": 2}
    assert show_row(conn, right)["watched_episodes"] == 3
    # And what waited for an answer that came is moved as the rest.
    assert correct(conn, user, mapping, wrong)["moved"] == 3
    assert show_row(conn, wrong)["watched_episodes"] == 3
    assert live_plays(conn, right) == []


def test_a_question_that_the_correction_answers_is_closed(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW, seasons={1: 1})
    right = make_show(user, "Nightwatch", seasons={1: 3})
    held = receive(conn, user, scrobble(episode=3))
    assert held["status"] == "conflict"
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    answer = correct(conn, user, mapping, right)
    assert (answer["marked"], answer["conflict_id"]) == (1, None)
    row = log_row(conn, held["log_id"])
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("success", "marked_watched", right)
    conflict = conflict_row(conn, held["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"], conflict["resolved_tvshow_id"]) == (
        True,
        "auto",
        right,
    )
    assert live_times(conn, right) == [AT]


def test_not_to_be_tracked_takes_the_marks_away_until_a_show_is_named(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    event = receive(conn, user, scrobble())
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    assert correct(conn, user, mapping, None)["unplaced"] == 1
    assert (live_times(conn, show), show_row(conn, show)["watched_episodes"]) == ([], 0)
    row = log_row(conn, event["log_id"])
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("ignored", "sync_disabled", None)
    assert correct(conn, user, mapping, show)["marked"] == 1
    assert live_times(conn, show) == [AT]
    assert log_row(conn, event["log_id"])["status"] == "success"


def test_what_was_purged_from_the_log_gets_a_row_to_wait_in(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch", seasons={1: 1})
    old = receive(conn, user, scrobble(season=2, episode=3))["log_id"]
    conn.execute("set constraints all immediate")
    conn.execute("delete from plex_webhook_logs where id = %s", (old,))
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    answer = correct(conn, user, mapping, right)
    row = one(conn, "select * from plex_webhook_logs where user_id = %s and status = 'conflict'", (user,))
    assert (row["conflict_id"], row["watched_at"], row["plex_season"], row["plex_episode"]) == (
        answer["conflict_id"],
        AT,
        2,
        3,
    )
    from app.plex.events import parse_event

    event = parse_event(row["payload"])
    assert (event.is_scrobble, event.show_title, event.season, event.episode) == (True, payloads.SHOW, 2, 3)
    assert correct(conn, user, mapping, wrong)["marked"] == 1
    assert live_times(conn, wrong) == [AT]
    assert value(conn, "select status from plex_webhook_logs where id = %s", (row["id"],)) == "success"


def test_a_rule_moves_the_past_of_its_mapping(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 12, 2: 12})
    receive(conn, user, scrobble(season=1, episode=3))
    held = receive(conn, user, scrobble(season=1, episode=16, at=AT + timedelta(days=1)))
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    give_rules(conn, user, mapping, [{"kind": "absolute"}])
    answer = value(conn, "select reapply_mapping(%s, %s)", (user, mapping))
    assert (answer["unchanged"], answer["marked"], answer["unplaced"]) == (1, 1, 0)
    assert answer["changes"] == [
        {
            "plex_season": 1,
            "plex_episode": 16,
            "was": [],
            "becomes": [{"tvshow_id": show, "season": 2, "episode": 4}],
            "rule": "absolute",
            "events": 1,
        }
    ]
    assert episode_entry(conn, show, 2, 4)["watched"] is True
    assert log_row(conn, held["log_id"])["status"] == "success"
    (play,) = [play for play in live_plays(conn, show) if play["season"] == 2]
    assert (play["plex_season"], play["plex_episode"]) == (1, 16)


def test_an_episode_without_a_number_goes_by_its_date_also_after_the_log_was_purged(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()

    def nightly(title: str, season: int) -> int:
        episodes = [{"episodeNumber": n, "airDate": f"2026-01-0{n}"} for n in (5, 6)]
        return make_show(user, title, seasons=[{"seasonNumber": season, "episodes": episodes}])

    wrong, right = nightly("Nightly", 31), nightly("Other", 2)
    message = scrobble("Nightly", 2026, index=payloads.MISSING, originallyAvailableAt="2026-01-06")
    event = receive(conn, user, message)
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    correct(conn, user, mapping, right)
    assert episode_entry(conn, right, 2, 6)["watched"] is True
    conn.execute("set constraints all immediate")
    conn.execute("delete from plex_webhook_logs where id = %s", (event["log_id"],))
    correct(conn, user, mapping, wrong)
    assert episode_entry(conn, wrong, 31, 6)["watched"] is True
    assert episode_entry(conn, right, 2, 6)["watched"] is False


def test_a_row_of_the_history_counts_once_wherever_it_goes(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    wrong, right = make_show(user, payloads.SHOW), make_show(user, "Nightwatch")
    mapping = map_to(conn, user, wrong)
    double = {
        "kind": "double",
        "plex_season": 1,
        "from_episode": 1,
        "to_episode": 1,
        "first_episode": 1,
        "last_episode": 2,
    }

    def told() -> list[tuple[Any, ...]]:
        rows = conn.execute(
            """select tvshow_id, episode, history_key from watch_events
               where user_id = %s and withdrawn_at is null order by episode""",
            (user,),
        ).fetchall()
        return [tuple(row.values()) for row in rows]

    event = Jsonb(decision(scrobble()) | {"history_key": "h/7"})
    conn.execute("select receive_event(%s, gen_random_uuid(), 'history', %s, '{}', %s, false)", (user, event, AT))
    give_rules(conn, user, mapping, [double])
    correct(conn, user, mapping, right)
    assert told() == [(right, 1, "h/7"), (right, 2, "h/7#2")]
    correct(conn, user, mapping, None)
    assert told() == []
    correct(conn, user, mapping, wrong)
    assert told() == [(wrong, 1, "h/7"), (wrong, 2, "h/7#2")]


def test_the_work_of_moving_two_thousand_events_grows_with_them_and_no_document_is_written_for_each(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    wrong = make_show(user, payloads.SHOW, seasons=season_documents({1: 1000}))
    right = make_show(user, "Nightwatch", seasons=season_documents({1: 1000}))
    mapping = map_to(conn, user, wrong)

    def moved(events: int) -> tuple[int, int]:
        conn.execute(
            """with said as (
                   insert into watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, server_uuid,
                                             mapping_id, plex_season, plex_episode)
                   select %s, %s, 1, 1 + n %% 1000, 'viewing', %s + n * interval '1 hour', 'webhook', 'S1', %s, 1, 1 + n %% 1000
                   from generate_series(1, %s) n returning *
               ), play as (
                   insert into plays (user_id, tvshow_id, season, episode, watched_at, source, server_uuid, mapping_id,
                                      plex_season, plex_episode)
                   select user_id, tvshow_id, season, episode, occurred_at, source, server_uuid, mapping_id, plex_season,
                          plex_episode
                   from said returning *
               ) select count(*) from play""",
            (user, wrong, AT, mapping, events),
        )
        # Else plans made for tables that were empty are kept until the tables are analysed, as they are in service.
        conn.execute("analyze")
        conn.execute("discard plans")
        with conn.transaction():
            before = _work(conn)
            answer = correct(conn, user, mapping, right)
            after = _work(conn)
        assert answer["moved"] == value(conn, "select count(*) from watch_events where tvshow_id = %s", (right,))
        correct(conn, user, mapping, wrong)
        return after[0] - before[0], after[1] - before[1]

    few_rows, few_documents = moved(200)
    many_rows, many_documents = moved(1800)
    # Ten times as many; were the work to grow with their square, it would be a hundred times as much.
    assert many_rows < 20 * few_rows
    assert many_documents == few_documents < 10
    assert show_row(conn, wrong)["watched_episodes"] == 1000


def _work(conn: Connection) -> tuple[int, int]:
    """How many rows this transaction has read so far, and how many documents of shows it has written."""
    row = conn.execute(
        """select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read,
                  sum(n_tup_upd) filter (where relname = 'tvshows')::int as written
           from pg_stat_xact_user_tables"""
    ).fetchone()
    assert row is not None
    return row["read"], row["written"]


@pytest.mark.parametrize("changes", [{"sync_enabled": False}, {"manually_confirmed": True}])
def test_a_change_that_is_not_about_the_show_moves_nothing(
    conn: Connection, make_user: MakeUser, make_show: MakeShow, changes: dict[str, Any]
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble())
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user,))
    assert value(conn, "select update_mapping(%s, %s, %s)", (user, mapping, Jsonb(changes))) is None
    assert live_times(conn, show) == [AT]
