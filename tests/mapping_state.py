"""Corrections of a mapping, and what they leave: for the tests of the functions, of the API, and of sessions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import decision, scrobble
from tests.watch_state import one, value


def map_to(conn: Connection, user_id: int, show_id: int | None, message: dict[str, Any] | None = None) -> int:
    """The mapping of a message's Plex show, made by hand."""
    mapping: int = value(
        conn,
        "select map_show(%s, %s, %s, 1, 'manual', true)",
        (user_id, Jsonb(decision(message or scrobble())), show_id),
    )
    return mapping


def correct(conn: Connection, user_id: int, mapping_id: int, show_id: int | None) -> dict[str, Any]:
    """Says that a mapping stands for another show, and returns what that moved."""
    answer = value(conn, "select update_mapping(%s, %s, %s)", (user_id, mapping_id, Jsonb({"tvshow_id": show_id})))
    return dict(answer or {})


def give_rules(conn: Connection, user_id: int, mapping_id: int, rules: Sequence[dict[str, Any]]) -> None:
    """Puts numbering rules beside a mapping, without looking at the past."""
    for rule in rules:
        row = {"kind": "offset", "source": "user", "from_episode": 0, "episode_offset": 0} | rule
        conn.execute(
            """insert into plex_numbering_rules (user_id, mapping_id, kind, source, plex_season, from_episode, to_episode,
                                                 season, episode_offset, season_lengths, first_episode, last_episode)
               select %s, %s, kind, source, plex_season, from_episode, to_episode, season, episode_offset, season_lengths,
                      first_episode, last_episode
               from jsonb_populate_record(null::plex_numbering_rules, %s)""",
            (user_id, mapping_id, Jsonb(row)),
        )
    conn.execute("update plex_show_mappings set has_rules = true where id = %s", (mapping_id,))


def show_state(conn: Connection, show_id: int) -> dict[str, Any]:
    """What a show says of itself, and what is known of its viewings: everything that a correction must leave right."""
    show = one(
        conn, "select seasons, watched_episodes, total_episodes, total_minutes from tvshows where id = %s", (show_id,)
    )
    plays = conn.execute(
        """select season, episode, watched_at, source, server_uuid, account_id, history_key, plex_season, plex_episode,
                  mapping_id, voided_at, void_reason
           from plays where tvshow_id = %s and coalesce(void_reason, '') not in ('moved', 'same_viewing')
           order by season, episode, watched_at, voided_at, account_id, plex_season, plex_episode, source, history_key""",
        (show_id,),
    ).fetchall()
    said = conn.execute(
        """select season, episode, kind, occurred_at, source, server_uuid, account_id, history_key, plex_season, plex_episode
           from watch_events where tvshow_id = %s and withdrawn_at is null
           order by season, episode, occurred_at, kind, account_id, plex_season, plex_episode, source, history_key""",
        (show_id,),
    ).fetchall()
    return {"show": show, "plays": plays, "said": said}


def log_state(conn: Connection, user_id: int) -> list[dict[str, Any]]:
    """What became of every message, in the order of arrival."""
    return conn.execute(
        "select status, tvshow_id, conflict_id is not null as asked from plex_webhook_logs where user_id = %s order by id",
        (user_id,),
    ).fetchall()
