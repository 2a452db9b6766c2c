"""`/api/shows`: the tracker itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.cursors import PageQuery, page_answer
from app.api.fields import (
    Body,
    Changes,
    Day,
    ForeignId,
    ImdbId,
    Minutes,
    Moment,
    Number,
    OrNull,
    Text,
    Title,
    Year,
    refuse,
)
from app.api.json_output import moment_text
from app.errors import NotFound
from app.security.access import current_identity
from app.services import services
from app.tracker import episodes as episodes_of
from app.tracker import refresh as refreshing
from app.tracker import shows as tracker
from app.tracker.show_list import bring_back
from app.tracker.viewings import mark_episodes

MOST_SEASONS = 200
MOST_EPISODES = 20_000
HIGHEST_SEASON = 2**31 - 1

blueprint = api_blueprint("shows", __name__)


class NewEpisode(Body):
    """An episode that the tracker does not have yet; `watched` without `dateWatched` means now."""

    episodeNumber: Number  # noqa: N815 - the stored document's own names
    title: Text | None = None
    airDate: Annotated[Day | None, OrNull] = None  # noqa: N815
    runtime: Minutes | None = None
    watched: bool = False
    dateWatched: Annotated[Moment | None, OrNull] = None  # noqa: N815

    def stored(self) -> dict[str, Any]:
        """As the seasons document holds it."""
        at = (self.dateWatched or datetime.now(UTC)).replace(microsecond=0) if self.watched else None
        return {
            "episodeNumber": self.episodeNumber,
            "title": self.title or None,
            "airDate": self.airDate.isoformat() if self.airDate else None,
            "runtime": self.runtime,
            "watched": self.watched,
            "dateWatched": moment_text(at) if at else None,
        }


class NewSeason(Body):
    """Episodes of one season; season 0 holds the specials."""

    seasonNumber: Number  # noqa: N815
    episodes: Annotated[list[NewEpisode], Field(max_length=MOST_EPISODES)] = Field(default_factory=list)


class _WithSeasons(Changes):
    """What a request to add and one to change a show have in common."""

    seasons: Annotated[list[NewSeason], Field(max_length=MOST_SEASONS)] = Field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        """What was given, with the seasons as they are stored."""
        given = self.model_dump(exclude_unset=True, exclude={"seasons"})
        if "seasons" in self.model_fields_set:
            given["seasons"] = [
                {"seasonNumber": season.seasonNumber, "episodes": [e.stored() for e in season.episodes]}
                for season in self.seasons
            ]
        return given

    @model_validator(mode="after")
    def _each_episode_once(self) -> _WithSeasons:
        # A second one would be dropped without a word.
        seen = set()
        for season in self.seasons:
            for episode in season.episodes:
                place = (season.seasonNumber, episode.episodeNumber)
                if place in seen:
                    raise refuse(f"season {place[0]} episode {place[1]} only once", field="seasons")
                seen.add(place)
        if len(seen) > MOST_EPISODES:
            raise refuse(f"at most {MOST_EPISODES} episodes", field="seasons")
        return self


class NewShow(_WithSeasons):
    """A show to add: by its title, with what else is known."""

    title: Title | None = None
    year: Year | None = None
    tmdb_id: ForeignId | None = None
    tvdb_id: ForeignId | None = None
    imdb_id: Annotated[ImdbId | None, OrNull] = None

    @model_validator(mode="after")
    def _has_a_name(self) -> NewShow:
        if self.title is None and self.tmdb_id is None:
            raise refuse("a value is needed", field="title")
        return self


class ShowChanges(_WithSeasons):
    """What to change; what is not named stays. Null takes a year or an id away."""

    title: Title = ""
    year: Year | None = None
    tmdb_id: ForeignId | None = None
    tvdb_id: ForeignId | None = None
    imdb_id: Annotated[ImdbId | None, OrNull] = None


class Mark(Body):
    """Watched or not, and at what moment that was so; now, when the moment is missing."""

    watched: bool
    watched_at: Moment | None = None


class SeasonMark(Body):
    """Watched or not, and when: now, or each episode when it aired."""

    watched: bool
    at: Literal["now", "aired"] = "now"


@blueprint.get("/shows")
@described("List the shows of the tracker", query=PageQuery, answer=answers.Shows)
def list_shows(query: PageQuery) -> dict[str, Any]:
    """In the order of their titles, without their seasons."""
    user_id = current_identity().user_id
    return page_answer("shows", tracker.list_shows(services(), user_id, after=query.next, limit=query.at_most))


@blueprint.post("/shows")
@described(
    "Add a show",
    description="Needs a title, or a tmdb_id alone: with a TMDB key all that is not given comes from there, seasons,"
    " episodes and other names included. Episodes that come with watched: true are marked at dateWatched.",
    body=NewShow,
    answer=answers.ShowAlone,
    status=201,
    errors={
        404: "TMDB has no such show.",
        409: "A show with this TMDB, TVDB or IMDb id is there.",
        422: "There is no title, and no TMDB key to ask for it, or TMDB does not accept the key.",
        503: "TMDB does not answer (code tmdb_unavailable); Retry-After says when to try again.",
    },
    scope="write",
)
def add_show(body: NewShow) -> dict[str, Any]:
    """By hand: source `manual`."""
    user_id = current_identity().user_id
    if body.title is None and body.tmdb_id is not None:
        return tracker.add_show_from_tmdb(services(), user_id, body.tmdb_id, body.stored())
    return tracker.add_show(services(), user_id, body.stored())


@blueprint.get("/shows/<id:tvshow_id>")
@described("Look at a show", answer=answers.ShowAlone)
def get_show(tvshow_id: int) -> dict[str, Any]:
    """With its seasons."""
    return tracker.get_show(services(), current_identity().user_id, tvshow_id)


@blueprint.patch("/shows/<id:tvshow_id>")
@described(
    "Change a show",
    description="Episodes of seasons that the show lacks are added; those that it has stay as they are,"
    " watched or not.",
    body=ShowChanges,
    answer=answers.ShowAlone,
    errors={409: "Another show has this TMDB, TVDB or IMDb id."},
    scope="write",
)
def change_show(tvshow_id: int, body: ShowChanges) -> dict[str, Any]:
    """A former title stays known for matching."""
    return tracker.change_show(services(), current_identity().user_id, tvshow_id, body.stored())


@blueprint.delete("/shows/<id:tvshow_id>")
@described(
    "Delete a show",
    description="Its viewings are kept. Plex shows that were mapped to it are not tracked any more.",
    status=204,
    scope="write",
)
def delete_show(tvshow_id: int) -> None:
    """Out of sight; nothing revives it."""
    tracker.delete_show(services(), current_identity().user_id, tvshow_id)


@blueprint.post("/shows/<id:tvshow_id>/refresh")
@described(
    "Read a show anew",
    description="From TMDB by its id, else from the Plex server that has sent an episode of it."
    " Nothing that was watched is lost: renumbered episodes take their viewings along.",
    answer=answers.Refreshed,
    errors={
        422: "Nobody can be asked about this show, or the key is refused.",
        502: "The one that was asked gave an answer that cannot be used.",
        503: "The one that was asked does not answer.",
    },
    scope="write",
)
def refresh_show(tvshow_id: int) -> dict[str, Any]:
    """Waits for the answer."""
    return refreshing.refresh_show(services(), current_identity().user_id, tvshow_id)


@blueprint.put("/shows/<id:tvshow_id>/episodes/<id:season>/<id:episode>")
@described(
    "Mark an episode watched, or not",
    description="watched: false takes back the viewings before watched_at, and none after it.",
    body=Mark,
    answer=answers.Episode,
    scope="write",
)
def mark_episode(tvshow_id: int, season: int, episode: int, body: Mark) -> dict[str, Any]:
    """The user's own word."""
    return episodes_of.set_watched(
        services(),
        current_identity().user_id,
        tvshow_id,
        season,
        episode,
        watched=body.watched,
        watched_at=body.watched_at,
    )


@blueprint.put("/shows/<id:tvshow_id>/seasons/<id:season>")
@described(
    "Mark a season watched, or not",
    description="watched: true marks what has aired and is not watched yet, at aired in the evening of each air date.",
    body=SeasonMark,
    answer=answers.ShowAlone,
    scope="write",
)
def mark_season(tvshow_id: int, season: int, body: SeasonMark) -> dict[str, Any]:
    """The user's own word about many episodes at once."""
    user_id = current_identity().user_id
    if season > HIGHEST_SEASON:
        raise NotFound("the show has no such season")
    mark_episodes(services(), user_id, tvshow_id, season, watched=body.watched, at=body.at)
    return tracker.get_show(services(), user_id, tvshow_id)


@blueprint.post("/shows/<id:tvshow_id>/restore")
@described(
    "Bring a deleted show back",
    description="With its viewings, the Plex shows that were mapped to it, and what was asked about its episodes.",
    answer=answers.ShowAlone,
    errors={409: "A show with one of its ids was added since."},
    scope="write",
)
def restore_show(tvshow_id: int) -> dict[str, Any]:
    """Undoes its deletion."""
    user_id = current_identity().user_id
    bring_back(services(), user_id, tvshow_id)
    return tracker.get_show(services(), user_id, tvshow_id)
