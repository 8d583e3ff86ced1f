"""The question bank's list, its categories, its duplicates."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from modou.errors import Conflict, Invalid, NotAllowed
from modou.store.containers import encode_id
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou.web.paging import Pager, query_with
from modou_quiz.forms.bank import CategoryForm
from modou_quiz.i18n import _
from modou_quiz.models.bank import STATUSES, Question
from modou_quiz.services import (
    bank,
    duplicate_search,
    duplicates,
    looking,
    papers,
    searching,
    shelf,
    usage,
    wording,
)
from modou_quiz.services.bank import bulk
from modou_quiz.views import area
from modou_quiz.views.area import Area, CategoryContext, Within
from modou_quiz.views.paper_frame import PaperTarget

_SIZE = 50
STATUS_TITLES = {"draft": _("Draft"), "ready": _("Ready"), "retired": _("Retired")}
STATUS_LEVELS = {"draft": "attention", "ready": "success", "retired": "neutral"}
_KEPT = ("q", "category", "type", "difficulty", "status", "tag", "point", "syllabus", "sort")


class Filters:
    """What the list is limited to, as its address says."""

    def __init__(self, request: Request, where: Area) -> None:
        occasion = request.occasion
        self.values = {name: request.GET.get(name, "")[:200].strip() for name in _KEPT}
        said = self.values
        known = {choice.value for choice in where.categories()}
        if said["category"] not in known:
            said["category"] = ""
        if said["type"] not in shelf.types_of(occasion):
            said["type"] = ""
        if said["difficulty"] not in tuple("012345"):
            said["difficulty"] = ""
        if said["status"] not in (*STATUSES, "all"):
            said["status"] = ""
        categories: tuple[int, ...] = ()
        if said["category"]:
            chosen = bank.find_category(occasion, said["category"], where.course)
            categories = (chosen.id,)
        statuses = {"": ("draft", "ready"), "all": ()}.get(said["status"], (said["status"],))
        self.criteria = searching.Criteria(
            bank.places_of(occasion, where.course),
            categories,
            types=(said["type"],) if said["type"] else (),
            difficulties=(int(said["difficulty"]),) if said["difficulty"] else (),
            points=(said["point"],) if said["point"] else (),
            syllabus=(said["syllabus"],) if said["syllabus"] else (),
            tags=(said["tag"],) if said["tag"] else (),
            statuses=statuses,
            text=said["q"],
        )
        self.any = any(value for name, value in said.items() if name != "sort")


def questions(context: Within, request: Request) -> Any:
    """All questions that the reader may use: filtered, sorted, paged, changed together."""
    where = Area(context, request)
    filters = Filters(request, where)
    target = PaperTarget.of(request, context.course)
    if request.method == "POST":
        return _change(request, where, filters, target)
    occasion = request.occasion
    store = shelf.find_bank(occasion.site)
    sort = filters.values["sort"] or "-created"
    pager = Pager(request, 0, _SIZE)
    listing = searching.Listing(0)
    if store is not None:
        total = searching.count(store, filters.criteria)
        pager = Pager(request, total, _SIZE)
        listing = searching.page(store, filters.criteria, sort, pager.start, _SIZE)
    values = where.frame(_("Question bank"), top=True)
    places = filters.criteria.places
    return {
        **values,
        "listing": listing,
        "pager": pager,
        "filters": filters.values,
        "filtered": filters.any,
        "sort": sort,
        "href": lambda key: query_with(request, sort=key, page=None),
        "categories": where.categories(),
        "editable": where.categories(editable=True),
        "types": where.type_titles(),
        "type_list": list(shelf.types_of(occasion).values()),
        "statuses": {name: request.page.gettext(title) for name, title in STATUS_TITLES.items()},
        "levels": STATUS_LEVELS,
        "category_title": _titles(request, listing.questions),
        "stem": lambda question: wording.short(wording.stem_of(question.latest), 120),
        "tags": list(searching.values(store, "tag", places)) if store is not None else [],
        "points": list(searching.values(store, "point", places)) if store is not None else [],
        "syllabus": list(searching.values(store, "syllabus", places)) if store is not None else [],
        "target": target,
    }


def _titles(request: Request, shown: list[Question]) -> dict[int, str]:
    """Category id -> its title, for the questions of a page."""
    found: dict[int, str] = {}
    for question in shown:
        if question.category not in found:
            category = bank.category_of(request.occasion, question)
            found[question.category] = request.page.gettext(bank.title_of(category))
    return found


def _change(
    request: Request, where: Area, filters: Filters, target: PaperTarget | None
) -> HTTPSeeOther:
    """Do what was asked with the chosen questions."""
    posted, occasion = request.POST, request.occasion
    action = posted.get("action", "")
    try:
        everything = posted.get("scope") == "all"
        chosen = bulk.chosen(
            occasion,
            where.course,
            posted.getall("ids"),
            filters.criteria if everything else None,
        )
        if action == "paper" and target is not None and where.course is not None:
            paper = papers.add_questions(
                occasion, where.course, target.quiz.paper, target.section, chosen
            )
            papers.save(occasion, target.activity, target.quiz, paper, target.quiz.revision)
            flash(request, _("${number} questions chosen.", mapping={"number": len(chosen)}))
            return HTTPSeeOther(target.paper_url(request))
        number = bulk.apply(occasion, where.course, action, chosen, posted)
    except (Invalid, NotAllowed) as error:
        occasion.tm.doom()
        flash(request, error.message, "danger")
        return HTTPSeeOther(request.path_qs)
    if action == "delete":
        kept = len(chosen) - number
        text = _("${number} questions deleted.", mapping={"number": number})
        if kept:
            text = _(
                "${number} questions deleted. ${kept} are in use and retired now.",
                mapping={"number": number, "kept": kept},
            )
        flash(request, text)
    else:
        flash(request, _("${number} questions changed.", mapping={"number": number}))
    return HTTPSeeOther(request.path_qs)


def categories(context: Within, request: Request) -> Any:
    """The trees of categories; buttons move a category among its siblings."""
    where, occasion = Area(context, request), request.occasion
    if request.method == "POST":
        direction, _colon, key = request.POST.get("move", "").partition(":")
        category = bank.find_category(occasion, key, where.course)
        bank.step_category(occasion, category, -1 if direction == "up" else 1)
        return HTTPSeeOther(where.url("question_categories", _anchor=f"category-{key}"))
    values = where.frame(_("Question categories"))
    return {**values, "trees": bank.categories_for(occasion, where.course)}


def category_new(context: Within, request: Request) -> Any:
    """A new category."""
    where, occasion = Area(context, request), request.occasion
    form = CategoryForm.of(request, data={"parent": request.GET.get("parent", "")})
    set_choices(form.parent, where.categories(editable=True), request.page.gettext)
    if request.method == "POST" and form.validate():
        try:
            parent = bank.target_of(occasion, form.parent.data, where.course)
            bank.create_category(occasion, parent, form.title.data, form.description.data or "")
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("The category is added."))
            return HTTPSeeOther(where.url("question_categories"))
    crumb = (_("Question categories"), where.url("question_categories"))
    return {**where.frame(_("New category"), crumb), "form": form, "category": None}


def category_edit(context: CategoryContext, request: Request) -> Any:
    """Change, move or delete a category."""
    where, occasion, category = Area(context, request), request.occasion, context.category
    bank.require_edit(occasion, category)
    if request.method == "POST" and "delete" in request.POST:
        try:
            bank.delete_category(occasion, category)
        except Conflict as error:
            flash(request, error.message, "danger")
            return HTTPSeeOther(request.path)
        flash(request, _("The category is deleted."))
        return HTTPSeeOther(where.url("question_categories"))
    parent = shelf.bank_of(occasion).categories.get(category.parent)
    form = CategoryForm.of(
        request,
        data={
            "title": category.title,
            "description": category.description,
            "parent": parent.key if parent is not None else "",
        },
    )
    within = {
        node.category.key for node in bank.tree_of(occasion, category.scope, category.owner).nodes
    }
    choices = [choice for choice in where.categories(editable=True) if choice.value in within]
    set_choices(form.parent, choices, request.page.gettext)
    if request.method == "POST" and form.validate():
        try:
            target = bank.find_category(occasion, form.parent.data, where.course)
            bank.change_category(
                occasion, category, form.title.data, form.description.data or "", target
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(where.url("question_categories"))
    crumb = (_("Question categories"), where.url("question_categories"))
    return {**where.frame(_("Edit category"), crumb), "form": form, "category": category}


def duplicate_list(context: Within, request: Request) -> Any:
    """Questions that say the same, and those that nearly do."""
    where, occasion = Area(context, request), request.occasion
    filters = Filters(request, where)
    if request.method == "POST":
        try:
            duplicate_search.start(occasion, filters.criteria, where.course)
        except Conflict as error:
            flash(request, error.message, "danger")
        return HTTPSeeOther(request.path_qs)
    found = duplicate_search.find(occasion, filters.criteria, where.course)
    shown = [question for group in found.groups for question in group]
    shown += [question for first, second, _how in found.pairs for question in (first, second)]
    return {
        **where.frame(_("Duplicates")),
        "found": found,
        "job": encode_id(found.job) if found.job else "",
        "needs_search": found.size > duplicate_search.AT_ONCE,
        "limit": duplicates.MOST_COMPARED,
        "filters": filters.values,
        "categories": where.categories(),
        "types": where.type_titles(),
        "statuses": {name: request.page.gettext(title) for name, title in STATUS_TITLES.items()},
        "levels": STATUS_LEVELS,
        "category_title": _titles(request, shown),
        "stem": lambda question: wording.short(wording.stem_of(question.latest), 200),
        "right": lambda question: looking.right_answer(occasion, question),
        "used": usage.fixed_in(request.site, {question.id for question in shown}),
    }


def includeme(config: Configurator) -> None:
    area.add_routes(
        config,
        (
            ("questions", "", area.place, questions, "list"),
            ("question_duplicates", "/duplicates", area.place, duplicate_list, "duplicates"),
            ("question_categories", "/categories", area.place, categories, "categories"),
            ("question_category_new", "/categories/new", area.place, category_new, "category"),
            (
                "question_category",
                f"/categories/{{category:{area.ID}}}",
                area.category,
                category_edit,
                "category",
            ),
        ),
    )
