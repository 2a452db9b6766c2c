"""The script of `tellykeep demo --once`: what is sent, and what must come of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from app.demo.library import (
    AIRED_SINCE,
    BONES,
    HARBOUR,
    LATE,
    NEW,
    NIGHTJAR_2009,
    NIGHTJAR_2020,
    SEA,
    SIGNAL,
    SampleShow,
)
from app.demo.messages import GUEST, Message, by_air_date, envelope, episode, legacy_episode, live_tv, other

# Watched by hand a month ago, so that the script can watch it again.
WATCHED_A_MONTH_AGO = (HARBOUR, 1, 1)


@dataclass(frozen=True)
class Step:
    """One webhook.

    Attributes:
        what: in words, for the person who watches.
        expected: status and action that the answer must have.
        marks: the episode that is watched afterwards, if any.
        plays: by how many its viewings grow.
    """

    what: str
    message: Message
    expected: tuple[str, str]
    marks: tuple[SampleShow, int, int] | None = None
    plays: int = 0


def _marks(
    what: str, message: Message, show: SampleShow, season: int, number: int, action: str = "marked_watched"
) -> Step:
    return Step(what, message, ("success", action), (show, season, number), 0 if action == "already_watched" else 1)


def _ignored(what: str, message: Message, action: str) -> Step:
    return Step(what, message, ("ignored", action))


def steps() -> Iterator[Step]:
    """All steps, in order; viewing times are those of the moment."""
    now = time.time()
    first = episode(HARBOUR, 2, 3, viewed_at=now)
    yield _ignored("play, nothing watched yet", episode(HARBOUR, 2, 3, event="media.play"), "event_not_scrobble")
    yield _marks("new agent: ids of the episode, guid of the show", first, HARBOUR, 2, 3)
    yield Step("the same message once more", first, ("duplicate", "duplicate"))
    yield _marks(
        "the same viewing, reported again ten minutes earlier",
        episode(HARBOUR, 2, 3, viewed_at=now - 600),
        HARBOUR,
        2,
        3,
        "already_watched",
    )
    yield _marks("the next episode: mapped by now", episode(HARBOUR, 2, 4), HARBOUR, 2, 4)
    yield _marks(
        "a rewatch of what was seen a month ago",
        episode(*WATCHED_A_MONTH_AGO),
        *WATCHED_A_MONTH_AGO,
        "rewatched",
    )
    yield _marks("a special: season 0", episode(HARBOUR, 0, 1), HARBOUR, 0, 1)
    yield _marks("season 0, episode 0", episode(HARBOUR, 0, 0), HARBOUR, 0, 0)
    yield _marks("legacy agent: TVDB", legacy_episode(BONES, 2, 5, "thetvdb", 920002), BONES, 2, 5)
    yield _marks("legacy agent: TMDB", legacy_episode(SIGNAL, 1, 2, "themoviedb", 910003), SIGNAL, 1, 2)
    yield _marks("HAMA, a title in Japanese", legacy_episode(SEA, 1, 7, "hama", "tvdb-920004"), SEA, 1, 7)
    yield _marks("a daily show: only the air date", by_air_date(LATE, 1, 12), LATE, 1, 12)
    yield _ignored("another account watches", episode(HARBOUR, 2, 5, account=GUEST), "account_not_tracked")
    yield Step(
        "an ambiguous title: two shows called Nightjar",
        episode(NIGHTJAR_2020, 1, 1),
        ("conflict", "needs_user_input"),
    )
    yield Step(
        "its next episode waits for the same answer",
        episode(NIGHTJAR_2020, 1, 2),
        ("conflict", "needs_user_input"),
    )
    yield _ignored("a movie", other("movie", "The Lighthouse Keeper", year=2017, duration=5_400_000), "not_an_episode")
    yield _ignored("a track", other("track", "Slow Tide", grandparentTitle="The Moorings"), "not_an_episode")
    yield _ignored("live TV", live_tv("The Evening Quiz"), "live_tv")
    yield _ignored(
        "a trailer",
        other("clip", "Harbour Lights: Trailer", subtype="trailer", extraType=1),
        "not_an_episode",
    )
    yield _ignored(
        "a new season in the library",
        envelope("library.new", {"type": "show", "ratingKey": "77", "title": "Old Bones", "index": 1}),
        "event_not_scrobble",
    )


def looked_up_steps() -> Iterator[Step]:
    """What follows once the Plex server and TMDB can be asked; what is expected is what the look-up leads to."""
    yield _marks("a show that the tracker does not have", episode(NEW, 1, 2), NEW, 1, 2, "added_show")
    yield _marks("its next episode: mapped by now", episode(NEW, 1, 3), NEW, 1, 3)
    yield _marks("an episode that aired since", episode(HARBOUR, *AIRED_SINCE), HARBOUR, *AIRED_SINCE)


# The user's answer to the question of the script, and what it marks.
ANSWER = NIGHTJAR_2020
ANSWERED = ((NIGHTJAR_2020, 1, 1), (NIGHTJAR_2020, 1, 2))
NOT_MEANT = NIGHTJAR_2009
