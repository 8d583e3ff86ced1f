"""What pages about courses share: the frame around a course, cards, states, progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import escape
from pyramid.request import Request

from modou.errors import Message
from modou.i18n import TranslationString, _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.services import learning
from modou.services.learning import Outline, Standing
from modou.services.memory import Recent
from modou.services.teaching.courses import CLASS_HOUR
from modou.web.files import cover_url
from modou.web.page import Filler, Page

#: All states that a mark can show; "" is a place without a mark.
STATES = ("", "open", "started", "done", "failed", "locked", "pending", "unavailable")


@dataclass(frozen=True, slots=True)
class Card:
    """A course as the macros `course_card` and `learning_row` show it."""

    href: str
    title: str
    summary: str
    cover: str | None
    category: str
    tint: int
    facts: Sequence[str]


def card(page: Page, course: Course, *, route: str = "course_about") -> Card:
    """The card of a course; it leads to `route`."""
    request = page.request
    summary = course.summary if len(course.summary) <= 120 else course.summary[:119] + "…"
    return Card(
        page.url(route, course=course.key),
        course.title,
        summary,
        cover_url(request, course.cover_small),
        course.category.title if course.category is not None else "",
        course.id,
        short_facts(page, course),
    )


def short_facts(page: Page, course: Course) -> list[str]:
    """What a card says in a few words: level, class hours."""
    facts = []
    if course.level:
        facts.append(course.level)
    if course.planned_seconds:
        facts.append(hours_text(page, course.planned_seconds))
    return facts


def hours_text(page: Page, seconds: int) -> str:
    """Class hours of 45 minutes, e.g. "40 class hours"."""
    hours = f"{seconds / CLASS_HOUR:.2f}".rstrip("0").rstrip(".")
    return page.gettext(_("${hours} class hours", mapping={"hours": hours}))


def frame_key(course: Course) -> tuple[Any, ...]:
    """What the frame of a course's pages depends on; part of the key of cached pages."""
    category = course.category
    return (course.id, course.revision, category.title if category is not None else "")


def frame(page: Page, course: Course, title: TranslationString | str = "") -> None:
    """Title and breadcrumbs of a page of the course. Without `title` it is the course's own page.

    Templates extend `layout_course.jinja2`, which shows the course's navigation.
    """
    home = page.url("course", course=course.key)
    if title:
        page.title = page.gettext(title)
        page.breadcrumbs = [(course.title, home)]
    else:
        page.title = course.title
        category = course.category
        page.breadcrumbs = (
            [(category.title, page.url("category", category=category.key))]
            if category is not None
            else [(page.gettext(_("Courses")), page.url("catalogue"))]
        )


# A learner's part in a rendered page


def marks(request: Request) -> Mapping[str, str]:
    """State -> its mark as HTML, in the reader's language; drawn by the theme, kept."""
    registry = request.registry
    kept: Recent[Mapping[str, str]] | None = getattr(registry, "state_marks", None)
    if kept is None:
        kept = registry.state_marks = Recent(100)
    key = (request.locale_name, registry.theme.version)
    found = kept.get(key)
    if found is None:
        environment = registry.jinja_environment
        translate = request.page.gettext
        module = environment.get_template("macros/course.jinja2").make_module(
            {"_": translate, "gettext": translate}
        )
        found = {state: str(module.state_mark(state)) for state in STATES if state}
        found[""] = '<span class="mark-state" data-state="none"></span>'
        kept.put(key, found)
    return found


def progress_fillers(
    request: Request, course: Course, standing: Standing | None
) -> dict[str, Filler]:
    """The leaves `state`, `shut`, `reason` (activity id), `section_done` (section id).

    All of them read one `Standing`; without one (teachers) the marks stay away.
    """
    if standing is None:
        blank = marks(request)[""]
        return {
            "state": lambda id: blank,
            "shut": lambda id: "",
            "reason": lambda id: "",
            "section_done": lambda id: "0",
        }
    drawn, states, reasons = marks(request), standing.states, standing.reasons
    counts: dict[str, str] = {}

    def reason(id: str) -> str:
        text = reasons.get(int(id))
        return _reason_html(request, text) if text is not None else ""

    def section_done(id: str) -> str:
        if not counts:
            counts.update((str(key), str(done)) for key, done in standing.by_section().items())
        return counts[id]

    def shut(id: str) -> str:
        return " data-shut" if states[int(id)] in {"locked", "unavailable"} else ""

    return {
        "state": lambda id: drawn[states[int(id)]],
        "shut": shut,
        "reason": reason if reasons else lambda id: "",
        "section_done": section_done,
    }


def _reason_html(request: Request, text: Message) -> str:
    """Why an activity is locked. Kept by the message itself: many learners get the very same."""
    registry = request.registry
    kept: Recent[tuple[Message, str]] | None = getattr(registry, "lock_reasons", None)
    if kept is None:
        kept = registry.lock_reasons = Recent(5000)
    key = (id(text), request.locale_name)
    found = kept.get(key)
    # The message is kept with its HTML, so that its id cannot pass to another one.
    if found is None or found[0] is not text:
        shown = escape(request.page.gettext(text))
        found = (text, f'<p class="activity-reason">{shown}</p>')
        kept.put(key, found)
    return found[1]


def standing_of(
    request: Request, course: Course, outline: Outline
) -> tuple[Enrolment | None, Standing | None]:
    """The reader's own enrolment and standing; None, None for who makes no progress here."""
    occasion = request.occasion
    enrolment = learning.own_enrolment(occasion, course)
    if enrolment is None:
        return None, None
    standing = learning.standing(occasion, course, enrolment, outline)
    if standing.total and standing.done == standing.total and not standing.completed:
        learning.settle(occasion, enrolment, outline)
    return enrolment, standing


def progress_text(page: Page, standing: Standing) -> str:
    """How many activities are complete, e.g. "12 / 40 activities"; "" when none is tracked."""
    if not standing.total:
        return ""
    return page.gettext(
        _(
            "${done} / ${total} activities",
            mapping={"done": standing.done, "total": standing.total},
        )
    )


def rest_text(page: Page, standing: Standing) -> str:
    """What is missing, or that nothing is."""
    if not standing.total:
        return ""
    if standing.completed or (standing.total and standing.done == standing.total):
        return page.gettext(_("Completed"))
    return page.gettext(_("${number} to go", mapping={"number": standing.total - standing.done}))
