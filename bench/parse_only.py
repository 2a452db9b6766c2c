"""The upper limit of what Flask under our gunicorn can take: reads the form, parses its JSON, answers.

`python -m bench.parse_only` serves it on TELLYKEEP_BIND, with the settings of `tellykeep serve`.
"""

from __future__ import annotations

import json

from flask import Flask, Response, jsonify, request
from gunicorn.app.base import BaseApplication

from app.process_log import configure_log
from app.server import gunicorn_options
from app.settings import load_settings


def parse_only_app() -> Flask:
    """An application with one route, that does nothing with what it gets."""
    app = Flask(__name__)

    @app.post("/parse")
    def parse() -> Response:
        payload = json.loads(request.form["payload"])
        return jsonify({"status": "success", "action": payload["event"], "log_id": 1, "tvshow_id": 1})

    @app.get("/readyz")
    def ready() -> Response:
        return jsonify({"status": "ok"})

    return app


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def load_config(self) -> None:
        for name, value in gunicorn_options(load_settings()).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return parse_only_app()


def main() -> None:
    configure_log("warning")
    _Gunicorn().run()


if __name__ == "__main__":
    main()
