"""The server's settings, written anew at every start so that an upgrade changes them."""

from contextlib import suppress

from app.embedded.account import Account
from app.embedded.layout import Layout, write_file

PORT = 5432  # only part of the socket's name: nothing listens on a network
DATABASE = "tellykeep"
SUPERUSER = "tellykeep_admin"
OWNER = "tellykeep_owner"
APP = "tellykeep"

SETTINGS = """\
# Written by Tellykeep at every start. Put settings of your own in postgres.local.conf in the data directory.

# Nothing that was answered "saved" may be lost in a power cut.
fsync = on
synchronous_commit = on
full_page_writes = on

# A small NAS: about 100 MB of memory, and little writing while nothing happens.
max_connections = 60
shared_buffers = 64MB
huge_pages = off
work_mem = 8MB
maintenance_work_mem = 64MB
effective_cache_size = 256MB
min_wal_size = 48MB
max_wal_size = 256MB
checkpoint_timeout = 15min
wal_compression = pglz
max_wal_senders = 0
max_logical_replication_workers = 0
io_method = sync
jit = off
autovacuum = on
# Parallel queries need /dev/shm, of which a container has 64 MB.
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0

password_encryption = scram-sha-256
unix_socket_permissions = 0700

timezone = UTC
log_timezone = UTC
lc_messages = C
lc_monetary = C
lc_numeric = C
lc_time = C

# The text of statements stays out of the log: it can hold titles, names and tokens.
logging_collector = off
log_min_messages = warning
log_min_error_statement = panic
log_line_prefix = '%m [%p] %q%u@%d '
log_checkpoints = off

include_if_exists = 'postgres.local.conf'
"""

ACCESS = f"""\
# Written by Tellykeep at every start. Who is not named here is refused; nobody comes in without a password.
local all         {SUPERUSER}         scram-sha-256
local {DATABASE}  {OWNER},{APP}       scram-sha-256
"""


def write_configuration(layout: Layout, account: Account) -> None:
    """Writes postgresql.conf, pg_hba.conf and the copy of the user's settings into the cluster.

    A copy, because the account that the server runs as may not be able to read the data directory itself.
    """
    owner = (account.uid, account.gid)
    local = b""
    with suppress(FileNotFoundError):
        local = layout.local_configuration.read_bytes()
    for name, content in (
        ("postgresql.conf", SETTINGS.encode()),
        ("pg_hba.conf", ACCESS.encode()),
        ("postgres.local.conf", local),
    ):
        path = layout.pgdata / name
        if not path.is_file() or path.is_symlink() or path.read_bytes() != content:
            write_file(path, content, owner=owner)


def forced_settings(socket_directory: str, cluster_name: str) -> list[str]:
    """Arguments for what postgres.local.conf must not change: where the server is, and what it is called."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{socket_directory}"',
        "port": str(PORT),
        "cluster_name": cluster_name,
    }
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
