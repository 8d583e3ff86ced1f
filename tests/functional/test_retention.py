"""What is kept, how long, and what can be deleted of it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.services import audit, enrolling, retention, settings, teaching
from modou.store.journal import verify
from tests import factories
from tests.commands import here, ini_of
from tests.conftest import START, SiteUnderTest

pytestmark = pytest.mark.both_storages


@pytest.fixture
def aged(site: SiteUnderTest) -> SiteUnderTest:
    """A site with a course that ran from March to May 2026, now in July, all closed months
    archived; its operator is olga."""
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        course = factories.course(occasion, activities=1)
        course.ends = int((START + timedelta(days=80)).timestamp())
        enrolling.enrol(occasion, course, [factories.user(occasion, "lin")])
    for _month in range(4):
        site.clock.move(days=31)
        with site.occasion() as occasion:
            occasion.record("signed_in", subject=1)
    assert retention.archive(site.registry.access).segments == 4
    return site


def the_course(occasion: Any) -> Any:
    return next(iter(occasion.site.courses))


def verdicts(site: SiteUnderTest, **how: Any) -> list[str]:
    return [v.why for v in retention.expire(site.registry.access, **how)]


def sound(site: SiteUnderTest) -> Any:
    with site.occasion() as occasion:
        report = verify(occasion.site.journal)
        assert report.first is None
        return report


class TestArchiving:
    def test_everything_reads_as_before(self, aged: SiteUnderTest) -> None:
        report = sound(aged)
        assert (report.segments, report.events) == (4, report.archived + 2)
        with aged.occasion() as occasion:
            kinds = [event.kind for event in occasion.site.journal]
            assert kinds[-2:] == ["signed_in", "journal_archived"]
            assert "enrolled" in kinds
            lin = occasion.site.user_index.usernames["lin"]
            trail = audit.trail(occasion, user=lin, kind="enrolled")
        assert len(trail.events) == 1

    def test_again_there_is_nothing_to_do(self, aged: SiteUnderTest) -> None:
        assert retention.archive(aged.registry.access).segments == 0

    def test_people_go_on_while_it_works(self, site: SiteUnderTest) -> None:
        for number in range(60):
            with site.occasion() as occasion:
                occasion.record("signed_in", subject=number + 1)
        site.clock.move(days=40)
        stop = threading.Event()
        written: list[int] = []

        def write() -> None:
            while not stop.is_set():
                with site.occasion() as occasion:
                    occasion.record("email_confirmed", subject=len(written) + 1)
                written.append(1)

        threads = [threading.Thread(target=write)]
        for thread in threads:
            thread.start()
        retention.archive(site.registry.access)
        stop.set()
        for thread in threads:
            thread.join()
        report = sound(site)
        with site.occasion() as occasion:
            kinds = [event.kind for event in occasion.site.journal]
        assert kinds.count("signed_in") == 60
        assert kinds.count("email_confirmed") == len(written)
        assert report.archived >= 60


class TestExpiring:
    def test_nothing_goes_before_three_years(self, aged: SiteUnderTest) -> None:
        aged.clock.move(days=365 * 2)
        assert all(verdicts(aged))
        assert sound(aged).expired == 0

    def test_after_them_everything_older_goes_and_the_chain_holds(
        self, aged: SiteUnderTest
    ) -> None:
        before = sound(aged).archived
        aged.clock.move(days=365 * 3 + 40)
        assert verdicts(aged, dry_run=True) == ["", "", "", ""]
        assert sound(aged).expired == 0
        assert verdicts(aged) == ["", "", "", ""]
        report = sound(aged)
        assert (report.expired, report.archived) == (before, 0)
        with aged.occasion() as occasion:
            events = [e for e in occasion.site.journal if e.kind == "journal_expired"]
        assert sum(e.values["events"] for e in events) == before

    def test_what_belongs_to_a_course_counts_from_its_close(self, aged: SiteUnderTest) -> None:
        with aged.occasion() as occasion:
            course = the_course(occasion)
            course.ends = 0
            next(iter(course.enrolments.values())).ends = int(
                (START + timedelta(days=3650)).timestamp()
            )
        aged.clock.move(days=365 * 4)
        assert verdicts(aged) == ["retention of 低压电工作业 until 2039-02-28"]

    def test_a_longer_retention_is_kept_a_shorter_one_refused(self, aged: SiteUnderTest) -> None:
        with aged.occasion("olga") as occasion:
            with pytest.raises(Invalid):
                settings.change(occasion, "site", {"retention_years": 2})
            settings.change(occasion, "site", {"retention_years": 6})
        aged.clock.move(days=365 * 4)
        assert verdicts(aged)[0].startswith("retention")

    def test_a_legal_hold_keeps_the_course_or_everything(self, aged: SiteUnderTest) -> None:
        with aged.occasion("olga") as occasion:
            retention.place_hold(occasion, the_course(occasion), "案件 2026-17")
            with pytest.raises(Conflict):
                retention.place_hold(occasion, the_course(occasion), "again")
        aged.clock.move(days=365 * 5)
        assert verdicts(aged) == ["legal hold of 低压电工作业: 案件 2026-17"]
        with aged.occasion("olga") as occasion:
            retention.place_hold(occasion, None, "audit of the ministry")
            retention.release_hold(occasion, the_course(occasion), "closed")
            assert [c for c, _hold in retention.holds(occasion)] == [None]
        assert verdicts(aged) == ["legal hold of the site: audit of the ministry"]
        with aged.occasion("olga") as occasion:
            retention.release_hold(occasion, None, "over")
            with pytest.raises(NotFound):
                retention.release_hold(occasion, None, "over")
        assert verdicts(aged) == ["", "", "", ""]
        with aged.occasion() as occasion:
            kinds = [event.kind for event in occasion.site.journal]
        assert (kinds.count("hold_placed"), kinds.count("hold_released")) == (2, 2)

    def test_a_reason_and_the_permission_are_needed(self, aged: SiteUnderTest) -> None:
        with aged.occasion("olga") as occasion, pytest.raises(Invalid):
            retention.place_hold(occasion, None, " ")
        with pytest.raises(NotAllowed), aged.occasion("lin") as occasion:
            retention.place_hold(occasion, None, "because")

    def test_a_damaged_segment_is_not_deleted(self, aged: SiteUnderTest) -> None:
        with aged.occasion() as occasion:
            log = next(iter(occasion.site.journal.logs.values()))
            with log.archived[0].blob.open("w") as target:
                target.write(b"gone")
        aged.clock.move(days=365 * 5)
        assert verdicts(aged)[0].startswith("it is damaged")

    def test_a_plugin_that_is_behind_what_was_deleted_goes_on_after_it(
        self, aged: SiteUnderTest
    ) -> None:
        aged.clock.move(days=365 * 5)
        assert verdicts(aged) == ["", "", "", ""]
        with aged.occasion() as occasion:
            assert next(n for _l, n, _b in occasion.site.journal.batches_after({})) > 1


class TestOtherDeletions:
    def test_ended_enrolments_and_deleted_courses_leave_their_events(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion, activities=1)
            empty = factories.course(occasion)
            user = factories.user(occasion, "lin")
            enrolling.enrol(occasion, course, [user])
        with site.occasion() as occasion:
            before = list(occasion.site.journal)
            course = occasion.site.courses.by_id(course.id)
            enrolling.unenrol(occasion, course, [occasion.site.users.by_id(user.id)])
            teaching.delete_activity(occasion, next(course.ordered_activities()))
            teaching.delete_course(occasion, occasion.site.courses.by_id(empty.id))
            with pytest.raises(Conflict):
                teaching.delete_course(occasion, course)
        with site.occasion() as occasion:
            after = list(occasion.site.journal)
        assert after[: len(before)] == before
        assert [e.kind for e in after[len(before) :]] == [
            "unenrolled",
            "activity_deleted",
            "course_deleted",
        ]
        sound(site)


class TestCommands:
    @pytest.fixture
    def closed(
        self, make_site: Callable[..., SiteUnderTest], tmp_path: Path
    ) -> tuple[SiteUnderTest, Path]:
        """A site whose events are of 2021, closed; and its .ini."""
        site = make_site()
        site.clock.move(days=-365 * 5)
        with site.occasion() as occasion:
            factories.course(occasion)
            occasion.record("signed_in", subject=1)
        site.close()
        return site, ini_of(site.settings, tmp_path / "site.ini")

    def test_from_archive_to_expire(self, closed: tuple[SiteUnderTest, Path]) -> None:
        _site, ini = closed
        told = here("journal", "archive", "-c", ini).stdout
        assert "segments" in told
        assert "no closed month" in here("journal", "archive", "-c", ini).stdout
        assert "archive segments" in here("journal", "verify", "-c", ini).stdout.replace("\n", " ")
        hold = ["journal", "hold", "-c", ini]
        assert "Held" in here(*hold, "--reason", "inspection").stdout
        assert "the site: inspection" in here(*hold).stdout
        kept = here("journal", "expire", "-c", ini).stdout
        assert "legal hold of the site: inspection" in kept
        assert here(*hold, "--release", "--reason", "over").stdout == "Released.\n"
        assert "would delete" in here("journal", "expire", "-c", ini, "--dry-run").stdout
        assert "were deleted" in here("journal", "expire", "-c", ini).stdout
        told = here("journal", "verify", "-c", ini).stdout.replace("\n", " ")
        assert "deleted after their retention" in told
        assert "Everything is as it was recorded" in told


def test_closing_is_the_latest_of_what_is_known(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course = factories.course(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "lin"))
        assert retention.closes(occasion.site, course) == 0
        at = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())
        assert retention.keep_until(occasion, course.id, at) == int(
            datetime(2029, 3, 2, tzinfo=UTC).timestamp()
        )
        course.ends = at + 86_400
        assert retention.closes(occasion.site, course) == at + 86_400
        assert retention.keep_until(occasion, course.id, at) == int(
            datetime(2029, 3, 3, tzinfo=UTC).timestamp()
        )
        leap = int(datetime(2028, 2, 29, 4, tzinfo=UTC).timestamp())
        assert retention.keep_until(occasion, 0, leap) == int(
            datetime(2031, 2, 28, 4, tzinfo=UTC).timestamp()
        )
