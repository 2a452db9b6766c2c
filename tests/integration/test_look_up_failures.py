"""Plex servers and TMDB that do not answer, or nonsense, or "no": what waits, and what is decided all the same."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from app.errors import DatabaseUnavailable
from app.security.accounts import create_token
from app.upstream.http import Limits
from tests import payloads
from tests.fakes import failures
from tests.fakes.failures import Failure
from tests.integration.household import SHOW, Household, asked, steps
from tests.watch_state import conflict_row, log_row, one, show_row, value

pytestmark = pytest.mark.timeout(120)

IDS = payloads.show_ids(SHOW)
KEY = payloads.rating_key("show", SHOW)

# Each means "try again later".
UNAVAILABLE = {
    "429": failures.status(429),
    "500": failures.status(500),
    "503": failures.status(503),
    "time-out": failures.time_out(),
    "broken connection": failures.drop(),
    "malformed JSON": failures.malformed(),
    "a page of HTML": failures.html(),
}
EACH = pytest.mark.parametrize("failure", UNAVAILABLE.values(), ids=UNAVAILABLE)


@pytest.fixture(autouse=True)
def short_patience(household: Household) -> None:
    """A time-out takes a fifth of a second."""
    household.services.tmdb.limits = Limits(connect=1, read=0.2, total=1)
    household.services.plex.limits = Limits(connect=1, read=0.2, total=1)


def waits(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for step in row["trace"] if step["step"] == "waits"]


@EACH
def test_while_tmdb_does_not_answer_the_event_waits_and_later_it_is_applied(
    household: Household, failure: Failure
) -> None:
    household.plex_has()
    household.tmdb_has()
    household.tmdb.fail("*", failure)
    row = household.looks_up()
    assert (row["status"], row["action_taken"], row["waits_for"]) == ("pending", "needs_lookup", "tmdb")
    assert (row["attempts"], row["claimed_until"]) == (1, None)
    assert timedelta(seconds=2) < row["next_attempt_at"] - row["created_at"] < timedelta(seconds=30)
    assert row["error_message"].startswith("TMDB ")
    assert waits(row) == [
        {"step": "waits", "for": "tmdb", "attempt": 1, "asked": True, "again_at": waits(row)[0]["again_at"]}
    ]
    # What the Plex server said is kept for the next attempt.
    assert row["lookup"]["plex_show"]["ids"]["tmdb"] == IDS["tmdb"]

    household.tmdb.heal()
    household.plex.forget()
    household.later()
    household.services.tmdb.close()
    (outcome,) = household.worker.work_off()
    assert (outcome.status, outcome.action) == ("success", "added_show")
    # Only for the files of the show that is known now: whether its key still stands for it, and their names.
    assert (household.plex.count(), household.plex.count("*/allLeaves")) == (2, 1)
    assert household.conn.execute("select from upstreams").fetchall() == []


@EACH
def test_while_the_plex_server_does_not_answer_tmdb_may_know(household: Household, failure: Failure) -> None:
    household.tmdb_has()
    household.plex.fail("*", failure)
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")


@EACH
def test_while_the_plex_server_does_not_answer_and_tmdb_does_not_know_the_event_waits(
    household: Household, failure: Failure
) -> None:
    household.plex_has()
    household.plex.fail("*", failure)
    row = household.looks_up()
    assert (row["status"], row["waits_for"], row["attempts"]) == ("pending", "plex", 1)
    household.plex.heal()
    household.tmdb_has()
    household.later()
    (outcome,) = household.worker.work_off()
    assert (outcome.status, outcome.action) == ("success", "added_show")


def test_while_tmdb_does_not_answer_a_title_that_decides_with_certainty_is_enough(household: Household) -> None:
    household.plex_has()
    household.tmdb.fail("*", failures.status(500))
    show = household.has(SHOW, year=2019)
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert household.mapping()["match_method"] == "title_year"


def test_while_tmdb_does_not_answer_a_mapped_show_is_marked(household: Household) -> None:
    household.tmdb.fail("*", failures.status(500))
    show = household.has()
    event = Jsonb({"show_guid": payloads.show_guid(SHOW), "show_title": SHOW})
    value(
        household.conn,
        "select map_show(%s, %s, %s, 1, 'manual') as id",
        (household.user_id, event, show),
    )
    assert household.sends().action == "marked_watched"
    assert household.tmdb.requests == []


def test_a_refused_tmdb_key_is_noted_and_not_tried_again_and_the_rest_decides(household: Household) -> None:
    household.plex_has()
    household.tmdb.key = "another"
    row = household.looks_up()
    # As without a key: what the Plex server knows is enough.
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert value(household.conn, "select tmdb_key_rejected_at is not null as noted from settings") is True
    assert [step["status"] for step in row["trace"] if step.get("service") == "tmdb"] == [401]

    household.tmdb.forget()
    household.plex_has("Nightwatch")
    assert household.looks_up(payloads.episode(grandparentTitle="Nightwatch"))["status"] == "success"
    assert household.tmdb.requests == []


def test_a_refused_key_is_tried_again_after_an_hour_and_the_note_goes_when_it_counts(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    household.conn.execute("update settings set tmdb_key_rejected_at = now() - interval '61 minutes'")
    row = household.looks_up()
    assert row["action_taken"] == "added_show"
    assert any(step.startswith("tmdb") for step in asked(row))
    assert value(household.conn, "select tmdb_key_rejected_at as at from settings") is None


def test_a_refused_plex_token_is_noted_and_tmdb_asked(household: Household) -> None:
    household.tmdb_has()
    household.plex.token = "another"
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert value(household.conn, "select plex_token_rejected_at is not null as noted from plex_config") is True
    household.plex.forget()
    household.tmdb_has("Nightwatch")
    household.looks_up(payloads.episode(grandparentTitle="Nightwatch"))
    assert household.plex.requests == []


def test_the_connection_shows_what_was_refused_and_a_new_key_looks_open_questions_up_again(
    household: Household, client: FlaskClient
) -> None:
    household.conn.execute("update plex_config set plex_token = null")
    household.tmdb_has()
    household.tmdb.key = "another-key-of-tmdb"
    row = household.looks_up()
    assert row["status"] == "conflict"
    api = client.application.test_client()
    headers = {"Authorization": f"Bearer {create_token(household.services, 'sam', scope='write')}"}
    assert api.get("/api/plex/config", headers=headers).json["tmdb_key_rejected_at"] is not None

    answer = api.post("/api/plex/config", headers=headers, json={"tmdb_api_key": "another-key-of-tmdb"})
    assert (answer.status_code, answer.json["tmdb_key_rejected_at"]) == (200, None)
    household.worker.work_off()
    now = log_row(household.conn, row["id"])
    assert (now["status"], now["action_taken"]) == ("success", "added_show")
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert (conflict["resolved"], conflict["resolution_action"]) == (True, "auto")


def test_retry_after_is_kept_to(household: Household) -> None:
    household.plex_has()
    household.tmdb.fail("*", failures.status(429, retry_after=900))
    row = household.looks_up()
    assert row["next_attempt_at"] - row["created_at"] > timedelta(seconds=890)
    probe = value(household.conn, "select next_probe_at - now() as wait from upstreams")
    assert probe > timedelta(seconds=880)


def test_a_service_that_is_down_is_asked_by_one_probe_at_a_time(household: Household) -> None:
    household.tmdb.fail("*", failures.status(500))
    titles = [f"Show {number}" for number in range(6)]
    for title in titles:
        household.plex_has(title)
        household.sends(payloads.episode(grandparentTitle=title))
    household.worker.work_off()
    assert household.tmdb.count() == 1
    rows = household.conn.execute("select * from plex_webhook_logs order by id").fetchall()
    assert [row["waits_for"] for row in rows] == ["tmdb"] * 6
    assert sorted(row["attempts"] for row in rows) == [0, 0, 0, 0, 0, 1]

    # Not before the next probe is due, whatever the events' own turn; then one of them.
    household.conn.execute("update plex_webhook_logs set next_attempt_at = now()")
    assert household.worker.work_off() == []
    household.later()
    household.worker.work_off()
    assert household.tmdb.count() == 2


def test_the_first_answer_makes_everything_that_waits_due_at_once(household: Household) -> None:
    household.tmdb.fail("*", failures.status(500))
    titles = [f"Show {number}" for number in range(6)]
    for title in titles:
        household.plex_has(title)
        household.tmdb_has(title)
        household.sends(payloads.episode(grandparentTitle=title))
    household.worker.work_off()
    household.tmdb.heal()
    household.conn.execute("update upstreams set next_probe_at = now()")
    outcomes = household.worker.work_off()
    assert [outcome.action for outcome in outcomes] == ["added_show"] * 6


def test_a_show_for_which_tmdb_always_fails_does_not_keep_the_others_waiting(household: Household) -> None:
    poison = household.tmdb_has("Poison")
    household.tmdb.fail(f"/tv/{poison}", failures.status(500))
    household.plex_has("Poison")
    household.sends(payloads.episode(grandparentTitle="Poison"))
    for number in range(4):
        title = f"Show {number}"
        household.plex_has(title)
        household.tmdb_has(title)
        household.later()
        household.sends(payloads.episode(grandparentTitle=title))
        household.worker.work_off()
    household.conn.execute("delete from upstreams")
    row = one(household.conn, "select * from plex_webhook_logs where plex_title = 'Poison'")
    household.conn.execute("update plex_webhook_logs set next_attempt_at = now() where id = %s", (row["id"],))
    household.worker.work_off()
    assert household.conn.execute("select from upstreams").fetchall() == []

    # And an answer to others does not make it due.
    household.plex_has("Another")
    household.tmdb_has("Another")
    household.sends(payloads.episode(grandparentTitle="Another"))
    asked_before = household.tmdb.count(f"/tv/{poison}")
    (outcome,) = household.worker.work_off()
    assert outcome.action == "added_show"
    assert household.tmdb.count(f"/tv/{poison}") == asked_before


def test_the_answer_to_a_probe_counts_whatever_this_process_has_heard_before(household: Household) -> None:
    household.tmdb_has()
    household.plex_has()
    household.looks_up()
    # Another process has found it away meanwhile.
    household.conn.execute("select note_upstream(%s, 'tmdb', 'unavailable')", (household.user_id,))
    for title in ("First", "Second", "Third"):
        household.tmdb_has(title)
        household.plex_has(title)
        household.sends(payloads.episode(grandparentTitle=title))
    household.worker.work_off()
    household.conn.execute("update upstreams set next_probe_at = now()")
    outcomes = household.worker.work_off()
    assert [outcome.action for outcome in outcomes] == ["added_show"] * 3


def test_an_outage_of_seven_days_ends_as_failed_and_can_be_replayed(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    household.tmdb.fail("*", failures.status(500))
    row = household.looks_up()
    household.conn.execute(
        "update plex_webhook_logs set lookup = lookup || jsonb_build_object('since', now() - interval '6 days 23 hours')"
    )
    household.later()
    household.worker.work_off()
    assert log_row(household.conn, row["id"])["status"] == "pending"
    household.conn.execute(
        "update plex_webhook_logs set lookup = lookup || jsonb_build_object('since', now() - interval '7 days 1 minute')"
    )
    household.later()
    household.worker.work_off()
    row = log_row(household.conn, row["id"])
    assert (row["status"], row["action_taken"], row["attempts"]) == ("failed", "out_of_attempts", 3)
    assert "HTTP 500" in row["error_message"]

    from app.tracker.logs import replay_log

    household.tmdb.heal()
    household.conn.execute("delete from upstreams")
    assert replay_log(household.services, household.user_id, row["id"])["status"] == "pending"
    (outcome,) = household.worker.work_off()
    assert (outcome.status, outcome.action) == ("success", "added_show")


def test_a_missing_episode_waits_while_tmdb_does_not_answer(household: Household) -> None:
    household.tmdb_has()
    household.plex_has(ids=("tmdb",))
    show = household.has(SHOW, tmdb_id=IDS["tmdb"], seasons={1: 4})
    household.tmdb.fail("*", failures.status(500))
    row = household.looks_up()
    assert (row["status"], row["waits_for"], row["tvshow_id"]) == ("pending", "tmdb", show)
    household.tmdb.heal()
    household.later()
    household.worker.work_off()
    assert log_row(household.conn, row["id"])["status"] == "success"
    assert show_row(household.conn, show)["watched_episodes"] == 1


def test_a_server_without_an_address_is_not_waited_for(household: Household) -> None:
    household.conn.execute("update plex_config set plex_server_url = null")
    household.services.settings.tmdb_api_key = None
    show = household.has(SHOW)
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert "not_asked" in steps(row)


def test_what_is_stored_and_cannot_be_read_is_failed_and_does_not_stop_the_others(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    first = household.sends(payloads.episode(grandparentTitle="Nightwatch"))
    household.conn.execute("update plex_webhook_logs set payload = '{}'")
    second = household.sends()
    household.worker.work_off()
    assert log_row(household.conn, first.log_id)["status"] == "failed"
    assert log_row(household.conn, second.log_id)["action_taken"] == "added_show"


def test_postgresql_that_restarts_in_the_middle_of_a_look_up_is_no_fault_of_the_event(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    ended: list[int] = []

    def end_connections() -> None:
        ended.extend(
            row["pid"]
            for row in household.conn.execute(
                "select pid, pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where application_name = 'tellykeep' and datname = current_database()"
            )
        )

    household.services.tmdb.limits = Limits()
    household.tmdb.fail("*", failures.before_the_answer(end_connections), times=1)
    sent = household.sends(payloads.episode_with_tvdb_only())
    with pytest.raises(DatabaseUnavailable):
        household.worker.work_off()
    assert ended
    assert log_row(household.conn, sent.log_id)["status"] == "pending"
    # Its claim ends with its lease.
    household.conn.execute("update plex_webhook_logs set claimed_until = now() - interval '1 second'")
    household.worker.work_off()
    assert log_row(household.conn, sent.log_id)["status"] == "success"


def test_a_statement_that_waited_for_others_until_its_time_was_over_is_repeated(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    sent = household.sends()
    waiting = (
        "select pid from pg_stat_activity where application_name = 'tellykeep' and datname = current_database()"
        " and wait_event_type = 'Lock'"
    )
    with ThreadPoolExecutor(1) as threads:
        with household.conn.transaction():
            # As an answer holds it while it applies what was held.
            household.conn.execute("select lock_mappings(%s)", (household.user_id,))
            looked_up = threads.submit(household.worker.work_off)
            deadline = time.monotonic() + 20
            while (waits_for_us := household.conn.execute(waiting).fetchone()) is None:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            # As statement_timeout ends it.
            household.conn.execute("select pg_cancel_backend(%s)", (waits_for_us["pid"],))
        looked_up.result(timeout=20)
    assert log_row(household.conn, sent.log_id)["status"] == "success"


def test_neither_key_nor_token_is_in_the_log(household: Household) -> None:
    from tests.fakes.plex import TOKEN
    from tests.fakes.tmdb import KEY as TMDB_KEY

    household.plex.fail("*", failures.status(500))
    household.tmdb.fail("*", failures.status(500))
    household.looks_up()
    text = value(household.conn, "select string_agg(l::text, '') as text from plex_webhook_logs l")
    assert TOKEN not in text
    assert TMDB_KEY not in text
    assert "http" not in text.replace("HTTP", "")


def test_a_server_that_nothing_waits_for_is_asked_again_when_it_is_needed_again(household: Household) -> None:
    household.tmdb_has()
    household.plex.fail("*", failures.status(500), times=1)
    assert household.looks_up()["action_taken"] == "added_show"
    household.plex_has("Nightwatch")
    household.tmdb_has("Nightwatch")
    nightwatch = payloads.episode(grandparentTitle="Nightwatch")
    # Half a minute has not gone by.
    assert "plex" not in " ".join(asked(household.looks_up(nightwatch)))
    household.conn.execute("update upstreams set next_probe_at = now()")
    household.plex_has("Two Rivers")
    household.tmdb_has("Two Rivers")
    assert asked(household.looks_up(payloads.episode(grandparentTitle="Two Rivers")))[0].startswith("plex")
    assert household.conn.execute("select from upstreams").fetchall() == []
