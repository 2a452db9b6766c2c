create function say_again(p_user_id bigint, p_tvshow_id bigint, p_event_ids bigint[]) returns bigint[]
language plpgsql volatile
set search_path from current
as $$
declare
    v_ids bigint[];
begin
    perform from tvshows where user_id = p_user_id and id = p_tvshow_id and deleted_at is null for no key update;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    with said as (
        update watch_events w set withdrawn_at = null, withdrawn_why = null, removed_at = null
        where w.user_id = p_user_id and w.tvshow_id = p_tvshow_id and w.id = any (p_event_ids) and w.removed_at is not null
        returning w.id
    )
    select coalesce(array_agg(id order by id), '{}') into v_ids from said;
    if cardinality(v_ids) > 0 then
        perform refold_said(p_user_id, p_tvshow_id, v_ids);
    end if;
    return v_ids;
end
$$;
comment on function say_again(bigint, bigint, bigint[]) is
    'Undoes take_back: what was taken back counts again. Returns which watch events. Raises TK404.';
