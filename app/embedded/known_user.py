"""Gives the server's account a name where the system knows none for its uid.

initdb and the single-user server call getpwuid() and give up without an answer. A container that runs with
`user: 1026:100` has no such entry, and its /etc/passwd is not ours to write.
"""

import os
import platform
import pwd
import shutil
import sysconfig
from pathlib import Path

from app.embedded.errors import EmbeddedPostgresError
from app.embedded.launch import ENVIRONMENT, Launcher
from app.embedded.layout import write_file

LIBRARY = "libnss_wrapper.so"
OVERFLOW_UID = 65534  # inside a user namespace every unmapped owner looks like this one


def known_user_prefix(launcher: Launcher, scratch: Path) -> list[str]:
    """What to put before a command so that it finds a name for its uid; `scratch` belongs to the account.

    Raises EmbeddedPostgresError when the system offers neither way.
    """
    account = launcher.account
    if account.has_passwd_entry:
        return []
    library = _library()
    if library is not None:
        owner = (account.uid, account.gid)
        users, groups = scratch / "passwd", scratch / "group"
        write_file(users, f"tellykeep:x:{account.uid}:{account.gid}::/:/bin/false\n".encode(), owner=owner)
        write_file(groups, f"tellykeep:x:{account.gid}:\n".encode(), owner=owner)
        # By env(1), so that the programs before it, which may still be root's, do not load the library.
        wrapper = [f"LD_PRELOAD={library}", f"NSS_WRAPPER_PASSWD={launcher.see(users)}"]
        return ["env", *wrapper, f"NSS_WRAPPER_GROUP={launcher.see(groups)}"]
    borrowed = next((entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in {0, OVERFLOW_UID}), None)
    reason = "/etc/passwd holds no user but root"
    if borrowed is not None and shutil.which("unshare", path=ENVIRONMENT["PATH"]) is not None:
        # In a namespace in which our uid is called by a name that exists; on the disk it stays our uid.
        prefix = ["unshare", "--user", f"--map-user={borrowed}", "--"]
        code, reason = launcher.run([*prefix, "true"], seconds=30)
        if code == 0:
            return prefix
    elif borrowed is not None:
        reason = "the program unshare is missing"
    raise EmbeddedPostgresError(
        f"Creating a database needs a name for uid {account.uid}, which has no entry in /etc/passwd. "
        f"{LIBRARY} is not installed, and a user namespace cannot be had ({reason}). Install it (Debian: "
        "`apt-get install libnss-wrapper`), run Tellykeep as a user that has an entry, or allow unprivileged "
        "user namespaces."
    )


def _library() -> Path | None:
    """libnss_wrapper, where the usual directories of this machine's own architecture hold it."""
    triplet = sysconfig.get_config_var("MULTIARCH") or f"{platform.machine()}-linux-gnu"
    for directory in (
        f"/usr/lib/{triplet}",
        f"/lib/{triplet}",
        "/usr/lib64",
        "/lib64",
        "/usr/local/lib",
        "/usr/lib",
    ):
        path = Path(directory, LIBRARY)
        if path.is_file() and os.access(path, os.R_OK):
            return path
    return None
