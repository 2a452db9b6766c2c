"""Generated messages at the webhook: none may break it, or leave behind what a page cannot show."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sync.worker import LookUpWorker
from tests.payloads import EPISODES, MISSING, OTHERS, SHOW, multipart
from tests.security.generating import VALUES, WORDS, Tenants, cases, no_fault_logged

Message = dict[str, Any]

_TITLES = st.sampled_from([SHOW, "Something Else", "Harbour Lights (2019)", "harbour  lights"]) | WORDS.filter(
    str.strip
)
# Names and keys are shorter than titles.
_SHORT = WORDS.map(lambda text: text[:90])
_COUNTED = st.integers(0, 12) | st.sampled_from([0, 1, 5000, 2**31 - 1])
_COUNTED_ANYHOW = _COUNTED | _COUNTED.map(str) | _COUNTED.map(float)
_GUIDS = st.sampled_from(
    [
        "",
        "local://1",
        "com.plexapp.agents.none://a?lang=en",
        "plex://episode/5d9c1276ffd9ef001e99df6b",
        "tvdb://",
        "://",
    ]
) | st.builds("{}://{}".format, st.sampled_from(["plex", "tvdb", "tmdb", "imdb", "anidb"]), _SHORT)

# What a message may say and still be one, by Plex's names. What only helps may be anything at all.
_RIGHT: dict[str, st.SearchStrategy[Any]] = {
    "grandparentTitle": _TITLES,
    "parentTitle": WORDS,
    "title": WORDS,
    "index": _COUNTED_ANYHOW,
    "parentIndex": _COUNTED_ANYHOW,
    "guid": _GUIDS,
    "grandparentGuid": _GUIDS,
    "ratingKey": st.integers(1, 2**31).map(str) | _SHORT,
    "grandparentRatingKey": st.integers(1, 2**31).map(str) | _SHORT,
    "user": st.booleans(),
    "owner": st.booleans(),
    "event": st.sampled_from(["media.scrobble", "media.stop", "media.play", "media.rate"]) | _SHORT.filter(str.strip),
    "Account": st.fixed_dictionaries({"id": st.integers(1, 2**31), "title": WORDS}),
    "Server": st.fixed_dictionaries({"uuid": _SHORT.filter(str.strip), "title": WORDS}),
} | dict.fromkeys(
    (
        *("duration", "viewOffset", "viewCount", "lastViewedAt", "year", "originallyAvailableAt"),
        *("subtype", "live", "Guid", "Player", "summary", "thumb", "librarySectionTitle"),
    ),
    VALUES,
)
_WRONG = ["Metadata", "Account", "Server", "event", "owner", "user", "title", "grandparentTitle", "index", "ratingKey"]


def _made(make: Callable[..., Message], changes: Message) -> Message:
    """A message of one kind with changes; in place of what its maker cannot read, afterwards."""
    message = make()
    # The whole of the metadata last: it may be anything.
    for name, value in sorted(changes.items(), key=lambda change: change[0] == "Metadata"):
        of_message = name in (*message, "event", "user", "owner", "Player")
        place = message if of_message else message.setdefault("Metadata", {})
        if value is MISSING:
            place.pop(name, None)
        else:
            place[name] = value
    return message


_RIGHT_ONES = st.builds(
    _made,
    st.sampled_from(EPISODES) | st.sampled_from(EPISODES + OTHERS),
    st.fixed_dictionaries({}, optional=_RIGHT),
)
_WRONG_ONES = st.builds(
    _made,
    st.sampled_from(EPISODES),
    st.dictionaries(st.sampled_from(_WRONG), VALUES | st.just(MISSING), min_size=1, max_size=3),
)
# Four of five are what a server could send.
_MESSAGES = st.integers(0, 4).flatmap(lambda turn: _RIGHT_ONES if turn else _WRONG_ONES)


@pytest.mark.parametrize("has_keys", [False, True], ids=["nobody to ask", "with Plex and TMDB"])
def test_no_message_breaks_the_webhook_or_a_page(tenants: Tenants, has_keys: bool) -> None:
    ann = tenants.another(has_keys=has_keys)
    url = urlsplit(ann.browser.get("/api/plex/config").get_json()["webhook_url"])
    address = f"{url.path}?{url.query}"
    answered: Counter[str] = Counter()

    @cases(250)
    @given(_MESSAGES, st.booleans())
    def send(message: Message, as_form: bool) -> None:
        body, kind = multipart(message) if as_form else (json.dumps(message).encode(), "application/json")
        answer = ann.browser.http.post(address, data=body, content_type=kind)
        assert answer.status_code in (200, 202, 400), message
        answered[answer.get_json().get("status", "refused")] += 1

    with no_fault_logged():
        send()
        LookUpWorker(tenants.services).work_off()
    assert tenants.what_cannot_be_shown(ann) == []
    # Else what is refused at the door would be most of what was tried.
    assert answered["refused"] < 80
    assert {"success", "ignored", "pending" if has_keys else "conflict"} <= set(answered)


def test_a_page_that_fails_is_noticed(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would be looked at."""
    ann = tenants.another()

    def fail(**_: Any) -> None:
        raise RuntimeError

    monkeypatch.setitem(tenants.app.view_functions, "mappings.mapping", fail)
    with pytest.raises(AssertionError), no_fault_logged():
        assert tenants.what_cannot_be_shown(ann) == [(f"/mappings/{ann.owns['mapping_id']}", 500)]
