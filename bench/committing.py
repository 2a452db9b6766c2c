"""The upper limit of what PostgreSQL can take: commits of a single-row UPDATE, by pgbench."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from app.embedded.wheel import binaries, shared_libraries

# As many rows that two clients seldom want the same one: what is measured is the commit, not the waiting for a lock.
_ROWS = 1000
_SCRIPT = f"\\set id random(1, {_ROWS})\nupdate tellykeep_bench set n = n + 1 where id = :id;\n"
_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)


@contextmanager
def counter_table(owner_url: str) -> Iterator[None]:
    """The table that pgbench updates, for as long as the block runs."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("drop table if exists public.tellykeep_bench")
        connection.execute(
            "create table public.tellykeep_bench (id integer primary key, n integer not null) with (fillfactor = 50)"
        )
        connection.execute("insert into public.tellykeep_bench select g, 0 from generate_series(1, %s) g", (_ROWS,))
    try:
        yield
    finally:
        with psycopg.connect(owner_url, autocommit=True) as connection:
            connection.execute("drop table public.tellykeep_bench")


def commits_per_second(owner_url: str, clients: int, seconds: float) -> float:
    """How many such updates a second `clients` connections commit."""
    parts = conninfo_to_dict(owner_url)
    # Not as an argument: a password would be in the list of processes.
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    environment = os.environ | {names[key]: str(value) for key, value in parts.items() if key in names}
    libraries = shared_libraries()
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(_SCRIPT)
        script.flush()
        command = [str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={script.name}"]
        command += [f"--client={clients}", "--jobs=1", f"--time={max(1, round(seconds))}"]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=seconds + 60, cwd=Path("/")
        )
    found = _RATE.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
    return float(found[1])
