"""Background jobs: from asking for them to their end, on the test's own clock."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import transaction
from transaction.interfaces import TransientError

from modou.errors import Conflict, Invalid, NotAllowed, NotFound, Unavailable
from modou.models.jobs import CANCELLED, DONE, FAILED, NOBODY, QUEUED, RUNNING, JobRecord
from modou.models.site import SITE_KEY
from modou.services import health, jobs
from modou.services.jobs import history, schedule, transitions
from modou.services.jobs.running import Runner
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

HOUR = 3600


@pytest.fixture
def site(told: Any, make_site: Any) -> SiteUnderTest:
    made: SiteUnderTest = make_site(**{"modou.plugins": "probe"})
    with made.occasion() as occasion:
        factories.user(occasion, "olga", "欧尔佳", role="operator")
        factories.user(occasion, "wang", "王芳")
        factories.user(occasion, "lin", "林强")
    # What runs by itself is known from now on.
    made.work()
    return made


def ask(site: SiteUnderTest, name: str, who: str | None = None, **values: Any) -> int:
    with site.occasion(who) as occasion:
        return jobs.enqueue(occasion, name, **values).id


def state(site: SiteUnderTest, id: int) -> JobRecord:
    """The record, as it stands now."""
    with site.occasion() as occasion:
        record: JobRecord = occasion.site.jobs.records.by_id(id)
        record._p_activate()
        record.progress._p_activate()
        return record


class TestRunning:
    def test_a_job_gets_its_values_and_is_done(self, site: SiteUnderTest, told: Any) -> None:
        id = ask(site, "probe_poke", "wang", course="低压", count=3)
        assert state(site, id).state == QUEUED
        assert site.work() == 1
        assert told.heard("jobs") == [({"course": "低压", "count": 3}, 1)]
        record = state(site, id)
        assert (record.state, record.tries, record.progress.fraction) == (DONE, 1, 1.0)
        with site.occasion() as occasion:
            assert occasion.site.users.by_id(record.actor).username == "wang"
            assert set(occasion.site.jobs.waiting) == {NOBODY}
            assert set(occasion.site.jobs.running) == {NOBODY}
        assert site.work() == 0

    def test_what_is_rolled_back_leaves_no_job(self, site: SiteUnderTest, told: Any) -> None:
        def fail() -> None:
            with site.occasion() as occasion:
                jobs.enqueue(occasion, "probe_poke")
                raise Conflict("No.")

        with pytest.raises(Conflict):
            fail()
        assert site.work() == 0
        assert not told.heard("jobs")

    def test_unknown_names_and_values_that_are_no_json_are_refused_at_once(
        self, site: SiteUnderTest
    ) -> None:
        with pytest.raises(KeyError), site.occasion() as occasion:
            jobs.enqueue(occasion, "no_such_job")
        with pytest.raises(TypeError), site.occasion() as occasion:
            jobs.enqueue(occasion, "probe_poke", thing=object())

    def test_later_means_not_before(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            jobs.enqueue_later(occasion, "probe_poke", 200)
        site.clock.move(seconds=199)
        assert site.work() == 0
        site.clock.move(seconds=1)
        assert site.work() == 1

    def test_values_of_a_secret_job_are_encrypted_where_they_lie(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        ask(site, "probe_poke", to="wang@example.com")
        assert b"wang@example.com" not in site.stored()
        site.work()
        assert told.heard("jobs")[0][0] == {"to": "wang@example.com"}

    def test_a_job_whose_plugin_is_gone_waits(self, site: SiteUnderTest, make_site: Any) -> None:
        id = ask(site, "probe_poke")
        site.close()
        without = make_site()
        assert without.work() == 0
        with without.occasion() as occasion:
            record = occasion.site.jobs.records.by_id(id)
            assert record.state == QUEUED
            assert not jobs.view(occasion, record).known
        without.close()
        again = make_site(**{"modou.plugins": "probe"})
        assert again.work() == 1


class TestFailing:
    def test_it_is_tried_again_later_and_later_and_given_up(
        self, site: SiteUnderTest, told: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        told.answers["jobs"] = ValueError("the secret cause")
        id = ask(site, "probe_poke")
        pauses = []
        for tries in (1, 2, 3):
            assert site.work() == 1
            record = state(site, id)
            assert record.tries == tries
            if tries < 3:
                assert record.state == QUEUED
                pauses.append(record.due - site.clock.seconds())
                assert site.work() == 0
                site.clock.move(seconds=pauses[-1])
        assert record.state == FAILED
        assert 10 <= pauses[0] <= 12
        assert 40 <= pauses[1] <= 48
        # People get a sentence, the log gets the cause.
        assert "operator finds the cause in the log" in str(record.error)
        assert "the secret cause" not in str(record.error)
        assert "the secret cause" in caplog.text

    def test_an_error_for_people_is_shown_and_not_tried_again(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        told.answers["jobs"] = Invalid("The film has no pictures.")
        id = ask(site, "probe_poke")
        site.work()
        record = state(site, id)
        assert (record.state, record.error) == (FAILED, "The film has no pictures.")

    def test_an_error_about_the_moment_is_tried_again(self, site: SiteUnderTest, told: Any) -> None:
        told.answers["jobs"] = Unavailable("Not now.")
        id = ask(site, "probe_poke")
        site.work()
        assert state(site, id).state == QUEUED
        told.answers.clear()
        site.clock.move(minutes=1)
        site.work()
        record = state(site, id)
        assert (record.state, record.error, record.tries) == (DONE, "", 2)

    def test_a_failed_job_can_be_repeated(self, site: SiteUnderTest, told: Any) -> None:
        told.answers["jobs"] = Invalid("No.")
        id = ask(site, "probe_poke", "wang")
        site.work()
        told.answers.clear()
        with pytest.raises(NotAllowed), site.occasion("lin") as occasion:
            jobs.retry(occasion, occasion.site.jobs.records.by_id(id))
        with site.occasion("olga") as occasion:
            jobs.retry(occasion, occasion.site.jobs.records.by_id(id))
        assert site.work() == 1
        assert state(site, id).state == DONE
        with pytest.raises(Conflict), site.occasion() as occasion:
            jobs.retry(occasion, occasion.site.jobs.records.by_id(id))
        with site.occasion() as occasion:
            kinds = [event.kind for event in occasion.site.journal]
        assert kinds.count("job_retried") == 1


class TestProgress:
    def test_those_who_wait_see_it(self, site: SiteUnderTest, told: Any) -> None:
        seen = []

        def behave(context: Any) -> None:
            for step in range(1, 4):
                context.progress(step / 4, f"{step} of 4")
                with site.occasion("wang") as occasion:
                    view = jobs.view(occasion, jobs.find(occasion, context.key))
                    seen.append((view.state, view.fraction, view.text))

        told.answers["behave"] = behave
        ask(site, "probe_long", "wang")
        site.work()
        assert seen == [
            (RUNNING, 0.25, "1 of 4"),
            (RUNNING, 0.5, "2 of 4"),
            (RUNNING, 0.75, "3 of 4"),
        ]

    def test_it_is_written_once_a_second_at_most(self, site: SiteUnderTest, told: Any) -> None:
        before = site.database.lastTransaction()
        written = []

        def behave(context: Any) -> None:
            for step in range(200):
                context.progress(step / 200)
                if site.database.lastTransaction() not in {before, *written}:
                    written.append(site.database.lastTransaction())

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        Runner(site.registry.access).run(id)
        # Asking and beginning wrote before; a slow machine may take two seconds.
        assert len(written) <= 5

    def test_not_for_foreign_eyes(self, site: SiteUnderTest) -> None:
        id = ask(site, "probe_poke", "wang")
        key = state(site, id).key
        with pytest.raises(NotAllowed), site.occasion("lin") as occasion:
            jobs.find(occasion, key)
        with pytest.raises(NotFound), site.occasion("olga") as occasion:
            jobs.find(occasion, "0000000000000")
        with site.occasion("olga") as occasion:
            assert jobs.find(occasion, key).id == id


class TestCancelling:
    def test_a_waiting_one_never_runs(self, site: SiteUnderTest, told: Any) -> None:
        id = ask(site, "probe_poke", "wang")
        with site.occasion("wang") as occasion:
            jobs.cancel(occasion, jobs.find(occasion, occasion.site.jobs.records.by_id(id).key))
        assert site.work() == 0
        assert state(site, id).state == CANCELLED
        with pytest.raises(Conflict), site.occasion("wang") as occasion:
            jobs.cancel(occasion, occasion.site.jobs.records.by_id(id))

    def test_a_running_one_stops_when_it_looks(self, site: SiteUnderTest, told: Any) -> None:
        steps = []

        def behave(context: Any) -> None:
            for step in range(10):
                context.check()
                steps.append(step)
                if step == 2:
                    with site.occasion("olga") as occasion:
                        jobs.cancel(occasion, jobs.find(occasion, context.key))

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        site.work()
        assert steps == [0, 1, 2]
        assert state(site, id).state == CANCELLED

    def test_one_that_fails_meanwhile_is_not_tried_again(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        def behave(context: Any) -> None:
            with site.occasion("olga") as occasion:
                jobs.cancel(occasion, jobs.find(occasion, context.key))
            raise ValueError("broken")

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        site.work()
        assert state(site, id).state == CANCELLED

    def test_a_worker_that_is_stopped_gives_it_back_without_counting_the_try(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        runner = Runner(site.registry.access, often=0)

        def behave(context: Any) -> None:
            runner.stopping.set()
            context.check()
            raise AssertionError("check did not stop it")

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        assert runner.run(id)
        record = state(site, id)
        assert (record.state, record.tries, record.holder) == (QUEUED, 0, "")
        # It takes nothing more on.
        assert not runner.run(id)


class TestInOneHandOnly:
    def test_many_workers_run_it_once(self, site: SiteUnderTest, told: Any) -> None:
        ids = [ask(site, "probe_poke", number=number) for number in range(5)]
        runners = [Runner(site.registry.access) for _ in range(6)]
        begin = threading.Barrier(len(runners))
        ran = []

        def work(runner: Runner) -> None:
            begin.wait()
            ran.append(sum(runner.run(id) for id in ids))

        threads = [threading.Thread(target=work, args=(runner,)) for runner in runners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(values["number"] for values, _try in told.heard("jobs")) == [0, 1, 2, 3, 4]
        assert all(state(site, id).tries == 1 for id in ids)

    def test_those_who_ask_do_not_meet_the_workers(self, site: SiteUnderTest, told: Any) -> None:
        ended = threading.Event()
        met: list[Exception] = []

        def work() -> None:
            runner = Runner(site.registry.access)
            while not ended.is_set() or runner.next_due():
                for id in runner.next_due():
                    runner.run(id)

        def ask_much() -> None:
            for number in range(40):
                try:
                    ask(site, "probe_poke", number=number)
                except TransientError as error:
                    met.append(error)

        workers = [threading.Thread(target=work) for _ in range(2)]
        people = [threading.Thread(target=ask_much) for _ in range(4)]
        for thread in (*workers, *people):
            thread.start()
        for thread in people:
            thread.join()
        ended.set()
        for thread in workers:
            thread.join()
        # A leaf that is being split meets whoever writes to it.
        assert len(met) <= 2
        assert len(told.heard("jobs")) == 160 - len(met)

    def test_what_a_dead_worker_left_is_run_again(self, site: SiteUnderTest, told: Any) -> None:
        id = ask(site, "probe_poke")
        claim = transitions.claim(site.registry.access, id, "a worker that is killed now")
        assert claim is not None
        site.clock.move(seconds=transitions.LEASE - 1)
        assert site.work() == 0
        site.clock.move(seconds=1)
        assert site.work() == 1
        assert (state(site, id).state, state(site, id).tries) == (DONE, 2)

    def test_signs_of_life_keep_it(self, site: SiteUnderTest, told: Any) -> None:
        runner = Runner(site.registry.access, often=0)

        def behave(context: Any) -> None:
            for _ in range(4):
                site.clock.move(seconds=transitions.LEASE - 10)
                runner.beat()
                assert transitions.release_lost(site.registry.access) == []

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        assert runner.run(id)
        assert state(site, id).state == DONE

    def test_a_worker_that_kills_every_try_is_not_fed_for_ever(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        id = ask(site, "probe_poke")
        for _ in range(3):
            assert transitions.claim(site.registry.access, id, "killed") is not None
            assert transitions.release_lost(site.registry.access, alone=True) == [id]
        record = state(site, id)
        assert (record.state, str(record.error[0])) == (FAILED, str(transitions.STOPPED))

    def test_a_worker_taken_for_dead_changes_nothing_any_more(
        self, site: SiteUnderTest, told: Any
    ) -> None:
        def behave(context: Any) -> None:
            if context.tries > 1:
                return
            # It slept for long; another worker has the job now, and has finished it.
            site.clock.move(seconds=transitions.LEASE)
            site.work()
            with context.occasion() as occasion:
                occasion.site.settings_of("probe")["late"] = True

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        Runner(site.registry.access, often=0).run(id)
        record = state(site, id)
        assert (record.state, record.tries) == (DONE, 2)
        with site.occasion() as occasion:
            assert "probe" not in occasion.site.settings

    def test_taken_away_in_the_middle_of_a_change(self, site: SiteUnderTest, told: Any) -> None:
        def behave(context: Any) -> None:
            if context.tries > 1:
                return
            with context.occasion() as occasion:
                occasion.site.settings_of("probe")["late"] = True
                transitions.release_lost(site.registry.access, alone=True)

        told.answers["behave"] = behave
        id = ask(site, "probe_long")
        Runner(site.registry.access, often=0).run(id)
        with site.occasion() as occasion:
            assert "probe" not in occasion.site.settings
        assert state(site, id).state == QUEUED


class TestSchedule:
    def planned(self, site: SiteUnderTest, name: str) -> int:
        with site.occasion() as occasion:
            return next(p.next for p in schedule.plan(occasion) if p.job.name == name)

    def runs(self, site: SiteUnderTest, name: str) -> int:
        """How many runs of a job are listed."""
        with site.occasion() as occasion:
            return len(jobs.page(occasion, name=name).jobs)

    def test_every_hour(self, site: SiteUnderTest) -> None:
        for count in (1, 2, 3):
            site.clock.move(hours=1)
            site.work()
            assert self.runs(site, "probe_hourly") == count

    def test_what_was_missed_is_made_up_for_once(self, site: SiteUnderTest) -> None:
        site.clock.move(hours=7, minutes=30)
        site.work()
        assert self.runs(site, "probe_hourly") == 1
        assert self.planned(site, "probe_hourly") > site.clock.seconds()

    def test_daily_and_monthly_in_shanghai(self, site: SiteUnderTest) -> None:
        # 09:00 on Monday, 2 March 2026 in Shanghai.
        assert self.planned(site, "probe_daily") == int(
            datetime(2026, 3, 2, 19, 10, tzinfo=UTC).timestamp()
        )
        assert self.planned(site, "probe_monthly") == int(
            datetime(2026, 3, 4, 20, 0, tzinfo=UTC).timestamp()
        )
        site.clock.move(days=1)
        site.work()
        assert self.runs(site, "probe_daily") == 1
        assert self.runs(site, "probe_monthly") == 0
        site.clock.move(days=33)
        site.work()
        assert self.runs(site, "probe_monthly") == 1
        assert self.planned(site, "probe_monthly") == int(
            datetime(2026, 5, 4, 20, 0, tzinfo=UTC).timestamp()
        )

    def test_many_processes_start_it_once(self, site: SiteUnderTest) -> None:
        site.clock.move(hours=1)
        begin = threading.Barrier(6)
        started = []

        def tick() -> None:
            begin.wait()
            started.append(schedule.tick(site.registry.access))

        threads = [threading.Thread(target=tick) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        site.work()
        assert self.runs(site, "probe_hourly") == 1

    def test_a_run_that_goes_on_stands_for_the_next(self, site: SiteUnderTest, told: Any) -> None:
        told.answers["jobs"] = Unavailable("Not now.")
        site.clock.move(hours=1)
        site.work()
        with site.occasion() as occasion:
            (view,) = jobs.page(occasion, name="probe_hourly").jobs
            record = occasion.site.jobs.records[view.key]
            occasion.site.jobs.wait(record, occasion.now + 3 * HOUR)
        site.clock.move(hours=2)
        site.work()
        assert self.runs(site, "probe_hourly") == 1

    def test_the_cores_own(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            own = {p.job.name: (p.job.every, p.job.at) for p in schedule.plan(occasion)}
        assert own["seal_journal"] == (None, "00:10")
        assert own["sweep_sessions"] == (HOUR, None)
        site.browser("wang")
        with site.occasion("wang") as occasion:
            occasion.record("signed_in", subject=occasion.actor.id)
        site.clock.move(days=2)
        site.work()
        with site.occasion() as occasion:
            assert len(occasion.site.sessions) == 0
            assert len(occasion.site.journal.seals) > 0
            assert {v.state for v in jobs.page(occasion).jobs} == {DONE}

    def test_old_ones_are_dropped(self, site: SiteUnderTest, told: Any) -> None:
        told.answers["jobs"] = Invalid("No.")
        failed = ask(site, "probe_poke")
        site.work()
        told.answers.clear()
        ask(site, "probe_poke")
        site.work()
        site.clock.move(days=29)
        with site.occasion() as occasion:
            assert history.drop_old(occasion, 100) == 0
        site.clock.move(days=1)
        with site.occasion() as occasion:
            assert history.drop_old(occasion, 1) == 1
            assert history.drop_old(occasion, 100) == 1
            assert occasion.site.jobs.records.get(failed) is None
            assert not occasion.site.jobs.ended


class TestOlderSites:
    def test_the_evolve_step_makes_room(self, site: SiteUnderTest) -> None:
        from modou.builtin.evolve import make_jobs

        with site.occasion() as occasion:
            del occasion.site.jobs
            occasion.site.roles["operator"].capabilities -= {"jobs:manage"}
        tm = transaction.TransactionManager(explicit=True)
        tm.begin()
        connection = site.database.open(transaction_manager=tm)
        make_jobs(connection.root(), print)
        make_jobs(connection.root(), print)
        assert "jobs:manage" in connection.root()[SITE_KEY].roles["operator"].capabilities
        tm.commit()
        connection.close()
        assert site.work() == 0


class TestPages:
    def test_an_empty_list_says_what_will_be_there(self, site: SiteUnderTest) -> None:
        page = site.browser("olga").get("/admin/jobs")
        assert "Nothing was done yet" in page.text
        assert "hx-trigger" not in page.text.partition('id="jobs"')[2]
        assert "No jobs of this kind" in site.browser("olga").get("/admin/jobs?state=failed").text

    def test_states_filters_repeating_and_cancelling(self, site: SiteUnderTest, told: Any) -> None:
        told.answers["jobs"] = Invalid("The film has no pictures.")
        ask(site, "probe_poke", "wang")
        site.work()
        told.answers.clear()
        ask(site, "probe_long", "wang")
        browser = site.browser("olga")
        page = browser.get("/admin/jobs")
        rows = page.html.select("tbody tr")
        assert ["Waiting" in row.text for row in rows] == [True, False]
        assert "The film has no pictures." in rows[1].text
        assert "王芳" in rows[1].text
        # Something moves: the list keeps itself up to date.
        assert page.html.find(id="jobs")["hx-trigger"] == "every 3s"
        failed = browser.get("/admin/jobs?state=failed&name=probe_poke")
        assert len(failed.html.select("tbody tr")) == 1
        assert len(browser.get("/admin/jobs?name=probe_daily").html.select("tbody tr")) == 0

        def press(action: str, address: str = "/admin/jobs") -> str:
            listing = browser.get(address)
            button = listing.html.find("button", {"value": action})
            number = listing.html.find_all("form").index(button.find_parent("form"))
            answer = listing.forms[number].submit("action", value=action, status=303)
            text: str = answer.follow().text
            return text

        assert "is cancelled" in press("cancel")
        assert "begins again" in press("retry", "/admin/jobs?state=failed")
        site.work()
        assert told.heard("jobs")
        done = browser.get("/admin/jobs?state=done")
        assert len(done.html.select("tbody tr")) == 1

    def test_what_ended_meanwhile_is_said(self, site: SiteUnderTest) -> None:
        id = ask(site, "probe_poke")
        browser = site.browser("olga")
        form = browser.get("/admin/jobs").forms
        number = next(n for n, f in form.items() if "job" in f.fields)
        site.work()
        answer = form[number].submit("action", value="cancel", status=303).follow()
        assert "This job has ended" in answer.text
        assert state(site, id).state == DONE

    def test_long_lists_have_pages(self, site: SiteUnderTest) -> None:
        for number in range(120):
            ask(site, "probe_poke", number=number)
        site.work()
        browser = site.browser("olga")
        page = browser.get("/admin/jobs")
        seen = []
        while True:
            seen.append(len(page.html.select("tbody tr")))
            if not page.html.find("a", rel="prev") and len(seen) > 1:
                raise AssertionError("no way back")
            if not page.html.find("a", rel="next"):
                break
            page = page.click(linkid=None, href="before=", index=0)
        assert seen == [50, 50, 20]

    def test_the_schedule(self, site: SiteUnderTest, told: Any) -> None:
        browser = site.browser("olga")
        page = browser.get("/admin/jobs/schedule")
        row = next(r for r in page.html.select("tbody tr") if "Poke at night" in r.text)
        assert "daily 03:10" in row.text
        assert "on day 5 of the month, 04:00" in page.text
        assert "every hour" in page.text
        form = next(f for f in page.forms.values() if "name" in f.fields and f["name"].value)
        form["name"] = "probe_daily"
        assert "begins in a moment" in form.submit("action", value="start").follow().text
        site.work()
        assert len(told.heard("jobs")) == 1
        assert "late" not in page.text
        site.clock.move(minutes=25)
        assert "is a worker running?" in browser.get("/admin/jobs/schedule").text
        browser.post(
            "/admin/jobs",
            {"action": "start", "name": "mail", "csrf_token": form["csrf_token"].value},
            status=404,
        )

    def test_progress_for_those_who_wait(self, site: SiteUnderTest, told: Any) -> None:
        wang, lin = site.browser("wang"), site.browser("lin")
        id = ask(site, "probe_long", "wang")
        address = f"/jobs/{state(site, id).key}/progress"
        htmx = {"HX-Request": "true"}
        seen = []

        def behave(context: Any) -> None:
            context.progress(0.25, "1 of 4")
            seen.append(wang.get(address, headers=htmx))
            seen.append(wang.get(address))

        told.answers["behave"] = behave
        waiting = wang.get(address, headers=htmx)
        assert "every 2s" in waiting.text
        assert "<html" not in waiting.text
        site.work()
        fragment, page = seen
        assert fragment.html.find("progress")["value"] == "25"
        assert "1 of 4" in fragment.text
        assert "http-equiv" in page.text
        done = wang.get(f"{address}?then=reload", headers=htmx)
        assert done.headers["HX-Refresh"] == "true"
        assert "every 2s" not in done.text
        assert "Done" in done.text
        lin.get(address, status=403)
        site.browser("olga").get(address, status=200)
        assert "/login" in site.browser().get(address, status=302).location
        wang.get("/jobs/0000000000000/progress", status=404)


class TestHealth:
    def finding(self, site: SiteUnderTest) -> str:
        with site.occasion() as occasion:
            return next(f.problem for f in health.findings(occasion) if f.name == "jobs")

    def test_it_tells_that_no_worker_runs(self, site: SiteUnderTest) -> None:
        assert self.finding(site) == ""
        ask(site, "probe_poke")
        site.clock.move(minutes=4)
        assert self.finding(site) == ""
        site.clock.move(minutes=2)
        assert "1 background jobs wait, the longest for 6 minutes" in self.finding(site)
        site.work()
        assert self.finding(site) == ""

    def test_it_tells_that_a_worker_is_silent(self, site: SiteUnderTest) -> None:
        id = ask(site, "probe_long")
        assert transitions.claim(site.registry.access, id, "silent") is not None
        site.clock.move(minutes=6)
        assert "wait" in self.finding(site)

    def test_it_tells_that_nobody_starts_what_is_planned(self, site: SiteUnderTest) -> None:
        site.clock.move(hours=2)
        assert "wait" in self.finding(site)
