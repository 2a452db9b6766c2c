"""Numbering rules of a mapping: keeping one that was looked at, and taking one away."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker.numbering import remove_rules, save_rules
from app.web import asked
from app.web.mappings import get, tell_moved
from app.web.notes import refusals_told
from app.web.rule_forms import asked_rules

blueprint = Blueprint("numbering", __name__, url_prefix="/mappings")
guard_pages(blueprint)


@blueprint.post("/<int:mapping_id>/rules")
def save(mapping_id: int) -> Response:
    """Keeps a rule, and moves the past if that is wished for."""
    get(mapping_id)
    with refusals_told():
        # TMDB may be asked for them: before the transaction.
        asked_for = asked_rules(services(), current_identity().user_id, mapping_id, request.form)
        saved = save_rules(
            services(),
            current_identity().user_id,
            mapping_id,
            **asked_for,
            apply_to_past=bool(request.form.get("apply_to_past")),
        )
        tell_moved(
            "The rule is kept." if len(asked_for["rules"]) == 1 else "The rules are kept.",
            saved["correction"],
            undo=mapping_id,
        )
    return redirect(url_for("mappings.mapping", mapping_id=mapping_id), 303)


@blueprint.post("/<int:mapping_id>/rules/<int:rule_id>/remove")
def remove(mapping_id: int, rule_id: int) -> Response:
    """Takes a rule away, and lets the past go by those that are left if that is wished for."""
    get(mapping_id)
    with refusals_told():
        left = remove_rules(
            services(),
            current_identity().user_id,
            mapping_id,
            min(rule_id, asked.LARGEST_ID),
            apply_to_past=bool(request.form.get("apply_to_past")),
        )
        tell_moved("The rule is gone.", left["correction"], undo=mapping_id)
    return redirect(url_for("mappings.mapping", mapping_id=mapping_id), 303)
