"""Posters: what is an image, what is drawn where there is none, and what is kept of those that were fetched."""

from __future__ import annotations

import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client import CollectorRegistry

from app.posters.drawing import INK, TONES, drawn_tile, letters, tone
from app.posters.fetching import PLEX_PATH, TMDB_PATH, can_be_fetched
from app.posters.image import Image, read_image
from app.posters.keeping import PosterKeeper, TooManyWait
from app.posters.store import PosterStore
from app.upstream.errors import NotThere, UpstreamUnavailable
from app.upstream.figures import UpstreamFigures
from app.upstream.http import Upstream
from app.upstream.pace import Pace
from app.upstream.waiting_room import WaitingRoom
from tests.unit.test_web_colours import _contrast

JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
CSS = (Path(__file__).parents[2] / "app" / "static" / "app.css").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", None),
        (b"<html>Please sign in.</html>", None),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_the_first_bytes_say_what_an_image_is(content: bytes, media_type: str | None) -> None:
    image = read_image(content)

    assert (image and image.media_type) == media_type


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/abcDEF_1-2.jpg", True),
        ("/a.webp", True),
        ("/library/metadata/4711/thumb/1700000000", True),
        ("/../3/configuration.jpg", False),
        ("//evil.example/a.jpg", False),
        ("/a.svg", False),
        ("/a.jpg?x=1", False),
        ("/a.jpg\n", False),
        ("/library/metadata/4711/thumb/1/../../accounts", False),
        ("https://evil.example/a.jpg", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_only_paths_of_tmdb_and_plex_are_asked_for(path: object, known: bool) -> None:
    assert can_be_fetched(path) is known


def test_no_path_is_both() -> None:
    assert not TMDB_PATH.fullmatch("/library/metadata/1/thumb/2")
    assert not PLEX_PATH.fullmatch("/a.jpg")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Harbour Lights", "HL"),
        ("The Long Orbit", "LO"),
        ("The", "T"),
        ("24", "2"),
        ("海の記憶", "海"),
        ("شاهد الآن", "ش"),
        ("<script>alert(1)</script>", "SA"),
        ("🚀🚀", "?"),
        ("", "?"),
        (None, "?"),
    ],
)
def test_a_tile_has_the_first_letters_of_the_title(title: str | None, shown: str) -> None:
    assert letters(title) == shown


def test_a_drawn_tile_is_an_image_without_style_or_script() -> None:
    drawn = drawn_tile('<Ampersand & "Sons"', 3)

    root = ElementTree.fromstring(drawn)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert b"style" not in drawn
    assert b"script" not in drawn


def test_letters_can_be_read_on_every_colour_and_pages_have_the_same_ones() -> None:
    in_pages = re.findall(r"\.tk-poster-tone-(\d) \{ background: (#[0-9a-f]{6}); \}", CSS)

    assert in_pages == [(str(number), colour) for number, colour in enumerate(TONES)]
    assert all(_contrast(INK, colour) >= 4.5 for colour in TONES)
    assert {tone(number) for number in range(20)} == set(range(len(TONES)))


def image(size: int) -> Image:
    return Image(b"\xff\xd8\xff" + bytes(size - 3), "image/jpeg")


def test_what_was_kept_is_there_after_a_start(tmp_path: Path) -> None:
    PosterStore(tmp_path / "posters", 1000).put(image(100), "tmdb", "/a.jpg", "s")

    kept = PosterStore(tmp_path / "posters", 1000)
    assert kept.get("tmdb", "/a.jpg", "s") == image(100)
    assert kept.get("tmdb", "/a.jpg", "m") is None
    assert (tmp_path / "posters").stat().st_mode & 0o777 == 0o700


def test_what_nobody_looked_at_for_the_longest_time_goes_first(tmp_path: Path) -> None:
    store = PosterStore(tmp_path, 1000)
    for number in range(3):
        store.put(image(300), number)
    for number, path in enumerate(store._path((n,)) for n in range(3)):
        os.utime(path, (number, number))
    assert store.get(0) is not None

    store.put(image(300), 3)

    assert [store.get(number) is not None for number in range(4)] == [True, False, True, True]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000


def test_what_a_killed_process_left_unfinished_is_counted_and_dropped(tmp_path: Path) -> None:
    left = tmp_path / "tmpabc.new"
    left.write_bytes(bytes(900))
    os.utime(left, (1, 1))
    store = PosterStore(tmp_path, 1000)

    store.put(image(200), "one")

    assert store.get("one") is not None
    assert not left.exists()


def test_nothing_is_kept_where_the_disk_is_almost_full(tmp_path: Path) -> None:
    store = PosterStore(tmp_path / "posters", 1000)

    store.put(image(100), "one", reserve=2**62)

    assert store.get("one") is None


def test_a_directory_that_cannot_be_used_costs_nothing_but_the_fetch(tmp_path: Path) -> None:
    (tmp_path / "posters").write_text("a file")
    store = PosterStore(tmp_path / "posters", 1000)

    store.put(image(100), "one")

    assert store.get("one") is None


class Host:
    """Counts how often it is asked, and answers as told."""

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def keeper(tmp_path: Path) -> PosterKeeper:
    upstream = Upstream("posters", UpstreamFigures(CollectorRegistry()), pace=Pace(100, burst=100))
    return PosterKeeper(upstream, WaitingRoom(2), PosterStore(tmp_path, 10_000), places=2, reserve=0)


def test_a_poster_is_fetched_once(keeper: PosterKeeper) -> None:
    host = Host(JPEG)

    first, second = (keeper.image(("tmdb", "/a.jpg"), "https://a", host) for _ in range(2))

    assert first == second == read_image(JPEG)
    assert host.asked == 1


def test_a_host_that_is_away_is_left_alone_for_a_while(keeper: PosterKeeper) -> None:
    away, other = Host(UpstreamUnavailable("posters", "did not answer in time")), Host(JPEG)

    assert keeper.image(("tmdb", "/a.jpg"), "https://a", away) is None
    assert keeper.image(("tmdb", "/b.jpg"), "https://a", away) is None
    assert keeper.image(("plex", "/c"), "https://b", other) is not None
    assert away.asked == 1


@pytest.mark.parametrize("answer", [NotThere("posters", "a poster"), b"<svg/>"])
def test_what_is_not_there_or_no_image_is_not_asked_for_again_at_once(
    keeper: PosterKeeper, answer: bytes | Exception
) -> None:
    host, other = Host(answer), Host(JPEG)

    assert keeper.image(("tmdb", "/a.jpg"), "https://a", host) is None
    assert keeper.image(("tmdb", "/a.jpg"), "https://a", host) is None
    assert keeper.image(("tmdb", "/b.jpg"), "https://a", other) is not None
    assert host.asked == 1


def test_a_few_threads_at_most_wait_for_posters_and_the_others_do_not_wait_for_them(keeper: PosterKeeper) -> None:
    host, go_on, begun = Host(JPEG), threading.Event(), threading.Barrier(3)

    def slow() -> bytes:
        begun.wait(10)
        go_on.wait(10)
        return JPEG

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(keeper.image, ("tmdb", number), "https://a", slow) for number in range(2)]
        begun.wait(10)
        with pytest.raises(TooManyWait):
            keeper.image(("tmdb", "/a.jpg"), "https://a", host)
        assert host.asked == 0
        go_on.set()
        assert [one.result(10) for one in asked] == [read_image(JPEG)] * 2
    # What is kept needs no place, and the places are free again.
    assert keeper.image(("tmdb", 0), "https://a", host) is not None
    assert keeper.image(("tmdb", "/a.jpg"), "https://a", host) is not None
    assert host.asked == 1
