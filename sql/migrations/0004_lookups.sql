-- Look-ups: what an event waits for and has learnt, which services do not answer, which key was refused, when a show was read anew.

create domain tracker.service as text constraint service check (value in ('plex', 'tmdb'));
comment on domain tracker.service is 'Whom look-ups ask: a user''s Plex server, or TMDB.';

alter table tracker.plex_webhook_logs
    add column show_key text,
    add column waits_for tracker.service,
    add column lookup jsonb;
comment on column tracker.plex_webhook_logs.show_key is
    'Of an event that is or was pending: which Plex show it is about, so that of one show one event at a time is looked up.';
comment on column tracker.plex_webhook_logs.waits_for is
    'The service that did not answer: the event is due again when that service answers, at its next attempt at the latest.';
comment on column tracker.plex_webhook_logs.lookup is
    'What was learnt so far about the show of a pending event: another attempt does not ask for it again. Null when it is decided.';
create index plex_webhook_logs_pending_show on tracker.plex_webhook_logs (user_id, show_key) where status = 'pending';

create table tracker.upstreams (
    id bigint generated always as identity primary key,
    user_id bigint references tracker.users on delete cascade,
    service tracker.service not null,
    down_since timestamptz not null default now(),
    next_probe_at timestamptz not null,
    check ((user_id is null) = (service = 'tmdb'))
);
comment on table tracker.upstreams is
    'Services that do not answer now: TMDB is one for all, a Plex server is a user''s own. No row: it answers, as far as is known.';
create unique index upstreams_service_key on tracker.upstreams (service, coalesce(user_id, 0));
comment on index tracker.upstreams_service_key is 'Two opinions on whether a service answers, and so two probes at a time.';

alter table tracker.settings add column tmdb_key_rejected_at timestamptz;
comment on column tracker.settings.tmdb_key_rejected_at is
    'When TMDB refused the key. For an hour it counts as not set; a new key empties this.';
alter table tracker.plex_config add column plex_token_rejected_at timestamptz;
comment on column tracker.plex_config.plex_token_rejected_at is
    'When the Plex server refused the token. For an hour it counts as not set; a new token empties this.';

alter table tracker.tvshows add column refreshed_at timestamptz;
comment on column tracker.tvshows.refreshed_at is
    'When its seasons were last read from TMDB or from a Plex server, found or not. Null: never.';
