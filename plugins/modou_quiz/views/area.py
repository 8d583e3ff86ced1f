"""The two places from which the question bank is seen: the administration (the site's bank) and a
course (its own questions, the site's, and the teacher's)."""

from collections.abc import Callable, Iterable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from wtforms.fields.choices import SelectChoice

from modou.errors import Message
from modou.models.courses import Course
from modou.models.people import User
from modou.permissions import Capability
from modou.web import resources
from modou.web.courses import frame
from modou_quiz import permissions
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.models.bank import Question, QuestionCategory
from modou_quiz.services import bank, shelf

#: What `modou.store.containers.encode_id` gives.
ID = "[0-9a-z]{13}"


class Within:
    """Something of the bank as a context: found only by those who may see it.

    :param course: the course that it is looked at from, None in the administration
    """

    def __init__(self, site: Any, course: Course | None) -> None:
        self.course = course
        self.above = course if course is not None else site

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


class QuestionContext(Within):
    """A question."""

    def __init__(self, site: Any, course: Course | None, question: Question) -> None:
        super().__init__(site, course)
        self.question = question


class CategoryContext(Within):
    """A category of questions."""

    def __init__(self, site: Any, course: Course | None, category: QuestionCategory) -> None:
        super().__init__(site, course)
        self.category = category


def _course(request: Request) -> Course | None:
    key = request.matchdict.get("course")
    if key is None:
        return None
    found: Course = request.site.courses[key]
    return found


@resources.found
def place(request: Request) -> Any:
    """The bank as a whole."""
    return Within(request.site, _course(request))


def question(request: Request) -> Any:
    """A question. What the reader may not see is answered as what does not exist; whoever has
    nothing to do here is turned away by the view's permission instead."""
    where = place(request)
    if not _may_enter(request, where):
        return where
    found = bank.find(request.occasion, request.matchdict["question"], where.course)
    return QuestionContext(request.site, where.course, found)


def category(request: Request) -> Any:
    """A category; likewise."""
    where = place(request)
    if not _may_enter(request, where):
        return where
    found = bank.find_category(request.occasion, request.matchdict["category"], where.course)
    return CategoryContext(request.site, where.course, found)


def _may_enter(request: Request, where: Within) -> bool:
    permission = permissions.BANK_USE if where.course is None else Capability.ACTIVITY_EDIT
    allowed: bool = request.occasion.can(permission, where.above)
    return allowed


def add_routes(config: Configurator, routes: Iterable[tuple[str, str, Any, Any, str]]) -> None:
    """Register pages in both places.

    :param routes: (name, end of the path, factory, view, template)
    """
    places = (
        ("", "/admin/questions", permissions.BANK_USE),
        ("course_", f"/courses/{{course:{ID}}}/questions", Capability.ACTIVITY_EDIT),
    )
    for name, end, factory, view, template in routes:
        for prefix, path, permission in places:
            config.add_route(prefix + name, path + end, factory=factory)
            config.add_view(
                view,
                route_name=prefix + name,
                permission=permission,
                renderer=f"modou_quiz:templates/bank/{template}.jinja2" if template else None,
            )


class Area:
    """What pages of the bank share.

    :param context: a `Within`
    """

    def __init__(self, context: Within, request: Request) -> None:
        self.request = request
        self.course = context.course
        self.t: Callable[..., str] = request.page.in_domain(DOMAIN)

    def url(self, name: str, **values: Any) -> str:
        """Address of a page of the bank, in the same place."""
        path: str
        if self.course is None:
            path = self.request.page.url(name, **values)
        else:
            path = self.request.page.url(f"course_{name}", course=self.course.key, **values)
        return path

    def frame(self, title: Message, *crumbs: tuple[Message, str], top: bool = False) -> Any:
        """Title and surroundings of a page; the template's values for them.

        :param crumbs: (title, address) of the pages above it, below the bank itself
        :param top: it is the bank's first page
        """
        page = self.request.page
        above = [] if top else [(_("Question bank"), self.url("questions")), *crumbs]
        if self.course is None:
            page.title = page.gettext(title)
            page.side_nav = page.groups("admin")
            page.place = "questions"
        else:
            frame(page, self.course, title)
            page.place = "course_questions"
        page.breadcrumbs = [
            *page.breadcrumbs,
            *((page.gettext(text), href) for text, href in above),
        ]
        return {
            "layout": "layout_admin.jinja2" if self.course is None else "layout_course.jinja2",
            "course": self.course,
            "t": self.t,
            "url": self.url,
            "style": self.request.static_path("modou_quiz:static/css/bank.css"),
        }

    def categories(self, editable: bool = False) -> list[SelectChoice]:
        """All categories that may be used (or changed), as choices of a form."""
        translate = self.request.page.gettext
        found = []
        for tree in bank.categories_for(self.request.occasion, self.course):
            if editable and not tree.may_edit:
                continue
            title = translate(tree.title)
            if not tree.nodes and editable:
                # Its top is made when something is put into it.
                found.append(SelectChoice(tree.scope, title, optgroup=title))
            for node in tree.nodes:
                indented = "\u2003" * node.depth + translate(node.title)
                found.append(SelectChoice(node.category.key, indented, optgroup=title))
        return found

    def type_titles(self) -> dict[str, str]:
        """Name -> title of the types of question."""
        translate = self.request.page.gettext
        known = shelf.types_of(self.request.occasion)
        return {name: translate(type_.title) for name, type_ in known.items()}
