"""Response headers that tell a browser how little a page needs."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from app.security.host_names import is_home_name
from app.security.sessions import came_by_https
from app.services import services

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Posters and JSON are for our own pages; another port of this machine is the same site to a browser, and gets the cookie.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # What a page shows is private; the static files say for themselves how long they keep.
    "Cache-Control": "no-store",
}


def register(app: Flask) -> None:
    """Adds the headers to every answer; a view may set its own value before."""
    app.after_request(_add)


def _add(response: Response) -> Response:
    headers = response.headers
    given = {name.lower() for name, _ in headers}
    for name, value in _ALWAYS.items():
        if name.lower() not in given:
            headers.add(name, value)
    if _has_a_name_of_its_own():
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _has_a_name_of_its_own() -> bool:
    """Whether the browser came by https to PUBLIC_URL on the usual port.

    HSTS counts for every port of a host: sent for nas.lan:8787 it would lock people out of whatever else the NAS
    serves by plain http. Behind a proxy on port 443 the name is this appliance's own, if the internet knows it: for another
    one no authority signs that browsers know by themselves, and who goes back to http must not find the way closed.
    """
    public_url = services().settings.public_url
    if public_url is None:
        return False
    public = urlsplit(public_url)
    return (
        public.scheme == "https"
        and public.port in (None, 443)
        and not is_home_name(public.hostname or "")
        and request.host.removesuffix(":443") == public.hostname
        and came_by_https(request, public_url)
    )
