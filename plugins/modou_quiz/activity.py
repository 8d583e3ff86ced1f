"""The activity type that the plugin adds, and its completion rule."""

from modou.declarations import ActivityType, CompletionRule
from modou_quiz.contexts import QuizContext
from modou_quiz.forms.quizzes import QuizForm
from modou_quiz.i18n import _
from modou_quiz.services import quizzes, shelf
from modou_quiz.services.sitting.ending import FACT

ACTIVITY_TYPES = (
    ActivityType(
        name="quiz",
        title=_("Quiz"),
        description=_("Practice, chapter test, mid-term or final exam"),
        icon="quiz",
        form=QuizForm,
        context=QuizContext,
        save=quizzes.save,
        values=quizzes.values_of,
        content=shelf.find,
        delete=quizzes.delete,
        copy=quizzes.copy,
        completion=("passed", "graded", "handed_in", "viewed", "manual"),
        graded=True,
    ),
)

COMPLETION_RULES = (
    CompletionRule(
        FACT,
        _("Handed in"),
        _("Hand in an attempt"),
        lambda activity, facts: FACT in facts,
    ),
)
