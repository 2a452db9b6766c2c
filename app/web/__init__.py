"""HTML pages, a blueprint a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Adds the pages and what their templates need."""
    from htmx_flask import Htmx

    from app.security.access import current_identity
    from app.security.oidc import provider_name
    from app.services import services
    from app.tracker.conflicts import count_open_conflicts
    from app.web import (
        activity,
        amounts,
        answers,
        appearance,
        assets,
        compression,
        conflict_words,
        conflicts,
        connect_events,
        connect_plex,
        connect_server,
        connect_tmdb,
        door,
        episodes,
        figures,
        history,
        home,
        installed,
        mapping_words,
        mappings,
        marks,
        moments,
        notes,
        numbering,
        oidc,
        posters,
        search,
        second_step,
        settings,
        several_mappings,
        show_changes,
        shows,
        upcoming,
        uploads,
        vendor,
        welcome,
        wording,
    )

    Htmx(app)
    app.request_class = uploads.Upload
    assets.register(app)
    compression.register(app)
    for module in (
        door,
        second_step,
        oidc,
        home,
        figures,
        upcoming,
        conflicts,
        answers,
        shows,
        show_changes,
        marks,
        episodes,
        mappings,
        numbering,
        several_mappings,
        activity,
        history,
        search,
        posters,
        appearance,
        welcome,
        connect_plex,
        connect_server,
        connect_events,
        connect_tmdb,
        installed,
    ):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(upcoming.feed_blueprint)
    settings.register(app)
    app.jinja_env.globals.update(
        HTMX=vendor.HTMX,
        TABLER=vendor.TABLER,
        ICONS=vendor.ICONS,
        STATUSES=wording.STATUSES,
        EVENTS=wording.EVENTS,
        SOURCES=wording.SOURCES,
        status_of=wording.status_of,
        reason_of=wording.reason_of,
        event_of=wording.event_of,
        source_of=wording.source_of,
        episode_code=wording.episode_code,
        chosen_theme=appearance.chosen_theme,
        notes=notes.notes,
        oidc_name=lambda: provider_name(services().settings),
        poster_address=posters.poster_address,
        poster_letters=posters.poster_letters,
        poster_tone=posters.poster_tone,
        not_tracked=mapping_words.not_tracked,
        likelihood_of=conflict_words.likelihood_of,
        method_words=mapping_words.method_of,
        mapping_why=mapping_words.why_of,
        rule_words=mapping_words.rule_of,
        rule_source=mapping_words.source_of,
        open_conflicts=lambda: count_open_conflicts(services(), current_identity().user_id),
    )
    app.jinja_env.filters.update(
        moment=moments.moment,
        exact_moment=moments.exact_moment,
        clock_time=moments.clock_time,
        read_moment=moments.read_moment,
        day_and_time=moments.day_and_time,
        day_and_clock=moments.day_and_clock,
        day=moments.plain_day,
        milliseconds=amounts.milliseconds,
        share=amounts.share,
        duration=amounts.duration,
        size=amounts.size,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
