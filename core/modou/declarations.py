"""What plugins hand to the core when it is assembled: plain, frozen descriptions.

Titles are translatable. Callables named here are called by services with an `Occasion` first
(see `modou.services.occasion`); they may change persistent objects, and nothing else.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from modou.errors import ConfigurationError, Message
from modou.permissions import Level

_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class PersonalData:
    """One kind of personal data that a plugin holds (for the privacy pages).

    :param what: e.g. _("Answers to questions")
    :param why: the purpose
    :param kept: how long, in words
    :param sent_to: who receives it outside the site, empty if nobody
    """

    what: Message
    why: Message
    kept: Message
    sent_to: Message = ""


@dataclass(frozen=True, slots=True)
class PrivacyArea:
    """What a site holds about a person, as the person may have a copy of it (PIPL, article 45).

    :param name: unique; the key of this part of the copy
    :param copy: `copy(occasion, user)` -> plain JSON of all of it, empty where there is nothing;
        moments by `modou.services.privacy.moment`. The person asks, so what they may not see, such
        as results that are not shown yet, is left out
    """

    name: str
    title: Message
    copy: Callable[[Any, Any], Any]


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin's manifest.

    :param name: as the .ini names it; letters, digits and `_`; also the key of its data
    :param version: of the plugin, PEP 440
    :param core: the versions of Modou that it works with, PEP 440 specifier, e.g. ">=0.1,<1"
    :param depends: names of plugins that must be enabled as well
    :param needs: imports that must succeed -> what to install, e.g. {"face_recognition":
        "pip install modou[face]"}
    """

    name: str
    title: Message
    version: str
    core: str
    description: Message = ""
    depends: tuple[str, ...] = ()
    needs: Mapping[str, str] = field(default_factory=dict)
    personal_data: tuple[PersonalData, ...] = ()


@dataclass(frozen=True, slots=True)
class ActivityType:
    """A kind of activity that teachers can add to a course.

    The core keeps title, place, completion and prerequisites in its own `Activity`; what only the
    type knows lives in the plugin's data under the activity's id, written by `save`.

    :param name: unique in the site, stored in activities for ever
    :param icon: name of an icon of the theme's sprite
    :param form: a WTForms `Form` class with the type's own fields
    :param context: class of the page's context, made as `context(activity, content)`; the type's
        view is registered for this class and the route `activity`
    :param save: `save(occasion, activity, values)` creates or changes the content from the
        form's data; raises `Invalid`
    :param values: `values(occasion, activity)` -> what the form shows when editing
    :param content: `content(site, activity)` -> the content object, or None when it is gone
    :param delete: `delete(occasion, activity)` drops the content
    :param copy: `copy(occasion, source, target)` copies content to another activity
    :param completion: names of the completion rules that make sense for it
    :param graded: whether it gets a grade item
    :param timeline: `timeline(occasion, activity)` -> what of it can be studied by the second, or
        None while there is nothing; types without study time leave it out. Asked at each beat:
        it should read one object and compute nothing
    """

    name: str
    title: Message
    icon: str
    form: type
    context: Callable[..., Any]
    save: Callable[..., None]
    values: Callable[..., Mapping[str, Any]]
    content: Callable[..., Any]
    delete: Callable[..., None]
    copy: Callable[..., None]
    description: Message = ""
    completion: tuple[str, ...] = ("viewed", "manual")
    graded: bool = False
    timeline: "Callable[..., Timeline | None] | None" = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """What can be studied of an activity, second by second.

    :param version: another one whenever the content is another one: progress stays with it
    :param length: whole seconds; cell k is the second [k, k + 1)
    :param media: whether the cells are seconds of a recording; else of reading
    :param pages: seconds that each page needs, in order; page i occupies its own range of cells,
        and `length` is their sum. Empty for recordings
    """

    version: str
    length: int
    media: bool
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CapabilityDeclaration:
    """A capability that a plugin adds.

    :param name: `<plugin>:<action>`
    :param roles: names of the default roles that get it when the plugin is first enabled
    :param level: the narrowest level that it is checked at
    """

    name: str
    title: Message
    roles: tuple[str, ...] = ()
    level: Level = Level.COURSE


@dataclass(frozen=True, slots=True)
class EvolveStep:
    """A named change of stored data.

    :param name: unique within the plugin, e.g. "split_attempts"; stored for ever
    :param run: `run(root, report)`; `report(text)` tells the operator about progress; the runner
        commits. A generator function is committed at each `yield`: yield after every thousand
        objects or so, and pass over what is done already, since an interrupted step runs again
    :param after: names of steps of the same plugin that must have run
    """

    name: str
    title: str
    run: Callable[[Any, Callable[[str], None]], Iterator[None] | None]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EnrolMethod:
    """A way into a course.

    :param self_service: whether learners use it by themselves on the course's page
    :param form: a WTForms form class asked from the learner (e.g. an enrolment key), or None
    :param check: `check(occasion, course, user, values)` raises `Invalid` or `NotAllowed` when
        this way is closed for the user
    :param settings: a pydantic model class: what the teacher sets per course
    """

    name: str
    title: Message
    self_service: bool
    check: Callable[..., None]
    description: Message = ""
    form: type | None = None
    settings: type | None = None


@dataclass(frozen=True, slots=True)
class UploadPurpose:
    """What files are sent for: a field of a form names it.

    :param name: unique in the site, e.g. "lesson_video"; the .ini's `modou.upload_limits` uses it
    :param title: in words, for operators
    :param accept: media types that are welcome, as found in the bytes, with `*` for any part
        ("video/*"); empty: all
    :param limit: most bytes of one file, when the .ini does not say otherwise; 0: as
        `modou.upload_limit` says
    """

    name: str
    title: Message
    accept: tuple[str, ...] = ()
    limit: int = 0


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """One condition for an activity to be complete.

    :param met: `met(activity, facts)` -> bool, pure; `facts` maps fact names ("viewed",
        "manual", "grade", or a plugin's own) to values for one learner and activity
    :param description: what the learner has to do, e.g. _("Open it")
    """

    name: str
    title: Message
    description: Message
    met: Callable[[Any, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class GradeAggregation:
    """A way to make one grade out of many, offered in grade categories.

    :param function: see `modou.models.aggregation`
    """

    name: str
    title: Message
    function: Callable[..., Any]
    description: Message = ""


@dataclass(frozen=True, slots=True)
class PageSlot:
    """A fragment that a plugin puts into a named place of a page.

    :param slot: e.g. "home", "course_side", "activity_bottom" (all in the hook reference)
    :param render: `render(request, context)` -> `markupsafe.Markup` or "" for nothing; a `str`
        that is no Markup is escaped
    :param order: small numbers first
    """

    slot: str
    render: Callable[[Any, Any], str]
    order: int = 100


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link in a navigation area.

    :param area: "main", "user", "course" or "admin"
    :param route: name of the route; `course` areas get `course=<key>`
    :param capability: shown only to those who have it (in the course, or on the site)
    :param group: heading under which the admin area lists it
    :param signed_in: shown only to those who are signed in
    """

    area: str
    name: str
    title: Message
    route: str
    icon: str = ""
    capability: str | None = None
    order: int = 100
    group: str = ""
    signed_in: bool = False


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A question about the state of the system.

    :param check: `check(occasion)` -> a sentence when something is wrong, None when well
    :param ready: whether a failure takes the process out of service (`/readyz`)
    """

    name: str
    title: Message
    check: Callable[[Any], str | None]
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """Work that goes on after the answer, or by itself at certain times (`modou.services.jobs`).

    It runs at least once: a worker may be killed in the middle, so `run` must bear to be begun
    again and should keep in the database how far it came.

    :param name: unique in the site, stored for ever
    :param run: `run(context)`, see `modou.services.jobs.JobContext`; an exception means that it
        failed: it is run again later, unless the exception is one for people (`ModouError`) that
        trying again cannot mend
    :param every: runs by itself every so many seconds
    :param at: runs by itself daily at "HH:MM" in Asia/Shanghai
    :param day: with `at`: only on that day of each month, 1 to 28
    :param retries: how often it is run again after it failed
    :param pause: seconds before the first repetition; four times as long before each further one
    :param long: may take minutes; such jobs have workers of their own, so that mails do not wait
        for films
    :param secret: its values are encrypted while they are stored
    :param keep: seconds for which a run that ended well is listed; 0 drops it at once
    """

    name: str
    title: Message
    run: Callable[[Any], None]
    every: int | None = None
    at: str | None = None
    day: int | None = None
    retries: int = 5
    pause: int = 30
    long: bool = False
    secret: bool = False
    keep: int = 30 * 86_400

    def __post_init__(self) -> None:
        """:raises ConfigurationError: the times make no sense"""
        if self.every is not None and (self.at is not None or self.every < 1):
            raise ConfigurationError(f"job {self.name}: every is seconds, and goes without at")
        if self.at is not None and not _TIME_OF_DAY.fullmatch(self.at):
            raise ConfigurationError(f'job {self.name}: at = {self.at!r} is no time like "03:10"')
        if self.day is not None and (self.at is None or not 1 <= self.day <= 28):
            raise ConfigurationError(f"job {self.name}: day is 1 to 28, and goes with at")


@dataclass(frozen=True, slots=True)
class DemoPart:
    """What a plugin adds to the demonstration site, which `modou serve` makes in development.

    :param fill: `fill(occasion, courses)`, as the system, in a transaction of its own; `courses`:
        the demonstration's courses by their codes, with people and progress in them
    """

    fill: Callable[..., None]


@dataclass(frozen=True, slots=True)
class ApiScope:
    """What a token may be used for: every endpoint asks for one scope.

    :param name: `<resource>:read` or `<resource>:write`, e.g. "courses:read"; stored in tokens
    :param title: what the token may do then, for the page where tokens are made
    """

    name: str
    title: Message


#: Who may come to an endpoint. "user": somebody known, by a token of theirs with the endpoint's
#: scope or by the session cookie. "public": everybody. "own": whoever brings a bearer token that
#: the endpoint itself knows. "own_or_user": either.
ApiAuth = Literal["user", "public", "own", "own_or_user"]


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """An endpoint of `/api/v1`, made by the decorator `modou.web.api.endpoint`.

    :param method: GET, POST, PUT, PATCH or DELETE
    :param path: below `/api/v1`, with `{placeholders}`
    :param function: `function(call, ...)`, see `modou.web.api.endpoint`; its name is the
        operation's
    :param capability: asked in the context before the function runs; "": what it does concerns
        the asker alone, or its verbs decide
    :param context: `context(call, <placeholders>)` -> what the request is about; KeyError: 404
    :param status: of a good answer
    :param also: further statuses of good answers of the same type, see `Call.status`
    :param problems: further statuses (409, 410, ...) that it may answer with
    :param lean: without transaction, connection and session look-up
    :param idempotent: whether a write with the header Idempotency-Key is answered from the first
        one; False where the answer holds a secret
    :param body_limit: bytes
    """

    method: str
    path: str
    function: Callable[..., Any]
    summary: Message
    tag: Message
    description: Message = ""
    auth: ApiAuth = "user"
    scope: ApiScope | None = None
    capability: str = ""
    context: Callable[..., Any] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    problems: tuple[int, ...] = ()
    lean: bool = False
    idempotent: bool = True
    body_limit: int = 1_000_000

    @property
    def name(self) -> str:
        """The operation's name, unique in the site."""
        return self.function.__name__

    def __call__(self, *args: Any, **values: Any) -> Any:
        return self.function(*args, **values)


# Answers of asking hooks. No answer (None) means: no objection.


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse, with the reason shown to the person."""

    reason: Message


@dataclass(frozen=True, slots=True)
class Pending:
    """Not now: somebody must decide first (moderation)."""

    reason: Message


@dataclass(frozen=True, slots=True)
class DemandStep:
    """The person must do something first, at `url`."""

    reason: Message
    url: str


Verdict = Deny | Pending | DemandStep | None


# Answers of `before_credit`, which is asked about each beat that would bring credit.

#: What becomes of credit that a gate holds when the session ends without an open challenge.
AtEnd = Literal["confirm", "keep", "void"]


@dataclass(frozen=True, slots=True)
class Claim:
    """Study time that is about to be credited.

    :param user, course, activity, session: ids
    :param cells: newly covered cells of the timeline, as (a0, b0, a1, b1, …)
    :param seconds: what they are worth
    :param policy: the course's `StudyPolicy`
    :param since: gate -> seconds credited since its last pass, this claim not counted; gates that
        never held anything are left out
    :param memos: gate -> what its last `Hold` or `Challenge` noted; empty after a pass
    :param waiting: gates whose challenge is open now
    :param failing: gates that have failed since they last passed
    :param live: False for a beat that comes after the session was lost: nobody can be asked
    """

    user: int
    course: int
    activity: int
    session: int
    cells: tuple[int, ...]
    seconds: int
    policy: Any
    since: Mapping[str, int]
    memos: Mapping[str, Any]
    waiting: frozenset[str]
    failing: frozenset[str] = frozenset()
    live: bool = True


@dataclass(frozen=True, slots=True)
class Reject:
    """No credit for this beat, and why (shown to the learner)."""

    reason: Message


@dataclass(frozen=True, slots=True)
class Hold:
    """Credit under reserve, until the gate passes or fails.

    :param gate: its name, the plugin's own
    :param at_end: what becomes of it when the session ends with no open challenge
    :param memo: kept for the next claim, also in the learner's next session; small and plain
    """

    gate: str
    at_end: AtEnd = "confirm"
    memo: Any = None


@dataclass(frozen=True, slots=True)
class Challenge:
    """As `Hold`, and the learner has to do something within `seconds`; else the gate fails.

    While another challenge is open this one only holds: it is asked for again at the next claim.

    :param kind: which module of the player asks; see `alter_player`
    :param data: what that module needs; JSON-able, sent to the learner
    """

    gate: str
    kind: str
    seconds: int
    data: Any = None
    at_end: AtEnd = "confirm"
    memo: Any = None


CreditVerdict = Reject | Hold | Challenge | None


@dataclass(frozen=True, slots=True)
class Event:
    """A fact, as the journal keeps it and as telling hooks get it. Values only.

    :param time: server time, UTC microseconds since 1970
    :param actor: id of the user who did it, 0 for nobody or the system
    :param subject: id of the user whom it is about, 0 for none
    :param course: id of the course that it happened in, 0 for none
    :param values: JSON-able details, by the schema of the kind; no secret and no personal data
        beyond ids
    """

    kind: str
    time: int
    actor: int
    subject: int = 0
    course: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)


#: What `before` and `after` of an event's values may hold of a field.
Plain = str | int | float | bool | None


class EventValues(BaseModel):
    """What the values of a kind of event are; see `JournalKind`.

    No other keys than the fields, and no value of another type: what the journal keeps must be
    readable as long as it is kept. A field's `title` is what the audit trail calls it; fields
    without title are not shown there. `json_schema_extra={"show": "day"}` shows seconds UTC as a
    day. Mappings called `before` and `after` (field -> value) are shown as changes.
    """

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class JournalKind:
    """A kind of event that the plugin records. `Occasion.record` refuses others.

    :param name: in the past tense, stored for ever; a telling hook of this name gets the events
    :param title: what happened, as the audit trail says it
    :param values: an `EventValues` class, None when the events of this kind have no values
    :param quiet: comes by the thousand: the audit trail shows it only to those who ask for it
    """

    name: str
    title: Message
    values: type[BaseModel] | None = None
    quiet: bool = False


Slots = Sequence[PageSlot]
