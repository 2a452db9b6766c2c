"""The pages as an app: what a phone needs to install them, and what it shows where the appliance cannot be reached."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, render_template, request, url_for

from app.web.vendor import HTMX, ICONS, TABLER

# What every page loads. The worker keeps other static files when they are asked for first.
_FILES = (TABLER, "app.css", HTMX, "app.js", ICONS, "icons/logo.svg", "icons/apple-touch-icon.png")
_SHORTCUTS = (
    ("Conflicts", "conflicts.index", "What needs an answer"),
    ("Upcoming", "upcoming.index", "What airs next"),
    ("Shows", "shows.index", "Your shows"),
    ("Search", "search.index", "Shows and mappings, by any of their names"),
)

blueprint = Blueprint("installed", __name__)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """The web app manifest (W3C)."""
    response = jsonify(
        {
            "name": "Tellykeep",
            "short_name": "Tellykeep",
            "description": "Keeps your TV tracker in step with Plex.",
            "lang": "en",
            "id": "/",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#191613",
            "theme_color": "#191613",
            "categories": ["entertainment"],
            "icons": [
                _icon("icon-192", 192),
                _icon("icon-512", 512),
                _icon("icon-maskable-512", 512) | {"purpose": "maskable"},
            ],
            "shortcuts": [
                {"name": name, "description": description, "url": url_for(endpoint), "icons": [_icon("icon-192", 192)]}
                for name, endpoint, description in _SHORTCUTS
            ],
        }
    )
    response.content_type = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _icon(name: str, size: int) -> dict[str, Any]:
    address = url_for("static", filename=f"icons/{name}.png")
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png"}


@blueprint.get("/service-worker.js")
def worker() -> Response:
    """The service worker. It stands at the root, as it may act only for addresses below its own.

    Its version is made of all that it keeps, the page below in the browser's own look too: when anything of that changes,
    the worker's text does, and the browser takes the new one and lets the old one's files go.
    """
    files = [url_for("static", filename=name) for name in _FILES]
    version = hashlib.sha256("\n".join((*files, unreachable())).encode()).hexdigest()[:12]
    text = render_template("installed/worker.js", version=version, page=url_for("installed.unreachable"), files=files)
    response = make_response(text)
    response.content_type = "text/javascript; charset=utf-8"
    # Asked about with every page, so that a new version is not kept waiting by an old one.
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Cookie"
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:16])
    response.make_conditional(request)
    return response


@blueprint.get("/unreachable")
def unreachable() -> str:
    """What the worker shows instead of a page where nobody answers. It names nobody."""
    return render_template("installed/unreachable.html")
