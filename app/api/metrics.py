"""`/metrics`: figures for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.errors import Misdirected, Unauthorized
from app.security.access import bearer_identity
from app.security.client_address import came_from_home
from app.security.host_names import may_be_lured
from app.services import services

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def figures() -> Response:
    """Open at home, by token from elsewhere: the figures name nobody, but tell when somebody is at home."""
    header = request.headers.get("Authorization")
    if header is not None:
        if bearer_identity(header) is None:
            raise Unauthorized("this token is not known")
    elif not came_from_home(request.environ):
        raise Unauthorized("send an API token: without one, only addresses of the own network see these figures")
    elif may_be_lured(request, services().settings):
        raise Misdirected(
            "this name could be anybody's: ask by an address of the home network, add the name to ALLOWED_HOSTS, or send an "
            "API token"
        )
    return Response(generate_latest(services().registry), content_type=CONTENT_TYPE_LATEST)
