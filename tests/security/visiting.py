"""Goes through all pages and forms as somebody who may do everything; which fields a route reads is not listed anywhere.

The requests note what their views ask them for, and the pages what their forms have. So a new route, and a new field of an
old one, is found as soon as it exists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from typing import Any

from flask import Flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.test import TestResponse

from app.security.limits import limiter
from tests.fakes.plex import TOKEN
from tests.fakes.tmdb import KEY
from tests.integration.browser import PASSWORD
from tests.security.conftest import Person
from tests.security.generating import Tenants
from tests.security.routes import Route, routes_of

Sent = dict[str, list[str]]
MOST_LOST = 3
# What nobody comes upon by chance.
RIGHT = dict.fromkeys(("password", "password_again", "current_password"), PASSWORD) | {
    "plex_token": TOKEN,
    "tmdb_api_key": KEY,
}
# What has to be done for something to be there.
FIRST = {"POST /shows/<int:tvshow_id>/restore": "/shows/{tvshow_id}/delete"}


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


def pages(app: Flask, *, safe: bool) -> Iterator[Route]:
    """The routes of pages, or those that forms are sent to."""
    for route in routes_of(app):
        if route.is_safe == safe and route.access in ("page", "admin page", "form"):
            yield route


class Visits:
    """Goes to routes as one person after the other: a new one follows whoever was signed out, or has lost what it had.

    Attributes:
        answers: what each route answered how often.
        people: all of them.
        other: whose account administrators do something to.
        look: is shown every answer.
    """

    def __init__(self, tenants: Tenants, look: Callable[[TestResponse], None] = lambda answer: None) -> None:
        self.tenants = tenants
        self.look = look
        self.answers: dict[str, Counter[int]] = defaultdict(Counter)
        self.people = [tenants.another()]
        self.other = tenants.another()
        self._asked = Asked(tenants.app)
        self._lost = 0
        self._all_forms = list(self._forms_of_all_pages())

    def begin(self, route: Route) -> None:
        """Goes to a route with nothing, which tells some of the names that it reads."""
        self._lost = 0
        if str(route) in FIRST:
            person = self.people[-1]
            path = FIRST[str(route)].format(**person.owns)
            done = person.browser.http.post(path, headers={"X-CSRFToken": person.csrf})
            assert done.status_code == HTTPStatus.SEE_OTHER
        if self.send(route, {}) == HTTPStatus.NOT_FOUND:
            self.send(route, {})

    def forms(self, route: Route) -> list[Form]:
        """The forms that are sent to a route."""
        path = route.path(**self._values_of(self.people[0], route))
        return [form for form in self._all_forms if form.action == path]

    def names(self, route: Route) -> set[str]:
        """All fields of a route that are known so far."""
        of_forms = {name for form in self.forms(route) for name in (*form.offered, *dict(form.buttons))}
        return (self._asked.names[route.rule.endpoint] | of_forms) - {"csrf_token"}

    def right(self, route: Route, name: str) -> list[str]:
        """What a field could rightly have, the likeliest first."""
        person, plex = self.people[-1], self.tenants.plex
        own = RIGHT | {
            "username": "somebody" if route.rule.rule == "/settings/users" else person.name,
            "typed_name": self.other.name,
            "plex_server_url": plex.url,
            "uuid": plex.uuid,
        }
        own |= {part: str(number) for key, number in person.owns.items() for part in (key, key.removesuffix("_id"))}
        offered = [value for form in self.forms(route) for value in form.offered.get(name, [])]
        return ([own[name]] if name in own else []) + [value for value in offered if value]

    def right_ones(self, route: Route) -> Sent:
        """The likeliest value of every field that has one."""
        return {name: found for name in sorted(self.names(route)) if (found := self.right(route, name)[:1])}

    def send(self, route: Route, sent: Sent) -> int:
        """Sends values, and answers with the status."""
        # Limits have tests of their own.
        with self.tenants.app.app_context():
            limiter.reset()
        self.tenants.conn.execute("delete from sign_in_tries")
        person = self.people[-1]
        path = route.path(**self._values_of(person, route))
        how = {"query_string": sent} if route.is_safe else {"data": sent, "headers": {"X-CSRFToken": person.csrf}}
        answer = person.browser.http.open(path, method=route.method, **how)
        self.look(answer)
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

    def still_there(self) -> list[Person]:
        """Whoever is signed in yet."""
        return [one for one in self.people if one.browser.get("/settings/account").status_code == HTTPStatus.OK]

    def _values_of(self, person: Person, route: Route) -> dict[str, Any]:
        """What stands in an address: what is somebody else's where it names an account, as administrators go there."""
        return self.tenants.values_of(self.other if "user_id" in route.ids else person)

    def _forms_of_all_pages(self) -> Iterator[Form]:
        person = self.people[0]
        for route in pages(self.tenants.app, safe=True):
            answer = person.browser.get(route.path(**self._values_of(person, route)))
            if answer.mimetype == "text/html":
                parser = _Forms()
                parser.feed(answer.get_data(as_text=True))
                yield from parser.found
            answer.close()
