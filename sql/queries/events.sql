-- name: receive_event(user_id, receipt, source, event, payload, received_at, has_tmdb, elapsed_ms)^
-- The one round trip of a webhook.
select status, action, log_id, tvshow_id, conflict_id
from receive_event(:user_id, :receipt, :source, :event::jsonb, :payload::jsonb, :received_at, :has_tmdb, :elapsed_ms::real);

-- name: record_failed_event(user_id, receipt, source, event, payload, received_at, error)$
-- Keeps an event that could not be processed.
select record_failed_event(:user_id, :receipt, :source, :event::jsonb, :payload::jsonb, :received_at, :error);
