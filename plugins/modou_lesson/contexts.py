"""The type that the core knows a lesson's page by."""

from modou.web.resources import ActivityContext
from modou_lesson.models import Lesson


class LessonContext(ActivityContext):
    """A lesson."""

    content: Lesson
