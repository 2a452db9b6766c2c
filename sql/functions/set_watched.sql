create function set_watched(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_watched boolean,
                            p_at timestamptz default null,
                            out action text, out first_watched_at timestamptz)
language plpgsql volatile
set search_path from current
as $$
begin
    -- "Not watched", said now, is about every viewing that is known: also one that a fast clock dated minutes ahead.
    if not p_watched and p_at is null then
        select greatest(now(), max(w.occurred_at)) into p_at from watch_events w
        where w.user_id = p_user_id and w.tvshow_id = p_tvshow_id and w.season = p_season and w.episode = p_episode
          and w.kind = 'viewing' and w.withdrawn_at is null;
    end if;
    select m.action, m.first_watched_at into action, first_watched_at
    from mark_watched(p_user_id, p_tvshow_id, p_season, p_episode, null, case when p_watched then 'mark' else 'unmark' end,
                      coalesce(p_at, now()), 'manual') m;
    if action = 'show_missing' then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    elsif action = 'episode_missing' then
        raise exception 'show % has no season % episode %', p_tvshow_id, p_season, p_episode using errcode = 'TK404';
    end if;
    if not p_watched then
        action := 'unmarked';
    end if;
end
$$;
comment on function set_watched(bigint, bigint, integer, integer, boolean, timestamptz) is
    'The user''s own mark or unmark, now or at a given time. An unmark voids the plays before it and no later one. Raises TK404.';
