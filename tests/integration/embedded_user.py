"""A process that uses the embedded PostgreSQL: `python embedded_user.py '{"data_dir": "…"}'`.

Each line of its stdin is an order, answered by one line of JSON. At the end of its stdin, and on SIGTERM, it leaves the
server as `tellykeep serve` does.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

# What is imported only when it is needed: by then another uid may not reach the interpreter's library any more.
LATE = (
    "encodings.idna",
    "encodings.ascii",
    "traceback",
    "linecache",
    "tokenize",
    "psycopg.types.array",
    "ctypes.util",
)


def become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def main() -> None:
    orders: dict[str, Any] = json.loads(sys.argv[1])
    sys.path.insert(0, str(ROOT))
    if "site" in orders:
        sys.path.insert(0, orders["site"])
    for name in LATE:
        importlib.import_module(name)
    from app.embedded import EmbeddedPostgres, EmbeddedPostgresError, serve_lock

    if "uid" in orders:
        become(orders["uid"], orders["gid"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    events: list[str] = []
    data_dir = Path(orders["data_dir"])
    postgres = EmbeddedPostgres(data_dir, log=lambda event, **_: events.append(event))
    held = []
    try:
        for line in sys.stdin:
            order, *arguments = line.split()
            answer: dict[str, Any] = {}
            try:
                if order == "start":
                    endpoint = postgres.start(*map(float, arguments))
                    answer = {"owner_url": endpoint.owner_url, "app_url": endpoint.app_url, "events": events}
                elif order == "stop":
                    postgres.stop()
                elif order == "alive":
                    answer = {"alive": postgres.alive()}
                elif order == "serve-lock":
                    held.append(serve_lock(data_dir))
                elif order == "fork":
                    child = os.fork()
                    if child == 0:
                        postgres.stop()
                        os._exit(0)
                    os.waitpid(child, 0)
            except EmbeddedPostgresError as error:
                answer = {"error": str(error)}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        postgres.stop()


if __name__ == "__main__":
    main()
