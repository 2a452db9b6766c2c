-- The figures of the last days read the whole log, for want of an index by time: 0.7 s with ten years in it. Rows come in the
-- order of time, so the first and the last of each group of pages are enough to skip the others; a webhook pays next to nothing
-- for that, where a btree would cost it another entry. What the retention frees is filled again by newer rows, which only moves the
-- last of a group onwards: for "since", that is right.
create index plex_webhook_logs_time on tracker.plex_webhook_logs using brin (created_at) with (pages_per_range = 32, autosummarize = on);
comment on index tracker.plex_webhook_logs_time is 'For figures since a moment.';
