"""merge_show: what TMDB or a Plex server knows now, without losing what was watched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from tests import payloads
from tests.conftest import Connection
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import assert_totals_are_a_recount, episode_entry, plays, refused, show_row, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


def document(**show: Any) -> dict[str, Any]:
    episodes = [
        {"episodeNumber": n, "title": f"Part {n}", "airDate": f"2026-01-0{n}", "runtime": 40, "tmdbId": 100 + n}
        for n in (1, 2, 3)
    ]
    return {"title": payloads.SHOW, "seasons": [{"seasonNumber": 1, "episodes": episodes}]} | show


def merge(conn: Connection, user_id: int, show_id: int, given: dict[str, Any], source: str = "tmdb") -> dict[str, Any]:
    result: dict[str, Any] = value(
        conn, "select merge_show(%s, %s, %s, %s) as result", (user_id, show_id, Jsonb(given), source)
    )
    assert_totals_are_a_recount(conn, show_id)
    return result


def renumbered(*numbers: tuple[int, int]) -> dict[str, Any]:
    """The document with episode numbers and TMDB ids as given."""
    return document(
        seasons=[
            {
                "seasonNumber": 1,
                "episodes": [
                    {"episodeNumber": number, "tmdbId": tmdb_id, "runtime": 40} for number, tmdb_id in numbers
                ],
            }
        ]
    )


def test_new_episodes_are_added_and_what_was_watched_stays(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={0: 1, 1: 2})
    receive(conn, user, scrobble(episode=2))
    result = merge(conn, user, show, document())
    assert result == {"added": 1, "moved": [], "removed": [], "kept": [], "names": 0}
    entry = episode_entry(conn, show, 1, 2)
    assert (entry["watched"], entry["dateWatched"]) == (True, "2026-01-01T20:00:00Z")
    assert (entry["title"], entry["airDate"], entry["runtime"], entry["tmdbId"]) == ("Part 2", "2026-01-02", 40, 102)
    assert episode_entry(conn, show, 0, 1)["episodeNumber"] == 1
    assert show_row(conn, show)["refreshed_at"] is not None
    assert merge(conn, user, show, document())["added"] == 0


def test_nothing_known_is_replaced_by_nothing(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={}, year=2020)
    merge(conn, user, show, document(status="Ended", poster_path="/p.jpg"))
    bare = [
        {"seasonNumber": 1, "episodes": [{"episodeNumber": n, "airDate": "", "tmdbId": 100 + n} for n in (1, 2, 3)]}
    ]
    merge(conn, user, show, {"title": payloads.SHOW, "seasons": bare})
    entry, row = episode_entry(conn, show, 1, 1), show_row(conn, show)
    assert (entry["title"], entry["airDate"], entry["runtime"]) == ("Part 1", "2026-01-01", 40)
    assert (row["status"], row["poster_path"], str(row["show_start_date"])) == ("Ended", "/p.jpg", "2020-01-01")


def test_a_plex_servers_poster_makes_place_for_tmdbs_and_never_the_other_way_round(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={}, year=2020)

    def poster_after(path: str | None, source: str) -> str:
        merge(conn, user, show, document(poster_path=path), source)
        return str(show_row(conn, show)["poster_path"])

    old, new = "/library/metadata/7/thumb/1", "/library/metadata/7/thumb/2"
    assert poster_after(old, "plex") == old
    assert poster_after(new, "plex") == new
    assert poster_after("/p.jpg", "tmdb") == "/p.jpg"
    assert poster_after(new, "plex") == "/p.jpg"
    assert poster_after(None, "tmdb") == "/p.jpg"


def test_renumbered_episodes_take_their_viewings_along(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons=document()["seasons"])
    for number in (1, 2):
        receive(conn, user, scrobble(episode=number, at=AT + timedelta(days=number)))
    result = merge(conn, user, show, renumbered((1, 102), (2, 101), (3, 104), (4, 103)))
    assert result["moved"] == [
        {"from": [1, 1], "to": [1, 2]},
        {"from": [1, 2], "to": [1, 1]},
        {"from": [1, 3], "to": [1, 4]},
    ]
    assert result["added"] == 1
    assert {play["episode"]: play["watched_at"] for play in plays(conn, show)} == {
        2: AT + timedelta(days=1),
        1: AT + timedelta(days=2),
    }
    assert [episode_entry(conn, show, 1, n)["watched"] for n in (1, 2, 3, 4)] == [True, True, False, False]
    events = conn.execute("select episode, play_id from watch_events where tvshow_id = %s", (show,)).fetchall()
    for event in events:
        assert event["episode"] == value(conn, "select episode from plays where id = %s", (event["play_id"],))
    again = receive(conn, user, scrobble(episode=2, at=AT + timedelta(days=1, minutes=5)))
    assert again["action"] == "already_watched"


def test_vanished_episodes_go_when_nobody_knows_them_and_stay_when_watched(
    conn: Connection, make_user: MakeUser, make_show: MakeShow
) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons=renumbered(*((n, 100 + n) for n in range(1, 7)))["seasons"])
    receive(conn, user, scrobble(episode=6))
    result = merge(conn, user, show, renumbered(*((n, 100 + n) for n in range(1, 5))))
    assert (result["removed"], result["kept"]) == ([[1, 5]], [[1, 6]])
    assert episode_entry(conn, show, 1, 6)["watched"] is True
    assert show_row(conn, show)["total_episodes"] == 5


def test_an_episode_that_plex_knew_first_stays(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, payloads.SHOW, seasons={1: 5})
    result = merge(conn, user, show, document())
    assert (result["removed"], show_row(conn, show)["total_episodes"]) == ([], 5)


def test_a_plex_server_only_fills_gaps(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    episodes = [{"episodeNumber": 1, "title": "Mine", "runtime": None}]
    show = make_show(user, payloads.SHOW, seasons=[{"seasonNumber": 1, "episodes": episodes}])
    assert merge(conn, user, show, document(), "plex")["added"] == 2
    entry = episode_entry(conn, show, 1, 1)
    assert (entry["title"], entry["runtime"], entry["airDate"], entry["watched"]) == ("Mine", 40, "2026-01-01", False)


def test_names_ids_and_the_exact_start_are_learnt(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show = make_show(user, "My name for it", year=2020, seasons={})
    given = document(
        tmdb_id=1,
        tvdb_id=2,
        show_start_date="2020-05-06",
        titles=[{"title": "Hafenlichter", "kind": "alternative"}, {"title": ""}],
    )
    assert merge(conn, user, show, given)["names"] == 2
    row = show_row(conn, show)
    assert (row["title"], row["tmdb_id"], row["tvdb_id"], str(row["show_start_date"])) == (
        "My name for it",
        1,
        2,
        "2020-05-06",
    )
    merge(conn, user, show, document(show_start_date="2019-01-01"))
    assert str(show_row(conn, show)["show_start_date"]) == "2020-05-06"


def test_the_country_is_learnt_and_not_overwritten(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    show, known = make_show(user, payloads.SHOW), make_show(user, "Elsewhere", country="GB,US")
    merge(conn, user, show, document(country="US"))
    merge(conn, user, show, document())
    merge(conn, user, known, document(country="US"))
    assert (show_row(conn, show)["country"], show_row(conn, known)["country"]) == ("US", "GB,US")


def test_a_show_that_is_not_there_is_refused(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    show = make_show(make_user())
    with refused(conn, "TK404"):
        merge(conn, make_user(), show, document())


def test_what_cannot_be_seasons_is_refused(conn: Connection, make_user: MakeUser, make_show: MakeShow) -> None:
    user = make_user()
    with refused(conn, "TK422"):
        merge(conn, user, make_show(user), document(seasons=[{"episodes": []}]))
