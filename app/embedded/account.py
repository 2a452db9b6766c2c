"""Which user the server runs as: PostgreSQL refuses to be root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.embedded.errors import EmbeddedPostgresError
from app.embedded.layout import Layout

CANDIDATES = ("tellykeep", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The user and group that initdb and the server run with, without supplementary groups."""

    uid: int
    gid: int

    @property
    def is_another(self) -> bool:
        """Whether we have to switch to it: true only for root."""
        return self.uid != os.geteuid()

    @property
    def has_passwd_entry(self) -> bool:
        """Whether the system knows a name for it: initdb insists on one, the server does not."""
        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            return False
        return True


def server_account(layout: Layout) -> Account:
    """The account for this data directory: ourselves, or, for root, who owns the cluster already.

    Raises EmbeddedPostgresError when the cluster is somebody else's, or root finds no user to switch to.
    """
    uid = os.geteuid()
    existing = layout.pgdata.stat() if layout.pgdata.exists() else None
    if uid != 0:
        if existing is not None and existing.st_uid != uid:
            raise EmbeddedPostgresError(
                f"The database in {layout.pgdata} belongs to uid {existing.st_uid}, and Tellykeep runs as "
                f"uid {uid}. Run it as uid {existing.st_uid}, or stop it and `chown -R {uid} {layout.root}`."
            )
        return Account(uid, os.getegid())
    for status in (existing, layout.root.stat()):
        if status is not None and status.st_uid != 0:
            return Account(status.st_uid, status.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and none of the users tellykeep, postgres and nobody exists. Run "
        f"Tellykeep as an ordinary user, create one (`useradd --system tellykeep`), or give {layout.root} to "
        "one (`chown`)."
    )


def give_tree(directory: Path, account: Account) -> None:
    """As root, gives `directory` and all in it to `account`, as after a copy that root made."""
    if os.geteuid() != 0 or directory.stat().st_uid == account.uid:
        return
    for path in directory.rglob("*"):
        os.lchown(path, account.uid, account.gid)
    os.lchown(directory, account.uid, account.gid)  # last: it says that the rest is done
