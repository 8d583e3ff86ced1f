"""Every hook, through the plugin `probe` of tests/plugins/probe, found by its entry point."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from modou.declarations import Challenge, DemandStep, Deny, Hold, Pending
from modou.errors import (
    ConfigurationError,
    Conflict,
    Invalid,
    NotAllowed,
    StepNeeded,
    TooLarge,
    Unavailable,
)
from modou.plugins import PluginHost
from modou.services import (
    enrolling,
    files,
    grading,
    learning,
    logins,
    outlines,
    registration,
    settings,
    teaching,
    uploads,
)
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form
from tests.studying import Player, school

PROBE = Path(__file__).parents[1] / "plugins" / "probe"
GOOD_PASSWORD = "Jiàn-zhù 2026 dēng"


@pytest.fixture
def probed(told: Any, tmp_path: Path) -> Iterator[SiteUnderTest]:
    """A site with the probe enabled, an operator, a teacher and a learner in a course."""
    site = SiteUnderTest(tmp_path, **{"modou.plugins": "probe"})
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        factories.user(occasion, "sam", role="system_admin")
        course = factories.course(occasion, activities=1)
        factories.enrolment(occasion, course, factories.user(occasion, "lin"))
    site.tell()
    told.calls.clear()
    yield site
    site.close()


@pytest.fixture
def probed_reel(
    told: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SiteUnderTest]:
    """A site with the probe and a lesson that is studied by the second."""
    monkeypatch.syspath_prepend(str(PROBE.parent / "reel"))
    site = SiteUnderTest(tmp_path, **{"modou.plugins": "probe reel"})
    school(site)
    told.calls.clear()
    yield site
    site.close()
    sys.modules.pop("acme_reel", None)


def the_course(occasion: Any) -> Any:
    return next(iter(occasion.site.courses))


def learner(occasion: Any, name: str = "lin") -> Any:
    return occasion.site.users.by_id(occasion.site.user_index.usernames[name])


class TestAssembling:
    def test_plugin_info_is_shown_to_the_operator(self, probed: SiteUnderTest) -> None:
        page = probed.browser("sam").get("/admin/plugins/probe")
        assert "Probe" in page.text
        assert "acme-probe" in page.text

    def test_capabilities_reach_their_default_roles(self, probed: SiteUnderTest) -> None:
        with probed.occasion() as occasion:
            assert "probe:poke" in occasion.site.roles["teacher"].capabilities
            assert "probe:poke" not in occasion.site.roles["learner"].capabilities

    def test_settings_schema_becomes_a_form_and_secrets_are_stored_encrypted(
        self, probed: SiteUnderTest
    ) -> None:
        browser = probed.browser("sam")
        form = main_form(browser.get("/admin/plugins/probe"))
        form["greeting"] = "你好"
        form["token"] = "s3cret-of-the-probe"
        form["limit"] = "7"
        form.submit(status=303)
        with probed.occasion() as occasion:
            read = settings.read(occasion, "probe", occasion.assembled.settings_schemas["probe"])
            assert (read.greeting, read.limit) == ("你好", 7)
            assert read.token == SecretStr("s3cret-of-the-probe")
            assert b"s3cret" not in bytes(occasion.site.settings["probe"]["token"])
        assert "s3cret" not in browser.get("/admin/plugins/probe").text

    def test_evolve_steps_are_done_when_the_plugin_is_first_enabled(
        self, probed: SiteUnderTest
    ) -> None:
        with probed.occasion() as occasion:
            assert "evolved" not in occasion.site.plugin_data("probe")
        assert probed.registry.assembled.evolve_steps["probe"][0].name == "poke"

    def test_journal_kinds_can_be_recorded_and_read_in_the_audit_trail(
        self, probed: SiteUnderTest
    ) -> None:
        with probed.occasion() as occasion:
            factories.user(occasion, "nora", role="security_auditor")
            occasion.record("probe_poked", values={"how": "a stick"})
        page = probed.browser("nora").get("/admin/audit?kind=probe_poked")
        assert "with what: a stick" in page

    @pytest.mark.parametrize(
        ("kind", "values", "named"),
        [
            ("probe_tickled", {}, "event probe_tickled: no enabled plugin declares"),
            ("probe_poked", {}, "event probe_poked: how: Field required"),
            ("probe_poked", {"how": "x", "why": 1}, "event probe_poked: why: Extra inputs"),
            ("probe_poked", {"how": 5}, "event probe_poked: how: Input should be a valid string"),
            ("probe_poked", {"how": "x", "times": "2"}, "event probe_poked: times: "),
            ("signed_in", {"how": "x"}, "event signed_in: how: this kind has no values"),
        ],
    )
    def test_journal_kinds_keep_out_what_was_not_declared(
        self, probed: SiteUnderTest, kind: str, values: dict[str, Any], named: str
    ) -> None:
        with probed.occasion() as occasion, pytest.raises(ValueError, match=named):
            occasion.record(kind, values=values)
        with probed.occasion() as occasion:
            assert all(event.kind != kind for event in occasion.site.journal if values)

    def test_journal_kinds_must_refuse_unknown_keys(self, probed: SiteUnderTest) -> None:
        from pydantic import BaseModel

        from modou.declarations import JournalKind
        from modou.services.registry import Assembled

        class Lax(BaseModel):
            how: str

        class Careless(PluginHost):
            def gather(self, hook: str) -> list[tuple[str, Any]]:
                found = super().gather(hook)
                return [*found, ("x", JournalKind("x", "X", Lax))] * (hook == "journal_kinds")

        with pytest.raises(ConfigurationError, match="journal kind x: make Lax a subclass"):
            Assembled(Careless([]))

    def test_enrol_methods_open_a_way_into_the_course(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        assert "poke" in probed.registry.assembled.enrol_methods

    def test_completion_rules_decide(self, probed: SiteUnderTest) -> None:
        with probed.occasion() as occasion:
            course = the_course(occasion)
            activity = next(course.ordered_activities())
            activity.completion = ("poked",)
            course.touch(occasion.now)
            enrolment = course.enrolments[learner(occasion).id]
            learning.set_fact(occasion, enrolment, activity, "poked", True)
            assert activity.id in enrolment.progress.completed

    def test_upload_purposes_say_what_is_taken(self, probed: SiteUnderTest) -> None:
        sent: uploads.Uploads = probed.registry.uploads
        with probed.occasion("lin") as occasion:
            purpose = occasion.assembled.upload_purposes["probe_sound"]
            assert (purpose.accept, sent.limit_of(purpose)) == (("audio/*",), 500)
            ticket = sent.ticket(occasion, "probe_sound")
            with pytest.raises(TooLarge):
                uploads.begin(occasion, sent, ticket, "a.mp3", 501)
            part = uploads.begin(occasion, sent, ticket, "a.mp3", 10)
            with pytest.raises(Invalid, match="application/pdf"):
                uploads.take(occasion, sent, part.key, 0, io.BytesIO(b"%PDF-1.7\n!"), 10)

    def test_grade_aggregations_are_offered(self, probed: SiteUnderTest) -> None:
        assert "probe_median" in probed.registry.assembled.grade_aggregations

    def test_page_slots_are_filled_for_each_reader_and_fail_alone(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        browser = probed.browser("lin")
        assert "poked by lin" in browser.get("/").text
        assert "poked by nobody" in probed.browser().get("/").text
        told.answers["page_slots"] = RuntimeError("broken")
        answer = browser.get("/")
        assert "poked by" not in answer.text
        stats = probed.registry.hooks.plugins["probe"].stats["page_slots"]
        assert stats.errors == 1
        assert "broken" in stats.last_error

    def test_nav_items_are_shown(self, probed: SiteUnderTest) -> None:
        assert "Probe page" in probed.browser().get("/").text

    def test_health_checks_take_the_process_out_of_service(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        told.answers["health"] = "the probe is ill"
        answer = probed.browser().get("/readyz", status=503)
        assert answer.json["failures"] == ["probe"]

    def test_privacy_data_is_in_the_copy_of_ones_own_data(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        with probed.occasion() as occasion:
            factories.user(occasion, "li", "李娜")
        form = main_form(probed.browser("li").get("/profile/data"))
        told.answers["privacy"] = lambda occasion, user: {"poked": user.username}
        assert form.submit().json["data"]["probe"] == {"poked": "li"}
        told.answers["privacy"] = lambda occasion, user: None
        assert "probe" not in form.submit().json["data"]
        told.answers["privacy"] = lambda occasion, user: 1 / 0
        copy = form.submit().json["data"]
        assert copy["probe"] == {"failed": True}
        assert copy["account"]["name"] == "李娜"

    def test_cli_commands_are_gathered(self, probed: SiteUnderTest) -> None:
        assert probed.registry.assembled.cli_commands["probe"][0].name == "poke"

    def test_activity_types_of_two_plugins_may_not_share_a_name(self, told: Any) -> None:
        from modou.services.registry import Assembled

        class Greedy(PluginHost):
            def gather(self, hook: str) -> list[tuple[str, Any]]:
                found = super().gather(hook)
                return [*found, ("probe", found[0][1])] if hook == "activity_types" else found

        with pytest.raises(ConfigurationError, match="both declare 'page' in activity_types"):
            Assembled(Greedy(["probe"]))


class TestAsking:
    def register(self, occasion: Any) -> Any:
        return registration.register(
            occasion, username="zhou", name="周敏", password=GOOD_PASSWORD, email="z@example.com"
        )

    def test_before_registration_hears_all_but_the_password(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        with probed.occasion() as occasion:
            self.register(occasion)
        values = told.heard("before_registration")[0]
        assert values["username"] == "zhou"
        assert GOOD_PASSWORD not in str(values)

    def test_before_registration_may_demand_a_step(self, probed: SiteUnderTest, told: Any) -> None:
        told.answers["before_registration"] = DemandStep("Read the notice first.", "/notice")
        with pytest.raises(StepNeeded) as refusal, probed.occasion() as occasion:
            self.register(occasion)
        assert refusal.value.url == "/notice"

    def test_a_plugin_that_fails_refuses_and_nothing_is_kept(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        told.answers["before_registration"] = RuntimeError("no network")
        with pytest.raises(Unavailable, match="probe"), probed.occasion() as occasion:
            self.register(occasion)
        with probed.occasion() as occasion:
            assert "zhou" not in occasion.site.user_index.usernames
        assert probed.registry.hooks.plugins["probe"].stats["before_registration"].errors == 1

    def test_before_login_may_keep_somebody_out(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            self.register(occasion)
        told.answers["before_login"] = Deny("Not on Mondays.")
        with pytest.raises(NotAllowed, match="Mondays"), probed.occasion() as occasion:
            logins.sign_in(occasion, "zhou", GOOD_PASSWORD)
        assert told.heard("before_login") == ["zhou"]

    def test_before_enrolment_is_asked_once_for_all_and_refuses_one(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        told.answers["before_enrolment"] = ["bad"]
        with probed.occasion() as occasion:
            users = [factories.user(occasion, name) for name in ("good", "bad", "fine")]
            report = enrolling.enrol(occasion, the_course(occasion), users)
            assert len(report.enrolled) == 2
            assert list(report.refused) == [users[1].id]
        assert told.heard("before_enrolment") == [(["good", "bad", "fine"], "manual")]

    def test_before_study_closes_an_activity_and_gives_the_reason(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        told.answers["before_study"] = "Wash your hands first."
        with probed.occasion() as occasion:
            course = the_course(occasion)
            path = f"/courses/{course.key}"
            activity = next(course.ordered_activities())
        browser = probed.browser("lin")
        assert "Wash your hands first." in browser.get(path).text
        locked = browser.get(f"{path}/a/{activity.key}", status="*")
        assert "Wash your hands first." in locked.text

    def test_before_credit_hears_a_claim_and_may_hold_it(
        self, probed_reel: SiteUnderTest, told: Any
    ) -> None:
        told.answers["before_credit"] = Hold("probe")
        answer = Player(probed_reel, "lin").play(15)
        (claim,) = told.heard("before_credit")
        assert (claim.cells, claim.seconds, claim.live) == ((0, 15), 15, True)
        assert answer.credit["held"] == 15

    def test_judge_answer_decides_on_a_challenge(
        self, probed_reel: SiteUnderTest, told: Any
    ) -> None:
        told.answers["before_credit"] = Challenge("probe", "poke", 30)
        player = Player(probed_reel, "lin")
        player.play(15)
        told.answers["judge_answer"] = True
        assert player.reply("ouch").credit["activity_credited"] == 15
        assert told.heard("judge_answer") == [("probe", "ouch")]

    def test_before_publish_may_wait_for_somebody(self, probed: SiteUnderTest, told: Any) -> None:
        told.answers["before_publish"] = Pending("The reviewer has to see it.")
        with probed.occasion() as occasion:
            the_course(occasion).status = "draft"
        with pytest.raises(Conflict, match="reviewer"), probed.occasion() as occasion:
            teaching.publish_course(occasion, the_course(occasion))

    def test_before_upload_hears_what_the_bytes_are(self, probed: SiteUnderTest, told: Any) -> None:
        told.answers["before_upload"] = Deny("No files today.")
        with pytest.raises(NotAllowed, match="No files"), probed.occasion() as occasion:
            files.keep_file(occasion, io.BytesIO(b"%PDF-1.4 ..."), "plan.doc", "public", limit=1000)
        assert told.heard("before_upload") == [("plan.doc", "application/pdf", 12)]


class TestAltering:
    def test_alter_outline_replaces_what_is_shown(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            outline = outlines.outline_of(occasion, the_course(occasion))
        assert outline.sections
        assert told.heard("alter_outline") == ["低压电工作业"]

    def test_an_alteration_that_fails_is_left_out(self, probed: SiteUnderTest, told: Any) -> None:
        told.answers["alter_outline"] = RuntimeError("broken")
        with probed.occasion() as occasion:
            assert outlines.outline_of(occasion, the_course(occasion)).sections

    def test_alter_player_adds_to_what_the_page_gets(
        self, probed_reel: SiteUnderTest, told: Any
    ) -> None:
        told.answers["alter_player"] = {"probed": True}
        assert Player(probed_reel, "lin").opened["probed"] is True
        told.answers["alter_player"] = RuntimeError("broken")
        assert Player(probed_reel, "lin").opened["length"] == 600


class TestTelling:
    def test_registered_and_signed_in(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            user = TestAsking().register(occasion)
            id = user.id
        probed.tell()
        assert told.heard("registered")[0].subject == id
        with probed.occasion() as occasion:
            logins.sign_in(occasion, "zhou", GOOD_PASSWORD)
        probed.tell()
        assert told.heard("signed_in")[0].subject == id

    def test_enrolled_and_unenrolled_after_the_commit_only(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        with probed.occasion() as occasion:
            user = factories.user(occasion, "wang")
            enrolling.enrol(occasion, the_course(occasion), [user])
            probed.tell()
            assert told.heard("enrolled") == []
        probed.tell()
        event = told.heard("enrolled")[0]
        assert event.values["method"] == "manual"
        with probed.occasion() as occasion:
            enrolling.unenrol(occasion, the_course(occasion), [learner(occasion, "wang")])
        probed.tell()
        assert told.heard("unenrolled")[0].subject == event.subject

    def test_nothing_is_told_of_what_was_rolled_back(
        self, probed: SiteUnderTest, told: Any
    ) -> None:
        def fail_after_enrolling() -> None:
            with probed.occasion() as occasion:
                user = factories.user(occasion, "wang")
                enrolling.enrol(occasion, the_course(occasion), [user])
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_after_enrolling()
        probed.tell()
        assert told.heard("enrolled") == []

    def test_a_listener_that_fails_stops_nobody(self, probed: SiteUnderTest, told: Any) -> None:
        told.answers["enrolled"] = RuntimeError("deaf")
        with probed.occasion() as occasion:
            user = factories.user(occasion, "wang")
            enrolling.enrol(occasion, the_course(occasion), [user])
        probed.tell()
        assert probed.registry.hooks.plugins["probe"].stats["enrolled"].errors == 1
        del told.answers["enrolled"]
        with probed.occasion() as occasion:
            enrolling.enrol(occasion, the_course(occasion), [factories.user(occasion, "zhao")])
        probed.tell()
        assert len(told.heard("enrolled")) == 2

    def test_completed(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            course = the_course(occasion)
            activity = next(course.ordered_activities())
            activity.completion = ("viewed",)
            course.touch(occasion.now)
        with probed.occasion("lin") as occasion:
            course = the_course(occasion)
            learning.note_view(occasion, course, next(course.ordered_activities()))
        probed.tell()
        assert [e.values["activity"] for e in told.heard("completed")] == [activity.id, 0]

    def test_studied(self, probed_reel: SiteUnderTest, told: Any) -> None:
        Player(probed_reel, "lin").play(30)
        probed_reel.tell()
        assert [e.values["spans"] for e in told.heard("studied")] == [[[0, 15]], [[15, 30]]]

    def test_graded(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            course = the_course(occasion)
            item = grading.ensure_item(occasion, course, next(course.ordered_activities()))
            enrolment = course.enrolments[learner(occasion).id]
            grading.set_grade(occasion, course, item, enrolment, 80.0, source="test")
        probed.tell()
        event = told.heard("graded")[0]
        assert (event.values["value"], event.values["source"]) == (80.0, "test")

    def test_published(self, probed: SiteUnderTest, told: Any) -> None:
        with probed.occasion() as occasion:
            the_course(occasion).status = "draft"
        with probed.occasion() as occasion:
            teaching.publish_course(occasion, the_course(occasion))
        probed.tell()
        assert len(told.heard("published")) == 1


class TestHost:
    def test_an_unknown_hook_stops_the_start_with_the_known_ones(
        self, told: Any, tmp_path: Path
    ) -> None:
        import acme_probe

        from modou.hookspecs import hookimpl

        def before_breakfast() -> None:
            """No such hook."""

        acme_probe.before_breakfast = hookimpl(before_breakfast)
        with pytest.raises(ConfigurationError, match="before_enrolment"):
            PluginHost(["probe"])

    def test_hooks_run_in_the_order_of_the_ini(self, told: Any) -> None:
        host = PluginHost(["probe", "notices"])
        assert [plugin for plugin, _item in host.gather("plugin_info")] == [
            "builtin",
            "probe",
            "notices",
        ]

    def test_a_plugin_named_twice_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="more than once"):
            PluginHost(["notices", "notices"])
