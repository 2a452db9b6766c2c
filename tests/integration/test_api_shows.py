"""`/api/shows`: what the answers say, and what the database then holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import Connection
from tests.integration.api_client import ApiClient
from tests.watch_state import assert_totals_are_a_recount, episode_entry, plays, show_row, value

MakeShow = Callable[..., int]
SEASONS = [
    {"seasonNumber": 0, "episodes": [{"episodeNumber": 0, "title": "Pilot"}]},
    {
        "seasonNumber": 1,
        "episodes": [
            {"episodeNumber": 1, "title": "One", "airDate": "2020-01-31", "runtime": 25},
            {"episodeNumber": 2, "title": "Two", "airDate": "", "runtime": None},
        ],
    },
]


def test_a_show_is_added_with_ids_and_seasons(ann: ApiClient, conn: Connection) -> None:
    show = ann.call(
        "POST",
        "/api/shows",
        {"title": " Harbour Lights ", "year": 2019, "tmdb_id": 5, "tvdb_id": 6, "imdb_id": "tt7", "seasons": SEASONS},
        status=201,
    )
    assert (show["title"], show["year"], show["source"], show["total_episodes"]) == (
        "Harbour Lights",
        2019,
        "manual",
        3,
    )
    assert [len(season["episodes"]) for season in show["seasons"]] == [1, 2]
    row = show_row(conn, show["id"])
    assert (row["user_id"], row["title"], row["tmdb_id"], row["imdb_id"]) == (ann.user_id, "Harbour Lights", 5, "tt7")
    assert episode_entry(conn, show["id"], 1, 2) == {
        "episodeNumber": 2, "title": "Two", "airDate": None, "runtime": None, "watched": False, "dateWatched": None,
    }  # fmt: skip


def test_a_title_is_enough_for_a_show(ann: ApiClient) -> None:
    show = ann.call("POST", "/api/shows", {"title": "Harbour Lights"}, status=201)
    assert (show["year"], show["seasons"], show["total_episodes"]) == (None, [], 0)


def test_episodes_that_come_watched_are_marked_at_their_date(ann: ApiClient, conn: Connection) -> None:
    episodes = [
        {"episodeNumber": 1, "runtime": 20, "watched": True, "dateWatched": "2024-05-01T22:00:00+02:00"},
        {"episodeNumber": 2, "runtime": 20, "watched": True},
        {"episodeNumber": 3, "runtime": 20, "watched": False, "dateWatched": "2024-05-01"},
    ]
    show = ann.call(
        "POST", "/api/shows", {"title": "X", "seasons": [{"seasonNumber": 1, "episodes": episodes}]}, status=201
    )
    assert (show["watched_episodes"], show["total_minutes"]) == (2, 40)
    first, second = plays(conn, show["id"])
    assert first["watched_at"] == datetime(2024, 5, 1, 20, tzinfo=UTC)
    assert datetime.now(UTC) - second["watched_at"] < timedelta(minutes=1)
    assert episode_entry(conn, show["id"], 1, 1)["dateWatched"] == "2024-05-01T20:00:00Z"
    assert episode_entry(conn, show["id"], 1, 3)["dateWatched"] is None
    assert_totals_are_a_recount(conn, show["id"])


def test_a_moment_without_an_offset_is_in_the_users_time_zone(client_for: Any, conn: Connection) -> None:
    eva = client_for("eva", timezone="America/New_York")
    episode = {"episodeNumber": 1, "watched": True, "dateWatched": "2024-01-05"}
    show = eva.call(
        "POST", "/api/shows", {"title": "X", "seasons": [{"seasonNumber": 1, "episodes": [episode]}]}, status=201
    )
    assert plays(conn, show["id"])[0]["watched_at"] == datetime(2024, 1, 5, 5, tzinfo=UTC)


def test_a_tmdb_id_alone_is_not_enough(ann: ApiClient, conn: Connection) -> None:
    assert "title" in ann.refused("POST", "/api/shows", {"tmdb_id": 5}, status=422)
    assert value(conn, "select count(*) from tvshows") == 0


def test_the_same_id_twice_is_a_conflict_that_names_it(ann: ApiClient, bob: ApiClient, conn: Connection) -> None:
    ann.call("POST", "/api/shows", {"title": "One", "imdb_id": "tt1"}, status=201)
    assert list(ann.refused("POST", "/api/shows", {"title": "Two", "imdb_id": "tt1"}, status=409)) == ["imdb_id"]
    bob.call("POST", "/api/shows", {"title": "Two", "imdb_id": "tt1"}, status=201)
    assert value(conn, "select count(*) from tvshows") == 2


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("title", {}),
        ("title", {"title": ""}),
        ("title", {"title": "   "}),
        ("title", {"title": None}),
        ("title", {"title": 5}),
        ("title", {"title": "x" * 1001}),
        ("title", {"title": "a\0b"}),
        ("title", {"title": "\ud800"}),
        ("year", {"title": "X", "year": "2011"}),
        ("year", {"title": "X", "year": 20111}),
        ("year", {"title": "X", "year": True}),
        ("tmdb_id", {"title": "X", "tmdb_id": 0}),
        ("tmdb_id", {"title": "X", "tmdb_id": 2**31}),
        ("tmdb_id", {"title": "X", "tmdb_id": 1.5}),
        ("imdb_id", {"title": "X", "imdb_id": "nm5"}),
        ("imdb_id", {"title": "X", "imdb_id": "tt5\n"}),
        ("user_id", {"title": "X", "user_id": 1}),
        ("seasons", {"title": "X", "seasons": {}}),
        ("seasons", {"title": "X", "seasons": [{"seasonNumber": n} for n in range(201)]}),
        ("seasons.0.seasonNumber", {"title": "X", "seasons": [{}]}),
        ("seasons.0.seasonNumber", {"title": "X", "seasons": [{"seasonNumber": -1}]}),
        ("seasons.0.name", {"title": "X", "seasons": [{"seasonNumber": 1, "name": "One"}]}),
    ],
)
def test_a_show_with_a_wrong_value_is_refused_by_the_fields_name(
    ann: ApiClient, conn: Connection, field: str, body: dict[str, Any]
) -> None:
    assert list(ann.refused("POST", "/api/shows", body)) == [field]
    assert value(conn, "select count(*) from tvshows") == 0


@pytest.mark.parametrize(
    ("field", "episode"),
    [
        ("episodeNumber", {}),
        ("episodeNumber", {"episodeNumber": 100_001}),
        ("episodeNumber", {"episodeNumber": "1"}),
        ("title", {"episodeNumber": 1, "title": "\udfff"}),
        ("runtime", {"episodeNumber": 1, "runtime": 10_001}),
        ("runtime", {"episodeNumber": 1, "runtime": -1}),
        ("airDate", {"episodeNumber": 1, "airDate": "2020-02-30"}),
        ("airDate", {"episodeNumber": 1, "airDate": "2020-1-3"}),
        ("watched", {"episodeNumber": 1, "watched": "yes"}),
        ("dateWatched", {"episodeNumber": 1, "watched": True, "dateWatched": "yesterday"}),
        ("dateWatched", {"episodeNumber": 1, "watched": True, "dateWatched": "2199-01-01T00:00:00Z"}),
        ("dateWatched", {"episodeNumber": 1, "watched": True, "dateWatched": "0001-01-01T00:00:00+14:00"}),
    ],
)
def test_an_episode_with_a_wrong_value_is_refused_by_its_place(
    ann: ApiClient, field: str, episode: dict[str, Any]
) -> None:
    body = {"title": "X", "seasons": [{"seasonNumber": 1, "episodes": [{"episodeNumber": 7}, episode]}]}
    assert list(ann.refused("POST", "/api/shows", body)) == [f"seasons.0.episodes.1.{field}"]


def test_an_episode_that_is_there_twice_is_refused(ann: ApiClient) -> None:
    season = {"seasonNumber": 1, "episodes": [{"episodeNumber": 2}]}
    assert list(ann.refused("POST", "/api/shows", {"title": "X", "seasons": [season, season]})) == ["seasons"]


def test_more_than_20000_episodes_are_refused_and_20000_are_taken(ann: ApiClient) -> None:
    def body(extra: int) -> dict[str, Any]:
        counts = [5000, 5000, 5000, 5000 + extra]
        return {
            "title": "X",
            "seasons": [
                {"seasonNumber": season, "episodes": [{"episodeNumber": number} for number in range(count)]}
                for season, count in enumerate(counts)
            ],
        }

    assert list(ann.refused("POST", "/api/shows", body(1))) == ["seasons"]
    assert ann.call("POST", "/api/shows", body(0), status=201)["total_episodes"] == 20_000


def test_shows_are_listed_by_title_in_pages_without_seasons(
    ann: ApiClient, bob: ApiClient, make_show: MakeShow
) -> None:
    for title in ("beta", "Alpha", "gamma", "Beta"):
        make_show(ann.user_id, title)
    make_show(bob.user_id, "not hers")
    titles: list[str] = []
    query, pages = "limit=1", 0
    while True:
        page = ann.call("GET", f"/api/shows?{query}")
        titles += [show["title"] for show in page["shows"]]
        assert all("seasons" not in show for show in page["shows"])
        pages += 1
        if page["next"] is None:
            break
        query = f"limit=1&next={page['next']}"
    assert titles == ["Alpha", "beta", "Beta", "gamma"]
    assert pages == 4


def test_a_limit_beyond_the_most_counts_as_the_most(ann: ApiClient, conn: Connection) -> None:
    conn.execute(
        """select add_show(%s, jsonb_build_object('title', 'Show ' || n)) from generate_series(1, 201) n""",
        (ann.user_id,),
    )
    page = ann.call("GET", "/api/shows?limit=100000")
    assert len(page["shows"]) == 200
    assert len(ann.call("GET", f"/api/shows?next={page['next']}")["shows"]) == 1


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("limit", "limit=0"),
        ("limit", "limit=-1"),
        ("limit", "limit=many"),
        ("limit", "limit="),
        ("next", "next=abc"),
        ("next", "next=eyJpZCI6Ii0xIn0"),
        ("next", "next=bnVsbA"),
        ("next", "next=%00"),
        ("before", "before=5"),
        ("sort", "sort=title"),
    ],
)
def test_a_list_refuses_what_it_does_not_understand(ann: ApiClient, field: str, query: str) -> None:
    assert list(ann.refused("GET", f"/api/shows?{query}")) == [field]


def test_a_show_alone_has_its_seasons_as_stored(ann: ApiClient, make_show: MakeShow, conn: Connection) -> None:
    show_id = make_show(ann.user_id, seasons={0: 1, 1: 2})
    show = ann.call("GET", f"/api/shows/{show_id}")
    assert show["seasons"] == show_row(conn, show_id)["seasons"]
    assert show["id"] == show_id


def test_changes_touch_only_what_is_named(ann: ApiClient, make_show: MakeShow, conn: Connection) -> None:
    show_id = make_show(ann.user_id, "Old", year=2010, tmdb_id=3, tvdb_id=4)
    changed = ann.call("PATCH", f"/api/shows/{show_id}", {"title": "New", "tvdb_id": None})
    assert (changed["title"], changed["year"], changed["tmdb_id"], changed["tvdb_id"]) == ("New", 2010, 3, None)
    row = show_row(conn, show_id)
    assert (row["title"], row["tmdb_id"], row["tvdb_id"]) == ("New", 3, None)
    assert value(conn, "select array_agg(title order by title) from show_titles where tvshow_id = %s", (show_id,)) == [
        "New",
        "Old",
    ]
    assert ann.call("PATCH", f"/api/shows/{show_id}", {"year": None})["year"] is None
    assert ann.call("PATCH", f"/api/shows/{show_id}", {})["title"] == "New"


def test_a_change_adds_episodes_and_leaves_those_that_are_there(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, seasons={1: 2})
    ann.call("PUT", f"/api/shows/{show_id}/episodes/1/1", {"watched": True})
    episodes = [
        {"episodeNumber": 1, "title": "Other", "watched": False},
        {"episodeNumber": 3, "watched": True, "dateWatched": "2024-01-01T00:00:00Z"},
    ]
    changed = ann.call("PATCH", f"/api/shows/{show_id}", {"seasons": [{"seasonNumber": 1, "episodes": episodes}]})
    assert (changed["total_episodes"], changed["watched_episodes"]) == (3, 2)
    assert (episode_entry(conn, show_id, 1, 1)["title"], episode_entry(conn, show_id, 1, 1)["watched"]) == (
        "Episode 1",
        True,
    )
    assert [play["watched_at"].year for play in plays(conn, show_id) if play["episode"] == 3] == [2024]
    assert_totals_are_a_recount(conn, show_id)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("title", {"title": None}),
        ("title", {"title": ""}),
        ("watched_episodes", {"watched_episodes": 5}),
        ("seasons.0.episodes", {"seasons": [{"seasonNumber": 1, "episodes": 5}]}),
    ],
)
def test_a_wrong_change_is_refused_by_the_fields_name(
    ann: ApiClient, make_show: MakeShow, field: str, body: dict[str, Any]
) -> None:
    show_id = make_show(ann.user_id)
    assert list(ann.refused("PATCH", f"/api/shows/{show_id}", body)) == [field]


def test_a_change_to_an_id_that_another_show_has_is_a_conflict(ann: ApiClient, make_show: MakeShow) -> None:
    make_show(ann.user_id, "One", tmdb_id=1)
    second = make_show(ann.user_id, "Two", tmdb_id=2)
    assert list(ann.refused("PATCH", f"/api/shows/{second}", {"tmdb_id": 1}, status=409)) == ["tmdb_id"]


def test_a_deleted_show_is_gone_from_every_answer_but_its_plays_are_kept(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id)
    ann.call("PUT", f"/api/shows/{show_id}/episodes/1/1", {"watched": True})
    response = ann.send("DELETE", f"/api/shows/{show_id}")
    assert (response.status_code, response.data) == (204, b"")
    assert ann.call("GET", "/api/shows")["shows"] == []
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "X"}),
        ("DELETE", "", None),
        ("GET", "/plays", None),
        ("PUT", "/episodes/1/1", {"watched": True}),
    ):
        ann.call(method, f"/api/shows/{show_id}{path}", body, status=404)
    assert len(plays(conn, show_id)) == 1


def test_an_episode_is_marked_and_unmarked_with_the_shows_totals(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id, seasons={0: 2, 1: 3}, runtime=22)
    path = f"/api/shows/{show_id}/episodes/1/2"
    answer = ann.call("PUT", path, {"watched": True, "watched_at": "2024-03-01T20:00:00+01:00"})
    assert answer == {
        "action": "marked_watched", "tvshow_id": show_id, "season": 1, "episode": 2, "title": "Episode 2",
        "air_date": None, "runtime": 22, "watched": True, "watched_at": "2024-03-01T19:00:00Z",
        "watched_episodes": 1, "total_episodes": 5, "total_minutes": 22,
    }  # fmt: skip
    assert ann.call("PUT", path, {"watched": True})["action"] == "already_watched"
    answer = ann.call("PUT", path, {"watched": False})
    assert (answer["action"], answer["watched"], answer["watched_at"], answer["watched_episodes"]) == (
        "unmarked",
        False,
        None,
        0,
    )
    assert [play["void_reason"] for play in plays(conn, show_id)] == ["unmarked"]
    assert_totals_are_a_recount(conn, show_id)


def test_a_special_and_an_episode_zero_are_marked_like_any_other(ann: ApiClient, conn: Connection) -> None:
    show = ann.call("POST", "/api/shows", {"title": "X", "seasons": SEASONS}, status=201)
    answer = ann.call("PUT", f"/api/shows/{show['id']}/episodes/0/0", {"watched": True})
    assert (answer["season"], answer["episode"], answer["watched"]) == (0, 0, True)
    assert episode_entry(conn, show["id"], 0, 0)["watched"] is True


@pytest.mark.parametrize("place", ["1/13", "9/1", "1/2147483648", "99999999999/1", "1/99999999999999999999", "-1/1"])
def test_an_episode_that_the_show_lacks_is_not_there(ann: ApiClient, make_show: MakeShow, place: str) -> None:
    show_id = make_show(ann.user_id)
    ann.call("PUT", f"/api/shows/{show_id}/episodes/{place}", {"watched": True}, status=404)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("watched", {}),
        ("watched", {"watched": None}),
        ("watched", {"watched": 1}),
        ("watched_at", {"watched": True, "watched_at": 1704067200}),
        ("watched_at", {"watched": True, "watched_at": "soon"}),
        ("watched_at", {"watched": True, "watched_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}),
        ("at", {"watched": True, "at": "2024-01-01T00:00:00Z"}),
    ],
)
def test_a_wrong_mark_is_refused_by_the_fields_name(
    ann: ApiClient, make_show: MakeShow, conn: Connection, field: str, body: dict[str, Any]
) -> None:
    show_id = make_show(ann.user_id)
    assert list(ann.refused("PUT", f"/api/shows/{show_id}/episodes/1/1", body)) == [field]
    assert plays(conn, show_id) == []


def test_plays_are_listed_the_latest_first_with_those_taken_back(
    ann: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id)
    for number, day in ((1, "2024-01-01"), (2, "2024-01-03"), (3, "2024-01-02")):
        ann.call(
            "PUT", f"/api/shows/{show_id}/episodes/1/{number}", {"watched": True, "watched_at": f"{day}T12:00:00Z"}
        )
    ann.call("PUT", f"/api/shows/{show_id}/episodes/1/1", {"watched": False})
    first = ann.call("GET", f"/api/shows/{show_id}/plays?limit=2")
    assert [play["episode"] for play in first["plays"]] == [2, 3]
    for parameter in ("next", "before"):
        rest = ann.call("GET", f"/api/shows/{show_id}/plays?limit=2&{parameter}={first['next']}")
        assert [(play["episode"], play["void_reason"]) for play in rest["plays"]] == [(1, "unmarked")]
        assert rest["plays"][0]["voided_at"] is not None
        assert rest["next"] is None


@pytest.mark.parametrize(
    "show_id", ["0", "999999", "9223372036854775807", "9223372036854775808", "1" * 5000, "abc", "٣"]
)
def test_a_show_that_is_not_there_is_404(ann: ApiClient, show_id: str) -> None:
    ann.call("GET", f"/api/shows/{show_id}", status=404)


def test_the_show_of_another_user_is_not_there(
    ann: ApiClient, bob: ApiClient, make_show: MakeShow, conn: Connection
) -> None:
    show_id = make_show(ann.user_id)
    before = show_row(conn, show_id)
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"title": "Mine"}),
        ("DELETE", "", None),
        ("GET", "/plays", None),
        ("PUT", "/episodes/1/1", {"watched": True}),
    ):
        bob.call(method, f"/api/shows/{show_id}{path}", body, status=404)
    assert bob.call("GET", "/api/shows")["shows"] == []
    assert show_row(conn, show_id) == before


def test_a_title_of_1000_characters_of_any_script_is_kept(ann: ApiClient, conn: Connection) -> None:
    for title in (
        "".join(chr(0x4E00 + n * 7) for n in range(1000)),
        "".join(chr(0x1F300 + n % 700) for n in range(1000)),
        "\ufdfa" * 1000,
    ):
        show = ann.call("POST", "/api/shows", {"title": title}, status=201)
        assert show_row(conn, show["id"])["title"] == title
    assert len(ann.call("GET", "/api/shows")["shows"]) == 3


def test_an_empty_body_and_one_that_is_no_json_are_told_apart(ann: ApiClient, client: FlaskClient) -> None:
    assert list(ann.refused("POST", "/api/shows")) == ["title"]
    for data in (
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b'{"title": NaN}',
        b"\xff\xfe",
        b"[" * 5000,
        b'{"year": ' + b"1" * 5000 + b"}",
    ):
        assert list(ann.refused("POST", "/api/shows", data=data, content_type="application/json")) == ["body"]
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        ann.call("POST", "/api/shows", status=415, data=b'{"title": "X"}', content_type=content_type)
    assert ann.call(
        "POST", "/api/shows", status=201, data=b'{"title": "X"}', content_type="application/json; charset=utf-8"
    )


def test_a_season_is_marked_at_once_and_a_deleted_show_comes_back(
    ann: ApiClient, bob: ApiClient, make_show: Callable[..., int]
) -> None:
    show = make_show(ann.user_id, seasons={0: 1, 1: 3})
    assert ann.call("PUT", f"/api/shows/{show}/seasons/1", {"watched": True})["watched_episodes"] == 3
    assert ann.call("PUT", f"/api/shows/{show}/seasons/1", {"watched": False})["watched_episodes"] == 0
    for season in (9, 2**40):
        ann.call("PUT", f"/api/shows/{show}/seasons/{season}", {"watched": True}, status=404)
    bob.call("PUT", f"/api/shows/{show}/seasons/1", {"watched": True}, status=404)
    ann.call("POST", f"/api/shows/{show}/restore", status=404)
    ann.call("DELETE", f"/api/shows/{show}", status=204)
    bob.call("POST", f"/api/shows/{show}/restore", status=404)
    assert ann.call("POST", f"/api/shows/{show}/restore")["id"] == show
