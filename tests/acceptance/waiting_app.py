"""An application that is slow at `/slow` and quick elsewhere, in gunicorn with our worker and two threads.

python -m tests.acceptance.waiting_app 127.0.0.1:PORT
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication

from app.serving.worker import PatientWorker

THREADS = 2
SLOW_SECONDS = 8.0


def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The name of the thread that it was made in."""
    if environ["PATH_INFO"] == "/slow":
        time.sleep(SLOW_SECONDS)
    body = threading.current_thread().name.encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    def load_config(self) -> None:
        options = {
            "bind": sys.argv[1],
            "worker_class": PatientWorker,
            "threads": THREADS,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return answer


if __name__ == "__main__":
    _Gunicorn().run()
