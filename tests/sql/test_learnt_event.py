"""learnt_event: what look-ups have taught about the show of an event, and what they have not proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import value

MakeUser = Callable[..., int]


GUID = "plex://show/1"
EVENT = {
    "show_guid": GUID,
    "show_title": "Nightwatch",
    "season": 2,
    "episode": 3,
    "air_date": "2025-10-14",
    "episode_ids": {"tvdb": 50, "imdb": "tt51"},
}
PLEX = {"title": "Nightwatch", "original_title": "Nattevagten", "year": 2019, "guid": GUID, "ids": {"tvdb": 7}}


def learnt(conn: Connection, lookup: dict[str, Any] | None, **event: Any) -> Any:
    given = {name: known for name, known in (EVENT | event).items() if known is not None}
    if lookup is not None:
        given["lookup"] = lookup
    return value(conn, "select learnt_event(%s) as event", (Jsonb(given),))


def find(shows: tuple[int, ...] = (), episodes: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"shows": [{"tmdb_id": n} for n in shows], "episodes": list(episodes)}


def episode(tmdb_id: int, season: int = 2, number: int = 3, air_date: str | None = None) -> dict[str, Any]:
    return {"tmdb_id": tmdb_id, "season": season, "episode": number, "air_date": air_date}


def test_without_a_look_up_an_event_is_as_it_came(conn: Connection) -> None:
    assert learnt(conn, None) == EVENT


def test_the_plex_servers_record_gives_ids_year_and_names(conn: Connection) -> None:
    event = learnt(conn, {"plex_show": PLEX})
    assert (event["show_ids"], event["ids_from"], event["show_year"]) == ({"tvdb": 7}, "plex", 2019)
    assert event["other_titles"] == ["Nattevagten"]
    assert event["found"] == {"by": "plex", "title": "Nightwatch", "year": 2019}


def test_ids_of_the_message_itself_come_first_and_need_no_conversion(conn: Connection) -> None:
    event = learnt(conn, {"plex_show": PLEX}, show_ids={"tvdb": 8})
    assert event["show_ids"] == {"tvdb": 8}
    assert "ids_from" not in event


def test_another_guid_of_the_same_agent_is_another_show(conn: Connection) -> None:
    event = learnt(conn, {"plex_show": PLEX | {"guid": "plex://show/2"}})
    assert "show_ids" not in event
    assert "found" not in event


def test_without_a_guid_to_compare_another_name_is_another_show(conn: Connection) -> None:
    assert "show_ids" not in learnt(
        conn, {"plex_show": PLEX | {"title": "Other", "original_title": None}}, show_guid=None
    )
    event = learnt(conn, {"plex_show": PLEX}, show_guid=None)
    assert (event["show_guid"], event["show_ids"]) == (GUID, {"tvdb": 7})


def test_an_id_of_the_show_takes_series_only(conn: Connection) -> None:
    lookup = {"tmdb_find": {"tvdb_id:7": find((1,), (episode(9),))}}
    event = learnt(conn, lookup, show_ids={"tvdb": 7})
    assert (event["show_ids"], event["ids_from"]) == ({"tvdb": 7, "tmdb": 1}, "tmdb")


def test_an_id_of_the_episode_takes_episodes_only_and_season_and_number_must_agree(conn: Connection) -> None:
    assert "show_ids" not in learnt(conn, {"tmdb_find": {"tvdb_id:50": find((1,))}})
    assert "show_ids" not in learnt(conn, {"tmdb_find": {"tvdb_id:50": find((), (episode(1, 2, 4),))}})
    assert "show_ids" not in learnt(conn, {"tmdb_find": {"tvdb_id:50": find((), (episode(1, 1, 3),))}})
    event = learnt(conn, {"tmdb_find": {"tvdb_id:50": find((2,), (episode(1), episode(3, 4)))}})
    assert (event["show_ids"], event["ids_from"]) == ({"tmdb": 1}, "tmdb")


def test_season_0_and_episode_0_agree_like_any_other(conn: Connection) -> None:
    lookup = {"tmdb_find": {"tvdb_id:50": find((), (episode(1, 0, 0),))}}
    assert learnt(conn, lookup, season=0, episode=0)["show_ids"] == {"tmdb": 1}


def test_without_a_number_the_air_date_must_agree(conn: Connection) -> None:
    lookup = {"tmdb_find": {"tvdb_id:50": find((), (episode(1, air_date="2025-10-14"),))}}
    assert learnt(conn, lookup, episode=None)["show_ids"] == {"tmdb": 1}
    assert "show_ids" not in learnt(conn, lookup, episode=None, air_date="2025-10-15")


def test_what_points_to_two_shows_proves_neither(conn: Connection) -> None:
    lookup = {"tmdb_find": {"tvdb_id:50": find((), (episode(1),)), "imdb_id:tt51": find((), (episode(2),))}}
    assert "show_ids" not in learnt(conn, lookup)
    lookup = {"tmdb_find": {"tvdb_id:50": find((), (episode(1),)), "imdb_id:tt51": find((), (episode(1),))}}
    assert learnt(conn, lookup)["show_ids"] == {"tmdb": 1}


def test_tmdbs_record_gives_the_other_ids_and_names(conn: Connection) -> None:
    show = {
        "title": "Night Watch",
        "year": 2018,
        "ids": {"tmdb": 1, "tvdb": 7, "imdb": "tt8"},
        "titles": ["Nachtwache"],
    }
    event = learnt(conn, {"tmdb_shows": {"1": show}}, show_ids={"tmdb": 1})
    assert (event["show_ids"], event["ids_from"], event["show_year"]) == (
        {"tmdb": 1, "tvdb": 7, "imdb": "tt8"},
        "tmdb",
        2018,
    )
    assert set(event["other_titles"]) == {"Night Watch", "Nachtwache"}
    assert (event["found"]["by"], event["found"]["title"]) == ("tmdb", "Night Watch")


def test_an_id_that_tmdb_does_not_know_is_dropped(conn: Connection) -> None:
    event = learnt(conn, {"tmdb_shows": {"1": {"gone": True}}}, show_ids={"tmdb": 1, "tvdb": 7})
    assert event["show_ids"] == {"tvdb": 7}


def test_a_search_proves_a_show_only_by_its_very_name_and_the_plex_servers_year(conn: Connection) -> None:
    plex = {"plex_show": PLEX | {"ids": {}}}
    hit = {"tmdb_id": 1, "title": "Nightwatch", "year": 2019}
    event = learnt(conn, plex | {"tmdb_search": [hit, {"tmdb_id": 2, "title": "Nightwatch", "year": 1990}]})
    assert (event["show_ids"], event["ids_from"]) == ({"tmdb": 1}, "search")
    for hits in (
        [hit, hit | {"tmdb_id": 2}],
        [hit | {"title": "Nightwatch: Los Angeles"}],
        [hit | {"year": 2020}],
        [hit | {"year": None}],
    ):
        assert "show_ids" not in learnt(conn, plex | {"tmdb_search": hits})
    assert "show_ids" not in learnt(conn, {"tmdb_search": [hit]})
