"""`tellykeep import-history`: everything ever watched, with fifty thousand rows as with fifty."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.db.queries import queries
from app.errors import NotFound, Unprocessable
from app.jobs.catch_up import IMPORT, history_job
from app.jobs.running import Run, run_job
from app.services import Services
from app.sync.history import import_history
from app.sync.import_command import import_for
from tests import payloads
from tests.conftest import Connection
from tests.fakes.failures import status
from tests.fakes.plex import TOKEN, FakePlex
from tests.integration.household import Household
from tests.watch_state import one, value

ROWS = 50_000
BEGUN = 1_200_000_000
# After the first tenth. The rows alone, held in a list, would be five times that.
MOST_GROWTH = 24 * 1024 * 1024


def resident() -> int:
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class LongHistory(Sequence[dict[str, Any]]):
    """Rows of films and of episodes, made as they are asked for."""

    def __init__(self, count: int, first: int = 0) -> None:
        self._range = range(first, count)

    def __len__(self) -> int:
        return len(self._range)

    def __getitem__(self, which: Any) -> Any:
        if isinstance(which, slice):
            return [_row(n) for n in self._range[which]]
        return _row(self._range[which])


def _row(n: int) -> dict[str, Any]:
    # One in twenty-five is of the show: what PostgreSQL does with a viewing is measured elsewhere.
    is_episode = n % 25 == 0
    return {
        "historyKey": f"/status/sessions/history/{n}",
        "key": f"/library/metadata/{n}",
        "ratingKey": str(n),
        "grandparentKey": f"/library/metadata/{payloads.rating_key('show', payloads.SHOW)}",
        "librarySectionID": "2",
        "title": f"Something {n}",
        "grandparentTitle": payloads.SHOW,
        "type": "episode" if is_episode else "movie",
        "parentIndex": 1,
        "index": 1 + n // 25 % 4,
        "viewedAt": BEGUN + n * 3600,
        "accountID": 1,
    }


class BusyPlex(FakePlex):
    """A server on which somebody has watched for years."""

    count = ROWS

    def viewings(self, since: int, account: int | None) -> Sequence[dict[str, Any]]:
        return LongHistory(self.count, max(0, -(-(since - BEGUN) // 3600)))


@pytest.fixture
def busy(services: Services) -> Iterator[BusyPlex]:
    with BusyPlex() as server:
        yield server
        services.plex.close()


@pytest.fixture
def sam(
    services: Services, conn: Connection, make_user: Callable[..., int], make_show: Callable[..., int], busy: BusyPlex
) -> int:
    """Somebody with that server and the show."""
    user_id = make_user("sam")
    token = services.cipher.encrypt(TOKEN, column="plex_config.plex_token", row=user_id)
    conn.execute(
        "update plex_config set plex_token = %s, plex_server_url = %s where user_id = %s", (token, busy.url, user_id)
    )
    make_show(user_id, payloads.SHOW)
    busy.add_show(payloads.rating_key("show", payloads.SHOW), payloads.SHOW, seasons={1: 4})
    return user_id


def test_fifty_thousand_rows_take_no_more_memory_than_a_page(services: Services, sam: int, conn: Connection) -> None:
    grown: list[int] = []

    class Measured(Run):
        def __init__(self, run: Run) -> None:
            self.services = run.services
            self._run = run

        def go_on(self, progress: dict[str, Any] | None = None) -> None:
            if progress is not None and progress["read"] % 5000 == 0 and progress["read"]:
                gc.collect()
                grown.append(resident())
            self._run.go_on(progress)

    result = run_job(
        services, IMPORT, history_job(lambda run, user_id: import_history(Measured(run), user_id), sam), user_id=sam
    )
    assert result is not None
    assert (result["read"], result["recovered"] + result["known"]) == (ROWS, ROWS // 25)
    assert max(grown) - grown[0] < MOST_GROWTH, grown
    assert value(conn, "select count(*) from plays where voided_at is null") == ROWS // 25


def test_it_shows_how_far_it_is_and_what_it_found(
    services: Services, sam: int, busy: BusyPlex, capsys: pytest.CaptureFixture[str]
) -> None:
    busy.count = 300
    assert import_for(services, None, from_start=False) is True
    said = capsys.readouterr()
    assert said.out.endswith(
        "sam: 300 rows read, 12 viewings recorded, 0 known before, 0 waiting, 0 ignored, 0 failed.\n"
    )
    assert "300/300" in said.err


def test_it_goes_on_where_it_was_interrupted_and_from_the_start_when_told(
    services: Services, sam: int, busy: BusyPlex, conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    busy.count = 500
    busy.fail("/status/sessions/history/all", status(500))
    busy.fail("/status/sessions/history/all", _right(), times=2)
    assert import_for(services, "sam", from_start=False) is False
    assert "The next import goes on from there" in capsys.readouterr().err
    position = value(conn, "select extract(epoch from imported_to)::bigint from plex_history_positions")
    assert position == BEGUN + 399 * 3600
    busy.heal()
    assert import_for(services, "sam", from_start=False) is True
    assert "101 rows read" in capsys.readouterr().out
    conn.execute("update plex_history_positions set imported_to = now()")
    assert import_for(services, "SAM", from_start=True) is True
    assert "500 rows read, 0 viewings recorded, 20 known before" in capsys.readouterr().out


def _right() -> Any:
    from tests.fakes.failures import slow

    return slow(0)


def test_an_import_that_the_server_is_at_is_watched(
    services: Services, sam: int, conn: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = value(conn, "select start_job('history_import', %s, 60)", (sam,))

    def end() -> None:
        with services.db.connection() as connection:
            from psycopg.types.json import Jsonb

            result = {"read": 7, "recovered": 7, "known": 0, "waiting": 0, "ignored": 0, "failed": 0}
            queries().finish_job(connection, job_id=job_id, status="success", result=Jsonb(result), error=None)

    timer = threading.Timer(1.5, end)
    timer.start()
    assert import_for(services, None, from_start=False) is True
    timer.join()
    assert "7 rows read, 7 viewings recorded" in capsys.readouterr().out
    assert one(conn, "select count(*) as runs from job_runs where kind = 'history_import'")["runs"] == 1


def test_somebody_who_is_not_there_and_nobody_with_a_server_are_said_so(
    services: Services, make_user: Callable[..., int]
) -> None:
    make_user("kim")
    with pytest.raises(NotFound, match="there is no account alex"):
        import_for(services, "alex", from_start=False)
    with pytest.raises(Unprocessable, match="no Plex server can be asked"):
        import_for(services, None, from_start=False)


def test_shows_that_the_tracker_lacks_are_added_on_the_way(household: Household) -> None:
    """Also where no server looks pending events up beside the command."""
    household.tmdb_has()
    key = household.plex_has()
    for n in range(4):
        household.plex.watched(key, 1, n + 1, BEGUN + n)
    assert import_for(household.services, "sam", from_start=False) is True
    assert value(household.conn, "select watched_episodes from tvshows") == 4
