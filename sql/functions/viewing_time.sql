create function viewing_time(p_event jsonb, p_received_at timestamptz, p_clock_ahead integer default 0) returns timestamptz
language plpgsql immutable parallel safe
set search_path from current
as $$
declare
    v_at numeric := (p_event ->> 'last_viewed_at')::numeric - coalesce(p_clock_ahead, 0);
begin
    -- plpgsql, whose plan is kept: up to PostgreSQL 17 a function in sql is planned anew for every webhook.
    -- lastViewedAt may still be that of the viewing before this one (whether PMS updates it before it sends the webhook is
    -- unverified), so it is believed only near the receipt. The history tells each viewing's own time.
    if p_event ? 'history_key' or abs(extract(epoch from p_received_at) - v_at) <= 1800 then
        return to_timestamp(v_at::double precision);
    end if;
    return p_received_at;
end
$$;
comment on function viewing_time(jsonb, timestamptz, integer) is
    'When the episode was watched: what the server''s history says; of a webhook lastViewedAt when it lies within 30 minutes of the receipt,
else the time of receipt. Taken out of what the server says: the seconds that its clock is ahead.';
