"""What counts as the image of a poster: its first bytes say so, not what its server calls it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Image:
    """A poster as it is sent to a browser."""

    content: bytes
    media_type: str

    @cached_property
    def etag(self) -> str:
        """The same for the same content."""
        return hashlib.sha256(self.content).hexdigest()[:24]


def read_image(content: bytes) -> Image | None:
    """The image in these bytes; None for all else. Never SVG, which can hold scripts and the addresses of others."""
    if content.startswith(b"\xff\xd8\xff"):
        return Image(content, "image/jpeg")
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Image(content, "image/png")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Image(content, "image/webp")
    return None
