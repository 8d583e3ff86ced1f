"""Plugins are told from the journal's tail: at least once, in order, whatever happens meanwhile."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from modou.services import retention, telling
from modou.services.occasion import Occasion
from modou.services.telling import Teller, TellingThread
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

WITH_PROBE = {"modou.plugins": "probe"}


def record(site: SiteUnderTest, *subjects: int) -> None:
    """One commit with one sign-in for each of `subjects`."""
    with site.occasion() as occasion:
        for subject in subjects:
            occasion.record("signed_in", subject=subject)


def heard(told: Any) -> list[int]:
    return [event.subject for event in told.heard("signed_in")]


def cursor(occasion: Occasion) -> Any:
    assert occasion.site.tellers is not None
    return occasion.site.tellers["probe"]


def test_everything_is_told_once_and_in_order(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    for number in range(1, 6):
        site.clock.move(seconds=1)
        record(site, number, number + 100)
    assert site.tell() == 10
    assert site.tell() == 0
    assert heard(told) == [1, 101, 2, 102, 3, 103, 4, 104, 5, 105]
    with site.occasion() as occasion:
        assert cursor(occasion).told == 10


def test_events_of_several_writers_come_by_time(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    for number in range(1, 7):
        site.clock.move(seconds=1)
        thread = threading.Thread(target=record, args=(site, number))
        # Another thread has another log.
        if number % 2:
            record(site, number)
        else:
            thread.start()
            thread.join()
    site.tell()
    assert heard(told) == [1, 2, 3, 4, 5, 6]


def test_groups_are_told_to_the_end(
    told: Any, make_site: Callable[..., SiteUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "GROUP", 3)
    monkeypatch.setattr(telling, "LOOKED_AT", 5)
    site = make_site(**WITH_PROBE)
    for number in range(1, 11):
        record(site, number)
        with site.occasion() as occasion:
            occasion.record("email_confirmed", subject=number)
    assert site.tell() == 10
    assert heard(told) == list(range(1, 11))


def test_a_plugin_that_was_away_catches_up(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    record(site, 1)
    site.tell()
    site.close()
    without = make_site()
    record(without, 2)
    without.tell()
    without.close()
    again = make_site(**WITH_PROBE)
    record(again, 3)
    again.tell()
    assert heard(told) == [1, 2, 3]


def test_a_plugin_that_was_away_hears_also_what_was_archived_meanwhile(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    record(site, 1)
    site.tell()
    site.close()
    without = make_site()
    writer = threading.Thread(target=record, args=(without, 2))
    writer.start()
    writer.join()
    for number in (3, 4):
        without.clock.move(days=100)
        record(without, number)
    retention.archive(without.registry.access)
    with without.occasion() as occasion:
        assert len(occasion.site.journal.retired) == 1
    without.close()
    again = make_site(**WITH_PROBE)
    again.clock.move(days=201)
    again.tell()
    record(again, 5)
    again.tell()
    assert heard(told) == [1, 2, 3, 4, 5]
    with again.occasion() as occasion:
        assert set(cursor(occasion).seen) == set(occasion.site.journal.logs)


def test_a_new_plugin_begins_when_it_is_first_enabled(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    without = make_site()
    record(without, 1)
    without.close()
    site = make_site(**WITH_PROBE)
    record(site, 2)
    site.tell()
    assert heard(told) == [2]


def test_what_was_told_before_a_crash_is_told_again(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    record(site, 1)
    record(site, 2)

    class Killed(BaseException):
        """As a process ends that is killed in the middle of a group."""

    told.answers["signed_in"] = None
    hear = told.hear

    def die(hook: str, value: Any = None) -> Any:
        hear(hook, value)
        if value.subject == 2:
            raise Killed

    told.hear = die
    try:
        with pytest.raises(Killed):
            site.tell()
    finally:
        told.hear = hear
    site.tell()
    assert heard(told) == [1, 2, 1, 2]


def test_a_process_leaves_alone_what_another_one_tells(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    record(site, 1)
    first, second = Teller(site.registry.access), Teller(site.registry.access)
    second._worker = "another process"
    assert first.run_once() == 1
    record(site, 2)
    assert second.run_once() == 0
    site.clock.move(seconds=telling.LEASE + 1)
    assert second.run_once() == 1
    # The first one, back from a long sleep, finds that it goes on elsewhere.
    record(site, 3)
    assert first.run_once() == 0
    assert heard(told) == [1, 2]


def test_much_that_nobody_waits_for_is_passed_over_once(
    told: Any, make_site: Callable[..., SiteUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "LOOKED_AT", 2)
    site = make_site(**WITH_PROBE)
    for number in range(5):
        with site.occasion() as occasion:
            occasion.record("password_changed", subject=number + 1)
    record(site, 7)
    reads = []
    read = telling._read
    monkeypatch.setattr(telling, "_read", lambda *values: reads.append(1) or read(*values))
    # As the thread does, which does not store the place of a plugin that was told nothing.
    assert Teller(site.registry.access).run_once(store=False) == 1
    assert heard(told) == [7]
    # Six events, two at a time, and once more to find nothing: for one plugin or two.
    assert len(reads) <= 8


def test_the_operator_sees_how_far_a_plugin_is_behind(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    with site.occasion() as occasion:
        factories.user(occasion, "sam", role="system_admin")
    site.tell()
    record(site, 1)
    site.clock.move(minutes=10)
    with site.occasion() as occasion:
        assert telling.behind(occasion)["probe"] == telling.Behind(1, 600)
        problems = {n: c.check(occasion) for n, c in occasion.assembled.health_checks.items()}
    assert problems["telling"] == "probe is 600 seconds (1 commits) behind"
    assert "1 commits, 600 s" in site.browser("sam").get("/admin/plugins").text
    site.tell()
    with site.occasion() as occasion:
        assert telling.behind(occasion)["probe"] == telling.Behind(0, 0)


def test_a_thread_tells_soon_after_the_commit(
    told: Any, make_site: Callable[..., SiteUnderTest]
) -> None:
    site = make_site(**WITH_PROBE)
    thread = TellingThread(site.registry.access)
    try:
        record(site, 1)
        end = time.monotonic() + 60
        while heard(told) != [1] and time.monotonic() < end:
            threading.Event().wait(0.01)
        assert heard(told) == [1]
        record(site, 2)
    finally:
        thread.close()
    assert heard(told) == [1, 2]
    with site.occasion() as occasion:
        assert cursor(occasion).worker == ""
        assert telling.behind(occasion)["probe"].batches == 0
