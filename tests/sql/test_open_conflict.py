"""open_conflict: one question per show, however many episodes wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import conflict_row, refused, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
EVENT = {
    "show_key": "plex://show/dark",
    "server_uuid": "S1",
    "show_rating_key": "12",
    "show_guid": "plex://show/dark",
    "show_title": "Dark",
}


def ask(
    conn: Connection,
    user_id: int,
    kind: str = "no_match",
    candidates: list[dict[str, Any]] | None = None,
    tvshow_id: int | None = None,
    **event: Any,
) -> Any:
    return value(
        conn,
        "select open_conflict(%s, %s, %s, %s, %s) as id",
        (user_id, Jsonb(EVENT | event), kind, Jsonb(candidates or []), tvshow_id),
    )


def test_the_question_says_which_plex_show_it_is_about(conn: Connection, make_user: MakeUser) -> None:
    row = conflict_row(conn, ask(conn, make_user(), "low_confidence", [{"title": "Dark Matter"}]))
    assert (row["show_key"], row["plex_guid"], row["plex_rating_key"]) == ("plex://show/dark", "plex://show/dark", "12")
    assert (row["plex_server_uuid"], row["plex_title"]) == ("S1", "Dark")
    assert (row["conflict_type"], row["potential_matches"]) == ("low_confidence", [{"title": "Dark Matter"}])
    assert (row["resolved"], row["resolution_action"]) == (False, None)


def test_a_second_event_joins_it_with_the_candidates_of_today(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first = ask(conn, user)
    show = make_show(user, "Dark")
    assert ask(conn, user, "episode_missing", [{"tvshow_id": show}], show) == first
    row = conflict_row(conn, first)
    assert (row["conflict_type"], row["tvshow_id"]) == ("episode_missing", show)
    assert row["potential_matches"] == [{"tvshow_id": show}]


def test_an_answered_question_is_not_opened_again(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first = ask(conn, user)
    conn.execute(
        "update plex_conflicts set resolved = true, resolved_at = now(), resolution_action = 'ignore' where id = %s",
        (first,),
    )
    assert ask(conn, user) != first
    assert conflict_row(conn, first)["resolved"]


def test_shows_and_users_have_their_own_questions(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user, other = make_user(), make_user()
    assert len({ask(conn, user), ask(conn, other), ask(conn, user, show_key="plex://show/nw")}) == 3
    show = make_show(user, "Dark")
    with refused(conn, "23503", "plex_conflicts_show_fkey"):
        ask(conn, other, "episode_missing", None, show)


def test_an_unknown_kind_of_question_is_refused(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    with refused(conn, "23514"):
        ask(conn, user, "perhaps")
