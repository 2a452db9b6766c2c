"""What tests of the mappings' pages share: what a reader sees, and sending what no form on the page at hand sends."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import TestResponse

from tests.integration.browser import Browser


def text_of(page: str) -> str:
    """What a reader sees of a page."""
    text = unescape(re.sub(r"<[^>]+>", " ", page.split("</head>")[-1]))
    return " ".join(text.replace("\u2068", "").replace("\u2069", "").split())


def tokenless(page: str) -> str:
    """A page without its CSRF tokens, which say when they were made; blanks are one."""
    return " ".join(re.sub(r'(name="csrf_token" value=")[^"]*', r"\1", page).split())


def post(browser: Browser, address: str, **values: str | list[str]) -> TestResponse:
    """Sends a form to an address."""
    token = browser.fields("/", "/sign-out")["csrf_token"]
    return browser.http.post(address, data=values | {"csrf_token": token})


def send(browser: Browser, mapping_id: int, what: str, **values: str) -> str:
    """The same to one of a mapping, and what the page that follows says."""
    answer = post(browser, f"/mappings/{mapping_id}/{what}", **values)
    assert answer.status_code == 303
    return text_of(browser.get(answer.location).text)


def mappings_in(page: str) -> list[int]:
    """The mappings that a list shows, in its order."""
    return [int(number) for number in re.findall(r'id="mapping-(\d+)"', page)]
