"""The activity type that the plugin adds."""

from modou.declarations import ActivityType
from modou_lesson.contexts import LessonContext
from modou_lesson.forms import LessonForm
from modou_lesson.i18n import _
from modou_lesson.services import lessons, shelf, timelines

ACTIVITY_TYPES = (
    ActivityType(
        name="lesson",
        title=_("Lesson"),
        description=_("Video, audio, PDF, slides or text, with study time that counts"),
        icon="play",
        form=LessonForm,
        context=LessonContext,
        save=lessons.save,
        values=lessons.values_of,
        content=shelf.find,
        delete=lessons.delete,
        copy=lessons.copy,
        timeline=timelines.timeline,
        completion=("studied", "viewed", "manual"),
    ),
)
