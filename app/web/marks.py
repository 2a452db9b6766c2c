"""Marking by hand on a show's page: one episode, a season, all before an episode; and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, url_for
from htmx_flask import request
from werkzeug.wrappers import Response as BaseResponse

from app.errors import Invalid
from app.security.access import current_identity, guard_pages
from app.services import services
from app.tracker import viewings
from app.tracker.viewings import Said
from app.web import asked, shows
from app.web.notes import refusals_told, tell, tell_with_undo
from app.web.season_view import first_shown, season_name
from app.web.wording import episode_code

# What a button says of a whole season.
SEASON = ("now", "aired", "unwatched")

blueprint = Blueprint("marks", __name__, url_prefix="/shows")
guard_pages(blueprint)


@blueprint.post("/<int:tvshow_id>/mark")
def mark(tvshow_id: int) -> BaseResponse:
    """Marks what the pressed button is about: `watched` or `unwatched` (an episode), `before` (an episode), or `all`."""
    show_id = shows.get(tvshow_id)["id"]
    form, user_id = request.form, current_identity().user_id
    season = asked.whole_number(form, "season", at_most=asked.LARGEST_FOREIGN_ID)
    if season is None:
        raise Invalid("which season?", fields={"season": "its number"})
    pressed = [name for name in ("watched", "unwatched", "before", "all") if form.get(name)]
    if len(pressed) != 1:
        raise Invalid("what is to be marked?", fields={"watched": "the number of an episode"})
    what, episode = pressed[0], None
    if what != "all":
        episode = asked.whole_number(form, what, at_most=asked.LARGEST_FOREIGN_ID)
    with refusals_told():
        if what == "all":
            when = asked.choice(form, "all", SEASON)
            said = viewings.mark_episodes(
                services(),
                user_id,
                show_id,
                season,
                watched=when != "unwatched",
                at="aired" if when == "aired" else "now",
            )
            told = _season_told(season, when, said.count)
        elif what == "before":
            said = viewings.mark_episodes(services(), user_id, show_id, season, before=episode)
            told = _counted(said.count, f"before {episode_code(season, episode)}")
        else:
            watched = what == "watched"
            said = viewings.mark_episode(services(), user_id, show_id, season, episode or 0, watched=watched)
            told = _episode_told(season, episode, watched=watched, changed=bool(said.count))
        tell_change(told, show_id, season, said, form.get("back"), episode)
    return back(show_id, season, episode, place=form.get("back"))


@blueprint.post("/<int:tvshow_id>/undo")
def undo(tvshow_id: int) -> BaseResponse:
    """Takes a change by hand back, as the note about it offers."""
    show_id = shows.get(tvshow_id)["id"]
    form = request.form
    season = asked.whole_number(form, "season", at_most=asked.LARGEST_FOREIGN_ID) or 0
    first, last = (asked.show_id(form, name) for name in ("first", "last"))
    # No longer than an id: Python makes no number of thousands of digits.
    numbers = [
        text for text in form.get("again", "").split(",") if text.isascii() and text.isdigit() and len(text) <= 19
    ]
    again = [int(text) for text in numbers[:100]]
    with refusals_told():
        undone = viewings.undo(
            services(),
            current_identity().user_id,
            show_id,
            (first, last) if first is not None and last is not None else None,
            [event_id for event_id in again if event_id <= asked.LARGEST_ID],
        )
        tell("Taken back: all is as it was before." if undone else "That was taken back already.")
    return back(
        show_id,
        season,
        asked.whole_number(form, "episode", at_most=asked.LARGEST_FOREIGN_ID),
        place=form.get("back"),
    )


def tell_change(text: str, show_id: int, season: int, said: Said, place: str | None, episode: int | None) -> None:
    """Tells what was changed, with a button that takes it back if anything was.

    Args:
        text: what was done.
        show_id: of the show.
        season: in which it was made.
        said: what it was.
        place: `episode` when it was made on an episode's own page.
        episode: which.
    """
    if not said.can_be_undone:
        tell(text)
        return
    values: dict[str, object] = {"season": season}
    if said.take:
        values |= {"first": said.take[0], "last": said.take[1]}
    if said.again:
        values["again"] = ",".join(map(str, said.again))
    if episode is not None:
        values["episode"] = episode
    if place == "episode":
        values["back"] = place
    target = "#episode" if place == "episode" else f"#season-{season}"
    tell_with_undo(text, url_for("marks.undo", tvshow_id=show_id), values, target=target)


def back(show_id: int, season: int, episode: int | None, *, place: str | None) -> BaseResponse:
    """To where the button was: the part of the season that was shown, or the episode's own page."""
    if place == "episode" and episode is not None:
        address = url_for("episodes.episode", tvshow_id=show_id, season=season, number=episode)
    else:
        values: dict[str, Any] = {"season": season, "from": first_shown(asked.whole_number(request.form, "from"))}
        address = url_for("shows.show", tvshow_id=show_id, _anchor=f"season-{season}", **values)
    return redirect(address, 303)


def _episode_told(season: int, episode: int | None, *, watched: bool, changed: bool) -> str:
    state = "watched" if watched else "not watched"
    return f"{episode_code(season, episode)} is marked as {state}." if changed else f"It was {state} already."


def _season_told(season: int, when: str, count: int) -> str:
    if when == "unwatched":
        return f"{_episodes(count)} of {season_name(season)} marked as not watched." if count else "None was watched."
    return _counted(count, f"of {season_name(season)}")


def _counted(count: int, which: str) -> str:
    return f"{_episodes(count)} {which} marked as watched." if count else "All that has aired was watched already."


def _episodes(count: int) -> str:
    return "1 episode" if count == 1 else f"{count:,} episodes"
