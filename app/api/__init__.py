"""The JSON API under /api, a blueprint a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Adds every route of the API, the webhook and the monitors' addresses to the application."""
    from app.api import (
        config,
        conflicts,
        export,
        health,
        history,
        jobs,
        logs,
        mappings,
        metrics,
        numbering,
        openapi,
        plays,
        search,
        shows,
        stats,
        webhook,
    )
    from app.api.contract import register_converters

    register_converters(app)
    for module in (
        webhook,
        health,
        metrics,
        jobs,
        config,
        conflicts,
        mappings,
        numbering,
        logs,
        history,
        stats,
        shows,
        plays,
        search,
        export,
        openapi,
    ):
        app.register_blueprint(module.blueprint)
