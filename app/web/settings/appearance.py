"""How the pages look to somebody: light or dark (app.web.appearance keeps it in the browser), and in which time zone."""

from __future__ import annotations

from functools import cache
from itertools import groupby
from zoneinfo import available_timezones

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.security.access import current_identity, guard_pages
from app.security.people import set_timezone
from app.services import services
from app.web.notes import refusals_told, tell

# The rest are old names of these, and offsets that no place has.
_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)

blueprint = Blueprint("settings_appearance", __name__, url_prefix="/settings/appearance")
guard_pages(blueprint)


@blueprint.get("")
def show() -> str:
    """The page."""
    chosen = current_identity().timezone
    listed = {zone for _, places in zones() for zone, _ in places}
    # One that the list lacks (TZ=CET) stays chosen until another one is.
    others = ["UTC"] if chosen in listed or chosen == "UTC" else ["UTC", chosen]
    return render_template("settings/appearance.html", chosen=chosen, zones=zones(), others=others)


@blueprint.post("/time-zone")
def choose_time_zone() -> Response:
    """Changes in which time zone this account sees its dates."""
    with refusals_told():
        set_timezone(services(), current_identity().user_id, request.form.get("timezone", ""))
        tell("Dates and times are shown in this time zone now.")
    return redirect(url_for("settings_appearance.show"), 303)


@cache
def zones() -> list[tuple[str, list[tuple[str, str]]]]:
    """The time zones of this system by continent, each with the name that people know it by."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in _CONTINENTS and "/" in name)
    return [
        (continent, [(name, name.partition("/")[2].replace("_", " ").replace("/", " / ")) for name in group])
        for continent, group in groupby(names, key=lambda name: name.partition("/")[0])
    ]
