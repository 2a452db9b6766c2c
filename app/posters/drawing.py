"""The tile that stands in for a poster: a colour of the show's own and the first letters of its title."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

# Dark enough for light letters by day and by night (a test measures it); app.css has the same as tk-poster-tone-N.
TONES = ("#3f5b66", "#6b4a3a", "#46583f", "#5a4a6b", "#70502c", "#3d4f7a")
INK = "#f6efe4"

_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"the", "a", "an"})


def letters(title: str | None) -> str:
    """Up to two first letters: "Harbour Lights" → "HL", "海の記憶" → "海"; a question mark where there are none."""
    words = _WORD.findall(title or "")
    if len(words) > 1 and words[0].casefold() in _ARTICLES:
        words = words[1:]
    if not words:
        return "?"
    # Only of scripts that know capitals: elsewhere a word is no row of letters, and two of them make no sense.
    first = [word[0].upper() for word in words[:2] if word[0].lower() != word[0].upper() or word[0].isdigit()]
    return "".join(first) or words[0][0]


def tone(number: int) -> int:
    """Which of the colours a show has, by its id."""
    return number % len(TONES)


def drawn_tile(title: str | None, number: int) -> bytes:
    """The tile as SVG. Only presentation attributes: a policy that forbids styles is sent along."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="342" height="513" viewBox="0 0 342 513">'
        f'<rect width="342" height="513" fill="{TONES[tone(number)]}"/>'
        f'<text x="171" y="257" fill="{INK}" font-family="system-ui, sans-serif" font-size="112" font-weight="600"'
        f' text-anchor="middle" dominant-baseline="central">{escape(letters(title))}</text></svg>'
    ).encode()
