"""The kinds of event that the plugin records: each step of a sitting, and each change of the bank
and of papers."""

from typing import Any

from pydantic import Field

from modou.declarations import EventValues, JournalKind
from modou_quiz.i18n import _


class _Quiz(EventValues):
    activity: int
    revision: int = Field(title=_("revision"))


class _Question(EventValues):
    question: int
    version: int = Field(0, title=_("version"))
    type: str = Field("", title=_("type"))


class _Category(EventValues):
    category: int


class _Import(EventValues):
    format: str = Field(title=_("format"))
    taken: int = Field(title=_("questions taken"))
    refused: int = Field(title=_("questions refused"))


class _Export(EventValues):
    format: str = Field(title=_("format"))
    questions: int = Field(title=_("questions"))


class _Attempt(EventValues):
    activity: int
    attempt: int


class _Started(_Attempt):
    number: int = Field(title=_("attempt"))
    deadline: int = 0
    questions: int = Field(title=_("questions"))


class _Opened(_Attempt):
    writer: int = Field(title=_("page"))


class _Saved(_Attempt):
    """`response`: as it was given; of long texts the SHA-256 digest alone, in `digest`."""

    slot: int
    seq: int
    response: Any = None
    digest: str = ""


class _Checked(_Attempt):
    """`seq`: of the answer whose worth the learner was shown; `number`: 1 for the first try at the
    question; `closed`: the answer stays as it is."""

    slot: int
    seq: int = 0
    number: int = Field(1, title=_("try"))
    closed: bool = True


class _Left(_Attempt):
    leaves: int = Field(title=_("times left"))


class _Closed(_Attempt):
    number: int = Field(title=_("attempt"))
    by: str = Field(title=_("handed in by"))
    answered: int = Field(title=_("answered"))
    seq: int = 0
    score: float | None = Field(None, title=_("score"))
    most: float = 0.0
    #: Of a person who handed it in for its learner.
    reason: str = Field("", title=_("reason"))


class _Marked(_Attempt):
    slot: int
    part: int
    fraction: float = Field(title=_("share of the marks"))
    comment: str = ""
    files: int = Field(0, title=_("files"))
    #: "first", "second" or "third" marker; "done": marked anew.
    stage: str = ""


class _Graded(_Attempt):
    score: float = Field(title=_("score"))
    most: float
    reason: str = Field("", title=_("reason"))


class _Decided(_Attempt):
    reason: str = Field(title=_("reason"))


class _Rule(EventValues):
    """`void`: "full": everybody gets the marks; "none": it does not count."""

    activity: int
    question: int
    version: int = Field(0, title=_("version"))
    void: str = ""
    reason: str = Field(title=_("reason"))


class _Excepted(EventValues):
    activity: int
    extra: int = Field(0, title=_("extra seconds"))
    attempts: int = Field(0, title=_("extra attempts"))
    #: The exception was taken back.
    ended: bool = False
    reason: str = Field("", title=_("reason"))


class _Listed(EventValues):
    activity: int
    learners: int = Field(title=_("learners"))


KINDS = (
    JournalKind("quiz_changed", _("Quiz changed"), _Quiz),
    JournalKind("question_created", _("Question written"), _Question),
    JournalKind("question_changed", _("Question changed"), _Question),
    JournalKind("question_removed", _("Question removed"), _Question),
    JournalKind("question_category_created", _("Question category made"), _Category),
    JournalKind("question_category_changed", _("Question category changed"), _Category),
    JournalKind("question_category_removed", _("Question category removed"), _Category),
    JournalKind("questions_imported", _("Questions imported"), _Import),
    JournalKind("questions_exported", _("Questions exported"), _Export),
    JournalKind("attempt_started", _("Attempt begun"), _Started),
    JournalKind("attempt_opened", _("Attempt opened in a browser"), _Opened, quiet=True),
    JournalKind("answer_saved", _("Answer saved"), _Saved, quiet=True),
    JournalKind("answer_checked", _("Answer checked by its learner"), _Checked, quiet=True),
    JournalKind("attempt_left", _("Page of an attempt left"), _Left, quiet=True),
    JournalKind("attempt_closed", _("Attempt handed in"), _Closed),
    JournalKind("attempt_marked", _("Answer marked"), _Marked),
    JournalKind("attempt_graded", _("Attempt graded"), _Graded),
    JournalKind("attempt_regraded", _("Attempt graded again"), _Graded),
    JournalKind("question_rule_changed", _("Question graded by another key"), _Rule),
    JournalKind("attempt_reopened", _("Attempt reopened"), _Decided),
    JournalKind("attempt_voided", _("Attempt voided"), _Decided),
    JournalKind("quiz_exception", _("Exception for a learner"), _Excepted),
    JournalKind("quiz_listed", _("Who may sit a quiz was changed"), _Listed),
)
