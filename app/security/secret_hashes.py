"""The hashes of the webhook secrets in the data directory: what a webhook is let in by while the database is away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.embedded.layout import write_file

_VERSION = 1


@dataclass(frozen=True)
class KnownSecret:
    """One secret that opens the webhook, of which only the hash is known.

    Attributes:
        user_id: whose.
        digest: SHA-256 of the secret.
        until: when it ends, for one that was replaced; None when it does not.
    """

    user_id: int
    digest: bytes
    until: datetime | None


def read_hashes(path: Path) -> tuple[KnownSecret, ...]:
    """What was written last; nothing when there is no such file.

    Raises:
        OSError: it is there and cannot be read.
        ValueError: it was not written by `write_hashes`.
    """
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ()
    try:
        if document["version"] != _VERSION:
            raise ValueError("a version that is not known")
        return tuple(
            KnownSecret(
                int(entry["user_id"]),
                bytes.fromhex(entry["sha256"]),
                None if entry["until"] is None else datetime.fromisoformat(entry["until"]),
            )
            for entry in document["secrets"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError("not a list of hashes") from error


def write_hashes(path: Path, known: tuple[KnownSecret, ...]) -> None:
    """Replaces the file in one step, so that a power cut leaves the old one or the new one. Readable by its owner only.

    Raises:
        OSError: it cannot be written.
    """
    secrets = [
        {
            "user_id": one.user_id,
            "sha256": one.digest.hex(),
            "until": None if one.until is None else one.until.isoformat(),
        }
        for one in known
    ]
    write_file(path, json.dumps({"version": _VERSION, "secrets": secrets}, indent=1).encode())
