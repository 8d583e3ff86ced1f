"""The forms of quizzes: their rules, exceptions, who may sit them."""

from collections.abc import Sequence
from typing import Any

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou.web.forms.fields import CheckboxesField, MomentField
from modou_quiz.i18n import _
from modou_quiz.models.quizzes import Quiz

_optional = validators.Optional()
_required = validators.InputRequired(_("Please fill this in."))
_NUMBER = {"inputmode": "numeric"}

KINDS = (
    SelectChoice("practice", _("Practice")),
    SelectChoice("chapter", _("Chapter test")),
    SelectChoice("midterm", _("Mid-term exam")),
    SelectChoice("final", _("Final exam")),
)
INSTANT = (
    SelectChoice("off", _("No")),
    SelectChoice("once", _("Once; the answer stays as it is then")),
    SelectChoice("tries", _("Several tries, with the hints of the question")),
)
GRADE_BY = (
    SelectChoice("best", _("The best attempt")),
    SelectChoice("last", _("The last attempt")),
    SelectChoice("average", _("The average of all attempts")),
    SelectChoice("first", _("The first attempt")),
)
SHOWN = (
    SelectChoice("response", _("What was answered")),
    SelectChoice("correct", _("Whether it was right")),
    SelectChoice("marks", _("Marks")),
    SelectChoice("feedback", _("Explanations")),
    SelectChoice("right", _("The right answers")),
)


def _shown_at(moment: str) -> Sequence[str]:
    return [what for known, what in Quiz.review if known == moment]


def _whole(label: Any, description: Any = "", default: int = 0) -> wtforms.IntegerField:
    return wtforms.IntegerField(
        label, [_optional], description=description, default=default, render_kw=_NUMBER
    )


class QuizForm(Form):
    """What a quiz asks for. Its paper is put together on a page of its own."""

    kind = wtforms.SelectField(_("Kind of quiz"), choices=list(KINDS), default="chapter")
    intro = wtforms.TextAreaField(
        _("Notes for the learners"),
        description=_("Shown before it begins: what is allowed, what to bring."),
        render_kw={"rows": 4, "maxlength": 20_000},
    )
    opens = MomentField(_("May be begun from"))
    closes = MomentField(
        _("Ends for everybody on"),
        description=_("Attempts that still go on then are handed in."),
    )
    time_limit = _whole(_("Time limit in minutes"), _("0: none. The server's clock decides."))
    stay = _whole(_("Hand-in at the earliest after so many minutes"))
    attempts = _whole(_("Number of attempts"), _("0: as many as one likes."), 1)
    delay = _whole(_("Hours between two attempts"))
    grade_by = wtforms.SelectField(_("What counts"), choices=list(GRADE_BY), default="best")
    shuffle_questions = wtforms.BooleanField(_("Questions in random order"))
    shuffle_options = wtforms.BooleanField(_("Options in random order"), default=True)
    per_page = _whole(_("Questions on a page"), _("0: all on one."))
    sequential = wtforms.BooleanField(
        _("No way back"),
        description=_("A page that was left cannot be opened again."),
    )
    instant = wtforms.SelectField(
        _("Answers can be checked while it is sat"),
        choices=list(INSTANT),
        default="off",
        description=_("For practice and chapter tests. Exams say nothing before the hand-in."),
    )
    tries = _whole(
        _("Tries at each question"),
        _("0: one more than the question has hints. What a further one costs says the question."),
    )
    review_during = CheckboxesField(
        _("Shown when an answer was checked"),
        choices=list(SHOWN),
        default=[],
        description=_(
            "With several tries, explanation and right answer wait until no try is left."
        ),
    )
    review_after = CheckboxesField(
        _("Shown right after the hand-in"), choices=list(SHOWN), default=_shown_at("after")
    )
    review_later = CheckboxesField(
        _("Shown later, while the quiz is open"), choices=list(SHOWN), default=_shown_at("later")
    )
    review_closed = CheckboxesField(
        _("Shown once the quiz has closed"), choices=list(SHOWN), default=_shown_at("closed")
    )
    password = wtforms.StringField(
        _("Password"),
        description=_("Asked for before an attempt begins; told in the examination room."),
        render_kw={"maxlength": 100, "autocomplete": "off"},
    )
    networks = wtforms.TextAreaField(
        _("Only from these networks"),
        description=_("A line each, e.g. 10.1.0.0/16. Empty: from everywhere."),
        render_kw={"rows": 2, "maxlength": 5000},
    )
    cohorts = wtforms.StringField(
        _("Only for these classes"),
        description=_("Their numbers, with commas between them. Empty: for the whole course."),
        render_kw={"maxlength": 2000},
    )
    most_leaves = _whole(
        _("Times that the page may be left"),
        _("Then the attempt is handed in. 0: it is only counted."),
    )
    anonymous = wtforms.BooleanField(_("Markers do not see the learners' names"))
    second_marker = wtforms.BooleanField(_("Essays are marked by two people"))
    tolerance = _whole(
        _("Difference that the two may have, in per cent"),
        _("When it is larger, a third person decides."),
        10,
    )


class ExceptionForm(Form):
    """What is different for a learner."""

    username = wtforms.StringField(
        _("Username"), [_required], render_kw={"maxlength": 100, "autocomplete": "off"}
    )
    extra = _whole(_("Extra time in minutes"))
    attempts = _whole(_("Extra attempts"))
    opens = MomentField(_("May be begun from"))
    closes = MomentField(_("Ends on"))
    why = wtforms.StringField(
        _("Reason"),
        [_required],
        description=_("Kept with the results, e.g. “broken arm, certificate seen”."),
        render_kw={"maxlength": 300},
    )


class ListForm(Form):
    """Who may sit a quiz."""

    usernames = wtforms.TextAreaField(
        _("Usernames"),
        description=_("A line each. Empty: everybody in the course."),
        render_kw={"rows": 6, "maxlength": 1_000_000},
    )
    other = wtforms.SelectField(_("Those who have not passed"), validate_choice=False)
