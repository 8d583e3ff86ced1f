"""What the operator sets."""

from pydantic import BaseModel, Field

from modou_lesson.i18n import _
from modou_lesson.models import KINDS


class LessonSettings(BaseModel):
    """Settings of the section "lesson"."""

    kinds: list[str] = Field(
        default=list(KINDS),
        title=_("Kinds of lesson"),
        description=_("What teachers may add, one a line: video, audio, pdf, slides, text"),
    )
    longest_minutes: int = Field(
        default=240,
        ge=1,
        le=1440,
        title=_("Longest video or audio, in minutes"),
    )
    ladder: bool = Field(
        default=True,
        title=_("Make 360p beside 720p"),
        description=_("For slow networks. Takes most of the time of preparing a video."),
    )
    copy_720p: bool = Field(
        default=True,
        title=_("Take over H.264 without encoding it again"),
        description=_("Where the upload has key frames often enough: much faster."),
    )
    sprite_interval: int = Field(
        default=10,
        ge=2,
        le=10,
        title=_("Seconds between two preview pictures of the time line"),
    )
    most_pages: int = Field(default=500, ge=1, le=2000, title=_("Most pages of a PDF or of slides"))
