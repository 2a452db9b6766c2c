"""TMDB's answers as types: what is odd counts as not known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from app.tmdb.cache import age_of, cache_key
from app.tmdb.models import (
    EpisodeGroup,
    EpisodeGroups,
    Found,
    SearchResults,
    TmdbSeason,
    TmdbShow,
    as_stored,
)

TODAY = date.today()  # noqa: DTZ011


@pytest.mark.parametrize("document", [{}, {"id": None}, {"id": 0}, {"id": "x"}, {"id": True}, {"id": 2**31}, [], None])
def test_a_show_without_an_id_is_none(document: object) -> None:
    with pytest.raises(ValidationError):
        TmdbShow.model_validate(document)


@pytest.mark.parametrize(
    "odd", [None, "", [], {}, 7, "x", True, {"results": None}, {"results": [None, {}, {"title": None}]}]
)
def test_an_id_is_enough_for_a_show_whatever_the_rest(odd: object) -> None:
    fields = ("name", "original_name", "first_air_date", "origin_country", "poster_path", "status", "seasons")
    document: dict[str, Any] = dict.fromkeys((*fields, "external_ids", "alternative_titles", "last_air_date"), odd)
    show = TmdbShow.model_validate(document | {"id": "5"})
    assert (show.id, show.year, show.country, show.names, show.seasons) == (5, None, None, [], ())
    assert (show.external_ids.tvdb_id, show.external_ids.imdb_id) == (None, None)
    assert show.title == ("x" if odd == "x" else "TMDB 5")


def test_what_a_show_is_called() -> None:
    assert TmdbShow.model_validate({"id": 5, "name": " ", "original_name": "海の記憶"}).title == "海の記憶"
    assert TmdbShow.model_validate({"id": 5, "name": "x" * 1001}).title == "TMDB 5"


def test_other_names_are_there_once_and_without_the_title() -> None:
    show = TmdbShow.model_validate(
        {
            "id": 5,
            "name": "Sea",
            "original_name": "海",
            "alternative_titles": {"results": [{"title": name} for name in ("Meer", "海", "Sea", " Meer ", "", "Mer")]},
        }
    )
    assert [(name["title"], name["kind"]) for name in show.names] == [
        ("海", "original"),
        ("Meer", "alternative"),
        ("Mer", "alternative"),
    ]


@pytest.mark.parametrize(
    ("countries", "country"),
    [(["JP", "US"], "JP"), (["", "US"], "US"), (["jp"], None), (["JPN"], None), (["日本"], None)],
)
def test_the_first_country_counts(countries: list[str], country: str | None) -> None:
    assert TmdbShow.model_validate({"id": 5, "origin_country": countries}).country == country


@pytest.mark.parametrize(
    ("imdb_id", "known"), [("tt0944947", "tt0944947"), ("0944947", None), ("ttx", None), (7, None)]
)
def test_an_id_of_imdb_looks_like_one(imdb_id: object, known: str | None) -> None:
    show = TmdbShow.model_validate({"id": 5, "external_ids": {"imdb_id": imdb_id, "tvdb_id": -1}})
    assert (show.external_ids.imdb_id, show.external_ids.tvdb_id) == (known, None)


def test_an_episode_that_is_found_needs_its_show_and_its_numbers() -> None:
    episode = {"id": 1, "show_id": 2, "season_number": 0, "episode_number": 0}
    found = Found.model_validate(
        {
            "movie_results": [{"id": 9}],
            "tv_results": [{"id": 3, "name": "Sea"}, {"name": "no id"}],
            "tv_episode_results": [episode, episode | {"show_id": None}, episode | {"episode_number": None}],
            "tv_season_results": [{"id": 4, "show_id": 2, "season_number": 1}, {"id": 4}],
        }
    )
    assert [len(kind) for kind in (found.shows, found.episodes, found.seasons)] == [1, 1, 1]
    assert (found.episodes[0].season_number, found.episodes[0].episode_number, bool(found)) == (0, 0, True)
    assert not Found.model_validate({"movie_results": [{"id": 9}]})


@pytest.mark.parametrize(
    "odd", [{}, {"episodes": None}, {"episodes": "x"}, {"episodes": [None, {}, {"episode_number": -1}]}]
)
def test_a_season_may_have_no_episodes(odd: dict[str, Any]) -> None:
    assert TmdbSeason.model_validate(odd).episodes == ()


@pytest.mark.parametrize(
    ("runtime", "minutes"), [(43, 43), ("43", 43), (0, None), (None, None), (-1, None), (10_001, None)]
)
def test_a_runtime_is_minutes_or_not_known(runtime: object, minutes: int | None) -> None:
    season = TmdbSeason.model_validate({"episodes": [{"episode_number": 1, "runtime": runtime}]})
    assert season.episodes[0].runtime == minutes


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (
            TmdbShow,
            {"id": 5, "name": "Sea", "first_air_date": "2019-04-01", "origin_country": ["JP"], "status": "Ended"},
        ),
        (TmdbShow, {"id": 5, "external_ids": {"tvdb_id": 1}, "alternative_titles": {"results": [{"title": "Mer"}]}}),
        (TmdbSeason, {"season_number": 0, "episodes": [{"id": 1, "episode_number": 0, "air_date": "2019-04-01"}]}),
        (Found, {"tv_results": [{"id": 3}], "tv_season_results": [{"id": 4, "show_id": 2, "season_number": 1}]}),
        (SearchResults, {"results": [{"id": 3, "name": "Sea"}]}),
        (EpisodeGroups, {"results": [{"id": "abc", "name": "DVD", "type": 3}]}),
        (
            EpisodeGroup,
            {"id": "abc", "groups": [{"episodes": [{"season_number": 1, "episode_number": 1, "order": 0}]}]},
        ),
    ],
)
def test_what_the_cache_keeps_reads_the_same(model: type[BaseModel], document: dict[str, Any]) -> None:
    answer = model.model_validate(document | {"tagline": "not used"})
    kept = as_stored(answer)
    assert "tagline" not in kept
    assert model.model_validate(kept) == answer


def season(*days: object) -> TmdbSeason:
    return TmdbSeason.model_validate(
        {"episodes": [{"episode_number": n, "air_date": str(day or "")} for n, day in enumerate(days)]}
    )


@pytest.mark.parametrize(
    ("answer", "age"),
    [
        (None, timedelta(days=1)),
        (TmdbShow.model_validate({"id": 1, "status": "Ended"}), timedelta(days=30)),
        (TmdbShow.model_validate({"id": 1, "status": "Canceled"}), timedelta(days=30)),
        (TmdbShow.model_validate({"id": 1, "status": "Returning Series"}), timedelta(hours=12)),
        (TmdbShow.model_validate({"id": 1}), timedelta(hours=12)),
        (season(TODAY - timedelta(days=367), TODAY - timedelta(days=366)), timedelta(days=30)),
        (season(TODAY - timedelta(days=900), TODAY - timedelta(days=364)), timedelta(hours=12)),
        (season(TODAY - timedelta(days=900), None), timedelta(hours=12)),
        (season(), timedelta(hours=12)),
        (Found.model_validate({"tv_results": [{"id": 3}]}), timedelta(days=30)),
        (Found.model_validate({}), timedelta(days=1)),
        (SearchResults(), timedelta(days=1)),
        (EpisodeGroups(), timedelta(days=7)),
    ],
)
def test_how_long_an_answer_counts(answer: BaseModel | None, age: timedelta) -> None:
    assert age_of(answer) == age


def test_the_same_question_has_the_same_key_in_any_order() -> None:
    assert cache_key("/search/tv", {"query": "a b", "year": 5}) == cache_key("/search/tv", {"year": 5, "query": "a b"})
    assert cache_key("/search/tv", {"query": "a&b=c"}) != cache_key("/search/tv", {"query": "a", "b": "c"})
