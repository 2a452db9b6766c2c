"""Tellykeep: keeps a TV tracker in step with Plex."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.services import Services


def create_app(services: Services) -> Flask:
    """The WSGI application. Wires blueprints; the database may be opened later (app.server).

    Args:
        services: built by `app.services.build_services`.
    """
    from flask import Flask

    from app import api, web
    from app.api.errors import register_errors
    from app.api.json_output import JSONOutput
    from app.security import access, headers, host_names
    from app.security.client_address import ClientAddress
    from app.security.limits import init_limits

    app = Flask(__name__)
    app.json = JSONOutput(app)
    app.config.update(
        MAX_CONTENT_LENGTH=5 * 1024 * 1024,
        # A webhook's payload is a form field, and may be as large as the body.
        MAX_FORM_MEMORY_SIZE=5 * 1024 * 1024,
        PROPAGATE_EXCEPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.extensions["tellykeep"] = services
    app.url_map.strict_slashes = False
    init_limits(app, services.settings)
    headers.register(app)
    host_names.register(app, services.settings)
    access.register(app, services)
    register_errors(app)
    api.register(app)
    web.register(app)
    app.wsgi_app = ClientAddress(  # type: ignore[method-assign]
        app.wsgi_app, services.settings.trusted_proxies, services.settings.caddy_address
    )
    return app
