-- What was changed in a mapping, by whom and when, and what was there before: so that the last change can be taken back.

create table tracker.mapping_changes (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    mapping_id bigint not null,
    conflict_id bigint,
    what text not null check (what in ('found', 'answered', 'answer_undone', 'changed', 'rules', 'show_deleted', 'show_returned', 'undone')),
    by_user boolean not null,
    was jsonb,
    became jsonb not null,
    rules_added jsonb not null default '[]' check (jsonb_typeof(rules_added) = 'array'),
    rules_removed jsonb not null default '[]' check (jsonb_typeof(rules_removed) = 'array'),
    moved jsonb,
    undone_at timestamptz,
    created_at timestamptz not null default now(),
    constraint mapping_changes_mapping_fkey foreign key (user_id, mapping_id)
        references tracker.plex_show_mappings (user_id, id) on delete cascade,
    constraint mapping_changes_conflict_fkey foreign key (user_id, conflict_id)
        references tracker.plex_conflicts (user_id, id) on delete set null (conflict_id)
);
comment on table tracker.mapping_changes is 'The history of a mapping; forgotten with it.';
comment on column tracker.mapping_changes.by_user is 'Whether it was the user''s own word; false: a rule, or what a file is called.';
comment on column tracker.mapping_changes.was is
    'The mapping before it, its rules included (mapping_snapshot), as undo_mapping brings it back. Null: there was no mapping.';
comment on column tracker.mapping_changes.moved is 'What it moved of the past, without the single episodes. Null: the past was left alone.';
comment on column tracker.mapping_changes.undone_at is 'When it was taken back.';
create index mapping_changes_mapping on tracker.mapping_changes (mapping_id, id);
create index mapping_changes_conflict on tracker.mapping_changes (conflict_id) where conflict_id is not null;
