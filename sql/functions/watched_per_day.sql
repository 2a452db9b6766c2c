create function watched_per_day(p_user_id bigint, p_timezone text, p_since timestamptz, p_until timestamptz,
                                out day date, out episodes integer)
returns setof record
language plpgsql stable
set search_path from current
as $$
declare
    v_zone text := known_timezone(p_timezone);
begin
    return query
    with counted as (
        select (p.watched_at at time zone v_zone)::date as day, count(*)::integer as episodes
        from plays p
        where p.user_id = p_user_id and p.voided_at is null and p.watched_at >= p_since and p.watched_at <= p_until
          and exists (select from tvshows s where s.id = p.tvshow_id and s.deleted_at is null)
        group by 1
    )
    select g::date, coalesce(c.episodes, 0)
    from generate_series((p_since at time zone v_zone)::date::timestamp, (p_until at time zone v_zone)::date::timestamp, '1 day') g
    left join counted c on c.day = g::date
    order by g;
end
$$;
comment on function watched_per_day(bigint, text, timestamptz, timestamptz) is
    'Viewings that count, by day where the user is, from one moment to another: days with none too. The first and the last day may be
parts of days, so that all of them together are what was watched in between.';
