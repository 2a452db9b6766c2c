"""Is the key here the one that the secrets in the database are encrypted under? Asked before anything is done with them."""

from __future__ import annotations

from app.db.pool import Connection
from app.db.queries import queries
from app.errors import TellykeepError
from app.security.crypto import NONCE_BYTES, TAG_BYTES, CannotDecrypt, Cipher

PLACE = "installation.key_check"
_ROW = 1
# Nonce and tag in hex. What is shorter is no secret, and proves nothing.
_SHORTEST = 2 * (NONCE_BYTES + TAG_BYTES) + 2


class WrongKey(TellykeepError):
    """The key here is another one; nothing was read or written with it."""

    code = "wrong_key"


def check_key(connection: Connection, cipher: Cipher) -> None:
    """Holds the key against the database, which is told it when it knows none yet.

    Raises:
        WrongKey: the secrets in the database are encrypted under another key.
    """
    with connection.transaction():
        known = queries().key_check(connection)
        if known is not None:
            if not opens(cipher, known):
                raise WrongKey(_another(cipher))
            return
        # A database of an earlier version. One secret is proof enough; where there is none, no key is wrong.
        stored = [row for row in queries().stored_secrets(connection) if len(row["stored"]) > _SHORTEST]
        if stored and not any(_opens(cipher, row["place"], row["user_id"], row["stored"]) for row in stored):
            raise WrongKey(_another(cipher))
        name_key(connection, cipher)


def name_key(connection: Connection, cipher: Cipher) -> None:
    """From now on this is the key of the database."""
    queries().set_key_check(connection, key_check=cipher.encrypt(cipher.fingerprint, column=PLACE, row=_ROW))


def opens(cipher: Cipher, known: str) -> bool:
    """Whether this key wrote the check."""
    return _opens(cipher, PLACE, _ROW, known)


def _opens(cipher: Cipher, place: str, row: int, stored: str) -> bool:
    try:
        cipher.decrypt(stored, column=place, row=row)
    except CannotDecrypt:
        return False
    return True


def _another(cipher: Cipher) -> str:
    return (
        f"the secrets in the database are encrypted under another key than the one here ({cipher.fingerprint}): set"
        " ENCRYPTION_KEY, or put your copy of the key into encryption.key in the data directory. If `tellykeep rekey` was"
        " interrupted, run it again"
    )
