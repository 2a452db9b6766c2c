create function lock_mapping(p_user_id bigint, p_mapping_id bigint, p_tvshow_id bigint default null) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_show_key text;
begin
    select coalesce(m.show_key, '') into v_show_key from plex_show_mappings m where m.user_id = p_user_id and m.id = p_mapping_id;
    if not found then
        raise exception 'mapping % is not there', p_mapping_id using errcode = 'TK404';
    end if;
    -- Keeps the events of this Plex show out, as they open its question; then every other change of a mapping, and the deletion of a
    -- show; then the shows, in the order of their ids, so that two corrections that cross each other do not deadlock.
    perform pg_advisory_xact_lock(hashtextextended(v_show_key, p_user_id));
    perform lock_mappings(p_user_id);
    perform from tvshows s
    where s.user_id = p_user_id and s.id in (
        select m.tvshow_id from plex_show_mappings m where m.id = p_mapping_id
        union select p_tvshow_id
        union select w.tvshow_id from watch_events w where w.user_id = p_user_id and w.mapping_id = p_mapping_id)
    order by s.id for no key update;
    -- It may have been forgotten meanwhile.
    if not exists (select from plex_show_mappings m where m.user_id = p_user_id and m.id = p_mapping_id) then
        raise exception 'mapping % is not there', p_mapping_id using errcode = 'TK404';
    end if;
end
$$;
comment on function lock_mapping(bigint, bigint, bigint) is
    'Everything that a change of a mapping with its past needs locked, in the order of locks: the key of its Plex show, lock_mappings,
the rows of all shows that something came to through it, and that of the show it is to stand for. Raises TK404.';
