"""Plex's GUIDs: every agent's form, and whose the ids in it are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.plex.guids import (
    NO_IDS,
    ExternalIds,
    PlexGuid,
    episode_ids,
    ids_in_array,
    parse_guid,
    show_guid,
    show_ids,
    title_ids,
)

PLEX_SHOW = "plex://show/1cf8c423a0febff7acf8399e"
PLEX_EPISODE = "plex://episode/2cf8c423a0febff7acf8399e"


def show_of(guid: str | None, grandparent: str | None = None) -> PlexGuid:
    return show_guid(parse_guid(guid), parse_guid(grandparent))


def ids_of_show(guid: str | None, grandparent: str | None = None, title: str | None = None) -> dict[str, int | str]:
    return show_ids(parse_guid(guid), show_of(guid, grandparent), title).as_dict()


@pytest.mark.parametrize(
    ("text", "kind", "agent", "key", "season", "episode"),
    [
        (PLEX_SHOW, "show", "plex", "1cf8c423a0febff7acf8399e", None, None),
        (PLEX_EPISODE, "episode", "plex", "2cf8c423a0febff7acf8399e", None, None),
        ("plex://season/3cf8", "season", "plex", "3cf8", None, None),
        ("com.plexapp.agents.thetvdb://900100?lang=en", "show", "thetvdb", "900100", None, None),
        ("com.plexapp.agents.thetvdb://900100/2?lang=en", "season", "thetvdb", "900100", 2, None),
        ("com.plexapp.agents.thetvdb://900100/2/15?lang=en", "episode", "thetvdb", "900100", 2, 15),
        ("com.plexapp.agents.thetvdb://900100/0/0?lang=en", "episode", "thetvdb", "900100", 0, 0),
        ("com.plexapp.agents.themoviedb://800200/2/3?lang=en", "episode", "themoviedb", "800200", 2, 3),
        ("com.plexapp.agents.imdb://tt9000100?lang=en", "", "imdb", "tt9000100", None, None),
        ("com.plexapp.agents.hama://tvdb-900100/22/70?lang=en", "episode", "hama", "tvdb-900100", 22, 70),
        ("hama://anidb-9001/1/7", "episode", "hama", "anidb-9001", 1, 7),
        ("com.plexapp.agents.none://5697/2026/10102?lang=xn", "episode", "none", "5697", 2026, 10102),
        ("local://5672", "", "local", "5672", None, None),
        ("themoviedb://800200", "", "themoviedb", "800200", None, None),
        ("thetvdb://900100/1/4", "episode", "thetvdb", "900100", 1, 4),
        ("tv.plex.xmltv://EP012345", "", "tv.plex.xmltv", "EP012345", None, None),
        ("mbid://0a1b", "", "mbid", "0a1b", None, None),
    ],
)
def test_every_form_is_read(
    text: str, kind: str, agent: str, key: str, season: int | None, episode: int | None
) -> None:
    guid = parse_guid(text)
    assert (guid.kind, guid.agent, guid.key, guid.season, guid.episode) == (kind, agent, key, season, episode)
    assert guid


def test_a_date_in_the_place_of_the_episode_still_gives_the_show() -> None:
    guid = parse_guid("com.plexapp.agents.thetvdb://900100/2014/2014-02-05?lang=en")
    assert (guid.kind, guid.season, guid.episode) == ("episode", 2014, None)
    assert guid.show_text == "com.plexapp.agents.thetvdb://900100"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("com.plexapp.agents.thetvdb://900100?lang=en", "com.plexapp.agents.thetvdb://900100"),
        (" com.plexapp.agents.hama://tvdb-900100?lang=de ", "com.plexapp.agents.hama://tvdb-900100"),
        ("COM.plexapp.agents.thetvdb://900100/", "com.plexapp.agents.thetvdb://900100"),
        (PLEX_SHOW, PLEX_SHOW),
        ("com.plexapp.agents.clips://Why?/Because?lang=xn", "com.plexapp.agents.clips://Why?/Because"),
    ],
)
def test_the_canonical_form_has_no_language(text: str, canonical: str) -> None:
    assert parse_guid(text).text == canonical


@pytest.mark.parametrize(
    "text", [None, "", "   ", "0", "unknown", "://", "plex://", "plex://show/", "local://", "a://?lang=en"]
)
def test_what_names_nothing_is_no_guid(text: str | None) -> None:
    assert not parse_guid(text)
    assert not show_of(PLEX_EPISODE, text)


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("local://5672", True),
        ("com.plexapp.agents.none://5697?lang=xn", True),
        ("com.plexapp.agents.none://5697/2026/10102?lang=xn", True),
        ("tv.plex.agents.none://5697", True),
        (PLEX_SHOW, False),
        ("com.plexapp.agents.thetvdb://900100", False),
        ("tv.plex.xmltv://EP012345", False),
    ],
)
def test_local_guids_count_on_one_server_only(text: str, local: bool) -> None:
    assert parse_guid(text).local is local
    assert parse_guid(text).ids == NO_IDS or not local


class TestShowGuid:
    def test_the_grandparents_guid_is_the_shows(self) -> None:
        assert show_of(PLEX_EPISODE, PLEX_SHOW).text == PLEX_SHOW

    def test_a_legacy_episode_without_grandparent_gives_its_show(self) -> None:
        show = show_of("com.plexapp.agents.thetvdb://900100/2/15?lang=en")
        assert (show.text, show.kind) == ("com.plexapp.agents.thetvdb://900100", "show")

    def test_a_hama_episode_without_grandparent_gives_its_show(self) -> None:
        assert show_of("com.plexapp.agents.hama://anidb-9001/1/7?lang=en").text == (
            "com.plexapp.agents.hama://anidb-9001"
        )

    def test_personal_media_without_grandparent_gives_a_local_show(self) -> None:
        show = show_of("com.plexapp.agents.none://5697/2026/10102?lang=xn")
        assert (show.text, show.local) == ("com.plexapp.agents.none://5697", True)

    def test_derived_and_sent_guid_of_a_show_are_the_same(self) -> None:
        episode = "com.plexapp.agents.thetvdb://900100/2/15?lang=en"
        assert show_of(episode, "com.plexapp.agents.thetvdb://900100?lang=de") == show_of(episode)

    def test_the_grandparent_of_an_unmatched_episode_still_counts(self) -> None:
        assert show_of("local://602", "com.plexapp.agents.hama://tvdb-900100?lang=en").text == (
            "com.plexapp.agents.hama://tvdb-900100"
        )

    def test_a_local_show_wins_over_nothing(self) -> None:
        assert show_of("local://602", "local://600").local

    @pytest.mark.parametrize("guid", [None, PLEX_EPISODE, "local://602", "tvdb://9001033", "mbid://0a1b"])
    def test_other_agents_episodes_do_not_give_a_show(self, guid: str | None) -> None:
        assert not show_of(guid)

    @pytest.mark.parametrize("grandparent", ["plex://season/3cf8", PLEX_EPISODE, "plex://movie/4cf8"])
    def test_a_guid_of_another_level_is_not_taken_for_the_shows(self, grandparent: str) -> None:
        assert not show_of(PLEX_EPISODE, grandparent)

    def test_an_episode_in_the_grandparents_place_is_reduced_to_its_show(self) -> None:
        assert show_of(None, "com.plexapp.agents.thetvdb://900100/2/15").text == ("com.plexapp.agents.thetvdb://900100")


class TestShowIds:
    @pytest.mark.parametrize(
        ("grandparent", "ids"),
        [
            ("com.plexapp.agents.thetvdb://900100?lang=en", {"tvdb": 900100}),
            ("com.plexapp.agents.thetvdbdvdorder://900100?lang=en", {"tvdb": 900100}),
            ("com.plexapp.agents.themoviedb://800200?lang=en", {"tmdb": 800200}),
            ("com.plexapp.agents.imdb://tt9000100?lang=en", {"imdb": "tt9000100"}),
            ("thetvdb://900100", {"tvdb": 900100}),
            ("tvdb://900100", {"tvdb": 900100}),
            ("themoviedb://800200", {"tmdb": 800200}),
            ("imdb://tt9000100", {"imdb": "tt9000100"}),
            ("com.plexapp.agents.hama://tvdb-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://tvdb2-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://tvdb3-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://tvdb4-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://tvdb5-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://tvdb6-900100", {"tvdb": 900100}),
            ("com.plexapp.agents.hama://anidb-9001", {"anidb": 9001}),
            ("com.plexapp.agents.hama://anidb2-9001", {"anidb": 9001}),
            ("com.plexapp.agents.hama://imdb-tt9000100", {"imdb": "tt9000100"}),
            ("com.plexapp.agents.hama://tsdb-800200", {"tmdb": 800200}),
            ("com.plexapp.agents.hama://TVDB-900100", {"tvdb": 900100}),
            ("hama://tvdb-900100", {"tvdb": 900100}),
            (PLEX_SHOW, {}),
            ("local://600", {}),
            ("com.plexapp.agents.none://900100", {}),
            ("tv.plex.agents.none://900100", {}),
            ("tv.plex.xmltv://900100", {}),
        ],
    )
    def test_a_guid_in_the_shows_place_gives_the_shows_ids(self, grandparent: str, ids: dict[str, int | str]) -> None:
        assert ids_of_show(PLEX_EPISODE, grandparent) == ids

    def test_hamas_tmdb_mode_names_a_movie_and_not_a_show(self) -> None:
        assert ids_of_show(None, "com.plexapp.agents.hama://tmdb-800200") == {}
        assert show_of(None, "com.plexapp.agents.hama://tmdb-800200")

    @pytest.mark.parametrize(
        ("guid", "ids"),
        [
            ("com.plexapp.agents.thetvdb://900100/2/15?lang=en", {"tvdb": 900100}),
            ("com.plexapp.agents.themoviedb://800200/2/3?lang=en", {"tmdb": 800200}),
            ("com.plexapp.agents.hama://tvdb-900100/22/70?lang=en", {"tvdb": 900100}),
            ("com.plexapp.agents.imdb://tt9000100/1/2?lang=en", {"imdb": "tt9000100"}),
            ("com.plexapp.agents.none://900100/2026/4?lang=xn", {}),
            ("com.plexapp.agents.imdb://tt9000100?lang=en", {}),
        ],
    )
    def test_an_episodes_guid_gives_the_shows_ids_where_its_agent_writes_them(
        self, guid: str, ids: dict[str, int | str]
    ) -> None:
        assert ids_of_show(guid) == ids
        assert episode_ids(parse_guid(guid), ()) == NO_IDS

    @pytest.mark.parametrize("guid", ["tvdb://9001033", "themoviedb://8002033", "imdb://tt9001033", PLEX_EPISODE])
    def test_ids_of_an_episode_are_never_the_shows(self, guid: str) -> None:
        assert ids_of_show(guid) == {}
        assert ids_of_show(guid, PLEX_SHOW, "Name") == {}

    def test_the_same_text_is_the_shows_id_in_the_shows_place_and_the_episodes_in_its_own(self) -> None:
        assert ids_of_show(PLEX_EPISODE, "tvdb://9001033") == {"tvdb": 9001033}
        assert episode_ids(parse_guid("tvdb://9001033"), ()) == ExternalIds(tvdb=9001033)

    @pytest.mark.parametrize(
        ("title", "ids"),
        [
            ("Name [tvdb-900100]", {"tvdb": 900100}),
            ("Name (2016) [tvdb4-900100]", {"tvdb": 900100}),
            ("Name {tmdb-800200}", {"tmdb": 800200}),
            ("Name [imdb-tt9000100] [anidb-9001]", {"imdb": "tt9000100", "anidb": 9001}),
            ("Name [TVDBID=900100]", {"tvdb": 900100}),
            ("Name [tsdb-800200]", {"tmdb": 800200}),
            ("[REC]", {}),
            ("Name [tvdb-]", {}),
            ("Name [tvdb-0]", {}),
            ("Name [tvdb-99999999999]", {}),
            ("Name tvdb-900100", {}),
        ],
    )
    def test_an_id_in_the_title_is_the_shows(self, title: str, ids: dict[str, int | str]) -> None:
        assert ids_of_show(PLEX_EPISODE, PLEX_SHOW, title) == ids
        assert title_ids(title).as_dict() == ids

    def test_a_guid_outweighs_an_id_in_the_title(self) -> None:
        assert ids_of_show(None, "com.plexapp.agents.thetvdb://900100", "Name [tvdb-5] [imdb-tt9000100]") == {
            "tvdb": 900100,
            "imdb": "tt9000100",
        }

    def test_hamas_own_tmdb_tag_in_the_title_names_a_movie_too(self) -> None:
        assert ids_of_show(None, "com.plexapp.agents.hama://tmdb-800200", "Name [tmdb-800200]") == {}


class TestIdsOutOfRange:
    @pytest.mark.parametrize(
        "key", ["0", "000", "2147483648", "99999999999999999999", "-1", "1.5", "abc", "tt1", "٣", "²", " 7"]
    )
    def test_a_number_that_can_be_no_id_is_no_id(self, key: str) -> None:
        assert parse_guid(f"tvdb://{key}").ids == NO_IDS
        assert parse_guid(f"com.plexapp.agents.themoviedb://{key}/1/2").ids == NO_IDS
        assert parse_guid(f"com.plexapp.agents.hama://anidb-{key}/1/2").ids == NO_IDS

    @pytest.mark.parametrize("key", ["tt", "9000100", "ttx", "tt90001x", "nm0000001", "TT9000100"])
    def test_an_imdb_id_is_tt_and_digits(self, key: str) -> None:
        assert parse_guid(f"imdb://{key}").ids == NO_IDS

    def test_the_largest_id_is_that_of_a_postgresql_integer(self) -> None:
        assert parse_guid("tmdb://2147483647").ids == ExternalIds(tmdb=2147483647)


class TestGuidArray:
    def test_it_gives_the_ids_of_what_it_stands_at(self) -> None:
        ids = ids_in_array(["imdb://tt9001033", "tmdb://8002033", "tvdb://9001033"])
        assert ids == ExternalIds(tmdb=8002033, tvdb=9001033, imdb="tt9001033")

    def test_it_may_hold_one_id_only(self) -> None:
        assert ids_in_array(["tvdb://9001033"]) == ExternalIds(tvdb=9001033)

    def test_unknown_and_broken_entries_are_passed_over(self) -> None:
        assert ids_in_array(["mbid://1", "tmdb://", "tmdb://x", "tvdb", "", "tvdb://4"]) == ExternalIds(tvdb=4)

    def test_the_first_of_two_wins(self) -> None:
        assert ids_in_array(["tvdb://4", "tvdb://5"]) == ExternalIds(tvdb=4)


@given(st.text() | st.from_regex(r"(com\.plexapp\.agents\.)?[a-z]{2,8}://[\w\-/]{0,30}(\?lang=en)?"))
def test_no_text_makes_the_parser_fail(text: str) -> None:
    guid = parse_guid(text)
    show = show_guid(guid, parse_guid(text[::-1]))
    show_ids(guid, show, text)
    episode_ids(guid, [text])
    assert parse_guid(guid.text).text == guid.text
    assert show.show_text in ("", show.text)
