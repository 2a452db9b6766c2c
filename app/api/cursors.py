"""The `next` of a list: where the following page begins, as an opaque word."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from app.api.fields import HIGHEST_ID, Query, refuse
from app.tracker.paging import Page

MOST = 200


def encode_cursor(last_id: int | None) -> str | None:
    """Opaque, so that a list may one day be ordered by something else."""
    if last_id is None:
        return None
    return base64.urlsafe_b64encode(json.dumps({"id": last_id}).encode()).decode().rstrip("=")


def _decode_cursor(value: Any) -> int:
    try:
        if not isinstance(value, str) or len(value) > 100:
            raise refuse("the `next` of an answer")
        word = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
        last_id = json.loads(word)["id"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise refuse("the `next` of an answer") from None
    if type(last_id) is not int or not 0 <= last_id <= HIGHEST_ID:
        raise refuse("the `next` of an answer")
    return last_id


def _decode_cursor_or_id(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        # Larger than every id there can be: before it lies the whole list.
        return min(int(value), HIGHEST_ID)
    return _decode_cursor(value)


Cursor = Annotated[
    int,
    BeforeValidator(_decode_cursor),
    WithJsonSchema({"type": "string", "description": "The `next` of the page before: this page goes on from there."}),
]
CursorOrId = Annotated[
    int,
    BeforeValidator(_decode_cursor_or_id),
    WithJsonSchema({"type": "string", "description": "The `next` of the page before, or an id: only what is older."}),
]


class PageQuery(Query):
    """Which part of a list."""

    limit: Annotated[int, Field(ge=1, description=f"At most so many; more than {MOST} count as {MOST}.")] = 50
    next: Cursor | None = None

    @property
    def at_most(self) -> int:
        """The limit that is kept."""
        return min(self.limit, MOST)


class NewestFirstQuery(PageQuery):
    """Which part of a list that begins with the newest."""

    before: CursorOrId | None = None

    @property
    def older_than(self) -> int | None:
        """The id before which the page begins; `before` and `next` say the same."""
        return self.next if self.before is None else self.before


def page_answer(name: str, page: Page) -> dict[str, Any]:
    """`{name: […], "next": cursor or null}`."""
    return {name: page.rows, "next": encode_cursor(page.next_id)}
