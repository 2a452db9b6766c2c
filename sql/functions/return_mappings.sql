create function return_mappings(p_user_id bigint, p_tvshow_id bigint) returns jsonb
language plpgsql volatile
set search_path from current
as $$
declare
    v_returned jsonb;
    v_was jsonb;
begin
    perform lock_mappings(p_user_id);
    perform from tvshows where user_id = p_user_id and id = p_tvshow_id and deleted_at is null for no key update;
    with back as (
        select m.id, m.emptied_tvshow_id, mapping_snapshot(m.id) as was
        from plex_show_mappings m
        join tvshows gone on gone.id = m.emptied_tvshow_id and gone.deleted_at is not null
        join tvshows s on s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null
                      and (gone.tmdb_id = s.tmdb_id or gone.tvdb_id = s.tvdb_id or gone.imdb_id = s.imdb_id
                           -- Added by its name, where no id says that it is another one.
                           or (tracker.title_key(gone.title) = tracker.title_key(s.title) and tracker.title_key(s.title) <> ''
                               and coalesce(abs(extract(year from gone.show_start_date) - extract(year from s.show_start_date)) <= 1, true)
                               and not coalesce(gone.tmdb_id <> s.tmdb_id, false) and not coalesce(gone.tvdb_id <> s.tvdb_id, false)
                               and not coalesce(gone.imdb_id <> s.imdb_id, false)))
        where m.user_id = p_user_id and m.tvshow_id is null
    ), returned as (
        update plex_show_mappings m set tvshow_id = p_tvshow_id, emptied_tvshow_id = null, updated_at = now()
        from back where m.id = back.id
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', back.id, 'emptied_tvshow_id', back.emptied_tvshow_id) order by back.id), '[]'),
           jsonb_object_agg(back.id, back.was)
    into v_returned, v_was from back;
    perform note_mapping_change(p_user_id, b.key::bigint, 'show_returned', true, b.value) from jsonb_each(v_was) b;
    return v_returned;
end
$$;
comment on function return_mappings(bigint, bigint) is
    'The user has added a show again that was deleted (the same TMDB, TVDB or IMDb id, or the same name and year): the mappings that stood for it until then come
back to it. Those that the user ignored for good do not. Not for what adds shows by itself. The caller has taken the lock of
lock_mappings before the show''s row. Returns which, and the show that was deleted: [{"id", "emptied_tvshow_id"}, …].';
