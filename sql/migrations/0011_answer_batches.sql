-- Several questions answered at once: what was wished for each, and how far it is. It outlives the page and a restart.

create table tracker.answer_batches (
    id bigint generated always as identity primary key,
    user_id bigint not null references tracker.users on delete cascade,
    action text not null check (action in ('confirm', 'create_new', 'ignore', 'ignore_forever', 'search_again', 'undo')),
    created_at timestamptz not null default now(),
    finished_at timestamptz,
    constraint answer_batches_owner_key unique (user_id, id)
);
comment on table tracker.answer_batches is 'One go of answering several questions, or of taking their answers back (undo).';
comment on column tracker.answer_batches.action is 'confirm: the candidate that was put forward on the page, each its own.';
create unique index answer_batches_open_key on tracker.answer_batches (user_id) where finished_at is null;
comment on index tracker.answer_batches_open_key is 'Two goes at once, which would answer each other''s questions.';

create table tracker.answer_batch_items (
    user_id bigint not null references tracker.users on delete cascade,
    batch_id bigint not null,
    conflict_id bigint not null,
    tvshow_id bigint,
    tmdb_id integer,
    status text not null default 'waiting' check (status in ('waiting', 'done', 'refused')),
    problem text,
    primary key (batch_id, conflict_id),
    constraint answer_batch_items_batch_fkey foreign key (user_id, batch_id)
        references tracker.answer_batches (user_id, id) on delete cascade,
    constraint answer_batch_items_conflict_fkey foreign key (user_id, conflict_id)
        references tracker.plex_conflicts (user_id, id) on delete cascade,
    check (problem is null or status = 'refused')
);
comment on table tracker.answer_batch_items is 'A question of such a go, the show that was put forward for it, and what came of it.';
comment on column tracker.answer_batch_items.tvshow_id is
    'The candidate as it was on the page, or tmdb_id. A show that is gone by now is refused by the answer itself.';
create index answer_batch_items_conflict on tracker.answer_batch_items (conflict_id);
