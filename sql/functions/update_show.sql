create function update_show(p_user_id bigint, p_tvshow_id bigint, p_changes jsonb) returns void
language plpgsql volatile
set search_path from current
as $$
begin
    update tvshows s
    set title = coalesce(p_changes ->> 'title', s.title),
        tmdb_id = case when p_changes ? 'tmdb_id' then (p_changes ->> 'tmdb_id')::integer else s.tmdb_id end,
        tvdb_id = case when p_changes ? 'tvdb_id' then (p_changes ->> 'tvdb_id')::integer else s.tvdb_id end,
        imdb_id = case when p_changes ? 'imdb_id' then p_changes ->> 'imdb_id' else s.imdb_id end,
        show_start_date = case when p_changes ? 'year' then make_date((p_changes ->> 'year')::integer, 1, 1) else s.show_start_date end,
        updated_at = now()
    where s.user_id = p_user_id and s.id = p_tvshow_id and s.deleted_at is null;
    if not found then
        raise exception 'show % is not there', p_tvshow_id using errcode = 'TK404';
    end if;
    if p_changes ->> 'title' is not null then
        -- The old name stays known: Plex may still use it.
        update show_titles set kind = 'alternative' where tvshow_id = p_tvshow_id and kind = 'main' and title <> p_changes ->> 'title';
        insert into show_titles (user_id, tvshow_id, title, kind) values (p_user_id, p_tvshow_id, p_changes ->> 'title', 'main')
        on conflict (tvshow_id, md5(title)) do update set kind = 'main';
    end if;
    if p_changes -> 'seasons' is not null then
        perform add_episodes(p_user_id, p_tvshow_id, p_changes -> 'seasons');
    end if;
end
$$;
comment on function update_show(bigint, bigint, jsonb) is
    'Changes a show''s title, year or ids, and adds the episodes it lacks (seasons). Raises TK404; an id that another show has is
refused by its unique index.';
