"""Questions as pages show them to teachers."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from pyramid.request import Request

from modou.web.files import file_url
from modou_quiz.models.bank import Question, QuestionVersion
from modou_quiz.services import shelf
from modou_quiz.services.rendering import render_for, render_with
from modou_quiz.types import Render


def render_of(request: Request, files: Mapping[str, int]) -> Render:
    """Renders texts that may show these files."""
    return render_with(request.occasion, files, partial(file_url, request))


def shown_question(
    request: Request,
    question: Question,
    version: QuestionVersion,
    *,
    number: int = 1,
    marks: float | None = None,
    arrangement: Any = None,
    answers: bool = True,
) -> dict[str, Any] | None:
    """What `player/_question.jinja2` gets; None where no enabled plugin knows the type.

    :param answers: with the right answer and the explanation; else as a sitting shows it
    """
    type_ = shelf.types_of(request.occasion).get(question.type)
    if type_ is None:
        return None
    content = shelf.content_of(request.occasion, question, version)
    render = render_for(request.occasion, version, partial(file_url, request))
    shown: Mapping[str, Any]
    if answers:
        best = type_.best(content)
        shown = type_.review(
            content, arrangement, best, render, correct=best is not None, feedback=True, right=True
        )
    else:
        shown = type_.shown(content, arrangement, None, render)
    return {
        "type": type_,
        "shown": shown,
        "prefix": f"q{number}-",
        "readonly": True,
        "marks": version.marks if marks is None else marks,
        "number": number,
    }
