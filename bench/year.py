"""A household's log as a year of use leaves it: a hundred events a day, viewings of five messages, each with its play."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import requests

from app.plex.events import parse_event
from app.sync.receive import receive
from bench.installation import Account, Installation
from bench.library import make_library, viewing

ROWS = 36_500

_EMPTY = "truncate tracker.plays, tracker.watch_events, tracker.plex_webhook_logs"
_EPISODES = """
create temporary table bench_episodes on commit preserve rows as
select row_number() over (order by md5(t.id::text || e.number)) - 1 as place, t.id as tvshow_id, t.title, s.number as season,
       e.number
from tracker.tvshows t
cross join lateral (select (d ->> 'seasonNumber')::integer as number, d -> 'episodes' as episodes
                    from jsonb_array_elements(t.seasons) a(d)) s
cross join lateral (select (d ->> 'episodeNumber')::integer as number from jsonb_array_elements(s.episodes) a(d)) e
where t.user_id = %(user)s"""
_TEMPLATES = """
create temporary table bench_templates on commit preserve rows as
select row_number() over (order by id) - 1 as message, l.* from tracker.plex_webhook_logs l where l.user_id = %(user)s"""
_LOG = """
insert into tracker.plex_webhook_logs (
    id, user_id, account_id, created_at, watched_at, receipt, plex_season, plex_episode, processing_duration_ms, source, status,
    action_taken, event_type, event_key, plex_title, plex_account, plex_server, trace, payload, tvshow_id, mapping_id)
overriding system value
select n + 1, t.user_id, t.account_id, now() - make_interval(secs => (%(rows)s - n) * 864.0), t.watched_at, gen_random_uuid(),
       e.season, e.number, t.processing_duration_ms, t.source, t.status, t.action_taken, t.event_type,
       case when t.event_key is not null then md5(n::text) end, e.title, t.plex_account, t.plex_server, t.trace, t.payload,
       case when t.tvshow_id is not null then e.tvshow_id end, t.mapping_id
from generate_series(0, %(rows)s - 1) n
join bench_templates t on t.message = n %% 5
join bench_episodes e on e.place = (n / 5) %% (select count(*) from bench_episodes)"""
_PLAYS = """
insert into tracker.plays (user_id, tvshow_id, season, episode, watched_at, source, log_id)
select user_id, tvshow_id, plex_season, plex_episode, created_at, 'webhook', id from tracker.plex_webhook_logs
where status = 'success'"""
_SAID = """
insert into tracker.watch_events (user_id, tvshow_id, season, episode, kind, occurred_at, source, log_id, play_id)
select user_id, tvshow_id, season, episode, 'viewing', watched_at, source, log_id, id from tracker.plays"""
_MARKS = """
with seen as (
    select distinct tvshow_id, season, episode from tracker.plays
), entry as (
    select t.id, s.place as season_place, s.document -> 'seasonNumber' as season, e.place,
           e.document || jsonb_build_object('watched', w.tvshow_id is not null) as document, w.tvshow_id is not null as watched
    from tracker.tvshows t
    cross join lateral jsonb_array_elements(t.seasons) with ordinality s(document, place)
    cross join lateral jsonb_array_elements(s.document -> 'episodes') with ordinality e(document, place)
    left join seen w on w.tvshow_id = t.id and w.season = (s.document ->> 'seasonNumber')::integer
        and w.episode = (e.document ->> 'episodeNumber')::integer
), season as (
    select id, season_place,
           jsonb_build_object('seasonNumber', season, 'episodes', jsonb_agg(document order by place)) as document,
           count(*) filter (where watched) as watched,
           sum((document ->> 'runtime')::integer) filter (where watched) as minutes
    from entry group by id, season_place, season
)
update tracker.tvshows t
set seasons = m.seasons, watched_episodes = m.watched, total_minutes = coalesce(m.minutes, 0)
from (select id, jsonb_agg(document order by season_place) as seasons, sum(watched) as watched, sum(minutes) as minutes
      from season group by id) m
where m.id = t.id"""
_NUMBERS = "select setval('tracker.plex_webhook_logs_id_seq', %(rows)s)"
_RAN_ALREADY = "insert into tracker.job_runs (kind, status, finished_at) values ('retention', 'success', now())"


def prepare(installation: Installation, owner: psycopg.Connection[Any], account: Account) -> None:
    """Takes the five rows of one real viewing as what the rest is made from.

    Args:
        installation: with the account.
        owner: a connection that is kept for `fill`.
        account: whose log it becomes.
    """
    library = make_library(1)
    for message in viewing(library[0].episodes[0]):
        receive(installation.services, account.user_id, parse_event(message))
    # The server's own retention is to wait until tomorrow.
    owner.execute(_RAN_ALREADY)
    owner.execute(_TEMPLATES, {"user": account.user_id})
    owner.execute(_EPISODES, {"user": account.user_id})


def fill(owner: psycopg.Connection[Any], rows: int) -> None:
    """Makes the log one of so many rows, the last of which is of now, a row every 864 seconds."""
    owner.execute(_EMPTY)
    for statement in (_LOG, _PLAYS, _SAID, _NUMBERS):
        owner.execute(statement.encode(), {"rows": rows})
    owner.execute("vacuum analyze")


def mark(owner: psycopg.Connection[Any]) -> None:
    """Brings the documents of the shows in step with the plays of the log."""
    owner.execute(_MARKS)
    owner.execute("vacuum analyze")


def browser_of(installation: Installation, account: Account) -> requests.Session:
    """What asks as the account's browser does."""
    from app.security.sessions import start

    session = requests.Session()
    token = start(installation.services, account.user_id, user_agent="bench", address="127.0.0.1")
    session.cookies.set("tellykeep", _cookie(installation, token))
    return session


def signed_in(installation: Installation, account: Account) -> Callable[[str], requests.Response]:
    """Asks for a path as the account's browser does."""
    address = f"http://{installation.address[0]}:{installation.address[1]}"
    session = browser_of(installation, account)
    return lambda path: session.get(address + path, timeout=60)


def _cookie(installation: Installation, token: str) -> str:
    """The cookie that the sign-in would have given."""
    from app import create_app
    from app.security.sessions import CookieSessions

    app = create_app(installation.services)
    serializer = CookieSessions(None).get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps({"_user_id": token, "_fresh": True, "_permanent": True}))
