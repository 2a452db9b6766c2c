-- Viewings that the user takes out of the history, and puts back.

alter table tracker.watch_events add column removed_at timestamptz;
comment on column tracker.watch_events.removed_at is
    'The user has taken the viewing out. What a Plex server told stays what it told, so that its history, read again, tells nothing new.';

alter domain tracker.void_reason drop constraint void_reason;
alter domain tracker.void_reason add constraint void_reason
    check (value in ('unmarked', 'same_viewing', 'moved', 'undone', 'removed'));

alter domain tracker.withdrawn_why drop constraint withdrawn_why;
alter domain tracker.withdrawn_why add constraint withdrawn_why check (value in ('moved', 'undone', 'removed'));
