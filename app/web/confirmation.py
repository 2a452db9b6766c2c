"""Who changes a way in is asked for the password first, unless the browser has just proved to be theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import redirect, url_for
from werkzeug.wrappers import Response

from app.security import sessions
from app.security.access import session_token
from app.services import services


def is_confirmed() -> bool:
    """Whether nothing needs to be asked. For templates too, which can say what comes."""
    return sessions.is_confirmed(services(), session_token())


def confirmed_first(back: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Has a view send the browser to the question first.

    Args:
        back: endpoint of the page where it goes on afterwards; a form is filled in there again. Its address has the same values
            in it as the view's.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def asking(**arguments: Any) -> Any:
            return view(**arguments) if is_confirmed() else _ask(back, arguments)

        return asking

    return decorate


def _ask(back: str, arguments: dict[str, Any]) -> Response:
    return redirect(url_for("settings_confirm.show", next=url_for(back, **arguments)), 303)
