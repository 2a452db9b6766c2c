create function viewing_time(p_event jsonb, p_received_at timestamptz) returns timestamptz
language sql immutable parallel safe
set search_path from current
as $$
    -- lastViewedAt may still be that of the viewing before this one (whether PMS updates it before it sends the webhook is
    -- unverified), so it is believed only near the receipt.
    select case
        when (p_event ->> 'last_viewed_at') is not null
         and abs(extract(epoch from p_received_at) - (p_event ->> 'last_viewed_at')::numeric) <= 1800
        then to_timestamp((p_event ->> 'last_viewed_at')::double precision)
        else p_received_at
    end
$$;
comment on function viewing_time(jsonb, timestamptz) is
    'When the episode was watched: lastViewedAt when it lies within 30 minutes of the receipt, else the time of receipt.';
