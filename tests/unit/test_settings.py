"""Settings from the environment: defaults, files of secrets, and wrong values, which are refused by name."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest

from app.settings import InvalidSettings, Settings, environment_name, load_settings

SECRET_NAMES = [
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "ENCRYPTION_KEY",
    "TMDB_API_KEY",
    "OIDC_CLIENT_SECRET",
    "RATELIMIT_STORAGE_URI",
]
SECRET = "s3cret"
VALID = {
    "DATABASE_URL": f"postgresql://tellykeep:{SECRET}@db/tellykeep",
    "DATABASE_OWNER_URL": f"postgresql://tellykeep_owner:{SECRET}@db/tellykeep",
    "ENCRYPTION_KEY": "0123456789abcdef" * 4,
    "TMDB_API_KEY": SECRET,
    "OIDC_CLIENT_SECRET": SECRET,
    "RATELIMIT_STORAGE_URI": f"redis://:{SECRET}@cache:6379",
}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)


def value_of(settings: Settings, name: str) -> object:
    """The setting of that environment variable, a secret in clear."""
    attribute = next(attribute for attribute in Settings.model_fields if environment_name(attribute) == name)
    value = getattr(settings, attribute)
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_nothing_has_to_be_set() -> None:
    settings = load_settings()
    assert settings.embedded
    assert settings.bind == "0.0.0.0:8787"
    assert settings.data_dir == Path("data")
    assert settings.tmdb_url == "https://api.themoviedb.org/3"
    assert settings.webhook_rate_limit == "100 per minute"
    assert settings.log_retention_days == 90
    assert settings.timezone == "UTC"
    assert settings.trusted_proxies == ()


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*SECRET_NAMES, "TELLYKEEP_BIND", "LOG_RETENTION_DAYS", "PUBLIC_URL", "TZ", "TELLYKEEP_THREADS"]:
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings()
    assert load_settings().embedded


def test_a_database_of_the_users_own_switches_the_embedded_one_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", VALID["DATABASE_URL"])
    assert not load_settings().embedded


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_comes_from_the_environment_or_from_a_file(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, VALID[name])
    assert value_of(load_settings(), name) == VALID[name]

    monkeypatch.delenv(name)
    file = tmp_path / "secret"
    file.write_text(f"{VALID[name]}\n")
    monkeypatch.setenv(f"{name}_FILE", str(file))
    assert value_of(load_settings(), name) == VALID[name]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_that_is_set_twice_is_refused(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(VALID[name])
    monkeypatch.setenv(name, VALID[name])
    monkeypatch.setenv(f"{name}_FILE", str(file))
    with pytest.raises(InvalidSettings, match=f"{name} and {name}_FILE are both set"):
        load_settings()


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_file_of_a_secret_that_cannot_be_read_is_named(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "missing"))
    with pytest.raises(InvalidSettings, match=f"{name}_FILE: cannot read .*missing: No such file or directory"):
        load_settings()


def test_every_secret_setting_can_come_from_a_file() -> None:
    secret = {
        environment_name(attribute)
        for attribute, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert secret == set(SECRET_NAMES)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DATABASE_URL", f"mysql://root:{SECRET}@db/x", "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ("DATABASE_OWNER_URL", SECRET, "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"),
        ("ENCRYPTION_KEY", SECRET, "expected 64 hexadecimal digits"),
        ("ENCRYPTION_KEY", "0" * 63, "expected 64 hexadecimal digits"),
        ("ENCRYPTION_KEY", "0" * 65, "expected 64 hexadecimal digits"),
        ("ENCRYPTION_KEY", "g" * 64, "expected 64 hexadecimal digits"),
        ("TELLYKEEP_BIND", "8787", "expected ADDRESS:PORT"),
        ("TELLYKEEP_BIND", ":8787", "expected ADDRESS:PORT"),
        ("TELLYKEEP_BIND", "0.0.0.0:65536", "expected ADDRESS:PORT"),
        ("TELLYKEEP_BIND", "0.0.0.0:http", "expected ADDRESS:PORT"),
        ("TELLYKEEP_THREADS", "1", "greater than or equal to 2"),
        ("TELLYKEEP_THREADS", "257", "less than or equal to 256"),
        ("TELLYKEEP_LOG_LEVEL", "loud", "expected debug, info, warning or error"),
        ("PUBLIC_URL", "nas.local:8787", "begins with http:// or https://"),
        ("TMDB_URL", "file:///etc/passwd", "begins with http:// or https://"),
        ("PLEX_TV_URL", "https://", "begins with http:// or https://"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "expected addresses or networks separated by commas"),
        ("TRUSTED_PROXIES", "proxy.local", "expected addresses or networks separated by commas"),
        ("OIDC_ISSUER", "id.example.org", "begins with http:// or https://"),
        ("OIDC_NAME", "x" * 61, "at most 60 characters"),
        ("OIDC_NEW_ACCOUNTS", "some", "valid boolean"),
        ("TRUSTED_HEADER_USER", "Remote User", "expected the name of a request header"),
        ("TRUSTED_HEADER_USER", "Remote-User", "name the proxy that sends it in TRUSTED_PROXIES"),
        ("TRUSTED_HEADER_NEW_ACCOUNTS", "perhaps", "valid boolean"),
        ("WEBHOOK_RATE_LIMIT", "often", 'expected a rate such as "100 per minute"'),
        ("LOG_RETENTION_DAYS", "0", "greater than or equal to 1"),
        ("LOG_RETENTION_DAYS", "ninety", "valid integer"),
        ("TZ", "Mars/Olympus_Mons", "expected a time zone name such as Europe/Berlin"),
        ("TZ", "../../etc/passwd", "expected a time zone name such as Europe/Berlin"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_a_secret_is_not_shown(
    name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    message = str(refused.value)
    assert message.startswith(f"{name}: ")
    assert expected in message
    assert SECRET not in message
    assert message.count("\n") == 0


def test_a_provider_needs_to_know_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_ISSUER", "https://id.example.org/tellykeep/")
    with pytest.raises(InvalidSettings, match=r"^OIDC_CLIENT_ID: OIDC_ISSUER is set"):
        load_settings()
    monkeypatch.setenv("OIDC_CLIENT_ID", "tellykeep")
    # Not shortened: with a / at its end it is another one.
    assert load_settings().oidc_issuer == "https://id.example.org/tellykeep/"


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLYKEEP_BIND", "8787")
    monkeypatch.setenv("LOG_RETENTION_DAYS", "0")
    with pytest.raises(InvalidSettings) as refused:
        load_settings()
    assert [line.partition(":")[0] for line in str(refused.value).splitlines()] == [
        "TELLYKEEP_BIND",
        "LOG_RETENTION_DAYS",
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TELLYKEEP_BIND", "[::]:8787", "[::]:8787"),
        ("PUBLIC_URL", "https://tv.example.org/", "https://tv.example.org"),
        ("TMDB_URL", "http://127.0.0.1:9/3/", "http://127.0.0.1:9/3"),
        ("TELLYKEEP_LOG_LEVEL", "DEBUG", "debug"),
        ("WEBHOOK_RATE_LIMIT", "5/second;200/minute", "5/second;200/minute"),
        ("TZ", "Europe/Berlin", "Europe/Berlin"),
        ("ENCRYPTION_KEY", "AbCdEf01" * 8, "AbCdEf01" * 8),
        (
            "TRUSTED_PROXIES",
            " 172.16.0.0/12, 192.168.1.7/24 ,fd00::/8,",
            (
                ipaddress.ip_network("172.16.0.0/12"),
                ipaddress.ip_network("192.168.1.0/24"),
                ipaddress.ip_network("fd00::/8"),
            ),
        ),
    ],
)
def test_a_right_value_is_taken(name: str, value: str, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert value_of(load_settings(), name) == expected


def test_variables_of_other_programs_are_not_taken_for_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("database_url", "bind", "threads", "timezone", "Tz"):
        monkeypatch.setenv(name, "nonsense")
    assert load_settings() == Settings()


def test_an_argument_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", VALID["DATABASE_URL"])
    monkeypatch.setenv("TELLYKEEP_BIND", "127.0.0.1:1")
    settings = load_settings(database_url=None, bind="127.0.0.1:2")
    assert settings.embedded
    assert settings.bind == "127.0.0.1:2"


def test_printing_the_settings_prints_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VALID.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert SECRET not in text
        assert VALID["ENCRYPTION_KEY"] not in text
