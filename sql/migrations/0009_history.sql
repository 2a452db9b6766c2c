-- The watch history of Plex servers: how far it was read, how much a server's clock is ahead, and what a server itself said of
-- when a viewing was.

alter table tracker.watch_events add column said_at timestamptz;
comment on column tracker.watch_events.said_at is
    'When it was by the Plex server''s own clock: lastViewedAt of a webhook, viewedAt of its history. The webhook and the row of the
history that tell the same viewing have the same one, however late the webhook came and however wrong that clock is.';

alter table tracker.plex_servers add column clock_ahead integer;
comment on column tracker.plex_servers.clock_ahead is
    'Seconds that its clock is ahead of ours, by the Date of its last answer. Null: it was never asked.';

alter table tracker.settings
    add column sync_library boolean not null default false,
    add column history_import_wanted_at timestamptz;
comment on column tracker.settings.sync_library is
    'Whether episodes that were marked watched by hand in Plex are looked for in its library: some servers leave no row in the history.';
comment on column tracker.settings.history_import_wanted_at is
    'Since when the whole history is to be read; null when nobody wants it. It outlives a restart.';

create table tracker.plex_history_positions (
    user_id bigint not null references tracker.users on delete cascade,
    server_uuid text not null,
    caught_up_to timestamptz,
    looked_back_at timestamptz,
    imported_to timestamptz,
    primary key (user_id, server_uuid)
);
comment on table tracker.plex_history_positions is 'How far the watch history of a server was read, in the time of that server''s clock.';
comment on column tracker.plex_history_positions.caught_up_to is
    'Everything before it was read once. A run begins earlier all the same: offline viewings are told late.';
comment on column tracker.plex_history_positions.looked_back_at is 'When a run last began much earlier.';
comment on column tracker.plex_history_positions.imported_to is
    'How far an import of everything has come; it goes on there. Null: none is under way.';
