create function watch_streaks(p_user_id bigint, p_timezone text, p_today date, p_tvshow_id bigint,
                              out current_days integer, out current_since date,
                              out longest_days integer, out longest_from date, out longest_to date)
language plpgsql stable
set search_path from current
as $$
declare
    v_zone text := known_timezone(p_timezone);
begin
    with day as (
        select distinct (p.watched_at at time zone v_zone)::date as day
        from plays p
        where p.user_id = p_user_id and p.voided_at is null and (p_tvshow_id is null or p.tvshow_id = p_tvshow_id)
          and exists (select from tvshows s where s.id = p.tvshow_id and s.deleted_at is null)
    ), streak as materialized (
        -- Days in a row have one and the same distance to their place in the order.
        select min(d.day) as first, max(d.day) as last, count(*)::integer as days
        from (select day.day, day.day - (row_number() over (order by day.day))::integer as anchor from day) d
        group by d.anchor
    )
    select coalesce(c.days, 0), c.first, coalesce(l.days, 0), l.first, l.last
    into current_days, current_since, longest_days, longest_from, longest_to
    from (values (1)) one(row)
    -- Today is not over: a streak that reached yesterday can still go on.
    left join (select * from streak s where s.last between p_today - 1 and p_today order by s.last desc limit 1) c on true
    left join (select * from streak s where s.last <= p_today order by s.days desc, s.last desc limit 1) l on true;
end
$$;
comment on function watch_streaks(bigint, text, date, bigint) is
    'Days in a row on which something was watched, where the user is: how many up to today or yesterday, and the most there ever were
(of equal ones the last). Of one show, or, with null, of all.';
