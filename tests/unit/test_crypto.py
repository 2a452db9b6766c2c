from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app.security.crypto import CannotDecrypt, Cipher, load_key
from app.settings import InvalidSettings, load_settings

KEY = bytes(range(32))
PLACE = {"column": "plex_config.plex_token", "row": 7}


def test_what_was_encrypted_comes_back() -> None:
    assert Cipher(KEY).decrypt(Cipher(KEY).encrypt("tökén 🎬", **PLACE), **PLACE) == "tökén 🎬"


def test_the_stored_form_is_nonce_tag_and_ciphertext_in_hex() -> None:
    nonce, tag, ciphertext = Cipher(KEY).encrypt("secret", **PLACE).split(":")
    assert (len(nonce), len(tag), len(ciphertext)) == (24, 32, 12)
    assert bytes.fromhex(nonce + tag + ciphertext)


def test_the_same_text_is_never_encrypted_alike() -> None:
    assert len({Cipher(KEY).encrypt("secret", **PLACE) for _ in range(50)}) == 50


@pytest.mark.parametrize("place", [{"row": 8}, {"column": "plex_config.webhook_secret"}])
def test_a_ciphertext_moved_to_another_row_or_column_does_not_decrypt(place: dict[str, object]) -> None:
    stored = Cipher(KEY).encrypt("secret", **PLACE)
    with pytest.raises(CannotDecrypt):
        Cipher(KEY).decrypt(stored, **(PLACE | place))


def test_another_key_does_not_decrypt() -> None:
    with pytest.raises(CannotDecrypt, match="present key"):
        Cipher(bytes(32)).decrypt(Cipher(KEY).encrypt("secret", **PLACE), **PLACE)


@pytest.mark.parametrize("at", [0, 30, -1])
def test_a_changed_value_does_not_decrypt(at: int) -> None:
    stored = list(Cipher(KEY).encrypt("secret", **PLACE))
    stored[at] = "0" if stored[at] != "0" else "1"
    with pytest.raises(CannotDecrypt):
        Cipher(KEY).decrypt("".join(stored), **PLACE)


@pytest.mark.parametrize("stored", ["", "::", "zz:zz:zz", "00", "a:b:c:d"])
def test_what_is_not_a_stored_secret_is_said_to_be_none(stored: str) -> None:
    with pytest.raises(CannotDecrypt):
        Cipher(KEY).decrypt(stored, **PLACE)


def test_a_key_is_made_once_for_this_user_alone(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "new", encryption_key=None)

    key = load_key(settings)

    path = tmp_path / "new" / "encryption.key"
    assert load_key(settings) == key == bytes.fromhex(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["encryption.key"]


@pytest.mark.parametrize("content", ["", "abc", "00" * 31, "not hex at all"])
def test_a_key_file_that_holds_something_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "encryption.key").write_text(content)
    with pytest.raises(InvalidSettings, match="64 hexadecimal digits"):
        load_key(load_settings(data_dir=tmp_path, encryption_key=None))


def test_derived_keys_differ_by_purpose_and_from_the_key() -> None:
    cipher = Cipher(KEY)
    assert len({cipher.derive("cookies"), cipher.derive("links"), KEY}) == 3
    assert cipher.derive("cookies") == Cipher(KEY).derive("cookies")
