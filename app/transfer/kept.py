"""An export in a file without a name: who fetches it slowly keeps neither a connection nor an old moment of the database."""

from __future__ import annotations

import io
from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import IO, cast

from app.errors import NoRoom
from app.services import Services


class KeptFile(io.RawIOBase):
    """The file, to be read once. It is gone when it is closed, or forgotten, or this process is killed."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)

    def readable(self) -> bool:
        """It is."""
        return True

    def fileno(self) -> int:
        """For sendfile."""
        return self._file.fileno()

    def readinto(self, buffer: object) -> int:
        """As of every file."""
        return cast(io.BufferedRandom, self._file).readinto(buffer)  # type: ignore[arg-type]

    def close(self) -> None:
        """Gives the room back."""
        self._file.close()
        super().close()


def kept_in_file(services: Services, pieces: Iterable[str]) -> KeptFile:
    """All pieces in a file beside the data: /tmp may be small, or in memory.

    Args:
        services: the application's parts.
        pieces: of `export_json` or `export_csv`.

    Raises:
        NoRoom: the disk takes no more.
    """
    try:
        services.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = TemporaryFile(dir=services.settings.data_dir)  # noqa: SIM115 - whoever reads it closes it
        try:
            for piece in pieces:
                file.write(piece.encode())
            # What is buffered goes to the disk here, where it can still be refused.
            file.flush()
            return KeptFile(file)
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise NoRoom("the export cannot be written beside the data: the disk may be full") from error
