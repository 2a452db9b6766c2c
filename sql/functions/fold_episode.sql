create function fold_episode(p_user_id bigint, p_tvshow_id bigint, p_season integer, p_episode integer, p_runtime integer,
                             p_event_id bigint,
                             out first_watched_at timestamptz, out live_plays integer,
                             out event_play_id bigint, out event_starts_play boolean, out event_voided boolean)
language plpgsql volatile
set search_path from current
as $$
declare
    v_apart interval := make_interval(mins => coalesce(nullif(p_runtime, 0), 30));
    v_event record;
    -- One element per viewing, in the order of time.
    v_start watch_events[] := '{}';        -- the event that begins it
    v_began timestamptz[] := '{}';
    v_account bigint[] := '{}';
    v_server text[] := '{}';
    v_viewed_from timestamptz[] := '{}';   -- its first report; null while it is only a mark by hand
    v_voided timestamptz[] := '{}';
    v_removed boolean[] := '{}';           -- by the user, who has the last word on it
    v_play bigint[] := '{}';
    v_count integer := 0;
    v_at integer;
    v_log_id bigint;
    v_mapping_id bigint;
    v_play_id bigint;
    v_why void_reason;
    v_members bigint[] := '{}';
    v_member_of integer[] := '{}';
begin
    for v_event in
        select w as event, w.id, w.kind, w.account_id, w.server_uuid, w.play_id, w.removed_at, coalesce(h.occurred_at, w.occurred_at) as occurred_at
        from watch_events w
        -- The server's own history has the last word on when a viewing was: a webhook of it may have come late, or its time
        -- was taken when nobody knew yet how wrong that server's clock is. Both times are of the same clock.
        left join lateral (
            select h.occurred_at from watch_events h
            where w.kind = 'viewing' and w.history_key is null and h.kind = 'viewing' and h.history_key is not null
              and h.tvshow_id = w.tvshow_id and h.season = w.season and h.episode = w.episode and h.withdrawn_at is null
              and h.account_id is not distinct from w.account_id and h.server_uuid is not distinct from w.server_uuid
              and (abs(extract(epoch from h.said_at - w.said_at)) <= 120
                   -- What was not received near it can only have meant it, also when the two do not tell quite the same time.
                   or (h.said_at > w.said_at - v_apart and h.said_at < w.said_at + v_apart
                       and not (h.occurred_at > w.occurred_at - v_apart and h.occurred_at < w.occurred_at + v_apart)))
            order by abs(extract(epoch from h.said_at - w.said_at)), h.said_at, h.id limit 1
        ) h on true
        where w.tvshow_id = p_tvshow_id and w.season = p_season and w.episode = p_episode and w.withdrawn_at is null
        order by coalesce(h.occurred_at, w.occurred_at), array_position(array['viewing', 'mark', 'unmark'], w.kind),
                 w.account_id nulls last, w.server_uuid, w.id
    loop
        v_at := null;
        if v_event.kind = 'viewing' then
            -- The same account on the same server within one runtime of a viewing's first report: that viewing.
            for i in reverse v_count..1 loop
                -- A first report lies less than a runtime after the mark that began it: what is older cannot be meant.
                exit when v_event.occurred_at - v_began[i] >= v_apart * 2;
                if v_event.occurred_at - v_viewed_from[i] < v_apart
                   and v_account[i] is not distinct from v_event.account_id
                   and v_server[i] is not distinct from v_event.server_uuid then
                    v_at := i;
                    exit;
                end if;
            end loop;
            -- A mark by hand just before the report of the viewing that it meant.
            if v_at is null then
                for i in reverse v_count..1 loop
                    exit when v_event.occurred_at - v_began[i] >= v_apart;
                    if v_event.occurred_at - v_began[i] < v_apart and v_viewed_from[i] is null and v_voided[i] is null then
                        v_at := i;
                        v_viewed_from[i] := v_event.occurred_at;
                        v_account[i] := v_event.account_id;
                        v_server[i] := v_event.server_uuid;
                        exit;
                    end if;
                end loop;
            end if;
        elsif v_event.kind = 'mark' then
            -- Already watched at that time: the mark says nothing new.
            if exists (select from unnest(v_voided) as v(at) where v.at is null) then
                continue;
            end if;
        else
            for i in 1..v_count loop
                v_voided[i] := coalesce(v_voided[i], v_event.occurred_at);
            end loop;
            continue;
        end if;

        if v_at is null then
            v_count := v_count + 1;
            v_at := v_count;
            v_start[v_at] := v_event.event;
            v_began[v_at] := v_event.occurred_at;
            v_account[v_at] := v_event.account_id;
            v_server[v_at] := v_event.server_uuid;
            v_viewed_from[v_at] := case when v_event.kind = 'viewing' then v_event.occurred_at end;
            v_voided[v_at] := null;
            v_removed[v_at] := false;
            v_play[v_at] := null;
        end if;
        if v_event.removed_at is not null then
            v_removed[v_at] := true;
            v_voided[v_at] := coalesce(v_voided[v_at], v_event.removed_at);
        end if;
        if v_play[v_at] is null and v_event.play_id is not null and v_event.play_id <> all (array_remove(v_play, null)) then
            v_play[v_at] := v_event.play_id;
        end if;
        v_members := v_members || v_event.id;
        v_member_of := v_member_of || v_at;
    end loop;

    for i in 1..v_count loop
        -- The event in hand has its log row written after it; older ones may have been purged from the log. A mapping may have
        -- been forgotten; locked, as it may be forgotten now: its show may be another one by now, and then nothing else keeps that out.
        select m.id into v_mapping_id from plex_show_mappings m where m.user_id = p_user_id and m.id = (v_start[i]).mapping_id
        for key share;
        v_log_id := (v_start[i]).log_id;
        v_why := case when v_removed[i] then 'removed' when v_voided[i] is not null then 'unmarked' end;
        if (v_start[i]).id is distinct from p_event_id then
            -- Held until the end: the retention must not delete it between this look and the write that names it.
            select l.id into v_log_id from plex_webhook_logs l where l.id = v_log_id for key share;
        end if;
        if v_play[i] is null then
            insert into plays (user_id, tvshow_id, season, episode, watched_at, source, server_uuid, account_id, history_key,
                               plex_season, plex_episode, mapping_id, log_id, voided_at, void_reason)
            values (p_user_id, p_tvshow_id, p_season, p_episode, v_began[i], (v_start[i]).source, v_server[i], v_account[i],
                    (v_start[i]).history_key, (v_start[i]).plex_season, (v_start[i]).plex_episode, v_mapping_id,
                    v_log_id, v_voided[i], v_why)
            returning id into v_play_id;
            v_play[i] := v_play_id;
        else
            update plays p
            set watched_at = v_began[i], source = (v_start[i]).source, server_uuid = v_server[i], account_id = v_account[i],
                history_key = (v_start[i]).history_key, plex_season = (v_start[i]).plex_season,
                plex_episode = (v_start[i]).plex_episode, mapping_id = v_mapping_id, log_id = v_log_id,
                voided_at = v_voided[i], void_reason = v_why
            where p.id = v_play[i]
              and (p.watched_at, p.source, p.server_uuid, p.account_id, p.history_key, p.log_id, p.voided_at, p.void_reason)
                  is distinct from (v_began[i], (v_start[i]).source, v_server[i], v_account[i], (v_start[i]).history_key,
                                    v_log_id, v_voided[i], v_why);
        end if;
    end loop;

    update watch_events w set play_id = v_play[m.play]
    from unnest(v_members, v_member_of) as m(id, play)
    where w.id = m.id and w.play_id is distinct from v_play[m.play];
    -- A mark that an earlier viewing made superfluous.
    update watch_events w set play_id = null
    where w.tvshow_id = p_tvshow_id and w.season = p_season and w.episode = p_episode
      and w.play_id is not null and w.id <> all (v_members);

    -- A play that turned out to be part of another one, or a mark of what was watched already; unmarked or not.
    update plays set voided_at = coalesce(voided_at, now()), void_reason = 'same_viewing'
    where tvshow_id = p_tvshow_id and season = p_season and episode = p_episode and id <> all (v_play)
      and (voided_at is null or void_reason in ('unmarked', 'removed'));

    select min(v_began[i]) filter (where v_voided[i] is null), count(*) filter (where v_voided[i] is null)
    into first_watched_at, live_plays
    from generate_series(1, v_count) as i;

    v_at := v_member_of[array_position(v_members, p_event_id)];
    if v_at is not null then
        event_play_id := v_play[v_at];
        event_voided := v_voided[v_at] is not null;
        event_starts_play := (select count(*) = 1 from unnest(v_member_of) as m(play) where m.play = v_at);
    end if;
end
$$;
comment on function fold_episode(bigint, bigint, integer, integer, integer, bigint) is
    'Makes the plays of one episode anew from everything said about it, in the order of time: viewings by the same account and
server closer together than the runtime (minutes; 30 when unknown) are one; a mark by hand counts when nothing before it does; an
unmark voids what lies before it; what the user removed counts no more, whoever tells it again; what was withdrawn is left out. A webhook of a viewing that the server''s history knows takes its time
from there. The caller holds the lock on the show''s row.';
