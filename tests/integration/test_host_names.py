"""The Host header: what a website gets that leads a name of its own to the appliance, and what ALLOWED_HOSTS refuses."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.security import accounts
from app.services import Services
from tests.integration.browser import PASSWORD, Browser
from tests.payloads import multipart
from tests.scrobbles import scrobble
from tests.security.routes import routes_of

pytestmark = pytest.mark.usefixtures("cheap_passwords")

EVIL = "http://evil.example:8787"
AT_HOME = {"REMOTE_ADDR": "192.168.1.30"}
PROXY = "172.20.0.5"


def _with(services: Services, **values: Any) -> FlaskClient:
    services.settings = services.settings.model_copy(update=values)
    return create_app(services).test_client()


@pytest.mark.parametrize(
    "name", ["evil.example", "nas.local.evil.example", "evil.example.", "a_b.evil.example", "a!b.evil.example", "[x"]
)
def test_figures_are_not_shown_to_a_website_that_leads_a_name_here(client: FlaskClient, name: str) -> None:
    answer = client.get("/metrics", environ_base=AT_HOME, headers={"Host": name})
    assert answer.status_code == 421
    assert "ALLOWED_HOSTS" in answer.get_json()["error"]["message"]
    assert "tellykeep_" not in answer.text


@pytest.mark.parametrize(
    "name", ["192.168.1.20:8787", "[fd00::7]:8787", "nas", "NAS.local", "nas.lan", "nas.tail12.ts.net"]
)
def test_figures_are_shown_under_names_of_the_home(client: FlaskClient, name: str) -> None:
    assert client.get("/metrics", environ_base=AT_HOME, headers={"Host": name}).status_code == 200


def test_figures_are_shown_under_names_that_the_settings_have(services: Services) -> None:
    public = _with(services, public_url="https://tv.example.org")
    assert public.get("/metrics", base_url="http://tv.example.org:8787", environ_base=AT_HOME).status_code == 200
    allowed = _with(services, public_url=None, allowed_hosts=("*.example.net",))
    assert allowed.get("/metrics", base_url="http://tv.example.net", environ_base=AT_HOME).status_code == 200


def test_a_token_opens_the_figures_under_every_name(
    services: Services, client: FlaskClient, make_user: Callable[..., int]
) -> None:
    make_user("ann")
    header = {"Authorization": f"Bearer {accounts.create_token(services, 'ann', scope='read')}"}
    assert client.get("/metrics", base_url=EVIL, environ_base=AT_HOME, headers=header).status_code == 200


def test_by_https_through_a_trusted_proxy_every_name_is_its_owners(services: Services) -> None:
    http = _with(services, trusted_proxies=(ip_network(PROXY),))
    base = {"REMOTE_ADDR": PROXY}
    headers = {"X-Forwarded-For": "192.168.1.30", "Host": "tv.example.org"}
    assert http.get("/metrics", environ_base=base, headers=headers).status_code == 421
    assert http.get("/metrics", environ_base=base, headers=headers | {"X-Forwarded-Proto": "https"}).status_code == 200
    # What a page can send of itself does not make it https.
    sent = {"X-Forwarded-Proto": "https", "Host": "evil.example"}
    assert http.get("/metrics", environ_base=AT_HOME, headers=sent).status_code == 421


def test_what_a_page_writes_into_a_forwarded_host_does_not_make_its_name_known(services: Services) -> None:
    """A page can send every X- header; a proxy that does not set this one passes it on."""
    http = _with(services, trusted_proxies=(ip_network(PROXY),))
    headers = {"X-Forwarded-For": "192.168.1.30", "Host": "evil.example", "X-Forwarded-Host": "nas.lan"}
    assert http.get("/metrics", environ_base={"REMOTE_ADDR": PROXY}, headers=headers).status_code == 421
    # One that puts its own name for the appliance into Host has the browser's in the other.
    headers = headers | {"Host": "tellykeep:8787"}
    assert http.get("/metrics", environ_base={"REMOTE_ADDR": PROXY}, headers=headers).status_code == 200


def test_a_proxys_header_is_nothing_by_http_under_a_name_that_is_not_known(services: Services) -> None:
    accounts.create_user(services, "mira", PASSWORD)
    http = _with(services, trusted_proxies=(ip_network(PROXY),), trusted_header_user="Remote-User")

    def sign_in(**headers: str) -> int:
        base = {"REMOTE_ADDR": PROXY, "HTTP_REMOTE_USER": "mira"}
        return http.get("/sign-in", environ_base=base, headers={"Cookie": ""} | headers).status_code

    assert sign_in(Host="evil.example") == 200, "the form, and nobody is signed in"
    assert sign_in(Host="evil.example", **{"X-Forwarded-Proto": "https"}) == 302
    http.delete_cookie("tellykeep")
    assert sign_in(Host="tellykeep:8787") == 302


def test_without_allowed_hosts_no_page_is_refused(services: Services, client: FlaskClient) -> None:
    """A proxy with a public name, of which nobody told Tellykeep, goes on working."""
    accounts.create_user(services, "mira", PASSWORD)
    for path in ("/sign-in", "/static/app.css", "/healthz", "/readyz"):
        assert client.get(path, base_url="http://tv.example.org").status_code == 200, path


def test_with_allowed_hosts_every_route_refuses_other_names(services: Services) -> None:
    accounts.create_user(services, "mira", PASSWORD)
    http = _with(services, allowed_hosts=("tv.example.org",))
    wrong = []
    for route in routes_of(http.application):
        status = http.open(route.path(), method=route.method, base_url=EVIL).status_code
        is_open = route.rule.endpoint in ("webhook.take_webhook", "health.alive", "health.ready")
        if (status == 421) is is_open:
            wrong.append((str(route), status))
    assert wrong == []
    assert http.get("/nothing", base_url=EVIL).status_code == 421
    for base in ("http://tv.example.org", "https://tv.example.org", "http://192.168.1.20:8787", "http://nas.lan"):
        assert http.get("/sign-in", base_url=base).status_code == 200, base


def test_the_refusal_says_what_to_set_and_shows_a_hostile_name_as_text(services: Services) -> None:
    accounts.create_user(services, "mira", PASSWORD)
    http = _with(services, allowed_hosts=("tv.example.org",))
    page = http.get("/sign-in", base_url="http://other.example.org")
    assert "add that to ALLOWED_HOSTS" in page.text
    assert "other.example.org" in page.text
    for host in ("<script>alert(1)</script>", 'a"onload=x.example', "[::1", ("x" * 60 + ".") * 99):
        answer = http.get("/sign-in", headers={"Host": host})
        assert answer.status_code == (200 if host == "[::1]" else 421), host
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "",
        "a b",
        "[oops",
        "x" * 63,
        "evil.example:99999",
        "x" * 5000,
        "a..b",
        ".",
        "..",
        ".a",
        "\xff\xfe",
        ":",
    ],
)
@pytest.mark.parametrize("allowed", [(), ("tv.example.org",)])
def test_a_webhook_is_never_refused_for_its_name(
    services: Services, make_user: Callable[..., int], host: str, allowed: tuple[str, ...]
) -> None:
    make_user("sam", secret="right")
    http = _with(services, allowed_hosts=allowed)
    body, kind = multipart(scrobble("Harbour Lights"))
    answer = http.post("/api/plex/webhook?secret=right", data=body, content_type=kind, headers={"Host": host})
    assert answer.status_code in (200, 202), answer.text


def test_its_pages_work_as_ever_under_an_allowed_name(services: Services) -> None:
    accounts.create_user(services, "mira", PASSWORD)
    services.settings = services.settings.model_copy(update={"allowed_hosts": ("tv.example.org",)})
    browser = Browser(create_app(services))
    browser.http.environ_base["HTTP_HOST"] = "tv.example.org"
    assert browser.sign_in("mira").location == "/"
