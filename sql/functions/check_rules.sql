create function check_rules(p_rules jsonb, p_beside jsonb, p_seasons jsonb) returns void
language plpgsql stable
set search_path from current
as $$
declare
    v_overlap record;
begin
    with rule as (
        select r.ord - 1 as place, r.value ->> 'kind' as kind, (r.value ->> 'plex_season')::integer as plex_season,
               (r.value ->> 'from_episode')::integer as first, (r.value ->> 'to_episode')::integer as last
        from jsonb_array_elements(p_rules) with ordinality r(value, ord)
        union all
        -- An answer goes before all others, what HAMA's name says gives way to them.
        select -1, r ->> 'kind', (r ->> 'plex_season')::integer, (r ->> 'from_episode')::integer, (r ->> 'to_episode')::integer
        from jsonb_array_elements(p_beside) r where r ->> 'source' not in ('hama', 'answer')
    )
    select a.place, b.place as other, a.kind, greatest(a.first, b.first) as episode, coalesce(a.plex_season, b.plex_season) as season
    into v_overlap
    from rule a join rule b on b.place < a.place and (a.kind = 'double') = (b.kind = 'double')
    where (a.plex_season = b.plex_season or (a.plex_season is null and (b.plex_season is null or b.plex_season > 0))
           or (b.plex_season is null and a.plex_season > 0))
      and (a.last is null or b.first <= a.last) and (b.last is null or a.first <= b.last)
    order by a.place, b.place limit 1;
    if found then
        raise exception 'two rules for the same episode of Plex (%)',
            coalesce('season ' || v_overlap.season || ', ', '') || 'from episode ' || v_overlap.episode
            using errcode = 'TK422', column = format('rules.%s.from_episode', v_overlap.place),
                  detail = case when v_overlap.other < 0 then 'episodes that no rule of this mapping covers yet'
                                else format('episodes that rules.%s does not cover', v_overlap.other) end;
    end if;

    select r.ord - 1 as place into v_overlap
    from jsonb_array_elements(p_rules) with ordinality r(value, ord)
    where r.value ->> 'kind' = 'absolute' and p_seasons is not null
      and not exists (select from episode_places(p_seasons) p where p.absolute is not null)
    limit 1;
    if found then
        raise exception 'the show has no numbered seasons that could be counted through'
            using errcode = 'TK422', column = format('rules.%s.kind', v_overlap.place),
                  detail = 'another kind, or a show with seasons from 1';
    end if;
end
$$;
comment on function check_rules(jsonb, jsonb, jsonb) is
    'Refuses numbering rules that do not go together, or not with those that are beside them: no episode of Plex has two. Which rule and
field is named in the error''s column. seasons: of the show, null for none. Raises TK422.';
