"""The type that the core knows a quiz's page by."""

from modou.web.resources import ActivityContext
from modou_quiz.models.quizzes import Quiz


class QuizContext(ActivityContext):
    """A quiz."""

    content: Quiz
