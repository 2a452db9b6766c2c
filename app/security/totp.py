"""The second step of a sign-in: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

from __future__ import annotations

import hashlib
import hmac
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import pyotp
import segno
import structlog

from app.db.queries import queries
from app.errors import Forbidden, NotFound, StateConflict
from app.security.accounts import CODE_ALPHABET, find_account, new_code
from app.security.crypto import CannotDecrypt
from app.security.sign_in_tries import of_second_step, one_try

if TYPE_CHECKING:
    from app.services import Services

log = structlog.get_logger("tellykeep.door")

STEP_SECONDS = 30
# The clocks of phone and NAS may differ by as much as a step.
WINDOW = (0, -1, 1)
RECOVERY_CODES = 10
_COLUMN = "user_totp.secret"
_WRONG = "six digits, as the app shows them now"


@dataclass(frozen=True)
class SecondStep:
    """Whether an account has one.

    Attributes:
        since: when it was switched on; None where it is off.
        recovery_codes: how many are left.
    """

    since: datetime | None
    recovery_codes: int

    @property
    def is_on(self) -> bool:
        """Whether a sign-in with the password asks for a code."""
        return self.since is not None


def second_step(services: Services, user_id: int) -> SecondStep:
    """Of an account."""
    with services.db.connection() as connection:
        row = queries().totp_of(connection, user_id=user_id)
        left = queries().count_recovery_codes(connection, user_id=user_id)
    return SecondStep(None if row is None else row["confirmed_at"], left)


def begin(services: Services, user_id: int) -> None:
    """Makes a new secret, which counts once the app has shown a right code.

    Raises:
        StateConflict: the second step is on already.
    """
    secret = services.cipher.encrypt(pyotp.random_base32(), column=_COLUMN, row=user_id)
    with services.db.connection() as connection:
        if not queries().begin_totp(connection, user_id=user_id, secret=secret):
            raise StateConflict("the second step is on already")


def pending_secret(services: Services, user_id: int) -> str | None:
    """The secret that the app is to be told; None where there is none, or it is in use and not shown any more."""
    with services.db.connection() as connection:
        row = queries().totp_of(connection, user_id=user_id)
    if row is None or row["confirmed_at"] is not None:
        return None
    # One that cannot be read any more (another key) is begun anew.
    with suppress(CannotDecrypt):
        return services.cipher.decrypt(row["secret"], column=_COLUMN, row=user_id)
    return None


def app_address(secret: str, username: str) -> str:
    """What an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Tellykeep")


def picture(address: str) -> str:
    """A QR code as SVG, in attributes only, as the pages' policy wants it."""
    return segno.make(address, error="m", micro=False).svg_inline(border=2, omitsize=True, svgclass="tk-qr")


def switch_on(services: Services, user_id: int, code: str, *, address: str | None) -> list[str]:
    """Has every later sign-in ask for a code, if this one is right.

    Returns:
        The recovery codes, to be shown once: only their hashes are kept.

    Raises:
        Forbidden: the code is wrong.
        StateConflict: it was not begun, or is on already.
        TooManyRequests: too many wrong ones before.
    """
    with one_try(services, of_second_step(services, user_id, address, "setup")) as admitted:
        admitted.right = _use_app_code(services, user_id, code)
    if not admitted.right:
        raise Forbidden("this is not the code", fields={"code": _WRONG})
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    with services.db.connection() as connection, connection.transaction():
        if not queries().confirm_totp(connection, user_id=user_id):
            raise StateConflict("the second step is on already")
        _keep_codes(connection, user_id, codes)
    return codes


def renew_recovery_codes(services: Services, user_id: int) -> list[str]:
    """New recovery codes, to be shown once; the old ones open nothing any more.

    Raises:
        StateConflict: the second step is off.
    """
    if not second_step(services, user_id).is_on:
        raise StateConflict("the second step is off")
    codes = [new_code() for _ in range(RECOVERY_CODES)]
    with services.db.connection() as connection, connection.transaction():
        _keep_codes(connection, user_id, codes)
    return codes


def check_code(services: Services, user_id: int, code: str, *, address: str | None, browser: str | None) -> bool:
    """Whether it is a code of the account's app, or one of its recovery codes. Either opens once.

    Raises:
        TooManyRequests: too many wrong ones before.
    """
    with one_try(services, of_second_step(services, user_id, address, browser)) as admitted:
        admitted.right = _use_app_code(services, user_id, code) or _use_recovery_code(services, user_id, code)
    return admitted.right


def switch_off(services: Services, user_id: int) -> bool:
    """Forgets secret and recovery codes; whether there was any."""
    with services.db.connection() as connection, connection.transaction():
        queries().drop_recovery_codes(connection, user_id=user_id)
        return bool(queries().drop_totp(connection, user_id=user_id))


def reset(services: Services, username: str) -> bool:
    """The same for a name, for whoever has lost app and recovery codes; whether it was on.

    Raises:
        NotFound: there is no such account.
    """
    user_id = find_account(services, username).user_id
    if user_id is None:
        raise NotFound("there is no account of this name")
    return switch_off(services, user_id)


def _use_app_code(services: Services, user_id: int, code: str) -> bool:
    digits = code.replace(" ", "").replace("-", "")
    with services.db.connection() as connection:
        row = queries().totp_of(connection, user_id=user_id)
    if row is None or not (digits.isascii() and digits.isdigit() and len(digits) == 6):
        return False
    try:
        app = pyotp.TOTP(services.cipher.decrypt(row["secret"], column=_COLUMN, row=user_id))
    except CannotDecrypt as error:
        # A backup that was restored without its key. The recovery codes are hashes, and still open.
        log.error("the secret of a second step cannot be read", user_id=user_id, reason=error.message)
        return False
    now = int(time.time()) // STEP_SECONDS
    for step in (now + offset for offset in WINDOW):
        if hmac.compare_digest(app.generate_otp(step), digits):
            with services.db.connection() as connection:
                return bool(queries().use_totp_step(connection, user_id=user_id, step=step))
    return False


def _use_recovery_code(services: Services, user_id: int, code: str) -> bool:
    with services.db.connection() as connection:
        return bool(queries().use_recovery_code(connection, user_id=user_id, code_hash=_code_hash(code)))


def _keep_codes(connection: object, user_id: int, codes: list[str]) -> None:
    queries().drop_recovery_codes(connection, user_id=user_id)
    queries().add_recovery_codes(connection, user_id=user_id, hashes=[_code_hash(code) for code in codes])


def _code_hash(code: str) -> bytes:
    """SHA-256. A code has 79 random bits, so a plain hash is enough."""
    letters = "".join(letter for letter in code.upper() if letter in CODE_ALPHABET)
    return hashlib.sha256(f"recovery {letters}".encode()).digest()
