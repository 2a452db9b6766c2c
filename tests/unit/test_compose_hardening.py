"""compose.yaml: no service may do more than it has to."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.transfer.importing import MOST_BYTES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
# What a service needs of what root may do, after all was taken.
CAPABILITIES: dict[str, set[str]] = {
    "tellykeep": set(),
    "caddy": {"NET_BIND_SERVICE"},
    "postgres": {"CHOWN", "SETUID", "SETGID"},
}


def test_every_service_is_looked_at() -> None:
    assert set(SERVICES) == set(CAPABILITIES)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_writes_to_its_volumes_only_and_gains_no_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) == CAPABILITIES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "devices", "pid", "ipc", "network_mode", "userns_mode"} & set(service)
    assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))


def test_files_of_the_checkout_are_mounted_to_be_read_only() -> None:
    mounted = [volume for service in SERVICES.values() for volume in service.get("volumes", []) if volume[0] in "./"]
    assert mounted
    assert all(volume.endswith(":ro") for volume in mounted)


def test_only_the_doors_are_published() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"tellykeep", "caddy"}
    assert SERVICES["caddy"]["ports"] == ["80:80", "443:443"]


def _with_defaults(value: object) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", str(value))


def test_caddy_has_the_address_that_is_believed_and_no_other_container_can_get_it() -> None:
    network = COMPOSE["networks"]["caddy"]
    [pool] = network["ipam"]["config"]
    subnet, given = (ip_network(_with_defaults(pool[name])) for name in ("subnet", "ip_range"))
    address = ip_address(_with_defaults(SERVICES["caddy"]["networks"]["caddy"]["ipv4_address"]))
    assert _with_defaults(SERVICES["tellykeep"]["environment"]["TELLYKEEP_CADDY_ADDRESS"]) == str(address)
    assert network["internal"] is True
    assert address in subnet
    assert address not in given
    # What comes by a published port may look like the gateway.
    assert address != next(subnet.hosts())


def test_caddy_lets_the_largest_import_through() -> None:
    caddyfile = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    [megabytes] = re.findall(r"max_size (\d+)MB", caddyfile)
    assert int(megabytes) * 1_000_000 > MOST_BYTES + 64 * 1024


def test_caddy_and_tellykeep_meet_in_that_network_only() -> None:
    assert set(SERVICES["caddy"]["networks"]) & set(SERVICES["tellykeep"]["networks"]) == {"caddy"}
