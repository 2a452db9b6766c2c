-- Repeats are as rare as what somebody waits for, and the page that lists them read the whole of a long log to find fifty: 0.3 s with
-- ten years in it. They join the index of the other rare ones. Success and ignored need none: the next fifty are never far.
drop index tracker.plex_webhook_logs_open;
create index plex_webhook_logs_open on tracker.plex_webhook_logs (user_id, status, id)
    where status in ('pending', 'conflict', 'failed', 'duplicate');
