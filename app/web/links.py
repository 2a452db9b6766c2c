"""Addresses of pages that a template only names where they are."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def page_link(endpoint: str, **values: Any) -> str | None:
    """The address of a page; None in an appliance that does not have it."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None
