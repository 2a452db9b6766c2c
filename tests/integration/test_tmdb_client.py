"""`TmdbClient` against a simulated TMDB: what is read, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from app.demo.simulated_server import Reply
from app.services import Services
from app.tmdb.client import TmdbClient, need_tmdb, tmdb_key, tmdb_of
from app.tmdb.document import show_document
from app.upstream.errors import KeyMissing, KeyRejected, NotThere, UpstreamUnavailable
from tests.conftest import Connection
from tests.fakes import failures
from tests.fakes.tmdb import KEY, FakeTmdb
from tests.watch_state import one, value

MakeUser = Callable[..., int]


@pytest.fixture
def tmdb(services: Services, fake_tmdb: FakeTmdb) -> TmdbClient:
    return TmdbClient(services, KEY, [])


def age_in_hours(conn: Connection, path: str) -> float:
    row = one(
        conn,
        "select extract(epoch from expires_at - fetched_at) / 3600 as hours from tmdb_cache where cache_key like %s",
        (f"%{path}?%",),
    )
    return float(row["hours"])


def test_an_id_is_found_as_show_or_episode_and_never_mixed(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(800100, "Harbour Lights", tvdb_id=555, imdb_id="tt9000100", first_air_date="2019-04-01")
    fake_tmdb.add_show(800200, "Unrelated", seasons={5: [{"episode_number": 9, "tvdb_id": 555}]})
    found = tmdb.find("tvdb_id", 555)
    assert [(show.id, show.title, show.year, show.country) for show in found.shows] == [
        (800100, "Harbour Lights", 2019, "US")
    ]
    assert [(e.show_id, e.season_number, e.episode_number) for e in found.episodes] == [(800200, 5, 9)]
    assert [show.id for show in tmdb.find("imdb_id", "tt9000100").shows] == [800100]


def test_a_show_comes_with_ids_and_names(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(
        800100,
        "Money Heist",
        original_name="La casa de papel",
        alternative=["Haus des Geldes", "La casa de papel", "Money Heist", ""],
        tvdb_id=900100,
        imdb_id="tt9000100",
        country="ES",
        seasons={1: 2},
    )
    show = tmdb.show(800100)
    assert (show.external_ids.tvdb_id, show.external_ids.imdb_id) == (900100, "tt9000100")
    assert show.names == [
        {"title": "La casa de papel", "kind": "original"},
        {"title": "Haus des Geldes", "kind": "alternative"},
    ]
    assert (show.country, show.seasons[0].season_number) == ("ES", 1)


def test_a_show_document_has_what_the_tracker_stores(
    tmdb: TmdbClient, fake_tmdb: FakeTmdb, make_user: MakeUser, make_show: Callable[..., int], conn: Connection
) -> None:
    fake_tmdb.add_show(
        800100,
        "Harbour Lights",
        first_air_date="2019-04-01",
        tvdb_id=900100,
        status="Ended",
        alternative=["Hafenlichter"],
        seasons={
            2: [{"episode_number": 1, "id": 42, "air_date": "", "runtime": None, "name": "Fog"}],
            0: [{"episode_number": 0}],
        },
    )
    document = show_document(tmdb, 800100)
    seasons = document.pop("seasons")
    assert document == {
        "title": "Harbour Lights",
        "year": 2019,
        "show_start_date": "2019-04-01",
        "tmdb_id": 800100,
        "tvdb_id": 900100,
        "imdb_id": None,
        "status": "Ended",
        "poster_path": "/poster800100.jpg",
        "country": "US",
        "titles": [{"title": "Hafenlichter", "kind": "alternative"}],
    }
    assert [season["seasonNumber"] for season in seasons] == [0, 2]
    assert seasons[1]["episodes"] == [
        {"episodeNumber": 1, "title": "Fog", "airDate": None, "runtime": None, "tmdbId": 42}
    ]
    show_id = make_show(make_user(), **document, seasons=seasons, source="plex")
    row = one(conn, "select * from tvshows where id = %s", (show_id,))
    assert (row["title"], row["tmdb_id"], row["status"], row["total_episodes"]) == (
        "Harbour Lights",
        800100,
        "Ended",
        2,
    )


def test_the_seasons_are_asked_at_the_same_time_and_traced_in_order(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(800100, "Long", seasons=dict.fromkeys(range(9), 3))
    fake_tmdb.latency = 0.1
    before = datetime.now(UTC)
    document = show_document(tmdb, 800100)
    assert datetime.now(UTC) - before < timedelta(seconds=0.8)
    assert [len(season["episodes"]) for season in document["seasons"]] == [3] * 9
    assert [step["what"] for step in tmdb.steps] == [
        "show 800100",
        *(f"show 800100 season {number}" for number in range(9)),
    ]


def test_a_season_that_is_listed_and_not_there_is_empty(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(800100, "Gaps", seasons={1: 3, 2: 3, 3: 0, 4: 1})
    del fake_tmdb.seasons[800100, 2]
    fake_tmdb.seasons[800100, 4].pop("episodes")
    document = show_document(tmdb, 800100)
    assert [(s["seasonNumber"], len(s["episodes"])) for s in document["seasons"]] == [(1, 3), (2, 0), (3, 0), (4, 0)]


def test_a_season_that_cannot_be_had_now_is_no_show_without_it(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(800100, "Gaps", seasons={1: 3, 2: 3})
    fake_tmdb.fail("/tv/800100/season/2", failures.status(500))
    with pytest.raises(UpstreamUnavailable):
        show_document(tmdb, 800100)
    assert [step.get("problem") is None for step in tmdb.steps] == [True, True, False]


def test_odd_values_count_as_not_known(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.shows[1] = {
        "id": 1,
        "name": "Odd\0",
        "first_air_date": "",
        "origin_country": "US",
        "external_ids": {"tvdb_id": 0, "imdb_id": ""},
        "alternative_titles": {"id": 1},
        "seasons": [{"season_number": 1}, {"season_number": None}, None, {"season_number": -1}],
        "status": None,
        "poster_path": None,
    }
    fake_tmdb.seasons[1, 1] = {
        "episodes": [
            {"episode_number": 1, "air_date": None, "name": None},
            {"episode_number": "2", "air_date": "2024-13-01", "runtime": 0, "id": 2**40},
            {"episode_number": None},
            {"episode_number": 2**33},
            "x",
        ]
    }
    document = show_document(tmdb, 1)
    assert (document["title"], document["year"], document["country"], document["titles"]) == (
        "Odd\ufffd",
        None,
        None,
        [],
    )
    assert (document["tvdb_id"], document["imdb_id"], document["status"], document["poster_path"]) == (None,) * 4
    nothing: dict[str, Any] = {"title": None, "airDate": None, "runtime": None, "tmdbId": None}
    assert document["seasons"] == [
        {"seasonNumber": 1, "episodes": [{"episodeNumber": 1} | nothing, {"episodeNumber": 2} | nothing]}
    ]


def test_an_answer_without_an_id_is_none(tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection) -> None:
    fake_tmdb.shows[1] = {"name": "No id"}
    with pytest.raises(UpstreamUnavailable):
        tmdb.show(1)
    assert tmdb.steps[-1]["problem"]
    assert value(conn, "select count(*) from tmdb_cache") == 0


def test_search_takes_a_year_and_empty_ones_ask_nobody(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(1, "Nightjar", first_air_date="2009-01-01")
    fake_tmdb.add_show(2, "Nightjar", first_air_date="2020-01-01", original_name="Caprimulgus")
    assert [show.id for show in tmdb.search("nightjar")] == [1, 2]
    assert [show.id for show in tmdb.search("nightjar", 2020)] == [2]
    assert [show.id for show in tmdb.search("caprimulgus")] == [2]
    assert tmdb.search("  ") == []
    assert fake_tmdb.count("/search/tv") == 3


def test_orders_of_episodes_are_listed_and_read(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 2})
    fake_tmdb.groups["abc"] = {
        "show_id": 1,
        "id": "abc",
        "name": "DVD",
        "type": 3,
        "groups": [
            {"name": "Disc 1", "order": 1, "episodes": [{"id": 5, "season_number": 1, "episode_number": 2, "order": 0}]}
        ],
    }
    (summary,) = tmdb.episode_groups(1)
    assert (summary.id, summary.name, summary.type, summary.episode_count) == ("abc", "DVD", 3, 1)
    group = tmdb.episode_group("abc")
    assert [(e.season_number, e.episode_number, e.order) for part in group.groups for e in part.episodes] == [(1, 2, 0)]
    with pytest.raises(NotThere):
        tmdb.episode_group("../configuration")


# What is remembered.


def test_what_was_asked_is_not_asked_again_by_anybody(
    services: Services, tmdb: TmdbClient, fake_tmdb: FakeTmdb
) -> None:
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 2}, tvdb_id=9)
    first = (tmdb.show(1), tmdb.season(1, 1), tmdb.find("tvdb_id", 9), tmdb.search("Nightjar"))
    fake_tmdb.forget()
    other = TmdbClient(services, "another-key", [])
    assert (other.show(1), other.season(1, 1), other.find("tvdb_id", 9), other.search("Nightjar")) == first
    assert fake_tmdb.count() == 0
    assert [(step["cached"], step["status"], step["slow"]) for step in other.steps] == [(True, 200, False)] * 4


def test_that_there_is_no_such_thing_is_remembered_for_a_day(
    tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection
) -> None:
    for _ in range(2):
        with pytest.raises(NotThere):
            tmdb.show(1)
        assert not tmdb.find("tvdb_id", 9)
    assert fake_tmdb.paths() == ["/tv/1", "/find/9"]
    assert (age_in_hours(conn, "/tv/1"), age_in_hours(conn, "/find/9")) == (24, 24)
    assert [step["status"] for step in tmdb.steps] == [404, 200, 404, 200]


def test_the_404_of_somebody_else_is_not_remembered(tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection) -> None:
    fake_tmdb.fail("/tv/1", failures.status(404))
    for _ in range(2):
        with pytest.raises(UpstreamUnavailable):
            tmdb.show(1)
    assert (fake_tmdb.count("/tv/1"), value(conn, "select count(*) from tmdb_cache")) == (2, 0)


def test_what_expired_is_asked_again(tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection) -> None:
    fake_tmdb.add_show(1, "Nightjar")
    tmdb.show(1)
    conn.execute("update tmdb_cache set expires_at = now() - interval '1 second'")
    fake_tmdb.shows[1]["name"] = "Nightjar (new)"
    assert tmdb.show(1).title == "Nightjar (new)"
    assert fake_tmdb.count() == 2


def test_fresh_asks_and_remembers(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 1})
    show_document(tmdb, 1)
    fake_tmdb.shows[1]["name"] = "Nightjar (new)"
    assert show_document(tmdb, 1)["title"] == "Nightjar"
    assert show_document(tmdb, 1, fresh=True)["title"] == "Nightjar (new)"
    assert show_document(tmdb, 1)["title"] == "Nightjar (new)"
    assert fake_tmdb.count("/tv/1/season/1") == 2


def test_ages_fit_what_is_remembered(tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection) -> None:
    old, new = "2001-01-01", datetime.now(UTC).date().isoformat()
    fake_tmdb.add_show(1, "Over", status="Ended", tvdb_id=9)
    fake_tmdb.add_show(
        2,
        "On air",
        seasons={1: [{"air_date": old}], 2: [{"air_date": old}, {"air_date": new}], 3: [{"air_date": ""}], 4: 0},
    )
    for tmdb_id in (1, 2):
        tmdb.show(tmdb_id)
    tmdb.find("tvdb_id", 9)
    tmdb.search("Over")
    for number in (1, 2, 3, 4):
        tmdb.season(2, number)
    paths = ("/tv/1", "/tv/2", "/find/9", "/search/tv", *(f"/tv/2/season/{number}" for number in (1, 2, 3, 4)))
    assert [age_in_hours(conn, path) for path in paths] == [720, 12, 720, 24, 720, 12, 12, 12]


def test_the_cache_never_holds_a_key_nor_more_than_is_used(
    tmdb: TmdbClient, fake_tmdb: FakeTmdb, conn: Connection
) -> None:
    fake_tmdb.add_show(1, "Nightjar", seasons={1: 1}, tagline="long " * 1000)
    show_document(tmdb, 1)
    kept = value(conn, "select string_agg(cache_key || body::text, ' ') from tmdb_cache")
    assert KEY not in kept
    assert "tagline" not in kept


# Keys.


def test_a_v3_key_is_a_parameter_and_a_v4_token_a_header(services: Services, fake_tmdb: FakeTmdb) -> None:
    for key in (KEY, "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiIxIn0.sig-_na"):
        fake_tmdb.key = key
        TmdbClient(services, f" {key}\n", []).check_key()
    v3, v4 = fake_tmdb.requests
    assert (v3.query, "authorization" in v3.headers) == ({"api_key": KEY}, False)
    assert (v4.query, v4.headers["authorization"]) == ({}, f"Bearer {fake_tmdb.key}")


@pytest.mark.parametrize("key", ["wrong", "", "sn\now", "☃", "a b"])
def test_a_wrong_key_is_said_so_and_nothing_is_remembered(
    services: Services, fake_tmdb: FakeTmdb, conn: Connection, key: str
) -> None:
    client = TmdbClient(services, key, [])
    for ask in (client.check_key, lambda: client.show(1)):
        with pytest.raises(KeyRejected) as caught:
            ask()
        assert (caught.value.service, caught.value.code) == ("tmdb", "tmdb_key_rejected")
    assert value(conn, "select count(*) from tmdb_cache") == 0


def test_the_users_own_key_comes_first(services: Services, make_user: MakeUser, conn: Connection) -> None:
    user, other = make_user(), make_user()
    assert (tmdb_key(services, user), tmdb_of(services, user, [])) == (None, None)
    with pytest.raises(KeyMissing, match="TMDB_API_KEY"):
        need_tmdb(services, user, [])
    services.settings.tmdb_api_key = SecretStr("of-the-installation")
    assert tmdb_key(services, user) == "of-the-installation"
    for owner, sealed_for in ((user, user), (other, user)):
        sealed = services.cipher.encrypt("own", column="settings.tmdb_api_key", row=sealed_for)
        conn.execute("update settings set tmdb_api_key = %s where user_id = %s", (sealed, owner))
    assert tmdb_key(services, user) == "own"
    # It cannot be read: sealed for somebody else.
    assert tmdb_key(services, other) == "of-the-installation"


def test_text_that_cannot_be_stored_is_replaced(tmdb: TmdbClient, fake_tmdb: FakeTmdb) -> None:
    fake_tmdb.fail("/tv/1", failures.reply(Reply(b'{"id": 1, "name": "a\\ud800b\\u0000"}')))
    assert tmdb.show(1).title == "a\ufffdb\ufffd"
    assert tmdb.show(1).title == "a\ufffdb\ufffd"
