-- When somebody last signed in. Their sessions do not tell it: one that is signed out is deleted.

alter table tracker.users add column signed_in_at timestamptz;
comment on column tracker.users.signed_in_at is 'Null until the first sign-in, and for one that was before this column.';
update tracker.users u set signed_in_at = (select max(s.created_at) from tracker.sessions s where s.user_id = u.id);
