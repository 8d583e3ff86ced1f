"""Question types to try: each with an example as learners see it, its review, and its editor.
Nothing is stored."""

import random
from collections.abc import Mapping
from functools import partial
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Invalid, NotFound
from modou.permissions import Capability
from modou.web import resources
from modou.web.files import file_url
from modou_quiz.forms.answers import upload_field
from modou_quiz.forms.questions import form_for
from modou_quiz.i18n import DOMAIN, _
from modou_quiz.services import shelf
from modou_quiz.services.rendering import render_with
from modou_quiz.types import Flaw, QuestionType, Render
from modou_quiz.types.examples import EXAMPLES


def _frame(request: Request, title: Any, deeper: bool = True) -> dict[str, Any]:
    page = request.page
    page.title = page.gettext(title)
    page.side_nav = page.groups("admin")
    if deeper:
        page.breadcrumbs = [(page.gettext(_("Question types")), page.url("quiz_types"))]
    return {"t": page.in_domain(DOMAIN)}


def _chance() -> random.Random:
    return random.Random(7)  # noqa: S311 - an example that looks the same each time


def _type(request: Request) -> QuestionType[Any]:
    found = shelf.types_of(request.occasion).get(request.matchdict["type"])
    if found is None:
        raise NotFound(_("There is no such question type."))
    return found


def _render(request: Request) -> Render:
    return render_with(request.occasion, {}, partial(file_url, request))


@view_config(
    route_name="quiz_types",
    permission=Capability.PLUGINS_VIEW,
    request_method="GET",
    renderer="modou_quiz:templates/kinds.jinja2",
)
def kinds(request: Request) -> dict[str, Any]:
    """All types of the site."""
    return {
        **_frame(request, _("Question types"), deeper=False),
        "types": shelf.types_of(request.occasion).values(),
    }


@view_config(
    route_name="quiz_type",
    permission=Capability.PLUGINS_VIEW,
    renderer="modou_quiz:templates/kind.jinja2",
)
def kind(request: Request) -> dict[str, Any]:
    """An example to answer; what was answered comes back as its review."""
    kind = _type(request)
    values = _frame(request, kind.title)
    content = EXAMPLES.get(kind.name)
    return {
        **values,
        "type": kind,
        "here": request.page.url("quiz_type", type=kind.name),
        "question": content and _tried(request, kind, content),
    }


def _tried(request: Request, kind: QuestionType[Any], content: Any) -> dict[str, Any]:
    render, arrangement = _render(request), kind.arrange(content, True, _chance())
    posted = request.method == "POST"
    shown: Mapping[str, Any] = {}
    error = None
    if posted:
        try:
            raw = kind.given(content, arrangement, "try-", request.POST)
            response = kind.clean(content, arrangement, raw)
        except Invalid as refused:
            posted, error = False, refused.message
        else:
            shown = kind.review(
                content, arrangement, response, render, correct=True, feedback=True, right=True
            )
    if not posted:
        shown = kind.shown(content, arrangement, None, render)
    return {
        "type": kind,
        "shown": shown,
        "prefix": "try-",
        "readonly": posted,
        "marks": 5.0,
        "number": 1,
        "level": 2,
        "upload": upload_field(request),
        "error": error,
    }


@view_config(
    route_name="quiz_type_editor",
    permission=Capability.PLUGINS_VIEW,
    renderer="modou_quiz:templates/kind_editor.jinja2",
)
def editor(request: Request) -> dict[str, Any]:
    """The type's editor with its example in it."""
    kind = _type(request)
    values = _frame(request, kind.title)
    page = request.page
    page.breadcrumbs = [*page.breadcrumbs, (page.title, page.url("quiz_type", type=kind.name))]
    page.title = page.gettext(_("Editor"))
    content = EXAMPLES.get(kind.name)
    form = form_for(kind).of(request, data=kind.to_form(content) if content else None)
    preview: Mapping[str, Any] | None = None
    flaws: tuple[Flaw, ...] = ()
    if request.method == "POST":
        form.edited(request.POST)
        if form.validate():
            try:
                content = kind.from_form(form.data)
            except Invalid as error:
                form.take(error)
            else:
                flaws = tuple(kind.flaws(content))
                arrangement = kind.arrange(content, False, _chance())
                preview = kind.shown(content, arrangement, None, _render(request))
    return {
        **values,
        "type": kind,
        "form": form,
        "here": page.url("quiz_type_editor", type=kind.name),
        "preview": preview,
        "flaws": flaws,
    }


def includeme(config: Configurator) -> None:
    for name, pattern in (
        ("quiz_types", "/admin/quiz/types"),
        ("quiz_type", "/admin/quiz/types/{type}"),
        ("quiz_type_editor", "/admin/quiz/types/{type}/editor"),
    ):
        config.add_route(name, pattern, factory=resources.site)
    config.scan(__name__)
