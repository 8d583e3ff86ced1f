"""What visitors see: the front page, the catalogue, a category, what a course is about."""

from typing import Any

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.i18n import _
from modou.models.courses import Category, Course
from modou.permissions import Capability
from modou.services import catalogue, learning
from modou.services.catalogue import CategoryNode
from modou.services.settings import site_settings
from modou.web.courses import card, frame_key, hours_text
from modou.web.files import cover_url, file_window
from modou.web.my_courses import my_rows, render_mine
from modou.web.page import Page, allow_proxies, render_cached
from modou.web.paging import Pager, number_of

#: Courses on the front page.
_FRONT = 8


@view_config(route_name="home")
def home(request: Request) -> Response:
    """Everybody's first page."""
    occasion = request.occasion

    def values(page: Page) -> dict[str, Any]:
        page.title = page.gettext(_("Home"))
        options = page.theme["options"]
        listing = catalogue.search(occasion, size=_FRONT)
        return {
            "headline": options.get("headline") or page.site_name,
            "subline": options.get("subline")
            or page.gettext(_("Vocational training online: learn, practise, be assessed.")),
            "cards": [card(page, course) for course in listing.courses],
            "chips": _chips(page, catalogue.tree(occasion)),
            "may_register": site_settings(occasion).registration == "open",
            "all_link": _link(page.url("catalogue"), page.gettext(_("All courses"))),
        }

    return render_cached(
        request,
        "home.jinja2",
        (occasion.site.course_index.revision, file_window(request)),
        values,
        {
            "greeting": lambda: Markup.escape(
                request.page.gettext(
                    _("Hello, ${name}", mapping={"name": occasion.actor.display_name})
                )
            ),
            "mine": lambda: render_mine(request, my_rows(request)),
        },
        public=True,
    )


def _link(href: str, text: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(href, text)


def _chips(page: Page, nodes: list[CategoryNode], here: Category | None = None) -> list[Any]:
    return [
        {
            "title": node.category.title,
            "href": page.url("category", category=node.category.key),
            "count": node.courses,
            "active": here is not None and node.category.id == here.id,
        }
        for node in nodes
        if node.courses or (here is not None and node.category.id == here.id)
    ]


@view_config(route_name="catalogue")
@view_config(route_name="category")
def courses(context: Any, request: Request) -> Response:
    """Courses to choose from: all, of one category, or what a search found."""
    occasion = request.occasion
    category = context if isinstance(context, Category) else None
    text = request.GET.get("q", "").strip()[:100]
    number = number_of(request)

    def values(page: Page) -> dict[str, Any]:
        listing = catalogue.search(occasion, text, category, number)
        page.title = category.title if category is not None else page.gettext(_("Courses"))
        if category is not None:
            above = [c for c in category.lineage() if c is not category][::-1]
            page.breadcrumbs = [
                (page.gettext(_("Courses")), page.url("catalogue")),
                *((c.title, page.url("category", category=c.key)) for c in above),
            ]
        tree = catalogue.tree(occasion)
        nodes = tree
        if category is not None:
            nodes = next(
                (n.children for n in catalogue.flat(tree) if n.category.id == category.id), []
            )
        return {
            "listing": listing,
            "cards": [card(page, course) for course in listing.courses],
            "chips": [] if text else _chips(page, nodes),
            "category": category,
            "text": text,
            "pager": Pager(request, listing.total, listing.size, keep=("q",)),
            "may_create": occasion.can(Capability.COURSE_CREATE, category),
        }

    # Every search is another page: to keep them all would drive out what is asked for often.
    if text:
        allow_proxies(request)
        return render_to_response(
            "catalogue.jinja2", values(request.page), request=request, response=request.response
        )
    key = (
        occasion.site.course_index.revision,
        file_window(request),
        category.id if category is not None else 0,
        number,
    )
    return render_cached(request, "catalogue.jinja2", key, values, context=category, public=True)


@view_config(route_name="course_about", permission=Capability.COURSE_PREVIEW)
def course_about(context: Course, request: Request) -> Response:
    """What a course offers, for people who are not in it yet."""
    occasion = request.occasion
    may_enter = occasion.can(Capability.COURSE_VIEW, context)

    def values(page: Page) -> dict[str, Any]:
        page.title = context.title
        page.breadcrumbs = [(page.gettext(_("Courses")), page.url("catalogue"))]
        if context.category is not None:
            page.breadcrumbs.append(
                (context.category.title, page.url("category", category=context.category.key))
            )
        outline = learning.outline_of(occasion, context)
        return {
            "course": context,
            "card": card(page, context),
            "cover": cover_url(request, context.cover),
            "facts": _facts(page, context),
            "sections": [s for s in outline.sections if not s.hidden],
            "may_enter": may_enter,
        }

    key = (frame_key(context), file_window(request))
    return render_cached(request, "course_about.jinja2", key, values, context=context, public=True)


def _facts(page: Page, course: Course) -> list[tuple[str, str]]:
    facts = []
    if course.planned_seconds:
        facts.append((page.gettext(_("Extent")), hours_text(page, course.planned_seconds)))
    if course.occupation:
        facts.append((page.gettext(_("Occupation")), course.occupation))
    if course.occupation_code:
        facts.append((page.gettext(_("Occupation code")), course.occupation_code))
    if course.level:
        facts.append((page.gettext(_("Level")), course.level))
    if course.starts or course.ends:
        first = page.when(course.starts, "date") if course.starts else ""
        last = page.when(course.ends - 1, "date") if course.ends else ""
        facts.append((page.gettext(_("Dates")), f"{first} – {last}".strip()))
    return facts


def includeme(config: Configurator) -> None:
    config.scan(__name__)
