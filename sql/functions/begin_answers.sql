create function begin_answers(p_user_id bigint, p_action text, p_items jsonb) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_batch_id bigint;
begin
    if jsonb_array_length(p_items) = 0 then
        raise exception 'no question was chosen' using errcode = 'TK422';
    end if;
    if exists (
        select from jsonb_to_recordset(p_items) as i(conflict_id bigint)
        left join plex_conflicts c on c.user_id = p_user_id and c.id = i.conflict_id
        where c.id is null
    ) then
        raise exception 'one of these conflicts is not there' using errcode = 'TK404';
    end if;
    -- What can be taken back no more is not looked at again.
    delete from answer_batches b where b.user_id = p_user_id and b.finished_at < now() - interval '30 days';
    insert into answer_batches (user_id, action) values (p_user_id, p_action)
    -- Two buttons pressed at once: the second one waits here for the first.
    on conflict (user_id) where finished_at is null do nothing
    returning id into v_batch_id;
    if v_batch_id is null then
        raise exception 'other questions are being answered: wait for them' using errcode = 'TK409';
    end if;
    insert into answer_batch_items (user_id, batch_id, conflict_id, tvshow_id, tmdb_id)
    select distinct on (i.conflict_id) p_user_id, v_batch_id, i.conflict_id, i.tvshow_id, i.tmdb_id
    from jsonb_to_recordset(p_items) as i(conflict_id bigint, tvshow_id bigint, tmdb_id integer)
    order by i.conflict_id;
    return v_batch_id;
end
$$;
comment on function begin_answers(bigint, text, jsonb) is
    'Notes that these questions ([{"conflict_id", "tvshow_id"?, "tmdb_id"?}, …]) are to be answered in one go, each in a transaction of
its own (app/jobs/answering.py). Raises TK404; TK409: another go is under way; TK422: none.';
