"""The paper editor of a quiz, the lines of its blueprint, the preview.

Works without scripts: each button posts what it does to the paper as it was read (`revision`), so
that two teachers cannot change each other's lines unawares.
"""

import random
from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from wtforms.fields.choices import SelectChoice

from modou.errors import Conflict, Invalid, ModouError
from modou.permissions import Capability
from modou.services import grading
from modou.store.containers import encode_id
from modou.web.forms.base import set_choices
from modou.web.page import flash
from modou_quiz.forms.papers import DrawForm, OverlapForm, SectionForm
from modou_quiz.i18n import _
from modou_quiz.models.papers import Draw, Paper
from modou_quiz.services import bank, drawing, papers, shelf, wording
from modou_quiz.views.area import ID, Area, Within
from modou_quiz.views.paper_frame import PaperContext, number, paper, paper_values, url
from modou_quiz.views.showing import shown_question

Change = Callable[[Paper], Paper]


def edit(context: PaperContext, request: Request) -> Any:
    """The paper with its parts and lines, what it comes to, and what is missing."""
    occasion, quiz = request.occasion, context.quiz
    if request.method == "POST":
        return _change(context, request)
    states = papers.state_of(occasion, context.course.id, quiz.paper)
    problems: dict[tuple[int, int], Any] = {}
    for problem in papers.check(states):
        problems.setdefault((problem.section, problem.line), problem.message)
    attempts = shelf.attempts_of(request.site, context.activity.id)
    overlap = OverlapForm.of(request, data={"most_overlap": quiz.paper.most_overlap or None})
    return {
        **paper_values(context, request, _("Paper")),
        "states": states,
        "problems": problems,
        "totals": papers.totals(states),
        "shared": papers.shared(states),
        "pass_mark": _pass_mark(context),
        "begun": attempts.count() if attempts is not None else 0,
        "overlap": overlap,
        "section_form": SectionForm.of(request),
        "describe": lambda draw: describe(context, request, draw),
        "types": Area(Within(request.site, context.course), request).type_titles(),
        "stem": lambda question: wording.short(wording.stem_of(question.latest), 160),
    }


def _pass_mark(context: PaperContext) -> float | None:
    """Points that pass, as the grade book has it; None while there is no grade item."""
    book = grading.read_book(context.course)
    for item in book.ordered_items():
        if item.activity == context.activity.id:
            mark: float = book.pass_mark(item)
            return mark
    return context.activity.pass_mark


def describe(context: PaperContext, request: Request, draw: Draw) -> str:
    """What a line of a blueprint asks for, in words."""
    translate = request.page.gettext
    area = Area(Within(request.site, context.course), request)
    titles = area.type_titles()
    store = shelf.find_bank(request.site)
    words = [titles.get(name, name) for name in draw.types]
    for id in draw.categories:
        category = store.categories.get(id) if store is not None else None
        words.append(
            translate(bank.title_of(category)) if category is not None else translate(_("(gone)"))
        )
    if draw.difficulties:
        levels = ", ".join(map(str, draw.difficulties))
        words.append(translate(_("difficulty ${levels}", mapping={"levels": levels})))
    words += [*draw.points, *draw.syllabus, *(f"#{tag}" for tag in draw.tags)]
    return " · ".join(words) or translate(_("any question"))


def _change(context: PaperContext, request: Request) -> HTTPSeeOther:
    """Do what a button of the editor says."""
    posted = request.POST
    action, _colon, place = posted.get("action", "").partition(":")
    first, _colon, second = place.partition(":")
    section, line = number(first), number(second)
    anchor = f"part-{max(section, 0)}"
    section_form = SectionForm.of(request)
    overlap = OverlapForm.of(request)
    changes: dict[str, Change] = {
        "add": lambda it: papers.add_section(it, section_form.data),
        "change": lambda it: papers.change_section(it, section, section_form.data),
        "remove": lambda it: papers.remove_section(it, section),
        "up": lambda it: papers.move_section(it, section, -1),
        "down": lambda it: papers.move_section(it, section, 1),
        "drop": lambda it: papers.remove_item(it, section, line),
        "line-up": lambda it: papers.move_item(it, section, line, -1),
        "line-down": lambda it: papers.move_item(it, section, line, 1),
        "marks": lambda it: papers.set_marks(it, section, line, _marks(posted.get("marks"))),
        "overlap": lambda it: it._replace(most_overlap=overlap.most_overlap.data or 0),
    }
    try:
        if action not in changes or (action == "overlap" and not overlap.validate()):
            raise Invalid(_("Enter a whole number from 0 to 100."))
        changed = changes[action](context.quiz.paper)
        papers.save(
            request.occasion,
            context.activity,
            context.quiz,
            changed,
            number(posted.get("revision", "")),
        )
    except (Invalid, Conflict) as error:
        flash(request, error.message, "danger")
    return HTTPSeeOther(url(request, context.activity, _anchor=anchor))


def _marks(text: str | None) -> float | None:
    """:raises Invalid: no number"""
    written = (text or "").strip().replace("，", ".").replace(",", ".")
    if not written:
        return None
    try:
        return float(written)
    except ValueError:
        raise Invalid(_("Enter marks as a number."), "marks") from None


def draw_line(context: PaperContext, request: Request) -> Any:
    """A line of the blueprint: what is asked for, and how many questions fit."""
    occasion, quiz = request.occasion, context.quiz
    section = number(request.GET.get("section", ""))
    text = request.GET.get("line", "")
    place = number(text) if text else None
    part = papers.section_at(quiz.paper, section)
    line = papers.item_at(quiz.paper, section, place) if place is not None else None
    data = _data(request, line) if isinstance(line, Draw) else {"categories": []}
    form = DrawForm.of(request, data=data)
    area = Area(Within(request.site, context.course), request)
    set_choices(form.categories, area.categories(), request.page.gettext)
    known = shelf.types_of(occasion)
    set_choices(
        form.types,
        [SelectChoice(name, type_.title) for name, type_ in known.items() if type_.answerable],
        request.page.gettext,
    )
    fits: int | None = None
    # As it was when the form was opened: its line may be another one by now.
    revision = number(request.POST.get("revision", str(quiz.revision)))
    if request.method == "POST" and form.validate():
        try:
            asked = papers.draw_of(occasion, context.course, form.data)
            fits = papers.fitting(occasion, context.course.id, asked)
            if "count" not in request.POST:
                changed = papers.put_draw(
                    occasion, context.course, quiz.paper, section, form.data, place
                )
                papers.save(occasion, context.activity, quiz, changed, revision)
                return HTTPSeeOther(url(request, context.activity, _anchor=f"part-{section}"))
        except Invalid as error:
            form.take(error)
        except Conflict as error:
            flash(request, error.message, "danger")
            return HTTPSeeOther(url(request, context.activity, _anchor=f"part-{section}"))
    elif isinstance(line, Draw):
        fits = papers.fitting(occasion, context.course.id, line)
    title = _("Questions drawn at random") if line is None else _("Line of the blueprint")
    values = paper_values(context, request, title)
    request.page.breadcrumbs.append((request.page.gettext(_("Paper")), values["url"]("paper")))
    return {
        **values,
        "form": form,
        "part": part,
        "fits": fits,
        "revision": revision,
        "here": request.path_qs,
    }


def _data(request: Request, line: Draw) -> dict[str, Any]:
    return {
        **line._asdict(),
        "categories": [encode_id(id) for id in line.categories],
        "difficulties": [str(level) for level in line.difficulties],
    }


def preview(context: PaperContext, request: Request) -> Any:
    """A paper as one learner might get it, with or without the answers."""
    occasion, quiz = request.occasion, context.quiz
    seed = number(request.GET.get("seed", "1"))
    answers = request.GET.get("answers") == "1"
    parts: list[dict[str, Any]] = []
    problem = None
    try:
        slots = drawing.draw(occasion, quiz, random.Random(seed))  # noqa: S311 - the same again
    except ModouError as error:
        slots, problem = (), error.message
    store = shelf.find_bank(occasion.site)
    count = 0
    for place, section in enumerate(quiz.paper.sections if store is not None else ()):
        shown = []
        for slot in slots:
            if slot.section == place and store is not None:
                count += bool(slot.marks)
                question = store.questions.by_id(slot.question)
                shown.append(
                    shown_question(
                        request,
                        question,
                        question.version(slot.version),
                        number=count,
                        marks=slot.marks,
                        arrangement=slot.arrangement,
                        answers=answers,
                    )
                )
        marks = sum(slot.marks for slot in slots if slot.section == place)
        parts.append({"section": section, "questions": shown, "marks": marks})
    values = paper_values(context, request, _("Preview of the paper"))
    request.page.breadcrumbs.append((request.page.gettext(_("Paper")), values["url"]("paper")))
    return {**values, "parts": parts, "problem": problem, "seed": seed, "answers": answers}


def includeme(config: Configurator) -> None:
    path = f"/courses/{{course:{ID}}}/a/{{activity:{ID}}}/paper"
    for name, end, view, template in (
        ("paper", "", edit, "edit"),
        ("paper_line", "/line", draw_line, "line"),
        ("paper_preview", "/preview", preview, "preview"),
    ):
        config.add_route(name, path + end, factory=paper)
        config.add_view(
            view,
            route_name=name,
            permission=Capability.ACTIVITY_EDIT,
            renderer=f"modou_quiz:templates/papers/{template}.jinja2",
        )
