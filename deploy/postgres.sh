#!/bin/bash
# Starts the PostgreSQL of compose.yaml, with nothing to be set up by hand. In place of the entrypoint of the
# image postgres:17, which takes a first start that was cut short for a whole database.
#
#  - The cluster gets its name when it is complete. What an interrupted start left is removed and made again.
#  - Each start makes sure of the database and its two roles: tellykeep_owner migrates, tellykeep owns nothing.
#  - Their passwords are random and made once, in /credentials, a volume that the tellykeep container reads. To
#    change one, delete its file there and restart both containers.
#  - The superuser has no password and comes in only from inside the container:
#        docker compose exec -u postgres postgres psql
#
# Runs as root, but needs CHOWN, SETUID and SETGID only; what touches the cluster runs as the user postgres.
set -euo pipefail
umask 077

readers=10001 # the group that compose.yaml adds to the tellykeep container

as_postgres() { setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"; }

# credential FILE ROLE: prints the role's password, and makes it and the URL that holds it when there is none.
credential() {
    local file=/credentials/$1 role=$2 password
    if [ ! -s "$file" ]; then
        password=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
        printf 'postgresql://%s:%s@postgres:5432/tellykeep\n' "$role" "$password" >"$file.new"
        chgrp "$readers" "$file.new"
        chmod 640 "$file.new"
        sync "$file.new"
        mv "$file.new" "$file"
    fi
    sed -E 's|^[^:]+://[^:]+:([^@]+)@.*$|\1|' "$file"
}

owner_password=$(credential database_owner_url tellykeep_owner)
app_password=$(credential database_url tellykeep)

chown postgres:postgres "$(dirname "$PGDATA")" /var/run/postgresql
if ! as_postgres test -s "$PGDATA/PG_VERSION"; then
    as_postgres rm -rf "$PGDATA.new"
    as_postgres initdb --pgdata="$PGDATA.new" --username=postgres --encoding=UTF8 --locale=C --lc-ctype=C.UTF-8 \
        --data-checksums --auth-local=peer --auth-host=scram-sha-256 --no-instructions
    as_postgres mv "$PGDATA.new" "$PGDATA"
fi
as_postgres tee "$PGDATA/pg_hba.conf" >/dev/null <<'HBA'
# Written by deploy/postgres.sh at every start.
local all       postgres                   peer
host  tellykeep tellykeep,tellykeep_owner  all scram-sha-256
HBA

# On its socket only: nobody comes in, and the healthcheck says no, before the roles are there.
as_postgres pg_ctl start --wait --timeout=600 --silent --pgdata="$PGDATA" --options="-c listen_addresses=''"
as_postgres psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres <<SQL
set log_min_error_statement = panic; -- a failing statement would be logged with its password
select format('create role %I', name)
from unnest(array['tellykeep_owner', 'tellykeep']) as name
where not exists (select from pg_roles where rolname = name) \gexec
alter role tellykeep_owner with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password '$owner_password';
alter role tellykeep with login nosuperuser nocreatedb nocreaterole noreplication nobypassrls
    password '$app_password';
select 'create database tellykeep owner tellykeep_owner template template0'
where not exists (select from pg_database where datname = 'tellykeep') \gexec
revoke all on database tellykeep, postgres, template1 from public;
grant connect on database tellykeep to tellykeep;
\connect tellykeep
revoke create on schema public from public;
revoke execute on function pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea)
from public;
SQL
as_postgres pg_ctl stop --wait --timeout=600 --silent --mode=fast --pgdata="$PGDATA"

exec setpriv --reuid=postgres --regid=postgres --init-groups -- postgres -D "$PGDATA" -c listen_addresses='*'
