"""merge_seasons: which episode of a show is which one of a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.conftest import Connection

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]


Place = tuple[int, int]


def season(number: int, *episodes: dict[str, Any]) -> dict[str, Any]:
    return {"seasonNumber": number, "episodes": list(episodes)}


def episode(number: int, tmdb_id: int | None = None, *, watched: bool = False) -> dict[str, Any]:
    return {"episodeNumber": number, "watched": watched} | ({} if tmdb_id is None else {"tmdbId": tmdb_id})


def merge(
    conn: Connection,
    old: list[dict[str, Any]],
    new: list[dict[str, Any]],
    *,
    spoken_of: tuple[Place, ...] = (),
    source: str = "tmdb",
) -> dict[Place | str, Place | str]:
    """Old place (or "new n") to new place (or "gone")."""
    rows = conn.execute(
        "select * from merge_seasons(%s, %s, %s, %s)",
        (Jsonb(old), Jsonb(new), Jsonb([list(place) for place in spoken_of]), source),
    ).fetchall()
    found: dict[Place | str, Place | str] = {}
    for row in rows:
        new_place = "gone" if row["season"] is None else (row["season"], row["episode"])
        key = f"new {len(found)}" if row["old_season"] is None else (row["old_season"], row["old_episode"])
        found[key] = new_place
    return found


def test_the_same_number_is_the_same_episode_and_new_ones_are_added(conn: Connection) -> None:
    old, new = [season(1, episode(1))], [season(1, episode(1, 11), episode(2, 12))]
    assert merge(conn, old, new) == {(1, 1): (1, 1), "new 1": (1, 2)}


def test_tmdbs_id_counts_more_than_the_number(conn: Connection) -> None:
    old = [season(1, episode(1, 11), episode(2, 12), episode(3, 13))]
    new = [season(1, episode(1, 11), episode(2, 13), episode(3, 12))]
    assert merge(conn, old, new) == {(1, 1): (1, 1), (1, 2): (1, 3), (1, 3): (1, 2)}


def test_an_episode_may_move_to_another_season(conn: Connection) -> None:
    old, new = [season(1, episode(1, 11), episode(2, 12))], [season(0, episode(1, 12)), season(1, episode(1, 11))]
    assert merge(conn, old, new)[1, 2] == (0, 1)


def test_an_entry_that_tmdb_made_anew_is_still_that_episode(conn: Connection) -> None:
    old, new = [season(1, episode(1, 11, watched=True))], [season(1, episode(1, 99))]
    assert merge(conn, old, new) == {(1, 1): (1, 1)}


def test_what_vanished_goes_only_when_nobody_knows_it(conn: Connection) -> None:
    old = [
        season(
            1,
            *(episode(n, 10 + n) for n in range(1, 5)),
            episode(5, 15),
            episode(6, 16, watched=True),
            episode(7, 17),
            episode(8),
        )
    ]
    new = [season(1, *(episode(n, 10 + n) for n in range(1, 5)))]
    found = merge(conn, old, new, spoken_of=((1, 7),))
    assert [found[1, n] for n in (5, 6, 7, 8)] == ["gone", (1, 6), (1, 7), (1, 8)]


def test_a_document_without_half_of_the_show_or_without_a_whole_season_takes_nothing_away(conn: Connection) -> None:
    old = [season(1, *(episode(n, 10 + n) for n in range(1, 11))), season(2, episode(1, 31), episode(2, 32))]
    few = [season(1, episode(1, 11)), season(2, episode(1, 31), episode(2, 32))]
    assert "gone" not in merge(conn, old, few).values()
    without = [season(1, *(episode(n, 10 + n) for n in range(1, 11))), season(2)]
    assert "gone" not in merge(conn, old, without).values()
    assert "gone" not in merge(conn, old, without[:1]).values()


def test_a_plex_server_has_files_and_takes_nothing_away(conn: Connection) -> None:
    old = [season(1, *(episode(n, 10 + n) for n in range(1, 5)))]
    assert "gone" not in merge(conn, old, [season(1, episode(1), episode(2), episode(3))], source="plex").values()


def test_what_is_kept_gives_its_number_up_rather_than_share_it(conn: Connection) -> None:
    old = [season(1, episode(1, 11), episode(2, 12, watched=True), episode(3, 13))]
    new = [season(1, episode(1, 11), episode(2, 13))]
    assert merge(conn, old, new) == {(1, 1): (1, 1), (1, 3): (1, 2), (1, 2): (1, 3)}
