"""Every form and every page's address, filled in with generated values: nothing breaks, and everything can be shown after."""

from __future__ import annotations

import io
import json
import threading
from collections import Counter
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.jobs import on_demand
from tests.security.generating import VALUES, Tenants, cases, no_fault_logged
from tests.security.routes import Route
from tests.security.visiting import Sent, Visits, pages

pytestmark = pytest.mark.texts_everywhere

CASES = 16
# Each with people of its own, and a time-out of its own; a route is in the first that it begins with.
PARTS = ("/settings/", "/connect/", "/shows/", "/")
# Nothing that is generated is right there: a code of the moment, a provider that is not set up.
NEVER_GOOD = {
    "POST /settings/security/second-step",
    "POST /settings/security/single-sign-on/link",
}
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        *(
            "",
            " ",
            "\x00",
            "' or 1=1 --",
            "<script>alert(1)</script>",
            "a\r\nSet-Cookie: b=c",
            "../../etc/passwd",
            "%s{{7*7}}",
        ),
        *("\u202eabc", "🎬" * 40, "x" * 5000, "//evil.example/", "/conflicts", "=1+1", '{"a": 1}', "\ufeff", "²", "١"),
    ]
)
_NUMBERS = st.integers(-1, 12).map(str) | st.sampled_from(
    [*map(str, (2**31, 2**63 - 1, 2**63, -(2**63), 10**30)), "9" * 5000, "1,2,3", "1," * 500, "١٢"]
)
_OTHERS = st.sampled_from(
    [
        *("yes", "on", "1", "true", "2026-01-31T20:15", "2026-01-31", "0001-01-01T00:00", "9999-12-31T23:59", "1e3"),
        *(
            "Europe/Berlin",
            "Nowhere/City",
            "http://127.0.0.1:9",
            "file:///etc/passwd",
            "http://[::1",
            "12:30",
            "tmdb:700",
        ),
    ]
)


def _values(right: list[str]) -> st.SearchStrategy[str]:
    """Mostly what could be right."""
    anything = _TEXTS | _NUMBERS | _OTHERS
    return st.integers(0, 3).flatmap(lambda turn: st.sampled_from(right) if turn else anything) if right else anything


def _inputs(visits: Visits, route: Route) -> st.SearchStrategy[Sent]:
    """As a page sends it, or with a field changed; or with any of the fields that the view knows."""
    fields = {
        name: st.lists(_values(visits.right(route, name)), min_size=1, max_size=2)
        for name in sorted(visits.names(route))
    }
    kinds = [st.fixed_dictionaries(fields), st.fixed_dictionaries({}, optional=fields)]
    for form in visits.forms(route)[:6]:
        pressed = st.sampled_from([{name: [value]} for name, value in form.buttons] or [{}])
        changed = [{}, *({name: fields[name]} for name in form.offered)]
        more = st.sampled_from(changed).flatmap(st.fixed_dictionaries)
        kinds.append(st.builds(lambda sent, button, more: sent | button | more, st.just(form.fields), pressed, more))
    return st.one_of(kinds)


def _drive(visits: Visits, route: Route) -> None:
    visits.begin(route)
    known: set[str] = set()
    # Again whenever more names are known.
    while not visits.names(route) <= known:
        known = visits.names(route)

        @cases(CASES)
        @given(_inputs(visits, route))
        def send(sent: Sent) -> None:
            visits.send(route, sent)

        send()
        visits.send(route, visits.right_ones(route))


@pytest.mark.parametrize("part", PARTS)
def test_no_form_breaks_a_page(tenants: Tenants, part: str) -> None:
    visits = Visits(tenants)
    with no_fault_logged():
        for route in pages(tenants.app, safe=False):
            if part == next(prefix for prefix in PARTS if route.rule.rule.startswith(prefix)):
                _drive(visits, route)
    # Else what is refused at the door would be all that was tried.
    never = {route for route, answers in visits.answers.items() if min(answers) >= 400}
    assert never <= NEVER_GOOD
    for person in visits.still_there():
        assert tenants.what_cannot_be_shown(person) == []


def test_no_address_breaks_a_page(tenants: Tenants) -> None:
    visits = Visits(tenants)
    with no_fault_logged():
        for route in pages(tenants.app, safe=True):
            _drive(visits, route)
    assert len(visits.answers) > 35


def test_no_file_that_is_brought_in_breaks_a_page(tenants: Tenants) -> None:
    ann = tenants.another()
    whole = ann.browser.get("/api/export").get_json()
    begun: Counter[str] = Counter()

    @cases(40)
    @given(st.lists(st.tuples(st.integers(0, 10**6), VALUES), min_size=1, max_size=3), _TEXTS)
    def send(changes: list[tuple[int, Any]], name: str) -> None:
        document = json.loads(json.dumps(whole))
        for place, value in changes:
            _replace(document, place, value)
        file = (io.BytesIO(json.dumps(document).encode()), name or "export.json")
        answer = ann.browser.http.post(
            "/settings/transfer/import", data={"file": file}, headers={"X-CSRFToken": ann.csrf}
        )
        assert answer.status_code == HTTPStatus.SEE_OTHER
        for thread in threading.enumerate():
            if thread.name.startswith("job-"):
                thread.join(timeout=30)
        run = on_demand.last_run(tenants.services, "import", ann.user_id)
        assert run is not None
        begun["refused" if "problem" in (run["result"] or {}) else run["status"]] += 1

    with no_fault_logged():
        send()
    assert tenants.what_cannot_be_shown(ann) == []
    assert set(begun) <= {"success", "refused"}
    assert begun["success"] > 10


def _replace(document: Any, place: int, value: Any) -> None:
    """Puts a value somewhere into a document, which place follows from a number."""
    holder: Any = document
    while True:
        keys: list[Any] = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
        place, chosen = divmod(place, len(keys))
        inner = holder[keys[chosen]]
        if isinstance(inner, dict | list) and inner and place:
            holder = inner
        else:
            holder[keys[chosen]] = value
            return
