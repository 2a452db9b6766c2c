"""Every route of the application, and who may use it as its guards have it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule

from app.security import access

# Routes without a guard, and why they need none. A new one has to be written down here.
OPEN = {
    "static": "the program's own files",
    "installed.manifest": "says how to install the pages; names nobody",
    "installed.worker": "keeps the program's own files on a device; the same for everybody",
    "installed.unreachable": "what is shown where nobody answers; names nobody",
    "health.alive": "that the process is alive",
    "health.ready": "whether a webhook would be kept; for monitors, which have no account",
    "metrics.figures": "refuses by itself whoever is neither at home nor has a token (ADR 10)",
    "webhook.take_webhook": "the secret in its address is the key",
    "api_openapi.document": "describes the API; the same for everybody",
    "api_openapi.docs": "the same, to be read",
}


@dataclass(frozen=True)
class Route:
    """One method of one address.

    Attributes:
        access: `open`, `form` (anybody, with a CSRF token), `page`, `admin page`, `api`, `admin api`.
    """

    method: str
    rule: Rule
    access: str

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing."""
        return self.method in access.SAFE_METHODS

    @property
    def ids(self) -> list[str]:
        """What stands in its address for something that belongs to somebody."""
        return sorted(name for name in self.rule.arguments if name.endswith("_id"))

    def path(self, **values: object) -> str:
        """Its address with these values, and 1 or a word for what they leave out."""
        path = self.rule.rule
        for name in self.rule.arguments:
            converter = type(self.rule._converters[name]).__name__
            value = values.get(name, 1 if converter in ("IntegerConverter", "IdConverter") else "welcome")
            prefix = {"IntegerConverter": "int:", "IdConverter": "id:", "PathConverter": "path:"}.get(converter, "")
            path = path.replace(f"<{prefix}{name}>", quote(str(value), safe=""))
        assert "<" not in path, path
        return path


def routes_of(app: Flask) -> list[Route]:
    """All of them, in the order of their addresses."""
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append(Route(method, rule, _access(app, rule)))
    return found


def _access(app: Flask, rule: Rule) -> str:
    guards = app.before_request_funcs.get(rule.endpoint.rpartition(".")[0], [])
    kind = (
        "api"
        if access._check_api_request in guards
        else "page"
        if access._check_page_request in guards
        else "form"
        if access._check_csrf in guards
        else "open"
    )
    return f"admin {kind}" if access._check_admin in guards else kind
