-- Numbering rules, and corrections that move what was said about an episode to where it belongs.

alter table tracker.plex_show_mappings
    add column show_key text,
    add column has_rules boolean not null default false,
    add column files_read_at timestamptz;
comment on column tracker.plex_show_mappings.show_key is
    'The key of the Plex show that its events are kept apart by (a lock, and one open conflict): a change of the mapping takes the
same lock. Null: a mapping made before this column.';
comment on column tracker.plex_show_mappings.has_rules is
    'Whether there are numbering rules: an event of a mapping without any does not look for them.';

comment on column tracker.plex_show_mappings.files_read_at is
    'When the names of its files were last read from the Plex server, for those that hold several episodes. Null: never.';

alter table tracker.plex_numbering_rules
    alter column plex_season drop not null,
    alter column season drop not null,
    add column kind text not null default 'offset'
        check (kind in ('offset', 'absolute', 'to_absolute', 'air_date', 'double')),
    add column source text not null default 'user' check (source in ('user', 'answer', 'plex_file', 'tmdb_group', 'hama')),
    add column season_lengths integer[],
    add column first_episode integer,
    add column last_episode integer,
    add column removed_at timestamptz,
    add constraint plex_numbering_rules_shape check (coalesce(case kind
        when 'offset' then plex_season is not null and season is not null and from_episode + episode_offset >= 0
        when 'to_absolute' then season is not null and cardinality(season_lengths) > 0 and 0 < all (season_lengths)
        when 'double' then plex_season is not null and from_episode = to_episode and first_episode < last_episode
        else true end, false));
comment on table tracker.plex_numbering_rules is
    'How the numbers of a Plex show become those of the tracker''s show (sql/functions/renumber.sql).';
comment on column tracker.plex_numbering_rules.plex_season is 'Null: every season from 1.';
comment on column tracker.plex_numbering_rules.kind is
    'offset: another season, and a number added. absolute: counts through the seasons. to_absolute: Plex counts by season, the tracker
does not. air_date: the date alone decides. double: one file is several episodes.';
comment on column tracker.plex_numbering_rules.removed_at is
    'A rule read from a file name that the user took away: kept, so that the next reading does not bring it back.';
drop index tracker.plex_numbering_rules_range_key;
create unique index plex_numbering_rules_range_key on tracker.plex_numbering_rules
    (mapping_id, (kind = 'double'), (source = 'hama'), (source = 'answer'), plex_season, from_episode) nulls not distinct;
comment on index tracker.plex_numbering_rules_range_key is
    'Two rules for the same episode. A double file is renumbered after it is taken apart; what HAMA''s name says gives way to the
user''s rules, and these to an answer about one episode.';

create index watch_events_mapping on tracker.watch_events (mapping_id) where mapping_id is not null;
