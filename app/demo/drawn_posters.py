"""The posters of the sample shows, which tools/posters.py has drawn."""

from __future__ import annotations

from pathlib import Path

from app.demo.library import SampleShow

DIRECTORY = Path(__file__).parent / "posters"


def poster_name(show: SampleShow) -> str:
    """What a show's picture is called: by its first id."""
    return "-".join(str(part) for part in next(iter(show.ids.items()))) + ".png"


def tmdb_path(show: SampleShow) -> str:
    """Where the simulated TMDB has it."""
    return f"/{poster_name(show)}"


def poster(show: SampleShow) -> bytes:
    """The picture of a show, a PNG."""
    return (DIRECTORY / poster_name(show)).read_bytes()
