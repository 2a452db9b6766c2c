"""A Plex server's answers as types: what is odd counts as not known."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.plex.guids import NO_IDS, ExternalIds
from app.plex.metadata import Container, PlexEpisode, PlexShow


@pytest.mark.parametrize("odd", [None, "", [], {}, "x", True, -1, 1e999, [None], {"id": 7}])
def test_nothing_is_needed_and_nonsense_is_not_known(odd: object) -> None:
    names = ("ratingKey", "parentIndex", "index", "duration", "originallyAvailableAt", "viewCount", "lastViewedAt")
    episode = PlexEpisode.model_validate(dict.fromkeys((*names, "guid", "Guid", "Media"), odd))
    assert (episode.season, episode.episode, episode.duration_ms, episode.minutes) == (None,) * 4
    assert (episode.air_date, episode.view_count, episode.last_viewed_at) == (None,) * 3
    assert (episode.ids, episode.files) == (NO_IDS, ())
    show = PlexShow.model_validate(dict.fromkeys(("year", "leafCount", "guid", "Guid", "originalTitle"), odd))
    assert (show.year, show.leaf_count, show.guid, show.ids) == (None, None, "", NO_IDS)


def test_zero_is_a_number_of_a_season_and_of_an_episode() -> None:
    episode = PlexEpisode.model_validate({"parentIndex": 0, "index": "0", "viewCount": 0})
    assert (episode.season, episode.episode, episode.view_count) == (0, 0, 0)


def test_an_episode_by_plexs_own_names() -> None:
    episode = PlexEpisode.model_validate(
        {
            "ratingKey": 4711,
            "parentIndex": 2,
            "index": 3,
            "title": " Fog ",
            "duration": 2_580_000,
            "originallyAvailableAt": "2024-10-14",
            "viewCount": 2,
            "lastViewedAt": 1_767_297_600,
            "guid": "plex://episode/5d9c",
            "Guid": [{"id": "tvdb://9001033"}],
            "Media": [{"Part": [{"file": "/tv/a.mkv"}]}, {"Part": [{"file": "/tv/a 4K.mkv"}]}],
        }
    )
    assert (episode.rating_key, episode.season, episode.episode, episode.title, episode.minutes) == (
        "4711",
        2,
        3,
        "Fog",
        43,
    )
    assert (episode.air_date, episode.last_viewed_at) == (date(2024, 10, 14), datetime(2026, 1, 1, 20, tzinfo=UTC))
    assert (episode.ids, episode.files) == (ExternalIds(tvdb=9001033), ("/tv/a.mkv", "/tv/a 4K.mkv"))


@pytest.mark.parametrize(("milliseconds", "minutes"), [(1, 1), (29_999, 1), (90_000, 2), (5_679_381, 95)])
def test_a_duration_is_at_least_a_minute(milliseconds: int, minutes: int) -> None:
    assert PlexEpisode.model_validate({"duration": milliseconds}).minutes == minutes


def test_the_ids_of_a_show_are_the_lists_then_the_guids_then_the_titles() -> None:
    show = PlexShow.model_validate(
        {
            "title": "Harbour Lights [imdb-tt9000100] {tmdb-1}",
            "guid": "com.plexapp.agents.thetvdb://900100?lang=en",
            "Guid": [{"id": "tmdb://800100"}],
        }
    )
    assert show.ids == ExternalIds(tmdb=800100, tvdb=900100, imdb="tt9000100")
    assert show.guid == "com.plexapp.agents.thetvdb://900100"


def test_an_entry_that_is_none_costs_that_entry() -> None:
    container = Container.model_validate({"size": "3", "Metadata": [None, {"title": "One"}, "x"], "totalSize": 7})
    assert ([show.title for show in container.shows], container.size, container.total_size) == (["One"], 3, 7)
    assert Container.model_validate({"Metadata": "x"}).episodes == ()
