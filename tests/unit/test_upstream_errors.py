"""What users and programs are told when another server does not do."""

from __future__ import annotations

from app.upstream.errors import KeyMissing, KeyRejected, NotThere, UpstreamError, UpstreamUnavailable


def test_each_kind_has_its_status_its_code_and_its_words() -> None:
    errors: list[UpstreamError] = [
        KeyRejected("tmdb"),
        KeyRejected("plex"),
        KeyMissing("tmdb", "no TMDB key is set"),
        NotThere("plex", "show 4711"),
        UpstreamUnavailable("tmdb", "did not answer in time", retry_after=7),
    ]
    assert [(error.http_status, error.code, error.message) for error in errors] == [
        (422, "tmdb_key_rejected", "TMDB does not accept the TMDB key: enter it again"),
        (422, "plex_key_rejected", "the Plex server does not accept the Plex token: enter it again"),
        (422, "tmdb_key_missing", "no TMDB key is set"),
        (404, "plex_not_there", "the Plex server has no such thing: show 4711"),
        (503, "tmdb_unavailable", "TMDB did not answer in time"),
    ]
    assert [error.retry_after for error in errors] == [None, None, None, None, 7]
    assert [error.service for error in errors] == ["tmdb", "plex", "tmdb", "plex", "tmdb"]
