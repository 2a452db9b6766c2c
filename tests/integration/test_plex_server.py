"""`PlexServer` against a simulated one: what is read from its library."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.demo import simulated_plex
from app.plex.client import PAGE, PlexServer, plex_server_of
from app.plex.document import plex_show_document
from app.plex.guids import ExternalIds
from app.services import Services
from app.upstream.errors import KeyRejected, NotThere, UpstreamUnavailable
from tests.fakes.plex import TOKEN, FakePlex

MakeUser = Callable[..., int]


@pytest.fixture
def server(services: Services, fake_plex: FakePlex) -> PlexServer:
    return PlexServer(services, fake_plex.url, TOKEN, [])


def test_it_says_who_it_is(server: PlexServer, fake_plex: FakePlex) -> None:
    identity = server.identity()
    assert identity.uuid == fake_plex.uuid
    assert identity.version.startswith("1.41")


def test_a_show_has_its_own_year_and_ids(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show(
        "4700",
        "Hafenlichter",
        year=2019,
        guid="plex://show/5d9b",
        guids=["imdb://tt9000100", "tmdb://800100", "tvdb://900100"],
        originalTitle="Harbour Lights",
        seasons={1: 3},
    )
    show = server.show("4700")
    assert (show.title, show.original_title, show.year, show.guid, show.leaf_count) == (
        "Hafenlichter",
        "Harbour Lights",
        2019,
        "plex://show/5d9b",
        3,
    )
    assert show.ids == ExternalIds(tmdb=800100, tvdb=900100, imdb="tt9000100")


@pytest.mark.parametrize(
    ("guid", "title", "ids"),
    [
        ("com.plexapp.agents.thetvdb://900100?lang=en", "Old", ExternalIds(tvdb=900100)),
        ("com.plexapp.agents.themoviedb://800100?lang=en", "Old", ExternalIds(tmdb=800100)),
        ("com.plexapp.agents.hama://anidb-17494?lang=en", "Anime", ExternalIds(anidb=17494)),
        ("com.plexapp.agents.hama://tvdb4-900100?lang=en", "Anime", ExternalIds(tvdb=900100)),
        ("com.plexapp.agents.none://4711?lang=xn", "Home videos", ExternalIds()),
        ("local://4711", "Old [tvdb-900100]", ExternalIds(tvdb=900100)),
        ("local://4711", "Old", ExternalIds()),
    ],
)
def test_the_guid_of_an_older_agent_names_the_show(
    server: PlexServer, fake_plex: FakePlex, guid: str, title: str, ids: ExternalIds
) -> None:
    fake_plex.add_show("4711", title, guid=guid)
    assert server.show("4711").ids == ids


def test_numbers_as_strings_and_nonsense_cost_nothing(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show(
        "4711",
        "Odd",
        seasons={
            1: [
                {
                    "index": "3",
                    "parentIndex": "0",
                    "duration": "2700000",
                    "viewCount": "2",
                    "lastViewedAt": "1700000000",
                },
                {"index": None, "originallyAvailableAt": "2024-02-30", "duration": -1, "title": 7, "Media": "none"},
                {"ratingKey": 99, "Guid": "tvdb://1", "Media": [{"Part": [{}, "x", {"file": ""}]}, None]},
            ]
        },
        Guid=[{"id": "tvdb://900100"}, {"id": 7}, "x", None],
        year="2019",
    )
    show, (first, second, third) = server.show("4711"), server.episodes("4711")
    assert (show.year, show.ids) == (2019, ExternalIds(tvdb=900100))
    assert (first.season, first.episode, first.minutes, first.view_count) == (0, 3, 45, 2)
    assert first.last_viewed_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert (second.episode, second.air_date, second.minutes, second.title, second.files) == (None, None, None, "", ())
    assert (third.rating_key, third.ids, third.files) == ("99", ExternalIds(), ())


def test_an_episode_has_every_file_of_its_versions(server: PlexServer, fake_plex: FakePlex) -> None:
    parts = [{"Part": [{"file": "/tv/A/S01E01-E02.mkv"}, {"file": "/tv/A/S01E01-E02.mkv"}]}, {"Part": [{"file": "/b"}]}]
    fake_plex.add_show("4711", "Double", seasons={1: [{"Media": parts, "Guid": [{"id": "tvdb://55"}]}]})
    (episode,) = server.episodes("4711")
    assert episode.files == ("/tv/A/S01E01-E02.mkv", "/b")
    assert (episode.ids, episode.air_date) == (ExternalIds(tvdb=55), date(2021, 3, 1))


@pytest.mark.parametrize("knows_pages", [True, False])
@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
def test_a_long_list_is_read_to_its_end_and_no_further(
    server: PlexServer, fake_plex: FakePlex, count: int, knows_pages: bool
) -> None:
    fake_plex.add_show("4711", "Long", seasons={1: count})
    fake_plex.knows_pages = knows_pages
    assert [episode.episode for episode in server.episodes("4711")] == list(range(1, count + 1))
    pages = fake_plex.count("*/allLeaves")
    assert pages == (max(1, -(-count // PAGE)) if knows_pages else 1 + (count >= PAGE))


def test_a_show_document_has_what_the_tracker_stores(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show(
        "4711",
        "Hafenlichter",
        year=2019,
        thumb="/library/metadata/4711/thumb/1700000000",
        guids=["tvdb://900100"],
        originalTitle="Harbour Lights",
        seasons={1: [{"index": 2}, {"index": 1, "duration": None}, {"index": None}], 0: [{"index": 0}]},
    )
    assert plex_show_document(server, "4711") == {
        "title": "Hafenlichter",
        "year": 2019,
        "tmdb_id": None,
        "tvdb_id": 900100,
        "imdb_id": None,
        "poster_path": "/library/metadata/4711/thumb/1700000000",
        "titles": [{"title": "Harbour Lights", "kind": "original"}],
        "seasons": [
            {
                "seasonNumber": 0,
                "episodes": [{"episodeNumber": 0, "title": "Episode 1", "airDate": "2020-03-01", "runtime": 45}],
            },
            {
                "seasonNumber": 1,
                "episodes": [
                    {"episodeNumber": 1, "title": "Episode 2", "airDate": "2021-03-02", "runtime": None},
                    {"episodeNumber": 2, "title": "Episode 1", "airDate": "2021-03-01", "runtime": 45},
                ],
            },
        ],
    }


@pytest.mark.parametrize("key", ["4712", "", "..", "../../identity", "4711/children", "4711?x=1", "٣"])
def test_a_key_that_is_none_is_not_there(server: PlexServer, fake_plex: FakePlex, key: str) -> None:
    fake_plex.add_show("4711", "Old")
    with pytest.raises(NotThere):
        server.show(key)
    with pytest.raises(NotThere):
        server.episodes(key)
    assert fake_plex.count() == (2 if key == "4712" else 0)


def test_the_key_of_something_else_is_no_show(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show("4711", "A film", type="movie")
    with pytest.raises(NotThere):
        server.show("4711")
    assert server.steps[-1]["problem"]


def test_json_of_another_server_is_no_answer(services: Services, server: PlexServer, fake_plex: FakePlex) -> None:
    from app.demo.simulated_server import Reply
    from tests.fakes import failures

    fake_plex.fail("*", failures.reply(Reply({"hello": "world"})))
    with pytest.raises(UpstreamUnavailable, match="not one of a Plex server"):
        server.identity()


def test_a_users_server_is_asked_with_the_users_token(
    services: Services, fake_plex: FakePlex, use_plex: Callable[..., None], make_user: MakeUser
) -> None:
    user = make_user()
    assert plex_server_of(services, user, []) is None
    use_plex(user)
    fake_plex.add_show("4711", "Old")
    steps: list[dict[str, Any]] = []
    server = plex_server_of(services, user, steps)
    assert server is not None
    assert server.show("4711").title == "Old"
    asked = fake_plex.requests[-1]
    assert (asked.headers["x-plex-token"], asked.headers["accept"]) == (TOKEN, "application/json")
    assert asked.headers["x-plex-product"] == "Tellykeep"
    assert len(asked.headers["x-plex-client-identifier"]) == 32
    assert asked.query == {"includeGuids": "1"}
    assert [(step["what"], step["status"], step["cached"]) for step in steps] == [("show 4711", 200, False)]


def test_a_token_of_another_key_or_user_is_not_used(
    services: Services, use_plex: Callable[..., None], make_user: MakeUser
) -> None:
    user = make_user()
    use_plex(user, plex_token=services.cipher.encrypt("t", column="plex_config.plex_token", row=user + 1))
    assert plex_server_of(services, user, []) is None
    use_plex(user, plex_server_url=None)
    assert plex_server_of(services, user, []) is None


@pytest.mark.parametrize("token", ["wrong", "", "snow\nman", "☃"])
def test_a_wrong_token_is_said_so(services: Services, fake_plex: FakePlex, token: str) -> None:
    fake_plex.add_show("4711", "Old")
    with pytest.raises(KeyRejected) as caught:
        PlexServer(services, fake_plex.url, token, []).show("4711")
    assert caught.value.service == "plex"


HISTORY = "/status/sessions/history/all"
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def _history(server: PlexServer, *accounts: int) -> list[tuple[int | None, int | None]]:
    pages = server.history(LONG_AGO, accounts or None)
    return [(row.episode, row.account_id) for page in pages for row in page.rows]


def test_it_says_who_watches(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.accounts = {1: "alex", 1000: "kim"}
    assert [(account.id, account.title) for account in server.accounts()] == [(0, ""), (1, "alex"), (1000, "kim")]


def test_a_row_of_the_history_is_read_as_it_comes(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 2})
    fake_plex.watched("4700", 1, 2, 1_700_000_000)
    ((row,),) = [page.rows for page in server.history(LONG_AGO)]
    assert (row.type, row.show_title, row.season, row.episode) == ("episode", "Harbour Lights", 1, 2)
    assert (row.rating_key, row.show_rating_key, row.section_id) == ("470001002", "4700", 2)
    assert (row.viewed_at, row.air_date) == (datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), date(2021, 3, 2))
    assert row.history_key == "/status/sessions/history/1"


def test_rows_of_deleted_items_have_no_keys(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 2})
    gone = {"key": None, "ratingKey": None, "grandparentKey": None, "historyKey": None, "index": None}
    fake_plex.watched("4700", 1, 1, 1_700_000_000, **gone)
    fake_plex.watched("4700", 1, 2, 1_700_000_000, **gone)
    first, second = (row for page in server.history(LONG_AGO) for row in page.rows)
    assert (first.rating_key, first.show_rating_key, first.episode) == (None, None, None)
    assert first.history_key != second.history_key


def test_the_history_comes_in_pages_the_oldest_first(
    server: PlexServer, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.plex.client.HISTORY_PAGE", 3)
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 7})
    for episode in (7, 6, 5, 4, 3, 2, 1):
        fake_plex.watched("4700", 1, episode, 1_700_000_000 + episode)
    pages = list(server.history(LONG_AGO))
    assert [(page.start, page.total, page.count) for page in pages] == [(0, 7, 3), (3, 7, 3), (6, 7, 1)]
    assert [row.episode for page in pages for row in page.rows] == [1, 2, 3, 4, 5, 6, 7]
    sent = fake_plex.requests[-1]
    assert (sent.query["sort"], sent.headers["x-plex-container-start"]) == ("viewedAt:asc", "6")


def test_the_history_begins_where_it_is_told_to(server: PlexServer, fake_plex: FakePlex) -> None:
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 3})
    for episode in (1, 2, 3):
        fake_plex.watched("4700", 1, episode, 1_700_000_000 + episode)
    pages = server.history(datetime.fromtimestamp(1_700_000_002, UTC))
    assert [row.episode for page in pages for row in page.rows] == [2, 3]


def test_of_one_account_the_server_leaves_the_others_out_of_several_we_do(
    server: PlexServer, fake_plex: FakePlex
) -> None:
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 3})
    for episode, account in ((1, 1), (2, 1000), (3, 7)):
        fake_plex.watched("4700", 1, episode, 1_700_000_000, account=account)
    assert _history(server, 1000) == [(2, 1000)]
    assert fake_plex.requests[-1].query["accountID"] == "1000"
    assert _history(server, 1, 7) == [(1, 1), (3, 7)]
    assert "accountID" not in fake_plex.requests[-1].query


def test_a_server_that_does_not_know_pages_is_asked_twice(
    server: PlexServer, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.plex.client.HISTORY_PAGE", 2)
    fake_plex.knows_pages = False
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 3})
    for episode in (1, 2, 3):
        fake_plex.watched("4700", 1, episode, 1_700_000_000)
    assert [episode for episode, _ in _history(server)] == [1, 2, 3]
    assert fake_plex.count(HISTORY) == 2


def test_a_server_that_gives_fewer_rows_than_asked_for_is_read_to_its_end(
    server: PlexServer, fake_plex: FakePlex, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_for = simulated_plex._page
    monkeypatch.setattr(
        simulated_plex, "_page", lambda request, which: 2 if which == "size" else asked_for(request, which)
    )
    fake_plex.add_show("4700", "Harbour Lights", seasons={1: 5})
    for episode in range(1, 6):
        fake_plex.watched("4700", 1, episode, 1_700_000_000 + episode)
    assert [episode for episode, _ in _history(server)] == [1, 2, 3, 4, 5]
    assert [episode.episode for episode in server.episodes("4700")] == [1, 2, 3, 4, 5]


def test_an_empty_history_is_none(server: PlexServer) -> None:
    assert _history(server) == []


@pytest.mark.parametrize(("ahead", "heard"), [(0, 0), (420, 420), (-420, -420), (1, 0), (200_000, 0)])
def test_the_clock_of_the_server_is_compared_with_ours(
    server: PlexServer, fake_plex: FakePlex, ahead: int, heard: int
) -> None:
    fake_plex.clock_ahead = ahead
    server.identity()
    assert abs(server.clock_ahead - heard) <= 1
