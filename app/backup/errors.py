"""What a user is told when a backup cannot be made or brought back."""

from __future__ import annotations

from app.errors import TellykeepError


class BackupError(TellykeepError):
    """The file, the installation or the key is not one that this can be done with. The message says what to do."""

    code = "backup"
