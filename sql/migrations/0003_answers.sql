-- Answers that can be taken back: what was said about an episode may be withdrawn, a conflict knows what its answer changed, and
-- a mapping knows why it stands for no show.

create domain tracker.withdrawn_why as text constraint withdrawn_why check (value in ('moved', 'undone'));
comment on domain tracker.withdrawn_why is 'Why what was said does not count any more.';
alter table tracker.watch_events
    add column withdrawn_at timestamptz,
    add column withdrawn_why tracker.withdrawn_why;
comment on column tracker.watch_events.withdrawn_at is
    'It was said about the wrong episode: kept, but not part of the fold any more. Set together with withdrawn_why, by
withdraw_viewings alone; a check of the table would cost every event.';

-- A viewing that was withdrawn can be reported again, about the right episode.
drop index tracker.watch_events_history_key;
create unique index watch_events_history_key on tracker.watch_events (user_id, server_uuid, history_key)
    where history_key is not null and withdrawn_at is null;
comment on index tracker.watch_events_history_key is 'A row of a Plex server''s history counted twice.';

alter domain tracker.void_reason drop constraint void_reason;
alter domain tracker.void_reason add constraint void_reason check (value in ('unmarked', 'same_viewing', 'moved', 'undone'));

alter table tracker.plex_conflicts
    add column facts jsonb not null default '{}' check (jsonb_typeof(facts) = 'object'),
    add column undo jsonb,
    add column undone_at timestamptz,
    add column joined_id bigint,
    add constraint plex_conflicts_joined_fkey foreign key (user_id, joined_id)
        references tracker.plex_conflicts (user_id, id) on delete set null (joined_id);
comment on column tracker.plex_conflicts.facts is
    'What else decides about the show: show_ids, ids_from, other_titles, episode_year (the earliest of what waits).';
comment on column tracker.plex_conflicts.undo is
    'What the answer changed and what was there before (undo_conflict). Null: nothing that could be taken back.';
comment on column tracker.plex_conflicts.undone_at is 'When the answer was taken back; from then on the question is open again.';
comment on column tracker.plex_conflicts.joined_id is 'It turned out to be the same question as this one, which holds its events.';
-- An open question is looked for by what an event says of its show, which is more than its key.
create index plex_conflicts_waiting on tracker.plex_conflicts (user_id, plex_server_uuid, plex_rating_key) where not resolved;

alter table tracker.plex_show_mappings
    add column emptied_tvshow_id bigint,
    add constraint plex_show_mappings_emptied_fkey foreign key (user_id, emptied_tvshow_id)
        references tracker.tvshows (user_id, id) on delete set null (emptied_tvshow_id);
comment on column tracker.plex_show_mappings.emptied_tvshow_id is
    'The show that it stood for until the user deleted that show: when the user adds it again, the mapping comes back to it.';
create index plex_show_mappings_emptied on tracker.plex_show_mappings (emptied_tvshow_id) where emptied_tvshow_id is not null;
