"""Looks at an installation and at each account's connections, and says what to do about what is not in order.

A check is a small function that changes nothing and returns findings. None holds a connection of the database while another
server is asked.
"""

from __future__ import annotations

from app.doctor.account import examine_account
from app.doctor.finding import Finding, State
from app.doctor.installation import examine_installation

__all__ = ["Finding", "State", "examine_account", "examine_installation"]
