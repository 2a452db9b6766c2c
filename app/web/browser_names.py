"""Browsers by the names that people know, from what they call themselves."""

from __future__ import annotations

from app.tracker.paging import Row

# In this order: most call themselves by the names of others too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str | None) -> str:
    """ "Firefox on Linux"; what it calls itself, where that says neither; "Unknown browser" where it says nothing."""
    text = user_agent or ""
    browser = next((name for sign, name in _BROWSERS if sign in text), None)
    system = next((name for sign, name in _SYSTEMS if sign in text), None)
    if browser is None and system is None:
        return text[:60].strip() or "Unknown browser"
    if browser is None or system is None:
        return browser or f"Browser on {system}"
    return f"{browser} on {system}"


def is_pocket(user_agent: str | None) -> bool:
    """Whether it is a phone's or a tablet's."""
    return any(sign in (user_agent or "") for sign in ("iPhone", "iPad", "Android"))


def named(sessions: list[Row]) -> list[Row]:
    """Sessions with the name of each browser, and whether it fits in a pocket. For templates."""
    return [
        session | {"name": browser_name(session["user_agent"]), "is_pocket": is_pocket(session["user_agent"])}
        for session in sessions
    ]
