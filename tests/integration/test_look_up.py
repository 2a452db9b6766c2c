"""What is looked up for an event of an unknown show, and what comes of it: against a simulated Plex server and TMDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.tracker.show_list import bring_back
from tests import payloads
from tests.integration.household import SHOW, Household, asked, steps
from tests.payloads import MISSING
from tests.scrobbles import scrobble
from tests.watch_state import conflict_row, episode_entry, show_row

pytestmark = pytest.mark.timeout(120)

IDS = payloads.show_ids(SHOW)
EPISODE_IDS = payloads.episode_ids(SHOW, 2, 3)


def no_plex(household: Household) -> None:
    household.conn.execute("update plex_config set plex_token = null")


def no_tmdb(household: Household) -> None:
    household.services.settings.tmdb_api_key = None


def test_new_agent_episode_with_its_tvdb_id_only_is_found_by_tmdb_and_marked(household: Household) -> None:
    no_plex(household)
    household.tmdb_has()
    show = household.has("Quite another name", tmdb_id=IDS["tmdb"])
    row = household.looks_up(payloads.episode_with_tvdb_only())
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("success", "marked_watched", show)
    assert episode_entry(household.conn, show, 2, 3)["watched"] is True
    mapping = household.mapping()
    assert (mapping["match_method"], float(mapping["match_confidence"])) == ("tmdb_lookup", 0.95)
    assert (mapping["plex_guid"], mapping["tmdb_id"]) == (payloads.show_guid(SHOW), IDS["tmdb"])
    assert asked(row) == [f"tmdb: find tvdb {EPISODE_IDS['tvdb']}"]
    assert (row["lookup"], row["claimed_until"], row["next_attempt_at"]) == (None, None, None)


def test_the_plex_servers_own_ids_of_the_show_find_it_without_tmdb(household: Household) -> None:
    household.plex_has(ids=("tvdb",))
    show = household.has("Quite another name", tvdb_id=IDS["tvdb"])
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    mapping = household.mapping()
    assert (mapping["match_method"], float(mapping["match_confidence"])) == ("plex_lookup", 0.95)
    assert household.tmdb.requests == []
    assert asked(row) == [f"plex: show {payloads.rating_key('show', SHOW)}"]


def test_a_show_that_the_tracker_knows_by_another_kind_of_id_is_found_through_tmdb(household: Household) -> None:
    household.plex_has(ids=("tmdb",))
    household.tmdb_has()
    show = household.has("Quite another name", imdb_id=IDS["imdb"])
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    found = show_row(household.conn, show)
    assert (found["tmdb_id"], found["tvdb_id"]) == (IDS["tmdb"], IDS["tvdb"])


def test_an_event_without_any_guid_is_found_by_its_rating_key(household: Household) -> None:
    household.plex_has(ids=("tmdb",))
    show = household.has("Quite another name", tmdb_id=IDS["tmdb"])
    row = household.looks_up(payloads.episode_without_guids())
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert household.mapping()["plex_guid"] == payloads.show_guid(SHOW)


def test_an_event_without_any_guid_or_token_is_searched_for_and_asked_about(household: Household) -> None:
    no_plex(household)
    household.tmdb_has()
    row = household.looks_up(payloads.episode_without_guids())
    assert (row["status"], row["action_taken"]) == ("conflict", "needs_user_input")
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert conflict["conflict_type"] == "no_match"
    (candidate,) = conflict["potential_matches"]
    assert (candidate["tvshow_id"], candidate["tmdb_id"], candidate["title"]) == (None, IDS["tmdb"], SHOW)
    assert household.shows() == []


def test_a_local_item_in_a_known_show_is_found_by_what_plex_knows_of_the_show(household: Household) -> None:
    household.plex_has(ids=("tvdb",))
    show = household.has("Quite another name", tvdb_id=IDS["tvdb"])
    row = household.looks_up(payloads.unmatched_in_known_show())
    assert (row["status"], row["tvshow_id"]) == ("success", show)


def test_hama_anidb_goes_by_title_and_the_shows_year(household: Household) -> None:
    title, key = "Sea of Memory", payloads.rating_key("show", "Sea of Memory")
    guid = f"com.plexapp.agents.hama://anidb-{payloads.show_ids(title)['anidb']}?lang=en"
    household.plex.add_show(key, title, year=2021, guid=guid, seasons={1: 4})
    household.has(title, year=1998)
    show = household.has(title, year=2021)
    row = household.looks_up(payloads.hama_anidb(grandparentTitle=title))
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert household.mapping()["match_method"] == "title_year"


def test_hama_anidb_of_an_unknown_show_is_added_when_tmdb_has_one_of_that_very_name_and_year(
    household: Household,
) -> None:
    title, key = "Sea of Memory", payloads.rating_key("show", "Sea of Memory")
    guid = f"com.plexapp.agents.hama://anidb-{payloads.show_ids(title)['anidb']}?lang=en"
    household.plex.add_show(key, title, year=2021, guid=guid, seasons={1: 4})
    household.tmdb_has(title, first_air_date="2021-07-01")
    household.tmdb.add_show(77, title, first_air_date="1998-01-01", seasons={1: 4})
    row = household.looks_up(payloads.hama_anidb(grandparentTitle=title))
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert household.mapping()["match_method"] == "tmdb_search"


def test_what_tmdb_finds_by_name_is_proposed_with_its_poster(household: Household) -> None:
    title, key = "Sea of Memory", payloads.rating_key("show", "Sea of Memory")
    guid = f"com.plexapp.agents.hama://anidb-{payloads.show_ids(title)['anidb']}?lang=en"
    household.plex.add_show(key, title, year=2021, guid=guid, seasons={1: 4})
    household.tmdb.add_show(77, title, first_air_date="1998-01-01", seasons={1: 4})
    row = household.looks_up(payloads.hama_anidb(grandparentTitle=title))
    (candidate,) = conflict_row(household.conn, row["conflict_id"])["potential_matches"]
    assert (candidate["tmdb_id"], candidate["poster_path"]) == (77, "/poster77.jpg")


@pytest.mark.parametrize("numbers", [(2, 4), (1, 3)])
def test_an_episode_id_whose_season_and_number_do_not_agree_proves_nothing(
    household: Household, numbers: tuple[int, int]
) -> None:
    no_plex(household)
    other = payloads.show_ids("Unrelated")["tmdb"]
    household.has("Unrelated", tmdb_id=other)
    season, number = numbers
    household.tmdb.add_show(
        other, "Unrelated", seasons={season: [{"episode_number": number, "tvdb_id": EPISODE_IDS["tvdb"]}]}
    )
    row = household.looks_up(payloads.episode_with_tvdb_only())
    assert row["status"] == "conflict"
    assert household.conn.execute("select from plex_show_mappings").fetchall() == []


def test_an_episode_id_that_is_a_series_too_maps_neither(household: Household) -> None:
    """The id spaces collide: only episodes are taken for the id of an episode."""
    no_plex(household)
    collides = household.has("Unrelated", tmdb_id=77)
    household.tmdb.add_show(77, "Unrelated", tvdb_id=EPISODE_IDS["tvdb"], seasons={2: 4})
    row = household.looks_up(payloads.episode_with_tvdb_only())
    assert row["status"] == "conflict"
    assert show_row(household.conn, collides)["watched_episodes"] == 0


def test_the_same_id_as_series_and_as_episode_finds_the_episodes_show(household: Household) -> None:
    no_plex(household)
    collides = household.has("Unrelated", tmdb_id=77)
    household.tmdb.add_show(77, "Unrelated", tvdb_id=EPISODE_IDS["tvdb"], seasons={2: 4})
    household.tmdb_has()
    show = household.has("Quite another name", tmdb_id=IDS["tmdb"])
    row = household.looks_up(payloads.episode_with_tvdb_only())
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert show_row(household.conn, collides)["watched_episodes"] == 0


def test_two_ids_of_an_episode_that_lead_to_two_shows_prove_neither(household: Household) -> None:
    no_plex(household)
    for number, kind in ((71, "tvdb"), (72, "imdb")):
        household.has(f"Show {number}", tmdb_id=number)
        entry = {"episode_number": 3, f"{kind}_id": EPISODE_IDS[kind]}
        household.tmdb.add_show(number, f"Show {number}", seasons={2: [entry]})
    row = household.looks_up()
    assert row["status"] == "conflict"
    assert household.conn.execute("select from plex_show_mappings").fetchall() == []


def test_an_unknown_show_is_added_from_tmdb_with_all_that_is_known_and_marked(household: Household) -> None:
    household.plex_has()
    household.tmdb_has(alternative=["Hafenlichter"], status="Returning Series")
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    (show,) = household.shows()
    assert row["tvshow_id"] == show["id"]
    assert (show["title"], show["source"], show["status"]) == (SHOW, "plex", "Returning Series")
    assert (show["tmdb_id"], show["tvdb_id"], show["imdb_id"]) == (IDS["tmdb"], IDS["tvdb"], IDS["imdb"])
    assert (show["total_episodes"], show["watched_episodes"]) == (8, 1)
    assert str(show["show_start_date"]) == "2019-04-01"
    entry = episode_entry(household.conn, show["id"], 2, 3)
    assert (entry["watched"], entry["runtime"], entry["airDate"], entry["title"]) == (True, 45, "2025-10-14", "Part 3")
    names = household.conn.execute("select title from show_titles where tvshow_id = %s", (show["id"],)).fetchall()
    assert {name["title"] for name in names} == {SHOW, "Hafenlichter"}
    mapping = household.mapping()
    assert (mapping["match_method"], float(mapping["match_confidence"])) == ("plex_lookup", 0.95)
    assert {"asked", "added", "mark"} <= set(steps(row))


def test_without_a_tmdb_key_it_is_added_from_the_plex_servers_own_episodes(household: Household) -> None:
    no_tmdb(household)
    household.plex_has()
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    (show,) = household.shows()
    assert (show["title"], show["source"], show["tmdb_id"]) == (SHOW, "plex", IDS["tmdb"])
    assert (show["total_episodes"], show["watched_episodes"]) == (8, 1)
    assert household.tmdb.requests == []


def test_home_videos_are_not_added(household: Household) -> None:
    no_tmdb(household)
    message = payloads.personal_media()
    title = message["Metadata"]["grandparentTitle"]
    guid = message["Metadata"]["grandparentGuid"]
    household.plex.add_show(payloads.rating_key("show", title), title, guid=guid, seasons={2026: 3})
    row = household.looks_up(message)
    assert row["status"] == "conflict"
    assert household.shows() == []


def test_with_auto_add_off_the_found_show_is_proposed(household: Household) -> None:
    household.conn.execute("update plex_config set auto_add_shows = false")
    household.plex_has()
    household.tmdb_has()
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("conflict", "needs_user_input")
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert conflict["conflict_type"] == "no_match"
    candidate = conflict["potential_matches"][0]
    assert candidate == {
        "tvshow_id": None,
        "tmdb_id": IDS["tmdb"],
        "title": SHOW,
        "year": 2019,
        "score": 0.95,
        "reason": "TMDB knows it by its id",
        "poster_path": f"/poster{IDS['tmdb']}.jpg",
    }
    assert household.shows() == []


def test_a_show_that_the_user_deleted_is_not_added_again(household: Household) -> None:
    show = household.has("Quite another name", tmdb_id=IDS["tmdb"])
    household.conn.execute("select delete_show(%s, %s)", (household.user_id, show))
    household.plex_has()
    household.tmdb_has()
    row = household.looks_up()
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert conflict["conflict_type"] == "no_match"
    assert conflict["potential_matches"][0]["reason"] == "TMDB knows it by its id, but you deleted it"
    assert household.shows() == []


def test_a_single_clear_local_show_without_that_id_is_taken_and_gets_the_ids(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    show = household.has(SHOW, year=2019)
    row = household.looks_up()
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("success", "marked_watched", show)
    (found,) = household.shows()
    assert (found["tmdb_id"], found["tvdb_id"], found["imdb_id"]) == (IDS["tmdb"], IDS["tvdb"], IDS["imdb"])


def test_a_local_show_of_that_name_with_another_id_is_never_taken(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    other = household.has(SHOW, year=2019, tmdb_id=5)
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert row["tvshow_id"] != other
    assert show_row(household.conn, other)["watched_episodes"] == 0
    assert "title_other_ids" in steps(row)


def test_a_local_show_of_that_name_from_another_time_is_not_taken_for_the_remake(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    other = household.has(SHOW, year=1985)
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    assert show_row(household.conn, other)["watched_episodes"] == 0


def test_two_local_shows_that_may_be_it_are_asked_about_instead_of_adding_a_third(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    first, second = household.has(SHOW), household.has(SHOW)
    row = household.looks_up()
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert conflict["conflict_type"] == "multiple_matches"
    proposed = conflict["potential_matches"]
    assert {p["tvshow_id"] for p in proposed} == {first, second, None}


def test_a_rating_key_that_the_rebuilt_library_gave_to_another_show_is_not_believed(household: Household) -> None:
    other = household.has("Another show", tmdb_id=5)
    household.plex_has(title=SHOW, guid="plex://show/another", guids=["tmdb://5"])
    row = household.looks_up(payloads.episode_with_tvdb_only())
    assert row["status"] == "conflict"
    assert show_row(household.conn, other)["watched_episodes"] == 0


def test_what_the_plex_server_does_not_have_any_more_is_asked_of_tmdb(household: Household) -> None:
    household.tmdb_has()
    show = household.has("Quite another name", tmdb_id=IDS["tmdb"])
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)


def test_an_id_that_tmdb_does_not_know_is_wrong_and_the_others_are_asked(household: Household) -> None:
    household.plex_has(guids=["tmdb://404404", f"tvdb://{IDS['tvdb']}"])
    household.tmdb_has()
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    (show,) = household.shows()
    assert show["tmdb_id"] == IDS["tmdb"]


def test_other_episodes_that_waited_are_decided_by_the_first_ones_mapping(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    for number in (1, 2, 3):
        assert household.sends(payloads.episode(index=number)).status == "pending"
    outcomes = household.worker.work_off()
    assert [outcome.action for outcome in outcomes] == ["added_show", "marked_watched", "marked_watched"]
    # Once for what it is, and once before its files are read.
    assert household.plex.count("/library/metadata/*") - household.plex.count("*/allLeaves") == 2
    assert household.plex.count("*/allLeaves") == 1
    (show,) = household.shows()
    assert show["watched_episodes"] == 3


def test_an_account_that_was_taken_out_while_its_event_waited_is_ignored(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    sent = household.sends()
    household.conn.execute("update plex_accounts set counts = false")
    (outcome,) = household.worker.work_off()
    assert (outcome.log_id, outcome.status, outcome.action) == (sent.log_id, "ignored", "account_not_tracked")
    assert household.plex.requests == []


# What TMDB leaves out.


def test_empty_dates_and_seasons_without_episodes_do_not_stop_a_show_from_being_added(household: Household) -> None:
    household.plex_has()
    tmdb_id = household.tmdb_has(first_air_date="")
    household.tmdb.seasons[tmdb_id, 2]["episodes"][2]["air_date"] = ""
    household.tmdb.seasons[tmdb_id, 1].pop("episodes")
    household.tmdb.shows[tmdb_id].pop("alternative_titles")
    row = household.looks_up()
    assert (row["status"], row["action_taken"]) == ("success", "added_show")
    (show,) = household.shows()
    assert (show["total_episodes"], show["watched_episodes"]) == (4, 1)
    assert episode_entry(household.conn, show["id"], 2, 3)["airDate"] is None


def test_a_show_whose_seasons_have_no_episodes_is_added_and_the_episode_asked_about(household: Household) -> None:
    household.plex_has()
    household.tmdb_has(seasons={1: 0, 2: 0})
    row = household.looks_up()
    assert row["status"] == "conflict"
    assert conflict_row(household.conn, row["conflict_id"])["conflict_type"] == "episode_missing"
    (show,) = household.shows()
    assert show["total_episodes"] == 0


# The show is known and lacks the episode.


def test_a_missing_episode_makes_the_show_be_read_anew_and_is_marked(household: Household) -> None:
    household.tmdb_has()
    show = household.has(SHOW, tmdb_id=IDS["tmdb"], seasons={1: 4})
    household.plex_has(ids=("tmdb",))
    row = household.looks_up()
    assert (row["status"], row["action_taken"], row["tvshow_id"]) == ("success", "marked_watched", show)
    assert "refreshed" in steps(row)
    assert episode_entry(household.conn, show, 2, 3)["watched"] is True


def test_an_episode_that_nobody_knows_is_asked_about_after_one_reading(household: Household) -> None:
    household.tmdb_has()
    show = household.has(SHOW, tmdb_id=IDS["tmdb"])
    household.plex_has(ids=("tmdb",))
    row = household.looks_up(payloads.episode(index=99))
    conflict = conflict_row(household.conn, row["conflict_id"])
    assert (conflict["conflict_type"], conflict["tvshow_id"]) == ("episode_missing", show)
    household.tmdb.forget()
    again = household.sends(payloads.episode(index=98))
    assert (again.status, again.conflict_id) == ("conflict", row["conflict_id"])
    assert household.tmdb.requests == []


def test_without_tmdb_a_missing_episode_is_read_from_the_plex_server(household: Household) -> None:
    no_tmdb(household)
    household.plex_has(ids=("tvdb",))
    show = household.has(SHOW, tvdb_id=IDS["tvdb"], seasons={1: 4})
    row = household.looks_up()
    assert (row["status"], row["tvshow_id"]) == ("success", show)
    assert show_row(household.conn, show)["total_episodes"] == 8


def test_an_event_whose_show_has_no_title_is_named_by_the_plex_server(household: Household) -> None:
    household.plex_has(ids=())
    show = household.has(SHOW, year=2019)
    row = household.looks_up(payloads.episode(grandparentTitle=MISSING, Guid=MISSING))
    assert (row["status"], row["tvshow_id"]) == ("success", show)


def test_a_file_that_holds_two_episodes_marks_both_of_a_show_that_was_just_found(household: Household) -> None:
    household.plex_has()
    household.tmdb_has()
    key = payloads.rating_key("show", SHOW)
    for entry in household.plex.episodes[key]:
        if (entry["parentIndex"], entry["index"]) == (2, 3):
            entry["Media"][0]["Part"][0]["file"] = f"/tv/{SHOW}/{SHOW} - S02E03-E04.mkv"
    row = household.looks_up()
    assert row["action_taken"] == "added_show"
    for number in (3, 4):
        assert episode_entry(household.conn, row["tvshow_id"], 2, number)["watched"] is True
    again = household.sends(payloads.episode(index=2))
    assert again.action == "marked_watched"


def test_what_was_watched_while_a_show_was_deleted_is_marked_when_it_is_brought_back(household: Household) -> None:
    show = household.has(seasons={1: 4})
    now = datetime.now(UTC)
    for episode in (1, 2):
        household.sends(scrobble(SHOW, 1, episode, at=now - timedelta(hours=3 - episode)))
        household.worker.work_off()
        if episode == 1:
            household.conn.execute("select delete_show(%s, %s)", (household.user_id, show))
    bring_back(household.services, household.user_id, show)
    household.worker.work_off()
    rows = household.conn.execute("select status, action_taken from plex_webhook_logs order by id").fetchall()
    assert [(row["status"], row["action_taken"]) for row in rows] == [("success", "marked_watched")] * 2
    assert household.shows()[0]["watched_episodes"] == 2
