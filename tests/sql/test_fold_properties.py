"""Watch state is a fold over viewing times: whatever the order of arrival, the same comes out as the design says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conftest import Connection
from tests.scrobbles import AT
from tests.sql.reference_fold import Play, Said, first_watched, fold
from tests.watch_state import assert_totals_are_a_recount, episode_entry, plays, value

RUNTIME = 20
IMPORTED_AT = AT + timedelta(minutes=25)

# (season, episode) -> runtime in minutes. The last one comes watched.
EPISODES: dict[tuple[int, int], int | None] = {(1, 1): RUNTIME, (0, 0): None, (1, 0): 0, (2, 7): RUNTIME}
IMPORTED = (2, 7)


@dataclass(frozen=True)
class Step:
    """Something said about an episode, with how it arrives."""

    said: Said
    episode: tuple[int, int] = (1, 1)
    source: str = "webhook"


# Around the edges of the runtime (20 minutes, 30 where it is unknown), and a few seconds beside them.
_MINUTES = (0, 5, 10, 19, 20, 21, 25, 29, 30, 31, 39, 40, 45, 50, 59, 60, 61, 80, 200)
times = st.builds(
    lambda minutes, seconds: AT + timedelta(minutes=minutes, seconds=seconds),
    st.sampled_from(_MINUTES),
    st.sampled_from((0, 0, 0, -1, 1)),
)
viewings = st.builds(Said, st.just("viewing"), times, st.tuples(st.sampled_from((0, 1)), st.sampled_from(("S1", "S2"))))
marks = st.builds(Said, st.sampled_from(("mark", "unmark")), times)
things = st.one_of(viewings, viewings, marks)


def steps(episodes: st.SearchStrategy[tuple[int, int]]) -> st.SearchStrategy[list[Step]]:
    """In any order of arrival; any of them may arrive twice."""
    one = st.builds(Step, things, episodes, st.sampled_from(("webhook", "history", "spool")))
    return (
        st.tuples(st.lists(one, min_size=1, max_size=7), st.lists(st.integers(0, 6), max_size=3))
        .map(lambda drawn: drawn[0] + [drawn[0][i % len(drawn[0])] for i in drawn[1]])
        .flatmap(st.permutations)
        .map(list)
    )


def say(conn: Connection, user: int, show: int, accounts: list[int], step: Step) -> None:
    season, episode = step.episode
    account, server = step.said.who or (None, None)
    conn.execute(
        "select * from mark_watched(%s, %s, %s, %s, null, %s, %s, %s, %s, %s)",
        (
            user,
            show,
            season,
            episode,
            step.said.kind,
            step.said.at,
            step.source if step.said.kind == "viewing" else "manual",
            server,
            None if account is None else accounts[account],
        ),
    )


def kept_plays(conn: Connection, show: int, episode: tuple[int, int]) -> list[Play]:
    return sorted(
        (
            Play(row["watched_at"], row["voided_at"])
            for row in plays(conn, show)
            if (row["season"], row["episode"]) == episode
        ),
        key=lambda p: p.sort_key,
    )


def assert_is_the_fold(conn: Connection, show: int, said: dict[tuple[int, int], list[Said]]) -> None:
    for (season, episode), runtime in EPISODES.items():
        expected = fold(said.get((season, episode), []), runtime)
        assert kept_plays(conn, show, (season, episode)) == expected
        entry = episode_entry(conn, show, season, episode)
        first = first_watched(expected)
        assert entry["watched"] is (first is not None)
        assert entry["dateWatched"] == (first and first.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert_totals_are_a_recount(conn, show)


def assert_every_play_is_anchored(conn: Connection, show: int) -> None:
    """A play begins with the earliest of what belongs to it, and nothing belongs to one that is no play any more."""
    wrong = conn.execute(
        """select p.id, p.watched_at, p.void_reason, min(w.occurred_at) as begun
           from plays p left join watch_events w on w.play_id = p.id
           where p.tvshow_id = %s
           group by p.id
           having case when p.void_reason = 'same_viewing' then count(w.id) > 0
                       else min(w.occurred_at) is distinct from p.watched_at end""",
        (show,),
    ).fetchall()
    assert wrong == []


class Tracker:
    """A show with the episodes above, in a savepoint per example."""

    def __init__(self, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]) -> None:
        self.conn = conn
        self.user = make_user()
        documents: dict[int, list[dict[str, Any]]] = {}
        for (season, episode), runtime in EPISODES.items():
            entry: dict[str, Any] = {"episodeNumber": episode, "runtime": runtime}
            if (season, episode) == IMPORTED:
                entry |= {"watched": True, "dateWatched": IMPORTED_AT.isoformat()}
            documents.setdefault(season, []).append(entry)
        self.show = make_show(
            self.user,
            source="import",
            seasons=[{"seasonNumber": season, "episodes": entries} for season, entries in documents.items()],
        )
        self.accounts = [
            value(
                conn,
                "insert into plex_accounts (user_id, server_uuid, title) values (%s, 'S1', %s) returning id",
                (self.user, title),
            )
            for title in ("alex", "kim")
        ]

    def replay(self, steps: list[Step]) -> None:
        said: dict[tuple[int, int], list[Said]] = {IMPORTED: [Said("mark", IMPORTED_AT)]}
        with self.conn.transaction(force_rollback=True):
            for step in steps:
                say(self.conn, self.user, self.show, self.accounts, step)
                said.setdefault(step.episode, []).append(step.said)
                assert_totals_are_a_recount(self.conn, self.show)
            assert_is_the_fold(self.conn, self.show, said)
            assert_every_play_is_anchored(self.conn, self.show)


def viewing(minutes: float, account: int = 0, server: str = "S1") -> Step:
    return Step(Said("viewing", AT + timedelta(minutes=minutes), (account, server)))


def mark(minutes: float) -> Step:
    return Step(Said("mark", AT + timedelta(minutes=minutes)))


def unmark(minutes: float) -> Step:
    return Step(Said("unmark", AT + timedelta(minutes=minutes)))


properties = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@properties
@given(arriving=steps(st.just((1, 1))))
# The reports of a viewing belong together although a mark by hand began it.
@example(arriving=[mark(0), viewing(15), viewing(30)])
# A mark became superfluous after it had been taken back.
@example(arriving=[mark(10), viewing(40), unmark(60), viewing(0)])
# A mark became superfluous after a viewing had been joined to it.
@example(arriving=[mark(10), viewing(15), viewing(5, 1), unmark(12)])
# Everything at one time.
@example(arriving=[unmark(0), mark(0), viewing(0)])
@example(arriving=[viewing(0), unmark(0), mark(0), viewing(0, 1)])
# The same viewing told before and after it was taken back.
@example(arriving=[viewing(0), unmark(5), viewing(10), viewing(19), viewing(20)])
# A mark that was taken back is not what a later report means.
@example(arriving=[mark(0), unmark(5), viewing(10)])
# Taken back twice: the first time counts.
@example(arriving=[unmark(40), viewing(0), unmark(30)])
def test_one_episode_ends_the_same_whatever_the_order_of_arrival(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    arriving: list[Step],
) -> None:
    with conn.transaction(force_rollback=True):
        Tracker(conn, make_user, make_show).replay(arriving)


@properties
@given(arriving=steps(st.sampled_from(sorted(EPISODES))))
def test_specials_unknown_runtimes_and_imported_episodes_end_the_same_beside_each_other(
    conn: Connection,
    make_user: Callable[..., int],
    make_show: Callable[..., int],
    arriving: list[Step],
) -> None:
    with conn.transaction(force_rollback=True):
        Tracker(conn, make_user, make_show).replay(arriving)


def test_the_reference_says_what_the_design_says() -> None:
    """A few cases by hand, so that two equal mistakes do not prove each other right."""

    def at(minutes: float) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    def seen(minutes: float, who: int = 0) -> Said:
        return Said("viewing", at(minutes), (who, "S1"))

    assert fold([], 20) == []
    assert fold([seen(0), seen(19.9), seen(20)], 20) == [Play(at(0)), Play(at(20))]
    assert fold([seen(0), seen(29), seen(30)], None) == [Play(at(0)), Play(at(30))]
    assert fold([seen(0), seen(0, 1)], 20) == [Play(at(0))] * 2
    taken_back = Said("unmark", at(10))
    assert fold([seen(0), taken_back, seen(15), seen(40)], 20) == [Play(at(0), at(10)), Play(at(40))]
    assert fold([Said("mark", at(0)), seen(5), Said("mark", at(60))], 20) == [Play(at(0))]
    assert fold([Said("mark", at(0)), taken_back, seen(15)], 20) == [Play(at(0), at(10)), Play(at(15))]
    assert first_watched([Play(at(0), at(1)), Play(at(5)), Play(at(9))]) == at(5)
    assert first_watched([Play(at(0), at(1))]) is None
