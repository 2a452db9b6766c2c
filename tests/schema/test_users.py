"""Every row belongs to one user, and nothing crosses: the tables refuse it even where no function is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import one, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def furnish(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> dict[str, Any]:
    """A user with a row in every table that belongs to users; returns the ids."""
    user = make_user()
    show = make_show(user, f"{payloads.SHOW} {user}")
    marked = receive(conn, user, scrobble(f"{payloads.SHOW} {user}"))
    held = receive(conn, user, scrobble(f"Nobody knows it {user}"))
    conn.execute("insert into sessions (user_id, token_hash, expires_at) values (%s, %s, now())", (user, str(user)))
    conn.execute("insert into api_tokens (user_id, token_hash) values (%s, %s)", (user, str(user)))
    conn.execute("insert into calendar_tokens (user_id, token_hash) values (%s, %s)", (user, str(user)))
    conn.execute("insert into user_totp (user_id, secret) values (%s, '00:00:00')", (user,))
    conn.execute("insert into recovery_codes (user_id, code_hash) values (%s, %s)", (user, str(user)))
    conn.execute("insert into oidc_links (issuer, subject, user_id) values ('http://id', %s, %s)", (str(user), user))
    conn.execute("insert into job_runs (user_id, kind) values (%s, 'history')", (user,))
    conn.execute("insert into plex_history_positions (user_id, server_uuid) values (%s, 'S1')", (user,))
    conn.execute("select note_upstream(%s, 'plex', 'unavailable')", (user,))
    mapping = one(conn, "select id from plex_show_mappings where user_id = %s", (user,))["id"]
    conn.execute(
        "insert into plex_numbering_rules (user_id, mapping_id, plex_season, season) values (%s, %s, %s, 2)",
        (user, mapping, user),
    )
    conn.execute("update mapping_changes set conflict_id = %s where user_id = %s", (held["conflict_id"], user))
    batch = one(
        conn,
        "select begin_answers(%s, 'ignore', jsonb_build_array(jsonb_build_object('conflict_id', %s::bigint))) as id",
        (user, held["conflict_id"]),
    )["id"]
    return {
        "batch_id": batch,
        "user_id": user,
        "tvshow_id": show,
        "resolved_tvshow_id": show,
        "emptied_tvshow_id": show,
        "mapping_id": mapping,
        "conflict_id": held["conflict_id"],
        "joined_id": held["conflict_id"],
        "log_id": marked["log_id"],
        "account_id": one(conn, "select id from plex_accounts where user_id = %s", (user,))["id"],
    }


def references(conn: Connection) -> list[tuple[str, str]]:
    """(table, column) of every foreign key between rows of users."""
    rows = conn.execute(
        """select k.conrelid::regclass::text as name, a.attname::text as column
           from pg_constraint k cross join lateral unnest(k.conkey) u(n)
           join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n
           where k.contype = 'f' and k.connamespace = 'tracker'::regnamespace and a.attname <> 'user_id'"""
    ).fetchall()
    return sorted((row["name"], row["column"]) for row in rows)


def test_no_row_can_point_to_another_users_row(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    mine, theirs = furnish(conn, make_user, make_show), furnish(conn, make_user, make_show)
    found = references(conn)
    assert len(found) >= 12
    for table, column in found:
        change = f"update {table} set {column} = %s where user_id = %s"
        with refused(conn, "23503"):
            # With the one that waits for the commit checked at once.
            conn.execute("set constraints all immediate")
            conn.execute(change.encode(), (theirs[column], mine["user_id"]))
            pytest.fail(f"{table}.{column}")


def test_no_row_can_be_given_to_another_user(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    mine, theirs = furnish(conn, make_user, make_show), furnish(conn, make_user, make_show)
    for table in sorted({table for table, _ in references(conn)}):
        with refused(conn, "23503"):
            conn.execute("set constraints all immediate")
            conn.execute(
                f"update {table} set user_id = %s where user_id = %s".encode(), (theirs["user_id"], mine["user_id"])
            )
            pytest.fail(table)


def test_a_user_who_goes_takes_everything_along_and_nothing_of_others(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    goes, stays = furnish(conn, make_user, make_show), furnish(conn, make_user, make_show)
    tables = [
        row["name"]
        for row in conn.execute(
            """select c.relname::text as name from pg_attribute a join pg_class c on c.oid = a.attrelid
               where a.attname = 'user_id' and c.relkind = 'r' and c.relnamespace = 'tracker'::regnamespace"""
        )
    ]

    def counts(user: int) -> dict[str, Any]:
        return {
            table: value(conn, f"select count(*) as n from {table} where user_id = %s", (user,)) for table in tables
        }

    before = counts(stays["user_id"])
    assert all(before.values()), before
    conn.execute("delete from users where id = %s", (goes["user_id"],))
    assert not any(counts(goes["user_id"]).values())
    assert counts(stays["user_id"]) == before


def test_a_question_cannot_go_while_an_event_waits_for_its_answer(conn: Connection, make_user: MakeUser) -> None:
    held = receive(conn, make_user(), scrobble())
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        conn.execute("delete from plex_conflicts where id = %s", (held["conflict_id"],))


def test_a_purged_log_keeps_the_plays(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    ids = furnish(conn, make_user, make_show)
    conn.execute("delete from plex_webhook_logs where id = %s", (ids["log_id"],))
    play = one(conn, "select * from plays where user_id = %s", (ids["user_id"],))
    assert (play["log_id"], play["voided_at"]) == (None, None)
    name = f"{payloads.SHOW} {ids['user_id']}"
    later = receive(conn, ids["user_id"], scrobble(name, at=AT + timedelta(days=1)))
    assert later["action"] == "rewatched"
