"""Parts of a page that keep themselves up to date: page and polling get the same fragment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Response, make_response, render_template
from htmx_flask import request
from markupsafe import Markup


def answer_live(
    template: str, values: dict[str, Any], page: Callable[[Markup], str], *, address: str | None = None
) -> Response:
    """The page, or the fragment alone when htmx asks for it.

    The fragment's frame carries a hash of what is shown, which the next poll sends back: nothing new is answered
    204 without a body, and htmx leaves the page alone.

    Args:
        template: of the fragment.
        values: what the fragment shows.
        page: makes the whole page around the fragment.
        address: where the next poll asks; the page's own when None.
    """
    shown = render_template(template, **values)
    seen = hashlib.sha256(shown.encode()).hexdigest()[:16]
    if request.htmx and request.args.get("seen") == seen:
        response = make_response("", 204)
    else:
        inner = Markup(shown)  # noqa: S704 - a template's own output, escaped there
        fragment = render_template("_live_frame.html", inner=inner, seen=seen, address=address or _address())
        response = make_response(fragment if request.htmx else page(Markup(fragment)))  # noqa: S704 - as above
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def _address() -> str:
    """This page's own address, without what a poll or a swap adds to it."""
    arguments = [(name, value) for name, value in request.args.items(multi=True) if name not in ("seen", "swapped")]
    return f"{request.path}?{urlencode(arguments)}" if arguments else request.path
