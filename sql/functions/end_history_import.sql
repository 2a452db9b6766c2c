create function end_history_import(p_user_id bigint, p_error text) returns boolean
language sql volatile
set search_path from current
as $$
    with unwanted as (
        update settings set history_import_wanted_at = null
        where user_id = p_user_id and history_import_wanted_at is not null
        returning 1
    ), ended as (
        -- The process that reads sees it at its next step.
        update job_runs set status = 'cancelled', finished_at = now(), error_message = p_error, claimed_until = null
        where user_id = p_user_id and kind = 'history_import' and status = 'running'
        returning 1
    )
    select exists (select from unwanted) or exists (select from ended)
$$;
comment on function end_history_import(bigint, text) is
    'Cancels an import of the history, under way or waiting; whether there was one. How far it came is kept: the next one goes on there.';
