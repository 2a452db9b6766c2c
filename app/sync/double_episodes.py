"""Files that hold several episodes: read from their names, kept as numbering rules, so that one viewing marks each of them.

Plex lists such a file as one episode or as several, but a viewing is told of one only. What the name says has to be
certain: a file wrongly taken for two marks an episode that nobody saw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from unicodedata import normalize

import psycopg
import structlog

from app.db.queries import queries
from app.errors import NotFound, from_database
from app.plex.client import PlexServer, plex_server_of
from app.plex.metadata import PlexEpisode
from app.services import Services
from app.tracker.numbering import list_rules, save_rules
from app.tracker.paging import Row
from app.upstream.errors import NotThere

log = structlog.get_logger("tellykeep.double_episodes")

# A season in one file is seen; more than that is a misreading.
MOST_IN_A_FILE = 30
# "S01E01-02": nothing but the number says that it is an episode.
MOST_BY_BARE_NUMBER = 10

# En dash, em dash, minus, wide tilde.
_DASHES = str.maketrans(dict.fromkeys("\u2013\u2014\u2212\uff5e~", "-"))
_FIRST = re.compile(r"(?<![a-z0-9])s(?P<season>\d{1,4})[ ._-]?e(?P<episode>\d{1,4})", re.ASCII)
_FIRST_BY_X = re.compile(r"(?<![a-z0-9])(?P<season>\d{1,2})x(?P<episode>\d{2,3})", re.ASCII)
# What may come between two episodes, and the next one. A number alone follows its dash at once: " - 02 Days" is a title.
_NEXT = re.compile(r"(?P<between>[ ._+&-]*)(?:s(?P<season>\d{1,4})[ ._-]?)?e(?P<episode>\d{1,4})", re.ASCII)
_NEXT_BY_X = re.compile(r"(?P<between>[ ._+&-]*)(?:(?P<season>\d{1,2})x|(?<=\d)x)(?P<episode>\d{2,3})", re.ASCII)
_NEXT_NUMBER = re.compile(r"(?P<between>-)(?P<episode>\d{2,4})", re.ASCII)
_VERSION = re.compile(r"v\d(?![a-z0-9])", re.ASCII)


@dataclass(frozen=True)
class EpisodeRange:
    """The episodes of one file: `first` to `last` of a season."""

    season: int
    first: int
    last: int


def episodes_in(file: str) -> EpisodeRange | None:
    """The episodes that a file's name says it holds, when there are several; None for one, and where it is not certain.

    Args:
        file: a path, of any system.
    """
    name = normalize("NFKC", re.split(r"[\\/]", file)[-1]).translate(_DASHES).lower()
    stem = name.rpartition(".")[0] or name
    for first, following in ((_FIRST, _NEXT), (_FIRST_BY_X, _NEXT_BY_X)):
        match = first.search(stem)
        if match is not None:
            return _range(stem, match, following)
    return None


def _range(stem: str, match: re.Match[str], following: re.Pattern[str]) -> EpisodeRange | None:
    season = int(match["season"])
    numbers, betweens = [match["episode"]], []
    by_bare_number = False
    at = match.end()
    while True:
        step = following.match(stem, at)
        if step is None or not _ends(stem, step.end(), following):
            step = _NEXT_NUMBER.match(stem, at)
            if step is None or not _ends(stem, step.end(), following) or not _as_long(numbers[-1], step["episode"]):
                break
            by_bare_number = True
        elif step["season"] is not None and int(step["season"]) != season:
            return None
        numbers.append(step["episode"])
        betweens.append(step["between"])
        at = step.end()
    found = [int(number) for number in numbers]
    most = MOST_BY_BARE_NUMBER if by_bare_number else MOST_IN_A_FILE
    # Two with a dash between them are a range; any other row of numbers has to be without a gap.
    is_range = len(found) == 2 and "-" in betweens[0]
    is_row = all(after == before + 1 for before, after in pairwise(found))
    if len(found) < 2 or not (is_row or is_range) or not found[0] < found[-1] < found[0] + most:
        return None
    return EpisodeRange(season, found[0], found[-1])


def _ends(stem: str, at: int, following: re.Pattern[str]) -> bool:
    """Whether a number ends here: no unit (1080p), no part (2a), no rest of a date; another episode may follow at once."""
    rest = stem[at:]
    if not rest or not (rest[0].isalnum() or re.match(r"-\d", rest)):
        return True
    return bool(_VERSION.match(rest) or following.match(rest) or _NEXT_NUMBER.match(rest))


def _as_long(before: str, after: str) -> bool:
    """01-02 and 99-100, but not 01-1080 or 1-02."""
    return len(before) >= 2 and (len(after) == len(before) or (len(after) == len(before) + 1 and set(before) == {"9"}))


def double_rules(episodes: Iterable[PlexEpisode]) -> list[dict[str, Any]]:
    """The numbering rules that follow from the names of the files of a show's episodes.

    An episode whose file does not name it, or whose several files do not say the same, gets none.
    """
    rules = {}
    for episode in episodes:
        held = {episodes_in(file) for file in episode.files}
        one = held.pop() if len(held) == 1 else None
        if (
            one is not None
            and episode.season == one.season
            and episode.episode is not None
            and one.first <= episode.episode <= one.last
        ):
            rules[one.season, episode.episode] = {
                "kind": "double",
                "plex_season": one.season,
                "from_episode": episode.episode,
                "to_episode": episode.episode,
                "season": None,
                "episode_offset": 0,
                "season_lengths": None,
                "first_episode": one.first,
                "last_episode": one.last,
            }
    return [rules[place] for place in sorted(rules)]


def learn_double_episodes(
    services: Services, user_id: int, mapping_id: int, server: PlexServer, show_rating_key: str
) -> Row | None:
    """Reads the names of a show's files from its Plex server; what they say replaces what they said before, also for the past.

    The server is asked before any transaction is begun. What the user took away stays away.

    Returns:
        What was moved in the past (as `save_rules`); None when the names say what they said before, or the mapping is gone.

    Raises:
        UpstreamError: the server does not answer, or does not know the show.
    """
    rules = double_rules(server.episodes(show_rating_key))
    with services.db.connection() as connection:
        queries().note_files_read(connection, user_id=user_id, mapping_id=mapping_id)
    try:
        before = [rule for rule in list_rules(services, user_id, mapping_id) if rule["source"] == "plex_file"]
        if _places(before) == _places(rules):
            return None
        saved = save_rules(services, user_id, mapping_id, rules, source="plex_file", replace=True, apply_to_past=True)
    except NotFound:
        return None
    except psycopg.Error as error:
        if isinstance(from_database(error), NotFound):
            return None
        raise
    log.info("files with several episodes", mapping_id=mapping_id, files=len(rules))
    correction: Row | None = saved["correction"]
    return correction


def learn_after_look_up(services: Services, user_id: int, log_id: int) -> None:
    """After an event has mapped a show of the server that has a token: reads its files.

    Raises:
        UpstreamError: the server does not answer.
    """
    with services.db.connection() as connection:
        places = list(queries().files_of_event(connection, user_id=user_id, log_id=log_id))
    _learn(services, user_id, places)


def learn_after_refresh(services: Services, user_id: int, tvshow_id: int) -> None:
    """After a show of the tracker was read anew: reads its files, where the server that has a token has it.

    Raises:
        UpstreamError: the server does not answer.
    """
    with services.db.connection() as connection:
        places = list(queries().files_of_show(connection, user_id=user_id, tvshow_id=tvshow_id))
    _learn(services, user_id, places)


def _learn(services: Services, user_id: int, places: list[Row]) -> None:
    server = plex_server_of(services, user_id, []) if places else None
    if server is None:
        return
    for place in places:
        try:
            learn_of_mapping(services, user_id, place, server)
        except NotThere:
            # A rebuilt library has given it another key; its next event brings it.
            continue


def learn_of_mapping(services: Services, user_id: int, place: Row, server: PlexServer) -> Row | None:
    """Reads the files of a mapping's show, as `learn_double_episodes`.

    Args:
        services: the application's parts.
        user_id: whose mapping.
        place: `mapping_id`, and `plex_rating_key`, `plex_guid` and `plex_title` by which the show was known.
        server: whom to ask.

    Raises:
        NotThere: the key stands for no show, or for another one by now.
        UpstreamError: the server does not answer.
    """
    server.show_known_as(place["plex_rating_key"], place["plex_guid"], place["plex_title"])
    return learn_double_episodes(services, user_id, place["mapping_id"], server, place["plex_rating_key"])


def _places(rules: Iterable[dict[str, Any]]) -> set[tuple[int, ...]]:
    names = ("plex_season", "from_episode", "first_episode", "last_episode")
    return {tuple(rule[name] for name in names) for rule in rules}
