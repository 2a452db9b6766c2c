"""What everybody shares: database, clock, key, disk, PUBLIC_URL and the jobs of the installation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

import psycopg

from app.db.queries import queries
from app.doctor.database import NAME, check_clock, check_database
from app.doctor.finding import Finding
from app.doctor.jobs import check_jobs
from app.errors import DatabaseUnavailable
from app.monitoring.condition import disk_trouble
from app.security.crypto import CannotDecrypt
from app.security.key_check import opens
from app.services import Services
from app.settings import Settings

# Nobody but the job of the installation.
_NOBODY = 0


def examine_installation(services: Services) -> Iterator[Finding]:
    """Every check that needs no account, one after the other."""
    try:
        with services.db.connection() as connection:
            found = [check_database(connection), check_clock(connection)]
        yield from found
        if found[0].state != "fail":
            yield check_key(services)
            yield check_jobs(services, _NOBODY, shared=True)
    except (DatabaseUnavailable, psycopg.Error):
        yield Finding(
            NAME,
            "fail",
            "The database does not answer.",
            "Is PostgreSQL running, and is DATABASE_URL right? Its own log says more.",
        )
    yield from check_surroundings(services.settings)


def check_surroundings(settings: Settings) -> Iterator[Finding]:
    """What can be looked at without the database."""
    yield check_disk(settings)
    yield check_spool(settings.data_dir / "spool")
    yield check_public_url(settings.public_url)


def check_key(services: Services) -> Finding:
    """Whether the key here is the database's, and opens every secret in it."""
    name = "Encryption key"
    with services.db.connection() as connection:
        known = queries().key_check(connection)
        stored = list(queries().stored_secrets(connection))
    if known is not None and not opens(services.cipher, known):
        return Finding(
            name,
            "fail",
            f"The secrets are encrypted under another key than the one here ({services.cipher.fingerprint}).",
            "Set ENCRYPTION_KEY, or put your copy of the key into encryption.key in the data directory.",
        )
    closed = set()
    for row in stored:
        try:
            services.cipher.decrypt(row["stored"], column=row["place"], row=row["user_id"])
        except CannotDecrypt:
            closed.add(row["place"])
    if closed:
        return Finding(
            name,
            "fail",
            f"Secrets cannot be decrypted: {', '.join(sorted(closed))}.",
            "Enter them anew in the settings (Plex, TMDB), make another webhook secret, set the second step up again.",
        )
    return Finding(name, "ok", f"Every stored secret ({len(stored)}) opens with the key {services.cipher.fingerprint}.")


def check_disk(settings: Settings) -> Finding:
    """Whether the data directory can be written to and has room left."""
    try:
        with TemporaryFile(dir=settings.data_dir) as file:
            file.write(b"tellykeep")
            file.flush()
    except OSError as error:
        return Finding(
            "Disk",
            "fail",
            f"The data directory cannot be written to: {error.strerror}.",
            "Make it belong to the user that Tellykeep runs as, and look whether the volume is mounted and has room.",
        )
    trouble = disk_trouble(settings)
    if trouble is not None:
        return Finding(
            "Disk",
            "fail",
            f"{trouble[0].upper()}{trouble[1:]}.",
            "Make room on it, or lower DISK_RESERVE_MB, POSTER_CACHE_MB or NIGHTLY_BACKUPS.",
        )
    return Finding("Disk", "ok", "The data directory can be written to and has room.")


def check_spool(directory: Path) -> Finding:
    """Whether events wait beside the database."""
    waiting = broken = 0
    # Segments come and go while it is looked.
    with suppress(OSError):
        waiting = sum(path.stat().st_size for path in directory.glob("*.spool"))
        broken = sum(1 for path in (directory / "failed").iterdir() if path.is_file())
    if broken:
        return Finding(
            "Spool",
            "warn",
            f"{broken} events could not be applied and were put aside.",
            "They are in spool/failed in the data directory; the process log says why.",
        )
    if waiting:
        return Finding(
            "Spool",
            "warn",
            f"Events wait on the disk for the database ({waiting} bytes).",
            "They are applied while Tellykeep runs and the database answers: look again in a minute.",
        )
    return Finding("Spool", "ok", "No event waits on the disk.")


def check_public_url(url: str | None) -> Finding:
    """Whether Plex can be expected to reach what the pages show as the webhook's address."""
    name = "PUBLIC_URL"
    if url is None:
        return Finding(name, "ok", "It is not set: the pages show the address that the browser uses.")
    parts = urlsplit(url)
    if parts.query or parts.fragment or "@" in parts.netloc:
        return Finding(
            name,
            "fail",
            "It has a user, a query or a fragment in it.",
            "Set it to the beginning of the address alone, such as https://tellykeep.example.org.",
        )
    host = parts.hostname or ""
    loopback = host == "localhost"
    with suppress(ValueError):
        loopback = ipaddress.ip_address(host).is_loopback
    if loopback:
        return Finding(
            name,
            "warn",
            "It leads to this machine itself: a Plex server in a container or on another machine does not reach it.",
            "Set it to a name or address that the Plex server reaches.",
        )
    return Finding(name, "ok", f"The webhook's address begins with {url}.")
