"""note_mapping_change: the history of a mapping, written by whatever changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.scrobbles import receive, scrobble
from tests.sql.test_update_mapping import mapped, update
from tests.watch_state import value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]

RULE = {"kind": "offset", "plex_season": 1, "from_episode": 4, "season": 2, "episode_offset": -3}


def changes(conn: Connection, mapping_id: int) -> list[dict[str, Any]]:
    return conn.execute("select * from mapping_changes where mapping_id = %s order by id", (mapping_id,)).fetchall()


def save(conn: Connection, user_id: int, mapping_id: int, *rules: dict[str, Any], source: str = "user") -> None:
    conn.execute("select save_rules(%s, %s, %s, %s, false, true)", (user_id, mapping_id, Jsonb(list(rules)), source))


def test_what_a_rule_found_and_the_user_changed_is_kept_with_what_was_moved(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show, other = make_show(user, "Harbour Lights"), make_show(user, "Another one")
    mapping = mapped(conn, user)
    update(conn, user, mapping, manually_confirmed=True)
    update(conn, user, mapping, tvshow_id=other)
    update(conn, user, mapping, sync_enabled=False)

    found, confirmed, moved, off = changes(conn, mapping)

    assert [(c["what"], c["by_user"]) for c in (found, confirmed, moved, off)] == [
        ("found", False),
        ("changed", True),
        ("changed", True),
        ("changed", True),
    ]
    assert (found["was"], found["became"]["tvshow_id"], found["moved"]) == (None, show, None)
    assert (confirmed["was"]["manually_confirmed"], confirmed["became"]["manually_confirmed"]) == (False, True)
    assert (moved["was"]["tvshow_id"], moved["became"]["tvshow_id"]) == (show, other)
    assert moved["moved"] == {"events": 1, "moved": 1, "marked": 0, "unchanged": 0, "unplaced": 0, "conflict_id": None}
    assert off["moved"] is None


def test_rules_that_came_and_went_are_named(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    save(conn, user, mapping, RULE)
    save(
        conn,
        user,
        mapping,
        {"kind": "double", "plex_season": 1, "from_episode": 1, "to_episode": 1, "first_episode": 1, "last_episode": 2}
        | {"episode_offset": 0},
        source="plex_file",
    )
    conn.execute("select remove_rules(%s, %s, null, false)", (user, mapping))

    _, added, read, removed = changes(conn, mapping)

    assert [(c["what"], c["by_user"]) for c in (added, read, removed)] == [
        ("rules", True),
        ("rules", False),
        ("rules", True),
    ]
    kinds = [
        [rule["kind"] for rule in c[name]] for c in (added, read, removed) for name in ("rules_added", "rules_removed")
    ]
    assert kinds == [["offset"], [], ["double"], [], [], ["offset", "double"]]


def test_what_changes_nothing_is_not_kept(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    update(conn, user, mapping, manually_confirmed=True)
    update(conn, user, mapping, manually_confirmed=True, sync_enabled=True)
    receive(conn, user, scrobble(episode=2))
    conn.execute("select save_rules(%s, %s, '[]', 'plex_file', true, true)", (user, mapping))
    assert value(conn, "select tvshow_id from plex_show_mappings where id = %s", (mapping,)) == show
    assert [c["what"] for c in changes(conn, mapping)] == ["found", "changed"]


def test_an_answer_names_its_question_and_says_when_it_is_taken_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", seasons={1: 2})
    mapping = mapped(conn, user)
    question = receive(conn, user, scrobble(episode=7))["conflict_id"]
    conn.execute("select resolve_conflict(%s, %s, 'select')", (user, question))
    conn.execute("select undo_conflict(%s, %s)", (user, question))

    _, answered, undone = changes(conn, mapping)

    assert (answered["what"], answered["conflict_id"], answered["became"]["tvshow_id"]) == ("answered", question, show)
    assert answered["undone_at"] is not None
    assert (undone["what"], undone["conflict_id"], undone["became"]["manually_confirmed"]) == (
        "answer_undone",
        question,
        False,
    )


def test_a_show_that_goes_and_comes_back_is_told_in_the_history_of_its_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, "Harbour Lights", tmdb_id=4711)
    mapping = mapped(conn, user)
    conn.execute("select delete_show(%s, %s)", (user, show))
    again = make_show(user, "Harbour Lights", tmdb_id=4711)
    conn.execute("select return_mappings(%s, %s)", (user, again))

    told = [(c["what"], c["became"]["tvshow_id"]) for c in changes(conn, mapping)]

    assert told == [("found", show), ("show_deleted", None), ("show_returned", again)]


def test_a_forgotten_mapping_takes_its_history_along(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, "Harbour Lights")
    mapping = mapped(conn, user)
    conn.execute("select delete_mapping(%s, %s)", (user, mapping))
    assert changes(conn, mapping) == []
