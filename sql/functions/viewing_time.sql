create function viewing_time(p_event jsonb, p_received_at timestamptz) returns timestamptz
language plpgsql immutable parallel safe
set search_path from current
as $$
declare
    v_at numeric := (p_event ->> 'last_viewed_at')::numeric;
begin
    -- plpgsql, whose plan is kept: up to PostgreSQL 17 a function in sql is planned anew for every webhook.
    -- lastViewedAt may still be that of the viewing before this one (whether PMS updates it before it sends the webhook is
    -- unverified), so it is believed only near the receipt.
    if abs(extract(epoch from p_received_at) - v_at) <= 1800 then
        return to_timestamp(v_at::double precision);
    end if;
    return p_received_at;
end
$$;
comment on function viewing_time(jsonb, timestamptz) is
    'When the episode was watched: lastViewedAt when it lies within 30 minutes of the receipt, else the time of receipt.';
