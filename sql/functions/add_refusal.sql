create function add_refusal(p_user_id bigint, p_event jsonb) returns text
language plpgsql stable
set search_path from current
as $$
declare
    v_ids jsonb := p_event -> 'show_ids';
    v_year integer := (p_event ->> 'show_year')::integer;
    v_keys text[] := array[tracker.title_key(p_event ->> 'show_title'), tracker.title_key(p_event -> 'found' ->> 'title')];
begin
    if not (select auto_add_shows from plex_config where user_id = p_user_id) then
        return 'auto_add_off';
    elsif tracker.guid_is_local(p_event ->> 'show_guid') then
        return 'personal_media';
    elsif exists (
        select from tvshows s
        where s.user_id = p_user_id and s.deleted_at is not null
          and (s.tmdb_id = (v_ids ->> 'tmdb')::integer or s.tvdb_id = (v_ids ->> 'tvdb')::integer or s.imdb_id = v_ids ->> 'imdb'
               or (coalesce(abs(extract(year from s.show_start_date) - v_year) <= 1, true)
                   and exists (select from show_titles t where t.tvshow_id = s.id and t.title_key = any (v_keys))))
    ) then
        return 'deleted';
    elsif exists (
        select from plex_show_mappings m
        where m.user_id = p_user_id and m.tvshow_id is null
          and (m.tmdb_id = (v_ids ->> 'tmdb')::integer or m.tvdb_id = (v_ids ->> 'tvdb')::integer or m.imdb_id = v_ids ->> 'imdb'
               or (coalesce(abs(m.plex_year - v_year) <= 1, true) and tracker.title_key(m.plex_title) = any (v_keys)))
    ) then
        return 'not_tracked';
    end if;
    return null;
end
$$;
comment on function add_refusal(bigint, jsonb) is
    'Why a show that a look-up has found is not added by itself, or null: auto_add_off, personal_media (a home video has no show
elsewhere), deleted (by the user, with one of its ids or its name), not_tracked (the user said so of a Plex show with these ids or this name).';
