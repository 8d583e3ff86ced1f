"""A plugin of the tests that implements every hook, notes each call, and fails when told to.

It is found as any third party's: by the entry point of the distribution beside it.
"""

from typing import Any, ClassVar

import click
from markupsafe import Markup
from pydantic import BaseModel, Field, SecretStr

from modou.declarations import (
    ApiScope,
    CapabilityDeclaration,
    CompletionRule,
    Deny,
    EnrolMethod,
    EventValues,
    EvolveStep,
    GradeAggregation,
    HealthCheck,
    Job,
    JournalKind,
    NavItem,
    PageSlot,
    PersonalData,
    PluginInfo,
    PrivacyArea,
    UploadPurpose,
)
from modou.errors import Conflict
from modou.hookspecs import hookimpl
from modou.web.api import Answer, Body, Call, ListQuery, Together, endpoint


class Told:
    """What the plugin was asked and told in this process, and what it shall answer."""

    calls: ClassVar[list[tuple[str, Any]]] = []
    #: Hook -> what to answer; an exception is raised.
    answers: ClassVar[dict[str, Any]] = {}

    @classmethod
    def reset(cls) -> None:
        cls.calls.clear()
        cls.answers.clear()

    @classmethod
    def hear(cls, hook: str, value: Any = None) -> Any:
        cls.calls.append((hook, value))
        answer = cls.answers.get(hook)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @classmethod
    def heard(cls, hook: str) -> list[Any]:
        return [value for name, value in cls.calls if name == hook]


class ProbeSettings(BaseModel):
    greeting: str = Field("hello", title="Greeting", max_length=20)
    token: SecretStr = Field(SecretStr(""), title="Token")
    limit: int = Field(5, title="Limit", ge=1, le=10)


POKE = ApiScope("probe:write", "Poke the probe")


class Poke(Body):
    word: str = Field(min_length=1, max_length=20)
    times: int = Field(1, ge=1, le=9)


class PokeAnswer(Answer):
    echo: str
    count: int
    who: str = ""


class Wrong(Conflict):
    code = "wrong-poke"

    def __init__(self, expected):
        super().__init__("Not like this.")
        self.members = {"expected": expected}


class PokeQuery(ListQuery):
    colour: list[str] = []


@endpoint(
    "POST", "/probe/pokes", tag="Probe", summary="Poke", scope=POKE, capability="", status=201
)
def poke_once(call: Call, body: Poke) -> PokeAnswer:
    """Counts in the database how often it was run."""
    data = call.occasion.site.plugin_data("probe")
    data["pokes"] = data.get("pokes", 0) + 1
    if body.word == "wrong":
        raise Wrong("right")
    call.headers.append(("Location", "/api/v1/probe/pokes/1"))
    return PokeAnswer(
        echo=body.word * body.times, count=data["pokes"], who=call.occasion.actor.username
    )


@endpoint("GET", "/probe/pokes", tag="Probe", summary="Pokes", auth="public")
def list_pokes(call: Call, query: PokeQuery) -> PokeAnswer:
    return PokeAnswer(echo=",".join(query.colour), count=query.limit)


@endpoint("POST", "/probe/lean", tag="Probe", summary="Poke fast", auth="own", lean=True)
def poke_lean(call: Call, body: Poke) -> PokeAnswer:
    if body.word == "wrong":
        raise Wrong("right")
    if body.word == "broken":
        return {"echo": 1}
    if body.word == "raise":
        raise ZeroDivisionError
    return PokeAnswer(echo=body.word, count=body.times, who=call.bearer)


@endpoint("POST", "/probe/together", tag="Probe", summary="Poke durably", auth="own", lean=True)
def together_lean(call: Call, body: Poke) -> Together[PokeAnswer]:
    """Counts in the database, in a transaction with others."""

    def work(occasion):
        Told.hear("together", occasion.origin)
        if body.word == "wrong":
            raise Wrong("right")
        if body.word == "raise":
            raise ZeroDivisionError
        data = occasion.site.plugin_data("probe")
        data["pokes"] = data.get("pokes", 0) + body.times
        return data["pokes"]

    def then(pokes):
        if body.word == "broken":
            return {"echo": 1}
        call.headers.append(("X-Probe", "durable"))
        return PokeAnswer(echo=body.word, count=pokes, who=call.bearer)

    return Together(work, then=then)


@endpoint("POST", "/probe/own", tag="Probe", summary="Own or user", auth="own_or_user", scope=POKE,
          capability="admin:view")  # fmt: skip
def poke_own(call: Call) -> PokeAnswer:
    actor = call.occasion.actor
    return PokeAnswer(echo=call.bearer, count=1, who=actor.username if actor else "")


@endpoint("DELETE", "/probe/lean", tag="Probe", summary="Forget", auth="own", lean=True)
def forget_lean(call: Call) -> None:
    call.headers.append(("X-Probe", "gone"))


@hookimpl
def plugin_info():
    return PluginInfo(
        name="probe",
        title="Probe",
        version="1.0",
        core=">=0.1",
        personal_data=(PersonalData(what="Nothing", why="Tests", kept="Never"),),
    )


@hookimpl
def capabilities():
    return [CapabilityDeclaration("probe:poke", "Poke the probe", roles=("teacher",))]


@hookimpl
def settings_schema():
    return ProbeSettings


class Poked(EventValues):
    how: str = Field(title="with what")
    times: int = 1


@hookimpl
def journal_kinds():
    return [JournalKind("probe_poked", "Somebody was poked", Poked)]


@hookimpl
def evolve_steps():
    def run(root, report):
        report("poked")
        root["modou"].plugin_data("probe")["evolved"] = True

    return [EvolveStep("poke", "Poke the data", run)]


@hookimpl
def enrol_methods():
    def check(occasion, course, user, values):
        Told.hear("enrol_methods", user.id)

    return [EnrolMethod("poke", "By poking", self_service=True, check=check)]


@hookimpl
def completion_rules():
    return [
        CompletionRule(
            "poked", "Poked", "Poke it", lambda activity, facts: bool(facts.get("poked"))
        )
    ]


@hookimpl
def question_formats():
    # For the plugin quiz, which sites of other tests do not load.
    from acme_probe.lines import Lines

    return [Lines()]


@hookimpl
def upload_purposes():
    return [UploadPurpose("probe_sound", "Sounds of the probe", ("audio/*",), 500)]


@hookimpl
def grade_aggregations():
    def median_of_three(values):
        return sorted(values)[len(values) // 2] if values else None

    return [GradeAggregation("probe_median", "Median", median_of_three)]


@hookimpl
def page_slots():
    def render(request, context):
        name = request.occasion.actor.username if request.occasion.actor else "nobody"
        Told.hear("page_slots", name)
        return Markup("<p>poked by {}</p>").format(name)

    return [PageSlot("page_top", render)]


@hookimpl
def nav_items():
    return [NavItem("main", "probe", "Probe page", "home", order=900)]


@hookimpl
def health_checks():
    return [HealthCheck("probe", "Probe", lambda occasion: Told.answers.get("health"), ready=True)]


@hookimpl
def privacy_data():
    def copy(occasion, user):
        Told.hear("privacy_data", user.username)
        return Told.answers.get("privacy", lambda *_any: None)(occasion, user)

    return [PrivacyArea("probe", "Probe", copy)]


@hookimpl
def jobs():
    def poke(context):
        context.progress(0.5, "half poked")
        Told.hear("jobs", (dict(context.values), context.tries))

    def behave(context):
        Told.answers["behave"](context)

    return [
        Job("probe_poke", "Poke in the background", poke, retries=2, pause=10, secret=True),
        Job("probe_long", "Poke for long", behave, retries=1, pause=10, long=True),
        Job("probe_hourly", "Poke every hour", poke, every=3600),
        Job("probe_daily", "Poke at night", poke, at="03:10"),
        Job("probe_monthly", "Poke once a month", poke, at="04:00", day=5),
    ]


@hookimpl
def cli_commands():
    @click.command()
    def poke():
        """Poke."""
        click.echo("poked")

    return [poke]


@hookimpl
def api_routes():
    return [poke_once, list_pokes, poke_lean, poke_own, forget_lean, together_lean]


@hookimpl
def before_registration(occasion, values):
    return Told.hear("before_registration", dict(values))


@hookimpl
def before_login(user):
    return Told.hear("before_login", user.username)


@hookimpl
def before_enrolment(users, method):
    refused = Told.hear("before_enrolment", ([u.username for u in users], method))
    return {u.id: Deny("Not today.") for u in users if refused and u.username in refused}


@hookimpl
def before_study(activities):
    reason = Told.hear("before_study", [a.id for a in activities])
    return {a.id: Deny(reason) for a in activities} if reason else {}


@hookimpl
def before_credit(claim):
    return Told.hear("before_credit", claim)


@hookimpl
def judge_answer(challenge, answer):
    return Told.hear("judge_answer", (challenge.gate, answer))


@hookimpl
def alter_player(player, activity):
    answer = Told.hear("alter_player", activity.title)
    return {**player, **answer} if answer else None


@hookimpl
def before_publish(course):
    return Told.hear("before_publish", course.title)


@hookimpl
def before_upload(filename, media_type, size):
    return Told.hear("before_upload", (filename, media_type, size))


@hookimpl
def before_attempt(activity, number):
    return Told.hear("before_attempt", (activity.title, number))


@hookimpl
def before_submit(activity, attempt):
    return Told.hear("before_submit", (activity.title, attempt.number))


@hookimpl
def alter_outline(outline, course):
    return Told.hear("alter_outline", course.title)


@hookimpl
def registered(event):
    Told.hear("registered", event)


@hookimpl
def signed_in(event):
    Told.hear("signed_in", event)


@hookimpl
def enrolled(event):
    Told.hear("enrolled", event)


@hookimpl
def unenrolled(event):
    Told.hear("unenrolled", event)


@hookimpl
def studied(event):
    Told.hear("studied", event)


@hookimpl
def completed(event):
    Told.hear("completed", event)


@hookimpl
def graded(event):
    Told.hear("graded", event)


@hookimpl
def published(event):
    Told.hear("published", event)


@hookimpl
def attempt_closed(event):
    Told.hear("attempt_closed", event)
