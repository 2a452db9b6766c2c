"""A backup holds everything but the key, and comes back as it was: every row, every number, every right."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from app.backup import BackupError, Manifest, restore_backup, write_backup
from app.backup.archive import ArchiveReader
from app.db.migrate import migrate, read_functions, read_migrations
from app.security.crypto import Cipher
from app.security.key_check import check_key
from app.services import Services
from app.settings import Settings, load_settings
from tests import payloads
from tests.conftest import ENCRYPTION_KEY, Connection, DatabaseUrls, connect
from tests.postgres import APP, OWNER
from tests.scrobbles import AT, receive, scrobble
from tests.watch_state import one, plays, value

MakeUser = Callable[..., int]
MakeShow = Callable[..., int]
FINGERPRINT = Cipher(bytes.fromhex(ENCRYPTION_KEY)).fingerprint


def tables(connection: Connection) -> dict[str, str]:
    """Every table's rows, with all columns, as one hash."""
    names = [
        row["name"]
        for row in connection.execute(
            "select relname::text as name from pg_class where relnamespace = 'tracker'::regnamespace and relkind = 'r'"
        )
    ]
    return {
        name: value(
            connection,
            f"select coalesce(md5(string_agg(t::text, '|' order by t::text collate \"C\")), '') from tracker.{name} t",
        )
        for name in sorted(names)
        if name != "schema_migrations"
    }


@pytest.fixture
def full(services: Services, conn: Connection, make_user: MakeUser, make_show: MakeShow) -> int:
    """Something in every table, and in texts what a text format could stumble over."""
    user, other = make_user("ann"), make_user("bob")
    odd = 'Tab\tline\nback\\slash \\N "quotes" Ünïcode 進撃の巨人 🦀'
    show = make_show(user, payloads.SHOW, imdb_id="tt0000007", titles=[{"title": odd, "kind": "alternative"}])
    make_show(other, odd)
    for number in range(1, 6):
        receive(conn, user, scrobble(episode=number, at=AT + timedelta(hours=number)))
    conn.execute("select set_watched(%s, %s, 1, 2, false)", (user, show))
    receive(conn, user, scrobble("Lantern"))
    mapping = one(conn, "select id from plex_show_mappings")["id"]
    conn.execute(
        "insert into plex_numbering_rules (user_id, mapping_id, plex_season, season) values (%s, %s, 1, 2)",
        (user, mapping),
    )
    conn.execute(
        "insert into plex_servers (user_id, server_uuid, title) values (%s, 'cafe', %s) on conflict do nothing",
        (user, odd),
    )
    conn.execute(
        """insert into sessions (user_id, token_hash, user_agent, address, expires_at)
           values (%s, %s, %s, '2001:db8::7', 'infinity')""",
        (user, b"\x00\\x\xff", odd),
    )
    conn.execute("insert into api_tokens (user_id, token_hash) values (%s, %s)", (user, b"\x01"))
    conn.execute("insert into installation (key_check) values ('x')")
    conn.execute(
        """insert into tmdb_cache (cache_key, http_status, body, expires_at)
           values (%s, 200, %s, now()), ('é', 404, null, now())""",
        (odd, Jsonb({"title": odd, "pi": 3.141592653589793, "none": None})),
    )
    conn.execute("insert into job_runs (kind, progress) values ('backup', %s)", (Jsonb({"é": [1, 2]}),))
    token = services.cipher.encrypt("a Plex token", column="plex_config.plex_token", row=user)
    conn.execute("update plex_config set plex_token = %s where user_id = %s", (token, user))
    return user


@pytest.fixture
def backup(services: Services, full: int, tmp_path: Path) -> Path:
    path = tmp_path / "tellykeep.zip"
    write_backup(services, path)
    return path


def settings_for(urls: DatabaseUrls, data_dir: Path, **more: Any) -> Settings:
    return load_settings(
        database_url=SecretStr(urls.app_url),
        database_owner_url=SecretStr(urls.owner_url),
        data_dir=data_dir,
        **({"encryption_key": SecretStr(ENCRYPTION_KEY)} | more),
    )


@pytest.fixture
def target(empty_database: DatabaseUrls, tmp_path: Path) -> Settings:
    """An installation whose database nothing was done to."""
    return settings_for(empty_database, tmp_path / "other")


@pytest.fixture
def restored(target: Settings, empty_database: DatabaseUrls, backup: Path) -> Iterator[Connection]:
    """What came back, as the application's role sees it."""
    restore_backup(target, backup)
    with connect(empty_database.app_url, schema()) as connection:
        yield connection


def schema() -> str:
    from app.db.versions import schema_name

    return schema_name(read_functions())


def manifest_of(path: Path) -> Manifest:
    with ArchiveReader(path) as archive:
        return archive.manifest


# Writing.


def test_the_file_is_private_and_says_what_it_is(backup: Path, conn: Connection) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    manifest = json.loads(zipfile.ZipFile(backup).read("manifest.json"))
    assert (manifest["format"], manifest["key_fingerprint"]) == (1, FINGERPRINT)
    assert [m["version"] for m in manifest["migrations"]] == [m.version for m in read_migrations()]
    counted = {table["name"]: table["rows"] for table in manifest["tables"]}
    assert counted == {name: value(conn, f"select count(*) from tracker.{name}") for name in tables(conn)}
    assert sum(rows > 0 for rows in counted.values()) >= 17, "the fixture fills nearly every table"


def test_the_key_is_not_in_it_and_secrets_are_encrypted(backup: Path) -> None:
    archive = zipfile.ZipFile(backup)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"a Plex token" not in everything
    assert ENCRYPTION_KEY.encode() not in everything
    assert bytes.fromhex(ENCRYPTION_KEY) not in everything


def test_the_fingerprint_names_the_key_and_does_not_show_it() -> None:
    assert Cipher(bytes(32)).fingerprint != FINGERPRINT
    assert len(FINGERPRINT) == 16
    assert FINGERPRINT not in ENCRYPTION_KEY
    assert FINGERPRINT not in hashlib.sha256(bytes.fromhex(ENCRYPTION_KEY)).hexdigest()


def test_a_file_that_is_there_is_left_alone(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_text("mine")
    with pytest.raises(BackupError, match="is there already"):
        write_backup(services, path)
    assert path.read_text() == "mine"


def test_a_backup_that_fails_leaves_no_file(
    services: Services, full: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.backup import writing

    def no_room(_self: object, _manifest: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.ArchiveWriter, "finish", no_room)
    with pytest.raises(OSError, match="No space"):
        write_backup(services, tmp_path / "x.zip")
    assert list(tmp_path.glob("*.*")) == []


def test_it_is_one_moment_although_events_go_on_meanwhile(
    services: Services, conn: Connection, full: int, tmp_path: Path
) -> None:
    """Each event writes a log row, a watch event and a play: a snapshot has as many new ones of each."""
    ended, started = threading.Event(), threading.Event()

    def watch() -> None:
        with services.db.connection() as connection:
            number = 0
            while not ended.is_set():
                number += 1
                receive(connection, full, scrobble(season=2, episode=number % 12 + 1, at=AT + timedelta(days=number)))
                started.set()

    counts = []
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        assert started.wait(30)
        for number in range(5):
            manifest = write_backup(services, tmp_path / f"{number}.zip")
            rows = {table.name: table.rows for table in manifest.tables}
            counts.append((rows["plex_webhook_logs"], rows["plays"], rows["watch_events"]))
    finally:
        ended.set()
        thread.join()
    # 6 log rows, 5 plays and 6 watch events (an unmark) were there before.
    assert all(logs - 6 == found - 5 == said - 6 > 0 for logs, found, said in counts), counts
    assert len(set(counts)) > 1


def test_a_migration_waits_for_a_backup_and_a_backup_for_a_migration(
    services: Services, database_urls: DatabaseUrls, tmp_path: Path
) -> None:
    from app.db.versions import MIGRATION_LOCK

    done = threading.Event()

    def back_up() -> None:
        write_backup(services, tmp_path / "x.zip")
        done.set()

    thread = threading.Thread(target=back_up)
    with psycopg.connect(database_urls.owner_url) as owner:
        owner.execute("select pg_advisory_xact_lock(%s, 0)", (MIGRATION_LOCK,))
        owner.execute("alter table tracker.job_runs add column later integer not null default 7")
        thread.start()
        assert not done.wait(0.5)
    thread.join(30)
    columns = next(t.columns for t in manifest_of(tmp_path / "x.zip").tables if t.name == "job_runs")
    assert "later" in columns


# Restoring.


def test_everything_comes_back_as_it_was(conn: Connection, restored: Connection) -> None:
    assert tables(restored) == tables(conn)


def test_generated_columns_and_totals_are_what_they_were(conn: Connection, restored: Connection) -> None:
    query = "select title, title_key from show_titles order by id"
    assert restored.execute(query).fetchall() == conn.execute(query).fetchall()


def test_numbers_go_on_where_they_were(conn: Connection, restored: Connection) -> None:
    query = "select sequencename, last_value from pg_sequences where schemaname = 'tracker' order by 1"
    assert restored.execute(query).fetchall() == conn.execute(query).fetchall()
    before = value(restored, "select max(id) from users")
    assert value(restored, "insert into users (username, password_hash) values ('c', 'x') returning id") == before + 1


def test_the_restored_installation_takes_the_next_event_and_knows_the_last_ones(restored: Connection) -> None:
    user = value(restored, "select id from users where username = 'ann'")
    show = value(restored, "select id from tvshows where user_id = %s", (user,))
    repeat = receive(restored, user, scrobble(episode=1, at=AT + timedelta(hours=1)))
    assert repeat["status"] == "duplicate"
    assert receive(restored, user, scrobble(episode=7))["action"] == "marked_watched"
    assert len(plays(restored, show)) == 6


def test_secrets_can_be_read_with_the_same_key(restored: Connection) -> None:
    row = one(restored, "select user_id, plex_token from plex_config where plex_token is not null")
    cipher = Cipher(bytes.fromhex(ENCRYPTION_KEY))
    assert cipher.decrypt(row["plex_token"], column="plex_config.plex_token", row=row["user_id"]) == "a Plex token"


def test_the_owner_owns_everything_and_the_application_may_what_it_may(
    restored: Connection, empty_database: DatabaseUrls
) -> None:
    owners = restored.execute(
        """select distinct pg_get_userbyid(c.relowner)::text as name
           from pg_class c where c.relnamespace = 'tracker'::regnamespace"""
    ).fetchall()
    assert [row["name"] for row in owners] == [OWNER]
    assert restored.info.user == APP
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        restored.execute("delete from plays")
    restored.execute("delete from job_runs")


def test_triggers_and_constraints_are_there_again(conn: Connection, restored: Connection) -> None:
    for query in (
        "select tgname, tgenabled from pg_trigger where not tgisinternal order by 1",
        """select conname, convalidated, condeferrable, obj_description(oid, 'pg_constraint') as comment
           from pg_constraint where connamespace = 'tracker'::regnamespace order by 1""",
        "select indexdef from pg_indexes where schemaname = 'tracker' order by 1",
    ):
        assert restored.execute(query).fetchall() == conn.execute(query).fetchall()


def test_a_backup_of_the_restored_is_the_same(
    restored: Connection, services: Services, empty_database: DatabaseUrls, backup: Path, tmp_path: Path
) -> None:
    services.db.open(empty_database.app_url, schema())
    second = write_backup(services, tmp_path / "second.zip")
    first = manifest_of(backup)
    assert second.tables == first.tables
    assert second.sequences == first.sequences


def test_an_installation_that_was_only_started_counts_as_empty(
    empty_database: DatabaseUrls, target: Settings, backup: Path, conn: Connection
) -> None:
    migrate(empty_database.owner_url, APP)
    with connect(empty_database.app_url, schema()) as started:
        # What a server that runs there does: its calls are prepared by name and go on afterwards.
        started.prepare_threshold = 0
        started.execute("insert into installation (setup_code_hash) values ('x')")
        started.execute("insert into job_runs (kind) values ('clean')")
        started.execute("select count(*) from users where lower(username) = %s", ("ann",))
        started.execute("select * from ignore_reason(1, '{}', null)")
        restore_backup(target, backup)
        found = started.execute("select count(*) as n from users where lower(username) = %s", ("ann",)).fetchone()
        assert found == {"n": 1}
        started.execute("select * from ignore_reason(1, '{}', null)")
        assert tables(started) == tables(conn)


def test_an_installation_with_an_account_is_left_alone(
    backup: Path, services: Services, conn: Connection, full: int
) -> None:
    before = tables(conn)
    with pytest.raises(BackupError, match=r"not empty \(.*users.*\)"):
        restore_backup(services.settings, backup)
    assert tables(conn) == before


def test_one_role_that_owns_everything_will_do(
    empty_database: DatabaseUrls, backup: Path, conn: Connection, tmp_path: Path
) -> None:
    settings = load_settings(
        database_url=SecretStr(empty_database.owner_url),
        data_dir=tmp_path / "other",
        encryption_key=SecretStr(ENCRYPTION_KEY),
    )
    restore_backup(settings, backup)
    with connect(empty_database.owner_url, schema()) as owner:
        assert tables(owner) == tables(conn)


# The key.


def test_another_key_is_refused_and_both_are_named(empty_database: DatabaseUrls, backup: Path, tmp_path: Path) -> None:
    settings = settings_for(empty_database, tmp_path / "other", encryption_key=SecretStr("11" * 32))
    with pytest.raises(BackupError) as refused:
        restore_backup(settings, backup)
    assert FINGERPRINT in refused.value.message
    assert Cipher(bytes([0x11] * 32)).fingerprint in refused.value.message
    assert "--without-key" in refused.value.message


def test_a_missing_key_is_not_made_by_looking_for_it(
    empty_database: DatabaseUrls, backup: Path, tmp_path: Path, conn: Connection
) -> None:
    settings = settings_for(empty_database, tmp_path / "other", encryption_key=None)
    with pytest.raises(BackupError, match="there is no key here"):
        restore_backup(settings, backup)
    assert not (tmp_path / "other" / "encryption.key").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "encryption.key").write_text(ENCRYPTION_KEY + "\n")
    restore_backup(settings, backup)


def test_without_the_key_everything_else_comes_back(
    empty_database: DatabaseUrls, backup: Path, tmp_path: Path, conn: Connection
) -> None:
    settings = settings_for(empty_database, tmp_path / "other", encryption_key=SecretStr("11" * 32))
    restore_backup(settings, backup, without_key=True)
    with connect(empty_database.app_url, schema()) as restored:
        # But that the key of this installation is the one that counts.
        assert tables(restored) | {"installation": ""} == tables(conn) | {"installation": ""}
        check_key(restored, Cipher(bytes.fromhex("11" * 32)))


# Older and newer.


def test_a_backup_of_an_older_schema_is_migrated(
    empty_database: DatabaseUrls, target: Settings, backup: Path, conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.backup import restoring
    from app.db.migrate import Migration

    newest = read_migrations()
    later = Migration(
        len(newest) + 1,
        "later",
        "alter table tracker.plays add column mood text not null default 'good';"
        "update tracker.plays set mood = 'seen ' || episode;"
        "create table tracker.moods (id bigint generated always as identity primary key, mood text);"
        "insert into tracker.moods (mood) select distinct mood from tracker.plays;",
    )
    monkeypatch.setattr(restoring, "read_migrations", lambda: [*newest, later])
    restore_backup(target, backup)
    with connect(empty_database.app_url, schema()) as restored:
        assert value(restored, "select count(*) from moods") == 5
        assert value(restored, "select max(version) from tracker.schema_migrations") == len(newest) + 1
        assert value(restored, "select mood from plays where episode = 3") == "seen 3"


def test_a_backup_of_a_later_schema_is_refused_before_anything_is_done(
    target: Settings, empty_database: DatabaseUrls, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.backup import restoring

    older = read_migrations()[:-1]
    monkeypatch.setattr(restoring, "read_migrations", lambda: older)
    with pytest.raises(BackupError, match="of a later Tellykeep"):
        restore_backup(target, backup)
    with psycopg.connect(empty_database.owner_url) as owner:
        assert owner.execute("select to_regnamespace('tracker')").fetchone() == (None,)


def test_a_backup_of_a_modified_build_is_refused(target: Settings, backup: Path, tmp_path: Path) -> None:
    changed = rewritten(backup, tmp_path, manifest=lambda m: m["migrations"][0].update(checksum="0" * 64))
    with pytest.raises(BackupError, match="modified or development build"):
        restore_backup(target, changed)


def test_a_backup_of_a_later_format_is_refused(target: Settings, backup: Path, tmp_path: Path) -> None:
    changed = rewritten(backup, tmp_path, manifest=lambda m: m.update(format=2, key_fingerprint=None))
    with pytest.raises(BackupError, match="made by a later Tellykeep"):
        restore_backup(target, changed)


# Damage.


def rewritten(
    backup: Path,
    tmp_path: Path,
    *,
    manifest: Callable[[dict[str, Any]], Any] = lambda _: None,
    entries: dict[str, bytes | None] | None = None,
) -> Path:
    """The backup with another manifest or other entries; its own checksums are those of a whole zip."""
    path = tmp_path / "rewritten.zip"
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content: bytes | None = old.read(name)
            if name == "manifest.json" and content is not None:
                document = json.loads(content)
                manifest(document)
                content = json.dumps(document).encode()
            content = (entries or {}).get(name, content)
            if content is not None:
                new.writestr(name, content)
    return path


def table_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (table for table in document["tables"] if table["name"] == name)
    return dict(found)


def honest(name: str, content: bytes) -> Callable[[dict[str, Any]], None]:
    """Makes the manifest say of this entry what is true of it."""

    def change(document: dict[str, Any]) -> None:
        for table in document["tables"]:
            if table["name"] == name:
                table["sha256"] = hashlib.sha256(content).hexdigest()

    return change


@pytest.mark.parametrize("length", [0, 10, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_refused(target: Settings, backup: Path, length: float) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(length * len(whole)) if length < 1 else int(length)])
    with pytest.raises(BackupError, match="damaged"):
        restore_backup(target, backup)


def test_a_flipped_bit_anywhere_is_noticed(target: Settings, backup: Path) -> None:
    whole, whole_manifest = backup.read_bytes(), manifest_of(backup)
    for place in range(40, len(whole) - 40, len(whole) // 23):
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            with ArchiveReader(backup) as archive:
                archive.check()
                # A time in the directory of the zip, which nothing is read by.
                assert archive.manifest == whole_manifest
        except BackupError:
            continue


@pytest.mark.parametrize(
    ("entry", "content"),
    [
        ("tables/plays.copy", None),
        ("tables/plays.copy", b""),
        ("tables/plays.copy", b"nonsense\n"),
        ("manifest.json", b"{}"),
        ("manifest.json", b"[]"),
        ("manifest.json", None),
    ],
)
def test_an_entry_that_is_not_what_was_written_is_refused(
    target: Settings, empty_database: DatabaseUrls, backup: Path, tmp_path: Path, entry: str, content: bytes | None
) -> None:
    with pytest.raises(BackupError, match="damaged"):
        restore_backup(target, rewritten(backup, tmp_path, entries={entry: content}))
    with psycopg.connect(empty_database.owner_url) as owner:
        assert owner.execute("select to_regnamespace('tracker')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("plays", lambda text: text + b"nonsense\n"),
        ("plays", lambda text: b"".join(text.splitlines(keepends=True)[:-1])),
        ("users", lambda text: b""),
    ],
)
def test_rows_that_do_not_fit_are_refused_and_nothing_is_left_behind(
    target: Settings,
    empty_database: DatabaseUrls,
    backup: Path,
    tmp_path: Path,
    name: str,
    change: Callable[[bytes], bytes],
) -> None:
    content = change(zipfile.ZipFile(backup).read(f"tables/{name}.copy"))
    forged = rewritten(backup, tmp_path, manifest=honest(name, content), entries={f"tables/{name}.copy": content})
    with pytest.raises(BackupError, match="damaged"):
        restore_backup(target, forged)
    with psycopg.connect(empty_database.owner_url) as owner:
        assert owner.execute("select to_regnamespace('tracker')").fetchone() == (None,)


def test_a_number_that_is_stored_otherwise_than_written_is_noticed_by_the_comparison(
    target: Settings, backup: Path, tmp_path: Path
) -> None:
    content = zipfile.ZipFile(backup).read("tables/settings.copy")
    assert b"0.35" in content
    content = content.replace(b"0.35", b"0.350")
    forged = rewritten(
        backup, tmp_path, manifest=honest("settings", content), entries={"tables/settings.copy": content}
    )
    with pytest.raises(BackupError, match="what was restored into settings is not what the backup holds"):
        restore_backup(target, forged)


def test_another_file_is_refused(target: Settings, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("hello")
    with pytest.raises(BackupError, match="no backup of Tellykeep"):
        restore_backup(target, path)
    with pytest.raises(FileNotFoundError):
        restore_backup(target, tmp_path / "nothing")


def test_files_that_root_writes_belong_to_the_owner_of_their_directory(services: Services, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    directory = tmp_path / "theirs"
    directory.mkdir()
    os.chown(directory, 12345, 12345)
    write_backup(services, directory / "x.zip")
    status = (directory / "x.zip").stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 12345, 0o600)
