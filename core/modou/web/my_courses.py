"""The reader's own courses, as home and "My courses" show them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from markupsafe import Markup
from pyramid.renderers import render
from pyramid.request import Request

from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import cohorts, learning
from modou.services.learning import Standing
from modou.web.courses import Card, card, progress_text, rest_text
from modou.web.page import Page

#: Learners' courses on the home page.
_FIRST = 4


@dataclass(frozen=True, slots=True)
class LearningRow:
    """A course that the reader learns in."""

    card: Card
    ratio: float
    stat: str
    rest: str
    next_href: str | None
    next_title: str | None
    action: str
    complete: bool


@dataclass(frozen=True, slots=True)
class TeachingRow:
    """A course that the reader works in without learning."""

    card: Card
    badge: Markup


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A cohort that the reader leads."""

    title: str
    href: str
    learners: str


@dataclass(slots=True)
class MyRows:
    """All of them."""

    learning: list[LearningRow] = field(default_factory=list)
    teaching: list[TeachingRow] = field(default_factory=list)
    cohorts: list[CohortRow] = field(default_factory=list)


def my_rows(request: Request) -> MyRows:
    """The courses of who is signed in, the newest enrolment first."""
    page = request.page
    rows = MyRows()
    for course in _courses(request):
        standing = _standing(request, course)
        if standing is not None:
            rows.learning.append(_learning_row(page, course, standing))
        else:
            rows.teaching.append(
                TeachingRow(card(page, course, route="course"), _badge(page, course))
            )
    # Completed courses behind those that can be gone on with.
    rows.learning.sort(key=lambda row: row.complete)
    rows.cohorts = [
        CohortRow(
            cohort.title,
            page.url("cohort", cohort=cohort.key),
            page.gettext(_("${count} learners", mapping={"count": len(cohort.members)})),
        )
        for cohort in cohorts.led(request.occasion)
    ]
    return rows


def _courses(request: Request) -> Iterator[Course]:
    occasion = request.occasion
    actor = occasion.actor
    granted = [id for level, id in actor.grants if level == "course"]
    for id in dict.fromkeys([*reversed(actor.courses), *granted]):
        course = occasion.site.courses.get(id)
        if course is not None and occasion.can(Capability.COURSE_VIEW, course):
            yield course


def _standing(request: Request, course: Course) -> Standing | None:
    occasion = request.occasion
    enrolment = learning.own_enrolment(occasion, course)
    if enrolment is None:
        return None
    outline = learning.outline_of(occasion, course)
    return learning.standing(occasion, course, enrolment, outline)


def _learning_row(page: Page, course: Course, standing: Standing) -> LearningRow:
    following = standing.next
    complete = bool(standing.total) and standing.done == standing.total
    href = None
    action = page.gettext(_("Continue") if standing.started else _("Start"))
    if following is not None and not complete:
        href = page.url("activity", course=course.key, activity=following.key)
    elif complete:
        href = page.url("course", course=course.key)
        action = page.gettext(_("Look again"))
    return LearningRow(
        card(page, course, route="course"),
        standing.ratio,
        progress_text(page, standing),
        rest_text(page, standing),
        href,
        following.title if following is not None and not complete else None,
        action,
        complete,
    )


def _badge(page: Page, course: Course) -> Markup:
    if not course.published:
        text, level = page.gettext(_("Draft")), "attention"
    elif not course.visible:
        text, level = page.gettext(_("Hidden")), "neutral"
    else:
        return Markup("")
    return Markup('<span class="tag tag-{}">{}</span>').format(level, text)


def render_mine(request: Request, rows: MyRows) -> Markup:
    """The part of the home page with the reader's own courses."""
    page = request.page
    more = Markup("")
    if len(rows.learning) > _FIRST:
        more = Markup('<a href="{}">{}</a>').format(
            page.url("my_courses"), page.gettext(_("All my courses"))
        )
    values = {
        "learning": rows.learning[:_FIRST],
        "teaching": rows.teaching,
        "cohorts": rows.cohorts,
        "more": more,
        # Who runs the site need not be told that they learn nothing.
        "invite": not request.occasion.can(Capability.ADMIN_VIEW),
    }
    return Markup(render("parts/mine.jinja2", values, request=request))  # noqa: S704 - a template
