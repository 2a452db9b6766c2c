create function add_episodes(p_user_id bigint, p_tvshow_id bigint, p_seasons jsonb) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_old record;
    v_seasons jsonb;
    v_totals record;
begin
    select seasons, total_episodes, source into v_old from tvshows
    where user_id = p_user_id and id = p_tvshow_id and deleted_at is null for no key update;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    -- What the tracker has comes first and wins: no watched flag, date or title is overwritten.
    v_seasons := normal_seasons(v_old.seasons || p_seasons);
    select * into v_totals from recount(v_seasons);
    update tvshows
    set seasons = v_seasons, total_episodes = v_totals.total_episodes, watched_episodes = v_totals.watched_episodes,
        total_minutes = v_totals.total_minutes, updated_at = now()
    where id = p_tvshow_id;
    perform import_marks(p_user_id, p_tvshow_id, v_seasons, case v_old.source when 'import' then 'import' else 'manual' end);
    return v_totals.total_episodes - v_old.total_episodes;
end
$$;
comment on function add_episodes(bigint, bigint, jsonb) is
    'Adds the episodes of a seasons document that the show does not have, and marks those that come
watched; returns how many. Raises TK404, TK422.';
