-- An address of its own for each user, under which calendars read what airs next. No session stands behind it.
create table tracker.calendar_tokens (
    user_id bigint primary key references tracker.users on delete cascade,
    token_hash bytea not null constraint calendar_tokens_token_hash_key unique,
    created_at timestamptz not null default now(),
    last_used_at timestamptz
);
comment on table tracker.calendar_tokens is 'At most one a user: a new address ends the old one. The token itself is shown once and not kept.';
