"""Where to go next, if somebody else could have written it into the address."""

from __future__ import annotations

from urllib.parse import urlsplit

# It waits in the cookie while the second step is asked for, and browsers drop a cookie of more than 4 KB: with it nobody could
# sign in by that link.
_LONGEST = 1000


def local_address(target: str | None) -> str:
    """The target if it is a path on this host, else the front page.

    Browsers read `//host`, `/\\host` and addresses with tabs or line ends in them as another host's.
    """
    if not target or len(target) > _LONGEST or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if "\\" in target or any(ord(letter) < 32 or ord(letter) == 127 for letter in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return target if not parts.scheme and not parts.netloc else "/"
