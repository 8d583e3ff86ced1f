"""What the operator sets."""

from pydantic import BaseModel, Field

from modou_quiz.i18n import _


class QuizSettings(BaseModel):
    """Settings of the section "quiz"."""

    most_questions: int = Field(default=300, ge=1, le=1000, title=_("Most questions of one paper"))
    grace: int = Field(
        default=10,
        ge=0,
        le=120,
        title=_("Seconds after the end in which a hand-in is still taken"),
        description=_("For answers that are on their way when the time is up."),
    )
    marking_letters: bool = Field(
        default=True,
        title=_("Letters to markers about answers that wait"),
        description=_(
            "Each morning one letter to each marker, when more answers wait than the last one said."
        ),
    )
    idle_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        title=_("Days without an answer after which an attempt without an end is handed in"),
        description=_("Of quizzes without time limit and closing time. 0: never."),
    )
    import_megabytes: int = Field(
        default=50, ge=1, le=500, title=_("Largest file of questions, in MB")
    )
