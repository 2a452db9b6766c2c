"""Generated messages at the webhook: none may break it, or leave behind what a page cannot show."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.payloads import multipart
from tests.scrobbles import scrobble
from tests.security.conftest import Person
from tests.security.routes import routes_of

# json.dumps writes lone surrogates as escapes, and NaN as a word that is not JSON.
_WORDS = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["\x00", "\ud800", "' or 1=1 --", "<script>", "a\r\nb"]
)
_NUMBERS = st.integers() | st.just(10**400) | st.floats() | st.just(2**63)
_VALUES = st.recursive(
    st.none() | st.booleans() | _NUMBERS | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=3),
    max_leaves=6,
)
_FIELDS = ["Metadata", "Account", "Server", "Player", "event", "owner", "user"]
_OF_METADATA = ["title", "grandparentTitle", "index", "parentIndex", "Guid", "guid", "ratingKey", "type", "year"]


def _pages(app: Flask, person: Person) -> dict[str, int]:
    """What every page answers."""
    return {
        str(route): person.browser.get(route.path(**person.owns)).status_code
        for route in routes_of(app)
        if route.is_safe and "page" in route.access
    }


def test_no_message_breaks_the_webhook_or_a_page(app: Flask, person: Callable[..., Person]) -> None:
    ann = person("ann", is_admin=True)
    url = urlsplit(ann.browser.get("/api/plex/config").get_json()["webhook_url"])
    address = f"{url.path}?{url.query}"
    before = _pages(app, ann)

    @settings(max_examples=100, derandomize=True, deadline=None, database=None)
    @given(
        st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=2),
        st.dictionaries(st.sampled_from(_OF_METADATA), _VALUES, max_size=3),
        st.booleans(),
    )
    def send(fields: dict[str, Any], of_metadata: dict[str, Any], as_form: bool) -> None:
        message: dict[str, Any] = dict(scrobble("Harbour Lights"))
        message["Metadata"] = message["Metadata"] | of_metadata
        message |= fields
        body, kind = multipart(message) if as_form else (json.dumps(message).encode(), "application/json")
        assert ann.browser.http.post(address, data=body, content_type=kind).status_code in (200, 202, 400)

    send()
    assert _pages(app, ann) == before
    assert max(before.values()) < 500
