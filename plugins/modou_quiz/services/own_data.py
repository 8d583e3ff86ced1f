"""What quizzes hold about a person, for the copy that they may have."""

from typing import Any

from modou.declarations import PrivacyArea
from modou.models.people import User
from modou.services.occasion import Occasion
from modou.services.privacy import moment
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Given, QuizAttempts
from modou_quiz.services import marking, shelf
from modou_quiz.services.sitting import finding, reviewing, rules
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.responses import unpacked


def _attempts(occasion: Occasion, user: User) -> list[dict[str, Any]]:
    """All attempts of the actor, with results as far as the review rules show them."""
    found = []
    for course_id in user.courses:
        course = occasion.site.courses.get(course_id)
        for activity in course.ordered_activities() if course is not None else ():
            held: QuizAttempts | None = shelf.attempts_of(occasion.site, activity.id)
            if held is None:
                continue
            for attempt in rules.attempts_of_user(held, user.id):
                if not attempt.preview:
                    found.append(_attempt(finding.find(occasion, activity.id, attempt.id)))
    return found


def _attempt(sitting: Sitting) -> dict[str, Any]:
    attempt = sitting.attempt
    allowed = reviewing.shown_to(sitting.occasion, sitting)
    row: dict[str, Any] = {
        "course": sitting.course.title,
        "quiz": sitting.activity.title,
        "attempt": attempt.number,
        "state": attempt.state,
        "began": moment(attempt.started),
        "handed_in": moment(attempt.handed_in),
        "handed_in_by": attempt.handed_in_by,
        "page_left": attempt.leaves,
        "answers": [
            _answer(place, one)
            for place, one in sorted(attempt.answers.given.items())
            if one.response is not None or one.tries
        ],
    }
    if "marks" in allowed and attempt.score is not None:
        row["marks"], row["of"] = attempt.score, attempt.most
    if not sitting.open and "feedback" in allowed:
        said = marking.review_of(sitting.occasion, attempt, allowed)
        row["comments"] = [
            {
                "question": place + 1,
                "comment": part.comment,
                "files": [file.name for file in part.files],
            }
            for place, review in sorted(said.items())
            for part in review.parts
            if part.comment or part.files
        ]
    return row


def _answer(place: int, given: Given) -> dict[str, Any]:
    row: dict[str, Any] = {
        "question": place + 1,
        "answer": _plain(unpacked(given.response)),
        "given": moment(given.time_ms // 1000),
    }
    if given.tries:
        row["tries"] = [
            {"answer": _plain(unpacked(one.response)), "checked": moment(one.time_ms // 1000)}
            for one in given.tries
        ]
    return row


def _plain(response: Any) -> Any:
    """Without the numbers of stored files: they say nothing outside of the site."""
    if isinstance(response, dict):
        return {name: _plain(value) for name, value in response.items() if name != "id"}
    if isinstance(response, list | tuple):
        return [_plain(value) for value in response]
    return response


AREAS = (PrivacyArea("quizzes", _("Quizzes"), _attempts),)
