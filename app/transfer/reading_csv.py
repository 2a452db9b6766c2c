"""A CSV of viewings, as `app.transfer.viewings` writes it or a spreadsheet saves it, show by show."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TextIO

from pydantic import Field, ValidationError

from app.transfer.cells import as_meant
from app.transfer.document import ForeignId, ImdbId, Moment, Name, Number, Part, ShowYear, Source, Text, what_is_wrong
from app.transfer.reading import Unreadable

NEEDED = frozenset({"show", "season", "episode", "watched_at"})
# Of one show, in one transaction.
_MOST_ROWS = 20_000


class Viewing(Part):
    """One line."""

    show: Name
    year: ShowYear | None = None
    tmdb_id: ForeignId | None = None
    tvdb_id: ForeignId | None = None
    imdb_id: ImdbId | None = None
    season: Number
    episode: Number
    episode_title: Text | None = None
    watched_at: Moment
    source: Source = "import"
    account: Annotated[Text, Field(min_length=1)] | None = None

    @property
    def of_show(self) -> tuple[object, ...]:
        """What says which show it is."""
        return self.show, self.year, self.tmdb_id, self.tvdb_id, self.imdb_id


def read_shows(
    file: TextIO, *, place_of: Callable[[str], int], refuse: Callable[[str, str], None]
) -> Iterator[dict[str, Any]]:
    """The shows of a CSV, as a JSON export has them: lines that follow each other and name the same show are one of them.

    Args:
        file: opened with `newline=""`.
        place_of: the place of a Plex account by its name, in the list that `import_show` is given.
        refuse: told each line that cannot be read, and why.

    Raises:
        Unreadable: it is no such CSV; what was before that line has been handed on.
        UnicodeDecodeError: likewise.
    """
    viewings: list[Viewing] = []
    for viewing in _lines(file, refuse):
        if viewings and (viewing.of_show != viewings[0].of_show or len(viewings) == _MOST_ROWS):
            yield _show(viewings, place_of)
            viewings = []
        viewings.append(viewing)
    if viewings:
        yield _show(viewings, place_of)


def _lines(file: TextIO, refuse: Callable[[str, str], None]) -> Iterator[Viewing]:
    head = file.readline(10_000)
    # As spreadsheets save it where the comma stands in numbers.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
    if not set(names) >= NEEDED:
        raise Unreadable(f"this is no export of Tellykeep: a CSV has the columns {', '.join(sorted(NEEDED))}")
    rows = csv.reader(file, delimiter=delimiter)
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            raise Unreadable(f"the file is no CSV export: something is wrong in line {rows.line_num + 1}") from None
        if row is None:
            return
        given = {name: as_meant(cell) for name, cell in zip(names, row, strict=False) if cell}
        if not given:
            continue
        try:
            yield Viewing.model_validate(given)
        except ValidationError as error:
            refuse(f"line {rows.line_num + 1}", what_is_wrong(error))


def _show(viewings: list[Viewing], place_of: Callable[[str], int]) -> dict[str, Any]:
    first = viewings[0]
    episodes: dict[int, dict[int, str | None]] = {}
    for viewing in viewings:
        of_season = episodes.setdefault(viewing.season, {})
        of_season[viewing.episode] = of_season.get(viewing.episode) or viewing.episode_title
    return {
        "title": first.show,
        "year": first.year,
        "tmdb_id": first.tmdb_id,
        "tvdb_id": first.tvdb_id,
        "imdb_id": first.imdb_id,
        "seasons": [
            {
                "seasonNumber": season,
                "episodes": [{"episodeNumber": number, "title": title} for number, title in sorted(of_season.items())],
            }
            for season, of_season in sorted(episodes.items())
        ],
        "plays": [
            {
                "season": viewing.season,
                "episode": viewing.episode,
                "watched_at": viewing.watched_at,
                "source": viewing.source,
                "account": None if viewing.account is None else place_of(viewing.account),
            }
            for viewing in viewings
        ],
    }
