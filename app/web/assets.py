"""Static files: a hash of the content in every address, kept for ever by the browser, compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, abort, current_app, request
from werkzeug.security import safe_join

YEAR_SECONDS = 31_536_000
_COMPRESSED = ("text/", "application/json", "image/svg+xml")
# Not in every system's table, and "nosniff" makes the browser insist on them.
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Asset:
    """A static file as it is sent.

    Attributes:
        version: hash of the content, which the address carries as `v`.
        content: its bytes.
        compressed: the same with gzip; None where that does not pay.
        media_type: for Content-Type.
    """

    version: str
    content: bytes
    compressed: bytes | None
    media_type: str


def register(app: Flask) -> None:
    """Serves the static files, and puts the hash into every address that is built."""
    app.view_functions["static"] = _serve
    app.url_defaults(_add_version)


def _add_version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint == "static" and "v" not in values and (asset := _find(values["filename"])) is not None:
        values["v"] = asset.version


def _find(filename: str) -> Asset | None:
    path = safe_join(str(current_app.static_folder), filename)
    if path is None:
        return None
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return None
    return _read(path, stat.st_mtime_ns) if Path(path).is_file() else None


@lru_cache(maxsize=256)
def _read(path: str, _changed_at: int) -> Asset:
    content = Path(path).read_bytes()
    suffix = Path(path).suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    pays = len(content) > 1000 and media_type.startswith(_COMPRESSED)
    compressed = gzip.compress(content, 9, mtime=0) if pays else None
    return Asset(hashlib.sha256(content).hexdigest()[:12], content, compressed, media_type)


def _serve(filename: str) -> Response:
    asset = _find(filename)
    if asset is None:
        abort(404)
    zipped = asset.compressed is not None and request.accept_encodings["gzip"] > 0
    response = Response(asset.compressed if zipped else asset.content, content_type=_content_type(asset.media_type))
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    if request.args.get("v") == asset.version:
        response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    response.set_etag(f"{asset.version}-gzip" if zipped else asset.version)
    response.make_conditional(request)
    return response


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
