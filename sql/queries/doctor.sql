-- name: server_state()^
-- What is known of the server before anything of ours is in it.
select current_setting('server_version_num')::int as version, extract(epoch from clock_timestamp())::float8 as clock,
       to_regclass('tracker.schema_migrations') is not null as has_schema;

-- name: applied_migrations()
-- What was applied, and in which form.
select version, checksum from tracker.schema_migrations order by version;

-- name: knows_letters()$
-- Whether the character type of the database has letters beyond ASCII.
select cardinality(public.show_trgm('進撃の巨人')) > 0 as knows;

-- name: has_functions(schema)$
-- Whether the functions of a version are there.
select to_regnamespace(:schema) is not null as there;

-- name: accounts_to_examine()
-- Every account with its name.
select id, username from users order by id;
