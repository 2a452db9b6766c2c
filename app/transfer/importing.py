"""An export into an account: each show in one transaction, whole or not at all; a second time brings nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import psycopg
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from app.db.pool import PatientConnection
from app.db.queries import queries
from app.errors import DatabaseUnavailable, TellykeepError, Unprocessable, from_database, unavailable
from app.services import Services
from app.transfer.document import Account, Mapping, Question, Server, Settings, Show, what_is_wrong
from app.transfer.exporting import FORMAT, VERSION
from app.transfer.reading import read_entries
from app.transfer.reading_csv import NEEDED, read_shows

MOST_BYTES = 64 * 1024 * 1024
_MOST_REFUSED = 100
_MOST_SEEN = 1000
_MOST_NOT_TRACKED = 20_000
_PATIENCE_SECONDS = 130.0
_LONGEST_NAME = 100


@dataclass
class Tally:
    """What came of an import so far."""

    shows: int = 0
    added: int = 0
    viewings: int = 0
    mappings: int = 0
    refused: int = 0
    settings: bool = False
    open_questions: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, entry: str, why: str) -> None:
        """Counts an entry that was not taken."""
        self.refused += 1
        if len(self.problems) < _MOST_REFUSED:
            self.problems.append({"entry": entry, "why": why})

    def progress(self) -> dict[str, int]:
        """For whoever looks."""
        return {name: getattr(self, name) for name in ("shows", "added", "viewings", "mappings", "refused")}

    def report(self) -> dict[str, Any]:
        """The result."""
        return self.progress() | {
            "settings": self.settings,
            "open_questions": self.open_questions,
            "problems": self.problems,
        }


def import_file(
    services: Services,
    user_id: int,
    path: Path,
    *,
    settings: bool = False,
    step: Callable[[dict[str, Any]], None] = lambda _: None,
) -> dict[str, Any]:
    """Brings an export into an account: a JSON one, or a CSV of viewings.

    Args:
        services: the application's parts.
        user_id: whose.
        path: of the file.
        settings: whether its settings take the place of the account's, with who counts.
        step: called after each show with how far it is; what it raises ends the import, and what was brought stays.

    Returns:
        How many shows, and how many of them are new; what was said about episodes that was not known; mappings; whether the
        settings were taken; how many questions of the file nobody has answered; and which entries were refused, each with the
        reason.

    Raises:
        Unprocessable: the file is no export, or of a later version.
        DatabaseUnavailable: what was brought stays; importing it again goes on there.
    """
    if path.stat().st_size > MOST_BYTES:
        raise Unprocessable(f"the file is larger than {MOST_BYTES // 1024 // 1024} MB")
    tally = Tally()
    try:
        # Line ends as they are: they are counted, and no string of JSON has one.
        with path.open(encoding="utf-8-sig", newline="") as file:
            if _is_csv(file):
                _bring_viewings(services, user_id, file, tally, step)
            else:
                _bring_entries(services, user_id, file, tally, step, settings)
    except UnicodeDecodeError:
        raise Unprocessable("the file is no export: it is not in UTF-8") from None
    return tally.report()


def _is_csv(file: TextIO) -> bool:
    """Whether its first line names the columns."""
    head = file.readline(10_000).lower()
    file.seek(0)
    return not head.lstrip().startswith(("{", "[")) and all(name in head for name in NEEDED)


def _bring_viewings(
    services: Services, user_id: int, file: TextIO, tally: Tally, step: Callable[[dict[str, Any]], None]
) -> None:
    places = dict[str, int]()
    accounts = list[int | None]()

    def place_of(name: str) -> int:
        if name not in places:
            accounts.append(None)
            places[name] = len(accounts)

            def bring(connection: PatientConnection) -> None:
                accounts[-1] = queries().account_called(connection, user_id=user_id, title=name)

            _brought(services, f"account “{name[:_LONGEST_NAME]}”", bring, tally)
        return places[name]

    for number, show in enumerate(read_shows(file, place_of=place_of, refuse=tally.refuse), 1):
        _bring_show(services, user_id, number, show, accounts, tally)
        step(tally.progress())


def _bring_entries(
    services: Services,
    user_id: int,
    file: TextIO,
    tally: Tally,
    step: Callable[[dict[str, Any]], None],
    chooses: bool,
) -> None:
    accounts = list[int | None]()
    number, is_known = 0, False
    for name, value in read_entries(file):
        if name == "format" and value == FORMAT:
            is_known = True
        elif name == "version" and isinstance(value, int) and value > VERSION:
            raise Unprocessable("this export was made by a later Tellykeep: update this one first")
        elif name in ("settings", "servers", "accounts", "not_tracked", "questions", "shows"):
            if not is_known:
                raise Unprocessable("this is no export of Tellykeep")
            if name == "shows":
                number += 1
                _bring_show(services, user_id, number, value, accounts, tally)
                step(tally.progress())
            elif name == "settings" and chooses:
                _bring_settings(services, user_id, value, tally)
            elif name == "servers":
                _bring_servers(services, user_id, value, tally, chooses)
            elif name == "accounts":
                accounts = _bring_accounts(services, user_id, value, tally, chooses)
            elif name == "not_tracked":
                _bring_mappings(services, user_id, value, tally, step)
            elif name == "questions":
                tally.open_questions = _open_questions(value)
    if not is_known:
        raise Unprocessable("this is no export of Tellykeep")


def _bring_show(
    services: Services, user_id: int, number: int, value: object, accounts: list[int | None], tally: Tally
) -> None:
    entry = f"show {number}"
    if isinstance(value, dict) and isinstance(value.get("title"), str):
        entry += f", “{value['title'][:_LONGEST_NAME]}”".replace("\0", "")

    def bring(connection: PatientConnection) -> None:
        show = Show.model_validate(value)
        # Before the show's row, as whoever adds one does.
        queries().lock_mappings(connection, user_id=user_id)
        came = queries().import_show(connection, user_id=user_id, show=Jsonb(show.stored()), accounts=accounts)
        if show.deleted_at is None:
            queries().return_mappings(connection, user_id=user_id, tvshow_id=came["tvshow_id"])
            queries().settle_open_conflicts(connection, user_id=user_id, tvshow_id=came["tvshow_id"])
        tally.shows += 1
        tally.added += came["added"]
        tally.viewings += came["said"]
        tally.mappings += came["mappings"]

    _brought(services, entry, bring, tally)


def _bring_settings(services: Services, user_id: int, value: object, tally: Tally) -> None:
    def bring(connection: PatientConnection) -> None:
        queries().import_settings(connection, user_id=user_id, settings=Jsonb(Settings.model_validate(value).given()))
        queries().look_back(connection, user_id=user_id)
        tally.settings = True

    _brought(services, "settings", bring, tally)
    if tally.settings:
        # There may be more to read in the server's history, or sooner.
        services.history.add(user_id)


def _bring_servers(services: Services, user_id: int, values: object, tally: Tally, chooses: bool) -> None:
    for number, value in enumerate(_entries(values, "servers", tally), 1):

        def bring(connection: PatientConnection, value: object = value) -> None:
            server = Server.model_validate(value)
            queries().import_server(connection, user_id=user_id, chooses=chooses, **server.model_dump())

        _brought(services, f"server {number}", bring, tally)


def _bring_accounts(services: Services, user_id: int, values: object, tally: Tally, chooses: bool) -> list[int | None]:
    ids: list[int | None] = []
    for number, value in enumerate(_entries(values, "accounts", tally), 1):
        # The shows name them by their place: one that is refused keeps it, and is nobody.
        ids.append(None)

        def bring(connection: PatientConnection, value: object = value) -> None:
            account = Account.model_validate(value)
            ids[-1] = queries().import_account(connection, user_id=user_id, chooses=chooses, **account.model_dump())

        _brought(services, f"account {number}", bring, tally)
    return ids


def _bring_mappings(
    services: Services, user_id: int, values: object, tally: Tally, step: Callable[[dict[str, Any]], None]
) -> None:
    for number, value in enumerate(_entries(values, "not_tracked", tally, _MOST_NOT_TRACKED), 1):

        def bring(connection: PatientConnection, value: object = value) -> None:
            mapping = Jsonb(Mapping.model_validate(value).stored())
            tally.mappings += queries().import_mapping(connection, user_id=user_id, mapping=mapping)["added"]

        _brought(services, f"not_tracked {number}", bring, tally)
        step(tally.progress())


def _open_questions(values: object) -> int:
    """How many there are; what is wrong in them is no matter, as nothing of them is taken."""
    try:
        questions = [Question.model_validate(value) for value in values] if isinstance(values, list) else []
    except ValidationError:
        return 0
    return sum(not question.resolved for question in questions)


def _entries(values: object, name: str, tally: Tally, most: int = _MOST_SEEN) -> list[object]:
    if isinstance(values, list) and len(values) <= most:
        return values
    tally.refuse(name, f"expected a list of at most {most} entries")
    return []


def _brought(services: Services, entry: str, bring: Callable[[PatientConnection], None], tally: Tally) -> None:
    """One entry, in one transaction; a refusal is counted, and the others go on."""
    try:
        with services.db.connection() as connection:
            connection.patience = _PATIENCE_SECONDS
            with connection.transaction():
                queries().patient_transaction(connection)
                bring(connection)
    except ValidationError as error:
        tally.refuse(entry, what_is_wrong(error))
    except psycopg.Error as error:
        if unavailable(error):
            raise DatabaseUnavailable("the database does not answer") from error
        known = from_database(error)
        tally.refuse(entry, known.message if known is not None else "something in it cannot be stored like this")
    except DatabaseUnavailable:
        raise
    except TellykeepError as error:
        tally.refuse(entry, error.message)
