"""note_rating_key: a library that was rebuilt has given a show another key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import decision, receive, scrobble
from tests.watch_state import log_row, one, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
OTHER = "another-server"


def mapping_of(conn: Connection, show: int) -> dict[str, Any]:
    return one(conn, "select * from plex_show_mappings where tvshow_id = %s", (show,))


def known_as(conn: Connection, show: int) -> tuple[str, str | None]:
    mapping = mapping_of(conn, show)
    return mapping["plex_server_uuid"], mapping["plex_rating_key"]


def on_other_server(episode: int, key: str) -> dict[str, Any]:
    return scrobble(episode=episode, grandparentRatingKey=key, Server={"uuid": OTHER})


def test_an_event_with_a_new_key_brings_it_to_the_mapping(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    conn.execute("update plex_show_mappings set files_read_at = now()")
    rebuilt = receive(conn, user, scrobble(episode=2, grandparentRatingKey="90001"))
    assert rebuilt["status"] == "success"
    assert known_as(conn, show) == (payloads.SERVER_UUID, "90001")
    assert mapping_of(conn, show)["files_read_at"] is None
    assert show_row(conn, show)["watched_episodes"] == 2


def test_a_message_without_a_guid_is_known_by_the_new_key(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    receive(conn, user, scrobble(episode=2, grandparentRatingKey="90001"))
    row = payloads.episode_without_guids(
        grandparentTitle=payloads.SHOW, parentIndex=1, index=3, grandparentRatingKey="90001"
    )
    assert log_row(conn, receive(conn, user, row)["log_id"])["trace"][0]["step"] == "mapping"


def test_the_show_that_had_the_key_loses_it_and_gets_its_new_one_with_its_next_event(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    first, second = make_show(user, "Harbour Lights"), make_show(user, "Nightwatch")
    for title in ("Harbour Lights", "Nightwatch"):
        receive(conn, user, scrobble(title))
    taken = payloads.rating_key("show", "Harbour Lights")
    receive(conn, user, scrobble("Nightwatch", episode=2, grandparentRatingKey=taken))
    assert known_as(conn, second) == (payloads.SERVER_UUID, taken)
    assert known_as(conn, first) == (payloads.SERVER_UUID, None)
    receive(conn, user, scrobble("Harbour Lights", episode=2, grandparentRatingKey="90002"))
    assert known_as(conn, first) == (payloads.SERVER_UUID, "90002")


def test_another_server_takes_the_mapping_over_only_where_the_token_is_for_it(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    before = known_as(conn, show)
    receive(conn, user, on_other_server(2, "7"))
    assert known_as(conn, show) == before
    conn.execute("update plex_config set plex_server_uuid = %s where user_id = %s", (OTHER, user))
    receive(conn, user, on_other_server(3, "7"))
    assert known_as(conn, show) == (OTHER, "7")
    receive(conn, user, scrobble(episode=4))
    assert known_as(conn, show) == (OTHER, "7")


def test_a_local_guid_is_a_key_and_brings_none(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    plain = {"grandparentTitle": payloads.SHOW, "grandparentGuid": "local://4711"}
    receive(conn, user, scrobble(episode=1, grandparentRatingKey="4711", **plain))
    receive(conn, user, scrobble(episode=2, grandparentRatingKey="4712", **plain))
    assert known_as(conn, show) == (payloads.SERVER_UUID, "4711")


def test_an_old_event_that_is_decided_again_does_not_bring_its_key_back(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 2})
    receive(conn, user, scrobble(episode=1))
    old = scrobble(episode=3)
    waits = receive(conn, user, old)
    assert waits["status"] == "conflict"
    receive(conn, user, scrobble(episode=2, grandparentRatingKey="90001"))
    conn.execute("select * from replay_event(%s, %s, %s, false)", (user, waits["log_id"], Jsonb(decision(old))))
    assert known_as(conn, show) == (payloads.SERVER_UUID, "90001")


def test_another_show_of_that_guid_by_now_is_left_alone(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW)
    receive(conn, user, scrobble(episode=1))
    before = known_as(conn, show)
    event = decision(scrobble(grandparentRatingKey="90001", grandparentGuid="plex://show/another"))
    value(conn, "select note_rating_key(%s, %s, %s) as done", (user, mapping_of(conn, show)["id"], Jsonb(event)))
    assert known_as(conn, show) == before
