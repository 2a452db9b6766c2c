"""Notes: what an answer or change came to, told once on the page that follows it, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg
from flask import flash, get_flashed_messages

from app.errors import DatabaseUnavailable, TellykeepError, from_database


@dataclass(frozen=True)
class Note:
    """One of them.

    Attributes:
        text: a sentence or two.
        tone: CSS class suffix.
        icon: name in the sprite.
        href: where to go on, or empty.
        link: what that is called.
        action: where a button sends what takes it back; empty where there is none.
        button: what that button says.
        values: what it sends.
        target: selector of what htmx swaps for the answer; empty where the whole page follows.
    """

    text: str
    tone: str = "watched"
    icon: str = "check"
    href: str = ""
    link: str = ""
    action: str = ""
    button: str = ""
    values: dict[str, str] = field(default_factory=dict)
    target: str = ""


def tell(text: str, *, href: str = "", link: str = "") -> None:
    """Something was done."""
    flash(asdict(Note(text, href=href, link=link)))  # type: ignore[arg-type] # the cookie holds what JSON holds


def tell_with_undo(
    text: str,
    action: str,
    values: Mapping[str, object],
    *,
    button: str = "Undo",
    target: str = "",
    href: str = "",
    link: str = "",
) -> None:
    """Something was done, and a button takes it back.

    Args:
        text: what was done.
        action: address that takes it back, by POST.
        values: what is sent there.
        button: what the button says.
        target: selector of what htmx swaps for the answer.
        href, link: where to go on, and what that is called.
    """
    sent = {name: str(value) for name, value in values.items()}
    note = Note(text, href=href, link=link, action=action, button=button, values=sent, target=target)
    flash(asdict(note))  # type: ignore[arg-type] # as above


def tell_problem(text: str) -> None:
    """Something was not done."""
    flash(asdict(Note(text, tone="failed", icon="alert-triangle")))  # type: ignore[arg-type]


def notes() -> list[Note]:
    """What is to be told now; told then."""
    kept: list[Any] = list(get_flashed_messages())
    return [Note(**note) for note in kept]


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal becomes a note on the page that follows, instead of an error page that leads away from the question.

    Raises:
        DatabaseUnavailable: nothing can be told without it.
    """
    try:
        yield
    except (TellykeepError, psycopg.Error) as error:
        refused = from_database(error) if isinstance(error, psycopg.Error) else error
        if refused is None or isinstance(refused, DatabaseUnavailable):
            raise
        text = refused.message
        tell_problem(f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}")
