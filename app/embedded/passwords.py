"""The passwords of the cluster's three roles, generated once and kept in the data directory."""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from app.embedded.layout import write_file

SCRAM_ITERATIONS = 4096  # PostgreSQL's default; the passwords are random, more would only slow connections down


@dataclass(frozen=True, repr=False)
class Passwords:
    """`superuser`, `owner` and `app` in clear; `cluster` is a name by which our server is recognised."""

    superuser: str
    owner: str
    app: str
    cluster: str

    @classmethod
    def generate(cls) -> Self:
        """New ones, of characters that need no quoting in a URL."""
        return cls(secrets.token_hex(24), secrets.token_hex(24), secrets.token_hex(24), secrets.token_hex(6))

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """What was stored, or None where nothing usable is."""
        try:
            stored = json.loads(path.read_bytes())
            values = {field.name: stored[field.name] for field in fields(cls)}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return cls(**values) if all(isinstance(value, str) and value for value in values.values()) else None

    def store(self, path: Path) -> None:
        """Writes them so that they are on the disk when this returns."""
        write_file(path, json.dumps(asdict(self), indent=1).encode())


def scram_verifier(password: str) -> str:
    """What PostgreSQL stores for `password` (RFC 5803), so that no statement, and no log, has it in clear."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ITERATIONS)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored_key, server_key))
    return f"SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt64}${stored64}:{server64}"
