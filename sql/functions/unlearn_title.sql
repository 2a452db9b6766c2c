create function unlearn_title(p_user_id bigint, p_mapping_id bigint) returns void
language sql volatile
set search_path from current
as $$
    delete from show_titles t
    using plex_show_mappings m
    where m.user_id = p_user_id and m.id = p_mapping_id and t.tvshow_id = m.tvshow_id and t.kind = 'learnt' and t.title = m.plex_title
      -- Another Plex show of this name still stands for that show.
      and not exists (select from plex_show_mappings o
                      where o.user_id = p_user_id and o.tvshow_id = m.tvshow_id and o.id <> m.id and o.plex_title = m.plex_title)
$$;
comment on function unlearn_title(bigint, bigint) is
    'Takes the name that a show learnt from this mapping away from it, before the mapping is forgotten or stands for another show:
else the name would go on deciding what the user has just said is wrong.';
