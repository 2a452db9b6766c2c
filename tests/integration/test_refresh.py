"""Shows that are read anew: on demand, and by the job; and the clock that runs the jobs."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from app.jobs import running
from app.jobs.cleaning import clean
from app.jobs.refresh import refresh_shows
from app.jobs.running import Cancelled, Run, run_job
from app.jobs.scheduler import Scheduled, Scheduler
from app.security.accounts import create_token
from tests import payloads
from tests.fakes import failures
from tests.integration.api_client import ApiClient
from tests.integration.household import SHOW, Household
from tests.watch_state import episode_entry, one, show_row, value

pytestmark = pytest.mark.timeout(120)

IDS = payloads.show_ids(SHOW)


@pytest.fixture
def api(household: Household, client: Any) -> ApiClient:
    """The household's own API client."""
    token = create_token(household.services, "sam", scope="write")
    return ApiClient(client.application, token, household.user_id, client.application.test_client(), {})


def test_a_show_is_read_anew_on_demand(household: Household, api: ApiClient) -> None:
    show = household.has(SHOW, tmdb_id=household.tmdb_has(), seasons={1: 2})
    answer = api.call("POST", f"/api/shows/{show}/refresh")
    assert answer == {"source": "tmdb", "added": 6, "moved": [], "removed": [], "kept": [], "names": 0}
    assert show_row(household.conn, show)["total_episodes"] == 8
    # Asked anew each time, whatever is remembered.
    before = household.tmdb.count(f"/tv/{IDS['tmdb']}")
    assert api.call("POST", f"/api/shows/{show}/refresh")["added"] == 0
    assert household.tmdb.count(f"/tv/{IDS['tmdb']}") == before + 1


def test_without_a_tmdb_id_the_plex_server_that_sent_an_episode_is_asked(household: Household, api: ApiClient) -> None:
    household.plex_has(ids=("tvdb",))
    show = household.has(SHOW, tvdb_id=IDS["tvdb"], seasons={2: 3})
    household.looks_up()
    answer = api.call("POST", f"/api/shows/{show}/refresh")
    assert (answer["source"], answer["added"]) == ("plex", 5)
    assert episode_entry(household.conn, show, 2, 3)["watched"] is True


def test_a_rating_key_that_stands_for_another_show_by_now_brings_nothing_of_it(
    household: Household, api: ApiClient
) -> None:
    key = household.plex_has(ids=("tvdb",))
    show = household.has(SHOW, tvdb_id=IDS["tvdb"], seasons={2: 3})
    household.looks_up()
    # The library was rebuilt, and gave the key to another show.
    del household.plex.shows[key]
    household.plex.add_show(key, "Nightwatch", seasons={1: 9, 5: [{"file": "/tv/S05E01-E02.mkv"}]}, year=1998)
    api.call("POST", f"/api/shows/{show}/refresh", status=422)
    assert show_row(household.conn, show)["total_episodes"] == 3
    assert household.conn.execute("select from show_titles where title = 'Nightwatch'").fetchall() == []


def test_files_with_several_episodes_are_read_on_demand_too(household: Household, api: ApiClient) -> None:
    household.plex_has(ids=("tvdb",))
    show = household.has(SHOW, tvdb_id=IDS["tvdb"], seasons={2: 4})
    household.looks_up()
    household.plex_has(ids=("tvdb",), seasons={2: [{"file": "/tv/Harbour Lights/S02E01-E02.mkv"}]})
    api.call("POST", f"/api/shows/{show}/refresh")
    rule = one(household.conn, "select * from plex_numbering_rules")
    assert (rule["kind"], rule["first_episode"], rule["last_episode"]) == ("double", 1, 2)


def test_a_show_that_nobody_can_be_asked_about_is_told_so(household: Household, api: ApiClient) -> None:
    show = household.has()
    assert "TMDB id" in api.call("POST", f"/api/shows/{show}/refresh", status=422)["error"]["message"]
    gone = household.has("Gone", tmdb_id=404404)
    api.call("POST", f"/api/shows/{gone}/refresh", status=422)
    api.call("POST", "/api/shows/999/refresh", status=404)


def test_a_tmdb_that_does_not_answer_is_told_too(household: Household, api: ApiClient) -> None:
    show = household.has(SHOW, tmdb_id=household.tmdb_has())
    household.tmdb.fail("*", failures.status(500))
    api.call("POST", f"/api/shows/{show}/refresh", status=503)
    household.tmdb.heal()
    household.tmdb.key = "another"
    api.call("POST", f"/api/shows/{show}/refresh", status=422)


def test_a_token_that_may_only_read_cannot_have_a_show_read_anew(household: Household, client: Any) -> None:
    token = create_token(household.services, "sam", scope="read")
    api = ApiClient(client.application, token, household.user_id, client.application.test_client(), {})
    api.call("POST", f"/api/shows/{household.has()}/refresh", status=403)


def test_new_episodes_answer_the_question_about_them(household: Household, api: ApiClient) -> None:
    household.services.settings.tmdb_api_key = None
    household.conn.execute("update plex_config set plex_token = null")
    show = household.has(SHOW, seasons={1: 1}, tmdb_id=IDS["tmdb"])
    held = household.sends(payloads.episode())
    assert held.status == "conflict"
    from pydantic import SecretStr

    from tests.fakes.tmdb import KEY

    household.services.settings.tmdb_api_key = SecretStr(KEY)
    household.tmdb_has()
    api.call("POST", f"/api/shows/{show}/refresh")
    assert value(household.conn, "select status from plex_webhook_logs where id = %s", (held.log_id,)) == "success"


# The job.


def test_the_job_reads_what_is_due_and_reports_what_changed(household: Household) -> None:
    on_air = household.has(SHOW, tmdb_id=household.tmdb_has(), seasons={1: 2})
    ended = household.has("Nightwatch", tmdb_id=household.tmdb_has("Nightwatch", status="Ended"), seasons={1: 4, 2: 4})
    household.has("By hand")
    result = run_job(household.services, "refresh", refresh_shows)
    assert result is not None
    assert (result["due"], result["refreshed"], result["failed"]) == (2, 2, 0)
    (changed,) = result["changed"]
    assert (changed["tvshow_id"], changed["added"], changed["source"]) == (on_air, 6, "tmdb")
    row = one(household.conn, "select * from job_runs")
    assert (row["status"], row["result"]) == ("success", result)

    again = run_job(household.services, "refresh", refresh_shows)
    assert again is not None
    assert again["due"] == 0
    household.conn.execute("update tvshows set refreshed_at = now() - interval '23 hours'")
    daily = run_job(household.services, "refresh", refresh_shows)
    assert daily is not None
    assert daily["due"] == 1
    household.conn.execute("update tvshows set refreshed_at = now() - interval '31 days' where id = %s", (ended,))
    monthly = run_job(household.services, "refresh", refresh_shows)
    assert monthly is not None
    assert monthly["due"] == 1


def test_the_job_gives_up_for_now_when_nobody_answers(household: Household) -> None:
    for number in range(1, 9):
        household.has(f"Show {number}", tmdb_id=number)
    household.tmdb.fail("*", failures.status(500))
    result = run_job(household.services, "refresh", refresh_shows)
    assert result is not None
    assert (result["due"], result["refreshed"], result["failed"]) == (8, 0, 5)
    assert household.tmdb.count() == 5


def test_a_show_that_is_not_at_tmdb_any_more_does_not_stop_the_others(household: Household) -> None:
    household.has("Gone", tmdb_id=404404)
    household.has(SHOW, tmdb_id=household.tmdb_has())
    result = run_job(household.services, "refresh", refresh_shows)
    assert result is not None
    assert (result["refreshed"], result["failed"]) == (1, 1)
    assert value(household.conn, "select count(*) as n from tvshows where refreshed_at is null") == 0


def test_what_tmdb_said_too_long_ago_is_dropped(household: Household) -> None:
    household.conn.execute(
        """insert into tmdb_cache (cache_key, http_status, expires_at)
           values ('old', 404, now() - interval '1 second'), ('new', 404, now() + interval '1 minute')"""
    )
    assert run_job(household.services, "clean", clean) == {"expired_answers": 1}
    assert value(household.conn, "select cache_key from tmdb_cache") == "new"


# Running.


def test_a_job_that_fails_is_kept_with_its_reason(household: Household) -> None:
    def fails(run: Run) -> dict[str, Any]:
        raise ValueError("no\nsuch luck")

    assert run_job(household.services, "fails", fails) is None
    row = one(household.conn, "select * from job_runs")
    assert (row["status"], row["error_message"]) == ("failed", "ValueError: no")


def test_a_job_that_runs_does_not_run_twice_nor_too_soon(household: Household) -> None:
    def job(run: Run) -> dict[str, Any]:
        return {"inner": run_job(run.services, "job", job)}

    assert run_job(household.services, "job", job) == {"inner": None}
    assert run_job(household.services, "job", job, apart_seconds=60) is None


def test_a_job_stops_when_the_process_ends(household: Household) -> None:
    leaving = threading.Event()

    def job(run: Run) -> dict[str, Any]:
        leaving.set()
        run.go_on({"done": 1})
        return {}

    assert run_job(household.services, "job", job, leaving=leaving) is None
    assert value(household.conn, "select status from job_runs") == "cancelled"


def test_a_run_that_was_cancelled_stops_at_its_next_step(household: Household) -> None:
    def job(run: Run) -> dict[str, Any]:
        run.go_on({"done": 1})
        household.conn.execute("select finish_job(id, 'cancelled') from job_runs")
        with pytest.raises(Cancelled):
            run.go_on()
        raise Cancelled("as told")

    assert run_job(household.services, "job", job) is None
    assert value(household.conn, "select progress from job_runs") == {"done": 1}


def test_the_lease_of_a_long_step_is_renewed(household: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LEASE_SECONDS", 1)

    def job(run: Run) -> dict[str, Any]:
        threading.Event().wait(1.6)
        return {"ours": value(household.conn, "select claimed_until > now() as ours from job_runs")}

    assert run_job(household.services, "job", job) == {"ours": True}


def test_the_clock_runs_its_jobs_and_one_that_fails_does_not_stop_the_others(
    household: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.scheduler.FIRST_RUN", timedelta(0))
    monkeypatch.setattr("app.jobs.scheduler.BETWEEN_FIRST_RUNS", timedelta(0))
    ran = threading.Event()

    def fails(run: Run) -> dict[str, Any]:
        raise ValueError("no")

    def works(run: Run) -> dict[str, Any]:
        ran.set()
        return {"fine": True}

    every = timedelta(hours=1)
    scheduler = Scheduler(household.services, (Scheduled("fails", fails, every), Scheduled("works", works, every)))
    scheduler.start()
    try:
        assert ran.wait(20)
    finally:
        scheduler.stop()
