-- The tracker's tables. Names of tables and columns are part of the contract (docs/api.md); state rules are constraints and
-- partial unique indexes, each with a comment that says what it prevents.

create extension if not exists pg_trgm with schema public;

-- Normalised form of a title, for equality and trigrams. An index depends on it, so it lives here and changes by migration
-- only (with a rewrite of show_titles). NFKD + removal of combining marks + NFC keeps the scripts that need theirs (the
-- Japanese voiced marks are outside U+0300..U+036F and are composed again).
create function tracker.title_key(p_title text) returns text
language sql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
    -- 500 letters at most: normalisation can make eighteen of one, and an index entry holds 2,704 bytes.
    select left(coalesce(
        nullif(btrim(regexp_replace(
            regexp_replace(
                regexp_replace(
                    replace(replace(
                        normalize(regexp_replace(lower(normalize(p_title, nfkd)), '[\u0300-\u036f]', '', 'g'), nfc),
                        '&', ' and '), '×', 'x'),
                    '[''’‘ʼ`´]', '', 'g'),
                '(?<=\m[[:alnum:]])[.*]', '', 'g'),
            '[^[:alnum:]]+', ' ', 'g')), ''),
        lower(btrim(p_title))), 500)
$$;
comment on function tracker.title_key(text) is
    'Normalised title: lower case, no diacritics, no punctuation, & as and, S.W.A.T. as swat, M*A*S*H as
mash. Indexed: change by migration only.';

-- The same forms as app/plex/guids.py calls local; a test holds the two together. In plpgsql, whose plan is kept: up to
-- PostgreSQL 17 a function in sql is planned anew for every webhook.
create function tracker.guid_is_local(p_guid text) returns boolean
language plpgsql immutable strict parallel safe
set search_path = tracker, public, pg_temp
as $$
begin
    return p_guid ~ '^(local|[^:/]+\.agents\.none)://';
end
$$;
comment on function tracker.guid_is_local(text) is
    'Whether a Plex GUID holds a rating key and so means something on its own server only. Indexed: change by migration only.';

create table tracker.installation (
    only_row boolean primary key default true check (only_row),
    setup_code_hash bytea,
    setup_attempts integer not null default 0 check (setup_attempts >= 0),
    key_check text,
    created_at timestamptz not null default now()
);
comment on table tracker.installation is
    'One row. The one-time setup code (hashed) while there is no account, and a value encrypted under the key in use.';

create table tracker.users (
    id bigint generated always as identity primary key,
    username text not null check (username = btrim(username) and length(username) between 1 and 64),
    password_hash text not null,
    timezone text not null default 'UTC' check (length(timezone) between 1 and 64),
    is_admin boolean not null default false,
    created_at timestamptz not null default now()
);
create unique index users_username_key on tracker.users (lower(username));
comment on index tracker.users_username_key is 'Two accounts whose names differ in case only.';

create table tracker.sessions (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    token_hash bytea not null constraint sessions_token_hash_key unique,
    user_agent text,
    address inet,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index sessions_user on tracker.sessions (user_id);

create table tracker.api_tokens (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    name text not null default '' check (length(name) <= 100),
    token_hash bytea not null constraint api_tokens_token_hash_key unique,
    scope text not null default 'read' check (scope in ('read', 'write')),
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz
);
create index api_tokens_user on tracker.api_tokens (user_id);

create table tracker.settings (
    user_id bigint primary key references tracker.users on delete cascade,
    tmdb_api_key text,
    propose_similarity real not null default 0.35 check (propose_similarity between 0.1 and 0.9),
    history_poll_minutes integer check (history_poll_minutes between 1 and 1440),
    log_retention_days integer check (log_retention_days between 1 and 36500),
    updated_at timestamptz not null default now()
);
comment on column tracker.settings.tmdb_api_key is 'Encrypted (iv:tag:ciphertext).';
comment on column tracker.settings.propose_similarity is 'Trigram similarity from which a show is proposed; never enough to map.';

create table tracker.plex_config (
    user_id bigint primary key references tracker.users on delete cascade,
    plex_token text,
    plex_server_url text,
    plex_server_name text,
    plex_server_uuid text,
    webhook_secret text not null,
    webhook_secret_hash bytea not null constraint plex_config_webhook_secret_hash_key unique,
    previous_secret_hash bytea,
    previous_secret_until timestamptz,
    enabled boolean not null default true,
    auto_add_shows boolean not null default true,
    auto_mark_watched boolean not null default true,
    last_webhook_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    check ((previous_secret_hash is null) = (previous_secret_until is null))
);
comment on column tracker.plex_config.plex_token is 'Encrypted (iv:tag:ciphertext).';
comment on column tracker.plex_config.webhook_secret is 'Encrypted (iv:tag:ciphertext), so that the webhook URL can be shown again.';
comment on column tracker.plex_config.last_webhook_at is
    'Touched at most once a minute: one row per user, and a write per event would make all events of a user wait for each other.';

create table tracker.plex_servers (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    server_uuid text not null,
    title text not null default '',
    counts boolean,
    first_seen_at timestamptz not null default now(),
    constraint plex_servers_uuid_key unique (user_id, server_uuid)
);
comment on column tracker.plex_servers.counts is
    'true: only chosen servers count; false: never; null: not decided, counts as long as no server was chosen.';

create table tracker.plex_accounts (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    server_uuid text not null,
    plex_account_id bigint,
    title text not null default '',
    counts boolean,
    first_seen_at timestamptz not null default now(),
    constraint plex_accounts_owner_key unique (user_id, id)
);
create unique index plex_accounts_identity_key on tracker.plex_accounts (user_id, server_uuid, plex_account_id, md5(title))
    nulls not distinct;
comment on index tracker.plex_accounts_identity_key is
    'The same account twice. By hash: a long name does not fit in an index entry.';
comment on constraint plex_accounts_owner_key on tracker.plex_accounts is
    'Target of composite foreign keys: a viewing of one user cannot name another user''s account.';
comment on column tracker.plex_accounts.counts is
    'true: only chosen accounts count; false: never; null: not decided, counts when Plex says user: true and none was chosen.';

create table tracker.tvshows (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    title text not null check (length(title) between 1 and 1000),
    tmdb_id integer check (tmdb_id > 0),
    tvdb_id integer check (tvdb_id > 0),
    imdb_id text check (imdb_id ~ '^tt[0-9]{1,12}$'),
    show_start_date date,
    status text,
    poster_path text,
    seasons jsonb not null default '[]' check (jsonb_typeof(seasons) = 'array'),
    total_episodes integer not null default 0 check (total_episodes >= 0),
    watched_episodes integer not null default 0 check (watched_episodes between 0 and total_episodes),
    total_minutes integer not null default 0 check (total_minutes >= 0),
    plex_synced boolean not null default false,
    plex_last_sync timestamptz,
    source text not null default 'manual' check (source in ('manual', 'plex', 'import')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint tvshows_owner_key unique (user_id, id)
);
comment on constraint tvshows_owner_key on tracker.tvshows is
    'Target of composite foreign keys: a play, mapping or conflict of one user cannot point to another user''s show.';
comment on column tracker.tvshows.deleted_at is 'Deleted by the user: hidden everywhere, kept for undo and so that plays are never lost.';
comment on column tracker.tvshows.seasons is
    '[{"seasonNumber", "episodes": [{"episodeNumber", "title", "airDate", "runtime", "watched", "dateWatched"}]}]';
-- Not compressed: every watch writes the document anew, and compressing it took a fifth of a webhook's time in PostgreSQL, to save
-- 10 kB of a show of 100 episodes.
alter table tracker.tvshows alter column seasons set storage external;
create unique index tvshows_tmdb_key on tracker.tvshows (user_id, tmdb_id) where tmdb_id is not null and deleted_at is null;
create unique index tvshows_tvdb_key on tracker.tvshows (user_id, tvdb_id) where tvdb_id is not null and deleted_at is null;
create unique index tvshows_imdb_key on tracker.tvshows (user_id, imdb_id) where imdb_id is not null and deleted_at is null;
comment on index tracker.tvshows_tmdb_key is 'The same show twice in one tracker.';
comment on index tracker.tvshows_tvdb_key is 'The same show twice in one tracker.';
comment on index tracker.tvshows_imdb_key is 'The same show twice in one tracker.';
-- 300 letters decide the order: a btree entry holds 2,704 bytes at most, and a title may have 1,000 letters of four bytes.
create index tvshows_user_title on tracker.tvshows (user_id, left(lower(title), 300), id) where deleted_at is null;

create table tracker.show_titles (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    tvshow_id bigint not null,
    title text not null check (length(title) between 1 and 1000),
    kind text not null check (kind in ('main', 'original', 'alternative', 'learnt')),
    title_key text not null generated always as (tracker.title_key(title)) stored,
    constraint show_titles_show_fkey foreign key (user_id, tvshow_id) references tracker.tvshows (user_id, id) on delete cascade
);
create unique index show_titles_title_key on tracker.show_titles (tvshow_id, md5(title));
comment on index tracker.show_titles_title_key is 'The same name of a show twice. By hash: a long name does not fit in an index entry.';
create index show_titles_equal on tracker.show_titles (user_id, title_key);
create index show_titles_similar on tracker.show_titles using gin (title_key public.gin_trgm_ops);

create table tracker.plex_show_mappings (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    plex_server_uuid text not null default '',
    plex_rating_key text,
    plex_guid text,
    plex_title text not null default '',
    plex_year integer,
    tvdb_id integer,
    imdb_id text,
    tmdb_id integer,
    tvshow_id bigint,
    match_confidence numeric(3, 2) not null check (match_confidence between 0 and 1),
    match_method text not null,
    manually_confirmed boolean not null default false,
    sync_enabled boolean not null default true,
    last_synced_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint plex_show_mappings_owner_key unique (user_id, id),
    constraint plex_show_mappings_show_fkey foreign key (user_id, tvshow_id)
        references tracker.tvshows (user_id, id) on delete set null (tvshow_id)
);
comment on column tracker.plex_show_mappings.tvshow_id is 'null: not to be tracked (ignored for good, or the user deleted the show).';
create unique index plex_show_mappings_guid_key on tracker.plex_show_mappings (user_id, plex_guid)
    where plex_guid is not null and not tracker.guid_is_local(plex_guid);
comment on index tracker.plex_show_mappings_guid_key is 'Two answers for one Plex show. A Plex GUID means the same on every server.';
create unique index plex_show_mappings_local_guid_key on tracker.plex_show_mappings (user_id, plex_server_uuid, plex_guid)
    where tracker.guid_is_local(plex_guid);
comment on index tracker.plex_show_mappings_local_guid_key is 'Two answers for one unmatched show; such GUIDs count per server only.';
create unique index plex_show_mappings_rating_key_key on tracker.plex_show_mappings (user_id, plex_server_uuid, plex_rating_key)
    where plex_rating_key is not null;
comment on index tracker.plex_show_mappings_rating_key_key is 'One rating key of one server standing for two shows.';
create index plex_show_mappings_show on tracker.plex_show_mappings (tvshow_id) where tvshow_id is not null;

create table tracker.plex_numbering_rules (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    mapping_id bigint not null,
    plex_season integer not null check (plex_season >= 0),
    from_episode integer not null default 0 check (from_episode >= 0),
    to_episode integer check (to_episode >= from_episode),
    season integer not null check (season >= 0),
    episode_offset integer not null default 0,
    created_at timestamptz not null default now(),
    constraint plex_numbering_rules_mapping_fkey foreign key (user_id, mapping_id)
        references tracker.plex_show_mappings (user_id, id) on delete cascade
);
create unique index plex_numbering_rules_range_key on tracker.plex_numbering_rules (mapping_id, plex_season, from_episode);
comment on table tracker.plex_numbering_rules is
    'Plex season and episode range -> tracker season, episode + offset, for a mapping whose numbering differs.';

create table tracker.plex_conflicts (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    show_key text not null,
    plex_server_uuid text not null default '',
    plex_rating_key text,
    plex_guid text,
    plex_title text not null default '',
    plex_year integer,
    conflict_type text not null check (conflict_type in ('multiple_matches', 'low_confidence', 'no_match', 'episode_missing')),
    potential_matches jsonb not null default '[]' check (jsonb_typeof(potential_matches) = 'array'),
    tvshow_id bigint,
    resolved boolean not null default false,
    resolved_tvshow_id bigint,
    resolution_action text check (resolution_action in ('select', 'create_new', 'ignore', 'ignore_forever', 'search_again', 'auto')),
    resolved_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint plex_conflicts_owner_key unique (user_id, id),
    constraint plex_conflicts_show_fkey foreign key (user_id, tvshow_id)
        references tracker.tvshows (user_id, id) on delete set null (tvshow_id),
    constraint plex_conflicts_resolved_show_fkey foreign key (user_id, resolved_tvshow_id)
        references tracker.tvshows (user_id, id) on delete set null (resolved_tvshow_id),
    check (resolved = (resolved_at is not null)),
    check (resolved = (resolution_action is not null))
);
comment on column tracker.plex_conflicts.tvshow_id is 'episode_missing: the show that was found and lacks the episode.';
create unique index plex_conflicts_open_key on tracker.plex_conflicts (user_id, show_key) where not resolved;
comment on index tracker.plex_conflicts_open_key is 'The same question asked twice: one open conflict per show, however many episodes wait.';
create index plex_conflicts_user on tracker.plex_conflicts (user_id, resolved, id);

create table tracker.plex_webhook_logs (
    -- The columns of fixed width first: in the order of reading, the gaps between them took 20 bytes a row.
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    account_id bigint,
    tvshow_id bigint,
    conflict_id bigint,
    mapping_id bigint,
    created_at timestamptz not null default now(),
    watched_at timestamptz,
    next_attempt_at timestamptz,
    claimed_until timestamptz,
    receipt uuid not null constraint plex_webhook_logs_receipt_key unique,
    plex_season integer,
    plex_episode integer,
    attempts integer not null default 0 check (attempts >= 0),
    processing_duration_ms real,
    source text not null check (source in ('webhook', 'history', 'spool', 'manual')),
    status text not null check (status in ('pending', 'success', 'conflict', 'ignored', 'duplicate', 'failed')),
    action_taken text,
    event_type text not null,
    event_key text,
    plex_title text,
    plex_account text,
    plex_server text,
    trace json not null default '[]',
    payload json not null,
    error_message text,
    constraint plex_webhook_logs_owner_key unique (user_id, id),
    constraint plex_webhook_logs_account_fkey foreign key (user_id, account_id)
        references tracker.plex_accounts (user_id, id) on delete set null (account_id),
    constraint plex_webhook_logs_show_fkey foreign key (user_id, tvshow_id)
        references tracker.tvshows (user_id, id) on delete set null (tvshow_id),
    constraint plex_webhook_logs_conflict_fkey foreign key (user_id, conflict_id)
        references tracker.plex_conflicts (user_id, id) on delete no action,
    check (status <> 'conflict' or conflict_id is not null),
    check (status <> 'pending' or next_attempt_at is not null)
);
comment on column tracker.plex_webhook_logs.payload is
    'json, as trace: a seventh smaller than jsonb, and nothing searches in it. 36,500 rows shall fit in 50 MB (bench/webhook.py).';
comment on constraint plex_webhook_logs_receipt_key on tracker.plex_webhook_logs is
    'One log row per receipt: an unknown commit or a replayed spool line cannot apply an event twice.';
comment on constraint plex_webhook_logs_owner_key on tracker.plex_webhook_logs is
    'Target of composite foreign keys, and the index that the log is paged by.';
comment on column tracker.plex_webhook_logs.mapping_id is
    'No foreign key: a mapping may be forgotten while an event that it decided is on its way, and the log says what was.';
comment on constraint plex_webhook_logs_conflict_fkey on tracker.plex_webhook_logs is
    'A question that events wait for cannot be deleted from under them. Not restrict: with the user both go in one statement.';
create index plex_webhook_logs_repeat on tracker.plex_webhook_logs using hash (event_key) where event_key is not null;
comment on index tracker.plex_webhook_logs_repeat is
    'Finds the exact repeat of an event; a hash, which takes 38 bytes a row where a btree took 87. Ignored events have no event_key.';
create index plex_webhook_logs_due on tracker.plex_webhook_logs (next_attempt_at) where status = 'pending';
create index plex_webhook_logs_open on tracker.plex_webhook_logs (user_id, status, id) where status in ('pending', 'conflict', 'failed');
create index plex_webhook_logs_conflict on tracker.plex_webhook_logs (conflict_id) where conflict_id is not null;

create table tracker.plays (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    tvshow_id bigint not null,
    season integer not null check (season >= 0),
    episode integer not null check (episode >= 0),
    watched_at timestamptz not null,
    source text not null check (source in ('webhook', 'history', 'spool', 'manual', 'import')),
    server_uuid text,
    account_id bigint,
    history_key text,
    plex_season integer,
    plex_episode integer,
    mapping_id bigint,
    log_id bigint,
    voided_at timestamptz,
    void_reason text check (void_reason in ('unmarked', 'same_viewing', 'moved')),
    created_at timestamptz not null default now(),
    constraint plays_show_fkey foreign key (user_id, tvshow_id) references tracker.tvshows (user_id, id) on delete cascade,
    constraint plays_mapping_fkey foreign key (user_id, mapping_id)
        references tracker.plex_show_mappings (user_id, id) on delete set null (mapping_id),
    constraint plays_account_fkey foreign key (user_id, account_id)
        references tracker.plex_accounts (user_id, id) on delete set null (account_id),
    constraint plays_log_fkey foreign key (user_id, log_id)
        references tracker.plex_webhook_logs (user_id, id) on delete set null (log_id) deferrable initially deferred,
    check ((voided_at is null) = (void_reason is null))
);
comment on table tracker.plays is 'One row per viewing: the fold of watch_events. Voided, never deleted, never purged with the log.';
comment on constraint plays_log_fkey on tracker.plays is
    'Deferred: the log row is written once, last, when the outcome is known; the play before it in the same transaction.';
create index plays_episode on tracker.plays (tvshow_id, season, episode, watched_at);
create index plays_user_time on tracker.plays (user_id, watched_at);
create index plays_log on tracker.plays (log_id) where log_id is not null;

create table tracker.watch_events (
    id bigint generated always as identity primary key,
    user_id bigint not null,
    tvshow_id bigint not null,
    season integer not null check (season >= 0),
    episode integer not null check (episode >= 0),
    kind text not null check (kind in ('viewing', 'mark', 'unmark')),
    occurred_at timestamptz not null,
    source text not null check (source in ('webhook', 'history', 'spool', 'manual', 'import')),
    server_uuid text,
    account_id bigint,
    history_key text,
    plex_season integer,
    plex_episode integer,
    mapping_id bigint,
    log_id bigint,
    play_id bigint,
    constraint watch_events_show_fkey foreign key (user_id, tvshow_id)
        references tracker.tvshows (user_id, id) on delete cascade,
    constraint watch_events_account_fkey foreign key (user_id, account_id)
        references tracker.plex_accounts (user_id, id) on delete set null (account_id)
);
comment on table tracker.watch_events is
    'Everything that was ever said about an episode: a viewing reported, a mark, an unmark. plays is the fold of it in the order of
time, so that the order of arrival does not matter.';
comment on column tracker.watch_events.play_id is 'No foreign key: written by the fold, in the transaction that writes plays.';
comment on column tracker.watch_events.mapping_id is 'No foreign key: mappings may be forgotten, what came through them stays.';
comment on column tracker.watch_events.log_id is 'No foreign key: log rows are purged, what they said about a viewing stays.';
create index watch_events_episode on tracker.watch_events (tvshow_id, season, episode, occurred_at);
create unique index watch_events_history_key on tracker.watch_events (user_id, server_uuid, history_key) where history_key is not null;
comment on index tracker.watch_events_history_key is 'A row of a Plex server''s history counted twice.';
create index watch_events_log on tracker.watch_events (log_id) where log_id is not null;

create table tracker.tmdb_cache (
    cache_key text primary key,
    http_status integer not null,
    body jsonb,
    fetched_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index tmdb_cache_expiry on tracker.tmdb_cache (expires_at);

create table tracker.job_runs (
    id bigint generated always as identity primary key,
    user_id bigint references tracker.users on delete cascade,
    kind text not null,
    status text not null default 'running' check (status in ('running', 'success', 'failed', 'cancelled')),
    claimed_until timestamptz,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    progress jsonb not null default '{}',
    result jsonb,
    error_message text,
    check ((status = 'running') = (finished_at is null))
);
create unique index job_runs_running_key on tracker.job_runs (kind, coalesce(user_id, 0)) where status = 'running';
comment on index tracker.job_runs_running_key is 'The same job running twice at once, also across replicas.';
create index job_runs_recent on tracker.job_runs (kind, started_at desc);
