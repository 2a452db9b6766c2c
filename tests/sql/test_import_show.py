"""import_show: a show of an export, merged into what is there. Both ways: tests/integration/test_transfer.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection
from tests.watch_state import assert_totals_are_a_recount, episode_entry, live_plays, one, plays, refused, value

SEASONS = [{"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "runtime": 40}, {"episodeNumber": 2, "runtime": 40}]}]
SAID = {"season": 1, "episode": 1, "kind": "viewing", "occurred_at": "2020-01-01T20:00:00Z", "source": "webhook"}
SHOW: dict[str, Any] = {"title": "Harbour Lights", "tvdb_id": 5, "seasons": SEASONS, "said": [SAID]}


def _bring(conn: Connection, user: int, accounts: list[int | None] | None = None, **changes: Any) -> dict[str, Any]:
    show = {name: value for name, value in (SHOW | changes).items() if value is not None}
    return one(conn, "select * from import_show(%s, %s, %s)", (user, Jsonb(show), accounts or []))


def test_what_was_said_becomes_viewings_flags_and_totals(conn: Connection, make_user: Callable[..., int]) -> None:
    came = _bring(conn, make_user())

    assert (came["added"], came["said"]) == (True, 1)
    assert episode_entry(conn, came["tvshow_id"], 1, 1)["dateWatched"] == "2020-01-01T20:00:00Z"
    assert not episode_entry(conn, came["tvshow_id"], 1, 2)["watched"]
    (play,) = live_plays(conn, came["tvshow_id"])
    assert play["source"] == "webhook"
    assert_totals_are_a_recount(conn, came["tvshow_id"])


def test_a_second_time_brings_nothing(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    voided = {"season": 1, "episode": 2, "watched_at": "2020-01-02T20:00:00Z", "source": "webhook"} | {
        "voided_at": "2020-01-03T20:00:00Z",
        "void_reason": "moved",
    }
    first = _bring(conn, user, plays=[voided])
    before = plays(conn, first["tvshow_id"])

    second = _bring(conn, user, plays=[voided])

    assert second == first | {"added": False, "said": 0, "mappings": 0}
    assert plays(conn, first["tvshow_id"]) == before
    assert [play["void_reason"] for play in before] == [None, "moved"]


def test_two_things_said_within_one_runtime_are_one_viewing(conn: Connection, make_user: Callable[..., int]) -> None:
    later = SAID | {"occurred_at": "2020-01-01T20:20:00Z", "source": "history", "history_key": "77", "server_uuid": "s"}
    came = _bring(conn, make_user(), said=[SAID | {"server_uuid": "s"}, later])

    assert came["said"] == 2
    assert len(live_plays(conn, came["tvshow_id"])) == 1


def test_a_viewing_that_is_only_listed_is_known_where_one_was_at_that_moment_also_if_it_does_not_count(
    conn: Connection, make_user: Callable[..., int]
) -> None:
    user = make_user()
    told = SAID | {"server_uuid": "s", "history_key": "77"}
    taken_out = told | {"episode": 2, "history_key": "78", "removed_at": "2020-02-01T00:00:00Z"}
    show = _bring(conn, user, said=[told, taken_out])["tvshow_id"]
    before = plays(conn, show)
    assert [play["void_reason"] for play in before] == [None, "removed"]
    listed = [{"season": 1, "episode": number, "watched_at": SAID["occurred_at"]} for number in (1, 2)]

    came = _bring(conn, user, said=None, plays=[*listed, listed[0] | {"watched_at": "2021-01-01T20:00:00Z"}])

    assert came["said"] == 1
    assert [play["watched_at"].year for play in live_plays(conn, show)] == [2020, 2021]
    assert len(plays(conn, show)) == len(before) + 1


def test_what_was_withdrawn_makes_no_viewing(conn: Connection, make_user: Callable[..., int]) -> None:
    gone = SAID | {"withdrawn_at": "2020-02-01T00:00:00Z", "withdrawn_why": "undone"}

    came = _bring(conn, make_user(), said=[gone])

    assert came["said"] == 1
    assert plays(conn, came["tvshow_id"]) == []


def test_an_unmark_voids_what_lies_before_it(conn: Connection, make_user: Callable[..., int]) -> None:
    unmark = SAID | {"kind": "unmark", "occurred_at": "2020-01-05T00:00:00Z", "source": "manual"}

    came = _bring(conn, make_user(), said=[SAID, unmark])

    assert [play["void_reason"] for play in plays(conn, came["tvshow_id"])] == ["unmarked"]
    assert not episode_entry(conn, came["tvshow_id"], 1, 1)["watched"]


def test_a_show_that_is_there_keeps_what_it_has_and_gets_what_it_lacks(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, "The Lights", tvdb_id=5, seasons={1: 1}, runtime=30)

    came = _bring(conn, user, tmdb_id=9, names=[{"title": "Hafenlichter", "kind": "original"}])

    assert (came["tvshow_id"], came["added"]) == (show, False)
    row = one(conn, "select title, tmdb_id, total_episodes, watched_episodes from tvshows where id = %s", (show,))
    assert row == {"title": "The Lights", "tmdb_id": 9, "total_episodes": 2, "watched_episodes": 1}
    assert episode_entry(conn, show, 1, 1)["runtime"] == 30
    names = {row["title"] for row in conn.execute("select title from show_titles where tvshow_id = %s", (show,))}
    assert names == {"The Lights", "Harbour Lights", "Hafenlichter"}


def test_accounts_and_mappings_are_named_by_their_place(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    account = value(
        conn, "insert into plex_accounts (user_id, server_uuid, title) values (%s, 's', 'mira') returning id", (user,)
    )
    mapping = {"plex_guid": "plex://show/1", "match_confidence": 1, "match_method": "confirmed"}

    came = _bring(conn, user, [None, account], mappings=[mapping], said=[SAID | {"account": 2, "mapping": 1}])

    row = one(conn, "select account_id, mapping_id from watch_events where tvshow_id = %s", (came["tvshow_id"],))
    assert row == {"account_id": account, "mapping_id": value(conn, "select id from plex_show_mappings")}
    assert came["mappings"] == 1


def test_a_row_of_a_servers_history_counts_once_in_all_shows(conn: Connection, make_user: Callable[..., int]) -> None:
    user = make_user()
    told = SAID | {"history_key": "77", "server_uuid": "s"}
    _bring(conn, user, said=[told])

    came = _bring(conn, user, title="Another", tvdb_id=6, said=[told])

    assert came["said"] == 0


def test_a_deleted_show_comes_back_deleted_beside_one_with_its_ids(
    conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int]
) -> None:
    user = make_user()
    show = make_show(user, tvdb_id=5)

    came = _bring(conn, user, deleted_at="2026-01-02T03:04:05Z")

    assert came["tvshow_id"] != show
    row = one(conn, "select deleted_at is not null as gone, tvdb_id from tvshows where id = %s", (came["tvshow_id"],))
    assert row == {"gone": True, "tvdb_id": 5}
    assert len(live_plays(conn, came["tvshow_id"])) == 1
    assert _bring(conn, user, deleted_at="2026-01-02T03:04:05Z")["said"] == 0


def test_flags_alone_become_marks(conn: Connection, make_user: Callable[..., int]) -> None:
    seasons = [
        {"seasonNumber": 1, "episodes": [{"episodeNumber": 1, "watched": True, "dateWatched": "2019-01-01T00:00:00Z"}]}
    ]
    show = {name: content for name, content in SHOW.items() if name != "said"} | {"seasons": seasons}

    came = one(conn, "select * from import_show(%s, %s, '{}')", (make_user(), Jsonb(show)))

    assert came["said"] == 1
    assert value(conn, "select kind from watch_events where tvshow_id = %s", (came["tvshow_id"],)) == "mark"
    assert episode_entry(conn, came["tvshow_id"], 1, 1)["watched"]


def test_what_cannot_be_a_season_is_refused(conn: Connection, make_user: Callable[..., int]) -> None:
    with refused(conn, "TK422"):
        _bring(conn, make_user(), seasons=[{"episodes": []}])
