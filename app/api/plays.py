"""`/api/shows/…/plays`: the viewings, one by one."""

from __future__ import annotations

from typing import Any

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.cursors import NewestFirstQuery, page_answer
from app.api.fields import Body, Moment
from app.security.access import current_identity
from app.services import services
from app.tracker import plays

blueprint = api_blueprint("plays", __name__)

_NOT_YET = "watched_at lies in the future."
_COUNTS_NO_MORE = "It does not count any more: it was removed, moved or taken back."


class NewPlay(Body):
    """When it was; now, when the moment is missing."""

    watched_at: Moment | None = None


class MovedPlay(Body):
    """When it really was."""

    watched_at: Moment


@blueprint.get("/shows/<id:tvshow_id>/plays")
@described("List the viewings of a show", query=NewestFirstQuery, answer=answers.Plays)
def list_plays(tvshow_id: int, query: NewestFirstQuery) -> dict[str, Any]:
    """The latest first."""
    page = plays.list_plays(
        services(), current_identity().user_id, tvshow_id, before=query.older_than, limit=query.at_most
    )
    return page_answer("plays", page)


@blueprint.get("/shows/<id:tvshow_id>/plays/<id:play_id>")
@described("Look at a viewing", answer=answers.Play)
def get_play(tvshow_id: int, play_id: int) -> dict[str, Any]:
    """Whether it counts or not."""
    return plays.get_play(services(), current_identity().user_id, tvshow_id, play_id)


@blueprint.post("/shows/<id:tvshow_id>/episodes/<id:season>/<id:episode>/plays")
@described(
    "Add a viewing of an episode",
    description="One more, also of an episode that was watched before. A time within a runtime of a viewing that is known is"
    " part of that one: action is already_watched then, and the answer is the known one.",
    body=NewPlay,
    answer=answers.AddedPlay,
    errors={422: _NOT_YET},
    scope="write",
)
def add_play(tvshow_id: int, season: int, episode: int, body: NewPlay) -> dict[str, Any]:
    """The user's own word."""
    return plays.add_play(services(), current_identity().user_id, tvshow_id, season, episode, body.watched_at)


@blueprint.patch("/shows/<id:tvshow_id>/plays/<id:play_id>")
@described(
    "Give a viewing another time",
    description="Answers with the viewing that counts now, which has an id of its own; the one before is kept, and counts"
    " no more.",
    body=MovedPlay,
    answer=answers.Play,
    errors={409: _COUNTS_NO_MORE, 422: _NOT_YET},
    scope="write",
)
def move_play(tvshow_id: int, play_id: int, body: MovedPlay) -> dict[str, Any]:
    """Plex, when it tells it again, does not bring the old time back."""
    return plays.move_play(services(), current_identity().user_id, tvshow_id, play_id, body.watched_at)


@blueprint.delete("/shows/<id:tvshow_id>/plays/<id:play_id>")
@described(
    "Remove a viewing",
    description="It is kept and counts no more, also when Plex tells it again.",
    status=204,
    errors={409: _COUNTS_NO_MORE},
    scope="write",
)
def remove_play(tvshow_id: int, play_id: int) -> None:
    """It was none."""
    plays.remove_play(services(), current_identity().user_id, tvshow_id, play_id)
