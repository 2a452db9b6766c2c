create function purge_logs(p_user_id bigint, p_days integer, p_after bigint, p_batch integer,
                           out last_id bigint, out deleted integer, out done boolean)
language plpgsql volatile
set search_path from current
as $$
declare
    v_before timestamptz := now() - make_interval(days => coalesce(
        (select s.log_retention_days from settings s where s.user_id = p_user_id), p_days));
begin
    -- By id, in pages: the log has no index by time, and what is kept for good is read once a day, not once a batch.
    with examined as (
        select l.id, l.created_at from plex_webhook_logs l
        where l.user_id = p_user_id and l.id > p_after
        order by l.id
        limit p_batch
    ), old as (
        -- Locked before it is deleted: what another session decides again at this moment keeps its row until tomorrow, and nobody
        -- waits for anybody.
        select l.id from plex_webhook_logs l
        where l.id in (select e.id from examined e)
          and l.created_at < v_before and l.status in ('success', 'ignored', 'duplicate')
        for update skip locked
    ), gone as (
        delete from plex_webhook_logs l using old where l.id = old.id
        returning 1
    )
    select max(e.id), (select count(*) from gone), count(*) < p_batch or not bool_or(e.created_at < v_before)
    into last_id, deleted, done
    from examined e;
end
$$;
comment on function purge_logs(bigint, integer, bigint, integer) is
    'One batch of the daily retention: looks at the next p_batch rows of a user''s log after row p_after, and deletes those that are
older than the user''s own log_retention_days, or else p_days, and that nobody waits for (pending, conflict and failed stay). Viewings
stay, without the number of their log row. done: there is nothing older behind last_id.';
