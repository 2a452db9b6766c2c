"""`/api/plex/config`: the connection to Plex and TMDB, and the webhook's address."""

from __future__ import annotations

from typing import Annotated, Any

from flask import request
from pydantic import Field, PlainValidator, WithJsonSchema

from app.api import answers
from app.api.contract import api_blueprint, described
from app.api.fields import HIGHEST_ID, Body, Changes, Id, OrNull, ServerUrl, Storable, Text, Token, refuse
from app.security.access import current_identity
from app.services import services
from app.tracker import plex_config as tracker

blueprint = api_blueprint("config", __name__, "/api/plex")

Uuid = Annotated[str, Storable, Field(min_length=1, max_length=100)]


def _server_name(value: object) -> int | str:
    is_id = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= HIGHEST_ID
    if not is_id and not (isinstance(value, str) and 0 < len(value) <= 100):
        raise refuse("the id or the uuid of a server")
    return value  # type: ignore[return-value] # just checked


# A validator of its own: the errors of a union name both of its kinds as if they were fields.
ServerName = Annotated[
    int | str,
    PlainValidator(_server_name),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}], "description": "Id or uuid of a server."}),
]


Similarity = Annotated[
    float,
    Field(ge=0.1, le=0.9, description="How alike a name must be for its show to be proposed (0.35)."),
]
Confidence = Annotated[
    float,
    Field(ge=0.6, le=1, description="How sure a match by title must be to be taken without asking (0.60)."),
]


class ConfigChanges(Changes):
    """What to change; what is not named stays. Null or an empty text takes a token, key, address or name away."""

    plex_token: Annotated[Token | None, OrNull] = None
    plex_server_url: Annotated[ServerUrl | None, OrNull] = None
    plex_server_name: Annotated[Text | None, OrNull] = None
    plex_server_uuid: Annotated[Uuid | None, OrNull] = None
    tmdb_api_key: Annotated[Token | None, OrNull] = None
    enabled: bool = True
    auto_add_shows: bool = True
    auto_mark_watched: bool = True
    propose_similarity: Similarity = 0.35
    map_confidence: Confidence = 0.60
    history_poll_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    sync_library: bool = False
    tracked_accounts: list[Id] = Field(default_factory=list, max_length=500)
    tracked_servers: list[ServerName] = Field(default_factory=list, max_length=500)


class Rotation(Body):
    """How long the secret before the new one works on."""

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = tracker.OVERLAP_HOURS


@blueprint.get("/config")
@described("Look at the connection", answer=answers.PlexConfig)
def get_config() -> dict[str, Any]:
    """Never the token or the key; the secret of the webhook only for who may write."""
    identity = current_identity()
    return tracker.get_config(
        services(), identity.user_id, base_url=request.url_root, show_secret=identity.scope == "write"
    )


@blueprint.post("/config")
@described(
    "Change the connection",
    description="Any part of it; no Plex token is needed to receive webhooks."
    " tracked_accounts (ids) and tracked_servers (ids or uuids) choose who counts;"
    " an empty list chooses nobody: then events count that Plex marks user: true, from any server."
    " history_poll_minutes (1 to 1440; null: hourly) says how often the server's history is read, sync_library whether"
    " what was marked watched by hand in Plex is looked for in its library once a day.",
    body=ConfigChanges,
    answer=answers.PlexConfig,
    errors={404: "An account or a server was never seen in an event."},
    scope="write",
)
def change_config(body: ConfigChanges) -> dict[str, Any]:
    """What is not named stays."""
    changes = body.given()
    return tracker.change_config(services(), current_identity().user_id, changes, base_url=request.url_root)


@blueprint.delete("/config")
@described(
    "Disconnect",
    description="Takes away the Plex token, the server and the TMDB key, sets enabled to false, and makes a new webhook"
    " secret: the old address ends at once. What was tracked stays, and so does who counts.",
    answer=answers.PlexConfig,
    scope="write",
)
def disconnect() -> dict[str, Any]:
    """Answers with what is left."""
    return tracker.disconnect(services(), current_identity().user_id, base_url=request.url_root)


@blueprint.post("/config/rotate-secret")
@described(
    "Make a new webhook secret",
    description="The old one works for overlap_hours more (24 when not given, 0 ends it now);"
    " one that was older than that ends now.",
    body=Rotation,
    answer=answers.PlexConfig,
    scope="write",
)
def rotate_secret(body: Rotation) -> dict[str, Any]:
    """Answers with the new address."""
    return tracker.rotate_secret(
        services(),
        current_identity().user_id,
        base_url=request.url_root,
        overlap_hours=body.overlap_hours,
    )
