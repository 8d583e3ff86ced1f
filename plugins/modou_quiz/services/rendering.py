"""Formatted texts as safe pieces of pages."""

from collections.abc import Callable

from markupsafe import Markup, escape

from modou.services.occasion import Occasion
from modou_quiz.content import Rich
from modou_quiz.models.bank import QuestionVersion
from modou_quiz.types import Render


def render_for(occasion: Occasion, version: QuestionVersion, sign: Callable[..., str]) -> Render:
    """Renders the texts of a version."""

    def render(text: Rich) -> Markup:
        return escape(text.source)

    return render
