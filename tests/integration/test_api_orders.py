"""`/api/plex/mappings/ID/rules/orders`: DVD and other orders from TMDB, as rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Connection
from tests.fakes.failures import status
from tests.fakes.tmdb import FakeTmdb
from tests.integration.api_client import ApiClient
from tests.scrobbles import receive, scrobble
from tests.watch_state import live_plays

MakeShow = Callable[..., int]
SHOW = "Harbour Lights"
GROUP = "5acf93e60e0a26346d0000ce"


def part(name: str, place: int, *episodes: tuple[int, int]) -> dict[str, object]:
    return {
        "id": f"{GROUP}{place}",
        "name": name,
        "order": place,
        "episodes": [
            {"id": 1000 + n, "season_number": season, "episode_number": episode, "order": n}
            for n, (season, episode) in enumerate(episodes)
        ],
    }


@pytest.fixture
def show(ann: ApiClient, make_show: MakeShow, fake_tmdb: FakeTmdb, conn: Connection) -> int:
    """Its DVD has the third episode first. Plex has that one watched, as the first."""
    fake_tmdb.add_show(800100, SHOW, seasons={1: 3})
    fake_tmdb.groups[GROUP] = {
        "id": GROUP,
        "show_id": 800100,
        "name": "DVD order",
        "type": 3,
        "groups": [part("Season 1", 1, (1, 3), (1, 1), (1, 2))],
    }
    fake_tmdb.groups["other"] = {"id": "other", "show_id": 1, "name": "DVD", "type": 3, "groups": []}
    show_id = make_show(ann.user_id, SHOW, seasons={1: 3}, tmdb_id=800100)
    receive(conn, ann.user_id, scrobble(SHOW))
    return show_id


@pytest.fixture
def path(ann: ApiClient, show: int, conn: Connection) -> str:
    # The show was mapped while nobody could be asked.
    (mapping,) = ann.call("GET", "/api/plex/mappings")["mappings"]
    return f"/api/plex/mappings/{mapping['id']}/rules"


def test_a_dvd_order_is_previewed_saved_and_gone_by_without_asking_again(
    ann: ApiClient, path: str, show: int, fake_tmdb: FakeTmdb, conn: Connection
) -> None:
    (order,) = ann.call("GET", f"{path}/orders")["orders"]
    assert order == {"id": GROUP, "name": "DVD order", "kind": "dvd", "episodes": 3, "seasons": 1}
    preview = ann.call("POST", f"{path}/preview", {"episode_group": GROUP})
    assert [change["becomes"][0]["episode"] for change in preview["changes"]] == [3]
    saved = ann.call("POST", path, {"episode_group": GROUP, "apply_to_past": True}, status=201)
    assert saved["correction"]["moved"] == 1
    assert {rule["source"] for rule in saved["rules"]} == {"tmdb_group"}
    assert [play["episode"] for play in live_plays(conn, show)] == [3]
    fake_tmdb.fail("*", status(500))
    receive(conn, ann.user_id, scrobble(SHOW, episode=2, viewCount=5))
    assert sorted(play["episode"] for play in live_plays(conn, show)) == [1, 3]


def test_an_order_takes_the_place_of_the_one_before(ann: ApiClient, path: str, show: int, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.groups["second"] = {
        "id": "second",
        "show_id": 800100,
        "name": "Digital",
        "type": 4,
        "groups": [part("Season 1", 1, (1, 2), (1, 1), (1, 3))],
    }
    ann.call("POST", path, {"episode_group": GROUP}, status=201)
    rules = ann.call("POST", path, {"episode_group": "second"}, status=201)["rules"]
    assert [(rule["from_episode"], rule["episode_offset"]) for rule in rules] == [(1, 1), (2, -1)]


def test_an_order_of_another_show_or_one_beside_rules_is_refused(ann: ApiClient, path: str, show: int) -> None:
    assert list(ann.refused("POST", path, {"episode_group": "other"}, status=422)) == ["episode_group"]
    assert list(ann.refused("POST", path, {"episode_group": "a/b"})) == ["episode_group"]
    assert list(ann.refused("POST", path, {"episode_group": GROUP, "kind": "absolute"})) == ["episode_group"]


def test_without_a_tmdb_id_there_are_no_orders(ann: ApiClient, path: str, show: int, conn: Connection) -> None:
    conn.execute("update tvshows set tmdb_id = null where id = %s", (show,))
    ann.call("GET", f"{path}/orders", status=422)
    ann.call("POST", path, {"episode_group": GROUP}, status=422)


def test_while_tmdb_does_not_answer_nothing_is_changed(
    ann: ApiClient, bob: ApiClient, path: str, show: int, fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.fail("*", status(500))
    ann.call("POST", path, {"episode_group": GROUP}, status=503)
    assert ann.call("GET", path)["rules"] == []
    bob.call("GET", f"{path}/orders", status=404)
