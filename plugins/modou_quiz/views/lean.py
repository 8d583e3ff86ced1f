"""What the pages of a sitting send while it goes on. These endpoints bring the page's own token,
need no look-up in the request and share their transactions, as study beats do."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field
from pyramid.interfaces import IRequestFactory
from pyramid.request import Request
from typing_extensions import TypedDict

from modou.errors import Invalid, Message
from modou.services import uploads
from modou.services.files import FinishedUpload
from modou.services.occasion import Occasion
from modou.web.api import Body, Call, Together, endpoint
from modou_quiz.i18n import _
from modou_quiz.services.answer_files import PURPOSE
from modou_quiz.services.sitting import pages, saving
from modou_quiz.services.sitting.pages import PageToken
from modou_quiz.services.sitting.saving import Fields, Save, Saved

TAG = _("Quizzes")
_PROBLEMS = (401, 403, 404, 409, 410, 503)
#: Characters of a value that a form sends.
_LONGEST = 200_000

Value = Annotated[str, Field(max_length=_LONGEST)]


class AnswerPart(Body):
    """An answer. Its meaning says the type of the question."""

    seq: int = Field(ge=1, le=2**40, description=_("Rises with each answer of the attempt"))
    slot: int = Field(ge=0, le=10_000, description=_("Place of the question, from 0"))
    answer: Any = Field(None, description=_("The answer; null takes it back"))
    fields: list[tuple[Value, Value]] | None = Field(
        None, max_length=2000, description=_("Instead: the inputs of the question, as a form")
    )
    flagged: bool | None = Field(None, description=_("To come back to it"))
    only_flag: bool = Field(False, description=_("The answer itself stays as it is"))


class SaveBody(Body):
    """Answers, in order. None: how things stand is asked."""

    answers: list[AnswerPart] = Field(default=[], max_length=saving.MOST)
    leaves: int | None = Field(
        None, ge=0, le=1_000_000, description=_("How often the page was left so far, in all")
    )


class RefusedShape(TypedDict):
    """An answer that was not taken."""

    seq: int
    slot: int
    detail: str


class StandingShape(TypedDict):
    """How an attempt stands. Moments: milliseconds UTC by the server's clock; `seq`: the newest
    answer that is stored; `ended`: the attempt was handed in by this."""

    seq: int
    now: int
    deadline: int | None
    leaves: int
    refused: list[RefusedShape]
    ended: bool


class OpenedShape(TypedDict):
    """What a page needs to go on. `times`: place of a question -> when its answer was taken."""

    times: dict[str, int]
    seq: int
    now: int
    deadline: int | None
    leaves: int


@endpoint(
    "POST",
    "/quiz/pages",
    tag=TAG,
    summary=_("Open the page of an attempt"),
    description=_("The page becomes the only one that saves answers; older ones are told."),
    auth="own",
    problems=_PROBLEMS,
    lean=True,
)
def open_quiz_page(call: Call) -> Together[OpenedShape]:
    return _together(call, pages.open_page)


@endpoint(
    "POST",
    "/quiz/answers",
    tag=TAG,
    summary=_("Save answers"),
    description=_(
        "What is answered with its number is stored. An answer that comes again brings nothing."
    ),
    auth="own",
    problems=_PROBLEMS,
    lean=True,
    body_limit=2_000_000,
)
def save_quiz_answers(call: Call, body: SaveBody) -> Together[StandingShape]:
    saves = _saves(body)
    if saving.sends_files(saves):
        raise Invalid(_("Answers with files are sent to /quiz/files."), "answers")
    return _together(
        call,
        lambda occasion, token: saving.save(occasion, token, saves, body.leaves),
        lambda saved: _standing(call, saved),
    )


@endpoint(
    "POST",
    "/quiz/files",
    tag=TAG,
    summary=_("Save answers with files"),
    description=_("As other answers; each file was sent in pieces before."),
    auth="own",
    problems=_PROBLEMS,
    lean=True,
    body_limit=2_000_000,
)
def save_quiz_files(call: Call, body: SaveBody) -> StandingShape:
    # In a transaction of its own: what holds files takes longer than others should wait.
    saves = _saves(body)
    token = pages.read_token(call.registry.keys, call.bearer)

    def save(occasion: Occasion) -> Saved:
        def find(key: str) -> FinishedUpload | None:
            if not uploads.is_key(key):
                return None
            return uploads.finished(occasion, call.access.uploads, key, PURPOSE)

        return saving.save(occasion, token, saves, body.leaves, find)

    return _standing(call, call.access.alone(save, actor=token.user, origin=call.origin))


def _saves(body: SaveBody) -> list[Save]:
    return [
        Save(
            part.seq,
            part.slot,
            part.answer,
            Fields(part.fields) if part.fields is not None else None,
            part.flagged,
            part.only_flag,
        )
        for part in body.answers
    ]


def _together(
    call: Call,
    work: Callable[[Occasion, PageToken], Any],
    then: Callable[[Any], Any] | None = None,
) -> Together[Any]:
    """In a transaction shared with other pages', as the learner of the token."""
    token = pages.read_token(call.registry.keys, call.bearer)
    return Together(lambda occasion: work(occasion, token), token.user, then)


def _standing(call: Call, saved: Saved) -> StandingShape:
    state = saved.state
    return StandingShape(
        seq=state["seq"],
        now=state["now"],
        deadline=state["deadline"],
        leaves=state["leaves"],
        refused=[
            RefusedShape(seq=one.seq, slot=one.slot, detail=_translate(call, one.reason))
            for one in saved.refused
        ],
        ended=saved.ended,
    )


def _translate(call: Call, message: Message) -> str:
    # Hardly any answer says something in words: only then it is asked in which language.
    factory = call.registry.queryUtility(IRequestFactory, default=Request)
    request = factory(call.environ)
    request.registry = call.registry
    text: str = request.page.gettext(message)
    return text


ROUTES = (open_quiz_page, save_quiz_answers, save_quiz_files)
