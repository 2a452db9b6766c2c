-- name: begin_answers(user_id, action, items)$
-- The number of the go.
select begin_answers(:user_id, :action, :items);

-- name: note_answer(user_id, batch_id, conflict_id, problem)$
-- Whether it was the last question of the go.
select note_answer(:user_id, :batch_id, :conflict_id, :problem);

-- name: users_with_answers()
-- Who has given answers that are not applied yet.
select distinct user_id from answer_batches where finished_at is null order by user_id;

-- name: waiting_answers(user_id)
-- The questions of the open go that are not answered yet, the oldest first; answers are taken back from the last one.
select b.id as batch_id, b.action, i.conflict_id, i.tvshow_id, i.tmdb_id
from answer_batches b join answer_batch_items i on i.batch_id = b.id
where b.user_id = :user_id and b.finished_at is null and i.status = 'waiting'
order by case b.action when 'undo' then -i.conflict_id else i.conflict_id end;

-- name: answer_batch(user_id, batch_id)^
-- One go, or the open one (null), with how far it is.
select b.id, b.action, b.created_at, b.finished_at, count(*) as total,
       count(*) filter (where i.status <> 'waiting') as answered,
       count(*) filter (where i.status = 'refused') as refused
from answer_batches b join answer_batch_items i on i.batch_id = b.id
where b.user_id = :user_id and (b.id = :batch_id::bigint or (:batch_id::bigint is null and b.finished_at is null))
group by b.id;

-- name: answer_batch_items(user_id, batch_id)
-- Its questions in the order of the list, the newest first.
select i.conflict_id, i.status, i.problem
from answer_batch_items i
where i.user_id = :user_id and i.batch_id = :batch_id
order by i.conflict_id desc;
