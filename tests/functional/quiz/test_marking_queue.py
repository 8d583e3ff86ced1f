"""The marking queue: the way through it, and what is counted of it."""

from collections.abc import Callable
from typing import Any

import pytest

from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_quiz.models.marking import DONE
from modou_quiz.services.marking import giving, queue
from modou_quiz.services.marking.giving import Said
from modou_quiz.services.marking.queue import Piece, Ref
from modou_quiz.services.marking.shelf import find_marking
from tests import exams, factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def piece_of(occasion: Occasion, activity: Activity, ref: Ref) -> Piece:
    return queue.find(occasion, activity, ref.key, (ref.slot, ref.part))


def test_the_queue_is_gone_through_without_opening_it(site: SiteUnderTest) -> None:
    """Once around from anywhere, up and down, in a question or a learner's attempt; and what is
    counted as it changes is what the queue holds."""
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("一"), exams.essay("二")], [10, 10])
        for number in range(4):
            user = exams.learner(occasion, exam, f"l{number}")
            exams.sit(occasion, exam, user, {n: exams.text(f"答案 {n}") for n in range(2)})
        marker = factories.user(occasion, "m1")
        factories.enrolment(occasion, exam.course_of(occasion), marker, "teacher")
    with site.occasion("m1") as occasion:
        activity = exam.activity_of(occasion)
        held = find_marking(occasion.site, activity.id)
        assert held is not None
        everything = [Ref(*key[1:]) for key in held.queue]
        questions = {Ref(*key[1:]): key[0] for key in held.queue}

        def around(**how: Any) -> list[Ref]:
            found: list[Ref] = []
            ref = queue.following(occasion, activity, **how)
            while ref is not None and ref not in found:
                found.append(ref)
                ref = queue.following(occasion, activity, after=ref, **how)
            return found

        assert around() == everything
        assert around(backwards=True) == everything[::-1]
        question = questions[everything[-1]]
        of_one = [ref for ref in everything if questions[ref] == question]
        assert len(of_one) == 4
        assert around(question=question) == of_one
        assert around(question=question, backwards=True) == of_one[::-1]
        work = everything[0].work
        own = sorted(ref for ref in everything if ref.work == work)
        assert around(work=work) == own
        assert around(work=work, backwards=True) == own[::-1]
        # From another question's answer into this one's.
        assert queue.following(occasion, activity, question=question, after=everything[0]) in of_one
        assert (
            queue.following(occasion, activity, after=everything[0], backwards=True)
            == everything[-1]
        )
        # Counts follow, and are made again from a queue that was kept without them.
        piece = piece_of(occasion, activity, everything[0])
        giving.mark(occasion, activity, piece, Said(5.0), piece.seen)
        kept = held.counts()
        held.tallies = None
        assert held.counts() == kept
        assert sorted(map(sum, kept.values())) == [4, 4]
        assert sum(counts[DONE] for counts in kept.values()) == 1
        piece = piece_of(occasion, activity, everything[1])
        giving.mark(occasion, activity, piece, Said(5.0), piece.seen)
        assert sum(counts[DONE] for counts in held.counts().values()) == 2
        assert around() == everything[2:]
        assert around(done=True) == everything
        learners = queue.Learners(occasion, activity)
        assert len(learners) == 4
        assert learners.lines(1, 2) == learners.lines()[1:3]
