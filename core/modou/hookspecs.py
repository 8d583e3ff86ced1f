"""Every hook of Modou, grouped by the moment of the call.

A plugin implements a hook by a function of the same name in its package, marked with `hookimpl`::

    from modou.hookspecs import hookimpl

    @hookimpl
    def activity_types():
        return [POLL]

An implementation may take fewer arguments than the specification, never other ones. Hooks run in
the order in which the .ini names the plugins, the built-in plugin first.

Failure policies: **closed** - an exception in a plugin refuses what was asked for, with a message
that names the plugin; **open** - it is contained, logged, counted and shown on the plugins page.

`docs/reference/hooks.md` documents each with exactly these arguments; a test sees to it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import pluggy

from modou.declarations import (
    ActivityType,
    ApiRoute,
    CapabilityDeclaration,
    Claim,
    CompletionRule,
    CreditVerdict,
    DemoPart,
    EnrolMethod,
    Event,
    EvolveStep,
    GradeAggregation,
    HealthCheck,
    Job,
    JournalKind,
    NavItem,
    PageSlot,
    PluginInfo,
    PrivacyArea,
    UploadPurpose,
    Verdict,
)

PROJECT = "modou"
hookspec = pluggy.HookspecMarker(PROJECT)
#: Marks an implementation in a plugin.
hookimpl = pluggy.HookimplMarker(PROJECT)

Moment = Literal["assembling", "asking", "altering", "telling"]
Policy = Literal["closed", "open"]
F = TypeVar("F", bound=Callable[..., Any])


def _moment(moment: Moment, policy: Policy) -> Callable[[F], F]:
    def mark(function: F) -> F:
        function.modou_moment = moment  # type: ignore[attr-defined]
        function.modou_policy = policy  # type: ignore[attr-defined]
        marked: F = hookspec(function)
        return marked

    return mark


_assembling = _moment("assembling", "closed")
_asking = _moment("asking", "closed")
_altering = _moment("altering", "open")
_telling = _moment("telling", "open")


# Assembling: nouns, asked once at the start; pure.


@_assembling
def plugin_info() -> PluginInfo:  # type: ignore[empty-body]
    """The manifest. The only hook that every plugin must implement."""


@_assembling
def activity_types() -> Sequence[ActivityType]:  # type: ignore[empty-body]
    """Kinds of activity that teachers can add to a course."""


@_assembling
def capabilities() -> Sequence[CapabilityDeclaration]:  # type: ignore[empty-body]
    """Capabilities that the plugin checks, and the default roles that have them."""


@_assembling
def settings_schema() -> type:  # type: ignore[empty-body]
    """A pydantic model class: the plugin's settings with types, defaults, titles and help.

    Defaults can be set in the .ini as ``modou.<plugin>.<setting>``; the admin page is generated;
    fields of type ``SecretStr`` are stored encrypted."""


@_assembling
def journal_kinds() -> Sequence[JournalKind]:  # type: ignore[empty-body]
    """Kinds of event that the plugin records, with their titles and the models of their values."""


@_assembling
def evolve_steps() -> Sequence[EvolveStep]:  # type: ignore[empty-body]
    """Named changes of stored data that this version of the plugin relies on."""


@_assembling
def enrol_methods() -> Sequence[EnrolMethod]:  # type: ignore[empty-body]
    """Ways into a course."""


@_assembling
def completion_rules() -> Sequence[CompletionRule]:  # type: ignore[empty-body]
    """Conditions for an activity to be complete."""


@_assembling
def grade_aggregations() -> Sequence[GradeAggregation]:  # type: ignore[empty-body]
    """Ways to make one grade out of many."""


@_assembling
def upload_purposes() -> Sequence[UploadPurpose]:  # type: ignore[empty-body]
    """What files are sent for in pieces: welcome types and largest size."""


@_assembling
def page_slots() -> Sequence[PageSlot]:  # type: ignore[empty-body]
    """Fragments for named places of pages."""


@_assembling
def nav_items() -> Sequence[NavItem]:  # type: ignore[empty-body]
    """Links in the site's, the course's, the user's and the administration's navigation."""


@_assembling
def health_checks() -> Sequence[HealthCheck]:  # type: ignore[empty-body]
    """Questions about the state of the system, asked by /readyz and `modou doctor`."""


@_assembling
def privacy_data() -> Sequence[PrivacyArea]:  # type: ignore[empty-body]
    """What the plugin holds about people, for the copy that each may have of it."""


@_assembling
def jobs() -> Sequence[Job]:  # type: ignore[empty-body]
    """Work that goes on after the answer, or by itself at certain times."""


@_assembling
def cli_commands() -> Sequence[Any]:  # type: ignore[empty-body]
    """`click.Command` objects that become ``modou <plugin> <command>``."""


@_assembling
def api_routes() -> Sequence[ApiRoute]:  # type: ignore[empty-body]
    """Endpoints below ``/api/v1``: functions marked with `modou.web.api.endpoint`."""


@_assembling
def question_types() -> Sequence[Any]:  # type: ignore[empty-body]
    """Types of question for the plugin `quiz`: instances of `modou_quiz.QuestionType`."""


@_assembling
def question_formats() -> Sequence[Any]:  # type: ignore[empty-body]
    """Formats in which questions come and go: instances of `modou_quiz.QuestionFormat`."""


@_assembling
def demo_parts() -> Sequence[DemoPart]:  # type: ignore[empty-body]
    """What the plugin adds to the demonstration site."""


# Asking: inside the transaction, before something happens; may refuse or demand a step. May run
# several times (ZODB retries): no side effects outside the database.


@_asking
def before_registration(occasion: Any, values: Mapping[str, Any]) -> Verdict:
    """Somebody wants an account. `values`: what they entered, without the password."""


@_asking
def before_login(occasion: Any, user: Any) -> Verdict:
    """The password was right; may `user` come in now?"""


@_asking
def before_enrolment(  # type: ignore[empty-body]
    occasion: Any, course: Any, users: Sequence[Any], method: str
) -> Mapping[int, Verdict]:
    """May these users be enrolled? User id -> verdict; ids left out are not objected to."""


@_asking
def before_study(  # type: ignore[empty-body]
    occasion: Any, course: Any, enrolment: Any, activities: Sequence[Any]
) -> Mapping[int, Verdict]:
    """May this learner open these activities now? Activity id -> verdict (the reason is shown
    beside the closed activity); ids left out are open."""


@_asking
def before_credit(occasion: Any, claim: Claim) -> CreditVerdict:
    """Study time is about to be credited: None, `Reject`, `Hold` or `Challenge`.

    Asked at each beat that would bring credit: it must be quick."""


@_asking
def judge_answer(occasion: Any, session: Any, challenge: Any, answer: Any) -> bool | None:
    """A learner answered a challenge (`gate`, `kind`, `data`) in time: right, wrong, or None: not
    this plugin's, or decided elsewhere by `pass_gate` and `fail_gate`."""


@_asking
def before_publish(occasion: Any, course: Any) -> Verdict:
    """A course is about to be published."""


@_asking
def before_upload(occasion: Any, filename: str, media_type: str, size: int) -> Verdict:
    """A file is about to be kept. `media_type` was found in the file's own bytes; `size` bytes."""


@_asking
def before_attempt(occasion: Any, course: Any, activity: Any, number: int) -> Verdict:
    """The actor wants to begin an attempt of a quiz; `number`: 1 for the first."""


@_asking
def before_submit(occasion: Any, course: Any, activity: Any, attempt: Any) -> Verdict:
    """The learner wants to hand an attempt in. Not asked when it ends by itself."""


# Altering: a pipeline; each implementation returns the replacement (None: leave as it is).


@_altering
def alter_outline(outline: Any, occasion: Any, course: Any) -> Any:
    """The outline of a course (`modou.services.learning.Outline`) before it is shown.

    Rendered outlines are kept for all readers with the same capabilities: what differs from person
    to person belongs into `before_study`."""


@_altering
def alter_player(player: dict[str, Any], occasion: Any, activity: Any) -> dict[str, Any] | None:
    """What a page gets when it opens a player, before it is sent: `modules` maps kinds of
    challenges to the address of the ES module that shows them."""


# Telling: facts, after the commit; values only; at least once, in order per learner.


@_telling
def registered(event: Event) -> None:
    """An account exists. `subject`: its user; values: how ("self", "admin", "roster")."""


@_telling
def signed_in(event: Event) -> None:
    """Somebody signed in."""


@_telling
def enrolled(event: Event) -> None:
    """`subject` was enrolled in `course`; values: enrolment, method, role."""


@_telling
def unenrolled(event: Event) -> None:
    """`subject` no longer takes part in `course`; values: enrolment."""


@_telling
def studied(event: Event) -> None:
    """`subject` studied; values: session, activity, version, spans, credited, held (seconds)."""


@_telling
def completed(event: Event) -> None:
    """`subject` completed an activity (values: activity) or the whole course (activity 0)."""


@_telling
def graded(event: Event) -> None:
    """A grade of `subject` changed; values: item, value (or None), source."""


@_telling
def published(event: Event) -> None:
    """A course was published."""


@_telling
def attempt_closed(event: Event) -> None:
    """An attempt of `subject` was handed in; values: activity, attempt, number, by ("learner",
    "time", "left", "person", "closed"), answered, score (None while a person has to mark)."""
