-- name: receive_event()^
-- The one round trip of a webhook, with PostgreSQL's own placeholders, as app/sync/receive.py sends it without rewriting. In this
-- order: user_id, receipt, source, event, payload, received_at, has_tmdb, elapsed_ms.
select status, action, log_id, tvshow_id, conflict_id
from receive_event($1, $2, $3, $4::jsonb, $5::json, $6, $7, $8::real);

-- name: record_failed_event(user_id, receipt, source, event, payload, received_at, error)$
-- Keeps an event that could not be processed.
select record_failed_event(:user_id, :receipt, :source, :event::jsonb, :payload::jsonb, :received_at, :error);
