"""The welcome: from the first account to a working connection, a step a page. Each can be skipped and come back to."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.errors import TellykeepError
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.connection import connection_steps
from app.web import connect_parts as parts

blueprint = Blueprint("welcome", __name__, url_prefix="/welcome")
guard_pages(blueprint)


@blueprint.get("")
def start() -> Response:
    """The first step that is not done, or the last of all."""
    connection = connection_steps(services(), current_identity().user_id)
    open_steps = [step.name for step in parts.STEPS if not step.is_done(connection)]
    return redirect(url_for("welcome.step", name=open_steps[0] if open_steps else parts.NAMES[-1]))


@blueprint.get("/<name>")
def step(name: str) -> str:
    """One step."""
    if name not in parts.NAMES:
        abort(404)
    return page(name)


def page(name: str, error: TellykeepError | None = None) -> str:
    """The page of a step, perhaps with what was wrong with what it was told."""
    connection = connection_steps(services(), current_identity().user_id)
    position = parts.NAMES.index(name)
    return render_template(
        "welcome/step.html",
        at=parts.WELCOME,
        connection=connection,
        step=parts.STEPS[position],
        steps=parts.STEPS,
        position=position,
        done={one.name: one.is_done(connection) for one in parts.STEPS},
        back=url_for("welcome.step", name=parts.NAMES[position - 1]) if position else None,
        onward=parts.address_after(parts.WELCOME, name),
        lacks_pass=parts.lacks_pass(connection, error),
        **parts.values_of(name, connection, error),
    )
