create function rewrite_watched(p_tvshow_id bigint, p_episodes jsonb) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_seasons jsonb;
    v_totals record;
begin
    select jsonb_agg(jsonb_set(s.value, '{episodes}', (
               select coalesce(jsonb_agg(
                   case when f.season is null then e.value else e.value || jsonb_build_object(
                       'watched', f.first_watched_at is not null,
                       'dateWatched', to_char(f.first_watched_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) end
                   order by e.ord), '[]')
               from jsonb_array_elements(s.value -> 'episodes') with ordinality e(value, ord)
               left join jsonb_to_recordset(p_episodes) as f(season integer, episode integer, first_watched_at timestamptz)
                   on f.season = (s.value ->> 'seasonNumber')::integer and f.episode = (e.value ->> 'episodeNumber')::integer))
               order by s.ord)
    into v_seasons
    from tvshows t cross join lateral jsonb_array_elements(t.seasons) with ordinality s(value, ord)
    where t.id = p_tvshow_id;
    select * into v_totals from recount(coalesce(v_seasons, '[]'));
    update tvshows t
    set seasons = coalesce(v_seasons, '[]'), watched_episodes = v_totals.watched_episodes, total_minutes = v_totals.total_minutes,
        updated_at = now()
    where t.id = p_tvshow_id;
end
$$;
comment on function rewrite_watched(bigint, jsonb) is
    'Writes the watched flags and first dates of many episodes ([{season, episode, first_watched_at}]) into a show''s document at once,
and its totals. The caller holds the lock on the show''s row.';
