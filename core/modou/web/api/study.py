"""Studying: players, beats, answers to checks. Thin: the verbs are in `modou.services.studying`.

Beats come by the thousand. They bring the player's own token, need no look-up in the request and
share their transactions (`Together`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, cast

from pydantic import ConfigDict, Field
from pyramid.interfaces import IRequestFactory
from pyramid.request import Request
from typing_extensions import TypedDict

from modou.errors import Message, NotFound
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.services import sessions
from modou.services.occasion import Occasion
from modou.services.studying import beating, opening, shapes, tokens
from modou.services.studying.beating import MOST_SPANS, Beat
from modou.store.containers import decode_id
from modou.web.api.calls import Call, Together
from modou.web.api.declaring import endpoint
from modou.web.api.schemas import Answer, Body, Key, Query
from modou.web.api.scopes import STUDY_READ, STUDY_WRITE
from modou.web.security import session_token

TAG = _("Studying")

#: What the players' own endpoints may answer beside the good one.
_GONE = (401, 409, 410, 503)

Position = Annotated[float, Field(ge=0, le=1_000_000)]


class PlayerBody(Body):
    """Which activity a page opens."""

    activity: Key
    device: str = Field("", max_length=60, description=_("What the device calls itself"))


class BeatBody(Body):
    """What a player reports. Nothing of it counts beyond what the server's clock allows."""

    seq: int = Field(ge=1, le=2**31, description=_("1, 2, … within the player"))
    spans: list[tuple[Position, Position]] = Field(
        default=[],
        max_length=MOST_SPANS,
        description=_("Positions played through since the last beat, from and to, in seconds"),
    )
    position: Position = 0.0
    rate: float = Field(1.0, ge=0, le=16)
    playing: bool = True
    visible: bool = True


class AnswerBody(Body):
    """The answer to a check."""

    challenge: str = Field(max_length=40)
    answer: Any = Field(None, description=_("What the check's module makes of it"))


class LeaveBody(Body):
    """The last beat, if it was not sent before."""

    beat: BeatBody | None = None


class StateQuery(Query):
    """Which activity."""

    activity: Key


class ReasonShape(TypedDict, total=False):
    """Why nothing is credited now. `until`: seconds UTC."""

    code: str
    text: str
    until: int


class ChallengeShape(TypedDict):
    """A check. `seconds` are left to answer; `kind`: the module that asks."""

    id: str
    kind: str
    seconds: int
    data: Any


class CreditShape(TypedDict):
    """Seconds: of the course, of today in all courses, of the activity."""

    credited: int
    held: int
    voided: int
    today: int
    cap_left: int | None
    activity_credited: int
    activity_held: int


class PlayerAnswer(Answer):
    """All that a page needs to play an activity. Plugins may add to it (hook `alter_player`)."""

    model_config = ConfigDict(extra="allow")

    player: str = Field(description=_("The player's token; empty when none was opened"))
    session: str
    activity: Key
    version: str
    length: int
    media: bool
    pages: list[int]
    state: str
    reason: ReasonShape | None
    position: int
    covered: list[list[int]]
    frontier: int
    beat_every: int
    policy: dict[str, Any]
    credit: CreditShape
    watermark: str
    seq: int
    challenge: ChallengeShape | None
    complete: bool
    modules: dict[str, str]


class BeatShape(TypedDict):
    """How things stand after a beat."""

    seq: int
    state: str
    reason: ReasonShape | None
    position: int | None
    frontier: int
    covered: list[list[int]] | None
    credit: CreditShape
    challenge: ChallengeShape | None
    complete: bool
    next: int


@endpoint(
    "POST",
    "/study/players",
    tag=TAG,
    summary=_("Open a player"),
    description=_(
        "The page that shows an activity becomes the learner's only live player. Older ones "
        "are told with their next beat."
    ),
    scope=STUDY_WRITE,
    capability="",
    status=201,
    problems=(404, 409),
    idempotent=False,
    body_limit=2_000,
)
def open_player(call: Call, body: PlayerBody) -> PlayerAnswer:
    request = call.request
    if call.token is None:
        login = sessions.key_of(session_token(request))
    else:
        login = b"token" + call.token.id.to_bytes(8, "big")
    player = opening.open_player(
        call.occasion,
        _own_activity(call.occasion, body.activity),
        request.page.gettext,
        device=body.device,
        login=login,
    )
    return PlayerAnswer(**player)


@endpoint(
    "GET",
    "/study/state",
    tag=TAG,
    summary=_("How one stands in an activity"),
    scope=STUDY_READ,
    capability="",
    problems=(404, 409),
)
def read_study_state(call: Call, query: StateQuery) -> PlayerAnswer:
    activity = _own_activity(call.occasion, query.activity)
    return PlayerAnswer(**opening.state_of(call.occasion, activity, call.request.page.gettext))


def _own_activity(occasion: Occasion, key: str) -> Activity:
    """An activity of one of the asker's courses.

    :raises NotFound: there is none
    """
    actor = occasion.require_actor()
    try:
        id = decode_id(key)
    except KeyError:
        id = 0
    for course_id in reversed(actor.courses):
        course: Course | None = occasion.site.courses.get(course_id)
        activity = course.activities.get(id) if course is not None else None
        if activity is not None:
            return activity
    raise NotFound(_("None of your courses has this activity."))


@endpoint(
    "POST",
    "/study/beats",
    tag=TAG,
    summary=_("Report what was played"),
    description=_(
        "Every 15 seconds. What is answered is durable. A beat without an answer is sent "
        "again, unchanged."
    ),
    auth="own",
    problems=_GONE,
    lean=True,
    body_limit=10_000,
)
def take_beat(call: Call, body: BeatBody) -> Together[BeatShape]:
    beat = _beat(body)
    return _told(call, lambda occasion: beating.take_beat(occasion, call.bearer, beat))


@endpoint(
    "POST",
    "/study/answers",
    tag=TAG,
    summary=_("Answer a check"),
    auth="own",
    problems=_GONE,
    lean=True,
    body_limit=100_000,
)
def answer_challenge(call: Call, body: AnswerBody) -> Together[BeatShape]:
    return _told(
        call,
        lambda occasion: beating.answer_challenge(
            occasion, call.bearer, body.challenge, body.answer
        ),
    )


@endpoint(
    "POST",
    "/study/resume",
    tag=TAG,
    summary=_("Go on after a pause"),
    auth="own",
    problems=_GONE,
    lean=True,
)
def resume_study(call: Call) -> Together[BeatShape]:
    return _told(call, lambda occasion: beating.resume(occasion, call.bearer))


@endpoint(
    "POST",
    "/study/leave",
    tag=TAG,
    summary=_("Close the player"),
    auth="own",
    problems=(401, 503),
    lean=True,
    body_limit=10_000,
)
def leave_study(call: Call, body: LeaveBody) -> Together[None]:
    beat = _beat(body.beat) if body.beat is not None else None

    def leave(occasion: Occasion) -> None:
        # That it is over already is found out before anything is changed.
        with suppress(tokens.Ended):
            beating.leave(occasion, call.bearer, beat)

    return Together(leave, _learner(call))


def _beat(body: BeatBody) -> Beat:
    return Beat(body.seq, tuple(body.spans), body.position, body.rate, body.playing, body.visible)


def _learner(call: Call) -> int:
    """The id of the learner of the player's token."""
    return tokens.read(call.registry.keys, call.bearer).user


def _told(call: Call, work: Callable[[Occasion], shapes.Answer]) -> Together[BeatShape]:
    def translate(message: Message) -> str:
        # Hardly any answer says something in words: only then it is asked in which language.
        factory = call.registry.queryUtility(IRequestFactory, default=Request)
        request = factory(call.environ)
        request.registry = call.registry
        text: str = request.page.gettext(message)
        return text

    return Together(
        work, _learner(call), lambda answer: cast(BeatShape, shapes.as_json(answer, translate))
    )


ROUTES = (
    open_player,
    read_study_state,
    take_beat,
    answer_challenge,
    resume_study,
    leave_study,
)
