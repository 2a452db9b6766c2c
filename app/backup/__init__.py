"""Backups: everything that the database holds, in one file that any later version of Tellykeep can read.

    manifest.py   what a backup says about itself
    archive.py    the file: a zip with one entry a table, written and read as a stream
    writing.py    database → file, one snapshot, while the appliance runs
    restoring.py  file → an empty installation of the same or a later schema

docs/adr/0005-backup-format.md tells why it is a format of our own.
"""

from app.backup.errors import BackupError
from app.backup.manifest import Manifest
from app.backup.restoring import restore_backup
from app.backup.writing import write_backup

__all__ = ["BackupError", "Manifest", "restore_backup", "write_backup"]
