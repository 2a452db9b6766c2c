"""`tellykeep demo`: plays the script, then (without --once) goes on at a human pace until it is stopped."""

from __future__ import annotations

import random
import socket
import time
from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.db.queries import queries
from app.demo import past
from app.demo.appliance import Appliance, running
from app.demo.drawn_posters import tmdb_path
from app.demo.library import LIBRARY, NEW, SampleShow
from app.demo.look_ups import KEY, decided, knowing_servers
from app.demo.messages import episode
from app.demo.plex import PlexServer
from app.demo.reckoning import differences
from app.demo.script import ANSWER, ANSWERED, WATCHED_A_MONTH_AGO, Step, looked_up_steps, steps
from app.settings import Settings

_COLOURS = {
    "success": "green",
    "conflict": "yellow",
    "pending": "cyan",
    "ignored": "bright_black",
    "duplicate": "bright_black",
    "failed": "red",
}
_MONTH = 30 * 86_400


def run(settings: Settings, *, once: bool) -> int:
    """Runs the demo and returns the exit code: 0 only if everything came out as the script says.

    Args:
        settings: only `bind` counts, and only without `once`; data and keys are made for the demo and removed.
        once: stop after the script.
    """
    console = Console(highlight=False)
    with (
        knowing_servers() as servers,
        running(
            _free_address() if once else settings.bind,
            tmdb_url=servers.tmdb.url,
            tmdb_image_url=servers.tmdb.image_url,
            plex_tv_url=servers.plex_tv.url,
        ) as appliance,
    ):
        shows = _fill(appliance)
        plex = PlexServer(appliance.owner.call("GET", "/api/plex/config")["webhook_url"])
        played = list(steps())
        wrong = _play(console, appliance, plex, played, "What Plex sends, and what comes of it")
        wrong += _answer(console, appliance, shows)
        servers.connect(appliance.owner)
        looked_up = list(looked_up_steps())
        wrong += _play(console, appliance, plex, looked_up, "\nWhat comes of it when Plex and TMDB can be asked")
        played += looked_up
        shows[NEW] = _added(appliance)
        wrong += _summary(console, appliance, shows, played)
        if once:
            return 1 if wrong else 0
        console.print("\nA year of evenings before today is filled in.")
        past.fill(appliance.owner)
        past.ask(plex)
        _hang_posters(appliance)
        console.print(
            f"\nOpen [bold]{appliance.address}[/] and sign in as [bold]sam[/] with {escape(appliance.password)}"
        )
        console.print(
            f"The setup can be walked at {appliance.address}/welcome; the simulated TMDB takes the key {KEY}."
        )
        console.print("Ctrl-C ends it and removes its data.\n")
        try:
            _go_on(console, plex)
        except KeyboardInterrupt:
            console.print("\nThe demo's data is removed.")
    return 0


def _hang_posters(appliance: Appliance) -> None:
    with appliance.services.db.connection() as connection:
        for show in (*LIBRARY, *past.SHOWS):
            queries().demo_hang_poster(
                connection,
                user_id=appliance.user_id,
                title=show.title,
                year=show.year,
                poster_path=tmdb_path(show),
            )


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _fill(appliance: Appliance) -> dict[SampleShow, int]:
    """Adds the sample shows and what was watched before; returns their ids."""
    shows = {show: int(appliance.owner.call("POST", "/api/shows", show.document())["id"]) for show in LIBRARY}
    show, season, number = WATCHED_A_MONTH_AGO
    long_ago = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - _MONTH))
    appliance.owner.call(
        "PUT",
        f"/api/shows/{shows[show]}/episodes/{season}/{number}",
        {"watched": True, "watched_at": long_ago},
    )
    return shows


def _play(console: Console, appliance: Appliance, plex: PlexServer, played: list[Step], title: str) -> int:
    wrong = 0
    table = Table("webhook", "title", "status", "action", title=title, title_justify="left")
    for step in played:
        answer = plex.send(step.message)
        outcome = (answer["status"], answer["action"])
        if answer["status"] == "pending":
            row = decided(appliance.owner, answer)
            outcome = (row["status"], row["action_taken"])
        right = outcome == step.expected
        wrong += not right
        table.add_row(
            step.what,
            escape(_title(step.message["Metadata"])),
            f"[{_COLOURS[outcome[0]]}]{outcome[0]}[/]",
            outcome[1] if right else f"[red]{outcome[1]}, not {step.expected[1]}[/]",
        )
    console.print(table)
    return wrong


def _added(appliance: Appliance) -> int:
    """The tracker's id of the show that a look-up has added; 0 when there is none."""
    shows = appliance.owner.call("GET", "/api/shows?limit=100")["shows"]
    return next((int(show["id"]) for show in shows if show["title"] == NEW.title), 0)


def _title(metadata: dict[str, Any]) -> str:
    if "grandparentTitle" not in metadata or "parentIndex" not in metadata:
        return str(metadata["title"])
    number = f"E{metadata['index']:02d}" if "index" in metadata else f" of {metadata.get('originallyAvailableAt')}"
    return f"{metadata['grandparentTitle']} S{metadata['parentIndex']:02d}{number}"


def _answer(console: Console, appliance: Appliance, shows: dict[SampleShow, int]) -> int:
    """Answers the one question; both episodes that waited are marked."""
    conflicts = appliance.owner.call("GET", "/api/plex/conflicts")["conflicts"]
    if len(conflicts) != 1 or conflicts[0]["held"] != len(ANSWERED):
        console.print(f"[red]Expected one conflict that holds {len(ANSWERED)} events, found {len(conflicts)}.[/]")
        return 1
    conflict = conflicts[0]
    names = ", ".join(f"{match['title']} ({match['year']})" for match in conflict["potential_matches"])
    console.print(f"\nThe question: which show is “{escape(conflict['plex_title'])}”? {escape(names)}")
    answer = appliance.owner.call(
        "POST",
        f"/api/plex/conflicts/{conflict['id']}/resolve",
        {"action": "select", "tvshow_id": shows[ANSWER]},
    )
    console.print(
        f"The answer: {ANSWER.title} ({ANSWER.year}). Events that waited and were applied: {answer['replayed']}"
    )
    return int(answer["replayed"] != len(ANSWERED))


def _summary(console: Console, appliance: Appliance, shows: dict[SampleShow, int], played: list[Step]) -> int:
    """Counts what the script must have led to, and holds it against the database."""
    expected = Counter(step.expected[0] for step in played)
    expected["success"] += len(ANSWERED)
    expected["conflict"] -= len(ANSWERED)
    watched = {step.marks for step in played if step.marks} | {WATCHED_A_MONTH_AGO} | set(ANSWERED)
    plays = sum(step.plays for step in played) + 1 + len(ANSWERED)
    wrong = differences(appliance.services, appliance.user_id, +expected, watched, plays, shows)
    counts = ", ".join(f"{count} {status}" for status, count in sorted((+expected).items()))
    console.print(f"\n{len(played)} webhooks: {counts}; {len(watched)} episodes watched in {plays} viewings.")
    for line in wrong:
        console.print(f"[red]In the database: {escape(line)}[/]")
    if not wrong:
        console.print("[green]The database says the same.[/]")
    return len(wrong)


def _go_on(console: Console, plex: PlexServer) -> None:
    """The next unwatched episodes, one every few seconds, as evenings in a household that never sleeps."""
    queue = [
        (show, season, number + 1)
        for show in LIBRARY
        for season in show.seasons
        if season
        for number in range(show.seasons[season])
    ]
    chooser = random.Random(7)  # noqa: S311 - a demo, not a secret
    while queue:
        show, season, number = queue.pop(chooser.randrange(len(queue)))
        for event in ("media.play", "media.scrobble"):
            answer = plex.send(episode(show, season, number, event=event))
            if event == "media.scrobble":
                console.print(f"{show.title} S{season:02d}E{number:02d}: {answer['status']} ({answer['action']})")
            time.sleep(chooser.uniform(1.5, 4))
