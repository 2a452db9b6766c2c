"""The documents against the code: settings, commands, routes, links, and what they tell people to type."""

from __future__ import annotations

import argparse
import json
import re
import secrets
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from app.db.migrate import migrate
from app.plex.events import parse_event
from app.settings import Settings, _SecretFiles
from tests.postgres import PostgresServer
from tests.schema import markdown

DOCUMENTS = markdown.documents()

# What is in the README but needs no code: compose.yaml alone reads these.
COMPOSE_ONLY = {"TELLYKEEP_PORT", "TELLYKEEP_IMAGE", "TELLYKEEP_DOMAIN", "TELLYKEEP_TLS", "TELLYKEEP_CADDY_NETWORK"}


# Settings.


def setting_names() -> dict[str, str]:
    """Name of the environment variable to name of the field."""
    return {
        str(field.validation_alias.choices[0]): name  # type: ignore[union-attr]
        for name, field in Settings.model_fields.items()
    }


def shown_default(name: str) -> str:
    """A field's default as the README shows it; empty where nothing is set."""
    default: Any = Settings.model_fields[name].default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default in (None, ()) else f"`{default}`"


def settings_of_readme() -> dict[str, list[str]]:
    return {row[0].strip("`"): row for row in markdown.table("README.md", "settings")}


def test_readme_has_every_setting_with_its_default_and_no_other() -> None:
    shown = {name: row[1] for name, row in settings_of_readme().items()}
    assert shown == {variable: shown_default(name) for variable, name in setting_names().items()}


def test_readme_says_of_every_setting_what_it_means() -> None:
    assert [name for name, row in settings_of_readme().items() if len(row[2]) < 20] == []


def test_readme_names_every_secret_that_can_come_from_a_file() -> None:
    named = set(re.findall(r"`([A-Z_]+)_FILE`", markdown.read("README.md")))
    assert named == set(_SecretFiles.names)


def test_readme_says_not_used_yet_of_exactly_the_settings_that_nothing_uses() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (markdown.ROOT / "app").rglob("*.py") if path.name != "settings.py"
    )
    unused = {
        variable
        for variable, name in setting_names().items()
        if not re.search(rf"settings\.{name}\b", sources, re.IGNORECASE)
    }
    said = {name for name, row in settings_of_readme().items() if "Not used yet" in row[2]}
    assert said == unused


def test_readme_names_everything_that_compose_reads_from_the_environment() -> None:
    read = set(re.findall(r"\$\{([A-Z_]+)", markdown.read("compose.yaml")))
    assert read - set(setting_names()) == COMPOSE_ONLY
    assert all(f"`{name}`" in markdown.read("README.md") for name in COMPOSE_ONLY)


# Commands.


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command with its options, such as ("user add", {"--admin", "--password-stdin"})."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                yield from commands(child, f"{before} {name}".strip())
            return
    yield before, {o for a in parser._actions for o in a.option_strings if o.startswith("--")} - {"--help"}


def test_readme_has_every_command_with_its_options_and_no_other() -> None:
    from app.cli import _parser

    named = {}
    for row in markdown.table("README.md", "commands"):
        words = [word for word in row[0].strip("`").split() if not word.startswith("--") and not word.isupper()]
        named[" ".join(words)] = set(re.findall(r"--[a-z-]+", " ".join(row)))
    assert named == dict(commands(_parser()))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_in_documents_exist(document: str) -> None:
    from app.cli import _parser

    known = [name.split() for name, _ in commands(_parser())]
    text = markdown.read(document)
    for line in re.findall(r"(?:uv run|tellykeep) tellykeep ([a-z-]+(?: [a-z-]+)?)", text):
        assert any(line.split()[: len(words)] == words for words in known), f"{document}: tellykeep {line}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_in_documents_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", markdown.read("Makefile"), re.MULTILINE))
    code = "\n".join([*markdown.code(markdown.read(document)), *_shell_blocks(document)])
    typed = re.sub(r" #.*", "", code)
    assert set(re.findall(r"\bmake ([a-z-]+)", typed)) <= targets


def _shell_blocks(document: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", markdown.read(document), re.MULTILINE | re.DOTALL)


# Routes.


@pytest.fixture(scope="module")
def routes() -> set[str]:
    """Every route of the API and of the monitors, as `GET /api/shows/{tvshow_id}`."""
    from app import create_app
    from app.db.pool import Database
    from app.security.crypto import Cipher
    from app.security.webhook_secrets import WebhookSecrets
    from app.services import Services

    parameter = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
    db = Database()
    app = create_app(Services(Settings(), db, Cipher(bytes(32)), WebhookSecrets(db)))
    return {
        method + " " + parameter.sub(r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/") or rule.rule in ("/healthz", "/readyz", "/metrics")
    }


def test_api_page_has_every_route_and_no_other(routes: set[str]) -> None:
    assert {row[0].strip("`") for row in markdown.table("docs/api.md", "routes")} == routes


@pytest.mark.parametrize("document", DOCUMENTS)
def test_routes_in_documents_exist(document: str, routes: set[str]) -> None:
    patterns = [re.compile(re.sub(r"\{[a-z_]+\}", "[^/ ]+", route)) for route in routes]
    for text in markdown.code(markdown.read(document)):
        route = re.match(r"(?:GET|POST|PUT|PATCH|DELETE) /[^?\s`]+", text)
        if route is not None:
            assert any(p.fullmatch(route[0]) for p in patterns), f"{document}: {route[0]}"


# Links and names of files.


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    place = (markdown.ROOT / document).parent
    for target in markdown.links(markdown.read(document)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        file = (place / path).resolve() if path else markdown.ROOT / document
        assert file.exists(), f"{document}: {target}"
        if anchor:
            assert anchor in markdown.anchors(file.read_text(encoding="utf-8")), f"{document}: {target}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_that_documents_name_exist(document: str) -> None:
    for name in markdown.code(markdown.read(document)):
        if re.fullmatch(r"(?:app|sql|tests|docs|deploy|bench)/[\w./-]*", name) and not re.search("NAME|NNNN", name):
            assert (markdown.ROOT / name).exists(), f"{document}: {name}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_no_place_on_somebodys_machine(document: str) -> None:
    assert re.findall(r"(?<![\w.])/(?:work|root|home|Users|tmp)/\S*", markdown.read(document)) == []


def test_every_decision_record_is_in_their_index() -> None:
    directory = markdown.ROOT / "docs" / "adr"
    records = {path.name for path in directory.glob("[0-9]*.md")}
    listed = {link for link in markdown.links(markdown.read("docs/adr/README.md")) if "/" not in link}
    assert listed == records


def test_every_page_of_the_documentation_is_in_the_readme() -> None:
    pages = {f"docs/{path.name}" for path in (markdown.ROOT / "docs").glob("*.md")}
    linked = {link.partition("#")[0] for link in markdown.links(markdown.read("README.md"))}
    assert pages <= linked


def test_changelog_begins_with_the_version_that_this_is() -> None:
    version = tomllib.loads(markdown.read("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\S+)", markdown.read("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == version


def test_license_is_the_one_that_the_project_names() -> None:
    project = tomllib.loads(markdown.read("pyproject.toml"))["project"]
    head = " ".join(markdown.read("LICENSE").split()[:9])
    assert (project["license"], head) == (
        "AGPL-3.0-or-later",
        "GNU AFFERO GENERAL PUBLIC LICENSE Version 3, 19 November",
    )


# What people are told to type.


def test_tautulli_template_makes_a_scrobble_of_an_episode() -> None:
    text = markdown.read("docs/plex-setup.md").partition("<!-- tautulli -->")[2]
    template = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert template is not None
    values = {
        "user_id": "12345678",
        "username": "alex",
        "server_machine_id": "5c0ffee0",
        "server_name": "Attic",
        "player": "Living room",
        "media_type": "episode",
        "live": "0",
        "show_name": "Harbour Lights",
        "season_name": "Season 2",
        "episode_name": "Fog",
        "season_num": "2",
        "episode_num": "3",
        "rating_key": "4711",
        "grandparent_rating_key": "4700",
        "guid": "plex://episode/5d9c",
        "grandparent_guid": "plex://show/5d9b",
        "air_date": "2025-10-14",
        "year": "2025",
        "duration_ms": "2580000",
        "unixtime": "1767297600",
    }
    filled = re.sub(r"\{([a-z_]+)\}", lambda match: values.pop(match[1]), template[1])
    event = parse_event(json.loads(filled))
    assert not values
    assert (event.is_scrobble, event.user, event.live, event.season, event.episode) == (True, True, False, 2, 3)
    assert (event.show_guid, event.show_title) == ("plex://show/5d9b", "Harbour Lights")
    assert None not in (event.account_id, event.last_viewed_at, event.air_date, event.duration_ms)


def test_sql_for_a_postgresql_of_ones_own_is_enough(postgres_server: PostgresServer) -> None:
    text = (
        markdown.read("docs/operations.md")
        .partition("<!-- external:begin -->")[2]
        .partition("<!-- external:end -->")[0]
    )
    ending = secrets.token_hex(3)
    sql = text.strip().removeprefix("```sql").removesuffix("```").replace("tellykeep", f"documented_{ending}")
    owner, app = f"documented_{ending}_owner", f"documented_{ending}"
    address = postgres_server.superuser_url
    with psycopg.connect(address, autocommit=True) as superuser:
        try:
            for statement in filter(str.strip, sql.split(";")):
                superuser.execute(statement.encode())
            place = psycopg.conninfo.conninfo_to_dict(postgres_server.url_of(address, app))
            as_owner, as_app = (
                psycopg.conninfo.make_conninfo(**place | {"user": role, "password": password})
                for role, password in ((owner, "choose-one"), (app, "choose-another"))
            )
            migrate(as_owner, app)
            with psycopg.connect(as_app) as connection:
                owned = connection.execute(
                    "select count(*) from pg_class where relowner = current_user::regrole"
                ).fetchone()
                assert owned == (0,)
                connection.execute("select count(*) from tracker.tvshows")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute("delete from tracker.plays")
        finally:
            superuser.execute(f"drop database if exists {app} with (force)".encode())
            superuser.execute(f"drop role if exists {owner}, {app}".encode())


def test_documents_folder_is_where_it_is_looked_for() -> None:
    assert Path(__file__).parents[2] == markdown.ROOT
    assert len(DOCUMENTS) >= 8
