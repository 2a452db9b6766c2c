"""Who a request acts for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Identity:
    """An account, and how it was recognised.

    Attributes:
        user_id: id in `users`.
        username: its name.
        is_admin: whether it may manage other accounts.
        timezone: IANA name, in which its dates are shown.
        scope: `read` or `write`; a session may write.
        via: `session` (a cookie: CSRF must be checked) or `token`.
        came_by: how a session began: `password`, `oidc` or `header`; empty for a token.
    """

    user_id: int
    username: str
    is_admin: bool
    timezone: str
    scope: str
    via: Literal["session", "token"]
    came_by: str = ""
