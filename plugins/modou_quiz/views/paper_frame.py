"""What the pages of a quiz's paper share."""

from dataclasses import dataclass
from typing import Any

from pyramid.request import Request

from modou.errors import NotFound
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.permissions import Capability
from modou.store.containers import decode_id
from modou.web import resources
from modou.web.courses import frame
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf


class PaperContext:
    """A quiz as those see it who put its paper together: whether it is open does not matter."""

    def __init__(self, activity: Activity, quiz: Quiz) -> None:
        self.activity = activity
        self.quiz = quiz
        self.course: Course = activity.course
        self.above = activity

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


@resources.found
def paper(request: Request) -> Any:
    """A quiz."""
    activity = resources.bare_activity(request)
    quiz = shelf.find(request.site, activity)
    if quiz is None:
        raise KeyError(activity.id)
    return PaperContext(activity, quiz)


def url(request: Request, activity: Activity, name: str = "paper", **values: Any) -> str:
    """Address of a page of the paper."""
    path: str = request.page.url(name, course=activity.course.key, activity=activity.key, **values)
    return path


def number(text: str) -> int:
    """A place or a revision that an address or a button names; -1 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def paper_values(context: PaperContext, request: Request, title: Any) -> dict[str, Any]:
    """Title and surroundings of a page of the paper; the template's values for them."""
    page, activity = request.page, context.activity
    frame(page, context.course, title)
    page.place = "course_outline"
    page.breadcrumbs = [
        *page.breadcrumbs,
        (activity.title, page.url("activity", course=context.course.key, activity=activity.key)),
    ]
    return {
        "course": context.course,
        "activity": activity,
        "quiz": context.quiz,
        "t": page.in_domain(DOMAIN),
        "url": lambda name, **values: url(request, activity, name, **values),
        "style": request.static_path("modou_quiz:static/css/bank.css"),
    }


@dataclass(frozen=True, slots=True)
class PaperTarget:
    """The part of a paper that questions are being chosen for in the bank's list."""

    activity: Activity
    quiz: Quiz
    section: int

    @classmethod
    def of(cls, request: Request, course: Course | None) -> "PaperTarget | None":
        """As the address says, None when it says nothing.

        :raises NotFound: there is no such quiz in the course
        """
        key = request.GET.get("paper", "")
        if not key or course is None:
            return None
        try:
            activity = course.activities.get(decode_id(key))
        except KeyError:
            activity = None
        quiz = shelf.find(request.site, activity) if activity is not None else None
        section = number(request.GET.get("section", ""))
        if activity is None or quiz is None or not 0 <= section < len(quiz.paper.sections):
            raise NotFound(_("There is no such part of a paper."))
        request.occasion.require(Capability.ACTIVITY_EDIT, activity)
        return cls(activity, quiz, section)

    @property
    def title(self) -> str:
        return self.quiz.paper.sections[self.section].title

    def paper_url(self, request: Request) -> str:
        return url(request, self.activity, _anchor=f"part-{self.section}")
