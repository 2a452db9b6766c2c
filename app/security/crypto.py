"""Secrets at rest: AES-256-GCM, stored as `iv:tag:ciphertext` in hex."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.errors import TellykeepError
from app.settings import InvalidSettings, Settings

KEY_FILE = "encryption.key"
NONCE_BYTES = 12
TAG_BYTES = 16


class CannotDecrypt(TellykeepError):
    """The value was encrypted under another key, for another row or column, or was changed."""

    code = "cannot_decrypt"


class Cipher:
    """Encrypts values for one place in the database: a ciphertext moved to another row or column does not decrypt."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._aead = AESGCM(key)

    def encrypt(self, text: str, *, column: str, row: int | str) -> str:
        """`iv:tag:ciphertext`, each in hex.

        Args:
            text: what to keep secret.
            column: table and column, such as `plex_config.plex_token`.
            row: primary key of the row.
        """
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, text.encode(), f"{column}:{row}".encode())
        return f"{nonce.hex()}:{sealed[-TAG_BYTES:].hex()}:{sealed[:-TAG_BYTES].hex()}"

    def decrypt(self, stored: str, *, column: str, row: int | str) -> str:
        """The text that `encrypt` was given.

        Raises:
            CannotDecrypt: another key, row or column, or the stored value was changed.
        """
        try:
            nonce, tag, ciphertext = (bytes.fromhex(part) for part in stored.split(":"))
            return self._aead.decrypt(nonce, ciphertext + tag, f"{column}:{row}".encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise CannotDecrypt(f"{column} cannot be decrypted with the present key") from error

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that name the key and say nothing about it."""
        return self.derive("fingerprint")[:8].hex()

    def derive(self, purpose: str) -> bytes:
        """A 256-bit key for another purpose (signing cookies), which says nothing about this one."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"tellykeep {purpose}".encode()).derive(self._key)


def has_key(settings: Settings) -> bool:
    """Whether there is a key, so that `load_key` would not make one."""
    return settings.encryption_key is not None or (settings.data_dir / KEY_FILE).exists()


def load_key(settings: Settings) -> bytes:
    """The key from ENCRYPTION_KEY, or from `encryption.key` in the data directory, which is made (0600) when missing.

    Raises:
        InvalidSettings: the file cannot be read or made, or holds something else.
    """
    if settings.encryption_key is not None:
        return bytes.fromhex(settings.encryption_key.get_secret_value())
    path = settings.data_dir / KEY_FILE
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            write_key(path, secrets.token_bytes(32))
        return read_key_file(path)
    except OSError as error:
        raise InvalidSettings(
            f"TELLYKEEP_DATA_DIR: cannot keep the encryption key in {settings.data_dir}: {error.strerror};"
            " make the directory writable for this user, or set ENCRYPTION_KEY"
        ) from None


def read_key_file(path: Path) -> bytes:
    """The key in a file.

    Raises:
        InvalidSettings: it holds something else.
        OSError: it cannot be read.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise InvalidSettings(f"{path} does not hold 64 hexadecimal digits: restore it from your backup of the key")
    return key


def write_key(path: Path, key: bytes) -> None:
    """Written whole and fsynced, then linked: two processes at once end with one key, a power cut with none or all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, key.hex().encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with contextlib.suppress(FileExistsError):
        os.link(temporary, path)
    temporary.unlink()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes sure that a file that was made or renamed in it is there after a power cut."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
