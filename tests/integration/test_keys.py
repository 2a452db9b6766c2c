"""Which key the database has, and that nothing encrypted is left out when it changes."""

from __future__ import annotations

import pytest

from app.db.queries import queries
from app.security.crypto import Cipher
from app.security.key_check import WrongKey, check_key
from app.services import Services
from tests.conftest import Connection

OTHER = Cipher(bytes(32))


def test_every_encrypted_column_is_encrypted_anew(conn: Connection) -> None:
    columns = conn.execute(
        """select c.relname || '.' || a.attname as name
           from pg_attribute a join pg_class c on c.oid = a.attrelid
           where c.relnamespace = 'tracker'::regnamespace and col_description(c.oid, a.attnum) like 'Encrypted%'"""
    ).fetchall()
    text = queries().stored_secrets.sql + queries().replace_secret.sql
    assert len(columns) >= 4
    for column in columns:
        assert text.count(f"'{column['name']}'") == 2, column["name"]


def test_a_database_that_knows_no_key_is_told_it_and_then_takes_no_other(conn: Connection) -> None:
    cipher = Cipher(bytes(range(32)))
    check_key(conn, cipher)
    check_key(conn, cipher)
    with pytest.raises(WrongKey, match=OTHER.fingerprint):
        check_key(conn, OTHER)


def test_a_database_of_an_earlier_version_is_judged_by_its_secrets(
    services: Services, conn: Connection, make_user
) -> None:
    user = make_user("ann")
    sealed = services.cipher.encrypt("s", column="plex_config.webhook_secret", row=user)
    conn.execute("update plex_config set webhook_secret = %s", (sealed,))
    conn.execute("update installation set key_check = null")
    with pytest.raises(WrongKey):
        check_key(conn, OTHER)
    check_key(conn, services.cipher)


def test_a_secret_moved_to_another_row_or_column_does_not_open(services: Services, conn: Connection, make_user) -> None:
    from app.security.crypto import CannotDecrypt
    from app.tracker.plex_config import get_config

    ann, bob = make_user("ann"), make_user("bob")
    of_ann = services.cipher.encrypt("secret of ann", column="plex_config.webhook_secret", row=ann)
    conn.execute("update plex_config set webhook_secret = %s, plex_token = %s", (of_ann, of_ann))

    assert get_config(services, ann, base_url="http://x")["webhook_url"].endswith("?secret=secret+of+ann")
    assert get_config(services, bob, base_url="http://x")["webhook_url"] is None
    for place in (
        {"column": "plex_config.plex_token", "row": ann},
        {"column": "plex_config.webhook_secret", "row": bob},
    ):
        with pytest.raises(CannotDecrypt):
            services.cipher.decrypt(of_ann, **place)
