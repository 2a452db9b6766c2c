"""`/api/search`, and shows that are added by their TMDB id."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.services import Services
from app.upstream.http import Limits
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.integration.api_client import ApiClient
from tests.watch_state import assert_totals_are_a_recount, show_row, value

MakeShow = Callable[..., int]


def test_search_says_what_tmdb_knows_and_what_the_tracker_has(
    ann: ApiClient, bob: ApiClient, make_show: MakeShow, fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.add_show(1, "Nightjar", first_air_date="2009-02-01", original_name="Caprimulgus", country="GB")
    fake_tmdb.add_show(2, "Nightjar", first_air_date="", country="")
    show_id = make_show(ann.user_id, "Nightjar", tmdb_id=2)
    assert ann.call("GET", "/api/search?q=%20nightjar ") == {
        "shows": [
            {
                "tmdb_id": 1,
                "title": "Nightjar",
                "original_title": "Caprimulgus",
                "year": 2009,
                "country": "GB",
                "poster_path": "/poster1.jpg",
                "overview": None,
                "tvshow_id": None,
            },
            {
                "tmdb_id": 2,
                "title": "Nightjar",
                "original_title": "Nightjar",
                "year": None,
                "country": None,
                "poster_path": "/poster2.jpg",
                "overview": None,
                "tvshow_id": show_id,
            },
        ],
        "next": None,
    }
    assert [show["tvshow_id"] for show in bob.call("GET", "/api/search?q=nightjar")["shows"]] == [None, None]
    assert [show["tmdb_id"] for show in ann.call("GET", "/api/search?q=nightjar&year=2009")["shows"]] == [1]
    assert ann.call("GET", "/api/search?q=nothing")["shows"] == []


@pytest.mark.parametrize(("field", "query"), [("q", ""), ("q", "?q="), ("q", "?q=%20"), ("year", "?q=a&year=x")])
def test_a_search_for_nothing_is_refused(ann: ApiClient, field: str, query: str) -> None:
    assert list(ann.refused("GET", f"/api/search{query}")) == [field]


def test_the_key_is_the_users_own(ann: ApiClient, services: Services, fake_tmdb: FakeTmdb) -> None:
    services.settings.tmdb_api_key = None
    error = ann.call("GET", "/api/search?q=a", status=422)["error"]
    assert error["code"] == "tmdb_key_missing"
    assert "tmdb_api_key" in error["message"]
    ann.call("POST", "/api/plex/config", {"tmdb_api_key": "wrong"})
    assert ann.call("GET", "/api/search?q=a", status=422)["error"]["code"] == "tmdb_key_rejected"
    ann.call("POST", "/api/plex/config", {"tmdb_api_key": KEY})
    ann.call("GET", "/api/search?q=a")


def test_tmdb_away_is_said_so(ann: ApiClient, services: Services, fake_tmdb: FakeTmdb) -> None:
    services.tmdb.limits = Limits(total=0.3)
    for failure in (failures.status(500), failures.html(), failures.malformed(), failures.time_out()):
        fake_tmdb.fail("/search/*", failure)
        response = ann.send("GET", "/api/search?q=a")
        assert (response.status_code, response.get_json()["error"]["code"]) == (503, "tmdb_unavailable")
        assert response.headers["Retry-After"] == "10"
    fake_tmdb.fail("/search/*", failures.status(429, retry_after=7))
    assert ann.send("GET", "/api/search?q=a").headers["Retry-After"] == "7"


def test_a_show_is_added_with_what_tmdb_knows(ann: ApiClient, conn: Connection, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(
        1, "Nightjar", tvdb_id=9, imdb_id="tt9", seasons={0: 1, 1: 3}, alternative=["Nachtschwalbe"], status="Ended"
    )
    show = ann.call("POST", "/api/shows", {"tmdb_id": 1}, status=201)
    assert (show["title"], show["year"], show["tvdb_id"], show["imdb_id"]) == ("Nightjar", 2020, 9, "tt9")
    assert (show["source"], show["status"], show["total_episodes"]) == ("manual", "Ended", 4)
    assert show["show_start_date"] == "2020-01-05"
    names = value(conn, "select array_agg(title order by id) from show_titles where tvshow_id = %s", (show["id"],))
    assert names == ["Nightjar", "Nachtschwalbe"]
    assert_totals_are_a_recount(conn, show["id"])


def test_what_is_given_comes_before_what_tmdb_says(ann: ApiClient, conn: Connection, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(1, "Nightjar", tvdb_id=9, seasons={1: 3})
    show = ann.call("POST", "/api/shows", {"tmdb_id": 1, "year": 2019, "tvdb_id": None, "seasons": []}, status=201)
    assert (show["year"], show["tvdb_id"], show["total_episodes"]) == (2019, 9, 0)


def test_a_title_asks_nobody(ann: ApiClient, fake_tmdb: FakeTmdb) -> None:
    ann.call("POST", "/api/shows", {"tmdb_id": 1, "title": "Mine"}, status=201)
    assert fake_tmdb.count() == 0


def test_a_show_that_is_there_is_not_asked_for(ann: ApiClient, make_show: MakeShow, fake_tmdb: FakeTmdb) -> None:
    make_show(ann.user_id, tmdb_id=1)
    assert list(ann.refused("POST", "/api/shows", {"tmdb_id": 1}, status=409)) == ["tmdb_id"]
    assert fake_tmdb.count() == 0


def test_a_show_with_another_of_its_ids_is_there(
    ann: ApiClient, make_show: MakeShow, conn: Connection, fake_tmdb: FakeTmdb
) -> None:
    show_id = make_show(ann.user_id, "Old", tvdb_id=9)
    fake_tmdb.add_show(1, "Nightjar", tvdb_id=9)
    assert list(ann.refused("POST", "/api/shows", {"tmdb_id": 1}, status=409)) == ["tvdb_id"]
    assert show_row(conn, show_id)["title"] == "Old"


def test_a_show_that_tmdb_does_not_know_or_tell_is_not_added(
    ann: ApiClient, services: Services, conn: Connection, fake_tmdb: FakeTmdb
) -> None:
    assert ann.call("POST", "/api/shows", {"tmdb_id": 404}, status=404)["error"]["code"] == "tmdb_not_there"
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 1})
    fake_tmdb.fail("/tv/1/season/1", failures.status(502), times=1)
    assert ann.call("POST", "/api/shows", {"tmdb_id": 1}, status=503)["error"]["code"] == "tmdb_unavailable"
    fake_tmdb.key = "another"
    assert ann.call("POST", "/api/shows", {"tmdb_id": 2}, status=422)["error"]["code"] == "tmdb_key_rejected"
    assert value(conn, "select count(*) from tvshows") == 0


def test_no_connection_to_the_database_is_held_while_tmdb_is_asked(
    ann: ApiClient, services: Services, conn: Connection, fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 1})
    seen = []

    def look() -> None:
        pool = services.db._pool
        assert pool is not None
        stats = pool.get_stats()
        seen.append(stats["pool_size"] - stats["pool_available"])

    fake_tmdb.fail("*", failures.before_the_answer(look))
    ann.call("POST", "/api/shows", {"tmdb_id": 1}, status=201)
    assert seen == [0, 0]
