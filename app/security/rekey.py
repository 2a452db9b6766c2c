"""`tellykeep rekey`: every secret in the database from one key to another, all of them or none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

from app.db.migrate import migrated
from app.db.pool import Connection
from app.db.queries import queries
from app.db.versions import USE_LOCK
from app.errors import TellykeepError
from app.opening import start_database
from app.security.crypto import KEY_FILE, Cipher, load_key, read_key_file, sync_directory, write_key
from app.security.key_check import WrongKey, name_key, opens
from app.settings import InvalidSettings, Settings

NEXT_KEY_FILE = "encryption.key.next"


class CannotRekey(TellykeepError):
    """Nothing was changed."""

    code = "cannot_rekey"


@dataclass(frozen=True)
class Rekeyed:
    """What was done.

    Attributes:
        fingerprint: of the key that counts now.
        secrets: how many were encrypted anew; 0 when an earlier run had come so far.
        key_file: where the key is; None when ENCRYPTION_KEY is to be set to it.
    """

    fingerprint: str
    secrets: int
    key_file: Path | None


def rekey(settings: Settings, new_key_file: Path | None) -> Rekeyed:
    """Encrypts everything anew in one transaction, then puts the new key in the place of the old one.

    Killed before the commit, nothing has happened. Killed after it, the new key lies beside the old one, with which `serve`
    refuses to work, and another run puts it in its place.

    Args:
        settings: name the database and the present key.
        new_key_file: holds the new key; None: one is made.

    Raises:
        CannotRekey: Tellykeep runs on this database, or there is no place for a key that is made.
        WrongKey: the present key is not the database's.
        InvalidSettings, MigrationError, EmbeddedPostgresError, psycopg.Error: the key or the database cannot be used.
    """
    in_file = settings.encryption_key is None
    if new_key_file is None and not in_file:
        raise CannotRekey("ENCRYPTION_KEY is set: make the new key with `openssl rand -hex 32` and name its file")
    present = Cipher(load_key(settings))
    following = _following_key(settings, new_key_file, keep=in_file)
    new = Cipher(following)
    started = start_database(settings)
    try:
        # Not held on to: it would look like a running Tellykeep. Nothing here calls a function of this version.
        with migrated(started.owner_url, started.app_role):
            pass
        with psycopg.connect(
            started.app_url,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=5,
            application_name="tellykeep rekey",
        ) as connection:
            queries().use_schema(connection, path="tracker, public, pg_temp")
            secrets = _encrypt_anew(connection, present, new)
    finally:
        started.stop()
    if in_file:
        # Both files are on the disk: whatever is interrupted here, one of the two is the key, and rekey finds it.
        (settings.data_dir / NEXT_KEY_FILE).replace(settings.data_dir / KEY_FILE)
        sync_directory(settings.data_dir)
    return Rekeyed(new.fingerprint, secrets, settings.data_dir / KEY_FILE if in_file else None)


def _following_key(settings: Settings, new_key_file: Path | None, *, keep: bool) -> bytes:
    """The new key; kept in the data directory before it is used, where the present one is kept there too."""
    waiting = settings.data_dir / NEXT_KEY_FILE
    given = None if new_key_file is None else read_key_file(new_key_file)
    if not keep:
        assert given is not None  # noqa: S101 - for mypy; rekey() has looked
        return given
    if not waiting.exists():
        write_key(waiting, given or os.urandom(32))
    key = read_key_file(waiting)
    if given is not None and given != key:
        raise InvalidSettings(
            f"{waiting} is from a rekey that was interrupted: run it again without a key of your own, to finish that one"
        )
    return key


def _encrypt_anew(connection: Connection, present: Cipher, new: Cipher) -> int:
    with connection.transaction():
        known = queries().key_check(connection)
        if queries().sessions_of_tellykeep(connection, lock=USE_LOCK):
            raise CannotRekey("Tellykeep runs on this database, with the present key in its memory: stop it first")
        if known is not None and opens(new, known):
            return 0
        if known is not None and not opens(present, known):
            raise WrongKey(
                f"neither key is that of the secrets in the database ({present.fingerprint} is the present one)"
            )
        stored = list(queries().stored_secrets(connection))
        for row in stored:
            place, user_id = row["place"], row["user_id"]
            text = present.decrypt(row["stored"], column=place, row=user_id)
            sealed = new.encrypt(text, column=place, row=user_id)
            queries().replace_secret(connection, place=place, user_id=user_id, stored=sealed)
        name_key(connection, new)
    return len(stored)
