create function add_viewing(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_at timestamptz,
                            out action text, out event_id bigint)
language plpgsql volatile
set search_path from current
as $$
declare
    v_mark record;
begin
    if p_at > now() + interval '1 minute' or p_at < timestamptz '1900-01-01 00:00+00' then
        raise exception 'nobody watches in the future, or before 1900' using errcode = 'TK422', column = 'watched_at';
    end if;
    v_mark := mark_watched(p_user_id, p_tvshow_id, p_season, p_episode, null, 'viewing', p_at, 'manual');
    if v_mark.action = 'show_missing' then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    elsif v_mark.action = 'episode_missing' then
        raise exception 'show % has no season % episode %', p_tvshow_id, p_season, p_episode using errcode = 'TK404';
    end if;
    action := v_mark.action;
    select max(w.id) into event_id from watch_events w
    where w.tvshow_id = p_tvshow_id and w.season = p_season and w.episode = p_episode and w.source = 'manual' and w.kind = 'viewing';
end
$$;
comment on function add_viewing(bigint, bigint, integer, integer, timestamptz) is
    'The user says that an episode was watched at a time, once more if need be: a viewing of its own, unless one that was said by hand lies
within a runtime of it (action already_watched). event_id: for take_back. Raises TK404, TK422 (watched_at).';
