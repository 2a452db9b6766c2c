"""The name and the lock key of a version of the SQL functions, shared by the pool and the migrations."""

from __future__ import annotations

import hashlib

# First keys of the two-key advisory locks that this application takes ("TK" and a number).
MIGRATION_LOCK = 0x544B01
USE_LOCK = 0x544B02


def schema_name(sources: dict[str, str]) -> str:
    """`api_` and a hash of the functions' sources: a changed function is another schema."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name].encode() + b"\0")
    return f"api_{digest.hexdigest()[:16]}"


def schema_lock_key(schema: str) -> int:
    """Second key (32-bit) of the lock that says "this version is in use"."""
    return int.from_bytes(hashlib.sha256(schema.encode()).digest()[:4], "big", signed=True)
