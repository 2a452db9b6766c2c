create function hama_rules(p_user_id bigint, p_mapping_id bigint) returns void
language plpgsql volatile
set search_path from current
as $$
declare
    v_mapping record;
    v_mode text;
begin
    select m.plex_guid, m.plex_title, m.tvshow_id into v_mapping from plex_show_mappings m
    where m.user_id = p_user_id and m.id = p_mapping_id;
    v_mode := lower((regexp_match(v_mapping.plex_guid, '^(?:com\.plexapp\.agents\.)?hama://([a-z]+[2-9]?)-', 'i'))[1]);
    -- tvdb, tvdb2 and anidb2 show TheTVDB's seasons and numbers, tsdb those of TMDB: nothing to change.
    if v_mode is null or v_mode not in ('tvdb3', 'tvdb4', 'tvdb5', 'anidb', 'anidb3', 'anidb4') then
        return;
    end if;
    -- A show of several seasons is several entries of AniDB, each counted from 1. The one that is called as the show itself is the
    -- first, and may be all of it; which part another one is, nothing says.
    if v_mode = 'anidb' and exists (
        select from show_titles t
        where t.tvshow_id = v_mapping.tvshow_id and t.kind in ('main', 'original')
          and t.title_key = tracker.title_key(regexp_replace(v_mapping.plex_title, '\s*\[[^\]]*\]\s*$', ''))
    ) then
        v_mode := 'anidb, the first';
    end if;
    delete from plex_numbering_rules where mapping_id = p_mapping_id and source = 'hama';
    insert into plex_numbering_rules (user_id, mapping_id, kind, source, plex_season, from_episode)
    select p_user_id, p_mapping_id, r.kind, 'hama', r.plex_season, r.from_episode
    from (values
        -- Seasons of TheTVDB, or arcs; the numbers go on from one to the next.
        ('tvdb3', 'absolute', null::integer, 0),
        ('tvdb4', 'absolute', null, 0),
        -- TheTVDB's own absolute order, which need not be that of the seasons.
        ('tvdb5', 'air_date', null, 0),
        ('anidb, the first', 'absolute', null, 0),
        ('anidb', 'air_date', null, 0),
        -- AniDB numbers specials in its own way.
        ('anidb, the first', 'air_date', 0, 0),
        ('anidb', 'air_date', 0, 0),
        -- As anidb2, but specials stand behind their season as 101 and on.
        ('anidb3', 'air_date', null, 101),
        -- Specials stand between the seasons as seasons of their own, so that the later ones have other numbers.
        ('anidb4', 'air_date', null, 0)
    ) r(mode, kind, plex_season, from_episode)
    where r.mode = v_mode;
    update plex_show_mappings set has_rules = true where id = p_mapping_id;
end
$$;
comment on function hama_rules(bigint, bigint) is
    'The numbering rules that a GUID of HAMA brings with it, for the show that the mapping stands for: the mode in it says how Absolute
Series Scanner and HAMA have numbered the episodes. Only what is certain is renumbered by them; what neither count nor date settles is
asked about.';
