"""The page of an attempt that goes on. Before an exam thousands open it within a minute: what is
the same for many is drawn once."""

import json
from functools import partial
from typing import Any

from markupsafe import Markup, escape
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response

from modou.services.memory import Recent
from modou.web.courses import frame_key
from modou.web.files import file_window
from modou.web.page import Page, render_cached
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.answers import upload_field
from modou_quiz.i18n import DOMAIN
from modou_quiz.services.sitting import pages, showing
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.showing import QuestionShown, SittingShown
from modou_quiz.views import words
from modou_quiz.views.addresses import signs
from modou_quiz.views.frame import address, frame, not_kept

#: Drawn questions that a process keeps.
_KEPT = 10_000


def show(context: QuizContext, request: Request, sitting: Sitting) -> Response:
    """The page around the questions is kept for all who sit the quiz."""
    page, quiz, attempt = request.page, sitting.quiz, sitting.attempt
    shown = showing.sitting_page(sitting, signs(request))
    # Before the page, which may be one that leaves everything personal open.
    own = _own_parts(context, request, sitting, shown)

    def values(page: Page) -> dict[str, Any]:
        t = page.in_domain(DOMAIN)
        frame(page, context, context.activity.title)
        return {
            "t": t,
            "preview": attempt.preview,
            "shown": shown,
            "ends": sitting.ends > 0,
            "texts": words.page_texts(t),
            "static": lambda path: request.static_path(f"modou_quiz:static/{path}"),
        }

    depends = (attempt.preview, sitting.ends > 0, shown.answered, shown.expected, shown.more)
    key = (context.activity.id, quiz.revision, frame_key(context.course), depends)
    fillers = {
        f"sitting_{name}": partial(str, escape(value))
        for name, value in {"ends": page.when(sitting.ends) if sitting.ends else "", **own}.items()
    }
    template = "modou_quiz:templates/sitting.jinja2"
    return not_kept(render_cached(request, template, key, values, fillers, context.course))


def _own_parts(
    context: QuizContext, request: Request, sitting: Sitting, shown: SittingShown
) -> dict[str, Any]:
    """What of a sitting's page is its learner's own."""
    page, quiz, attempt = request.page, sitting.quiz, sitting.attempt
    key = attempt.key
    token = pages.make_token(request.occasion.keys, pages.token_of(sitting))
    config = {
        "attempt": key,
        "token": token,
        "first": pages.is_first(sitting),
        "state": pages.state_json(sitting),
        "answers": "/api/v1/quiz/answers",
        "files": "/api/v1/quiz/files",
        "pages": "/api/v1/quiz/pages",
        "kept": page.static("js/study/kept.js"),
        "line": page.static("js/study/line.js"),
        "most_leaves": quiz.most_leaves,
        "counts_leaves": not attempt.preview,
        "per_page": 0 if quiz.sequential else quiz.per_page,
        "review": address(request, context, "quiz_review", attempt=key),
        "sign_in": page.url("login", _query={"next": request.path}),
        "expected": shown.expected,
        "answered_before": shown.answered
        - sum(q.state != "" and q.answerable for q in shown.questions),
    }
    return {
        "config": json.dumps(config),
        "token": token,
        "seq": attempt.answers.seq,
        "take": address(request, context, "quiz_take", attempt=key),
        "answers": address(request, context, "quiz_answers", attempt=key),
        "hand_in": address(request, context, "quiz_hand_in", attempt=key),
        "questions": _questions(request, shown),
        "nav": _nav(request, shown),
    }


def _kept(request: Request) -> Recent[Markup]:
    """What was drawn for one learner and is the same for others."""
    registry = request.registry
    kept: Recent[Markup] | None = getattr(registry, "quiz_questions", None)
    if kept is None:
        kept = registry.quiz_questions = Recent(_KEPT)
    return kept


def _questions(request: Request, shown: SittingShown) -> Markup:
    """The questions as they stand on the page. Most learners of an exam see one as others do: it is
    drawn once for all of them."""
    kept, checks = _kept(request), bool(shown.checks)
    around = (request.locale_name, request.registry.theme.version, file_window(request), checks)
    parts = []
    for question in shown.questions:
        key = (question.key, around) if question.key is not None else None
        drawn = kept.get(key) if key is not None else None
        if drawn is None:
            drawn = _drawn(request, question, checks)
            if key is not None:
                kept.put(key, drawn)
        parts.append(drawn)
    return Markup("".join(parts))  # noqa: S704 - each of them is


def _drawn(request: Request, question: QuestionShown, checks: bool) -> Markup:
    values = {
        "q": question,
        "t": request.page.in_domain(DOMAIN),
        "number": words.number,
        "reviewing": False,
        "checks": checks,
        "upload": upload_field(request),
    }
    template = "modou_quiz:templates/parts/question.jinja2"
    return Markup(render(template, values, request=request))  # noqa: S704 - autoescaped by Jinja


def _nav(request: Request, shown: SittingShown) -> Markup:
    """The links to the questions: the same for all who have answered the same ones."""
    items = tuple(
        (q.place, q.label, bool(q.state or q.checked), q.flagged)
        for q in shown.questions
        if q.label
    )
    key = ("nav", request.locale_name, request.registry.theme.version, items)
    found = _kept(request).get(key)
    if found is not None:
        return found
    names = ("place", "label", "answered", "flagged")
    values = {
        "t": request.page.in_domain(DOMAIN),
        "questions": [dict(zip(names, item, strict=True)) for item in items],
    }
    template = "modou_quiz:templates/parts/sitting_nav.jinja2"
    drawn = Markup(render(template, values, request=request))  # noqa: S704 - autoescaped by Jinja
    _kept(request).put(key, drawn)
    return drawn
