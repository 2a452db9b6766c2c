create function note_answer(p_user_id bigint, p_batch_id bigint, p_conflict_id bigint, p_problem text) returns boolean
language plpgsql volatile
set search_path from current
as $$
declare
    v_ended boolean;
begin
    update answer_batch_items i
    set status = case when p_problem is null then 'done' else 'refused' end, problem = p_problem
    where i.user_id = p_user_id and i.batch_id = p_batch_id and i.conflict_id = p_conflict_id;
    update answer_batches b set finished_at = now()
    where b.user_id = p_user_id and b.id = p_batch_id and b.finished_at is null
      and not exists (select from answer_batch_items i where i.batch_id = b.id and i.status = 'waiting');
    v_ended := found;
    return v_ended;
end
$$;
comment on function note_answer(bigint, bigint, bigint, text) is
    'Keeps what came of one question of a go of answers: done, or why it was refused. True: it was the last one, and the go is over.';
