"""Asking other servers (TMDB, Plex): one way for all of them, with time-outs, limits, figures, and no secret in any message."""
