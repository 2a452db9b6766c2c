"""A browser without a screen: keeps cookies, sends the forms that pages show, with the CSRF token in them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from html.parser import HTMLParser
from ipaddress import IPv4Address
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"
# The sign-in is limited per address, and the limiter's memory is the process's: every browser has its own address.
_addresses = itertools.count(int(IPv4Address("198.18.0.1")))


class _Fields(HTMLParser):
    """Hidden fields of the form with an action."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action, self._inside = action, False
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("action") == self._action
        elif tag == "input" and self._inside and given.get("type") == "hidden":
            self.found[given["name"] or ""] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


@dataclass
class Browser:
    """One browser of somebody's.

    Attributes:
        app: the application.
        address: where its requests come from.
        http: keeps the cookies.
    """

    app: Flask
    address: str = field(default_factory=lambda: str(IPv4Address(next(_addresses))))
    http: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = self.app.test_client()
        self.http.environ_base["REMOTE_ADDR"] = self.address

    def get(self, path: str, **options: Any) -> TestResponse:
        """A page."""
        return self.http.get(path, **options)

    def poll(self, path: str, **options: Any) -> TestResponse:
        """The same page as htmx asks for it."""
        return self.http.get(path, headers={"HX-Request": "true", "HX-Request-Type": "partial"}, **options)

    def fields(self, page: str, action: str) -> dict[str, str]:
        """The hidden fields of a form on a page."""
        parser = _Fields(action)
        parser.feed(self.get(page).get_data(as_text=True))
        return parser.found

    def send(self, action: str, page: str | None = None, **values: str) -> TestResponse:
        """Fills in the form with this action on a page (its own address when None), and sends it."""
        return self.http.post(action, data=self.fields(page or action, action) | values)

    def sign_in(self, username: str, password: str = PASSWORD, **values: str) -> TestResponse:
        """Through the form."""
        return self.send("/sign-in", username=username, password=password, **values)
