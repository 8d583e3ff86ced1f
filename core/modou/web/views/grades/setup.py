"""Setting up the grade book: the tree, its items and categories, levels and pass mark."""

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid
from modou.i18n import _
from modou.models.aggregation import FIVE_LEVELS
from modou.models.courses import Course
from modou.models.grades import GradeBook, GradeCategory, GradeItem
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import format_points
from modou.services.grading.design import points
from modou.store.containers import decode_id
from modou.web.forms.grades import (
    COURSE,
    CategoryForm,
    ItemForm,
    ScaleForm,
    aggregation_choices,
    category_choices,
    category_key,
)
from modou.web.page import flash
from modou.web.views.grades.frame import book_crumb, frame, setup_crumb

_SETUP = Capability.GRADE_SETUP


@view_config(route_name="grade_setup", permission=_SETUP, renderer="grade_setup.jinja2")
def grade_setup(context: Course, request: Request) -> Any:
    """The tree with what everything counts."""
    book = grading.read_book(context)
    frame(request, context, request.page.gettext(_("Grade set-up")), book_crumb(request, context))
    return {
        "course": context,
        "root": _branch(request, context, book, book.root, grading.shares(book)),
        "empty": not book.root.children,
        "order_url": request.page.url("grade_order", course=context.key),
    }


def _branch(
    request: Request,
    course: Course,
    book: GradeBook,
    category: GradeCategory,
    shares: dict[int, grading.Share],
) -> dict[str, Any]:
    """A category and everything in it, for the template."""
    children = []
    for id in category.children:
        node = book.node(id)
        share = shares[id]
        line: dict[str, Any] = {
            "key": node.key,
            "title": node.title,
            "of_category": format_points(share.of_category, 1),
            "of_course": format_points(share.of_course, 1),
            "weight": format_points(node.weight),
            "extra": node.extra,
            "branch": None,
        }
        if isinstance(node, GradeCategory):
            line["branch"] = _branch(request, course, book, node, shares)
        else:
            line |= _item_facts(course, book, node)
        children.append(line)
    return {
        "key": category_key(book, category.id),
        "title": category.title,
        "children": children,
        "rule": rule(request, book, category),
        "adds_up": _adds_up(request, book, category),
    }


def _item_facts(course: Course, book: GradeBook, item: GradeItem) -> dict[str, Any]:
    activity = course.activities.get(item.activity)
    return {
        "maximum": format_points(item.maximum),
        "pass_mark": format_points(grading.pass_points(course, item) if course.grade_book else 0),
        "hidden": item.hidden,
        "activity": activity.key if activity is not None else "",
        "orphan": bool(item.activity) and activity is None,
    }


def rule(request: Request, book: GradeBook, category: GradeCategory) -> str:
    """How a category becomes one grade, in words."""
    gettext = request.page.gettext
    way = request.occasion.assembled.grade_aggregations.get(category.aggregation)
    if way is None:
        return gettext(
            _("Cannot be reckoned: “${name}” is missing.", mapping={"name": category.aggregation})
        )
    sentences = [gettext(way.title) + gettext(_(": ")) + gettext(way.description)]
    if category.drop_lowest:
        sentences.append(
            gettext(
                _(
                    "The lowest ${number} do not count.",
                    mapping={"number": category.drop_lowest},
                )
            )
        )
    if category.keep_highest:
        sentences.append(
            gettext(
                _("Only the highest ${number} count.", mapping={"number": category.keep_highest})
            )
        )
    sentences.append(
        gettext(_("What is not graded yet is left out."))
        if category.only_graded
        else gettext(_("What is not graded yet counts as 0."))
    )
    return " ".join(sentences)


def _adds_up(request: Request, book: GradeBook, category: GradeCategory) -> str:
    """What the weights or points below a category come to."""
    gettext = request.page.gettext
    nodes = [book.node(id) for id in category.children]
    counted = [n for n in nodes if not n.extra and not (isinstance(n, GradeItem) and n.hidden)]
    if category.aggregation == "weighted_mean":
        total = format_points(sum(node.weight for node in counted))
        return gettext(_("Weights add up to ${sum}", mapping={"sum": total}))
    if category.aggregation in {"sum", "points_mean"}:
        total = format_points(sum(points(book, node) for node in counted))
        return gettext(_("Points add up to ${sum}", mapping={"sum": total}))
    return ""


# -- items


@view_config(route_name="grade_item_new", permission=_SETUP, renderer="grade_item.jinja2")
def grade_item_new(context: Course, request: Request) -> Any:
    """Add an item that is graded by hand."""
    return _item_page(context, request, None)


@view_config(route_name="grade_item", permission=_SETUP, renderer="grade_item.jinja2")
def grade_item(context: Course, request: Request) -> Any:
    """Change or delete an item."""
    try:
        item = grading.read_book(context).items[decode_id(request.matchdict["item"])]
    except KeyError:
        raise HTTPNotFound from None
    if request.method == "POST" and request.POST.get("action") == "delete":
        grading.delete_item(request.occasion, context, item)
        flash(request, _("Deleted."))
        return _to_setup(request, context)
    return _item_page(context, request, item)


def _item_page(course: Course, request: Request, item: GradeItem | None) -> Any:
    book = grading.read_book(course)
    shown = item or GradeItem("", category=_wanted_category(request, book))
    data = {
        **{n: getattr(shown, n) for n in ("title", "maximum", "minimum", "weight", "extra")},
        "hidden": shown.hidden,
        "pass_mark": shown.pass_mark,
        "category": category_key(book, book.holder_of(shown)),
    }
    form = ItemForm.of(request, data=data)
    form.category.choices = category_choices(request, book)
    if shown.activity:
        del form.title
    if item is None:
        del form.rescale
    rescale = item is not None and bool(form.rescale.data)

    def preview() -> grading.Preview:
        return grading.preview_item(request.occasion, course, item, form.values(), rescale=rescale)

    def save() -> None:
        if item is None:
            grading.add_item(request.occasion, course, form.values())
        else:
            grading.change_item(request.occasion, course, item, form.values(), rescale=rescale)

    answer, effect = _preview_or_save(request, course, form, preview, save)
    if answer is not None:
        return answer
    title = shown.title or request.page.gettext(_("Add a grade item"))
    frame(request, course, title, book_crumb(request, course), setup_crumb(request, course))
    return {
        "form": form,
        "course": course,
        "item": item,
        "activity": course.activities.get(shown.activity),
        "grades": grading.grades_of_item(course, item.id) if item is not None else 0,
        "effect": _effect(request, effect),
    }


def _wanted_category(request: Request, book: GradeBook) -> int:
    try:
        wanted = decode_id(request.GET.get("category", ""))
    except KeyError:
        return book.root_id
    return wanted if wanted in book.categories else book.root_id


# -- categories


@view_config(route_name="grade_category_new", permission=_SETUP, renderer="grade_category.jinja2")
def grade_category_new(context: Course, request: Request) -> Any:
    """Add a category."""
    return _category_page(context, request, None)


@view_config(route_name="grade_category", permission=_SETUP, renderer="grade_category.jinja2")
def grade_category(context: Course, request: Request) -> Any:
    """Change or delete a category, or say how the course's total is made."""
    category = _category(request, context, request.matchdict["item"])
    if request.method == "POST" and request.POST.get("action") == "delete":
        grading.delete_category(request.occasion, context, category)
        flash(request, _("Deleted."))
        return _to_setup(request, context)
    return _category_page(context, request, category)


def _category(request: Request, course: Course, key: str) -> GradeCategory:
    """The category behind a key; "course" is the course itself, which has none while the grade
    book was never changed."""
    book = grading.read_book(course)
    if key == COURSE:
        return book.root
    try:
        return book.categories[decode_id(key)]
    except KeyError:
        raise HTTPNotFound from None


def _category_page(course: Course, request: Request, category: GradeCategory | None) -> Any:
    book = grading.read_book(course)
    is_root = category is not None and category.id == book.root_id
    shown = category or GradeCategory("", parent=_wanted_category(request, book))
    names = ("title", "aggregation", "weight", "drop_lowest", "keep_highest", "only_graded")
    data = {name: getattr(shown, name) for name in (*names, "extra")}
    data["parent"] = category_key(book, book.holder_of(shown))
    form = CategoryForm.of(request, data=data)
    form.aggregation.choices = aggregation_choices(
        request, request.occasion.assembled.grade_aggregations
    )
    if is_root:
        for name in ("title", "parent", "weight", "extra"):
            del form[name]
    else:
        form.parent.choices = category_choices(request, book, but=category)

    def preview() -> grading.Preview:
        return grading.preview_category(request.occasion, course, category, form.values())

    def save() -> None:
        if category is None:
            grading.add_category(request.occasion, course, form.values())
        else:
            kept = grading.book_of(course)
            present = kept.root if is_root else category
            grading.change_category(request.occasion, course, present, form.values())

    answer, effect = _preview_or_save(request, course, form, preview, save)
    if answer is not None:
        return answer
    title = shown.title or request.page.gettext(_("Add a category"))
    if is_root:
        title = request.page.gettext(_("How the total is made"))
    frame(request, course, title, book_crumb(request, course), setup_crumb(request, course))
    return {
        "form": form,
        "course": course,
        "category": category,
        "is_root": is_root,
        "children": len(shown.children),
        "effect": _effect(request, effect),
    }


# -- what both share


def _preview_or_save(
    request: Request,
    course: Course,
    form: Any,
    preview: Callable[[], grading.Preview],
    save: Callable[[], None],
) -> tuple[Response | None, grading.Preview | None]:
    """Act on a posted form: the answer after saving, or what saving would do."""
    if request.method != "POST" or not form.validate():
        return None, None
    try:
        if request.POST.get("action") == "preview":
            return None, preview()
        save()
    except Invalid as error:
        form.take(error)
        return None, None
    flash(request, _("Saved."))
    return _to_setup(request, course), None


def _to_setup(request: Request, course: Course) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("grade_setup", course=course.key))


def _effect(request: Request, preview: grading.Preview | None) -> dict[str, Any] | None:
    if preview is None:
        return None
    users = request.site.users
    rows = []
    for effect in preview.largest:
        user = users.get(effect.user_id)
        if user is not None:
            rows.append(
                {
                    "name": user.display_name,
                    "before": format_points(effect.before.percent) or "–",
                    "after": format_points(effect.after.percent) or "–",
                    "difference": f"{effect.difference:+.2f}",
                    "passed": effect.after.passed,
                }
            )
    return {
        "learners": preview.learners,
        "changed": preview.changed,
        "newly_passed": preview.newly_passed,
        "newly_failed": preview.newly_failed,
        "rows": rows,
    }


# -- order


@view_config(route_name="grade_order", permission=_SETUP, request_method="POST")
def grade_order(context: Course, request: Request) -> Any:
    """A new order: JSON from the list that is dragged, or a step up or down from a form."""
    book = grading.read_book(context)
    if request.content_type == "application/json":
        list_key, ids = _order_sent(request)
        category = _category(request, context, list_key)
        grading.arrange(request.occasion, context, category, ids)
        response = request.response
        response.content_type = "application/json"
        response.charset = "utf-8"
        response.json_body = {"revision": grading.read_book(context).revision}
        return response
    try:
        node = book.node(decode_id(request.POST.get("node", "")))
    except KeyError:
        raise HTTPNotFound from None
    grading.move(request.occasion, context, node, -1 if request.POST.get("step") == "up" else 1)
    return _to_setup(request, context)


def _order_sent(request: Request) -> tuple[str, list[int]]:
    try:
        body = request.json_body
        return str(body["list"]), [decode_id(str(key)) for key in body["ids"]]
    except (ValueError, KeyError, TypeError):
        raise Invalid(_("This is no order of grade items.")) from None


# -- levels


@view_config(route_name="grade_scale", permission=_SETUP, renderer="grade_scale.jinja2")
def grade_scale(context: Course, request: Request) -> Any:
    """The levels and the pass mark."""
    page = request.page
    book = grading.read_book(context)
    rows = [(floor, page.gettext(letter)) for floor, letter in book.scale]
    blank = [{"letter": "", "floor": None}] * 2
    data = {
        "pass_percent": book.pass_percent,
        "letters": [{"letter": letter, "floor": floor} for floor, letter in rows] + blank,
    }
    form = ScaleForm.of(request, data=data)
    if request.method == "POST" and form.validate():
        try:
            usual = request.POST.get("action") == "usual"
            wanted = [] if usual else _letters(request, form)
            grading.change_scale(request.occasion, context, wanted, form.pass_percent.data or 0.0)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(request.path)
    frame(request, context, page.gettext(_("Levels and pass mark")), book_crumb(request, context))
    return {"form": form, "course": context}


def _letters(request: Request, form: ScaleForm) -> list[tuple[float, str]]:
    """The rows that are filled in; nothing when they are the usual levels."""
    found = []
    for row in form.letters.data:
        letter = (row["letter"] or "").strip()
        if not letter and row["floor"] is None:
            continue
        if row["floor"] is None:
            raise Invalid(
                _("Give “${letter}” its lowest percentage.", mapping={"letter": letter}), "levels"
            )
        found.append((row["floor"], letter))
    usual = {(floor, request.page.gettext(letter)) for floor, letter in FIVE_LEVELS}
    return [] if set(found) == usual else found
