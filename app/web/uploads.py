"""Where the files of a form are while they are read."""

from __future__ import annotations

import tempfile
from typing import IO, Any, cast

from flask import current_app
from htmx_flask.requests import HtmxAwareRequest

from app.services import services


class Upload(HtmxAwareRequest):  # type: ignore[misc]
    """A request whose large files are kept in the data directory: where they would be otherwise is memory in a container."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if (total_content_length or 0) > current_app.config["MAX_CONTENT_LENGTH"]:
            directory = services().settings.data_dir
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return tempfile.TemporaryFile(dir=directory)
        stream: Any = super()._get_file_stream(total_content_length, content_type, filename, content_length)
        return cast(IO[bytes], stream)
