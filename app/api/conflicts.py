"""`/api/plex/conflicts`: the questions, and the answers to them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.cursors import NewestFirstQuery, page_answer
from app.api.fields import Body, ForeignId, Id, Number, refuse
from app.security.access import current_identity
from app.services import services
from app.tracker import conflicts as tracker

blueprint = api_blueprint("conflicts", __name__, "/api/plex")

_RESOLVED = {"true": True, "false": False, "all": None}


class ConflictsQuery(NewestFirstQuery):
    """Which conflicts."""

    resolved: Literal["true", "false", "all"] = "false"


class Resolve(Body):
    """The answer to a conflict."""

    action: Literal["select", "create_new", "ignore", "ignore_forever", "search_again"]
    tvshow_id: Id | None = None
    tmdb_id: ForeignId | None = None
    season: Number | None = None
    episode: Number | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Resolve:
        if self.tvshow_id is not None and self.action != "select":
            raise refuse("only with the action select", field="tvshow_id")
        if self.tmdb_id is not None and self.action not in ("select", "create_new"):
            raise refuse("only with the actions select and create_new", field="tmdb_id")
        if self.tvshow_id is not None and self.tmdb_id is not None:
            raise refuse("either this or tvshow_id", field="tmdb_id")
        if (self.season is None) != (self.episode is None):
            missing = "season" if self.season is None else "episode"
            raise refuse("season and episode go together", field=missing)
        if self.season is not None and self.action != "select":
            raise refuse("only with the action select", field="season")
        return self


@blueprint.get("/conflicts")
@described(
    "List conflicts",
    description="resolved: open ones (false, the default), answered ones (true), or all.",
    query=ConflictsQuery,
    answer=answers.Conflicts,
)
def list_conflicts(query: ConflictsQuery) -> dict[str, Any]:
    """The newest first."""
    page = tracker.list_conflicts(
        services(),
        current_identity().user_id,
        resolved=_RESOLVED[query.resolved],
        before=query.older_than,
        limit=query.at_most,
    )
    return page_answer("conflicts", page)


@blueprint.get("/conflicts/<id:conflict_id>")
@described("Look at a conflict", answer=answers.Conflict)
def get_conflict(conflict_id: int) -> dict[str, Any]:
    """Open or answered."""
    return tracker.get_conflict(services(), current_identity().user_id, conflict_id)


@blueprint.post("/conflicts/<id:conflict_id>/resolve")
@described(
    "Answer a conflict",
    description="The answer is applied to every event that waits for it, in viewing order."
    " select takes a show of the tracker (tvshow_id, or the one that has tmdb_id;"
    " neither: the show that lacks the episode, which then gets it). create_new adds the show. So does select with a"
    " tmdb_id that the tracker does not have. A show that is added comes with its episodes from TMDB where its TMDB id"
    " and a key are there, else from the Plex server where a token is there, else with those that wait."
    " ignore leaves these events out, ignore_forever the show. search_again decides the events anew.",
    body=Resolve,
    answer=answers.Resolution,
    errors={
        409: "It was answered before.",
        422: "The answer does not fit what waits for it, or TMDB or the Plex server refuses the key.",
        502: "TMDB or the Plex server gave no answer that can be used. Nothing was changed.",
        503: "TMDB or the Plex server does not answer now. Nothing was changed.",
    },
    scope="write",
)
def resolve_conflict(conflict_id: int, body: Resolve) -> dict[str, Any]:
    """One transaction."""
    return tracker.resolve_conflict(
        services(),
        current_identity().user_id,
        conflict_id,
        body.action,
        tvshow_id=body.tvshow_id,
        tmdb_id=body.tmdb_id,
        season=body.season,
        episode=body.episode,
    )


@blueprint.post("/conflicts/<id:conflict_id>/undo")
@described(
    "Take the answer to a conflict back",
    description="For seven days (undo_until). The mapping, the name and the episodes are as they were before the answer."
    " What was marked through it is withdrawn, and waits again: the events that were held, and those that came since."
    " A show that the answer added is removed, unless something else was done with it.",
    answer=answers.Undone,
    errors={
        409: "It has no answer, or that was taken back before, given too long ago, or its mapping was changed since."
    },
    scope="write",
)
def undo_conflict(conflict_id: int) -> dict[str, Any]:
    """One transaction."""
    return tracker.undo_conflict(services(), current_identity().user_id, conflict_id)
