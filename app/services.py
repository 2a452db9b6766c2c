"""What the application is made of, put together once (app.server, tests) and handed to the code that needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import current_app

from app.db.pool import Database
from app.security.crypto import Cipher
from app.security.webhook_secrets import WebhookSecrets
from app.settings import Settings


@dataclass
class Readiness:
    """What `/readyz` says.

    Attributes:
        started: the first migration is done; from then on webhooks can be kept.
        problem: one sentence on why the start has not come further, for people; None when nothing is wrong.
        setup_code: the one-time code for the first account while there is none.
    """

    started: bool = False
    problem: str | None = None


@dataclass
class Services:
    """The parts that views and jobs share."""

    settings: Settings
    db: Database
    cipher: Cipher
    webhook_secrets: WebhookSecrets
    readiness: Readiness = field(default_factory=Readiness)


def build_services(settings: Settings) -> Services:
    """Services whose database is not open yet.

    Raises:
        InvalidSettings: the encryption key cannot be read or made.
    """
    from app.security.crypto import load_key

    db = Database(size=settings.threads + 4)
    return Services(settings, db, Cipher(load_key(settings)), WebhookSecrets(db))


def services() -> Services:
    """The services of the current application."""
    return cast(Services, current_app.extensions["tellykeep"])
