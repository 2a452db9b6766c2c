"""Every form and every page's address, filled in with generated values: nothing breaks, and everything can be shown after.

Which fields a route reads is not listed anywhere: the requests note what their views ask them for, and the pages what
their forms have. So a new route, and a new field of an old one, is in here as soon as it exists.
"""

from __future__ import annotations

import io
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import ImmutableMultiDict

from app.jobs import on_demand
from app.security.limits import limiter
from tests.fakes.plex import TOKEN
from tests.fakes.tmdb import KEY
from tests.integration.browser import PASSWORD
from tests.security.conftest import Person
from tests.security.generating import VALUES, Tenants, cases, no_fault_logged
from tests.security.routes import Route, routes_of

CASES = 16
MOST_LOST = 3
# Each with people of its own, and a time-out of its own; a route is in the first that it begins with.
PARTS = ("/settings/", "/connect/", "/shows/", "/")
# Nothing that is generated is right there: a code of the moment, a provider that is not set up.
NEVER_GOOD = {
    "POST /settings/security/second-step",
    "POST /settings/security/single-sign-on/link",
}
# What has to be done for something to be there.
# What nobody comes upon by chance.
RIGHT = dict.fromkeys(("password", "password_again", "current_password"), PASSWORD) | {
    "plex_token": TOKEN,
    "tmdb_api_key": KEY,
}
FIRST = {"POST /shows/<int:tvshow_id>/restore": "/shows/{tvshow_id}/delete"}
Sent = dict[str, list[str]]
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


class Asked:
    """Which names the views of each endpoint asked their requests for."""

    def __init__(self, app: Flask) -> None:
        self.names: dict[str, set[str]] = defaultdict(set)
        asked = self

        class Noting(ImmutableMultiDict[str, str]):
            def _note(self, name: object) -> None:
                from flask import request

                if isinstance(name, str) and request:
                    asked.names[request.endpoint or ""].add(name)

            def get(self, key: Any, *args: Any, **kwargs: Any) -> Any:
                self._note(key)
                return super().get(key, *args, **kwargs)

            def getlist(self, key: Any, *args: Any, **kwargs: Any) -> Any:
                self._note(key)
                return super().getlist(key, *args, **kwargs)

            def __getitem__(self, key: Any) -> Any:
                self._note(key)
                return super().__getitem__(key)

            def __contains__(self, key: object) -> bool:
                self._note(key)
                return super().__contains__(key)

        class NotingRequest(app.request_class):  # type: ignore[name-defined,misc]
            parameter_storage_class = Noting

        app.request_class = NotingRequest


@dataclass
class Form:
    """A form of a page: what it sends as it is, and each field and button with the values that it offers."""

    action: str
    fields: Sent = field(default_factory=dict)
    offered: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    """The forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given.get("action", "").partition("?")[0])
            self.found.append(self._form)
        if self._form is None:
            return
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._offer(self._select, value, is_sent="selected" in given or self._select not in self._form.fields)
        elif tag == "button" and name:
            self._form.buttons.append((name, value))
        elif tag in ("input", "textarea") and name and name != "csrf_token":
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            self._offer(name, value, is_sent=ticked)

    def _offer(self, name: str, value: str, *, is_sent: bool) -> None:
        assert self._form is not None
        self._form.offered.setdefault(name, []).append(value)
        if is_sent:
            self._form.fields.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""


def _forms_of_all_pages(tenants: Tenants, person: Person, values: dict[str, Any]) -> list[Form]:
    parser = _Forms()
    for route in _pages(tenants, safe=True):
        answer = person.browser.get(route.path(**values))
        if answer.mimetype == "text/html":
            parser.feed(answer.get_data(as_text=True))
    return parser.found


def _right_values(name: str, offered: list[str], own: dict[str, object]) -> list[str]:
    """What could be right, the likeliest first."""
    return [str(own[part]) for part in (name, f"{name}_id") if part in own] + [value for value in offered if value]


def _values(name: str, offered: list[str], own: dict[str, object]) -> st.SearchStrategy[str]:
    """Mostly what could be right: what the page offers, what the account has."""
    right = _right_values(name, offered, own)
    anything = _TEXTS | _NUMBERS | _OTHERS
    return st.integers(0, 3).flatmap(lambda turn: st.sampled_from(right) if turn else anything) if right else anything


def _inputs(names: set[str], forms: list[Form], own: dict[str, object]) -> st.SearchStrategy[Sent]:
    """As a page sends it, or with some of the fields changed; or with all the fields that the view knows."""
    offered = {name: [v for form in forms for v in form.offered.get(name, [])] for name in names}

    def values(name: str) -> st.SearchStrategy[list[str]]:
        return st.lists(_values(name, offered[name], own), min_size=1, max_size=2)

    fields = {name: values(name) for name in sorted(names)}
    kinds = [st.fixed_dictionaries(fields), st.fixed_dictionaries({}, optional=fields)]
    for form in forms:
        pressed = st.sampled_from([{name: [value]} for name, value in form.buttons] or [{}])
        changed = {name: made for name, made in fields.items() if name in form.offered}
        kinds.append(
            st.builds(lambda sent, button, more: sent | button | more, st.just(form.fields), pressed, _few(changed))
        )
    return st.one_of(kinds)


def _few(fields: dict[str, st.SearchStrategy[list[str]]]) -> st.SearchStrategy[Sent]:
    if not fields:
        return st.just({})
    return st.sampled_from([{}, *({name: made} for name, made in fields.items())]).flatmap(st.fixed_dictionaries)


def _pages(tenants: Tenants, *, safe: bool) -> Iterator[Route]:
    for route in routes_of(tenants.app):
        if route.is_safe == safe and route.access in ("page", "admin page", "form"):
            yield route


class Visits:
    """Drives routes as one person after the other: a new one follows whoever was signed out, or has lost what it had.

    Attributes:
        answers: what each route answered how often.
        people: all of them.
        other: whose account administrators do something to.
    """

    def __init__(self, tenants: Tenants) -> None:
        self.tenants = tenants
        self.asked = Asked(tenants.app)
        self.answers: dict[str, Counter[int]] = defaultdict(Counter)
        self.people = [tenants.another()]
        self.other = tenants.another()
        self._lost = 0
        self._all_forms = _forms_of_all_pages(tenants, self.people[0], self._values_of(self.people[0]))

    def drive(self, route: Route) -> None:
        """Sends generated values to a route."""
        self._lost = 0
        if str(route) in FIRST:
            person = self.people[-1]
            path = FIRST[str(route)].format(**person.owns)
            done = person.browser.http.post(path, headers={"X-CSRFToken": person.csrf})
            assert done.status_code == HTTPStatus.SEE_OTHER
        # First with nothing, which tells some of the names; then again whenever more of them are known.
        known: set[str] = set()
        if self._send(route, {}) == HTTPStatus.NOT_FOUND:
            self._send(route, {})
        while True:
            forms = self._forms(route)
            names = self.asked.names[route.rule.endpoint] - {"csrf_token"}
            names |= {name for form in forms for name in (*form.offered, *dict(form.buttons))}
            if names <= known:
                return
            known = set(names)

            @cases(CASES)
            @given(_inputs(names, forms[:6], self._right(route)))
            def send(sent: Sent) -> None:
                self._send(route, sent)

            send()
            offered = {name: [value for form in forms for value in form.offered.get(name, [])] for name in names}
            right = {name: _right_values(name, offered[name], self._right(route))[:1] for name in names}
            self._send(route, {name: values for name, values in right.items() if values})

    def _right(self, route: Route) -> dict[str, object]:
        person, plex = self.people[-1], self.tenants.plex
        is_new = route.rule.rule == "/settings/users"
        names = {"username": "somebody" if is_new else person.name, "typed_name": self.other.name}
        return RIGHT | person.owns | names | {"plex_server_url": plex.url, "uuid": plex.uuid}

    def _values_of(self, person: Person) -> dict[str, Any]:
        return self.tenants.values_of(person) | {"user_id": self.other.user_id}

    def _forms(self, route: Route) -> list[Form]:
        path = route.path(**self._values_of(self.people[0]))
        return [form for form in self._all_forms if form.action == path]

    def _send(self, route: Route, sent: Sent) -> int:
        # Limits have tests of their own.
        with self.tenants.app.app_context():
            limiter.reset()
        self.tenants.conn.execute("delete from sign_in_tries")
        person = self.people[-1]
        path = route.path(**self._values_of(person))
        how = {"query_string": sent} if route.is_safe else {"data": sent, "headers": {"X-CSRFToken": person.csrf}}
        answer = person.browser.http.open(path, method=route.method, **how)
        answer.close()
        self.answers[str(route)][answer.status_code] += 1
        assert answer.status_code < 500, (str(route), sent)
        is_lost = answer.status_code == HTTPStatus.NOT_FOUND
        self._lost += is_lost
        if answer.status_code in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.FORBIDDEN):
            # Another token after a change of the password; none, and a new person, after a sign-out.
            person.csrf = person.browser.fields("/", "/sign-out").get("csrf_token", "")
        if not person.csrf or (is_lost and self._lost <= MOST_LOST):
            self.people.append(self.tenants.another())
            if "user_id" in route.ids:
                self.other = self.tenants.another()
        return answer.status_code


@pytest.mark.parametrize("part", PARTS)
def test_no_form_breaks_a_page(tenants: Tenants, part: str) -> None:
    visits = Visits(tenants)
    with no_fault_logged():
        for route in _pages(tenants, safe=False):
            if part == next(prefix for prefix in PARTS if route.rule.rule.startswith(prefix)):
                visits.drive(route)
    # Else what is refused at the door would be all that was tried.
    never = {route for route, answers in visits.answers.items() if min(answers) >= 400}
    assert never <= NEVER_GOOD
    for person in visits.people:
        if person.browser.get("/settings/account").status_code == HTTPStatus.OK:
            assert tenants.what_cannot_be_shown(person) == []


def test_no_address_breaks_a_page(tenants: Tenants) -> None:
    visits = Visits(tenants)
    with no_fault_logged():
        for route in _pages(tenants, safe=True):
            visits.drive(route)
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
