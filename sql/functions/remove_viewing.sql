create function remove_viewing(p_user_id bigint, p_play_id bigint,
                               out tvshow_id bigint, out season integer, out episode integer, out removed_ids bigint[])
language plpgsql volatile
set search_path from current
as $$
begin
    select p.tvshow_id, p.season, p.episode into tvshow_id, season, episode from plays p where p.user_id = p_user_id and p.id = p_play_id;
    -- The show's lock comes before the look at its viewings: which words make a play changes with every fold.
    perform from tvshows s where s.user_id = p_user_id and s.id = remove_viewing.tvshow_id and s.deleted_at is null for no key update;
    if not found then
        raise exception 'viewing % is not there', p_play_id using errcode = 'TK404';
    end if;
    perform from plays p where p.id = p_play_id and p.voided_at is null;
    if not found then
        raise exception 'this viewing does not count any more' using errcode = 'TK409';
    end if;
    removed_ids := take_back(p_user_id, tvshow_id, (
        select coalesce(array_agg(w.id), '{}') from watch_events w
        where w.user_id = p_user_id and w.tvshow_id = remove_viewing.tvshow_id
          and w.season = remove_viewing.season and w.episode = remove_viewing.episode and w.play_id = p_play_id));
end
$$;
comment on function remove_viewing(bigint, bigint) is
    'The user says that a viewing was none of his: it counts no more, however often it is told. Undone by say_again of removed_ids.
Raises TK404; TK409 when it does not count already.';
