-- Whose Plex token it is, as far as plex.tv has said.

alter table tracker.plex_config
    add column plex_account_name text,
    add column has_plex_pass boolean;
comment on column tracker.plex_config.plex_account_name is 'Who signed in to Plex; null when the token came another way.';
comment on column tracker.plex_config.has_plex_pass is
    'Whether Plex sends webhooks for this account, as plex.tv said at the sign-in; null when it was not asked.';
