"""The schema of study policies: the settings section "study"."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator

from modou.i18n import _

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("time")
    return text


Time = Annotated[str, AfterValidator(_time)]


class StudyPolicy(BaseModel):
    """The section "study". Seconds unless stated; times of day are Asia/Shanghai."""

    first_view_seek: bool = Field(
        False,
        title=_("Leap forward on first view"),
        description=_("Otherwise a lesson is seen from its beginning to its end"),
    )
    first_view_rate: float = Field(
        1.0,
        title=_("Fastest speed on first view"),
        description=_("1 is the recording's own speed; time is credited by the clock anyway"),
        ge=1.0,
        le=2.0,
    )
    replay_rate: float = Field(
        2.0,
        title=_("Fastest speed when seen again"),
        description=_("What was credited before is not credited again"),
        ge=1.0,
        le=4.0,
    )
    idle_prompt: bool = Field(
        True,
        title=_("Ask whether somebody is there"),
        description=_("At random moments; without an answer time is voided back to the last one"),
    )
    idle_from: int = Field(480, title=_("Ask after at least (seconds of study)"), ge=60, le=7200)
    idle_to: int = Field(900, title=_("Ask after at most (seconds of study)"), ge=60, le=7200)
    idle_answer: int = Field(60, title=_("Time to answer (seconds)"), ge=10, le=600)
    pause_hidden: bool = Field(
        True,
        title=_("Pause when the page is hidden"),
        description=_("In another tab or behind another window nothing is credited"),
    )
    picture_in_picture: bool = Field(False, title=_("Allow a picture in the picture"))
    daily_cap: int = Field(
        21_600,
        title=_("Most study time a day (seconds)"),
        description=_("21,600 are 8 class hours of 45 minutes; 0: no limit"),
        ge=0,
        le=86_400,
    )
    window_from: Time = Field("06:00", title=_("Study time counts from"))
    window_to: Time = Field(
        "23:00", title=_("Study time counts until"), description=_("24:00: until midnight")
    )
    rest_after: int = Field(
        10_800,
        title=_("Rest after (seconds of study)"),
        description=_("10,800 are 4 class hours; 0: no rest"),
        ge=0,
        le=86_400,
    )
    rest_for: int = Field(900, title=_("How long a rest lasts (seconds)"), ge=0, le=7200)
    watermark: bool = Field(
        True,
        title=_("Watermark"),
        description=_("The learner's masked name moves over the picture"),
    )

    @field_validator("idle_to")
    @classmethod
    def _not_before_idle_from(cls, value: int, info: ValidationInfo) -> int:
        if value < info.data.get("idle_from", value):
            raise ValueError("idle_order")
        return value

    @field_validator("window_to")
    @classmethod
    def _after_window_from(cls, value: str, info: ValidationInfo) -> str:
        if value <= info.data.get("window_from", ""):
            raise ValueError("window_order")
        return value
