-- What a webhook costs PostgreSQL. Measured in docs/performance.md; the rules stay what they were.

-- The check of a table is read from its stored form and planned again in every statement that writes a row, also where the
-- column is not written: those of the five tables of a watch were a seventh of a webhook's time. A domain's check is prepared once
-- for a connection, and only where a value of it is made. So: the rule of one column is a domain in the tables that an event
-- writes; the rule that joins columns stays a check.
create domain tracker.event_source as text
    constraint event_source check (value in ('webhook', 'history', 'spool', 'manual'));
comment on domain tracker.event_source is 'Where an event came from.';
create domain tracker.viewing_source as text
    constraint viewing_source check (value in ('webhook', 'history', 'spool', 'manual', 'import'));
comment on domain tracker.viewing_source is 'Where a viewing, a mark or an unmark came from.';
create domain tracker.event_status as text
    constraint event_status check (value in ('pending', 'success', 'conflict', 'ignored', 'duplicate', 'failed'));
comment on domain tracker.event_status is 'What became of an event.';
create domain tracker.said as text constraint said check (value in ('viewing', 'mark', 'unmark'));
comment on domain tracker.said is 'What was said about an episode.';
create domain tracker.void_reason as text constraint void_reason check (value in ('unmarked', 'same_viewing', 'moved'));
comment on domain tracker.void_reason is 'Why a play does not count.';
create domain tracker.show_source as text constraint show_source check (value in ('manual', 'plex', 'import'));
comment on domain tracker.show_source is 'Who added a show.';
create domain tracker.natural_number as integer constraint natural_number check (value >= 0);
comment on domain tracker.natural_number is 'The number of a season or an episode (0 is one like any other), or a count.';
create domain tracker.catalogue_id as integer constraint catalogue_id check (value > 0);
comment on domain tracker.catalogue_id is 'An id of TMDB or TVDB.';
create domain tracker.imdb_id as text constraint imdb_id check (value ~ '^tt[0-9]{1,12}$');
comment on domain tracker.imdb_id is 'An id of IMDb.';
create domain tracker.show_title as text constraint show_title check (length(value) between 1 and 1000);
comment on domain tracker.show_title is 'The title of a show.';
create domain tracker.seasons_document as jsonb constraint seasons_document check (jsonb_typeof(value) = 'array');
comment on domain tracker.seasons_document is 'The seasons of a show with their episodes.';
create domain tracker.confidence as numeric(3, 2) constraint confidence check (value between 0 and 1);
comment on domain tracker.confidence is 'How sure a match is.';

alter table tracker.tvshows
    drop constraint tvshows_title_check,
    drop constraint tvshows_tmdb_id_check,
    drop constraint tvshows_tvdb_id_check,
    drop constraint tvshows_imdb_id_check,
    drop constraint tvshows_seasons_check,
    drop constraint tvshows_total_episodes_check,
    drop constraint tvshows_total_minutes_check,
    drop constraint tvshows_source_check,
    alter column title type tracker.show_title,
    alter column tmdb_id type tracker.catalogue_id,
    alter column tvdb_id type tracker.catalogue_id,
    alter column imdb_id type tracker.imdb_id,
    alter column seasons type tracker.seasons_document,
    alter column total_episodes type tracker.natural_number,
    alter column total_minutes type tracker.natural_number,
    alter column source type tracker.show_source;
-- Lost with the type of the column; the reason is in the first migration.
alter table tracker.tvshows alter column seasons set storage external;

alter table tracker.plex_show_mappings
    drop constraint plex_show_mappings_match_confidence_check,
    alter column match_confidence type tracker.confidence;

alter table tracker.plex_webhook_logs
    drop constraint plex_webhook_logs_attempts_check,
    drop constraint plex_webhook_logs_source_check,
    drop constraint plex_webhook_logs_status_check,
    alter column attempts type tracker.natural_number,
    alter column source type tracker.event_source,
    alter column status type tracker.event_status;

alter table tracker.plays
    drop constraint plays_season_check,
    drop constraint plays_episode_check,
    drop constraint plays_source_check,
    drop constraint plays_void_reason_check,
    alter column season type tracker.natural_number,
    alter column episode type tracker.natural_number,
    alter column source type tracker.viewing_source,
    alter column void_reason type tracker.void_reason;

alter table tracker.watch_events
    drop constraint watch_events_season_check,
    drop constraint watch_events_episode_check,
    drop constraint watch_events_kind_check,
    drop constraint watch_events_source_check,
    alter column season type tracker.natural_number,
    alter column episode type tracker.natural_number,
    alter column kind type tracker.said,
    alter column source type tracker.viewing_source;

-- Every event of a household names the same one or two accounts. A foreign key locks the row that it points to until the commit,
-- and what several lock at once is a list on disk: with eight webhooks at once these two were a tenth of PostgreSQL's time. One
-- of the three references to an account stays, that of what was said; accounts go with their user only.
alter table tracker.plays drop constraint plays_account_fkey;
comment on column tracker.plays.account_id is
    'No foreign key: the fold copies it from watch_events, which has one, in the transaction that writes both.';
alter table tracker.plex_webhook_logs drop constraint plex_webhook_logs_account_fkey;
comment on column tracker.plex_webhook_logs.account_id is
    'No foreign key: note_account gives it in the same transaction, and accounts go with their user only.';

-- Room on the page for the row's next version: then no index of these rows is touched by a watch.
alter table tracker.tvshows set (fillfactor = 70);
alter table tracker.plex_show_mappings set (fillfactor = 70);
