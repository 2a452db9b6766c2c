-- The schema as the migrations leave it. Written by `make schema`, to be read and compared; never executed.

domain catalogue_id as integer CHECK ((VALUE > 0))  -- An id of TMDB or TVDB.
domain confidence as numeric(3,2) CHECK (((VALUE >= (0)::numeric) AND (VALUE <= (1)::numeric)))  -- How sure a match is.
domain countries as text CHECK (((VALUE ~ '^[A-Z]{2}(,[A-Z]{2})*$'::text) AND (length(VALUE) <= 60)))  -- ISO 3166 alpha-2; several with commas between them.
domain event_source as text CHECK ((VALUE = ANY (ARRAY['webhook'::text, 'history'::text, 'spool'::text, 'manual'::text])))  -- Where an event came from.
domain event_status as text CHECK ((VALUE = ANY (ARRAY['pending'::text, 'success'::text, 'conflict'::text, 'ignored'::text, 'duplicate'::text, 'failed'::text])))  -- What became of an event.
domain imdb_id as text CHECK ((VALUE ~ '^tt[0-9]{1,12}$'::text))  -- An id of IMDb.
domain natural_number as integer CHECK ((VALUE >= 0))  -- The number of a season or an episode (0 is one like any other), or a count.
domain said as text CHECK ((VALUE = ANY (ARRAY['viewing'::text, 'mark'::text, 'unmark'::text])))  -- What was said about an episode.
domain seasons_document as jsonb CHECK ((jsonb_typeof(VALUE) = 'array'::text))  -- The seasons of a show with their episodes.
domain service as text CHECK ((VALUE = ANY (ARRAY['plex'::text, 'tmdb'::text])))  -- Whom look-ups ask: a user's Plex server, or TMDB.
domain show_source as text CHECK ((VALUE = ANY (ARRAY['manual'::text, 'plex'::text, 'import'::text])))  -- Who added a show.
domain show_title as text CHECK (((length(VALUE) >= 1) AND (length(VALUE) <= 1000)))  -- The title of a show.
domain viewing_source as text CHECK ((VALUE = ANY (ARRAY['webhook'::text, 'history'::text, 'spool'::text, 'manual'::text, 'import'::text])))  -- Where a viewing, a mark or an unmark came from.
domain void_reason as text CHECK ((VALUE = ANY (ARRAY['unmarked'::text, 'same_viewing'::text, 'moved'::text, 'undone'::text, 'removed'::text])))  -- Why a play does not count.
domain withdrawn_why as text CHECK ((VALUE = ANY (ARRAY['moved'::text, 'undone'::text, 'removed'::text])))  -- Why what was said does not count any more.

table answer_batch_items  -- A question of such a go, the show that was put forward for it, and what came of it.
    user_id bigint not null
    batch_id bigint not null
    conflict_id bigint not null
    tvshow_id bigint  -- The candidate as it was on the page, or tmdb_id. A show that is gone by now is refused by the answer itself.
    tmdb_id integer
    status text not null default 'waiting'::text
    problem text
    constraint answer_batch_items_pkey PRIMARY KEY (batch_id, conflict_id)
    constraint answer_batch_items_batch_fkey FOREIGN KEY (user_id, batch_id) REFERENCES answer_batches(user_id, id) ON DELETE CASCADE
    constraint answer_batch_items_conflict_fkey FOREIGN KEY (user_id, conflict_id) REFERENCES plex_conflicts(user_id, id) ON DELETE CASCADE
    constraint answer_batch_items_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint answer_batch_items_check CHECK (((problem IS NULL) OR (status = 'refused'::text)))
    constraint answer_batch_items_status_check CHECK ((status = ANY (ARRAY['waiting'::text, 'done'::text, 'refused'::text])))
    CREATE INDEX answer_batch_items_conflict ON tracker.answer_batch_items USING btree (conflict_id)

table answer_batches  -- One go of answering several questions, or of taking their answers back (undo).
    id bigint not null identity
    user_id bigint not null
    action text not null  -- confirm: the candidate that was put forward on the page, each its own.
    created_at timestamp with time zone not null default now()
    finished_at timestamp with time zone
    constraint answer_batches_pkey PRIMARY KEY (id)
    constraint answer_batches_owner_key UNIQUE (user_id, id)
    constraint answer_batches_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint answer_batches_action_check CHECK ((action = ANY (ARRAY['confirm'::text, 'create_new'::text, 'ignore'::text, 'ignore_forever'::text, 'search_again'::text, 'undo'::text])))
    CREATE UNIQUE INDEX answer_batches_open_key ON tracker.answer_batches USING btree (user_id) WHERE (finished_at IS NULL)  -- Two goes at once, which would answer each other's questions.

table api_tokens
    id bigint not null identity
    user_id bigint not null
    name text not null default ''::text
    token_hash bytea not null
    scope text not null default 'read'::text
    created_at timestamp with time zone not null default now()
    last_used_at timestamp with time zone
    expires_at timestamp with time zone
    constraint api_tokens_pkey PRIMARY KEY (id)
    constraint api_tokens_token_hash_key UNIQUE (token_hash)
    constraint api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint api_tokens_name_check CHECK ((length(name) <= 100))
    constraint api_tokens_scope_check CHECK ((scope = ANY (ARRAY['read'::text, 'write'::text])))
    CREATE INDEX api_tokens_user ON tracker.api_tokens USING btree (user_id)

table calendar_tokens  -- At most one a user: a new address ends the old one. The token itself is shown once and not kept.
    user_id bigint not null
    token_hash bytea not null
    created_at timestamp with time zone not null default now()
    last_used_at timestamp with time zone
    constraint calendar_tokens_pkey PRIMARY KEY (user_id)
    constraint calendar_tokens_token_hash_key UNIQUE (token_hash)
    constraint calendar_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table installation  -- One row. The one-time setup code (hashed) while there is no account, and a value encrypted under the key in use.
    only_row boolean not null default true
    setup_code_hash bytea
    setup_attempts integer not null default 0
    key_check text
    created_at timestamp with time zone not null default now()
    constraint installation_pkey PRIMARY KEY (only_row)
    constraint installation_only_row_check CHECK (only_row)
    constraint installation_setup_attempts_check CHECK ((setup_attempts >= 0))

table job_runs
    id bigint not null identity
    user_id bigint
    kind text not null
    status text not null default 'running'::text
    claimed_until timestamp with time zone
    started_at timestamp with time zone not null default now()
    finished_at timestamp with time zone
    progress jsonb not null default '{}'::jsonb
    result jsonb
    error_message text
    constraint job_runs_pkey PRIMARY KEY (id)
    constraint job_runs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint job_runs_check CHECK (((status = 'running'::text) = (finished_at IS NULL)))
    constraint job_runs_status_check CHECK ((status = ANY (ARRAY['running'::text, 'success'::text, 'failed'::text, 'cancelled'::text])))
    CREATE INDEX job_runs_recent ON tracker.job_runs USING btree (kind, started_at DESC)
    CREATE UNIQUE INDEX job_runs_running_key ON tracker.job_runs USING btree (kind, COALESCE(user_id, (0)::bigint)) WHERE (status = 'running'::text)  -- The same job running twice at once, also across replicas.

table mapping_changes  -- The history of a mapping; forgotten with it.
    id bigint not null identity
    user_id bigint not null
    mapping_id bigint not null
    conflict_id bigint
    what text not null
    by_user boolean not null  -- Whether it was the user's own word; false: a rule, or what a file is called.
    was jsonb  -- The mapping before it, its rules included (mapping_snapshot), as undo_mapping brings it back. Null: there was no mapping.
    became jsonb not null
    rules_added jsonb not null default '[]'::jsonb
    rules_removed jsonb not null default '[]'::jsonb
    moved jsonb  -- What it moved of the past, without the single episodes. Null: the past was left alone.
    undone_at timestamp with time zone  -- When it was taken back.
    created_at timestamp with time zone not null default now()
    constraint mapping_changes_pkey PRIMARY KEY (id)
    constraint mapping_changes_conflict_fkey FOREIGN KEY (user_id, conflict_id) REFERENCES plex_conflicts(user_id, id) ON DELETE SET NULL (conflict_id)
    constraint mapping_changes_mapping_fkey FOREIGN KEY (user_id, mapping_id) REFERENCES plex_show_mappings(user_id, id) ON DELETE CASCADE
    constraint mapping_changes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint mapping_changes_rules_added_check CHECK ((jsonb_typeof(rules_added) = 'array'::text))
    constraint mapping_changes_rules_removed_check CHECK ((jsonb_typeof(rules_removed) = 'array'::text))
    constraint mapping_changes_what_check CHECK ((what = ANY (ARRAY['found'::text, 'answered'::text, 'answer_undone'::text, 'changed'::text, 'rules'::text, 'show_deleted'::text, 'show_returned'::text, 'undone'::text])))
    CREATE INDEX mapping_changes_conflict ON tracker.mapping_changes USING btree (conflict_id) WHERE (conflict_id IS NOT NULL)
    CREATE INDEX mapping_changes_mapping ON tracker.mapping_changes USING btree (mapping_id, id)

table oidc_links  -- Which account somebody of an OpenID provider signs in to. By the provider's own id, never by an e-mail address.
    issuer text not null
    subject text not null
    user_id bigint not null
    created_at timestamp with time zone not null default now()
    last_used_at timestamp with time zone
    constraint oidc_links_pkey PRIMARY KEY (issuer, subject)
    constraint oidc_links_user_key UNIQUE (user_id, issuer)
    constraint oidc_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint oidc_links_issuer_check CHECK (((length(issuer) >= 1) AND (length(issuer) <= 500)))
    constraint oidc_links_subject_check CHECK (((length(subject) >= 1) AND (length(subject) <= 255)))

table plays  -- One row per viewing: the fold of watch_events. Voided, never deleted, never purged with the log.
    id bigint not null identity
    user_id bigint not null
    tvshow_id bigint not null
    season natural_number not null
    episode natural_number not null
    watched_at timestamp with time zone not null
    source viewing_source not null
    server_uuid text
    account_id bigint  -- No foreign key: the fold copies it from watch_events, which has one, in the transaction that writes both.
    history_key text
    plex_season integer
    plex_episode integer
    mapping_id bigint
    log_id bigint
    voided_at timestamp with time zone
    void_reason void_reason
    created_at timestamp with time zone not null default now()
    constraint plays_pkey PRIMARY KEY (id)
    constraint plays_log_fkey FOREIGN KEY (user_id, log_id) REFERENCES plex_webhook_logs(user_id, id) ON DELETE SET NULL (log_id) DEFERRABLE INITIALLY DEFERRED  -- Deferred: the log row is written once, last, when the outcome is known; the play before it in the same transaction.
    constraint plays_mapping_fkey FOREIGN KEY (user_id, mapping_id) REFERENCES plex_show_mappings(user_id, id) ON DELETE SET NULL (mapping_id)
    constraint plays_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE CASCADE
    constraint plays_check CHECK (((voided_at IS NULL) = (void_reason IS NULL)))
    CREATE INDEX plays_episode ON tracker.plays USING btree (tvshow_id, season, episode, watched_at)
    CREATE INDEX plays_log ON tracker.plays USING btree (log_id) WHERE (log_id IS NOT NULL)
    CREATE INDEX plays_user_time ON tracker.plays USING btree (user_id, watched_at)

table plex_accounts
    id bigint not null identity
    user_id bigint not null
    server_uuid text not null
    plex_account_id bigint
    title text not null default ''::text
    counts boolean  -- true: only chosen accounts count; false: never; null: not decided, counts when Plex says user: true and none was chosen.
    first_seen_at timestamp with time zone not null default now()
    constraint plex_accounts_pkey PRIMARY KEY (id)
    constraint plex_accounts_owner_key UNIQUE (user_id, id)  -- Target of composite foreign keys: a viewing of one user cannot name another user's account.
    constraint plex_accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    CREATE UNIQUE INDEX plex_accounts_identity_key ON tracker.plex_accounts USING btree (user_id, server_uuid, plex_account_id, md5(title)) NULLS NOT DISTINCT  -- The same account twice. By hash: a long name does not fit in an index entry.

table plex_config
    user_id bigint not null
    plex_token text  -- Encrypted (iv:tag:ciphertext).
    plex_server_url text
    plex_server_name text
    plex_server_uuid text
    webhook_secret text not null  -- Encrypted (iv:tag:ciphertext), so that the webhook URL can be shown again.
    webhook_secret_hash bytea not null
    previous_secret_hash bytea
    previous_secret_until timestamp with time zone
    enabled boolean not null default true
    auto_add_shows boolean not null default true
    auto_mark_watched boolean not null default true
    last_webhook_at timestamp with time zone  -- Touched at most once a minute: one row per user, and a write per event would make all events of a user wait for each other.
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    plex_token_rejected_at timestamp with time zone  -- When the Plex server refused the token. For an hour it counts as not set; a new token empties this.
    plex_account_name text  -- Who signed in to Plex; null when the token came another way.
    has_plex_pass boolean  -- Whether Plex sends webhooks for this account, as plex.tv said at the sign-in; null when it was not asked.
    constraint plex_config_pkey PRIMARY KEY (user_id)
    constraint plex_config_webhook_secret_hash_key UNIQUE (webhook_secret_hash)
    constraint plex_config_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint plex_config_check CHECK (((previous_secret_hash IS NULL) = (previous_secret_until IS NULL)))

table plex_conflicts
    id bigint not null identity
    user_id bigint not null
    show_key text not null
    plex_server_uuid text not null default ''::text
    plex_rating_key text
    plex_guid text
    plex_title text not null default ''::text
    plex_year integer
    conflict_type text not null
    potential_matches jsonb not null default '[]'::jsonb
    tvshow_id bigint  -- episode_missing: the show that was found and lacks the episode.
    resolved boolean not null default false
    resolved_tvshow_id bigint
    resolution_action text
    resolved_at timestamp with time zone
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    facts jsonb not null default '{}'::jsonb  -- What else decides about the show: show_ids, ids_from, other_titles, episode_year (the earliest of what waits).
    undo jsonb  -- What the answer changed and what was there before (undo_conflict). Null: nothing that could be taken back.
    undone_at timestamp with time zone  -- When the answer was taken back; from then on the question is open again.
    joined_id bigint  -- It turned out to be the same question as this one, which holds its events.
    constraint plex_conflicts_pkey PRIMARY KEY (id)
    constraint plex_conflicts_owner_key UNIQUE (user_id, id)
    constraint plex_conflicts_joined_fkey FOREIGN KEY (user_id, joined_id) REFERENCES plex_conflicts(user_id, id) ON DELETE SET NULL (joined_id)
    constraint plex_conflicts_resolved_show_fkey FOREIGN KEY (user_id, resolved_tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE SET NULL (resolved_tvshow_id)
    constraint plex_conflicts_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE SET NULL (tvshow_id)
    constraint plex_conflicts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint plex_conflicts_check CHECK ((resolved = (resolved_at IS NOT NULL)))
    constraint plex_conflicts_check1 CHECK ((resolved = (resolution_action IS NOT NULL)))
    constraint plex_conflicts_conflict_type_check CHECK ((conflict_type = ANY (ARRAY['multiple_matches'::text, 'low_confidence'::text, 'no_match'::text, 'episode_missing'::text])))
    constraint plex_conflicts_facts_check CHECK ((jsonb_typeof(facts) = 'object'::text))
    constraint plex_conflicts_potential_matches_check CHECK ((jsonb_typeof(potential_matches) = 'array'::text))
    constraint plex_conflicts_resolution_action_check CHECK ((resolution_action = ANY (ARRAY['select'::text, 'create_new'::text, 'ignore'::text, 'ignore_forever'::text, 'search_again'::text, 'auto'::text])))
    CREATE UNIQUE INDEX plex_conflicts_open_key ON tracker.plex_conflicts USING btree (user_id, show_key) WHERE (NOT resolved)  -- The same question asked twice: one open conflict per show, however many episodes wait.
    CREATE INDEX plex_conflicts_user ON tracker.plex_conflicts USING btree (user_id, resolved, id)
    CREATE INDEX plex_conflicts_waiting ON tracker.plex_conflicts USING btree (user_id, plex_server_uuid, plex_rating_key) WHERE (NOT resolved)

table plex_history_positions  -- How far the watch history of a server was read, in the time of that server's clock.
    user_id bigint not null
    server_uuid text not null
    caught_up_to timestamp with time zone  -- Everything before it was read once. A run begins earlier all the same: offline viewings are told late.
    looked_back_at timestamp with time zone  -- When a run last began much earlier.
    imported_to timestamp with time zone  -- How far an import of everything has come; it goes on there. Null: none is under way.
    constraint plex_history_positions_pkey PRIMARY KEY (user_id, server_uuid)
    constraint plex_history_positions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table plex_numbering_rules  -- How the numbers of a Plex show become those of the tracker's show (sql/functions/renumber.sql).
    id bigint not null identity
    user_id bigint not null
    mapping_id bigint not null
    plex_season integer  -- Null: every season from 1.
    from_episode integer not null default 0
    to_episode integer
    season integer
    episode_offset integer not null default 0
    created_at timestamp with time zone not null default now()
    kind text not null default 'offset'::text  -- offset: another season, and a number added. absolute: counts through the seasons. to_absolute: Plex counts by season, the tracker does not. air_date: the date alone decides. double: one file is several episodes.
    source text not null default 'user'::text
    season_lengths integer[]
    first_episode integer
    last_episode integer
    removed_at timestamp with time zone  -- A rule read from a file name that the user took away: kept, so that the next reading does not bring it back.
    constraint plex_numbering_rules_pkey PRIMARY KEY (id)
    constraint plex_numbering_rules_mapping_fkey FOREIGN KEY (user_id, mapping_id) REFERENCES plex_show_mappings(user_id, id) ON DELETE CASCADE
    constraint plex_numbering_rules_check CHECK ((to_episode >= from_episode))
    constraint plex_numbering_rules_from_episode_check CHECK ((from_episode >= 0))
    constraint plex_numbering_rules_kind_check CHECK ((kind = ANY (ARRAY['offset'::text, 'absolute'::text, 'to_absolute'::text, 'air_date'::text, 'double'::text])))
    constraint plex_numbering_rules_plex_season_check CHECK ((plex_season >= 0))
    constraint plex_numbering_rules_season_check CHECK ((season >= 0))
    constraint plex_numbering_rules_shape CHECK (COALESCE(
CASE kind
    WHEN 'offset'::text THEN ((plex_season IS NOT NULL) AND (season IS NOT NULL) AND ((from_episode + episode_offset) >= 0))
    WHEN 'to_absolute'::text THEN ((season IS NOT NULL) AND (cardinality(season_lengths) > 0) AND (0 < ALL (season_lengths)))
    WHEN 'double'::text THEN ((plex_season IS NOT NULL) AND (from_episode = to_episode) AND (first_episode < last_episode))
    ELSE true
END, false))
    constraint plex_numbering_rules_source_check CHECK ((source = ANY (ARRAY['user'::text, 'answer'::text, 'plex_file'::text, 'tmdb_group'::text, 'hama'::text])))
    CREATE UNIQUE INDEX plex_numbering_rules_range_key ON tracker.plex_numbering_rules USING btree (mapping_id, ((kind = 'double'::text)), ((source = 'hama'::text)), ((source = 'answer'::text)), plex_season, from_episode) NULLS NOT DISTINCT  -- Two rules for the same episode. A double file is renumbered after it is taken apart; what HAMA's name says gives way to the user's rules, and these to an answer about one episode.

table plex_servers
    id bigint not null identity
    user_id bigint not null
    server_uuid text not null
    title text not null default ''::text
    counts boolean  -- true: only chosen servers count; false: never; null: not decided, counts as long as no server was chosen.
    first_seen_at timestamp with time zone not null default now()
    clock_ahead integer  -- Seconds that its clock is ahead of ours, by the Date of its last answer. Null: it was never asked.
    constraint plex_servers_pkey PRIMARY KEY (id)
    constraint plex_servers_uuid_key UNIQUE (user_id, server_uuid)
    constraint plex_servers_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table plex_show_mappings with (fillfactor=70)
    id bigint not null identity
    user_id bigint not null
    plex_server_uuid text not null default ''::text
    plex_rating_key text
    plex_guid text
    plex_title text not null default ''::text
    plex_year integer
    tvdb_id integer
    imdb_id text
    tmdb_id integer
    tvshow_id bigint  -- null: not to be tracked (ignored for good, or the user deleted the show).
    match_confidence confidence not null
    match_method text not null
    manually_confirmed boolean not null default false
    sync_enabled boolean not null default true
    last_synced_at timestamp with time zone
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    emptied_tvshow_id bigint  -- The show that it stood for until the user deleted that show: when the user adds it again, the mapping comes back to it.
    show_key text  -- The key of the Plex show that its events are kept apart by (a lock, and one open conflict): a change of the mapping takes the same lock. Null: a mapping made before this column.
    has_rules boolean not null default false  -- Whether there are numbering rules: an event of a mapping without any does not look for them.
    files_read_at timestamp with time zone  -- When the names of its files were last read from the Plex server, for those that hold several episodes. Null: never.
    constraint plex_show_mappings_pkey PRIMARY KEY (id)
    constraint plex_show_mappings_owner_key UNIQUE (user_id, id)
    constraint plex_show_mappings_emptied_fkey FOREIGN KEY (user_id, emptied_tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE SET NULL (emptied_tvshow_id)
    constraint plex_show_mappings_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE SET NULL (tvshow_id)
    constraint plex_show_mappings_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    CREATE INDEX plex_show_mappings_emptied ON tracker.plex_show_mappings USING btree (emptied_tvshow_id) WHERE (emptied_tvshow_id IS NOT NULL)
    CREATE UNIQUE INDEX plex_show_mappings_guid_key ON tracker.plex_show_mappings USING btree (user_id, plex_guid) WHERE ((plex_guid IS NOT NULL) AND (NOT guid_is_local(plex_guid)))  -- Two answers for one Plex show. A Plex GUID means the same on every server.
    CREATE UNIQUE INDEX plex_show_mappings_local_guid_key ON tracker.plex_show_mappings USING btree (user_id, plex_server_uuid, plex_guid) WHERE guid_is_local(plex_guid)  -- Two answers for one unmatched show; such GUIDs count per server only.
    CREATE UNIQUE INDEX plex_show_mappings_rating_key_key ON tracker.plex_show_mappings USING btree (user_id, plex_server_uuid, plex_rating_key) WHERE (plex_rating_key IS NOT NULL)  -- One rating key of one server standing for two shows.
    CREATE INDEX plex_show_mappings_show ON tracker.plex_show_mappings USING btree (tvshow_id) WHERE (tvshow_id IS NOT NULL)

table plex_webhook_logs
    id bigint not null identity
    user_id bigint not null
    account_id bigint  -- No foreign key: note_account gives it in the same transaction, and accounts go with their user only.
    tvshow_id bigint
    conflict_id bigint
    mapping_id bigint  -- No foreign key: a mapping may be forgotten while an event that it decided is on its way, and the log says what was.
    created_at timestamp with time zone not null default now()
    watched_at timestamp with time zone
    next_attempt_at timestamp with time zone
    claimed_until timestamp with time zone
    receipt uuid not null
    plex_season integer
    plex_episode integer
    attempts natural_number not null default 0
    processing_duration_ms real
    source event_source not null
    status event_status not null
    action_taken text
    event_type text not null
    event_key text
    plex_title text
    plex_account text
    plex_server text
    trace json not null default '[]'::json
    payload json not null  -- json, as trace: a seventh smaller than jsonb, and nothing searches in it. 36,500 rows shall fit in 50 MB (bench/webhook.py).
    error_message text
    show_key text  -- Of an event that is or was pending: which Plex show it is about, so that of one show one event at a time is looked up.
    waits_for service  -- The service that did not answer: the event is due again when that service answers, at its next attempt at the latest.
    lookup jsonb  -- What was learnt so far about the show of a pending event: another attempt does not ask for it again. Null when it is decided.
    constraint plex_webhook_logs_pkey PRIMARY KEY (id)
    constraint plex_webhook_logs_owner_key UNIQUE (user_id, id)  -- Target of composite foreign keys, and the index that the log is paged by.
    constraint plex_webhook_logs_receipt_key UNIQUE (receipt)  -- One log row per receipt: an unknown commit or a replayed spool line cannot apply an event twice.
    constraint plex_webhook_logs_conflict_fkey FOREIGN KEY (user_id, conflict_id) REFERENCES plex_conflicts(user_id, id)  -- A question that events wait for cannot be deleted from under them. Not restrict: with the user both go in one statement.
    constraint plex_webhook_logs_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE SET NULL (tvshow_id)
    constraint plex_webhook_logs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint plex_webhook_logs_check CHECK ((((status)::text <> 'conflict'::text) OR (conflict_id IS NOT NULL)))
    constraint plex_webhook_logs_check1 CHECK ((((status)::text <> 'pending'::text) OR (next_attempt_at IS NOT NULL)))
    CREATE INDEX plex_webhook_logs_conflict ON tracker.plex_webhook_logs USING btree (conflict_id) WHERE (conflict_id IS NOT NULL)
    CREATE INDEX plex_webhook_logs_due ON tracker.plex_webhook_logs USING btree (next_attempt_at) WHERE ((status)::text = 'pending'::text)
    CREATE INDEX plex_webhook_logs_open ON tracker.plex_webhook_logs USING btree (user_id, status, id) WHERE ((status)::text = ANY (ARRAY['pending'::text, 'conflict'::text, 'failed'::text, 'duplicate'::text]))
    CREATE INDEX plex_webhook_logs_pending_show ON tracker.plex_webhook_logs USING btree (user_id, show_key) WHERE ((status)::text = 'pending'::text)
    CREATE INDEX plex_webhook_logs_repeat ON tracker.plex_webhook_logs USING hash (event_key) WHERE (event_key IS NOT NULL)  -- Finds the exact repeat of an event; a hash, which takes 38 bytes a row where a btree took 87. Ignored events have no event_key.
    CREATE INDEX plex_webhook_logs_time ON tracker.plex_webhook_logs USING brin (created_at) WITH (pages_per_range='32', autosummarize='on')  -- For figures since a moment.

table recovery_codes  -- Codes that stand in for a lost authenticator app, as hashes. One that was used is gone.
    user_id bigint not null
    code_hash bytea not null
    created_at timestamp with time zone not null default now()
    constraint recovery_codes_pkey PRIMARY KEY (user_id, code_hash)
    constraint recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table schema_migrations
    version integer not null
    name text not null
    checksum text not null
    applied_at timestamp with time zone not null default now()
    constraint schema_migrations_pkey PRIMARY KEY (version)

table sessions
    id bigint not null identity
    user_id bigint not null
    token_hash bytea not null
    user_agent text
    address inet
    created_at timestamp with time zone not null default now()
    last_seen_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    came_by text not null default 'password'::text  -- How it began. One that a proxy's header began lasts only as long as that header names the same account.
    confirmed_at timestamp with time zone not null default now()  -- When its browser last proved to be the account's, at the sign-in or since: what changes a way in asks for it again after a while.
    constraint sessions_pkey PRIMARY KEY (id)
    constraint sessions_token_hash_key UNIQUE (token_hash)
    constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint sessions_came_by_check CHECK ((came_by = ANY (ARRAY['password'::text, 'oidc'::text, 'header'::text])))
    CREATE INDEX sessions_user ON tracker.sessions USING btree (user_id)

table settings
    user_id bigint not null
    tmdb_api_key text  -- Encrypted (iv:tag:ciphertext).
    propose_similarity real not null default 0.35  -- Trigram similarity from which a show is proposed; never enough to map.
    history_poll_minutes integer
    log_retention_days integer
    updated_at timestamp with time zone not null default now()
    tmdb_key_rejected_at timestamp with time zone  -- When TMDB refused the key. For an hour it counts as not set; a new key empties this.
    map_confidence numeric(3,2) not null default 0.60  -- The lowest confidence of a match by title that is taken without asking; what is less sure is asked.
    sync_library boolean not null default false  -- Whether episodes that were marked watched by hand in Plex are looked for in its library: some servers leave no row in the history.
    history_import_wanted_at timestamp with time zone  -- Since when the whole history is to be read; null when nobody wants it. It outlives a restart.
    constraint settings_pkey PRIMARY KEY (user_id)
    constraint settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint settings_history_poll_minutes_check CHECK (((history_poll_minutes >= 1) AND (history_poll_minutes <= 1440)))
    constraint settings_log_retention_days_check CHECK (((log_retention_days >= 1) AND (log_retention_days <= 36500)))
    constraint settings_map_confidence_check CHECK (((map_confidence >= 0.60) AND (map_confidence <= (1)::numeric)))
    constraint settings_propose_similarity_check CHECK (((propose_similarity >= (0.1)::double precision) AND (propose_similarity <= (0.9)::double precision)))

table show_titles
    id bigint not null identity
    user_id bigint not null
    tvshow_id bigint not null
    title text not null
    kind text not null
    title_key text not null generated as (title_key(title))
    spelling_key text not null generated as (spelling_key(title))
    core_key text not null generated as (core_key(title))
    part_keys text[] not null generated as (part_keys(title))
    constraint show_titles_pkey PRIMARY KEY (id)
    constraint show_titles_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE CASCADE
    constraint show_titles_kind_check CHECK ((kind = ANY (ARRAY['main'::text, 'original'::text, 'alternative'::text, 'learnt'::text])))
    constraint show_titles_title_check CHECK (((length(title) >= 1) AND (length(title) <= 1000)))
    CREATE INDEX show_titles_core ON tracker.show_titles USING btree (user_id, core_key)
    CREATE INDEX show_titles_equal ON tracker.show_titles USING btree (user_id, title_key)
    CREATE INDEX show_titles_parts ON tracker.show_titles USING gin (part_keys)
    CREATE INDEX show_titles_similar ON tracker.show_titles USING gin (title_key gin_trgm_ops)
    CREATE INDEX show_titles_spelling ON tracker.show_titles USING btree (user_id, spelling_key)
    CREATE UNIQUE INDEX show_titles_title_key ON tracker.show_titles USING btree (tvshow_id, md5(title))  -- The same name of a show twice. By hash: a long name does not fit in an index entry.

table sign_in_tries  -- Who has tried to sign in and failed: accounts, addresses, and one at the other. Keys are keyed hashes: a password that was typed as a name is not kept.
    key bytea not null
    failures integer not null default 0
    failed_at timestamp with time zone not null default now()
    not_before timestamp with time zone  -- The next try is refused unheard until then.
    constraint sign_in_tries_pkey PRIMARY KEY (key)
    constraint sign_in_tries_failures_check CHECK ((failures >= 0))
    constraint sign_in_tries_key_check CHECK ((length(key) = 32))
    CREATE INDEX sign_in_tries_by_age ON tracker.sign_in_tries USING btree (failed_at)

table tmdb_cache
    cache_key text not null
    http_status integer not null
    body jsonb
    fetched_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    constraint tmdb_cache_pkey PRIMARY KEY (cache_key)
    CREATE INDEX tmdb_cache_expiry ON tracker.tmdb_cache USING btree (expires_at)

table tvshows with (fillfactor=70)
    id bigint not null identity
    user_id bigint not null
    title show_title not null
    tmdb_id catalogue_id
    tvdb_id catalogue_id
    imdb_id imdb_id
    show_start_date date
    status text
    poster_path text
    seasons seasons_document not null default '[]'::jsonb storage e  -- [{"seasonNumber", "episodes": [{"episodeNumber", "title", "airDate", "runtime", "watched", "dateWatched"}]}]
    total_episodes natural_number not null default 0
    watched_episodes integer not null default 0
    total_minutes natural_number not null default 0
    plex_synced boolean not null default false
    plex_last_sync timestamp with time zone
    source show_source not null default 'manual'::text
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    deleted_at timestamp with time zone  -- Deleted by the user: hidden everywhere, kept for undo and so that plays are never lost.
    refreshed_at timestamp with time zone  -- When its seasons were last read from TMDB or from a Plex server, found or not. Null: never.
    country countries  -- Where it was made: "(US)" behind a title is compared with it.
    constraint tvshows_pkey PRIMARY KEY (id)
    constraint tvshows_owner_key UNIQUE (user_id, id)  -- Target of composite foreign keys: a play, mapping or conflict of one user cannot point to another user's show.
    constraint tvshows_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint tvshows_check CHECK (((watched_episodes >= 0) AND (watched_episodes <= (total_episodes)::integer)))
    CREATE UNIQUE INDEX tvshows_imdb_key ON tracker.tvshows USING btree (user_id, imdb_id) WHERE ((imdb_id IS NOT NULL) AND (deleted_at IS NULL))  -- The same show twice in one tracker.
    CREATE UNIQUE INDEX tvshows_tmdb_key ON tracker.tvshows USING btree (user_id, tmdb_id) WHERE ((tmdb_id IS NOT NULL) AND (deleted_at IS NULL))  -- The same show twice in one tracker.
    CREATE UNIQUE INDEX tvshows_tvdb_key ON tracker.tvshows USING btree (user_id, tvdb_id) WHERE ((tvdb_id IS NOT NULL) AND (deleted_at IS NULL))  -- The same show twice in one tracker.
    CREATE INDEX tvshows_user_start ON tracker.tvshows USING btree (user_id, show_start_date) WHERE (deleted_at IS NULL)
    CREATE INDEX tvshows_user_title ON tracker.tvshows USING btree (user_id, "left"(lower((title)::text), 300), id) WHERE (deleted_at IS NULL)

table upstreams  -- Services that do not answer now: TMDB is one for all, a Plex server is a user's own. No row: it answers, as far as is known.
    id bigint not null identity
    user_id bigint
    service service not null
    down_since timestamp with time zone not null default now()
    next_probe_at timestamp with time zone not null
    constraint upstreams_pkey PRIMARY KEY (id)
    constraint upstreams_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
    constraint upstreams_check CHECK (((user_id IS NULL) = ((service)::text = 'tmdb'::text)))
    CREATE UNIQUE INDEX upstreams_service_key ON tracker.upstreams USING btree (service, COALESCE(user_id, (0)::bigint))  -- Two opinions on whether a service answers, and so two probes at a time.

table user_totp  -- The second step of a sign-in: codes of an authenticator app.
    user_id bigint not null
    secret text not null  -- Encrypted (iv:tag:ciphertext).
    confirmed_at timestamp with time zone  -- Null until the app has shown a right code; until then nobody is asked for one.
    last_step bigint not null default 0  -- The half minute whose code was used last: that code and older ones open nothing.
    created_at timestamp with time zone not null default now()
    constraint user_totp_pkey PRIMARY KEY (user_id)
    constraint user_totp_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE

table users
    id bigint not null identity
    username text not null
    password_hash text not null
    timezone text not null default 'UTC'::text
    is_admin boolean not null default false
    created_at timestamp with time zone not null default now()
    has_password boolean not null default true  -- False where nobody knows the password: the account was made by single sign-on, and its hash is that of a random one.
    signed_in_at timestamp with time zone  -- Null until the first sign-in, and for one that was before this column.
    constraint users_pkey PRIMARY KEY (id)
    constraint users_timezone_check CHECK (((length(timezone) >= 1) AND (length(timezone) <= 64)))
    constraint users_username_check CHECK (((username = btrim(username)) AND ((length(username) >= 1) AND (length(username) <= 64))))
    CREATE UNIQUE INDEX users_username_key ON tracker.users USING btree (lower(username))  -- Two accounts whose names differ in case only.

table watch_events  -- Everything that was ever said about an episode: a viewing reported, a mark, an unmark. plays is the fold of it in the order of time, so that the order of arrival does not matter.
    id bigint not null identity
    user_id bigint not null
    tvshow_id bigint not null
    season natural_number not null
    episode natural_number not null
    kind said not null
    occurred_at timestamp with time zone not null
    source viewing_source not null
    server_uuid text
    account_id bigint
    history_key text
    plex_season integer
    plex_episode integer
    mapping_id bigint  -- No foreign key: mappings may be forgotten, what came through them stays.
    log_id bigint  -- No foreign key: log rows are purged, what they said about a viewing stays.
    play_id bigint  -- No foreign key: written by the fold, in the transaction that writes plays.
    withdrawn_at timestamp with time zone  -- It was said about the wrong episode: kept, but not part of the fold any more. Set together with withdrawn_why, by withdraw_viewings alone; a check of the table would cost every event.
    withdrawn_why withdrawn_why
    said_at timestamp with time zone  -- When it was by the Plex server's own clock: lastViewedAt of a webhook, viewedAt of its history. The webhook and the row of the history that tell the same viewing have the same one, however late the webhook came and however wrong that clock is.
    removed_at timestamp with time zone  -- The user has taken the viewing out. What a Plex server told stays what it told, so that its history, read again, tells nothing new.
    constraint watch_events_pkey PRIMARY KEY (id)
    constraint watch_events_account_fkey FOREIGN KEY (user_id, account_id) REFERENCES plex_accounts(user_id, id) ON DELETE SET NULL (account_id)
    constraint watch_events_show_fkey FOREIGN KEY (user_id, tvshow_id) REFERENCES tvshows(user_id, id) ON DELETE CASCADE
    CREATE INDEX watch_events_episode ON tracker.watch_events USING btree (tvshow_id, season, episode, occurred_at)
    CREATE UNIQUE INDEX watch_events_history_key ON tracker.watch_events USING btree (user_id, server_uuid, history_key) WHERE ((history_key IS NOT NULL) AND (withdrawn_at IS NULL))  -- A row of a Plex server's history counted twice.
    CREATE INDEX watch_events_log ON tracker.watch_events USING btree (log_id) WHERE (log_id IS NOT NULL)
    CREATE INDEX watch_events_mapping ON tracker.watch_events USING btree (mapping_id) WHERE (mapping_id IS NOT NULL)

-- Functions of tracker
core_key(p_title text) returns text immutable
core_words(p_title text) returns text immutable
country_code(p_country text) returns text immutable
guid_is_local(p_guid text) returns boolean immutable
leading_article(p_title text) returns text immutable
part_keys(p_title text) returns text[] immutable
sound_key(p_words text) returns text immutable
spelled_out(p_key text) returns text immutable
spelling_key(p_title text) returns text immutable
split_title(p_title text, OUT base text, OUT year integer, OUT country text) returns record immutable
title_key(p_title text) returns text immutable
without_author(p_title text) returns text immutable

-- Functions of this version
add_episodes(p_user_id bigint, p_tvshow_id bigint, p_seasons jsonb) returns integer volatile
add_found_show(p_user_id bigint, p_event jsonb, OUT tvshow_id bigint, OUT added boolean, OUT step jsonb) returns record volatile
add_held_episodes(p_user_id bigint, p_tvshow_id bigint, p_log_ids bigint[], p_mapping_id bigint DEFAULT NULL::bigint) returns jsonb volatile
add_refusal(p_user_id bigint, p_event jsonb) returns text stable
add_show(p_user_id bigint, p_show jsonb) returns bigint volatile
add_viewing(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_at timestamp with time zone, OUT action text, OUT event_id bigint) returns record volatile
apply_lookup(p_user_id bigint, p_log_id bigint, p_event jsonb, p_lookup jsonb, p_steps jsonb, p_has_tmdb boolean, p_probe text DEFAULT NULL::text, p_document jsonb DEFAULT NULL::jsonb, p_lease_seconds integer DEFAULT 30, OUT status text, OUT action text, OUT tvshow_id bigint, OUT conflict_id bigint, OUT needs jsonb, OUT probing boolean) returns record volatile
asked_names(p_title text, p_other_titles jsonb, OUT names jsonb, OUT year integer, OUT literal_keys text[], OUT spelling_keys text[], OUT core_keys text[], OUT part_keys text[], OUT long_keys text[]) returns record stable
begin_answers(p_user_id bigint, p_action text, p_items jsonb) returns bigint volatile
begin_history(p_user_id bigint, p_server_uuid text, p_server_title text, p_clock_ahead integer, p_accounts jsonb, OUT refused text, OUT accounts jsonb, OUT caught_up_to timestamp with time zone, OUT looked_back_at timestamp with time zone, OUT imported_to timestamp with time zone) returns record volatile
cache_tmdb(p_cache_key text, p_http_status integer, p_body jsonb, p_age interval) returns void volatile
can_ask(p_user_id bigint, p_event jsonb, p_has_tmdb boolean, OUT plex boolean, OUT tmdb boolean) returns record stable
check_rules(p_rules jsonb, p_beside jsonb, p_seasons jsonb) returns void stable
chosen_elsewhere(p_user_id bigint, p_server_uuid text, p_plex_account_id bigint, p_title text, p_is_own boolean) returns boolean stable
claim_pending(p_lease_seconds integer DEFAULT 30, p_probe_seconds integer DEFAULT 30, OUT log_id bigint, OUT user_id bigint, OUT payload json, OUT lookup jsonb, OUT probe text) returns record volatile
close_conflict(p_user_id bigint, p_conflict_id bigint, p_action text, p_tvshow_id bigint, p_mapping_id bigint) returns boolean volatile
conflict_show(p_user_id bigint, p_conflict_id bigint) returns jsonb stable
decide(p_user_id bigint, p_event jsonb, p_has_tmdb boolean) returns jsonb volatile
decide_unknown(p_user_id bigint, p_event jsonb, p_has_tmdb boolean, p_type text, p_candidates jsonb, p_trace jsonb) returns jsonb stable
delete_mapping(p_user_id bigint, p_mapping_id bigint) returns boolean volatile
delete_show(p_user_id bigint, p_tvshow_id bigint) returns void volatile
delete_user(p_user_id bigint) returns text volatile
disguised_name(p_title text, p_title_key text, p_name text, p_name_key text) returns text immutable
end_history_import(p_user_id bigint, p_error text) returns boolean volatile
episode_places(p_seasons jsonb, OUT season integer, OUT episode integer, OUT absolute integer, OUT air_date date, OUT title text) returns SETOF record stable
episode_runtimes(p_tvshow_id bigint) returns jsonb stable
export_mapping(p_mapping_id bigint) returns jsonb stable
export_show(p_user_id bigint, p_tvshow_id bigint) returns jsonb stable
fail_pending(p_user_id bigint, p_log_id bigint, p_steps jsonb, p_error text) returns void volatile
find_episode(p_seasons jsonb, p_season integer, p_episode integer, p_air_date date, OUT season_index integer, OUT episode_index integer, OUT season integer, OUT episode integer, OUT entry jsonb) returns record stable
find_exported_show(p_user_id bigint, p_show jsonb) returns bigint stable
find_mapping(p_user_id bigint, p_event jsonb) returns bigint stable
find_open_conflict(p_user_id bigint, p_event jsonb) returns bigint stable
finish_job(p_job_id bigint, p_status text, p_result jsonb DEFAULT NULL::jsonb, p_error text DEFAULT NULL::text) returns void volatile
fold_episode(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_runtime integer, p_event_id bigint, OUT first_watched_at timestamp with time zone, OUT live_plays integer, OUT event_play_id bigint, OUT event_starts_play boolean, OUT event_voided boolean) returns record volatile
forget_sign_in_tries(p_most integer DEFAULT 20000) returns integer volatile
forgive_sign_in_try(p_asker bytea, p_account bytea DEFAULT NULL::bytea, p_address bytea DEFAULT NULL::bytea) returns void volatile
give_ids(p_user_id bigint, p_tvshow_id bigint, p_ids jsonb) returns void volatile
hama_rules(p_user_id bigint, p_mapping_id bigint) returns void volatile
ignore_reason(p_user_id bigint, p_event jsonb, p_account_id bigint) returns text stable
import_mapping(p_user_id bigint, p_mapping jsonb, p_tvshow_id bigint, p_emptied_tvshow_id bigint DEFAULT NULL::bigint, OUT mapping_id bigint, OUT added boolean) returns record volatile
import_marks(p_user_id bigint, p_tvshow_id bigint, p_seasons jsonb, p_source text) returns void volatile
import_settings(p_user_id bigint, p_settings jsonb) returns void volatile
import_show(p_user_id bigint, p_show jsonb, p_accounts bigint[], OUT tvshow_id bigint, OUT added boolean, OUT said integer, OUT mappings integer) returns record volatile
is_down(p_user_id bigint, p_service text) returns boolean stable
join_conflict(p_user_id bigint, p_conflict_id bigint, p_into_id bigint) returns void volatile
judge_name(p_asked jsonb, p_name text, p_title_key text, p_spelling_key text, p_core_key text, p_part_keys text[], p_long_keys text[], p_start_year integer, p_countries text, p_show_year integer, p_episode_year integer, OUT level integer, OUT fit integer, OUT score numeric, OUT method text, OUT reason text) returns record immutable
keep_administrator(p_user_id bigint) returns void volatile
known_timezone(p_timezone text) returns text stable
last_mapping_change(p_mapping_id bigint) returns bigint stable
learn_number(p_user_id bigint, p_mapping_id bigint, p_plex_season integer, p_plex_episode integer, p_season integer, p_episode integer) returns bigint volatile
learnt_event(p_event jsonb) returns jsonb immutable
lock_mapping(p_user_id bigint, p_mapping_id bigint, p_tvshow_id bigint DEFAULT NULL::bigint) returns void volatile
lock_mappings(p_user_id bigint) returns void volatile
lock_sign_in_tries(p_key bytea, OUT failures integer, OUT not_before timestamp with time zone, OUT is_new boolean) returns record volatile
long_parts(p_title text) returns text[] immutable
look_up_again(p_user_id bigint) returns integer volatile
look_up_needs(p_user_id bigint, p_event jsonb, p_has_tmdb boolean) returns jsonb stable
map_show(p_user_id bigint, p_show jsonb, p_tvshow_id bigint, p_confidence numeric, p_method text, p_confirmed boolean DEFAULT false, p_conflict_id bigint DEFAULT NULL::bigint) returns bigint volatile
mapping_snapshot(p_mapping_id bigint) returns jsonb stable
mapping_state(p_user_id bigint, p_show jsonb) returns jsonb stable
mark_episodes(p_user_id bigint, p_tvshow_id bigint, p_watched boolean, p_season integer, p_before integer DEFAULT NULL::integer, p_when text DEFAULT 'now'::text) returns bigint[] volatile
mark_numbered(p_user_id bigint, p_tvshow_id bigint, p_mapping_id bigint, p_event jsonb, p_at timestamp with time zone, p_source text, p_account_id bigint, p_log_id bigint, p_later jsonb DEFAULT NULL::jsonb, OUT action text, OUT season integer, OUT episode integer, OUT became jsonb) returns record volatile
mark_watched(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_air_date date, p_kind text, p_at timestamp with time zone, p_source text, p_server_uuid text DEFAULT NULL::text, p_account_id bigint DEFAULT NULL::bigint, p_history_key text DEFAULT NULL::text, p_mapping_id bigint DEFAULT NULL::bigint, p_log_id bigint DEFAULT NULL::bigint, p_plex_season integer DEFAULT NULL::integer, p_plex_episode integer DEFAULT NULL::integer, p_later jsonb DEFAULT NULL::jsonb, p_said_at timestamp with time zone DEFAULT NULL::timestamp with time zone, OUT action text, OUT season integer, OUT episode integer, OUT play_id bigint, OUT first_watched_at timestamp with time zone) returns record volatile
match_ids(p_user_id bigint, p_ids jsonb, OUT tvshow_id bigint, OUT confidence numeric, OUT method text, OUT candidates jsonb) returns record stable
match_title(p_user_id bigint, p_title text, p_show_year integer, p_episode_year integer, p_other_titles jsonb DEFAULT NULL::jsonb, OUT tvshow_id bigint, OUT confidence numeric, OUT method text, OUT conflict_type text, OUT candidates jsonb) returns record volatile
merge_seasons(p_old jsonb, p_new jsonb, p_spoken_of jsonb, p_from text) returns TABLE(old_season integer, old_episode integer, old_entry jsonb, new_entry jsonb, season integer, episode integer) stable
merge_show(p_user_id bigint, p_tvshow_id bigint, p_document jsonb, p_from text) returns jsonb volatile
missing_history(p_user_id bigint, p_server_uuid text, p_rows jsonb) returns integer[] stable
move_viewing(p_user_id bigint, p_play_id bigint, p_at timestamp with time zone, OUT tvshow_id bigint, OUT removed_ids bigint[], OUT event_id bigint) returns record volatile
next_episode(p_seasons jsonb, p_today date, OUT season integer, OUT episode integer, OUT title text, OUT air_date date, OUT watched integer, OUT aired integer) returns record stable
normal_seasons(p_seasons jsonb) returns jsonb stable
note_account(p_user_id bigint, p_event jsonb) returns bigint volatile
note_answer(p_user_id bigint, p_batch_id bigint, p_conflict_id bigint, p_problem text) returns boolean volatile
note_history(p_user_id bigint, p_server_uuid text, p_to timestamp with time zone, p_import boolean, p_ended boolean, p_looked_back boolean DEFAULT false) returns void volatile
note_mapping_change(p_user_id bigint, p_mapping_id bigint, p_what text, p_by_user boolean, p_was jsonb, p_moved jsonb DEFAULT NULL::jsonb, p_conflict_id bigint DEFAULT NULL::bigint) returns bigint volatile
note_rating_key(p_user_id bigint, p_mapping_id bigint, p_event jsonb) returns void volatile
note_upstream(p_user_id bigint, p_service text, p_outcome text, p_retry_after integer DEFAULT NULL::integer, p_probe_seconds integer DEFAULT 30) returns void volatile
number_episode(p_user_id bigint, p_mapping_id bigint, p_season integer, p_episode integer, p_air_date date DEFAULT NULL::date, p_server_uuid text DEFAULT NULL::text, OUT season integer, OUT episode integer, OUT rule jsonb) returns SETOF record stable
numbering_rules(p_mapping_id bigint) returns jsonb stable
open_conflict(p_user_id bigint, p_event jsonb, p_conflict_type text, p_candidates jsonb, p_tvshow_id bigint DEFAULT NULL::bigint) returns bigint volatile
other_episode(p_tvshow_id bigint, p_said jsonb, OUT air_date date, OUT title text) returns record stable
other_ids(p_tvshow_id bigint, p_ids jsonb, p_method text DEFAULT NULL::text) returns boolean stable
plan_mapping(p_user_id bigint, p_mapping_id bigint, p_tvshow_id bigint, p_rules jsonb, p_rules_before jsonb DEFAULT NULL::jsonb, OUT grp text, OUT event_id bigint, OUT log_id bigint, OUT act text, OUT tvshow_id bigint, OUT season integer, OUT episode integer, OUT to_season integer, OUT to_episode integer, OUT rule jsonb, OUT plex_season integer, OUT plex_episode integer, OUT occurred_at timestamp with time zone) returns SETOF record stable
preview_rules(p_user_id bigint, p_mapping_id bigint, p_rules jsonb, p_source text, p_replace boolean) returns jsonb stable
purge_job_runs(p_days integer) returns bigint volatile
purge_logs(p_user_id bigint, p_days integer, p_after bigint, p_batch integer, OUT last_id bigint, OUT deleted integer, OUT done boolean) returns record volatile
reapply_mapping(p_user_id bigint, p_mapping_id bigint, p_rules_before jsonb DEFAULT NULL::jsonb) returns jsonb volatile
receive_event(p_user_id bigint, p_receipt uuid, p_source text, p_event jsonb, p_payload json, p_received_at timestamp with time zone, p_has_tmdb boolean, p_elapsed_ms real DEFAULT 0, OUT status text, OUT action text, OUT log_id bigint, OUT tvshow_id bigint, OUT conflict_id bigint) returns record volatile
record_failed_event(p_user_id bigint, p_receipt uuid, p_source text, p_event jsonb, p_payload jsonb, p_received_at timestamp with time zone, p_error text) returns bigint volatile
recount(p_seasons jsonb, OUT total_episodes integer, OUT watched_episodes integer, OUT total_minutes integer) returns record immutable
refold_said(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns void volatile
refresh_needs(p_user_id bigint, p_tvshow_id bigint, p_event jsonb, p_has_tmdb boolean, OUT needs jsonb, OUT waits_for text) returns record stable
relog_mapping(p_user_id bigint, p_mapping_id bigint, p_plan jsonb) returns bigint volatile
remove_episodes(p_user_id bigint, p_tvshow_id bigint, p_places jsonb) returns integer volatile
remove_rules(p_user_id bigint, p_mapping_id bigint, p_rule_id bigint, p_apply boolean, OUT removed integer, OUT correction jsonb) returns record volatile
remove_viewing(p_user_id bigint, p_play_id bigint, OUT tvshow_id bigint, OUT season integer, OUT episode integer, OUT removed_ids bigint[]) returns record volatile
renew_claims(p_log_ids bigint[], p_lease_seconds integer DEFAULT 30) returns void volatile
renew_job(p_job_id bigint, p_lease_seconds integer, p_progress jsonb DEFAULT NULL::jsonb) returns boolean volatile
renumber(p_seasons jsonb, p_rules jsonb, p_said jsonb, OUT n integer, OUT part integer, OUT season integer, OUT episode integer, OUT rule jsonb) returns SETOF record stable
reopen_conflicts(p_user_id bigint, p_tvshow_id bigint) returns integer volatile
replay_event(p_user_id bigint, p_log_id bigint, p_event jsonb, p_has_tmdb boolean, p_later jsonb DEFAULT NULL::jsonb, OUT status text, OUT action text, OUT log_id bigint, OUT tvshow_id bigint, OUT conflict_id bigint) returns record volatile
replay_held(p_user_id bigint, p_conflict_id bigint, p_show jsonb, p_tvshow_id bigint, p_mapping_id bigint, p_action text, p_log_ids bigint[], p_season integer DEFAULT NULL::integer, p_episode integer DEFAULT NULL::integer, OUT replayed integer, OUT outcomes jsonb) returns record volatile
resolve_conflict(p_user_id bigint, p_conflict_id bigint, p_action text, p_tvshow_id bigint DEFAULT NULL::bigint, p_season integer DEFAULT NULL::integer, p_episode integer DEFAULT NULL::integer, p_show jsonb DEFAULT NULL::jsonb, OUT tvshow_id bigint, OUT replayed integer, OUT outcomes jsonb) returns record volatile
restore_show(p_user_id bigint, p_tvshow_id bigint) returns void volatile
return_mappings(p_user_id bigint, p_tvshow_id bigint) returns jsonb volatile
rewrite_watched(p_tvshow_id bigint, p_episodes jsonb) returns void volatile
romaji(p_key text) returns text immutable
rule_answer(p_user_id bigint, p_conflict_id bigint, p_mapping_id bigint) returns jsonb stable
save_rules(p_user_id bigint, p_mapping_id bigint, p_rules jsonb, p_source text, p_replace boolean, p_apply boolean) returns jsonb volatile
say_again(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns bigint[] volatile
search_again(p_user_id bigint, p_conflict_id bigint, p_events jsonb, p_has_tmdb boolean, OUT resolved boolean, OUT tvshow_id bigint, OUT replayed integer, OUT outcomes jsonb) returns record volatile
set_administrator(p_user_id bigint, p_is_admin boolean) returns boolean volatile
set_watched(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_watched boolean, p_at timestamp with time zone DEFAULT NULL::timestamp with time zone, OUT action text, OUT first_watched_at timestamp with time zone) returns record volatile
settle_event(p_user_id bigint, p_event jsonb, p_decision jsonb, p_log_id bigint, p_source text, p_watched_at timestamp with time zone, p_account_id bigint, OUT status text, OUT action text, OUT tvshow_id bigint, OUT conflict_id bigint, OUT mapping_id bigint, OUT trace jsonb, OUT needs jsonb, OUT waits_for text) returns record volatile
settle_open_conflicts(p_user_id bigint, p_tvshow_id bigint) returns integer volatile
sign_in_delay(p_failures integer, p_free integer, p_longest integer) returns integer immutable
similar_titles(p_user_id bigint, p_asked jsonb, p_year integer, p_episode_year integer) returns jsonb volatile
start_job(p_kind text, p_user_id bigint, p_lease_seconds integer, p_apart_seconds integer DEFAULT 0) returns bigint volatile
summarise_plan(p_plan jsonb, p_tvshow_id bigint) returns jsonb stable
take_back(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns bigint[] volatile
take_in_left_out(p_user_id bigint, p_mapping_ids bigint[], p_since timestamp with time zone) returns integer volatile
take_probe(p_user_id bigint, p_service text, p_probe_seconds integer DEFAULT 30, OUT may_ask boolean, OUT probing boolean) returns record volatile
take_sign_in_try(p_asker bytea, p_account bytea DEFAULT NULL::bytea, p_address bytea DEFAULT NULL::bytea, p_strict boolean DEFAULT false, OUT wait_seconds integer) returns integer volatile
undo_conflict(p_user_id bigint, p_conflict_id bigint, OUT withdrawn integer, OUT held integer, OUT removed_tvshow_id bigint, OUT kept_tvshow_id bigint) returns record volatile
undo_mapping(p_user_id bigint, p_mapping_id bigint, p_change_id bigint DEFAULT NULL::bigint) returns jsonb volatile
unlearn_title(p_user_id bigint, p_mapping_id bigint) returns void volatile
unseen_in_library(p_user_id bigint, p_tvshow_id bigint, p_rows jsonb) returns SETOF integer stable
upcoming_episodes(p_user_id bigint, p_from date, p_to date, p_watched_too boolean) returns TABLE(tvshow_id bigint, title text, poster_path text, updated_at timestamp with time zone, season integer, episode integer, episode_title text, air_date text, runtime integer) stable
update_mapping(p_user_id bigint, p_mapping_id bigint, p_changes jsonb) returns jsonb volatile
update_show(p_user_id bigint, p_tvshow_id bigint, p_changes jsonb) returns void volatile
viewing_time(p_event jsonb, p_received_at timestamp with time zone, p_clock_ahead integer DEFAULT 0) returns timestamp with time zone immutable
watch_streaks(p_user_id bigint, p_timezone text, p_today date, p_tvshow_id bigint, OUT current_days integer, OUT current_since date, OUT longest_days integer, OUT longest_from date, OUT longest_to date) returns record stable
watched_per_day(p_user_id bigint, p_timezone text, p_since timestamp with time zone, p_until timestamp with time zone, OUT day date, OUT episodes integer) returns SETOF record stable
withdraw_viewings(p_user_id bigint, p_log_ids bigint[], p_reason text) returns integer volatile
write_watched(p_user_id bigint, p_tvshow_id bigint, p_log_ids bigint[], p_synced boolean DEFAULT false) returns void volatile
year_figures(p_user_id bigint, p_timezone text, p_year integer, p_tvshow_id bigint) returns jsonb stable
