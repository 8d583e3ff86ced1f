"""Who may open which address of the plugin `quiz`, and send what to it: every route, method and
default role, as docs/howto/question-bank.md, marking.md and sit-quizzes.md say it.

The core's routes: tests/functional/test_permission_matrix.py, whose people and scene these are. The
API's: tests/functional/api/test_api_matrix.py.

**To extend**: a new route needs one line here, and values in permission_scene.py.
"""

from collections.abc import Iterator

import pytest

from tests.functional.quiz.permission_scene import QuizScene
from tests.functional.test_permission_matrix import (
    COURSE_EDITORS,
    COURSE_WATCHERS,
    ELSEWHERE,
    LEARNER,
    METHODS,
    OPERATOR,
    PEOPLE,
    SETTINGS_READERS,
    line,
    routes,
)
from tests.functional.test_permission_matrix import MATRIX as CORE

EDITED = line(COURSE_EDITORS, COURSE_EDITORS)
KEPT = line(OPERATOR, OPERATOR)
#: Pages of the bank: in the administration, and the same in a course.
BANK = (
    "questions",
    "question_duplicates",
    "question_categories",
    "question_category_new",
    "question_category",
    "question_new",
    "question",
    "question_edit",
    "question_versions",
    "questions_import",
    "questions_import_template",
    "questions_import_file",
    "questions_export",
    "questions_export_file",
    "questions_export_download",
)
MATRIX = {
    "quiz_types": line(SETTINGS_READERS),
    "quiz_type": line(SETTINGS_READERS, SETTINGS_READERS),
    "quiz_type_editor": line(SETTINGS_READERS, SETTINGS_READERS),
    **dict.fromkeys(BANK, KEPT),
    **{f"course_{route}": EDITED for route in BANK},
    # the paper
    "paper": EDITED,
    "paper_line": EDITED,
    "paper_preview": EDITED,
    "paper_print": EDITED,
    # (One's own prints: what others made does not exist.)
    "paper_made": EDITED,
    "paper_made_file": EDITED,
    # sitting it: one's own attempts
    "quiz_start": line(None, LEARNER),
    "quiz_preview": line(None, COURSE_EDITORS),
    "quiz_attempt": line(LEARNER),
    "quiz_take": line(None, LEARNER),
    "quiz_answers": line(None, LEARNER),
    "quiz_hand_in": line(LEARNER, LEARNER),
    "quiz_review": line(LEARNER | COURSE_WATCHERS),
    # marking and results
    "quiz_marking": line(COURSE_EDITORS),
    "quiz_marking_next": line(COURSE_EDITORS),
    "quiz_mark": EDITED,
    "quiz_results": line(COURSE_WATCHERS),
    "quiz_results_export": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "quiz_result": line(COURSE_WATCHERS, COURSE_EDITORS),
    "quiz_statistics": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "quiz_statistics_question": line(COURSE_WATCHERS),
    "quiz_regrade": EDITED,
    "quiz_exceptions": EDITED,
    "quiz_list": EDITED,
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QuizScene]:
    made = QuizScene(tmp_path_factory.mktemp("quiz-matrix"))
    yield made
    made.site.close()


def test_every_route_has_a_line(scene: QuizScene) -> None:
    known = routes(scene.site.registry) - CORE.keys()
    assert known - MATRIX.keys() == set(), "routes without a line in MATRIX"
    assert MATRIX.keys() - known == set(), "lines without a route"


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_only_these_people_get_through(scene: QuizScene, route: str) -> None:
    found: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for method in METHODS:
        allowed = MATRIX[route].get(method, frozenset())
        for person in (*PEOPLE, ELSEWHERE):
            key = f"{method} {person}"
            found[key] = scene.ask(route, method, person)
            # Roles that hold elsewhere give nothing here.
            if person != ELSEWHERE and person in allowed:
                wanted[key] = "in"
            else:
                wanted[key] = "none" if found[key] == "none" else "out"
    assert found == wanted
