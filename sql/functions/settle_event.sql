create function settle_event(p_user_id bigint, p_event jsonb, p_decision jsonb, p_log_id bigint, p_source text,
                             p_watched_at timestamptz, p_account_id bigint,
                             out status text, out action text, out tvshow_id bigint, out conflict_id bigint,
                             out mapping_id bigint, out trace jsonb, out needs jsonb, out waits_for text)
language plpgsql volatile
set search_path from current
as $$
declare
    v_mark record;
    v_open plex_conflicts;
    v_found record;
    v_added boolean := false;
    v_numbered record;
    v_has_rules boolean;
begin
    trace := p_decision -> 'trace';
    mapping_id := (p_decision ->> 'mapping_id')::bigint;
    case p_decision ->> 'verdict'
    when 'mapped', 'add' then
        tvshow_id := (p_decision ->> 'tvshow_id')::bigint;
        if mapping_id is null then
            perform lock_mappings(p_user_id);
            if find_mapping(p_user_id, p_event) is null then
                -- The user has taken an answer back: what a rule says is not enough any more.
                select * into v_open from plex_conflicts c
                where c.id = find_open_conflict(p_user_id, p_event) and c.undone_at is not null;
                if found then
                    status := 'conflict';
                    action := 'needs_user_input';
                    tvshow_id := null;
                    conflict_id := open_conflict(p_user_id, p_event, v_open.conflict_type, v_open.potential_matches, v_open.tvshow_id);
                    trace := trace || jsonb_build_object('step', 'taken_back', 'conflict_id', conflict_id);
                    return;
                end if;
            end if;
            if p_decision ->> 'verdict' = 'add' then
                select * into v_found from add_found_show(p_user_id, p_event);
                tvshow_id := v_found.tvshow_id;
                v_added := v_found.added;
                trace := trace || v_found.step;
            end if;
            -- The show's row before the mapping's, as everywhere.
            perform from tvshows s
            where s.id = settle_event.tvshow_id and s.user_id = p_user_id and s.deleted_at is null for no key update;
            if not found then
                raise exception 'the show was deleted meanwhile' using errcode = 'serialization_failure';
            end if;
            -- An event of this show with another key may have mapped it meanwhile.
            mapping_id := coalesce(find_mapping(p_user_id, p_event), map_show(
                p_user_id, p_event, tvshow_id, (p_decision ->> 'confidence')::numeric, p_decision ->> 'method'));
            if p_event ->> 'ids_from' is not null then
                perform give_ids(p_user_id, tvshow_id, p_event -> 'show_ids');
            end if;
        elsif (p_decision ->> 'new_key')::boolean then
            perform lock_mappings(p_user_id);
            -- The show's row before the mappings', as everywhere; that it is there is looked at below.
            perform from tvshows s where s.id = settle_event.tvshow_id and s.user_id = p_user_id for no key update;
            perform note_rating_key(p_user_id, mapping_id, p_event);
        end if;
        v_has_rules := coalesce((p_decision ->> 'has_rules')::boolean,
                                (select m.has_rules from plex_show_mappings m where m.id = settle_event.mapping_id));
        -- The user may have named the episode: then nothing is renumbered.
        if v_has_rules and coalesce(p_event -> 'plex_season', p_event -> 'season') is not distinct from p_event -> 'season'
           and coalesce(p_event -> 'plex_episode', p_event -> 'episode') is not distinct from p_event -> 'episode' then
            v_numbered := mark_numbered(p_user_id, tvshow_id, mapping_id, p_event, p_watched_at, p_source, p_account_id, p_log_id,
                                        p_decision -> 'later');
            v_mark := v_numbered;
            if v_numbered.became @? '$[*].rule' then
                trace := trace || jsonb_build_object('step', 'numbering', 'season', p_event -> 'season', 'episode', p_event -> 'episode',
                                                     'became', v_numbered.became);
            end if;
        else
            v_mark := mark_watched(
                p_user_id, tvshow_id, (p_event ->> 'season')::integer, (p_event ->> 'episode')::integer, (p_event ->> 'air_date')::date,
                'viewing', p_watched_at, p_source, coalesce(p_event ->> 'server_uuid', ''), p_account_id, p_event ->> 'history_key',
                mapping_id, p_log_id,
                coalesce(p_event ->> 'plex_season', p_event ->> 'season')::integer,
                coalesce(p_event ->> 'plex_episode', p_event ->> 'episode')::integer,
                p_decision -> 'later', to_timestamp((p_event ->> 'last_viewed_at')::double precision));
            -- Rules that were made while this event waited for the show's row.
            if not v_has_rules and exists (select from plex_show_mappings m where m.id = settle_event.mapping_id and m.has_rules) then
                raise exception 'numbering rules were made meanwhile' using errcode = 'serialization_failure';
            end if;
        end if;
        if v_mark.action in ('show_missing', 'mapping_changed') then
            -- Not decided again here: this transaction would then lock a second show, in any order.
            raise exception 'show or mapping changed meanwhile' using errcode = 'serialization_failure';
        elsif v_mark.action = 'episode_missing' then
            trace := trace || (jsonb_strip_nulls(jsonb_build_object('confidence', p_decision -> 'confidence', 'method', p_decision -> 'method'))
                || jsonb_build_object('step', 'episode_missing', 'season', p_event -> 'season',
                                      'episode', p_event -> 'episode', 'air_date', p_event -> 'air_date'));
            -- It may have aired since the show was read. Once for this event, and not for each episode of an evening.
            select r.needs, r.waits_for into needs, waits_for
            from refresh_needs(p_user_id, tvshow_id, p_event, (p_decision ->> 'has_tmdb')::boolean) r;
            if needs is not null or waits_for is not null then
                status := 'pending';
                action := 'needs_lookup';
                if needs is not null then
                    trace := trace || jsonb_build_object('step', 'look_up', 'needs', needs);
                end if;
                return;
            end if;
            status := 'conflict';
            action := 'needs_user_input';
            conflict_id := open_conflict(p_user_id, p_event, 'episode_missing', (
                select jsonb_build_array(jsonb_build_object(
                    'tvshow_id', s.id, 'tmdb_id', s.tmdb_id, 'title', s.title,
                    'year', extract(year from s.show_start_date)::integer,
                    'score', coalesce((p_decision ->> 'confidence')::numeric, 1), 'reason', 'this show, but it has no such episode'))
                from tvshows s where s.id = settle_event.tvshow_id), tvshow_id);
        else
            status := 'success';
            action := case when v_added then 'added_show' else v_mark.action end;
            trace := trace || jsonb_strip_nulls(jsonb_build_object(
                'step', 'mark', 'season', v_mark.season, 'episode', v_mark.episode, 'action', v_mark.action,
                'confidence', p_decision -> 'confidence', 'method', p_decision -> 'method'));
        end if;
    when 'conflict' then
        status := 'conflict';
        action := 'needs_user_input';
        conflict_id := open_conflict(p_user_id, p_event, p_decision ->> 'conflict_type', p_decision -> 'candidates');
    when 'pending' then
        status := 'pending';
        action := 'needs_lookup';
        needs := p_decision -> 'needs';
        waits_for := p_decision ->> 'waits_for';
    when 'ignored' then
        status := 'ignored';
        action := p_decision ->> 'reason';
    end case;
end
$$;
comment on function settle_event(bigint, jsonb, jsonb, bigint, text, timestamptz, bigint) is
    'Acts on a decision: marks the episode (and keeps the mapping, and adds the show where a look-up found a new one), opens or
joins the conflict, or leaves the event pending (needs is what has to be asked, waits_for who does not answer) or ignored.
Returns what the log row has to say. Raises 40001 when the decision was overtaken between its reads and its locks: call
again.';
