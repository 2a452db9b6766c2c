"""The `tellykeep` command. Every subcommand works beside a running `serve`, and without one."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from shutil import copyfileobj
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import psycopg

from app.embedded import EmbeddedPostgresError
from app.errors import DatabaseUnavailable, TellykeepError, from_database
from app.settings import InvalidSettings, Settings, load_settings

if TYPE_CHECKING:
    from app.services import Services

Command = Callable[[Settings, argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; its exit code: 0 done, 1 not done (one line on stderr says why), 2 wrongly called."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(load_settings(), options)
    except TellykeepError as error:
        return _fail(error.message, error.fields)
    except (InvalidSettings, EmbeddedPostgresError) as error:
        return _fail(str(error))
    except psycopg.Error as error:
        known = from_database(error)
        if known is not None and not isinstance(known, DatabaseUnavailable):
            return _fail(known.message, known.fields)
        return _fail(f"the database cannot be used: {_first_line(error)}")
    except OSError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tellykeep",
        description="Keeps your TV tracker in step with Plex. Settings come from the environment (see the README).",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    add = commands.add_parser("serve", help="listen for Plex's webhooks and serve the pages, until SIGTERM")
    add.set_defaults(command=_serve)

    add = commands.add_parser("demo", help="the same on throw-away data, with a simulated Plex server")
    add.add_argument("--once", action="store_true", help="play the script, print each outcome, and end")
    add.set_defaults(command=_demo)

    add = commands.add_parser("migrate", help="bring the database up to date, and nothing else")
    add.set_defaults(command=_migrate)

    add = commands.add_parser("doctor", help="look at everything, and say what to do about what is not in order")
    add.set_defaults(command=_doctor)

    user = commands.add_parser("user", help="accounts").add_subparsers(metavar="COMMAND", required=True)
    add = user.add_parser("add", help="make an account")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--admin", action="store_true", help="it may manage other accounts")
    add.add_argument(
        "--password-stdin", action="store_true", required=True, help="read the password from standard input"
    )
    add.set_defaults(command=_add_user)

    add = user.add_parser("password", help="give an account another password, and sign its browsers out")
    add.add_argument("name", metavar="NAME")
    add.add_argument(
        "--password-stdin", action="store_true", required=True, help="read the password from standard input"
    )
    add.set_defaults(command=_set_password)
    add = user.add_parser("reset-totp", help="take the second step off an account whose phone is lost")
    add.add_argument("name", metavar="NAME")
    add.set_defaults(command=_reset_totp)

    add = user.add_parser("list", help="name all accounts")
    add.set_defaults(command=_list_users)
    add = user.add_parser("admin", help="have an account manage the others")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--off", action="store_true", help="not any more; the last administrator stays one")
    add.set_defaults(command=_set_administrator)
    add = user.add_parser("delete", help="delete an account with everything in it, after its name was typed")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--yes", action="store_true", help="without asking")
    add.set_defaults(command=_delete_user)

    token = commands.add_parser("token", help="API tokens").add_subparsers(metavar="COMMAND", required=True)
    add = token.add_parser("create", help="make an API token; it is printed once, as the last word")
    add.add_argument("name", metavar="NAME", help="the account that it acts for")
    add.add_argument("--scope", choices=("read", "write"), default="read", help="what it may do (default: read)")
    add.set_defaults(command=_create_token)

    add = commands.add_parser("replay", help="process stored events again; what was applied stays as it is")
    add.add_argument(
        "--status",
        choices=("failed", "conflict", "pending"),
        default="failed",
        help="all events of this status (default: failed)",
    )
    add.add_argument("--id", type=int, metavar="N", help="only the event with this number in the log")
    add.set_defaults(command=_replay)

    add = commands.add_parser(
        "import-history", help="read everything ever watched from the Plex server, with a progress bar"
    )
    add.add_argument("--user", metavar="NAME", help="only this account's (default: everybody's)")
    add.add_argument("--from-start", action="store_true", help="also what an import that was interrupted has read")
    add.set_defaults(command=_import_history)

    add = commands.add_parser("backup", help="copy everything into one file, while the server runs")
    add.add_argument("file", metavar="FILE", help="a new file; - for standard output")
    add.set_defaults(command=_backup)

    add = commands.add_parser("export", help="everything that an account owns, to standard output")
    add.add_argument("--format", choices=("json", "csv"), required=True, help="json: everything; csv: the viewings")
    add.add_argument("--user", metavar="NAME", help="whose; may be left out where there is one account only")
    add.add_argument("--log", action="store_true", help="json: the log as well")
    add.set_defaults(command=_export)

    add = commands.add_parser("restore", help="bring a backup back into an installation that is empty")
    add.add_argument("file", metavar="FILE", help="the backup; - for standard input")
    add.add_argument(
        "--without-key",
        action="store_true",
        help="although its Plex token and TMDB key cannot be read with the key here",
    )
    add.set_defaults(command=_restore)

    add = commands.add_parser("rekey", help="encrypt the stored secrets under a new key, while Tellykeep is stopped")
    add.add_argument(
        "--new-key-file", type=Path, metavar="FILE", help="holds the new key, 64 hexadecimal digits (default: made)"
    )
    add.set_defaults(command=_rekey)
    return parser


def _serve(settings: Settings, _options: argparse.Namespace) -> int:
    from app.server import serve

    serve(settings)
    return 0


def _demo(settings: Settings, options: argparse.Namespace) -> int:
    from app.demo.command import run

    return run(settings, once=options.once)


def _migrate(settings: Settings, _options: argparse.Namespace) -> int:
    from app.db.migrate import read_migrations

    with _services(settings):
        print(f"The database is up to date (schema {len(read_migrations())}).")
    return 0


def _doctor(settings: Settings, _options: argparse.Namespace) -> int:
    from app.doctor.command import run
    from app.process_log import configure_log

    configure_log("error")
    return run(settings)


def _add_user(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.accounts import create_user

    # One line, as `echo` and password managers write it; the line's end is no part of the password.
    password = sys.stdin.readline().rstrip("\r\n")
    with _services(settings) as services:
        create_user(services, options.name, password, is_admin=options.admin, timezone=settings.timezone)
    print(f"{options.name} can sign in now.")
    return 0


def _set_password(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.passwords import set_password_of

    password = sys.stdin.readline().rstrip("\r\n")
    with _services(settings) as services:
        ended = set_password_of(services, options.name, password)
    print(
        f"{options.name} can sign in with it now; {ended} {'browser was' if ended == 1 else 'browsers were'} signed out."
    )
    return 0


def _reset_totp(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.totp import reset

    with _services(settings) as services:
        was_on = reset(services, options.name)
    print(
        f"{options.name} signs in with the password alone now."
        if was_on
        else f"{options.name} had no second step; nothing was changed."
    )
    return 0


def _list_users(settings: Settings, _options: argparse.Namespace) -> int:
    from app.security.people import list_people

    with _services(settings) as services:
        people = list_people(services)
    width = max((len(person["username"]) for person in people), default=0)
    for person in people:
        seen = person["seen_at"]
        facts = [
            "administrator" if person["is_admin"] else "",
            f"last seen {seen:%Y-%m-%d %H:%M} UTC" if seen is not None else "has not signed in yet",
            f"shows: {person['shows']}",
            f"events: {person['events']}",
            "second step" if person["has_second_step"] else "",
            "" if person["has_password"] else "no password",
        ]
        print(person["username"].ljust(width), ", ".join(fact for fact in facts if fact), sep="  ")
    return 0


def _set_administrator(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.people import account_named, set_administrator

    with _services(settings) as services:
        is_new = set_administrator(services, account_named(services, options.name), not options.off)
    was = "" if is_new else ", as before"
    print(f"{options.name} is {'no administrator' if options.off else 'an administrator'}{was}.")
    return 0


def _delete_user(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.people import account_named, delete_account, get_person

    with _services(settings) as services:
        person = get_person(services, account_named(services, options.name))
        if not options.yes:
            print(
                f"{person['username']} has {person['shows']} shows, {person['viewings']} viewings and"
                f" {person['events']} events. All of it goes, for good. Type the name to go on:"
            )
            if sys.stdin.readline().strip().lower() != person["username"].lower():
                return _fail("that is not the name; nothing was deleted")
        name = delete_account(services, person["id"])
    print(f"{name} is deleted, with everything that was theirs.")
    return 0


def _create_token(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.accounts import create_token

    with _services(settings) as services:
        token = create_token(services, options.name, scope=options.scope)
    print(f"An API token for {options.name} ({options.scope}); it is not shown again:", token, sep="\n")
    return 0


def _replay(settings: Settings, options: argparse.Namespace) -> int:
    from app.db.queries import queries
    from app.tracker.logs import replay_each

    with _services(settings) as services:
        with services.db.connection() as connection:
            if options.id is None:
                events = [
                    (row["id"], row["user_id"]) for row in queries().stored_events(connection, status=options.status)
                ]
            else:
                events = [(options.id, queries().log_owner(connection, log_id=options.id))]
        outcomes: Counter[str] = Counter()
        refused = 0
        for came in replay_each(services, events):
            if came.status is None:
                refused += _fail(came.problem, came.fields)
            else:
                outcomes[came.status] += 1
    result = ", ".join(f"{count} {status}" for status, count in sorted(outcomes.items()))
    print(f"{outcomes.total()} of {len(events)} events processed again{': ' if result else ''}{result}.")
    return 1 if refused else 0


def _import_history(settings: Settings, options: argparse.Namespace) -> int:
    from app.sync.import_command import import_for

    with _services(settings) as services:
        return 0 if import_for(services, options.user, from_start=options.from_start) else 1


def _backup(settings: Settings, options: argparse.Namespace) -> int:
    from app.backup import write_backup
    from app.backup.writing import stream_backup

    with _services(settings) as services:
        if options.file == "-":
            manifest, where = stream_backup(services, sys.stdout.buffer), "to standard output"
            sys.stdout.flush()
        else:
            path = Path(options.file)
            manifest = write_backup(services, path)
            where = f"to {path} ({path.stat().st_size / 1e6:.1f} MB)"
    key = "in ENCRYPTION_KEY" if settings.encryption_key is not None else f"in {settings.data_dir / 'encryption.key'}"
    print(
        f"{manifest.rows} rows of {len(manifest.tables)} tables written {where}. The key is not in it: keep a copy of"
        f" {manifest.key_fingerprint}, which is {key}, in another place.",
        file=sys.stderr if options.file == "-" else sys.stdout,
    )
    return 0


def _export(settings: Settings, options: argparse.Namespace) -> int:
    from app.security.people import account_named
    from app.transfer.exporting import export_json
    from app.transfer.kept import kept_in_file
    from app.transfer.viewings import export_csv

    with _services(settings) as services:
        user_id = account_named(services, options.user)
        as_csv = options.format == "csv"
        pieces = export_csv(services, user_id) if as_csv else export_json(services, user_id, log=options.log)
        with kept_in_file(services, pieces) as file:
            copyfileobj(file, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return 0


def _restore(settings: Settings, options: argparse.Namespace) -> int:
    from app.backup import restore_backup
    from app.process_log import configure_log

    configure_log("warning")
    with ExitStack() as stack:
        path = Path(options.file)
        if options.file == "-":
            # A pipe cannot be read twice. Beside the data: /tmp may be small, or in memory.
            settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            copy = stack.enter_context(NamedTemporaryFile(dir=settings.data_dir, prefix=".restore."))
            copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            path = Path(copy.name)
        manifest = restore_backup(settings, path, without_key=options.without_key)
    print(
        f"{manifest.rows} rows of {len(manifest.tables)} tables are back as they were on"
        f" {manifest.made_at:%Y-%m-%d at %H:%M:%S} UTC, each table compared with the backup."
    )
    return 0


def _rekey(settings: Settings, options: argparse.Namespace) -> int:
    from app.process_log import configure_log
    from app.security.rekey import rekey

    configure_log("warning")
    done = rekey(settings, options.new_key_file)
    print(f"{done.secrets} secrets are encrypted under the key {done.fingerprint} now.")
    if done.key_file is None:
        print("Set ENCRYPTION_KEY to it before you start Tellykeep. Keep a copy; backups made before need the old key.")
    else:
        print(f"It is in {done.key_file}. Keep a copy; backups made before need the old key, which is no longer here.")
    return 0


def _services(settings: Settings) -> AbstractContextManager[Services]:
    """The application's parts for one command; only what is wrong is logged."""
    from app.opening import open_services
    from app.process_log import configure_log

    configure_log("warning")
    return open_services(settings)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _fail(message: str, fields: dict[str, str] | None = None) -> int:
    """One line on stderr."""
    details = "; ".join(f"{name}: {expected}" for name, expected in (fields or {}).items())
    text = f"{message} ({details})" if details else message
    print("tellykeep:", " ".join(text.split()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
