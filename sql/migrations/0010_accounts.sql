-- Sign-in: delays that grow, a second step, single sign-on, and what a session is known by.

alter table tracker.users add column has_password boolean not null default true;
comment on column tracker.users.has_password is
    'False where nobody knows the password: the account was made by single sign-on, and its hash is that of a random one.';

alter table tracker.sessions
    add column came_by text not null default 'password' check (came_by in ('password', 'oidc', 'header')),
    add column confirmed_at timestamptz not null default now();
comment on column tracker.sessions.came_by is
    'How it began. One that a proxy''s header began lasts only as long as that header names the same account.';
comment on column tracker.sessions.confirmed_at is
    'When its browser last proved to be the account''s, at the sign-in or since: what changes a way in asks for it again after a while.';

create table tracker.sign_in_tries (
    key bytea primary key check (length(key) = 32),
    failures integer not null default 0 check (failures >= 0),
    failed_at timestamptz not null default now(),
    not_before timestamptz
);
create index sign_in_tries_by_age on tracker.sign_in_tries (failed_at);
comment on table tracker.sign_in_tries is
    'Who has tried to sign in and failed: accounts, addresses, and one at the other. Keys are keyed hashes: a password that was typed
as a name is not kept.';
comment on column tracker.sign_in_tries.not_before is 'The next try is refused unheard until then.';

create table tracker.user_totp (
    user_id bigint primary key references tracker.users on delete cascade,
    secret text not null,
    confirmed_at timestamptz,
    last_step bigint not null default 0,
    created_at timestamptz not null default now()
);
comment on table tracker.user_totp is 'The second step of a sign-in: codes of an authenticator app.';
comment on column tracker.user_totp.secret is 'Encrypted (iv:tag:ciphertext).';
comment on column tracker.user_totp.confirmed_at is 'Null until the app has shown a right code; until then nobody is asked for one.';
comment on column tracker.user_totp.last_step is 'The half minute whose code was used last: that code and older ones open nothing.';

create table tracker.recovery_codes (
    user_id bigint not null references tracker.users on delete cascade,
    code_hash bytea not null,
    created_at timestamptz not null default now(),
    primary key (user_id, code_hash)
);
comment on table tracker.recovery_codes is 'Codes that stand in for a lost authenticator app, as hashes. One that was used is gone.';

create table tracker.oidc_links (
    issuer text not null check (length(issuer) between 1 and 500),
    subject text not null check (length(subject) between 1 and 255),
    user_id bigint not null references tracker.users on delete cascade,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    primary key (issuer, subject),
    constraint oidc_links_user_key unique (user_id, issuer)
);
comment on table tracker.oidc_links is
    'Which account somebody of an OpenID provider signs in to. By the provider''s own id, never by an e-mail address.';
