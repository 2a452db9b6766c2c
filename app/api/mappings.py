"""`/api/plex/mappings`: which Plex show stands for which show of the tracker."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.cursors import NewestFirstQuery, page_answer
from app.api.fields import Changes, Id, Search
from app.security.access import current_identity
from app.services import services
from app.tracker import mappings as tracker

blueprint = api_blueprint("mappings", __name__, "/api/plex")


class MappingsQuery(NewestFirstQuery):
    """Which mappings."""

    unmapped: bool | None = None
    conflicts: bool | None = None
    confirmed: bool | None = None
    sync_enabled: bool | None = None
    below: Annotated[float, Field(ge=0, le=1)] | None = None
    method: Search | None = None
    q: Search | None = None


class MappingChanges(Changes):
    """What to change; what is not named stays. `tvshow_id` null: not to be tracked."""

    tvshow_id: Id | None = None
    sync_enabled: bool = False
    manually_confirmed: bool = False


@blueprint.get("/mappings")
@described(
    "List mappings",
    description="unmapped: those that stand for no show (true), or for one (false)."
    " conflicts: those with an open question (true), or without (false)."
    " confirmed: those that you have confirmed (true), or not (false). sync_enabled: those that are switched on, or off."
    " below: those with less confidence. method: those that were found in this way, as match_method says it."
    " q: a part of the title in Plex or in the tracker.",
    query=MappingsQuery,
    answer=answers.Mappings,
)
def list_mappings(query: MappingsQuery) -> dict[str, Any]:
    """The newest first."""
    page = tracker.list_mappings(
        services(),
        current_identity().user_id,
        unmapped=query.unmapped,
        conflicts=query.conflicts,
        confirmed=query.confirmed,
        switched_on=query.sync_enabled,
        below=query.below,
        method=query.method or None,
        q=query.q,
        before=query.older_than,
        limit=query.at_most,
    )
    return page_answer("mappings", page)


@blueprint.get("/mappings/<id:mapping_id>")
@described("Look at a mapping", answer=answers.Mapping)
def get_mapping(mapping_id: int) -> dict[str, Any]:
    """One of them."""
    return tracker.get_mapping(services(), current_identity().user_id, mapping_id)


@blueprint.patch("/mappings/<id:mapping_id>")
@described(
    "Change a mapping",
    description="Naming a show confirms the mapping, turns its sync on, and moves what came through it from the show"
    " that it stood for: viewings, marks and dates, in one transaction. What the show lacks waits in a conflict."
    " tvshow_id null takes them away; sync_enabled false only stops what is to come.",
    body=MappingChanges,
    answer=answers.ChangedMapping,
    scope="write",
)
def change_mapping(mapping_id: int, body: MappingChanges) -> dict[str, Any]:
    """The user's own word."""
    changes = body.given()
    changed = tracker.change_mapping(services(), current_identity().user_id, mapping_id, changes)
    del changed["change_id"]
    return changed


@blueprint.delete("/mappings/<id:mapping_id>")
@described(
    "Forget a mapping",
    description="The next event of that Plex show is decided anew. Viewings stay.",
    status=204,
    scope="write",
)
def delete_mapping(mapping_id: int) -> None:
    """As if the show had never been seen."""
    tracker.delete_mapping(services(), current_identity().user_id, mapping_id)
