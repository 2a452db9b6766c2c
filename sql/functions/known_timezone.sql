create function known_timezone(p_timezone text) returns text
language plpgsql stable
set search_path from current
as $$
begin
    perform now() at time zone p_timezone;
    return p_timezone;
exception when invalid_parameter_value then
    -- The pages know a time zone by the system's table, PostgreSQL by its own, which may be older.
    return 'UTC';
end
$$;
comment on function known_timezone(text) is
    'The time zone of a name; UTC where this PostgreSQL does not know it, as the pages do with one that they do not know.';
