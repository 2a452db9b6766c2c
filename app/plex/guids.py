"""Plex's GUIDs: which agent wrote one, whose id stands in it, and which show it belongs to.

The trap of this format is *whose* id it is. ``tvdb://9001033`` in the ``Guid`` array of an episode is the
episode's id; the same text as a ``grandparentGuid`` is the show's; and in
``com.plexapp.agents.thetvdb://900100/2/15`` the number is the show's although the GUID is the episode's.
Taking one for the other marks another show. So :func:`parse_guid` says only what the text itself says, and
the functions that know the position (:func:`show_guid`, :func:`show_ids`, :func:`episode_ids`) decide whose
the ids are.

Sources: recorded webhooks and server answers; for HAMA its own source (``Contents/Code/__init__.py`` for the
forms of a forced id, ``TheMovieDb.py`` for the meaning of ``tmdb-`` and ``tsdb-``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

MAX_ID = 2**31 - 1  # the ids are PostgreSQL integers


@dataclass(frozen=True, slots=True)
class ExternalIds:
    """Ids of one thing (a show, or an episode) in the public databases; ``None`` where unknown.

    ``tmdb``, ``tvdb`` and ``anidb`` are 1 to 2147483647, ``imdb`` is ``tt`` and digits.
    """

    tmdb: int | None = None
    tvdb: int | None = None
    imdb: str | None = None
    anidb: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any id at all."""
        return self != NO_IDS

    def as_dict(self) -> dict[str, int | str]:
        """Return the known ids only, by name: what goes into JSON."""
        known: dict[str, int | str] = {}
        if self.tmdb is not None:
            known["tmdb"] = self.tmdb
        if self.tvdb is not None:
            known["tvdb"] = self.tvdb
        if self.imdb is not None:
            known["imdb"] = self.imdb
        if self.anidb is not None:
            known["anidb"] = self.anidb
        return known

    def filled_from(self, other: ExternalIds) -> ExternalIds:
        """Return these ids, with those that are missing here taken from ``other``: the first source wins."""
        if other is NO_IDS:
            return self
        if self is NO_IDS:
            return other
        return ExternalIds(
            tmdb=other.tmdb if self.tmdb is None else self.tmdb,
            tvdb=other.tvdb if self.tvdb is None else self.tvdb,
            imdb=other.imdb if self.imdb is None else self.imdb,
            anidb=other.anidb if self.anidb is None else self.anidb,
        )


NO_IDS = ExternalIds()


@dataclass(frozen=True, slots=True)
class PlexGuid:
    """What the text of one GUID says by itself, without knowing where it stood.

    * ``text``: canonical: without ``?lang=…``, without blanks around it and a slash at the end; "" if it is
      no GUID.
    * ``kind``: ``show``, ``season``, ``episode``, ``movie``, … where the text tells; else ""
      (``local://4711``).
    * ``agent``: ``plex``, ``thetvdb``, ``themoviedb``, ``imdb``, ``hama``, ``none``, ``local``; the scheme
      for all others.
    * ``key``: what stands for the item; for an agent that writes show/season/episode the *show's* part.
    * ``ids``: the external ids in it. They are the show's if ``names_show``, else those of whatever the GUID
      stood at.
    * ``season``, ``episode``: from a path such as ``/2/15``; ``None`` without one (or with a date in its
      place).
    * ``show_text``: the show's canonical GUID as far as the text alone gives it, else "".
    * ``local``: the key counts on one server only (``local://``, personal media): never to be compared across
      servers.
    """

    text: str
    kind: str = ""
    agent: str = ""
    key: str = ""
    ids: ExternalIds = NO_IDS
    season: int | None = None
    episode: int | None = None
    show_text: str = ""
    local: bool = False

    def __bool__(self) -> bool:
        """Whether it is a GUID at all."""
        return self.agent != ""

    @property
    def names_show(self) -> bool:
        """Whether the text alone tells that ``ids`` are a show's."""
        return self.show_text != ""


_NOT_A_GUID = PlexGuid("")

# agent → which database its key is an id of. The legacy agents and the bare forms write the show's id first,
# then perhaps /season/episode. thetvdbdvdorder and abstvdb number episodes in their own order, but the show's
# id is TheTVDB's.
_ID_AGENTS = {
    "thetvdb": "tvdb",
    "thetvdbdvdorder": "tvdb",
    "abstvdb": "tvdb",
    "tvdb": "tvdb",
    "themoviedb": "tmdb",
    "tmdb": "tmdb",
    "imdb": "imdb",
    "anidb": "anidb",
}
# Agents that know nothing but shows: without a path it is a show. (themoviedb, imdb and HAMA have movies as
# well.)
_SHOW_ONLY_AGENTS = frozenset({"thetvdb", "thetvdbdvdorder", "abstvdb"})

# HAMA's modes: a digit behind the source only chooses another numbering of the same id. In HAMA tmdb-N is
# always a *movie* (it asks TMDB for /movie/N) and tsdb-N is the series; TMDB numbers the two apart, so tmdb-N
# says nothing of a show.
_HAMA_SOURCES = {"tvdb": "tvdb", "anidb": "anidb", "imdb": "imdb", "tsdb": "tmdb", "tmdb": ""}
_HAMA_KEY = re.compile(r"(tvdb|anidb|imdb|tsdb|tmdb)[2-9]?-(\w+)", re.ASCII | re.IGNORECASE)

# "Name [tvdb-900100]", "Name {tmdb-800200}": HAMA's forced id and Plex's own naming of folders, left in the
# title.
_TITLE_ID = re.compile(r"[\[{](tvdb|anidb|imdb|tsdb|tmdb)[2-9]?(?:id)?[-=](\w+)[\]}]", re.ASCII | re.IGNORECASE)

_LEGACY = "com.plexapp.agents."
_IMDB_ID = re.compile(r"tt\d{1,12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@lru_cache(maxsize=2048)
def parse_guid(text: str | None) -> PlexGuid:
    """Read one GUID of any agent. Never raises: what is no GUID gives one that is false.

    Remembered: a viewing is half a dozen messages about the same two.

    A text without ``scheme://key`` is no GUID: if it were taken for an identity, every item with the same
    rubbish would become the same show.
    """
    if not text:
        return _NOT_A_GUID
    # No more than the language is cut off: agents for home-made libraries write titles into their GUIDs, with
    # all their question marks, and two shows must not become one.
    canonical = text.partition("?lang=")[0].strip().rstrip("/")
    scheme, separator, rest = canonical.partition("://")
    if not separator or not scheme or not rest:
        return _NOT_A_GUID
    scheme = scheme.lower()
    canonical = f"{scheme}://{rest}"

    if scheme == "plex":
        kind, _, key = rest.partition("/")
        if not key:
            return _NOT_A_GUID
        return PlexGuid(canonical, kind, "plex", key, show_text=canonical if kind == "show" else "")
    if scheme == "local":
        return PlexGuid(canonical, agent="local", key=rest, local=True)
    if scheme.startswith(_LEGACY):
        return _parse_with_path(canonical, scheme, scheme[len(_LEGACY) :], rest)
    if scheme == "hama" or scheme in _ID_AGENTS:
        return _parse_with_path(canonical, scheme, scheme, rest)
    # tv.plex.agents.none://4711 is the personal media of newer servers: again a local rating key.
    return PlexGuid(canonical, agent=scheme, key=rest, local=scheme.endswith(".agents.none"))


def _parse_with_path(canonical: str, scheme: str, agent: str, rest: str) -> PlexGuid:
    """Read ``scheme://key``, ``scheme://key/season`` or ``scheme://key/season/episode``.

    The legacy framework builds the GUID of a season and of an episode from that of the show, whatever the
    agent, so a path always means that the key is the show's. A date-based show has the date where the episode
    would be.
    """
    key, kind, season, episode = rest, "", None, None
    parts = rest.split("/")
    if len(parts) >= 3 and _is_number(parts[-2]) and (_is_number(parts[-1]) or _DATE.fullmatch(parts[-1])):
        key, kind = "/".join(parts[:-2]), "episode"
        season, episode = _small_int(parts[-2]), _small_int(parts[-1])
    elif len(parts) >= 2 and _is_number(parts[-1]):
        key, kind = "/".join(parts[:-1]), "season"
        season = _small_int(parts[-1])
    elif agent in _SHOW_ONLY_AGENTS:
        kind = "show"
    if not key:
        return _NOT_A_GUID

    if agent == "hama":
        match = _HAMA_KEY.fullmatch(key)
        ids = _ids(_HAMA_SOURCES[match[1].lower()], match[2]) if match else NO_IDS
    else:
        ids = _ids(_ID_AGENTS.get(agent, ""), key)
    return PlexGuid(
        canonical,
        kind,
        agent,
        key,
        ids,
        season,
        episode,
        show_text=f"{scheme}://{key}" if kind else "",
        local=agent == "none",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _small_int(text: str) -> int | None:
    """Return the number if it is one from 0 to 2147483647, else ``None``."""
    if len(text) > 10 or not _is_number(text):
        return None
    number = int(text)
    return number if number <= MAX_ID else None


def _ids(database: str, text: str) -> ExternalIds:
    """Return the one id that ``text`` is in ``database``; nothing if it cannot be an id there."""
    if database == "imdb":
        return ExternalIds(imdb=text) if _IMDB_ID.fullmatch(text) else NO_IDS
    number = _small_int(text)
    if not number:  # 0 is nobody's id, but some agents write it for "unknown"
        return NO_IDS
    if database == "tvdb":
        return ExternalIds(tvdb=number)
    if database == "tmdb":
        return ExternalIds(tmdb=number)
    if database == "anidb":
        return ExternalIds(anidb=number)
    return NO_IDS


def show_guid(guid: PlexGuid, grandparent_guid: PlexGuid) -> PlexGuid:
    """Return the GUID of the show of an episode: false if the message does not tell.

    ``grandparent_guid`` if there is one (it is missing in messages of servers up to 2019); else the show's
    part of the episode's own ``guid``, which legacy agents and HAMA write. A ``plex://season/…`` in the
    grandparent's place is not taken: two messages of one show would then name two shows.
    """
    if grandparent_guid:
        if grandparent_guid.show_text:
            return (
                grandparent_guid
                if grandparent_guid.show_text == grandparent_guid.text
                else parse_guid(grandparent_guid.show_text)
            )
        if not grandparent_guid.kind:
            return grandparent_guid
    return parse_guid(guid.show_text) if guid.kind == "episode" else _NOT_A_GUID


def show_ids(guid: PlexGuid, show: PlexGuid, show_title: str | None) -> ExternalIds:
    """Return the show's external ids as far as an episode's message tells them.

    :param guid: the episode's own GUID; counts only if it names the show (legacy agents, HAMA).
    :param show: what :func:`show_guid` found; first source.
    :param show_title: ``grandparentTitle``; last source, for ``[tvdb-900100]`` in it.
    """
    ids = show.ids
    if guid.kind == "episode" and guid.names_show:
        ids = ids.filled_from(guid.ids)
    if show_title and ("[" in show_title or "{" in show_title):
        ids = ids.filled_from(title_ids(show_title, hama=show.agent == "hama"))
    return ids


def title_ids(title: str, *, hama: bool = False) -> ExternalIds:
    """Return the ids that somebody wrote into a show's title: ``Name [tvdb-900100]``, ``Name
    {imdb-tt9000100}``.

    :param hama: the show is HAMA's: there ``[tmdb-N]`` names a movie, as in its GUIDs. Elsewhere it is Plex's
        own convention for a show's folder, and names the show.
    """
    ids = NO_IDS
    for match in _TITLE_ID.finditer(title):
        source = match[1].lower()
        database = "tmdb" if source == "tmdb" and not hama else _HAMA_SOURCES[source]
        ids = ids.filled_from(_ids(database, match[2]))
    return ids


def episode_ids(guid: PlexGuid, guids: Iterable[str]) -> ExternalIds:
    """Return the episode's own external ids: of a bare ``guid`` such as ``tvdb://9001033``, and of its
    ``Guid`` array.
    """
    is_bare = guid.agent in _ID_AGENTS and not guid.names_show and not guid.text.startswith(_LEGACY)
    return (guid.ids if is_bare else NO_IDS).filled_from(ids_in_array(guids))


def ids_in_array(guids: Iterable[str]) -> ExternalIds:
    """Return the ids of a ``Guid`` array (``tmdb://8002033`` …): of whatever the array stood at. The first of
    a kind wins.
    """
    ids = NO_IDS
    for text in guids:
        scheme, _, key = text.partition("://")
        database = _ID_AGENTS.get(scheme)
        if database:
            ids = ids.filled_from(_ids(database, key))
    return ids
