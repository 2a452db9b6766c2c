"""One of everything that belongs to an account, by the name that addresses have for its id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from app.plex.events import parse_event
from app.security import accounts, sessions
from app.services import Services
from app.sync.receive import receive
from app.tracker.answers import Chosen, begin_answers
from app.tracker.calendar_address import make_calendar_token
from tests.conftest import Connection, season_documents
from tests.mapping_state import give_rules
from tests.scrobbles import scrobble
from tests.watch_state import value

Possessions = dict[str, int | str]

# Columns that say whose a row is; what is in such a table must not change when somebody else tries.
_OWNED = "select table_name from information_schema.columns where table_schema = 'tracker' and column_name = 'user_id'"
# What an account's own requests write: when its browsers and calendars were last seen.
_LIVELY = ("last_seen_at", "last_used_at")


def give_everything(services: Services, conn: Connection, user_id: int) -> Possessions:
    """Gives an account a show that was watched, a mapping with a rule, questions, log rows, a token, a browser, a calendar."""
    show = value(
        conn,
        "select add_show(%s, %s) as id",
        (user_id, Jsonb({"title": "Harbour Lights", "seasons": season_documents({0: 1, 1: 4})})),
    )
    now = datetime.now(UTC)
    taken = receive(services, user_id, parse_event(scrobble("Harbour Lights")), received_at=now - timedelta(days=2))
    asked = receive(services, user_id, parse_event(scrobble("Something Else")), received_at=now - timedelta(days=1))
    also = receive(services, user_id, parse_event(scrobble("Another Thing")), received_at=now - timedelta(hours=1))
    assert (taken.tvshow_id, asked.status) == (show, "conflict")
    mapping = value(conn, "select id from plex_show_mappings where user_id = %s", (user_id,))
    give_rules(conn, user_id, mapping, [{"plex_season": 4, "season": 1}])
    name = value(conn, "select username as name from users where id = %s", (user_id,))
    accounts.create_token(services, name, name="kitchen")
    sessions.start(services, user_id, user_agent="kitchen", address=None)
    assert asked.conflict_id is not None
    assert also.conflict_id is not None
    assert taken.log_id is not None
    return {
        "tvshow_id": show,
        "mapping_id": mapping,
        "conflict_id": asked.conflict_id,
        "log_id": taken.log_id,
        "rule_id": value(conn, "select min(id) as id from plex_numbering_rules where user_id = %s", (user_id,)),
        "token_id": value(conn, "select id from api_tokens where user_id = %s", (user_id,)),
        "session_id": value(conn, "select id from sessions where user_id = %s", (user_id,)),
        "batch_id": begin_answers(services, user_id, "ignore", [Chosen(also.conflict_id)]),
        "play_id": value(conn, "select min(id) as id from plays where user_id = %s", (user_id,)),
        "user_id": user_id,
        # The only key to what it opens: whoever has the address may read it.
        "token": make_calendar_token(services, user_id),
    }


def everything_of(conn: Connection, user_id: int) -> dict[str, list[Any]]:
    """Every row that belongs to an account, table by table."""
    tables = sorted(row["table_name"] for row in conn.execute(_OWNED))
    return {
        table: [
            row["held"]
            for row in conn.execute(
                sql.SQL(
                    "select (to_jsonb(t) - %s::text[])::text as held from {} t where user_id = %s order by 1"
                ).format(sql.Identifier("tracker", table)),
                (list(_LIVELY), user_id),
            )
        ]
        for table in tables
    }
