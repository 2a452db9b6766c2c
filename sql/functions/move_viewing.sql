create function move_viewing(p_user_id bigint, p_play_id bigint, p_at timestamptz,
                             out tvshow_id bigint, out removed_ids bigint[], out event_id bigint)
language plpgsql volatile
set search_path from current
as $$
declare
    v_play record;
begin
    v_play := remove_viewing(p_user_id, p_play_id);
    tvshow_id := v_play.tvshow_id;
    removed_ids := v_play.removed_ids;
    select a.event_id into event_id from add_viewing(p_user_id, tvshow_id, v_play.season, v_play.episode, p_at) a;
end
$$;
comment on function move_viewing(bigint, bigint, timestamptz) is
    'The user says when a viewing really was: the viewing as it was told counts no more, and one at that time does. Undone by take_back of
event_id and say_again of removed_ids. Raises TK404, TK422 (watched_at).';
