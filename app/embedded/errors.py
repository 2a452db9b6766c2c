"""The one exception of the embedded PostgreSQL."""


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be used; the message says what happened and what to do about it."""
