"""Where everything lies, and what all of this plugin's verbs need to find it."""

from typing import Any

from modou.models.courses import Activity
from modou.models.site import Site
from modou.services import settings as core_settings
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree
from modou_quiz.content import Content
from modou_quiz.models.attempts import QuizAttempts
from modou_quiz.models.bank import Bank, Question, QuestionVersion
from modou_quiz.models.marking import QuizMarking
from modou_quiz.models.papers import Paper
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import naming
from modou_quiz.settings import QuizSettings
from modou_quiz.types import QuestionType

PLUGIN = "quiz"


def settings(occasion: Occasion) -> QuizSettings:
    return core_settings.read(occasion, PLUGIN, QuizSettings)


def types_of(occasion: Occasion) -> dict[str, QuestionType[Any]]:
    """Name -> question type, of all enabled plugins, in the order of the menus."""
    return occasion.assembled.question_types


def bank_of(occasion: Occasion) -> Bank:
    """The bank, made when there is none: for those who change it."""
    data = occasion.site.plugin_data(PLUGIN)
    bank: Bank | None = data.get("bank")
    if bank is None:
        bank = data["bank"] = Bank()
    return bank


def find_bank(site: Site) -> Bank | None:
    data = site.plugins.get(PLUGIN)
    return data.get("bank") if data is not None else None


def content_of(occasion: Occasion, question: Question, version: QuestionVersion) -> Content:
    """The content of a version as its type's model.

    :raises KeyError: no enabled plugin knows the type
    """
    type_ = types_of(occasion)[question.type]
    # Versions never change: what was read once is kept with the object while that is in memory.
    made: Content | None = getattr(version, "_v_content", None)
    if made is None:
        made = type_.content.model_validate(version.data)
        version._v_content = made  # noqa: SLF001 - volatile, and nobody else's
    return made


def find(site: Site, activity: Activity) -> Quiz | None:
    """The quiz of an activity, None when there is none."""
    return find_by_id(site, activity.id)


def find_by_id(site: Site, activity_id: int) -> Quiz | None:
    data = site.plugins.get(PLUGIN)
    quizzes = data.get("quizzes") if data is not None else None
    return quizzes.get(activity_id) if quizzes is not None else None


def put(occasion: Occasion, activity: Activity, quiz: Quiz) -> None:
    data = occasion.site.plugin_data(PLUGIN)
    quizzes = data.get("quizzes")
    if quizzes is None:
        quizzes = data["quizzes"] = WideLOBTree()
    old = quizzes.get(activity.id)
    naming.note(occasion, activity.id, old.paper if old is not None else Paper(), quiz.paper)
    quizzes[activity.id] = quiz
    attempts = data.get("attempts")
    if attempts is None:
        attempts = data["attempts"] = WideLOBTree()
    if activity.id not in attempts:
        attempts[activity.id] = QuizAttempts()
    # Made now, so that the first who hand in do not meet while making it.
    markings = data.get("marking")
    if markings is None:
        markings = data["marking"] = WideLOBTree()
    if activity.id not in markings:
        markings[activity.id] = QuizMarking()


def attempts_of(site: Site, activity_id: int) -> QuizAttempts | None:
    data = site.plugins.get(PLUGIN)
    attempts = data.get("attempts") if data is not None else None
    return attempts.get(activity_id) if attempts is not None else None
