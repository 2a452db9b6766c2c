"""Parts of a page: htmx gets the part alone, a browser that opens or posts gets the page around the very same part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, render_template
from htmx_flask import request
from markupsafe import Markup


def answer_part(template: str, values: dict[str, Any], page: Callable[[Markup], str]) -> Response:
    """The page, or the part alone when htmx asks for it.

    Args:
        template: of the part.
        values: what the part shows.
        page: makes the whole page around the part.
    """
    part = Markup(render_template(template, **values, swapped=bool(request.htmx)))  # noqa: S704 - escaped by the template
    response = make_response(part if request.htmx else page(part))
    response.headers["Vary"] = "HX-Request, Cookie"
    return response
