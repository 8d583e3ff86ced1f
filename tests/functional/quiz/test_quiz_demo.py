"""What the plugin adds to the demonstration, on a site with a few people instead of sixty."""

from collections import Counter
from collections.abc import Callable

import pytest

from modou.services import teaching
from modou_quiz import demo
from modou_quiz.services import shelf
from modou_quiz.types.contents import CONTENTS
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.functional


def test_a_bank_of_all_types_and_exams_in_all_states(
    make_site: Callable[..., SiteUnderTest],
) -> None:
    site = make_site(**{"modou.plugins": "quiz"})
    with site.occasion() as occasion:
        demo.fill(occasion, {})
        assert shelf.find_bank(occasion.site) is None
        electricians = factories.course(occasion)
        factories.user(occasion, "teacher", role="teacher")
        factories.user(occasion, "learner")
        for _number in range(6):
            learner = factories.enrolment(occasion, electricians, factories.user(occasion))
            learner.cohort = 1
        demo.fill(occasion, {"DYDG": electricians})
    with site.occasion() as occasion:
        questions = list(shelf.bank_of(occasion).questions)
        assert len(questions) >= 60
        assert {question.type for question in questions} == set(CONTENTS)
        assert any(question.latest.files for question in questions)
        course = teaching.find_by_code(occasion, demo.CODE)
        assert course is not None
        states: Counter[str] = Counter()
        for activity in course.activities:
            held = shelf.attempts_of(occasion.site, activity.id)
            assert held is not None
            states.update(attempt.state for attempt in held.by_id.values())
        # Six people's exams: some are marked, the others wait.
        assert states["graded"] + states["handed_in"] == 7 + 7 + 6
        assert 1 <= states["handed_in"] <= 4
