"""The settings: a list of sections, a blueprint and a template each.

A section is a module here with a blueprint under `/settings/NAME`, a template that extends `settings/_frame.html`, and a line
in `SECTIONS`, from which come the list, the side bar and the title.
"""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, Flask, render_template

from app.security.access import current_identity, guard_pages


class Section(NamedTuple):
    """One of them.

    Attributes:
        endpoint: of its page.
        name: as the list and the page's heading have it.
        icon: name in the sprite.
        about: what is in it, in a few words.
        needs_admin: whether only administrators see it and may open it.
    """

    endpoint: str
    name: str
    icon: str
    about: str
    needs_admin: bool = False


SECTIONS: tuple[Section, ...] = (
    Section("settings_account.show", "Account", "user-circle", "Your name and password"),
    Section("settings_security.show", "Security", "shield-lock", "The second step, and where you are signed in"),
    Section("settings_plex.show", "Plex", "plug-connected", "Sign-in, server, who counts, webhook and history"),
    Section("settings_tmdb.show", "TMDB", "movie", "The key that shows are looked up with"),
    Section("settings_appearance.show", "Appearance", "palette", "Light or dark, and your time zone"),
    Section(
        "settings_sync.show",
        "Sync",
        "adjustments",
        "What is done without asking, and when you are asked",
    ),
    Section("settings_webhook.show", "Webhook", "webhook", "Its address, a test, another secret"),
    Section("settings_tokens.show", "API tokens", "key", "For scripts and other programs"),
    Section("settings_transfer.show", "Export, import", "download", "Everything that you own, as a file"),
    Section("settings_users.show", "Users", "users", "Who has an account, and who manages them", needs_admin=True),
    Section(
        "settings_backup.show",
        "Backup",
        "server",
        "What there is, another one now, and how to go back",
        needs_admin=True,
    ),
    Section("settings_doctor.show", "Doctor", "zoom-question", "Is everything in order, and what to do if not"),
)

blueprint = Blueprint("settings", __name__, url_prefix="/settings")
guard_pages(blueprint)


@blueprint.get("")
def index() -> str:
    """The list of sections."""
    return render_template("settings/index.html")


def visible_sections() -> list[Section]:
    """Those that who is signed in may open. For templates."""
    is_admin = current_identity().is_admin
    return [section for section in SECTIONS if is_admin or not section.needs_admin]


def register(app: Flask) -> None:
    """Adds the list and every section."""
    from app.web.settings import (
        account,
        appearance,
        backup,
        confirm,
        doctor,
        plex,
        second_step,
        security,
        single_sign_on,
        sync,
        tmdb,
        tokens,
        transfer,
        user_ways_in,
        users,
        webhook,
    )

    for module in (
        account,
        security,
        second_step,
        single_sign_on,
        confirm,
        plex,
        tmdb,
        appearance,
        sync,
        webhook,
        tokens,
        transfer,
        users,
        user_ways_in,
        backup,
        doctor,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(blueprint)
    app.jinja_env.globals.update(settings_sections=visible_sections)
