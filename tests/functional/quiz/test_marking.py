"""Marking by the machine and by people, on a real database."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from pyramid_mailer.interfaces import IMailer
from transaction.interfaces import TransientError

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.models.courses import Activity
from modou.services import grading, jobs, settings
from modou.services.occasion import Occasion
from modou.store.containers import encode_id
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.marking import Rule
from modou_quiz.models.quizzes import Allowance
from modou_quiz.services import bank, marking, quizzes, shelf
from modou_quiz.services.marking import checking, deciding, giving, queue, regrading
from modou_quiz.services.marking.giving import Said
from modou_quiz.services.marking.queue import Piece, Ref
from modou_quiz.services.marking.walking import closed
from modou_quiz.services.sitting import finding, managing
from tests import exams, factories
from tests.conftest import SiteUnderTest
from tests.exams import ESSAY_TEXT, Exam

MakeSite = Callable[..., SiteUnderTest]


@pytest.fixture
def quiz_site(make_site: MakeSite) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def staff(occasion: Occasion, exam: Exam, *names: str, role: str = "teacher") -> None:
    for name in names:
        user = factories.user(occasion, name, name)
        factories.enrolment(occasion, exam.course_of(occasion), user, role)


def first(occasion: Occasion, exam: Exam, **scope: Any) -> Piece:
    activity = exam.activity_of(occasion)
    ref = queue.following(occasion, activity, **scope)
    assert ref is not None
    return queue.find(occasion, activity, ref.key, (ref.slot, ref.part))


def again(occasion: Occasion, exam: Exam, ref: Ref) -> Piece:
    return queue.find(occasion, exam.activity_of(occasion), ref.key, (ref.slot, ref.part))


def kinds(site: SiteUnderTest) -> list[str]:
    with site.occasion() as occasion:
        return [event.kind for event in occasion.site.journal]


def test_from_hand_in_to_feedback(quiz_site: SiteUnderTest) -> None:
    """A choice is marked by the machine, an essay by a teacher with a rubric; then the grade is
    there, and the learner reads what was said."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选"), exams.essay("论述")], [10, 30])
        exams.sit(occasion, exam, exams.learner(occasion, exam, "li"), {0: 0, 1: exams.text()})
        exams.sit(occasion, exam, exams.learner(occasion, exam, "zhou"), {0: 1})
        staff(occasion, exam, "wang")
        attempt, other = exam.attempt(occasion, 0), exam.attempt(occasion, 1)
        # What was not answered waits for nobody.
        assert (other.state, other.score, other.most) == ("graded", 0.0, 40.0)
        assert (attempt.state, attempt.score, attempt.earned) == ("handed_in", None, (10.0, None))
        assert exam.grade(occasion, 0) is None
        assert exam.grade(occasion, 1) == 0.0
        # A learner marks nothing.
    with site.occasion("li") as occasion, pytest.raises(NotAllowed):
        queue.by_question(occasion, exam.activity_of(occasion))
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        line = queue.by_question(occasion, activity)[0]
        assert (line.key, line.waiting, line.done) == (encode_id(exam.questions[1]), 1, 0)
        piece = first(occasion, exam)
        queue.take_lock(occasion, piece)
        assert (piece.worth, piece.key.type.name, piece.part.stage) == (30.0, "essay", "first")
        for wrong, field in (
            (Said(), "points"),
            (Said(31.0), "points"),
            (Said(float("nan")), "points"),
            (Said(None, rubric={"内容": 1}), "rubric"),
            (Said(None, rubric={"内容": 9, "表达": 0}), "rubric"),
            (Said(1.0, notes=[(0, 9999, "?")]), "notes"),
            (Said(1.0, comment="x" * 5001), "comment"),
        ):
            with pytest.raises(Invalid) as refused:
                giving.mark(occasion, activity, piece, wrong, piece.seen)
            assert refused.value.field == field
        place = ESSAY_TEXT.index("𠮷")
        given = Said(
            None,
            "步骤齐全。",
            {"内容": 2, "表达": 0},
            [(place, place + 1, "生僻字"), (0, 3, "")],
        )
        assert giving.mark(occasion, activity, piece, given, piece.seen)
    with site.occasion() as occasion:
        attempt = exam.attempt(occasion, 0)
        assert (attempt.state, attempt.earned, attempt.score) == ("graded", (10.0, 18.0), 28.0)
        assert exam.grade(occasion, 0) == 70.0
        assert list(checking.differences(occasion, exam.activity)) == []
        review = marking.review_of(occasion, attempt)
        said = review[1].parts[0]
        assert (review[0].points, review[1].points, said.comment) == (10.0, 18.0, "步骤齐全。")
        assert [(one.name, one.points, one.most) for one in said.rubric] == [
            ("内容", 6, 6),
            ("表达", 0, 4),
        ]
        assert [(r.quote, r.words) for r in said.remarks] == [("𠮷", "生僻字")]
        assert "".join(passage.text for passage in said.passages) == ESSAY_TEXT
        assert marking.review_of(occasion, attempt, {"marks"})[1].parts == ()
        assert marking.review_of(occasion, attempt, {"feedback"})[1].points is None
    told = kinds(site)
    assert told.count("attempt_marked") == 1
    assert told.count("attempt_graded") == 2
    # The marker may think again; somebody else needs the right to.
    with site.occasion() as occasion:
        staff(occasion, exam, "zhao")
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        piece = first(occasion, exam, done=True)
        assert giving.mark(occasion, activity, piece, Said(30.0), piece.seen)
        assert (exam.attempt(occasion, 0).score, exam.grade(occasion, 0)) == (40.0, 100.0)


def test_two_markers_are_blind_and_a_third_decides(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(
            occasion, [exams.essay("论述")], [10], second_marker=True, anonymous=True, tolerance=0.1
        )
        for name in ("li", "zhou"):
            user = exams.learner(occasion, exam, name, name)
            exams.sit(occasion, exam, user, {0: exams.text(f"{name} 的答案")})
        staff(occasion, exam, "m1", "m2", "m3")
    with site.occasion("m1") as occasion:
        activity = exam.activity_of(occasion)
        piece = first(occasion, exam)
        refs = [piece.ref]
        # Neither name nor attempt can be told from what the marker sees.
        assert "li" not in str(piece.who)
        assert encode_id(piece.attempt.id) not in piece.ref.key
        assert not giving.mark(occasion, activity, piece, Said(5.0, "一"), piece.seen)
        following = queue.following(occasion, activity, after=piece.ref)
        assert following is not None
        assert following.work != piece.ref.work
        refs.append(following)
        second = again(occasion, exam, following)
        assert not giving.mark(occasion, activity, second, Said(2.0), second.seen)
        # Both wait for others now.
        assert queue.following(occasion, activity) is None
        assert again(occasion, exam, refs[0]).objection
        with pytest.raises(Conflict):
            giving.mark(occasion, activity, again(occasion, exam, refs[0]), Said(9.0), 1)
    with site.occasion("m2") as occasion:
        activity = exam.activity_of(occasion)
        piece = again(occasion, exam, refs[0])
        assert (piece.part.stage, piece.shown, piece.mine) == ("second", (), None)
        assert giving.mark(occasion, activity, piece, Said(6.0, "二"), piece.seen)
        piece = again(occasion, exam, refs[1])
        assert not giving.mark(occasion, activity, piece, Said(9.0), piece.seen)
        assert queue.by_question(occasion, activity)[0].third == 1
    with site.occasion("m3") as occasion:
        activity = exam.activity_of(occasion)
        piece = first(occasion, exam)
        assert piece.ref == refs[1]
        assert [mark.fraction for mark in piece.shown] == [0.2, 0.9]
        assert giving.mark(occasion, activity, piece, Said(7.0), piece.seen)
        held = shelf.attempts_of(occasion.site, exam.activity)
        assert held is not None
        scores = {attempt.score for attempt in held.by_id.values()}
        assert scores == {5.5, 7.0}
        comments = {attempt.marks[0, 0].comment for attempt in held.by_id.values()}
        assert comments == {"一\n\n二", ""}
        assert list(checking.differences(occasion, exam.activity)) == []


@pytest.mark.both_storages
def test_two_markers_do_not_meet(quiz_site: SiteUnderTest) -> None:
    """Locks send them to different answers; who comes too late is told so, and nothing is lost."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        for number in range(6):
            user = exams.learner(occasion, exam, f"l{number}")
            exams.sit(occasion, exam, user, {0: exams.text(f"答案 {number}")})
        staff(occasion, exam, "m1", "m2")
    with site.occasion("m1") as occasion:
        mine = first(occasion, exam)
        queue.take_lock(occasion, mine)
        ref = mine.ref
    with site.occasion("m2") as occasion:
        assert first(occasion, exam).ref != ref
        piece = again(occasion, exam, ref)
        assert "m1" in str(piece.objection.interpolate())  # type: ignore[union-attr]
        with pytest.raises(Conflict):
            giving.mark(occasion, exam.activity_of(occasion), piece, Said(1.0), piece.seen)
    site.clock.move(seconds=queue.LOCKED_FOR + 1)
    with site.occasion("m2") as occasion:
        piece = again(occasion, exam, ref)
        assert giving.mark(occasion, exam.activity_of(occasion), piece, Said(4.0), piece.seen)
    with site.occasion("m1") as occasion:
        # The page was open all the time.
        piece = again(occasion, exam, ref)
        with pytest.raises(Conflict):
            giving.mark(occasion, exam.activity_of(occasion), piece, Said(9.0), 0)
    # All at once: each answer is marked by exactly one of them.
    done: list[tuple[str, int]] = []
    failed: list[BaseException] = []

    def mark_on(name: str) -> None:
        try:
            while mark_one(name):
                pass
        except BaseException as error:  # noqa: BLE001 - shown by the test's own thread
            failed.append(error)

    def mark_one(name: str) -> bool:
        for _attempt in range(20):
            try:
                with site.occasion(name) as occasion:
                    activity = exam.activity_of(occasion)
                    ref = queue.following(occasion, activity)
                    if ref is None:
                        return False
                    queue.take_lock(occasion, again(occasion, exam, ref))
                with site.occasion(name) as occasion:
                    activity = exam.activity_of(occasion)
                    piece = again(occasion, exam, ref)
                    giving.mark(occasion, activity, piece, Said(5.0), 0)
                done.append((name, ref.work))
                return True
            except (TransientError, Conflict):
                continue
        raise AssertionError("no luck in twenty tries")

    threads = [threading.Thread(target=mark_on, args=(name,)) for name in ("m1", "m2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert len({work for _name, work in done}) == len(done) == 5
    with site.occasion() as occasion:
        states = [attempt.state for attempt in closed(occasion.site, exam.activity)]
        assert states == ["graded"] * 6
    assert kinds(site).count("attempt_marked") == 6


@pytest.mark.both_storages
def test_a_grade_does_not_rest_on_what_was_changed_meanwhile(quiz_site: SiteUnderTest) -> None:
    """Two attempts of one learner, marked by two people at once: neither sees the other's mark."""
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        li = exams.learner(occasion, exam, "li")
        exams.sit(occasion, exam, li, {0: exams.text()})
        exams.sit(occasion, exam, li, {0: exams.text()})
        staff(occasion, exam, "wang")
        keys = {w.attempt: w.key for w in _works(occasion, exam.activity_of(occasion))}

    def give(occasion: Occasion, number: int, points: float) -> None:
        activity = exam.activity_of(occasion)
        piece = queue.find(occasion, activity, keys[exam.attempts[number]], (0, 0))
        giving.mark(occasion, activity, piece, Said(points), piece.seen)

    def lower() -> None:
        with site.occasion("wang") as occasion:
            give(occasion, 0, 3.0)

    def at_once() -> None:
        with site.occasion("wang") as occasion:
            give(occasion, 1, 4.0)  # the best one stays: nothing is written to the grade
            # In a thread of its own, since each has a journal of its own.
            other = threading.Thread(target=lower)
            other.start()
            other.join()

    with site.occasion("wang") as occasion:
        give(occasion, 0, 5.0)
    with pytest.raises(TransientError):
        at_once()
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 0).score == 3.0
    with site.occasion("wang") as occasion:
        give(occasion, 1, 4.0)
        assert exam.grade(occasion, 0) == 40.0


def test_the_rule_by_which_attempts_count_can_be_changed(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选")], [10])
        li = exams.learner(occasion, exam, "li")
        exams.sit(occasion, exam, li, {0: 0})
        exams.sit(occasion, exam, li, {0: 1})
        assert exam.grade(occasion, 0) == 100.0
        activity = exam.activity_of(occasion)
        values = {**quizzes.values_of(occasion, activity), "grade_by": "last"}
        quizzes.save(occasion, activity, values)
    site.work()
    with site.occasion() as occasion:
        assert exam.grade(occasion, 0) == 0.0


def test_grading_again(quiz_site: SiteUnderTest) -> None:
    """A wrong key is corrected, a question voided, both taken back: each keeps what was before."""
    site = quiz_site
    with site.occasion() as occasion:
        contents = [exams.single("错误的答案", right=1), exams.single("另一题", right=0)]
        exam = exams.exam(occasion, contents, [10, 30])
        for name, answers in (("a", {0: 0, 1: 0}), ("b", {0: 1, 1: 0}), ("d", {0: 0})):
            exams.sit(occasion, exam, exams.learner(occasion, exam, name), answers)
        staff(occasion, exam, "wang")
        staff(occasion, exam, "class", role="class_teacher")
        question = shelf.bank_of(occasion).questions.by_id(exam.questions[0])
        bank.add_version(occasion, question, exams.single("错误的答案", right=0))
        course = exam.course_of(occasion)
        item = grading.read_book(course).item_of(exam.activity)
        assert item is not None
        enrolment = course.enrolments[exam.users[1]]
        grading.override(occasion, course, item, enrolment, 99.0, reason="面试")
    key = exam.questions[0]
    corrected = {key: Rule(version=2)}

    def scores(occasion: Occasion) -> list[float | None]:
        return [exam.attempt(occasion, n).score for n in range(3)]

    with site.occasion("class") as occasion, pytest.raises(NotAllowed):
        regrading.preview(occasion, exam.activity_of(occasion), corrected)
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        assert scores(occasion) == [30.0, 40.0, 0.0]
        # Unchanged keys change nothing.
        everything = list(closed(occasion.site, exam.activity))
        assert regrading.regrade(occasion, activity, everything, "同一答案") == 0
        found = regrading.preview(occasion, activity, corrected)
        assert (found.looked_at, found.changed, found.up, found.down) == (3, 3, 2, 1)
        assert {change.by for change in found.shown} == {25.0, -25.0}
        assert scores(occasion) == [30.0, 40.0, 0.0]
        with pytest.raises(Invalid):
            regrading.set_rules(occasion, activity, corrected, " ")
        with pytest.raises(Invalid):
            regrading.preview(occasion, activity, {key: Rule(version=7)})
        regrading.set_rules(occasion, activity, corrected, "答案更正")
        assert len(list(checking.differences(occasion, exam.activity))) == 3
        assert regrading.regrade(occasion, activity, everything, "答案更正") == 3
        assert scores(occasion) == [40.0, 30.0, 10.0]
        assert [exam.grade(occasion, n) for n in range(3)] == [100.0, 99.0, 25.0]
        history = exam.attempt(occasion, 0).history
        assert [(old.score, old.action, old.reason) for old in history] == [
            (30.0, "regrade", "答案更正")
        ]
        assert list(checking.differences(occasion, exam.activity)) == []
        # Who hands in now is graded by the corrected key as well.
    with site.occasion() as occasion:
        late = exams.sit(occasion, exam, exams.learner(occasion, exam, "late"), {0: 0})
        assert late.score == 10.0
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        everything = list(closed(occasion.site, exam.activity))
        for void, expected, most in (
            ("full", [40.0, 40.0, 10.0], 40.0),
            ("none", [30.0, 30.0, 0.0], 30.0),
            ("", [30.0, 40.0, 0.0], 40.0),
        ):
            regrading.set_rules(occasion, activity, {key: Rule(void=void)}, "决定")
            regrading.regrade(occasion, activity, everything, "决定")
            assert scores(occasion) == expected
            assert exam.attempt(occasion, 0).most == most
        assert exam.grade(occasion, 0) == 75.0
    told = kinds(site)
    assert told.count("question_rule_changed") == 4
    assert told.count("attempt_regraded") >= 9
    # The same by the job, which bears to be begun twice.
    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        regrading.set_rules(occasion, activity, corrected, "又一次")
        for _twice in range(2):
            jobs.enqueue(occasion, "quiz_regrade", activity=activity.id, reason="又一次")
    site.work()
    with site.occasion() as occasion:
        assert scores(occasion) == [40.0, 30.0, 10.0]
        assert len(exam.attempt(occasion, 0).history) == 4
        assert list(checking.differences(occasion, exam.activity)) == []


def test_a_version_with_other_parts_is_no_key(quiz_site: SiteUnderTest) -> None:
    from modou_quiz.content import Rich
    from modou_quiz.types import contents as c

    def cloze(gaps: int) -> Any:
        return c.Cloze(
            stem=Rich(source=" ".join(f"[[{n + 1}]]" for n in range(gaps)), markup="plain"),
            gaps=tuple(c.GapWords(answers=(c.Accepted(pattern="安全"),)) for _ in range(gaps)),
        )

    with quiz_site.occasion() as occasion:
        exam = exams.exam(occasion, [cloze(2)], [10])
        exams.sit(occasion, exam, exams.learner(occasion, exam, "a"), {0: ["安全", "危险"]})
        question = shelf.bank_of(occasion).questions.by_id(exam.questions[0])
        bank.add_version(occasion, question, cloze(3))
        assert exam.attempt(occasion, 0).score == 5.0
        with pytest.raises(Invalid, match="other parts"):
            regrading.preview(
                occasion, exam.activity_of(occasion), {exam.questions[0]: Rule(version=2)}
            )


def test_decisions_about_an_attempt(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    with site.occasion() as occasion:
        contents = [exams.single("单选"), exams.essay("论述")]
        exam = exams.exam(occasion, contents, [10, 10], attempts=2, grade_by="last")
        li = exams.learner(occasion, exam, "li")
        exams.sit(occasion, exam, li, {0: 0})
        exams.sit(occasion, exam, li, {0: 1, 1: exams.text()})
        zhou = exams.learner(occasion, exam, "zhou")
        exams.sit(occasion, exam, zhou, {0: 0}, hand_in=False)
        staff(occasion, exam, "wang")
        assert exam.grade(occasion, 0) is None

    def act(verb: Callable[..., None], number: int, *rest: Any) -> Attempt:
        with site.occasion("wang") as occasion:
            attempt = exam.attempt(occasion, number)
            verb(occasion, exam.activity_of(occasion), attempt, *rest)
            return attempt

    def state(number: int) -> tuple[str, float | None, float | None]:
        with site.occasion() as occasion:
            attempt = exam.attempt(occasion, number)
            return attempt.state, attempt.score, exam.grade(occasion, number)

    with site.occasion("li") as occasion, pytest.raises(NotAllowed):
        deciding.void(occasion, exam.activity_of(occasion), exam.attempt(occasion, 0), "我")
    with pytest.raises(Invalid):
        act(deciding.void, 1, "  ")
    act(deciding.void, 1, "设备故障")
    assert state(1) == ("void", None, 50.0)
    with site.occasion("wang") as occasion:
        assert queue.by_question(occasion, exam.activity_of(occasion)) == []
    with pytest.raises(Conflict):
        act(deciding.void, 1, "再次")
    act(deciding.restore, 1, "更正")
    assert state(1) == ("handed_in", None, None)
    with pytest.raises(Conflict):
        act(deciding.restore, 1, "再次")
    act(deciding.reopen, 0, 30, "断网")
    assert state(0)[0] == "open"
    with site.occasion() as occasion:
        held = shelf.attempts_of(occasion.site, exam.activity)
        assert held is not None
        deadline = exam.attempt(occasion, 0).deadline
        assert deadline == occasion.now + 1800
        assert held.deadlines[exam.attempts[0]] == deadline
        # No rule of the quiz changes what was promised with it.
        quiz = exam.quiz_of(occasion)
        managing.settle_deadlines(occasion, exam.activity_of(occasion), quiz)
        quiz.time_limit = 60
        managing.settle_deadlines(occasion, exam.activity_of(occasion), quiz)
    with site.occasion("wang") as occasion:
        allowed = Allowance(extra=60, why="断网")
        quiz = exam.quiz_of(occasion)
        managing.except_learner(occasion, exam.activity_of(occasion), quiz, "li", allowed)
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 0).deadline == deadline
    with pytest.raises(Conflict):
        # One at a time.
        act(deciding.reopen, 1, 30, "断网")
    with pytest.raises(Invalid):
        act(deciding.reopen, 1, -1, "断网")
    act(deciding.hand_in, 0, "学员离场")
    assert state(0)[:2] == ("graded", 10.0)
    act(deciding.hand_in, 2, "学员离场")
    assert state(2) == ("graded", 10.0, 50.0)
    with pytest.raises(Conflict):
        act(deciding.hand_in, 2, "再次")
    with site.occasion() as occasion:
        attempt = exam.attempt(occasion, 0)
        assert [old.action for old in attempt.history] == ["reopen", "hand_in"]
        assert attempt.handed_in_by == "person"


def test_class_teachers_mark_their_own_cohort_only(quiz_site: SiteUnderTest) -> None:
    from modou.models.cohorts import Cohort
    from modou_quiz.services.marking.desk import attempt_of

    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        course = exam.course_of(occasion)
        cohorts = [occasion.site.cohorts.add(Cohort(title)) for title in ("一班", "二班")]
        for cohort, name in zip(cohorts, ("li", "zhou"), strict=True):
            user = exams.learner(occasion, exam, name, name)
            course.enrolments[user.id].cohort = cohort.id
            exams.sit(occasion, exam, user, {0: exams.text()})
        course.cohorts = tuple(cohort.id for cohort in cohorts)
        staff(occasion, exam, "ban", role="class_teacher")
        leader = occasion.site.users.by_id(occasion.site.user_index.usernames["ban"])
        cohorts[0].class_teacher = leader.id
        role = occasion.site.roles["class_teacher"]
        role.capabilities = role.capabilities | {"quiz:mark"}
        keys = [exam.attempt(occasion, n).key for n in range(2)]
        works = {w.user: w.key for w in _works(occasion, exam.activity_of(occasion))}
        theirs = works[exam.users[1]]
    with site.occasion("ban") as occasion:
        activity = exam.activity_of(occasion)
        assert [str(line.title) for line in queue.Learners(occasion, activity).lines()] == ["li"]
        assert attempt_of(occasion, activity, keys[0]).key == keys[0]
        with pytest.raises(NotFound):
            attempt_of(occasion, activity, keys[1])
        with pytest.raises(NotFound):
            queue.find(occasion, activity, theirs, (0, 0))
        assert finding.readable(occasion, exam.activity, exam.attempts[0]).attempt.key == keys[0]
        with pytest.raises(NotFound):
            finding.readable(occasion, exam.activity, exam.attempts[1])


def _works(occasion: Occasion, activity: Activity) -> Any:
    from modou_quiz.services.marking.shelf import find_marking

    found = find_marking(occasion.site, activity.id)
    assert found is not None
    return list(found.works.values())


def test_the_command_tells_what_was_altered(quiz_site: SiteUnderTest) -> None:
    from click.testing import CliRunner

    from modou_quiz.cli.recomputing import recompute

    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选")], [10])
        exams.sit(occasion, exam, exams.learner(occasion, exam, "a"), {0: 0})
        key = exam.activity_of(occasion).key

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(recompute, arguments, obj=site.registry.access)

    assert (run().exit_code, run(key).output) == (0, "1 quizzes, 0 differences.\n")
    assert run("nonsense").exit_code == 2
    assert run(encode_id(7)).exit_code == 1
    with site.occasion() as occasion:
        exam.attempt(occasion, 0).score = 9.0
    told = run(key)
    assert told.exit_code == 1
    assert "kept is 9 of 10, reckoned 10 of 10" in told.output


def test_the_learner_reads_it_and_gets_a_letter(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        li = exams.learner(occasion, exam, "li")
        li.email, li.email_confirmed = "li@example.com", True
        exams.sit(occasion, exam, li, {0: exams.text()})
        staff(occasion, exam, "wang")
        page = exam.path(occasion, f"/quiz/{exam.attempt(occasion, 0).key}/review")
    assert "画蛇添足" not in site.browser("li").get(page).text
    with site.occasion("wang") as occasion:
        piece = first(occasion, exam)
        said = Said(None, "好", {"内容": 2, "表达": 1}, [(0, 3, "画蛇添足<i>")])
        giving.mark(occasion, exam.activity_of(occasion), piece, said, piece.seen)
        waiting = [record.name for record in occasion.site.jobs.records]
        assert "send_mail" in waiting or any("mail" in name for name in waiting)
    shown = site.browser("li").get(page).text
    assert "画蛇添足&lt;i&gt;" in shown
    assert "四个步骤齐全" in shown
    with site.occasion() as occasion:
        quiz = exam.quiz_of(occasion)
        quiz.review = frozenset({("after", "response"), ("after", "feedback")})
    shown = site.browser("li").get(page).text
    assert "画蛇添足" in shown
    # A rubric's points are the marks.
    assert "四个步骤齐全" not in shown
    with site.occasion() as occasion:
        quiz = exam.quiz_of(occasion)
        quiz.review = frozenset({("after", "response"), ("after", "marks")})
    shown = site.browser("li").get(page).text
    assert "画蛇添足" not in shown
    assert "四个步骤齐全" not in shown


def letters(site: SiteUnderTest) -> list[Any]:
    """What is mailed when everything that waits is done."""
    outbox = site.registry.getUtility(IMailer).outbox
    outbox.clear()
    site.work()
    return list(outbox)


def test_markers_get_one_letter_and_only_when_more_waits(quiz_site: SiteUnderTest) -> None:
    site = quiz_site

    def morning() -> list[Any]:
        with site.occasion() as occasion:
            jobs.enqueue(occasion, "quiz_marking_letters")
        return letters(site)

    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        staff(occasion, exam, "wang", "zhao")
        staff(occasion, exam, "cai", role="class_teacher")
        for name in ("wang", "zhao", "cai"):
            user = occasion.site.users.by_id(occasion.site.user_index.usernames[name])
            user.email, user.email_confirmed = f"{name}@example.com", name != "zhao"
        for name in ("li", "zhou"):
            exams.sit(occasion, exam, exams.learner(occasion, exam, name), {0: exams.text()})
        title = exam.activity_of(occasion).title
    # Whose address is confirmed and who may mark; the number, and where it is.
    [letter] = morning()
    assert letter.recipients == ["wang@example.com"]
    assert "Answers wait to be marked: 2" in letter.subject
    assert f"{title}: 2" in letter.body
    assert morning() == []
    with site.occasion("wang") as occasion:
        piece = first(occasion, exam)
        giving.mark(occasion, exam.activity_of(occasion), piece, Said(5.0), piece.seen)
    assert morning() == []
    with site.occasion() as occasion:
        exams.sit(occasion, exam, exams.learner(occasion, exam, "wu"), {0: exams.text()})
    [letter] = morning()
    assert f"{title}: 2" in letter.body
    with site.occasion() as occasion:
        exams.sit(occasion, exam, exams.learner(occasion, exam, "zheng"), {0: exams.text()})
        settings.change(occasion, "quiz", {"marking_letters": False})
    assert morning() == []


def test_who_comes_onto_the_list_of_a_resit_is_told(quiz_site: SiteUnderTest) -> None:
    site = quiz_site
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.single("单选")], [10])
        staff(occasion, exam, "wang")
        for name in ("li", "zhou"):
            user = exams.learner(occasion, exam, name)
            user.email, user.email_confirmed = f"{name}@example.com", True
        exam.quiz_of(occasion).opens = site.clock.seconds() + 3600
    for names, told in ((["li"], ["li"]), (["li", "zhou"], ["zhou"]), ([], [])):
        with site.occasion("wang") as occasion:
            activity, quiz = exam.activity_of(occasion), exam.quiz_of(occasion)
            managing.list_learners(occasion, activity, quiz, names)
        found = [letter.recipients[0] for letter in letters(site)]
        assert found == [f"{name}@example.com" for name in told]
    # Taken off again before the letter was written.
    with site.occasion("wang") as occasion:
        activity, quiz = exam.activity_of(occasion), exam.quiz_of(occasion)
        managing.list_learners(occasion, activity, quiz, ["li"])
        managing.list_learners(occasion, activity, quiz, ["zhou"])
    [letter] = letters(site)
    assert letter.recipients == ["zhou@example.com"]
    assert "It can be begun from 2026-03-02 10:00" in letter.body
