"""A question of the bank: looking at it, writing it, its versions."""

import random
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request

from modou.errors import Invalid, NotFound
from modou.services.files import clean_filename
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou_quiz.forms.bank import FilingForm
from modou_quiz.forms.questions import form_for
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question
from modou_quiz.services import bank, looking, searching, shelf, versions, wording
from modou_quiz.types import Flaw, QuestionType
from modou_quiz.views import area
from modou_quiz.views.area import Area, QuestionContext, Within
from modou_quiz.views.bank import STATUS_LEVELS, STATUS_TITLES
from modou_quiz.views.showing import render_of, shown_question

_PREFIX = "filing-"
_FILED = ("title", "tags", "difficulty", "point", "syllabus", "idnumber", "status")


def question(context: QuestionContext, request: Request) -> Any:
    """A question with its right answer, where it is filed, and what is known about it."""
    where, shown = Area(context, request), context.question
    occasion = request.occasion
    if request.method == "POST":
        return _do(request, where, shown)
    return {
        **where.frame(shown.title or _("Question")),
        "shown": shown,
        "question": shown_question(request, shown, shown.latest),
        "told": looking.tell(occasion, shown, context.course),
        "types": where.type_titles(),
        "statuses": {name: request.page.gettext(title) for name, title in STATUS_TITLES.items()},
        "levels": STATUS_LEVELS,
        "stem": lambda other: wording.short(wording.stem_of(other.latest), 120),
        "targets": where.categories(editable=True),
    }


def _do(request: Request, where: Area, shown: Question) -> HTTPSeeOther:
    """What the buttons of a question's page do."""
    occasion, action = request.occasion, request.POST.get("action", "")
    here = where.url("question", question=shown.key)
    if action == "delete":
        if bank.delete_question(occasion, shown):
            flash(request, _("The question is deleted."))
            return HTTPSeeOther(where.url("questions"))
        flash(request, _("The question is in use. It is retired now."), "warning")
        return HTTPSeeOther(here)
    if action == "copy":
        target = bank.target_of(occasion, request.POST.get("target", ""), where.course)
        made = bank.copy(occasion, shown, target)
        flash(request, _("This is the copy."))
        return HTTPSeeOther(where.url("question", question=made.key))
    statuses = {"retire": "retired", "ready": "ready"}
    if action in statuses:
        try:
            bank.change_question(occasion, shown, status=statuses[action])
        except Invalid as error:
            flash(request, error.message, "danger")
        else:
            flash(request, _("Saved."))
    return HTTPSeeOther(here)


def question_versions(context: QuestionContext, request: Request) -> Any:
    """All versions, and what changed from each to the next."""
    where, shown = Area(context, request), context.question
    if request.method == "POST":
        text = request.POST.get("restore", "")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
        versions.restore(request.occasion, shown, number)
        flash(
            request,
            _(
                "The question says again what it said in version ${number}.",
                mapping={"number": number},
            ),
        )
        return HTTPSeeOther(request.path)
    told = looking.tell(request.occasion, shown, context.course)
    pairs = list(zip((None, *shown.versions), shown.versions, strict=False))
    crumb = (shown.title, where.url("question", question=shown.key))
    return {
        **where.frame(_("Versions"), crumb),
        "shown": shown,
        "told": told,
        "history": [
            (version, versions.differences(before, version) if before is not None else [])
            for before, version in reversed(pairs)
        ],
    }


def question_new(context: Within, request: Request) -> Any:
    """Write a new question."""
    where = Area(context, request)
    type_ = shelf.types_of(request.occasion).get(request.GET.get("type", ""))
    if type_ is None:
        raise NotFound(_("There is no such question type."))
    title = _("New question: ${type}", mapping={"type": request.page.gettext(type_.title)})
    data = {"category": request.GET.get("category", ""), "marks": 1.0, "difficulty": "0"}
    return _write(request, where, type_, None, title, data)


def question_edit(context: QuestionContext, request: Request) -> Any:
    """Write a new version of a question, and file it."""
    where, shown = Area(context, request), context.question
    bank.require_edit(request.occasion, bank.category_of(request.occasion, shown))
    type_ = shelf.types_of(request.occasion).get(shown.type)
    if type_ is None:
        raise NotFound(_("The plugin of this type of question is not enabled."))
    data = {
        **{name: getattr(shown, name) for name in _FILED},
        "difficulty": str(shown.difficulty),
        "category": bank.category_of(request.occasion, shown).key,
        "marks": shown.latest.marks,
        "draft": shown.status == "draft",
    }
    return _write(request, where, type_, shown, _("Edit question"), data)


def _write(
    request: Request,
    where: Area,
    type_: QuestionType[Any],
    shown: Question | None,
    title: Any,
    data: dict[str, Any],
) -> Any:
    """The page on which a question is written, and what comes of it."""
    occasion = request.occasion
    content = shelf.content_of(occasion, shown, shown.latest) if shown is not None else None
    form = form_for(type_).of(request, data=type_.to_form(content) if content is not None else None)
    filing = FilingForm.of(request, data=data, prefix=_PREFIX)
    set_choices(filing.category, where.categories(editable=True), request.page.gettext)
    preview: Any = None
    flaws: tuple[Flaw, ...] = ()
    if request.method == "POST":
        edited = form.edited(request.POST)
        if (form.validate() and filing.validate()) or edited:
            try:
                content = type_.from_form(form.data)
                if not edited:
                    return _save(request, where, type_, shown, content, filing)
            except Invalid as error:
                _show(error, form, filing)
            else:
                flaws = tuple(type_.flaws(content))
                render = render_of(request, shown.latest.files if shown is not None else {})
                arrangement = type_.arrange(content, False, random.Random(1))  # noqa: S311
                preview = type_.shown(content, arrangement, None, render)
    crumbs = []
    if shown is not None:
        crumbs.append((shown.title, where.url("question", question=shown.key)))
    store = shelf.find_bank(occasion.site)
    places = bank.places_of(occasion, where.course)
    return {
        **where.frame(title, *crumbs),
        "type": type_,
        "form": form,
        "filing": filing,
        "here": request.path_qs,
        "preview": preview,
        "flaws": flaws,
        "shown": shown,
        "files": sorted(shown.latest.files) if shown is not None else [],
        "known": {
            kind: list(searching.values(store, kind, places))[:500] if store is not None else []
            for kind in ("point", "syllabus", "tag")
        },
    }


def _show(error: Invalid, form: Any, filing: Any) -> None:
    """A refusal at the fields of the form that has them."""
    own = {name for name in error.errors if name in filing}
    rest = {name: found for name, found in error.errors.items() if name not in own}
    if own:
        filing.take(Invalid(error.message, errors={name: error.errors[name] for name in own}))
    if rest or not own:
        form.take(Invalid(error.message, errors=rest))


def _save(
    request: Request,
    where: Area,
    type_: QuestionType[Any],
    shown: Question | None,
    content: Any,
    filing: FilingForm,
) -> HTTPSeeOther:
    """Store what was written.

    :raises Invalid: naming the field
    """
    occasion = request.occasion
    values: dict[str, Any] = {
        "title": filing.title.data or "",
        "tags": filing.tags.data or (),
        "difficulty": int(filing.difficulty.data),
        "point": filing.point.data or "",
        "syllabus": filing.syllabus.data or "",
        "idnumber": filing.idnumber.data or "",
        "status": "draft" if filing.draft.data else "ready",
    }
    target = bank.target_of(occasion, filing.category.data, where.course)
    # Names as they can stand in a text.
    files = {
        clean_filename(upload.filename).replace(" ", "_"): upload
        for upload in filing.files.data or ()
    }
    if shown is None:
        shown = bank.create_question(
            occasion,
            target,
            type_.name,
            content,
            marks=filing.marks.data,
            files=files,
            **values,
        )
    else:
        if shown.status == "retired" and not filing.draft.data:
            values["status"] = "retired"
        bank.write(
            occasion,
            shown,
            content,
            marks=filing.marks.data,
            files=files,
            category=target,
            **values,
        )
    flash(request, _("Saved."))
    return HTTPSeeOther(where.url("question", question=shown.key))


def includeme(config: Configurator) -> None:
    one = f"/{{question:{area.ID}}}"
    area.add_routes(
        config,
        (
            ("question_new", "/new", area.place, question_new, "write"),
            ("question", one, area.question, question, "question"),
            ("question_edit", f"{one}/edit", area.question, question_edit, "write"),
            ("question_versions", f"{one}/versions", area.question, question_versions, "versions"),
        ),
    )
