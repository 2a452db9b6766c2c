"""`/api/shows/ID/plays`: viewings looked at, added, moved and removed one by one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.scrobbles import receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_plays, live_times

MakeShow = Callable[..., int]
AT = datetime(2024, 5, 1, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def add(client: ApiClient, show_id: int, at: datetime = AT, episode: int = 1) -> dict[str, Any]:
    answer: dict[str, Any] = client.call(
        "POST", f"/api/shows/{show_id}/episodes/1/{episode}/plays", {"watched_at": text(at)}
    )
    return answer


@pytest.fixture
def show_id(ann: ApiClient, make_show: MakeShow) -> int:
    return make_show(ann.user_id, "Harbour Lights", seasons={1: 3}, runtime=20)


def test_a_viewing_is_added_and_a_further_one_is_a_rewatch(ann: ApiClient, show_id: int, conn: Connection) -> None:
    first = add(ann, show_id, AT + HOUR)
    earlier = add(ann, show_id)

    assert (first["action"], earlier["action"]) == ("marked_watched", "rewatched")
    assert (earlier["season"], earlier["episode"], earlier["source"]) == (1, 1, "manual")
    assert earlier["watched_at"] == text(AT)
    assert live_times(conn, show_id) == [AT, AT + HOUR]
    assert episode_entry(conn, show_id, 1, 1)["dateWatched"] == text(AT)
    assert_totals_are_a_recount(conn, show_id)
    listed = ann.call("GET", f"/api/shows/{show_id}/plays")["plays"]
    assert [play["id"] for play in listed] == [first["id"], earlier["id"]]
    assert ann.call("GET", f"/api/shows/{show_id}/plays/{first['id']}") == listed[0]


def test_without_a_moment_it_is_now(ann: ApiClient, show_id: int, conn: Connection) -> None:
    for body in (None, {}, {"watched_at": None}):
        ann.call("POST", f"/api/shows/{show_id}/episodes/1/1/plays", body)
    (at,) = live_times(conn, show_id)
    assert datetime.now(UTC) - at < timedelta(minutes=1)


def test_a_time_within_a_runtime_of_a_known_viewing_is_that_viewing(
    ann: ApiClient, show_id: int, conn: Connection
) -> None:
    first = add(ann, show_id)
    again = add(ann, show_id, AT + timedelta(minutes=5))

    assert (again["action"], again["id"], again["watched_at"]) == ("already_watched", first["id"], text(AT))
    assert live_times(conn, show_id) == [AT]


def test_a_viewing_that_plex_told_is_moved_and_does_not_come_back(
    ann: ApiClient, show_id: int, conn: Connection
) -> None:
    receive(conn, ann.user_id, scrobble())
    (told,) = live_plays(conn, show_id)

    moved = ann.call("PATCH", f"/api/shows/{show_id}/plays/{told['id']}", {"watched_at": text(AT)})

    assert (moved["watched_at"], moved["episode"], moved["voided_at"]) == (text(AT), 1, None)
    assert moved["id"] != told["id"]
    receive(conn, ann.user_id, scrobble(viewCount=5))
    assert live_times(conn, show_id) == [AT]
    assert ann.call("GET", f"/api/shows/{show_id}/plays/{told['id']}")["void_reason"] == "removed"
    assert_totals_are_a_recount(conn, show_id)


def test_a_removed_viewing_counts_no_more_and_is_still_in_the_list(
    ann: ApiClient, show_id: int, conn: Connection
) -> None:
    play = add(ann, show_id)

    response = ann.send("DELETE", f"/api/shows/{show_id}/plays/{play['id']}")

    assert (response.status_code, response.data) == (204, b"")
    assert live_times(conn, show_id) == []
    assert episode_entry(conn, show_id, 1, 1)["watched"] is False
    (kept,) = ann.call("GET", f"/api/shows/{show_id}/plays")["plays"]
    assert (kept["id"], kept["void_reason"]) == (play["id"], "removed")
    assert_totals_are_a_recount(conn, show_id)


def test_what_counts_no_more_is_neither_moved_nor_removed_again(ann: ApiClient, show_id: int, conn: Connection) -> None:
    path = f"/api/shows/{show_id}/plays/{add(ann, show_id)['id']}"
    ann.call("DELETE", path, status=204)

    ann.call("DELETE", path, status=409)
    ann.call("PATCH", path, {"watched_at": text(AT + HOUR)}, status=409)
    assert live_times(conn, show_id) == []


@pytest.mark.parametrize(
    ("watched_at", "status"),
    [
        (text(datetime.now(UTC) + HOUR), 422),
        (text(datetime.now(UTC) + 48 * HOUR), 400),
        ("1850-01-01T00:00:00Z", 400),
        ("yesterday", 400),
        (1714593600, 400),
    ],
    # The processes of a run collect at different moments, and have to agree on the names.
    ids=["in an hour", "the day after tomorrow", "long ago", "no time", "a number"],
)
def test_a_time_that_cannot_be_is_refused_and_changes_nothing(
    ann: ApiClient, show_id: int, conn: Connection, watched_at: object, status: int
) -> None:
    play = add(ann, show_id)
    for method, path in (("POST", "episodes/1/2/plays"), ("PATCH", f"plays/{play['id']}")):
        refused = ann.refused(method, f"/api/shows/{show_id}/{path}", {"watched_at": watched_at}, status=status)
        assert list(refused) == ["watched_at"]
    assert live_times(conn, show_id) == [AT]


def test_another_time_needs_one(ann: ApiClient, show_id: int) -> None:
    play = add(ann, show_id)
    for body in ({}, {"watched_at": None}, {"watched_at": text(AT), "episode": 2}):
        assert ann.refused("PATCH", f"/api/shows/{show_id}/plays/{play['id']}", body)


@pytest.mark.parametrize("place", ["1/9", "7/1", f"1/{2**31}", f"{2**63 - 1}/1"])
def test_an_episode_that_is_not_there_is_not_watched(ann: ApiClient, show_id: int, place: str) -> None:
    ann.call("POST", f"/api/shows/{show_id}/episodes/{place}/plays", {}, status=404)


def test_a_viewing_is_found_at_its_own_show_and_for_its_own_user_only(
    ann: ApiClient, bob: ApiClient, show_id: int, make_show: MakeShow, conn: Connection
) -> None:
    play = add(ann, show_id)["id"]
    other = make_show(ann.user_id, "Lantern")
    bobs = make_show(bob.user_id, "Harbour Lights")
    for client, show, number in (
        (ann, other, play),
        (bob, show_id, play),
        (bob, bobs, play),
        (ann, show_id, play + 1000),
        (ann, show_id, 2**63 - 1),
    ):
        path = f"/api/shows/{show}/plays/{number}"
        client.call("GET", path, status=404)
        client.call("PATCH", path, {"watched_at": text(AT + HOUR)}, status=404)
        client.call("DELETE", path, status=404)
    assert live_times(conn, show_id) == [AT]


def test_the_viewings_of_a_deleted_show_are_not_there(ann: ApiClient, show_id: int, conn: Connection) -> None:
    play = add(ann, show_id)["id"]
    ann.call("DELETE", f"/api/shows/{show_id}", status=204)

    for method, path, body in (
        ("GET", f"plays/{play}", None),
        ("PATCH", f"plays/{play}", {"watched_at": text(AT + HOUR)}),
        ("DELETE", f"plays/{play}", None),
        ("POST", "episodes/1/1/plays", {}),
    ):
        ann.call(method, f"/api/shows/{show_id}/{path}", body, status=404)
    assert live_times(conn, show_id) == [AT]


def test_a_token_that_may_read_looks_only(client_for: Callable[..., ApiClient], make_show: MakeShow) -> None:
    reader = client_for("eva", scope="read")
    show = make_show(reader.user_id)
    path = f"/api/shows/{show}"
    reader.call("GET", f"{path}/plays")
    reader.call("POST", f"{path}/episodes/1/1/plays", {}, status=403)
    reader.call("PATCH", f"{path}/plays/1", {"watched_at": text(AT)}, status=403)
    reader.call("DELETE", f"{path}/plays/1", status=403)
