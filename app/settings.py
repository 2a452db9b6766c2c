"""Every environment variable, typed. `.env.example` explains the same names to users; a test holds the two together."""

from __future__ import annotations

import ipaddress
import os
import re
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class InvalidSettings(Exception):
    """A setting has a value that cannot be right. The message names each variable and what was expected."""


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads NAME from the file that NAME_FILE names, as container platforms hand over secrets."""

    names = (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "ENCRYPTION_KEY",
        "TMDB_API_KEY",
        "OIDC_CLIENT_SECRET",
        "RATELIMIT_STORAGE_URI",
    )

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name in self.names:
            path = os.environ.get(f"{name}_FILE")
            if not path:
                continue
            if os.environ.get(name):
                raise InvalidSettings(f"{name} and {name}_FILE are both set: keep one of them")
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise InvalidSettings(f"{name}_FILE: cannot read {path}: {error.strerror}") from None
        return values


def _name(name: str) -> Any:
    return Field(validation_alias=AliasChoices(name))


class Settings(BaseSettings):
    """What the environment says. Secrets are SecretStr, so that printing the settings prints none of them."""

    # Not populate_by_name: a variable `threads` or `bind` of somebody else's would be taken for ours.
    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, case_sensitive=True)

    database_url: Annotated[SecretStr | None, _name("DATABASE_URL")] = None
    database_owner_url: Annotated[SecretStr | None, _name("DATABASE_OWNER_URL")] = None
    data_dir: Annotated[Path, _name("TELLYKEEP_DATA_DIR")] = Path("data")
    bind: Annotated[str, _name("TELLYKEEP_BIND")] = "0.0.0.0:8787"
    threads: Annotated[int, Field(ge=2, le=256), _name("TELLYKEEP_THREADS")] = 16
    log_level: Annotated[str, _name("TELLYKEEP_LOG_LEVEL")] = "info"
    public_url: Annotated[str | None, _name("PUBLIC_URL")] = None
    encryption_key: Annotated[SecretStr | None, _name("ENCRYPTION_KEY")] = None
    tmdb_api_key: Annotated[SecretStr | None, _name("TMDB_API_KEY")] = None
    tmdb_url: Annotated[str, _name("TMDB_URL")] = "https://api.themoviedb.org/3"
    tmdb_image_url: Annotated[str, _name("TMDB_IMAGE_URL")] = "https://image.tmdb.org/t/p"
    plex_tv_url: Annotated[str, _name("PLEX_TV_URL")] = "https://plex.tv"
    plex_app_url: Annotated[str, _name("PLEX_APP_URL")] = "https://app.plex.tv"
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, _name("TRUSTED_PROXIES")] = ()
    allowed_hosts: Annotated[tuple[str, ...], NoDecode, _name("ALLOWED_HOSTS")] = ()
    caddy_address: Annotated[Address | None, _name("TELLYKEEP_CADDY_ADDRESS")] = None
    trusted_header_user: Annotated[str | None, _name("TRUSTED_HEADER_USER")] = None
    trusted_header_new_accounts: Annotated[bool, _name("TRUSTED_HEADER_NEW_ACCOUNTS")] = False
    oidc_issuer: Annotated[str | None, _name("OIDC_ISSUER")] = None
    oidc_client_id: Annotated[str | None, _name("OIDC_CLIENT_ID")] = None
    oidc_client_secret: Annotated[SecretStr | None, _name("OIDC_CLIENT_SECRET")] = None
    oidc_name: Annotated[str, Field(max_length=60), _name("OIDC_NAME")] = "single sign-on"
    oidc_new_accounts: Annotated[bool, _name("OIDC_NEW_ACCOUNTS")] = False
    ratelimit_storage_uri: Annotated[SecretStr, _name("RATELIMIT_STORAGE_URI")] = SecretStr("memory://")
    webhook_rate_limit: Annotated[str, _name("WEBHOOK_RATE_LIMIT")] = "100 per minute"
    log_retention_days: Annotated[int, Field(ge=1, le=36500), _name("LOG_RETENTION_DAYS")] = 90
    nightly_backups: Annotated[int, Field(ge=0, le=365), _name("NIGHTLY_BACKUPS")] = 0
    poster_cache_mb: Annotated[int, Field(ge=1), _name("POSTER_CACHE_MB")] = 500
    disk_reserve_mb: Annotated[int, Field(ge=0), _name("DISK_RESERVE_MB")] = 500
    timezone: Annotated[str, _name("TZ")] = "UTC"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then NAME_FILE."""
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @field_validator("encryption_key")
    @classmethod
    def _key_is_256_bits(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("expected 64 hexadecimal digits (make one with: openssl rand -hex 32)")
        return value

    @field_validator("bind")
    @classmethod
    def _bind_is_host_and_port(cls, value: str) -> str:
        host, colon, port = value.rpartition(":")
        if not colon or not host or not port.isdigit() or int(port) > 65535:
            raise ValueError("expected ADDRESS:PORT, such as 0.0.0.0:8787 or [::]:8787")
        return value

    @field_validator("public_url", "tmdb_url", "tmdb_image_url", "plex_tv_url", "plex_app_url")
    @classmethod
    def _is_http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("expected an address that begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_postgres_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in ("postgres", "postgresql"):
            raise ValueError("expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
        return value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in value.split(",") if part.strip())
        except ValueError as error:
            raise ValueError(f"expected addresses or networks separated by commas: {error}") from None

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _host_names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = [part.strip().lower().removesuffix(".") for part in value.split(",") if part.strip()]
        for name in names:
            if not re.fullmatch(r"(\*\.)?[\w-]+(\.[\w-]+)*", name):
                raise ValueError(
                    "expected names separated by commas, such as tv.example.org,*.example.net, without port"
                )
        # As browsers send them.
        return tuple(name.encode("idna").decode() if not name.isascii() else name for name in names)

    @field_validator("caddy_address", mode="before")
    @classmethod
    def _is_address(cls, value: object) -> object:
        try:
            return ipaddress.ip_address(value) if isinstance(value, str) else value
        except ValueError:
            raise ValueError("expected one address, such as 10.212.87.2") from None

    @field_validator("trusted_header_user")
    @classmethod
    def _is_header(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,99}", value):
            raise ValueError("expected the name of a request header, such as Remote-User")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, value: str | None) -> str | None:
        # Not shortened: an issuer that ends with / is another one.
        if value is not None and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc):
            raise ValueError("expected an address that begins with http:// or https://")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.trusted_header_user is not None and not self.trusted_proxies:
            raise ValueError(
                "TRUSTED_HEADER_USER: name the proxy that sends it in TRUSTED_PROXIES; nobody else is believed"
            )
        if self.oidc_issuer is not None and self.oidc_client_id is None:
            raise ValueError("OIDC_CLIENT_ID: OIDC_ISSUER is set, and the provider must know who asks")
        return self

    @field_validator("webhook_rate_limit")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        from limits import parse_many

        try:
            parse_many(value)
        except ValueError:
            raise ValueError('expected a rate such as "100 per minute"') from None
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("expected debug, info, warning or error")
        return value.lower()

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("expected a time zone name such as Europe/Berlin") from None
        return value

    @property
    def embedded(self) -> bool:
        """Whether the appliance runs its own PostgreSQL."""
        return self.database_url is None


def environment_name(attribute: str) -> str:
    """The variable that sets the attribute: `data_dir` → `TELLYKEEP_DATA_DIR`."""
    alias = Settings.model_fields[attribute].validation_alias
    assert isinstance(alias, AliasChoices)  # noqa: S101 - every field has one, for mypy
    return str(alias.choices[0])


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment.

    Args:
        overrides: values by the names of the attributes; they win.

    Raises:
        InvalidSettings: names every variable that is wrong and what was expected; never shows a secret's value.
    """
    try:
        return Settings(**{environment_name(name): value for name, value in overrides.items()})
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            message = problem["msg"].removeprefix("Value error, ")
            # What is wrong with several of them together names them itself.
            lines.append(f"{problem['loc'][0]}: {message}" if problem["loc"] else message)
        raise InvalidSettings("\n".join(lines)) from None
