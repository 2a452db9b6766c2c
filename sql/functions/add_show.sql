create function add_show(p_user_id bigint, p_show jsonb) returns bigint
language plpgsql volatile
set search_path from current
as $$
declare
    v_seasons jsonb := normal_seasons(coalesce(p_show -> 'seasons', '[]'));
    v_totals record;
    v_id bigint;
begin
    select * into v_totals from recount(v_seasons);
    insert into tvshows (user_id, title, tmdb_id, tvdb_id, imdb_id, show_start_date, status, poster_path, country, source, seasons,
                         total_episodes, watched_episodes, total_minutes)
    values (p_user_id, p_show ->> 'title', (p_show ->> 'tmdb_id')::integer, (p_show ->> 'tvdb_id')::integer, p_show ->> 'imdb_id',
            coalesce((p_show ->> 'show_start_date')::date, make_date((p_show ->> 'year')::integer, 1, 1)),
            p_show ->> 'status', p_show ->> 'poster_path', p_show ->> 'country', coalesce(p_show ->> 'source', 'manual'), v_seasons,
            v_totals.total_episodes, v_totals.watched_episodes, v_totals.total_minutes)
    returning id into v_id;

    insert into show_titles (user_id, tvshow_id, title, kind) values (p_user_id, v_id, p_show ->> 'title', 'main');
    insert into show_titles (user_id, tvshow_id, title, kind)
    select p_user_id, v_id, t ->> 'title', coalesce(t ->> 'kind', 'alternative')
    from jsonb_array_elements(coalesce(p_show -> 'titles', '[]')) t
    where coalesce(t ->> 'title', '') <> ''
    on conflict (tvshow_id, md5(title)) do nothing;

    perform import_marks(p_user_id, v_id, v_seasons, case p_show ->> 'source' when 'import' then 'import' else 'manual' end);
    return v_id;
end
$$;
comment on function add_show(bigint, jsonb) is
    'Adds a show with its names and seasons (title, year or show_start_date, ids, status, poster_path, source, seasons, titles).
A show with the same TMDB, TVDB or IMDb id is refused by its unique index.';
