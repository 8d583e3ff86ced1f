"""Administration of the course catalogue: the tree of categories, the list of all courses."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Category
from modou.permissions import Capability
from modou.services import catalogue, teaching
from modou.web.courses import hours_text
from modou.web.forms.base import set_choices
from modou.web.forms.teaching import CategoryForm, category_choices
from modou.web.page import flash
from modou.web.paging import Pager, number_of


def _frame(request: Request, title: Any, *crumbs: tuple[Any, str]) -> None:
    page = request.page
    page.title = page.gettext(title)
    page.side_nav = page.groups("admin")
    page.breadcrumbs = [(page.gettext(text), page.url(route)) for text, route in crumbs]


@view_config(
    route_name="admin_categories",
    permission=Capability.ADMIN_VIEW,
    renderer="admin_categories.jinja2",
)
def admin_categories(request: Request) -> Any:
    """The tree; buttons move a category among its siblings."""
    occasion = request.occasion
    if request.method == "POST":
        direction, _colon, key = request.POST.get("move", "").partition(":")
        try:
            category = request.site.categories[key]
        except KeyError:
            raise Conflict(_("The category is gone.")) from None
        if direction in {"up", "down"}:
            teaching.move_category(occasion, category, direction)
        return HTTPSeeOther(
            request.page.url("admin_categories", _anchor=f"category-{category.key}")
        )
    _frame(request, _("Course categories"))
    return {
        "nodes": catalogue.flat(catalogue.tree(occasion)),
        "may_edit": occasion.can(Capability.CATEGORY_EDIT),
    }


def _save(request: Request, form: CategoryForm, category: Category | None) -> bool:
    occasion = request.occasion
    parent = request.site.categories[form.parent.data] if form.parent.data else None
    try:
        if category is None:
            teaching.create_category(occasion, form.title.data, form.description.data or "", parent)
        else:
            teaching.change_category(
                occasion, category, form.title.data, form.description.data or "", parent
            )
    except Invalid as error:
        form.take(error)
        return False
    return True


def _offer(request: Request, form: CategoryForm, category: Category | None) -> None:
    choices = category_choices(catalogue.tree(request.occasion), category)
    set_choices(form.parent, [("", _("— top level —")), *choices], request.page.gettext)


@view_config(
    route_name="admin_category_new",
    permission=Capability.CATEGORY_EDIT,
    renderer="admin_category.jinja2",
)
def admin_category_new(request: Request) -> Any:
    """A new category."""
    form = CategoryForm.of(request, data={"parent": request.GET.get("parent", "")})
    _offer(request, form, None)
    if request.method == "POST" and form.validate() and _save(request, form, None):
        flash(request, _("The category is added."))
        return HTTPSeeOther(request.page.url("admin_categories"))
    _frame(request, _("New category"), (_("Course categories"), "admin_categories"))
    return {"form": form, "category": None}


@view_config(
    route_name="admin_category",
    permission=Capability.CATEGORY_EDIT,
    renderer="admin_category.jinja2",
)
def admin_category(context: Category, request: Request) -> Any:
    """Change or delete a category."""
    if request.method == "POST" and "delete" in request.POST:
        try:
            teaching.delete_category(request.occasion, context)
        except Conflict as error:
            flash(request, error.message, "danger")
            return HTTPSeeOther(request.path)
        flash(request, _("The category is deleted."))
        return HTTPSeeOther(request.page.url("admin_categories"))
    form = CategoryForm.of(
        request,
        data={
            "title": context.title,
            "description": context.description,
            "parent": context.parent.key if context.parent is not None else "",
        },
    )
    _offer(request, form, context)
    if request.method == "POST" and form.validate() and _save(request, form, context):
        flash(request, _("Saved."))
        return HTTPSeeOther(request.page.url("admin_categories"))
    _frame(request, _("Edit category"), (_("Course categories"), "admin_categories"))
    return {"form": form, "category": context}


@view_config(
    route_name="admin_courses", permission=Capability.ADMIN_VIEW, renderer="admin_courses.jinja2"
)
def admin_courses(request: Request) -> dict[str, Any]:
    """All courses: searched, filtered, sorted, paged."""
    occasion, page = request.occasion, request.page
    query = {name: request.GET.get(name, "")[:100] for name in ("q", "category", "status", "sort")}
    try:
        category = request.site.categories[query["category"]] if query["category"] else None
    except KeyError:
        category = None
    sort = query["sort"] or "title"
    listing = catalogue.list_all(
        occasion, query["q"], category, query["status"], sort, number_of(request)
    )
    _frame(request, _("Courses"))
    kept = {name: value for name, value in query.items() if value}
    return {
        "listing": listing,
        "pager": Pager(request, listing.total, listing.size),
        "query": query,
        "sort": sort,
        "sort_href": lambda key: page.url("admin_courses", _query={**kept, "sort": key}),
        "categories": category_choices(catalogue.tree(occasion)),
        "statuses": [
            ("", page.gettext(_("Any state"))),
            ("published", page.gettext(_("Published"))),
            ("draft", page.gettext(_("Draft"))),
            ("hidden", page.gettext(_("Hidden"))),
        ],
        "hours": lambda course: (
            hours_text(page, course.planned_seconds) if course.planned_seconds else ""
        ),
        "may_open": lambda course: occasion.can(Capability.COURSE_VIEW, course),
        "may_create": occasion.can(Capability.COURSE_CREATE),
    }


def includeme(config: Configurator) -> None:
    config.scan(__name__)
