"""Sitting a quiz: rules, answers, writers, the clock, the hand-in."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from transaction.interfaces import TransientError

from modou.declarations import Deny
from modou.errors import Invalid, NotAllowed, NotFound, TooMany, in_english
from modou.services import jobs, sessions, teaching
from modou.services.occasion import Origin
from modou.services.studying import tokens
from modou_quiz.models.attempts import Given
from modou_quiz.models.quizzes import Allowance
from modou_quiz.services import bank, shelf
from modou_quiz.services.marking import automatic, deciding
from modou_quiz.services.sitting import (
    ending,
    errors,
    finding,
    managing,
    pages,
    reviewing,
    rules,
    saving,
    showing,
    starting,
)
from modou_quiz.services.sitting.saving import Save
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest
from tests.sitting import ALL_TYPES, Page, Scene, sign_in, single, text

pytestmark = [pytest.mark.functional, pytest.mark.both_storages]
HOUR = 3600


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def run_clock(scene: Scene) -> None:
    """What workers do each minute."""
    with scene.site.occasion() as occasion:
        jobs.enqueue(occasion, "close_quiz_attempts")
    assert scene.site.work() == 1


def now(scene: Scene) -> int:
    return scene.site.clock.seconds()


# -- an honest learner


def test_a_sitting_from_beginning_to_result(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    page = scene.begin()
    assert scene.fact("lin", "handed_in") is None
    first = page.save((0, 0))
    assert (first.state["seq"], first.refused) == (1, ())
    assert page.save((1, 0), (2, 2)).state["seq"] == 3
    page.save((1, 1))  # changed her mind
    assert page.given() == {0: 0, 1: 1, 2: 2}
    scene.hand_in(page)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert (attempt.state, attempt.handed_in_by) == ("graded", "learner")
        assert (attempt.score, attempt.most) == (3.0, 3.0)
        assert attempt.id not in shelf.attempts_of(occasion.site, scene.activity_id).deadlines
    assert scene.fact("lin", "grade") == 100.0
    assert scene.fact("lin", "handed_in") == now(scene)
    [closed] = scene.events("attempt_closed")
    assert closed.values["answered"] == 3
    assert closed.values["score"] == 3.0
    kinds = ["attempt_started", "attempt_opened", "answer_saved", "attempt_closed"]
    assert [len(scene.events(kind)) for kind in kinds] == [1, 1, 4, 1]


def test_the_score_comes_out_again_from_what_is_stored(site: SiteUnderTest) -> None:
    questions = [(name, content) for name, content in ALL_TYPES.items()]
    scene = Scene(site, questions)
    page = scene.begin()
    with site.occasion() as occasion:
        for place, name in enumerate(ALL_TYPES):
            best = shelf.types_of(occasion)[name].best(ALL_TYPES[name])
            if best is not None:
                page.save((place, best))
    scene.hand_in(page)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        again = automatic.outcome(automatic.keys_of(occasion), attempt, {}, attempt.handed_in)
        assert (again.score, again.earned) == (attempt.score, attempt.earned)
        # What the journal says is what is stored: the newest event of each slot.
        said = {e.values["slot"]: e.values for e in scene.events("answer_saved")}
        for place, given in attempt.answers.given.items():
            assert saving.journalled(saving.unpacked(given.response)).items() <= said[place].items()


def test_long_texts_lie_apart_and_stand_in_the_journal_as_digests(site: SiteUnderTest) -> None:
    scene = Scene(site, [("essay", c.Essay(stem=text("Say much.")))])
    page = scene.begin()
    long = "多" * 5000
    page.save((0, {"text": long, "files": []}))
    page.save((0, {"text": long + "了", "files": []}))
    with site.occasion() as occasion:
        given = scene.attempt(occasion, page.attempt_id).answers.given[0]
        assert len(str(given.response)) < 200
        assert saving.unpacked(given.response)["text"] == long + "了"
    for event in scene.events("answer_saved"):
        assert event.values.get("response") is None
        assert len(event.values["digest"]) == 64
    scene.hand_in(page)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert (attempt.state, attempt.score) == ("handed_in", None)


# -- acknowledged once


def test_a_replayed_answer_brings_nothing(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    page.save((0, 1))
    page.save((0, 2))
    again = page.send(Save(1, 0, 1))
    assert again.state["seq"] == 2
    assert page.given() == {0: 2}
    assert len(scene.events("answer_saved")) == 2


def test_a_hundred_senders_of_one_answer_save_it_once(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    access = site.registry.access
    found: list[Any] = []

    def send() -> None:
        saved = access.together(
            lambda o: saving.save(o, page.token, [Save(1, 0, 1)]), actor=page.token.user
        )
        found.append(saved.state["seq"])

    threads = [threading.Thread(target=send) for _number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 100
    assert len(scene.events("answer_saved")) == 1


def test_one_bad_answer_does_not_hold_up_the_others(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    saved = page.save((0, 99), (7, 0), (1, "nonsense"), (2, 1))
    assert [(one.seq, one.slot) for one in saved.refused] == [(1, 0), (2, 7), (3, 1)]
    assert saved.state["seq"] == 4
    assert page.given() == {2: 1}
    # An answer can be taken back, a flag comes alone.
    page.send(Save(5, 2, flagged=True, only_flag=True), Save(6, 2, None))
    assert page.given() == {2: None}


# -- one writer


def test_only_the_newest_page_writes(site: SiteUnderTest) -> None:
    scene = Scene(site)
    old = scene.begin()
    old.save((0, 0))
    login = sign_in(scene, "lin")
    with site.occasion("lin") as occasion:
        pages.take_over(occasion, scene.activity_id, old.attempt_id, login)
    with pytest.raises(errors.TakenOver):
        old.save((0, 1))
    with pytest.raises(errors.TakenOver), site.occasion("lin") as occasion:
        # Neither can the old page open itself again.
        pages.open_page(occasion, old.token)
    with site.occasion("lin") as occasion:
        sitting = finding.own(occasion, scene.activity_id, old.attempt_id)
        opened = pages.open_page(occasion, pages.token_of(sitting))
    # What was acknowledged is told, so that the new page counts on from there.
    assert (opened["seq"], list(opened["times"])) == (1, ["0"])
    assert old.given() == {0: 0}


def test_the_first_page_takes_the_attempt_with_its_first_answer(site: SiteUnderTest) -> None:
    scene = Scene(site)
    attempt = scene.start()
    with site.occasion("lin") as occasion:
        sitting = finding.own(occasion, scene.activity_id, attempt)
        # Two windows are made before either of them has sent anything.
        one, other = pages.token_of(sitting), pages.token_of(sitting)
        assert pages.is_first(sitting)
    with site.occasion("lin") as occasion:
        saving.save(occasion, one, [Save(1, 0, 2)])
    # The line broke, and the page sends it again.
    with site.occasion("lin") as occasion:
        again = saving.save(occasion, one, [Save(1, 0, 2), Save(2, 1, 1)])
    assert (again.state["seq"], again.refused) == (2, ())
    with pytest.raises(errors.TakenOver), site.occasion("lin") as occasion:
        saving.save(occasion, other, [Save(1, 0, 0)])
    with site.occasion("lin") as occasion:
        sitting = finding.own(occasion, scene.activity_id, attempt)
        assert not pages.is_first(sitting)
        opened = pages.open_page(occasion, newer := pages.token_of(sitting))
        # Its answer is lost as well: opening again is the same page.
        assert pages.open_page(occasion, newer) == opened
    with pytest.raises(errors.TakenOver), site.occasion("lin") as occasion:
        saving.save(occasion, one, [Save(3, 0, 0)])
    assert [event.values["writer"] for event in scene.events("attempt_opened")] == [1, 2]


def test_forged_and_foreign_tokens_are_nothing(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    text = pages.make_token(site.registry.keys, page.token)
    with pytest.raises(errors.UnknownPage):
        pages.read_token(site.registry.keys, "A" + text[1:-1] + "A")
    with pytest.raises(errors.UnknownPage):
        pages.read_token(site.registry.keys, "")
    study = tokens.make(site.registry.keys, tokens.Player(1, 2, 3))
    with pytest.raises(errors.UnknownPage):
        pages.read_token(site.registry.keys, study)
    # Somebody else's attempt is not known to exist.
    with pytest.raises(NotFound), site.occasion("zhou") as occasion:
        ending.hand_in(occasion, scene.activity_id, page.attempt_id)
    with pytest.raises(NotFound), site.occasion("zhou") as occasion:
        pages.take_over(occasion, scene.activity_id, page.attempt_id, b"x")


def test_who_signs_out_saves_nothing_more(site: SiteUnderTest) -> None:
    scene = Scene(site)
    login = sign_in(scene, "lin")
    page_id = scene.start("lin", login)
    page = Page(scene, page_id, "lin")
    page.save((0, 1))
    with site.occasion("lin") as occasion:
        sessions.end(occasion, login)
    with pytest.raises(errors.SignedOut):
        page.save((0, 2))


# -- the clock


def test_the_clock_hands_in_and_late_answers_are_refused(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    begun = now(scene)
    page = scene.begin()
    page.save((0, 0))
    site.clock.move(seconds=HOUR + 5)  # on its way when the time was up
    page.save((1, 1))
    site.clock.move(seconds=6)
    with pytest.raises(errors.Closed) as refused:
        page.save((2, 2))
    assert refused.value.members["ended"] == begun + HOUR
    assert "10:00:00" in str(refused.value)  # in the site's time zone
    run_clock(scene)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert (attempt.state, attempt.handed_in_by) == ("graded", "time")
        assert attempt.handed_in == begun + HOUR
        assert attempt.score == 2.0
    with pytest.raises(errors.Closed):
        page.save((2, 2))
    [closed] = scene.events("attempt_closed")
    assert closed.values["by"] == "time"
    # Looking at the quiz ends it as well, when no worker runs.
    second = scene.begin()
    site.clock.move(seconds=2 * HOUR)
    with site.occasion("lin") as occasion:
        standing = starting.standing(
            occasion,
            scene.activity(occasion).course,
            scene.activity(occasion),
            scene.quiz(occasion),
        )
        assert standing.open is None
    assert len(scene.events("attempt_closed")) == 2
    assert second.attempt_id != page.attempt_id


def test_what_is_voided_is_neither_complete_nor_handed_in(site: SiteUnderTest) -> None:
    scene = Scene(site)

    def decide(verb: Callable[..., None], page: Page) -> None:
        with site.occasion("wang") as occasion:
            attempt = scene.attempt(occasion, page.attempt_id)
            verb(occasion, scene.activity(occasion), attempt, "替考")

    page = scene.begin()
    decide(deciding.void, page)
    with pytest.raises(errors.Closed) as refused:
        page.save((0, 0))
    assert "voided" in in_english(refused.value.message)
    assert scene.fact("lin", "handed_in") is None
    decide(deciding.restore, page)
    assert scene.fact("lin", "handed_in") == now(scene)
    other = scene.begin()
    scene.hand_in(other)
    decide(deciding.void, page)
    assert scene.fact("lin", "handed_in") is not None
    decide(deciding.void, other)
    assert scene.fact("lin", "handed_in") is None
    assert [e.values["activity"] for e in scene.events("completion_withdrawn")] == [
        scene.activity_id,
        0,
    ]


def test_one_that_cannot_be_handed_in_does_not_hold_up_the_others(
    site: SiteUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene(site, time_limit=HOUR)
    broken, whole = scene.begin("lin"), scene.begin("zhou")
    with site.occasion() as occasion:
        # As if a type could not read any more what it once took.
        attempt = scene.attempt(occasion, broken.attempt_id)
        attempt.answers.given = {0: Given(["?"], 1, 1)}
    site.clock.move(seconds=HOUR + 60)
    run_clock(scene)
    with site.occasion() as occasion:
        assert scene.attempt(occasion, broken.attempt_id).state == "open"
        assert scene.attempt(occasion, whole.attempt_id).handed_in_by == "time"
    assert str(broken.attempt_id) in caplog.text


def test_a_clock_that_goes_back_takes_no_time_away(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    page = scene.begin()
    deadline = page.save((0, 0)).state["deadline"]
    site.clock.move(seconds=-600)
    saved = page.save((1, 1))
    assert saved.state["deadline"] == deadline
    scene.hand_in(page)
    with site.occasion() as occasion:
        assert scene.attempt(occasion, page.attempt_id).state == "graded"


def test_hand_in_and_clock_meet_and_one_of_them_ends_it(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    page = scene.begin()
    page.save((0, 0))
    site.clock.move(seconds=HOUR + 60)
    access = site.registry.access
    together = threading.Barrier(8)

    def learner() -> None:
        together.wait()
        access.together(
            lambda o: ending.hand_in(o, scene.activity_id, page.attempt_id), actor=page.token.user
        )

    def clock() -> None:
        together.wait()
        for _try in range(20):
            try:
                with access.occasion() as occasion:
                    ending.close_if_over(occasion, scene.activity_id, page.attempt_id)
            except TransientError:
                continue
            return

    threads = [threading.Thread(target=work) for work in (learner, clock) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(scene.events("attempt_closed")) == 1
    with site.occasion() as occasion:
        assert scene.attempt(occasion, page.attempt_id).handed_in_by == "time"


# -- rules


def may(scene: Scene, username: str = "lin", ip: str = "127.0.0.1") -> str:
    """Why somebody may not begin; "" when they may."""
    with scene.site.occasion(username) as occasion:
        occasion.origin = Origin(ip)
        activity = scene.activity(occasion)
        found = starting.standing(occasion, activity.course, activity, scene.quiz(occasion))
        return in_english(found.objection) if found.objection else ""


def test_windows_lists_networks_attempts_and_delays(site: SiteUnderTest) -> None:
    scene = Scene(site)
    begin = now(scene)
    assert may(scene) == ""
    scene.rule(opens=begin + 60)
    assert may(scene) == "It opens on 2026-03-02 09:01."
    scene.rule(opens=0, closes=begin)
    assert may(scene).startswith("It closed on")
    with site.occasion("wang") as occasion:
        quiz, activity = scene.quiz(occasion), scene.activity(occasion)
        managing.except_learner(
            occasion, activity, quiz, "lin", Allowance(closes=begin + HOUR, why="ill")
        )
    assert may(scene) == ""
    assert may(scene, "zhou").startswith("It closed on")
    scene.rule(closes=0, exceptions={}, networks=("10.1.0.0/16", "2001:db8::/32"))
    assert may(scene, ip="10.1.7.7") == ""
    assert may(scene, ip="::ffff:10.1.7.7") == ""
    assert may(scene, ip="2001:db8::1") == ""
    assert "rooms" in may(scene, ip="10.2.0.1")
    # What was begun in the room is not taken home.
    scene.rule(networks=("127.0.0.0/8",))
    page = scene.begin()
    for ip, taken in (("127.0.0.1", True), ("10.2.0.1", False)):
        with site.occasion("lin") as occasion:
            occasion.origin = Origin(ip)
            if taken:
                saving.save(occasion, page.token, [Save(1, 0, 0)])
                continue
            with pytest.raises(NotAllowed):
                saving.save(occasion, page.token, [Save(2, 0, 1)])
            with pytest.raises(NotAllowed):
                pages.take_over(occasion, scene.activity_id, page.attempt_id, b"home")
    assert page.given() == {0: 0}
    with site.occasion() as occasion:
        starting.drop(
            shelf.attempts_of(occasion.site, scene.activity_id),
            scene.attempt(occasion, page.attempt_id),
        )
    scene.rule(networks=(), cohorts=(5,))
    assert "classes" in may(scene)
    with site.occasion() as occasion:
        user = occasion.site.users.by_id(occasion.site.user_index.usernames["lin"])
        user.cohorts = (5,)
    assert may(scene) == ""
    with site.occasion("wang") as occasion:
        managing.list_learners(
            occasion, scene.activity(occasion), scene.quiz(occasion), ["zhou", ""]
        )
    assert "list" in may(scene)
    scene.rule(only=(), cohorts=(), attempts=2, delay=HOUR)
    page = scene.begin()
    scene.hand_in(page)
    assert may(scene) == "The next attempt can begin on 2026-03-02 10:00."
    site.clock.move(seconds=HOUR)
    scene.hand_in(scene.begin())
    site.clock.move(seconds=HOUR)
    assert may(scene) == "You have used all your attempts."
    with pytest.raises(NotAllowed):
        scene.start()
    with site.occasion("wang") as occasion:
        managing.except_learner(
            occasion, scene.activity(occasion), scene.quiz(occasion), "lin",
            Allowance(attempts=1, why="power cut"),
        )  # fmt: skip
    assert may(scene) == ""
    assert len(scene.events("quiz_exception")) == 2
    with site.occasion("wang") as occasion, pytest.raises(Invalid):
        managing.except_learner(
            occasion,
            scene.activity(occasion),
            scene.quiz(occasion),
            "nobody",
            Allowance(attempts=1),
        )
    with site.occasion("lin") as occasion, pytest.raises(NotAllowed):
        managing.list_learners(occasion, scene.activity(occasion), scene.quiz(occasion), [])


def test_those_who_failed_are_listed_for_the_resit(site: SiteUnderTest) -> None:
    scene = Scene(site)
    scene.hand_in(passed := scene.begin("zhou"))
    assert scene.fact("zhou", "passed") is False
    page = scene.begin("lin")
    page.save((0, 0), (1, 1), (2, 2))
    scene.hand_in(page)
    assert scene.fact("lin", "passed") is True
    with site.occasion() as occasion:
        activity = scene.activity(occasion)
        twin = teaching.copy_activity(occasion, activity)
        quiz = shelf.find(occasion.site, twin)
        assert quiz is not None
        assert quiz.paper == scene.quiz(occasion).paper
        assert managing.list_failed(occasion, twin, quiz, activity) == 1
        assert [user.username for user in managing.listed(occasion, quiz)] == ["zhou"]
        teaching.delete_activity(occasion, twin)
        assert shelf.attempts_of(occasion.site, twin.id) is None
    assert passed.attempt_id


def test_what_was_begun_without_an_end_ends_when_the_quiz_closes(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page, other = scene.begin(), scene.begin("zhou")
    assert page.save((0, 0)).state["deadline"] is None
    closes = now(scene) + HOUR
    scene.rule(closes=closes)
    assert page.save((1, 1)).state["deadline"] == closes * 1000
    site.clock.move(seconds=2 * HOUR)
    with pytest.raises(errors.Closed):
        page.save((2, 2))
    assert may(scene).startswith("It closed on")  # and ends what is over
    scene.hand_in(other)
    with site.occasion() as occasion:
        for one in (page, other):
            attempt = scene.attempt(occasion, one.attempt_id)
            assert (attempt.handed_in_by, attempt.handed_in) == ("time", closes)
    # Given back without an end, it has none.
    with site.occasion("wang") as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        deciding.reopen(occasion, scene.activity(occasion), attempt, 0, "断网")
    assert page.save((2, 2)).state["deadline"] is None


def test_extra_time_counts_at_once_and_nobody_loses_time(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    page = scene.begin()
    deadline = page.save().state["deadline"]
    with site.occasion("wang") as occasion:
        managing.except_learner(
            occasion, scene.activity(occasion), scene.quiz(occasion), "lin",
            Allowance(extra=600, why="broken arm"),
        )  # fmt: skip
    assert page.save().state["deadline"] == deadline + 600_000
    for limit, expected in ((60, deadline + 600_000), (2 * HOUR, deadline + 4200_000)):
        with site.occasion() as occasion:
            quiz = scene.quiz(occasion)
            quiz.time_limit = limit
            managing.settle_deadlines(occasion, scene.activity(occasion), quiz)
        assert page.save().state["deadline"] == expected


def test_hooks_of_other_plugins_count(make_site: Callable[..., SiteUnderTest], told: Any) -> None:
    site = make_site(**{"modou.plugins": "quiz probe"})
    scene = Scene(site)
    told.answers["before_attempt"] = Deny("Show your face first.")
    assert may(scene) == "Show your face first."
    with pytest.raises(NotAllowed, match="face"):
        scene.start()
    told.answers.pop("before_attempt")
    page = scene.begin()
    told.answers["before_submit"] = Deny("Not yet.")
    with pytest.raises(NotAllowed, match="Not yet"):
        scene.hand_in(page)
    told.answers.pop("before_submit")
    scene.hand_in(page)
    site.tell()
    assert [event.values["by"] for event in told.heard("attempt_closed")] == ["learner"]
    assert told.heard("before_submit") == [("电工基础测验", 1)] * 2


def test_it_is_not_handed_in_before_its_time(site: SiteUnderTest) -> None:
    scene = Scene(site, stay=1800, time_limit=HOUR)
    page = scene.begin()
    with pytest.raises(NotAllowed, match="09:30"):
        scene.hand_in(page)
    site.clock.move(seconds=1800)
    scene.hand_in(page)
    assert scene.fact("lin", "handed_in")


# -- a page without a way back, leaves, practice


def test_there_is_no_way_back(site: SiteUnderTest) -> None:
    scene = Scene(site, sequential=True, per_page=2)
    page = scene.begin()
    saved = page.save((0, 0), (2, 2))
    assert [one.slot for one in saved.refused] == [2]
    with site.occasion("lin") as occasion:
        posted = saving.Posted(None, turn=True)
        saving.save_page(occasion, page.token, posted)
    saved = page.save((1, 1), (2, 2))
    assert [one.slot for one in saved.refused] == [1]
    assert page.given() == {0: 0, 2: 2}


def test_leaving_too_often_hands_in(site: SiteUnderTest) -> None:
    scene = Scene(site, most_leaves=2)
    page = scene.begin()
    assert not page.save(leaves=1).ended
    assert not page.save(leaves=1).ended  # said twice, counted once
    assert not page.save(leaves=2).ended
    assert page.save((0, 0), leaves=3).ended
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert (attempt.handed_in_by, attempt.leaves, attempt.score) == ("left", 3, 1.0)
    assert [e.values["leaves"] for e in scene.events("attempt_left")] == [1, 2, 3]


def test_what_was_checked_in_practice_stays(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    with site.occasion("lin") as occasion, pytest.raises(NotFound):
        saving.check(finding.own(occasion, scene.activity_id, page.attempt_id), 0)
    scene.rule(review=frozenset({("during", "correct"), ("during", "right")}))
    with site.occasion("lin") as occasion, pytest.raises(Invalid):
        saving.check(finding.own(occasion, scene.activity_id, page.attempt_id), 0)
    page.save((0, 2))
    with site.occasion("lin") as occasion:
        saving.check(finding.own(occasion, scene.activity_id, page.attempt_id), 0)
    assert len(page.save((0, 0)).refused) == 1
    assert page.given() == {0: 2}
    with site.occasion("lin") as occasion:
        saving.check(finding.own(occasion, scene.activity_id, page.attempt_id), 0)
    [event] = scene.events("answer_checked")
    assert (event.values["slot"], event.values["seq"]) == (0, 1)


def test_a_form_saves_what_brings_no_marks_as_well(site: SiteUnderTest) -> None:
    scene = Scene(
        site, [("single", single()), ("description", ALL_TYPES["description"])], marks=0.0
    )
    page = scene.begin()
    posted = saving.Posted(0, [("q0-choice", "1")])
    with site.occasion("lin") as occasion:
        assert saving.save_page(occasion, page.token, posted) == ()
    assert page.given() == {0: 1}


# -- versions, previews


def test_a_question_that_is_edited_meanwhile_keeps_its_version(site: SiteUnderTest) -> None:
    scene = Scene(site)
    page = scene.begin()
    page.save((0, 0))
    with site.occasion() as occasion:
        question = shelf.bank_of(occasion).questions.by_id(scene.questions[0])
        bank.add_version(occasion, question, single("Something else", 2))
    page.save((1, 1), (2, 2))
    scene.hand_in(page)
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        assert attempt.slots[0].version == 1
        assert attempt.score == 3.0
    second_id = scene.start("zhou")
    with site.occasion() as occasion:
        second = scene.attempt(occasion, second_id)
        assert second.slots[0].version == 2


def test_a_preview_counts_for_nothing(site: SiteUnderTest) -> None:
    scene = Scene(site, opens=now_later(site))
    with site.occasion("lin") as occasion:
        drawn = starting.draw(occasion, scene.activity(occasion), scene.quiz(occasion))
        with pytest.raises(NotAllowed):
            starting.preview(occasion, drawn, b"")
    ids = []
    for _time in range(2):
        with site.occasion("wang") as occasion:
            drawn = starting.draw(occasion, scene.activity(occasion), scene.quiz(occasion))
            ids.append(starting.preview(occasion, drawn, b"").attempt)
    page = Page(scene, ids[1], "wang")
    page.save((0, 0))
    scene.hand_in(page)
    with site.occasion() as occasion:
        held = shelf.attempts_of(occasion.site, scene.activity_id)
        assert list(held.by_id) == [ids[1]]
        assert held.count() == 0
        assert held.by_id[ids[1]].state == "graded"
    assert scene.events("attempt_closed") == scene.events("answer_saved") == []


def now_later(site: SiteUnderTest) -> int:
    return site.clock.seconds() + HOUR


# -- review rules


def test_what_is_shown_when(site: SiteUnderTest) -> None:
    begin = site.clock.seconds()
    review = frozenset(
        {("during", "correct"), ("after", "marks"), ("later", "response"), ("closed", "right")}
    )
    scene = Scene(site, closes=begin + HOUR, review=review)
    page = scene.begin()

    def shown() -> frozenset[str]:
        with site.occasion() as occasion:
            attempt = scene.attempt(occasion, page.attempt_id)
            return reviewing.shown(scene.quiz(occasion), attempt, occasion.now)

    assert shown() == frozenset()
    scene.hand_in(page)
    assert shown() == {"marks"}
    site.clock.move(seconds=reviewing.RIGHT_AFTER)
    assert shown() == {"response"}
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, page.attempt_id)
        following = reviewing.next_moment(scene.quiz(occasion), attempt, occasion.now)
        assert following == (begin + HOUR, frozenset({"right"}))
    site.clock.move(seconds=HOUR)
    assert shown() == {"right"}


def test_a_review_without_responses_does_not_call_them_wrong(site: SiteUnderTest) -> None:
    names = ("single", "cloze", "case")
    review = frozenset({("after", "correct"), ("after", "feedback")})
    scene = Scene(site, named(names), review=review)
    page = scene.begin()
    with site.occasion() as occasion:
        types = shelf.types_of(occasion)
        best = [types[name].raw(c, None, types[name].best(c)) for name, c in named(names)]
    page.save(*enumerate(best))
    scene.hand_in(page)
    with site.occasion("lin") as occasion:
        sitting = finding.own(occasion, scene.activity_id, page.attempt_id)
        shown = showing.review_page(sitting, lambda *_of: "")
        assert [one.state for one in shown.questions] == ["right"] * 3
        told = [one.shown["review"] for one in shown.questions]
        assert [(one["given"], one["state"]) for one in told] == [(True, "right")] * 3
        assert not any("reply" in one for one in told)
        everything = repr([one.shown for one in shown.questions])
        assert "'wrong'" not in everything


def named(names: tuple[str, ...]) -> list[tuple[str, Any]]:
    return [(name, ALL_TYPES[name]) for name in names]


def test_a_wrong_password_is_refused_and_soon_not_even_compared(site: SiteUnderTest) -> None:
    scene = Scene(site, password="开考2026")
    with site.occasion("lin") as occasion:
        activity, quiz = scene.activity(occasion), scene.quiz(occasion)
        starting.check_password(occasion, activity, quiz, " 开考2026 ")
        for _try in range(starting.PASSWORD_TRIES):
            with pytest.raises(starting.WrongPassword):
                starting.check_password(occasion, activity, quiz, "开考")
        with pytest.raises(TooMany):
            starting.check_password(occasion, activity, quiz, "开考2026")


def test_allowances_change_the_limits(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR, attempts=2, closes=now_later(site))
    with site.occasion() as occasion:
        quiz = scene.quiz(occasion)
        quiz.exceptions = {7: Allowance(600, 3, closes=quiz.closes + 60)}
        limits = rules.limits_of(quiz, 7)
        assert (limits.time_limit, limits.attempts) == (HOUR + 600, 5)
        # The quiz closes before the time is used up.
        assert rules.deadline_of(quiz, 7, occasion.now) == quiz.closes + 60
        assert rules.deadline_of(quiz, 8, occasion.now) == quiz.closes
