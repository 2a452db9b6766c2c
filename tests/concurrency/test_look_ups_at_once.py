"""Look-ups of several workers, and of replicas, at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.services import Services
from app.sync.receive import receive as receive_webhook
from app.sync.worker import LookUpWorker
from tests import payloads
from tests.concurrency.conftest import Session, with_patience
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.tmdb import FakeTmdb
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import log_row, one, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
TwoSessions = tuple[Session, Session]
AtOnce = Callable[..., list[Any]]
PATIENCE = 60

IDS = payloads.show_ids(payloads.SHOW)
FOUND = {"title": payloads.SHOW, "year": 2019, "ids": {"tmdb": IDS["tmdb"]}}
DOCUMENT = {
    "title": payloads.SHOW,
    "tmdb_id": IDS["tmdb"],
    "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": n} for n in range(1, 9)]}],
}


def claim(connection: Connection) -> Any:
    return one(connection, "select * from claim_pending()")["log_id"]


def pending(connection: Connection, user: int, **message: Any) -> int:
    log_id: int = receive(connection, user, scrobble(**message), has_tmdb=True)["log_id"]
    return log_id


def add(connection: Connection, user: int, log_id: int) -> Any:
    """What a worker does that has found the show at TMDB."""
    event = decision(log_row(connection, log_id)["payload"]) | {"show_ids": {"tmdb": IDS["tmdb"]}}
    lookup = {"plex_show": {"gone": True}, "tmdb_shows": {str(IDS["tmdb"]): FOUND}}
    return one(
        connection,
        "select * from apply_lookup(%s, %s, %s, %s, '[]', true, null, %s)",
        (user, log_id, Jsonb(event), Jsonb(lookup), Jsonb(DOCUMENT)),
    )


def test_a_claim_that_is_not_committed_then_another_one_passes_over_it(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    first, _, other = pending(conn, user), pending(conn, user, episode=2), pending(conn, user, show="Other")
    one_worker, another = two_sessions
    one_worker.begin()
    assert one_worker.does(claim).result(PATIENCE) == first
    # Neither the same event nor another one of the same show.
    assert another.does(claim).result(PATIENCE) == other
    assert another.does(claim).result(PATIENCE) is None
    one_worker.commit()
    assert another.does(claim).result(PATIENCE) is None


def test_sixteen_workers_take_each_event_once(conn: Connection, make_user: MakeUser, at_once: AtOnce) -> None:
    user = make_user()
    events = {pending(conn, user, show=f"Show {number}") for number in range(12)}
    taken = at_once([claim] * 32)
    assert sorted(log_id for log_id in taken if log_id is not None) == sorted(events)


def test_sixteen_workers_send_one_probe(conn: Connection, make_user: MakeUser, at_once: AtOnce) -> None:
    user = make_user()
    for number in range(12):
        pending(conn, user, show=f"Show {number}")
    conn.execute("update plex_webhook_logs set waits_for = 'tmdb'")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = now()")
    taken = at_once([claim] * 16)
    assert len([log_id for log_id in taken if log_id is not None]) == 1


def test_a_probe_that_is_claimed_and_an_answer_at_the_same_moment_do_not_deadlock(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    """The claim holds its event and wants the service; the answer holds the service and makes events due."""
    user = make_user()
    events = [pending(conn, user, show=f"Show {number}") for number in range(3)]
    conn.execute("update plex_webhook_logs set waits_for = 'tmdb', next_attempt_at = now() + interval '1 hour'")
    conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (user,))
    conn.execute("update upstreams set next_probe_at = now()")
    claiming, answering = two_sessions
    claiming.begin()
    probe = claiming.does(claim).result(PATIENCE)
    answered = answering.does(lambda c: c.execute("select note_upstream(%s, 'tmdb', 'ok')", (user,)))
    answering.waits_for(claiming)
    claiming.commit()
    answered.result(PATIENCE)
    # The probe is at work; all others are due.
    assert {claim(conn), claim(conn)} == set(events) - {probe}
    assert claim(conn) is None


def test_a_show_that_two_events_of_it_find_at_once_is_added_once(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    """Their keys differ (one has no GUID), so the lock of the show's key does not keep them apart: lock_mappings does."""
    user = make_user()
    with_guid = pending(conn, user)
    without = receive(conn, user, payloads.episode_without_guids(parentIndex=1, index=2), has_tmdb=True)["log_id"]
    first, second = two_sessions
    first.begin()
    added = first.does(add, user, with_guid).result(PATIENCE)
    waiting = second.does(add, user, without)
    second.waits_for(first)
    first.commit()
    marked = waiting.result(PATIENCE)
    assert (added["action"], marked["action"]) == ("added_show", "marked_watched")
    assert added["tvshow_id"] == marked["tvshow_id"]
    show = one(conn, "select * from tvshows")
    assert show["watched_episodes"] == 2


def test_a_show_that_is_added_by_hand_while_a_look_up_adds_it_is_there_once(
    conn: Connection, make_user: MakeUser, two_sessions: TwoSessions
) -> None:
    user = make_user()
    log_id = pending(conn, user)
    by_hand, worker = two_sessions
    by_hand.begin()
    show = Jsonb({"title": "By hand", "tmdb_id": IDS["tmdb"], "seasons": DOCUMENT["seasons"]})
    by_hand.does(lambda c: c.execute("select add_show(%s, %s)", (user, show))).result(PATIENCE)
    waiting = worker.does(lambda c: with_patience(add, c, user, log_id))
    worker.waits_for(by_hand)
    by_hand.commit()
    answer = waiting.result(PATIENCE)
    assert (answer["status"], answer["action"]) == ("success", "marked_watched")
    assert one(conn, "select title from tvshows")["title"] == "By hand"


def test_two_users_who_find_the_same_show_at_once_get_one_each(
    conn: Connection, make_user: MakeUser, at_once: AtOnce
) -> None:
    users = [make_user() for _ in range(4)]
    events = [(user, pending(conn, user)) for user in users]
    answers = at_once([lambda c, u=user, e=event: add(c, u, e) for user, event in events])
    assert [answer["action"] for answer in answers] == ["added_show"] * 4
    assert value(conn, "select count(distinct user_id) as n from tvshows") == 4


def test_two_look_ups_of_one_event_whose_lease_ended_mark_it_once(
    conn: Connection, make_user: MakeUser, at_once: AtOnce
) -> None:
    user = make_user()
    log_id = pending(conn, user)
    answers = at_once([lambda c: add(c, user, log_id)] * 4)
    assert [(answer["status"], answer["action"]) for answer in answers] == [("success", "added_show")] * 4
    assert value(conn, "select count(*) as n from plays") == 1


def test_a_job_is_started_by_one_of_sixteen(conn: Connection, at_once: AtOnce) -> None:
    started = at_once([lambda c: value(c, "select start_job('refresh', null, 60, 60) as id")] * 16)
    assert len([job for job in started if job is not None]) == 1


def test_two_workers_of_two_replicas_do_all_of_it_once(
    services: Services, conn: Connection, make_user: MakeUser, fake_tmdb: FakeTmdb
) -> None:
    user = make_user()
    titles = [f"Show {number}" for number in range(8)]
    for title in titles:
        ids = payloads.show_ids(title)
        episodes = [{"tvdb_id": payloads.episode_ids(title, 1, n)["tvdb"]} for n in (1, 2, 3)]
        fake_tmdb.add_show(ids["tmdb"], title, seasons={1: episodes})
        for number in (1, 2, 3):
            message = payloads.episode_with_tvdb_only(grandparentTitle=title, parentIndex=1, index=number)
            receive_webhook(services, user, parse_event(message))
    workers = [LookUpWorker(services) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        outcomes = [outcome for done in threads.map(LookUpWorker.work_off, workers) for outcome in done]
    # One that finds nothing free ends; what the others hold is theirs.
    outcomes += workers[0].work_off()
    assert sorted(outcome.action or "" for outcome in outcomes) == ["added_show"] * 8 + ["marked_watched"] * 16
    assert value(conn, "select sum(watched_episodes) as n from tvshows") == 24
    assert value(conn, "select count(*) as n from plays where voided_at is null") == 24


def test_a_worker_that_dies_in_the_middle_leaves_its_event_to_another_one(
    services: Services, conn: Connection, make_user: MakeUser, fake_tmdb: FakeTmdb
) -> None:
    user = make_user()
    episodes = [{"tvdb_id": payloads.episode_ids(payloads.SHOW, 1, 1)["tvdb"]}]
    fake_tmdb.add_show(IDS["tmdb"], payloads.SHOW, seasons={1: episodes})
    message = payloads.episode_with_tvdb_only(parentIndex=1, index=1)
    receive_webhook(services, user, parse_event(message))
    hangs = threading.Event()
    fake_tmdb.fail("/find/*", failures.slow(3), times=1)
    dies = threading.Thread(target=lambda: (LookUpWorker(services).work_off(), hangs.set()), daemon=True)
    dies.start()
    while not value(conn, "select claimed_until is not null as held from plex_webhook_logs"):
        hangs.wait(0.01)
    assert LookUpWorker(services).work_off() == []
    conn.execute("update plex_webhook_logs set claimed_until = now() - interval '1 second'")
    (outcome,) = LookUpWorker(services).work_off()
    assert outcome.action == "added_show"
    # It was only slow: what it hands over finds the event decided.
    dies.join(PATIENCE)
    assert value(conn, "select count(*) as n from plays") == 1
    assert value(conn, "select count(*) as n from tvshows") == 1
