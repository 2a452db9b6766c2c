"""Pages and JSON with gzip: a tenth of the bytes, for a phone on a slow line.

What is compressed tells by its length what it holds. Whoever can make a browser ask for pages with text of his own in them,
and watches the line, could guess a secret of the page letter by letter (BREACH): the page shows the webhook's address, and the
CSRF token's first part is the same in every page of a session (its signature changes every second). Masking each secret would
have to be thought of on every page. So only what the browser's own user asked for here is compressed: browsers say so in
`Sec-Fetch-Site`, which no page can set. They do not say it over plain HTTP, where whoever watches the line reads it anyway.
The cookie, SameSite=Lax, keeps another site's hidden requests out besides.
"""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

# Smaller ones fit into one packet as they are.
_LEAST_BYTES = 1000
# 5 is within 2 % of 9 for a page, in half the time.
_LEVEL = 5
_COMPRESSED = frozenset({"text/html", "application/json", "image/svg+xml", "text/css", "text/javascript", "text/plain"})
# By the user (an address typed, a bookmark), or from a page of ours.
_OUR_OWN = frozenset({"none", "same-origin"})


def register(app: Flask) -> None:
    """Compresses answers; the static files come compressed already."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if (
        response.mimetype not in _COMPRESSED
        or response.status_code != 200
        or response.is_streamed
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
        # Who can be answered "not changed" has asked about these very bytes.
        or "ETag" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0 or request.headers.get("Sec-Fetch-Site", "none") not in _OUR_OWN:
        return response
    content = response.get_data()
    if len(content) >= _LEAST_BYTES:
        response.set_data(gzip.compress(content, _LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
