create function import_mapping(p_user_id bigint, p_mapping jsonb, p_tvshow_id bigint, p_emptied_tvshow_id bigint default null,
                               out mapping_id bigint, out added boolean)
language plpgsql volatile
set search_path from current
as $$
declare
    v_server text := coalesce(p_mapping ->> 'plex_server_uuid', '');
    v_rating_key text := p_mapping ->> 'plex_rating_key';
    v_guid text := p_mapping ->> 'plex_guid';
    v_local boolean := tracker.guid_is_local(p_mapping ->> 'plex_guid');
    v_tvshow_id bigint;
begin
    perform lock_mappings(p_user_id);
    added := false;
    select m.id, m.tvshow_id into mapping_id, v_tvshow_id from plex_show_mappings m
    where m.user_id = p_user_id
      and (m.plex_guid = v_guid and (not v_local or m.plex_server_uuid = v_server)
           or m.plex_server_uuid = v_server and m.plex_rating_key = v_rating_key
           -- One that lost its key to another show, and never had a GUID.
           or v_guid is null and v_rating_key is null and m.plex_guid is null and m.plex_rating_key is null
              and m.plex_server_uuid = v_server and m.plex_title = coalesce(p_mapping ->> 'plex_title', '')
              and m.tvshow_id is not distinct from p_tvshow_id)
    order by m.plex_guid is not distinct from v_guid desc, m.id limit 1;
    if found then
        -- What was answered here counts. Its viewings go through it only where it is the same answer.
        if v_tvshow_id is distinct from p_tvshow_id then
            mapping_id := null;
        end if;
        return;
    end if;
    insert into plex_show_mappings (user_id, plex_server_uuid, plex_rating_key, plex_guid, plex_title, plex_year, tvdb_id, imdb_id,
                                    tmdb_id, tvshow_id, emptied_tvshow_id, match_confidence, match_method, manually_confirmed,
                                    sync_enabled, last_synced_at, created_at, show_key)
    values (p_user_id, v_server, v_rating_key, v_guid, coalesce(p_mapping ->> 'plex_title', ''), (p_mapping ->> 'plex_year')::integer,
            (p_mapping ->> 'tvdb_id')::integer, p_mapping ->> 'imdb_id', (p_mapping ->> 'tmdb_id')::integer, p_tvshow_id,
            p_emptied_tvshow_id, (p_mapping ->> 'match_confidence')::numeric, p_mapping ->> 'match_method',
            coalesce((p_mapping ->> 'manually_confirmed')::boolean, false), coalesce((p_mapping ->> 'sync_enabled')::boolean, true),
            (p_mapping ->> 'last_synced_at')::timestamptz, coalesce((p_mapping ->> 'created_at')::timestamptz, now()),
            p_mapping ->> 'show_key')
    returning id into mapping_id;
    added := true;
    insert into plex_numbering_rules (user_id, mapping_id, kind, source, plex_season, from_episode, to_episode, season, episode_offset,
                                      season_lengths, first_episode, last_episode, removed_at)
    select p_user_id, import_mapping.mapping_id, r.kind, coalesce(r.source, 'user'), r.plex_season, coalesce(r.from_episode, 0),
           r.to_episode, r.season, coalesce(r.episode_offset, 0), r.season_lengths, r.first_episode, r.last_episode, r.removed_at
    from jsonb_to_recordset(coalesce(p_mapping -> 'rules', '[]')) as r(
        kind text, source text, plex_season integer, from_episode integer, to_episode integer, season integer,
        episode_offset integer, season_lengths integer[], first_episode integer, last_episode integer, removed_at timestamptz)
    on conflict do nothing;
    update plex_show_mappings m set has_rules = numbering_rules(m.id) <> '[]' where m.id = import_mapping.mapping_id;
end
$$;
comment on function import_mapping(bigint, jsonb, bigint, bigint) is
    'Brings a mapping of an export back with its rules, for a show, for none (p_tvshow_id null: not to be tracked), or for one that was
deleted (p_emptied_tvshow_id). A Plex show that is mapped here already stays mapped as it is: then mapping_id is that mapping if it stands
for the same show, else null.';
