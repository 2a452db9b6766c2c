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
    nightwatch = {"show_key": "plex://show/nw", "show_guid": "plex://show/nw", "show_rating_key": "13"}
    assert len({ask(conn, user), ask(conn, other), ask(conn, user, **nightwatch)}) == 3
    show = make_show(user, "Dark")
    with refused(conn, "23503", "plex_conflicts_show_fkey"):
        ask(conn, other, "episode_missing", None, show)


def test_an_unknown_kind_of_question_is_refused(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    with refused(conn, "23514"):
        ask(conn, user, "perhaps")


def without(*names: str) -> dict[str, Any]:
    """What an event lacks: a key that is not there and one that is null mean the same."""
    return dict.fromkeys(names)


def test_a_question_without_a_guid_and_one_with_it_are_one(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first = ask(conn, user, show_key="S1|key/12|dark", **without("show_guid"))
    assert ask(conn, user) == first
    assert ask(conn, user, server_uuid="S2", show_rating_key="77") == first
    row = conflict_row(conn, first)
    assert (row["plex_guid"], row["plex_rating_key"], row["plex_server_uuid"]) == ("plex://show/dark", "12", "S1")
    assert value(conn, "select count(*) as n from plex_conflicts where user_id = %s", (user,)) == 1


def test_an_event_with_guid_and_key_makes_one_question_of_two(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    by_key = ask(conn, user, show_key="S1|key/12|dark", **without("show_guid"))
    by_guid = ask(conn, user, server_uuid="S2", show_rating_key="77")
    assert by_key != by_guid
    log_id = value(
        conn,
        """insert into plex_webhook_logs (user_id, receipt, source, event_type, payload, status, conflict_id)
           values (%s, gen_random_uuid(), 'webhook', 'media.scrobble', '{}', 'conflict', %s) returning id""",
        (user, by_key),
    )
    assert ask(conn, user) == by_guid
    row = conflict_row(conn, by_key)
    assert (row["resolved"], row["resolution_action"], row["joined_id"]) == (True, "auto", by_guid)
    assert value(conn, "select conflict_id from plex_webhook_logs where id = %s", (log_id,)) == by_guid


def test_what_decides_about_the_show_is_kept_with_the_question(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first = ask(conn, user, show_ids={"tvdb": 73871}, episode_year=2012)
    assert ask(conn, user, episode_year=2010, other_titles=["Finster"]) == first
    assert ask(conn, user, episode_year=2014, show_year=2009) == first
    row = conflict_row(conn, first)
    assert row["facts"] == {"show_ids": {"tvdb": 73871}, "episode_year": 2010, "other_titles": ["Finster"]}
    assert row["plex_year"] == 2009


def test_a_rebuilt_library_gives_the_question_its_new_key(conn: Connection, make_user: MakeUser) -> None:
    user = make_user()
    first = ask(conn, user)
    assert ask(conn, user, show_rating_key="90001") == first
    assert conflict_row(conn, first)["plex_rating_key"] == "90001"
    assert ask(conn, user, show_rating_key="7", server_uuid="S2") == first
    assert conflict_row(conn, first)["plex_rating_key"] == "90001"


def test_one_more_episode_that_waits_changes_nothing_in_the_row(conn: Connection, make_user: MakeUser) -> None:
    """Of thousands that are decided again in one transaction each would leave a dead row behind."""
    user = make_user()
    said = {"season": 1, "air_date": "2024-05-08"}
    first = ask(conn, user, episode=1, title="Fog", **said)
    where = value(conn, "select ctid::text as at from plex_conflicts where id = %s", (first,))
    assert ask(conn, user, episode=2, title="Ebb", **said) == first
    assert value(conn, "select ctid::text as at from plex_conflicts where id = %s", (first,)) == where
    assert conflict_row(conn, first)["facts"]["said"]["episode"] == 1
