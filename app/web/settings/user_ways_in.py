"""One browser or one API token of somebody else's, ended by an administrator: a phone that was lost, a script that ran wild."""

from __future__ import annotations

import structlog
from flask import Blueprint
from werkzeug.wrappers import Response

from app.security import sessions
from app.security.access import current_identity, guard_admin
from app.security.api_tokens import revoke_token
from app.services import services
from app.web import asked
from app.web.notes import tell
from app.web.settings.users import back_to, somebody_else

log = structlog.get_logger("tellykeep.door")

blueprint = Blueprint("settings_user_ways_in", __name__, url_prefix="/settings/users/<int:user_id>")
guard_admin(blueprint)


@blueprint.post("/sessions/<int:session_id>/end")
def end_session(user_id: int, session_id: int) -> Response:
    """Signs one browser out."""
    other = somebody_else(user_id)
    sessions.end_one(services(), other["id"], min(session_id, asked.LARGEST_ID))
    log.warning("sessions ended", user_id=other["id"], by=current_identity().user_id, sessions=1)
    tell("That browser is signed out.")
    return back_to(other)


@blueprint.post("/tokens/<int:token_id>/revoke")
def revoke(user_id: int, token_id: int) -> Response:
    """Ends one token."""
    other = somebody_else(user_id)
    name = revoke_token(services(), other["id"], min(token_id, asked.LARGEST_ID))
    log.warning("token revoked", user_id=other["id"], by=current_identity().user_id)
    tell(f"The token {name or 'without a name'} is revoked: nothing is answered to it any more.")
    return back_to(other)
