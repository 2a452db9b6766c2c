"""What the API answers with, as models: the description is made from them, and tests hold the answers against them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["pending", "success", "conflict", "ignored", "duplicate", "failed"]
ConflictType = Literal["multiple_matches", "low_confidence", "no_match", "episode_missing"]


class Answer(BaseModel):
    """An object in an answer."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(Answer):
    """What went wrong: a stable word for programs, a sentence for people, and the fields that it is about."""

    code: str
    message: str
    fields: dict[str, str] = Field(default_factory=dict)


class Error(Answer):
    """The answer to a request that was not done."""

    error: ErrorDetail


class Show(Answer):
    """A show of the tracker. The totals count specials."""

    id: int
    title: str
    year: int | None
    tmdb_id: int | None
    tvdb_id: int | None
    imdb_id: str | None
    show_start_date: date | None
    status: str | None
    poster_path: str | None
    source: Literal["manual", "plex", "import"]
    watched_episodes: int
    total_episodes: int
    total_minutes: int = Field(description="Minutes of the episodes that were watched.")
    plex_synced: bool
    plex_last_sync: datetime | None
    created_at: datetime
    updated_at: datetime


class Moved(Answer):
    """An episode that has another number now, each as season and episode."""

    from_: list[int] = Field(alias="from")
    to: list[int]


class Refreshed(Answer):
    """What reading a show anew has changed. Episodes are named by season and number."""

    source: Literal["tmdb", "plex"]
    added: int = Field(description="How many episodes are new.")
    moved: list[Moved]
    removed: list[list[int]] = Field(description="The source has them no longer, and nobody ever spoke of them.")
    kept: list[list[int]] = Field(description="The source has them no longer, but they were watched.")
    names: int = Field(description="How many names are new.")


class StoredEpisode(Answer):
    """An episode as stored. `dateWatched` is the first viewing that counts."""

    episodeNumber: int  # noqa: N815 - the stored document's own names
    title: str | None
    airDate: date | None  # noqa: N815
    runtime: int | None = Field(description="Minutes.")
    watched: bool
    dateWatched: datetime | None  # noqa: N815
    tmdbId: int | None = Field(default=None, description="TMDB's id of the episode, where it came from there.")  # noqa: N815


class StoredSeason(Answer):
    """A season as stored; season 0 holds the specials."""

    seasonNumber: int  # noqa: N815
    episodes: list[StoredEpisode]


class ShowAlone(Show):
    """A show that was asked for alone."""

    seasons: list[StoredSeason]


class Shows(Answer):
    """A page of shows, in the order of their titles."""

    shows: list[Show]
    next: str | None


class FoundShow(Answer):
    """A show that TMDB knows."""

    tmdb_id: int
    title: str
    original_title: str | None
    year: int | None
    country: str | None = Field(description="Where it comes from, as two letters of ISO 3166-1.")
    poster_path: str | None
    overview: str | None = Field(description="What it is about, in TMDB's words.")
    tvshow_id: int | None = Field(description="The show of the tracker with this TMDB id.")


class FoundShows(Answer):
    """Shows that TMDB knows, the likeliest first."""

    shows: list[FoundShow]
    next: None = Field(description="There is one page only.")


class Episode(Answer):
    """An episode after it was marked, with its show's totals."""

    action: Literal["marked_watched", "already_watched", "rewatched", "unmarked"]
    tvshow_id: int
    season: int
    episode: int
    title: str | None
    air_date: date | None
    runtime: int | None = Field(description="Minutes.")
    watched: bool
    watched_at: datetime | None = Field(description="The first viewing that counts.")
    watched_episodes: int
    total_episodes: int
    total_minutes: int


class Play(Answer):
    """One viewing. It is never deleted; when it does not count any more, `voided_at` and `void_reason` say so."""

    id: int
    tvshow_id: int
    season: int
    episode: int
    watched_at: datetime
    source: Literal["webhook", "history", "spool", "manual", "import"]
    server_uuid: str | None
    account_id: int | None
    account: str | None
    plex_season: int | None
    plex_episode: int | None
    mapping_id: int | None
    log_id: int | None
    voided_at: datetime | None
    void_reason: Literal["unmarked", "same_viewing", "moved", "undone", "removed"] | None
    created_at: datetime


class AddedPlay(Play):
    """A viewing that was said, and what that came to."""

    action: Literal["marked_watched", "rewatched", "already_watched"]


class Plays(Answer):
    """A page of viewings, the latest first."""

    plays: list[Play]
    next: str | None


class Mapping(Answer):
    """Which show of the tracker a Plex show stands for. `tvshow_id` null: it is not to be tracked."""

    id: int
    plex_server_uuid: str
    plex_rating_key: str | None
    plex_guid: str | None
    plex_title: str
    plex_year: int | None
    tvdb_id: int | None
    imdb_id: str | None
    tmdb_id: int | None
    tvshow_id: int | None
    tvshow_title: str | None
    match_confidence: float
    match_method: str
    manually_confirmed: bool
    sync_enabled: bool
    last_synced_at: datetime | None
    created_at: datetime
    updated_at: datetime
    open_conflict_id: int | None
    not_tracked_because: Literal["ignored", "show_deleted", "switched_off"] | None = Field(
        description="Why its events are left out: ignored for good; the show was deleted (when you add it again, the"
        " mapping comes back); sync_enabled is false. null: it is tracked."
    )


class Mappings(Answer):
    """A page of mappings, the newest first."""

    mappings: list[Mapping]
    next: str | None


class NumberingRule(Answer):
    """How numbers of Plex become numbers of the tracker (docs/matching.md). `plex_season` null: every season from 1."""

    id: int
    kind: Literal["offset", "absolute", "to_absolute", "air_date", "double"]
    source: Literal["user", "answer", "plex_file", "tmdb_group", "hama"] = Field(
        description="Who made it: the user, an answer to a question, a file's name, a TMDB episode group, HAMA's GUID."
    )
    plex_season: int | None
    from_episode: int
    to_episode: int | None
    season: int | None
    episode_offset: int
    season_lengths: list[int] | None
    first_episode: int | None
    last_episode: int | None
    created_at: datetime


class NumberingRules(Answer):
    """The rules of a mapping, in the order of Plex's episodes: all of them."""

    rules: list[NumberingRule]
    next: str | None


class EpisodeOrder(Answer):
    """Another order of a show's episodes, as TMDB has it."""

    id: str
    name: str
    kind: Literal["original_air_date", "absolute", "dvd", "digital", "story_arc", "production", "tv", "other"]
    episodes: int | None
    seasons: int | None


class EpisodeOrders(Answer):
    """The orders that TMDB has for a show: all of them."""

    orders: list[EpisodeOrder]
    next: str | None


class Place(Answer):
    """An episode of a show of the tracker."""

    tvshow_id: int
    season: int
    episode: int


class Change(Answer):
    """Where viewings of one episode of Plex count (`was`), and where they belong (`becomes`)."""

    plex_season: int | None
    plex_episode: int | None
    was: list[Place]
    becomes: list[Place]
    rule: str | None = Field(description="The kind of rule that renumbers it; null: none does.")
    events: int = Field(description="How many messages of Plex.")


class Moves(Answer):
    """What became, or would become, of all that came through a mapping, in messages of Plex."""

    events: int = Field(description="How many there are.")
    unchanged: int
    moved: int = Field(description="They counted for other episodes before.")
    marked: int = Field(description="They counted for nothing before.")
    unplaced: int = Field(description="The show has no such episode, or there is no show.")
    changes: list[Change] = Field(description="By episode of Plex; 500 at most.")


class Correction(Moves):
    """What a correction has moved."""

    conflict_id: int | None = Field(description="The question in which waits what found no place.")


class ExamplePlace(Answer):
    """An episode that would be marked. `known`: the show has it."""

    season: int
    episode: int
    title: str | None
    known: bool


class Example(Answer):
    """What an episode of Plex would be."""

    plex_season: int
    plex_episode: int
    becomes: list[ExamplePlace]
    rule: str | None


class RulesPreview(Moves):
    """What rules would do. Nothing was written."""

    examples: list[Example] = Field(description="Where each rule begins and ends, and what follows the last viewing.")


class SavedRules(NumberingRules):
    """The rules of a mapping after a change, and what it moved of the past."""

    correction: Correction | None = Field(description="Null when the past was left alone.")


class ChangedMapping(Mapping):
    """A mapping after a change."""

    correction: Correction | None = Field(description="With another show: what was moved there. Else null.")


class Candidate(Answer):
    """A show that may be meant, and why."""

    tvshow_id: int | None
    tmdb_id: int | None
    title: str
    year: int | None
    score: float
    reason: str
    poster_path: str | None = Field(default=None, description="At TMDB, of one that the tracker does not have.")


class HeldEpisode(Answer):
    """An episode that waits for an answer, and how often it was watched."""

    season: int | None
    episode: int | None
    title: str | None
    air_date: date | None
    events: int
    watched_at: datetime = Field(description="The first time.")
    waiting_since: datetime


class Conflict(Answer):
    """A question about a Plex show. `held` is how many events wait for the answer."""

    id: int
    plex_server_uuid: str
    plex_rating_key: str | None
    plex_guid: str | None
    plex_title: str
    plex_year: int | None
    conflict_type: ConflictType
    potential_matches: list[Candidate]
    tvshow_id: int | None = Field(description="episode_missing: the show that was found and lacks the episode.")
    resolved: bool
    resolved_tvshow_id: int | None
    resolution_action: str | None
    resolved_at: datetime | None
    created_at: datetime
    updated_at: datetime
    waiting_since: datetime | None = Field(description="Since when it is open; null when it is answered.")
    overdue: bool = Field(description="It has been open for more than 24 hours.")
    undo_until: datetime | None = Field(description="Until when the answer can be taken back; null: it cannot be.")
    undone_at: datetime | None = Field(description="When an answer was taken back.")
    joined_id: int | None = Field(description="It was the same question as this one, which holds its events now.")
    held: int
    held_episodes: list[HeldEpisode] = Field(description="What waits, in the order of watching; the first 20.")


class Conflicts(Answer):
    """A page of conflicts, the newest first."""

    conflicts: list[Conflict]
    next: str | None


class Resolution(Answer):
    """What became of a conflict and of the events that it held."""

    id: int
    action: str
    resolved: bool
    tvshow_id: int | None
    replayed: int = Field(description="How many held events the answer was applied to.")
    outcomes: dict[str, int] = Field(description="Action taken to number of events.")


class Undone(Answer):
    """What became of an answer that was taken back."""

    id: int
    resolved: bool = Field(description="false: it is asked again; true: nothing that it held is in the log any more.")
    withdrawn: int = Field(description="How many viewings were taken back.")
    held: int = Field(description="How many events wait for an answer now.")
    removed_tvshow_id: int | None = Field(description="The show that the answer had added, and that is gone again.")
    kept_tvshow_id: int | None = Field(
        description="The show that the answer had added, and that stays: something else was done with it since."
    )


class Log(Answer):
    """What was received, what was done about it, and why (`trace`)."""

    id: int
    receipt: UUID
    source: Literal["webhook", "history", "spool", "manual"]
    event_type: str
    plex_title: str | None
    plex_season: int | None
    plex_episode: int | None
    plex_account: str | None
    plex_server: str | None
    status: Status
    action_taken: str | None
    trace: list[dict[str, Any]]
    error_message: str | None
    tvshow_id: int | None
    conflict_id: int | None
    mapping_id: int | None
    attempts: int
    next_attempt_at: datetime | None
    watched_at: datetime | None
    processing_duration_ms: float | None
    created_at: datetime


class LogAlone(Log):
    """A log row that was asked for alone: with what Plex sent, as far as it is kept."""

    payload: dict[str, Any]


class Logs(Answer):
    """A page of the log, the newest first."""

    logs: list[Log]
    next: str | None


class MappingFigures(Answer):
    """How many mappings are how sure: 1.00, from 0.90, from 0.75, below; and those that stand for no show."""

    certain: int
    high: int
    medium: int
    low: int
    not_tracked: int


class LastEvent(Answer):
    """The newest log row."""

    id: int
    event_type: str
    plex_title: str | None
    status: Status
    action_taken: str | None
    created_at: datetime


class Stats(Answer):
    """The dashboard's figures since a moment."""

    days: int
    since: datetime
    received: int
    success: int
    failed: int
    ignored: int
    duplicate: int
    conflict: int
    pending: int
    shares: dict[Status, float] = Field(description="Of what was received, 0 to 1.")
    processing_average_ms: float | None
    processing_p95_ms: float | None
    watched_episodes: int = Field(description="Viewings that count.")
    shows_added: int
    open_conflicts: int = Field(description="Now, however old.")
    conflicts_overdue: int = Field(description="Of these, open for more than 24 hours.")
    mappings: MappingFigures
    last_event: LastEvent | None


class PlexAccount(Answer):
    """An account that was seen in an event. `counts`: true when chosen; null: nobody decided."""

    id: int
    title: str
    plex_account_id: int | None
    server_uuid: str
    counts: bool | None


class PlexServer(Answer):
    """A server that was seen in an event. `counts`: true when chosen; null: nobody decided."""

    id: int
    title: str
    server_uuid: str
    counts: bool | None


class PlexConfig(Answer):
    """The connection to Plex and TMDB."""

    enabled: bool
    auto_add_shows: bool
    auto_mark_watched: bool
    has_plex_token: bool
    has_tmdb_key: bool
    propose_similarity: float = Field(description="How alike a name must be for its show to be proposed.")
    map_confidence: float = Field(description="How sure a match by title must be to be taken without asking.")
    plex_server_url: str | None
    plex_server_name: str | None
    plex_server_uuid: str | None
    webhook_url: str | None = Field(
        description="The address for Plex's settings. A token that may only read gets it without the secret; null when"
        " the secret was encrypted under another key: rotate it."
    )
    previous_secret_until: datetime | None = Field(description="Until when the secret before this one works.")
    last_webhook_at: datetime | None
    plex_token_rejected_at: datetime | None = Field(
        description="When the Plex server refused the token; it counts as not set for an hour, or until another is set."
    )
    tmdb_key_rejected_at: datetime | None = Field(description="The same of the TMDB key.")
    history_poll_minutes: int | None = Field(description="How often the server's history is read; null: hourly.")
    sync_library: bool = Field(description="Whether what was marked by hand in Plex is looked for in its library.")
    accounts: list[PlexAccount]
    servers: list[PlexServer]


class Gap(Answer):
    """What nobody had told, and the server's history knew."""

    missed: int
    recovered: int = Field(description="How many of them are marked by now.")
    waiting: int = Field(description="How many wait for a look-up, or for an answer.")
    failed: int
    from_: datetime | None = Field(alias="from", description="The earliest viewing of them.")
    until: datetime | None = Field(description="The last one.")
    text: str = Field(description="The same as a sentence.")


class FoundGap(Gap):
    """A gap, and the run that found it."""

    id: int
    at: datetime


class HistoryRun(Answer):
    """The last run of one of the jobs that read the history."""

    id: int
    status: Literal["running", "success", "failed", "cancelled"]
    started_at: datetime
    finished_at: datetime | None
    progress: dict[str, Any]
    result: dict[str, Any] | None = Field(description="Its gap report, or what it skipped and why (skipped).")
    error: str | None


class HistoryImport(Answer):
    """The reading of everything that was ever watched."""

    status: Literal["never", "waiting", "running", "success", "failed", "cancelled"]
    started_at: datetime | None
    finished_at: datetime | None
    progress: dict[str, Any] = Field(
        description="Rows read and in all (read, total), up to which viewing (at), and what came of them."
    )
    result: dict[str, Any] | None
    error: str | None
    resumes_at: datetime | None = Field(description="Up to which viewing one that was interrupted has come.")


class History(Answer):
    """What is read from the Plex server's history."""

    connected: bool = Field(description="Whether there are a token and an address to read with.")
    poll_minutes: int
    sync_library: bool
    import_: HistoryImport = Field(alias="import")
    catch_up: HistoryRun | None
    library: HistoryRun | None
    gaps: list[FoundGap] = Field(description="What the last catch-ups have found, the newest first.")


class WebhookOutcome(Answer):
    """What became of a message."""

    status: Status
    action: str | None
    log_id: int | None = None
    tvshow_id: int | None = None
    conflict_id: int | None = None


class JobRun(Answer):
    """One run of a job."""

    status: Literal["running", "success", "failed", "cancelled"]
    started_at: datetime
    finished_at: datetime | None
    progress: dict[str, Any] | None
    result: dict[str, Any] | None
    error_message: str | None


class Job(Answer):
    """Something that happens by itself. `last_run` null: it never ran."""

    kind: str
    is_shared: bool = Field(description="A job of the installation; else your own.")
    every_seconds: int | None = Field(description="How often; null when it runs on demand.")
    next_run_at: datetime | None
    last_success_at: datetime | None
    last_run: JobRun | None


class Jobs(Answer):
    """All jobs."""

    jobs: list[Job]
    next: None = Field(description="There is one page only.")


class Health(Answer):
    """Whether it works, and why not."""

    status: Literal["ok", "starting", "degraded"]
    reason: str | None = None
    spooled: int | None = Field(None, description="How many events wait in the spool for the database.")
    warnings: list[str] = Field(default_factory=list, description="With ok: what may be wrong.")
