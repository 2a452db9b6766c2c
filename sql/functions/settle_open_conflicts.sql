create function settle_open_conflicts(p_user_id bigint, p_tvshow_id bigint) returns integer
language plpgsql volatile
set search_path from current
as $$
declare
    v_asked constant jsonb := '{"lookup": {"failed": {"plex": {"problem": "asked"}, "tmdb": {"problem": "asked"}}}}';
    v_conflict plex_conflicts;
    v_show jsonb;
    v_decision jsonb;
    v_mapping_id bigint;
    v_held bigint[];
    v_undo jsonb;
    v_settled integer := 0;
begin
    -- No lock of a Plex show's key, which would come too late: an event of that show that would join its question takes this one
    -- and decides again under it, an answer and a replay take it before they read what waits.
    perform lock_mappings(p_user_id);
    perform from tvshows where user_id = p_user_id and id = p_tvshow_id and deleted_at is null for no key update;
    if not found then
        return 0;
    end if;
    for v_conflict in
        select c.* from plex_conflicts c
        where c.user_id = p_user_id and not c.resolved
          and (c.conflict_type <> 'episode_missing' or c.tvshow_id = p_tvshow_id)
        order by c.id
    loop
        -- What joins it meanwhile is seen below.
        perform from plex_conflicts c where c.id = v_conflict.id and not c.resolved for update;
        continue when not found;
        v_show := conflict_show(p_user_id, v_conflict.id);
        -- Nobody is asked again: what look-ups had to say is among the facts.
        v_decision := decide(p_user_id, v_show || v_asked, false);
        -- Not certain, but one more candidate. Those that the tracker lacks stay.
        if v_decision ->> 'verdict' = 'conflict' then
            update plex_conflicts c
            set conflict_type = v_decision ->> 'conflict_type', updated_at = now(),
                potential_matches = (v_decision -> 'candidates') || (
                    select coalesce(jsonb_agg(m.value order by m.ord), '[]')
                    from jsonb_array_elements(c.potential_matches) with ordinality m(value, ord)
                    where m.value ->> 'tvshow_id' is null
                      and not v_decision -> 'candidates' @> jsonb_build_array(jsonb_build_object('tmdb_id', m.value -> 'tmdb_id')))
            where c.id = v_conflict.id
              and v_decision -> 'candidates' @> jsonb_build_array(jsonb_build_object('tvshow_id', p_tvshow_id))
              and not c.potential_matches @> jsonb_build_array(jsonb_build_object('tvshow_id', p_tvshow_id));
        end if;
        continue when v_conflict.undone_at is not null and v_decision ->> 'mapping_id' is null;
        continue when v_decision ->> 'verdict' is distinct from 'mapped'
                   or (v_decision ->> 'tvshow_id')::bigint is distinct from p_tvshow_id;
        -- Where episodes were missing, those that are there now.
        select coalesce(array_agg(l.id), '{}') into v_held
        from plex_webhook_logs l
        where l.conflict_id = v_conflict.id and l.status = 'conflict'
          and (v_conflict.conflict_type <> 'episode_missing' or exists (
              select from tvshows s
              -- By the numbering rules of the mapping.
              left join lateral number_episode(p_user_id, (v_decision ->> 'mapping_id')::bigint, l.plex_season, l.plex_episode,
                                                (l.payload #>> '{Metadata,originallyAvailableAt}')::date, l.plex_server) n on true
              cross join lateral find_episode(
                  s.seasons, coalesce(n.season, l.plex_season), case when n.season is null then l.plex_episode else n.episode end,
                  (l.payload #>> '{Metadata,originallyAvailableAt}')::date) f
              where s.id = p_tvshow_id and (n.rule is null or n.season is not null) and f.entry is not null));
        continue when v_held = '{}';

        v_undo := mapping_state(p_user_id, v_show)
            || jsonb_build_object('held', v_held, 'after_event', (select coalesce(max(id), 0) from watch_events),
                                  'after_log', (select coalesce(max(id), 0) from plex_webhook_logs));
        -- A rule may have mapped the show for another event, after this question was asked.
        v_undo := coalesce(rule_answer(p_user_id, v_conflict.id, (v_decision ->> 'mapping_id')::bigint), v_undo);
        if v_conflict.conflict_type <> 'episode_missing' then
            -- Closed first, as by an answer: what finds its episode missing is another question.
            update plex_conflicts
            set resolved = true, resolved_at = now(), resolution_action = 'auto', resolved_tvshow_id = p_tvshow_id, undone_at = null,
                updated_at = now()
            where id = v_conflict.id;
        end if;
        v_mapping_id := coalesce((v_decision ->> 'mapping_id')::bigint, map_show(
            p_user_id, v_show, p_tvshow_id, (v_decision ->> 'confidence')::numeric, v_decision ->> 'method', false, v_conflict.id));
        perform replay_held(p_user_id, v_conflict.id, v_show, p_tvshow_id, v_mapping_id, 'auto', v_held);
        if v_conflict.conflict_type = 'episode_missing' then
            perform close_conflict(p_user_id, v_conflict.id, 'auto', p_tvshow_id, v_mapping_id);
        end if;
        update plex_conflicts c set undo = v_undo || jsonb_build_object('mapping_id', v_mapping_id)
        where c.id = v_conflict.id and c.resolved;
        v_settled := v_settled + 1;
    end loop;
    return v_settled;
end
$$;
comment on function settle_open_conflicts(bigint, bigint) is
    'Answers the open questions that a show of the tracker has made certain, by ids, name or mapping, or by an episode that it lacked:
call it in the transaction that adds a show or gives it names, ids or episodes. The mapping has the rule''s confidence and method and
counts as decided by the rule (action auto). The caller has taken the lock of lock_mappings before the show''s row. Returns how many.';
