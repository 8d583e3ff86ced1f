"""Description (说明): only informs."""

from collections.abc import Sequence
from typing import Any

from modou_quiz.forms.questions import QuestionForm
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, Verdict, Worth
from modou_quiz.types.contents import Description
from modou_quiz.types.own import OwnType, no_stem, wrong_shape


class Informs(OwnType[Description]):
    """A text between questions."""

    name = "description"
    title = _("Description")
    description = _("A text between questions, without an answer.")
    icon = "info"
    content = Description
    form = QuestionForm
    player = "modou_quiz:templates/player/description.jinja2"
    answerable = False

    def flaws(self, content: Description) -> Sequence[Flaw]:
        return no_stem(content)

    def given(self, content: Description, arrangement: Any, prefix: str, data: Any) -> None:
        return None

    def clean(self, content: Description, arrangement: Any, raw: Any) -> None:
        if raw is not None:
            raise wrong_shape()

    def grade(self, content: Description, response: Any) -> Verdict:
        return Verdict((Worth(1.0, 0.0),))

    def summary(self, content: Description, response: Any) -> str:
        return ""

    def right_answer(self, content: Description) -> str:
        return ""
