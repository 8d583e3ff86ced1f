"""One row of a roster: whom it means, what is to be done, what speaks against it.

A roster makes accounts and enrols people. It never changes an account that exists: a row whose name
or ID number differs from the account's is refused with the reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modou.errors import Invalid, Message, ModouError
from modou.i18n import _
from modou.models.cohorts import Cohort
from modou.models.courses import Course
from modou.models.identity_numbers import mask_name, normalise_document_number, normalise_name
from modou.models.people import User
from modou.permissions import Capability
from modou.services import enrolling, user_index
from modou.services.account_checks import check_account
from modou.services.enrolling import LEARNER
from modou.services.occasion import Occasion
from modou.services.roster_columns import (
    TEMPLATE_SAMPLE,
    day_begins,
    day_named,
    id_type_named,
    role_named,
)

CREATE, ENROL, SAME, BAD = "create", "enrol", "same", "bad"
_DAY = 86_400
_FORMULA = ("=", "@")


@dataclass(slots=True)
class Target:
    """Where a row puts somebody: a course in a role, a cohort, or both."""

    course: Course | None
    role: str
    cohort: Cohort | None
    starts: int = 0
    ends: int = 0

    @property
    def key(self) -> tuple[int, int]:
        return (self.course.id if self.course else 0, self.cohort.id if self.cohort else 0)


@dataclass(slots=True)
class Verdict:
    """What is to be done with a row.

    :ivar kind: "create" (new account), "enrol" (an account that exists), "same" (nothing to do),
        "bad"
    :ivar reasons: why it is bad, or a remark
    :ivar user: the account that the row means, None for a new one
    :ivar account: what `accounts.create_account` takes for a new one
    """

    kind: str
    reasons: list[Message] = field(default_factory=list)
    user: User | None = None
    account: dict[str, Any] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)


Values = Mapping[str, str]


def account_context(verdict: Verdict) -> Any:
    """Where the right to make the account is asked for: the course, the cohort, or the site."""
    for target in verdict.targets:
        return target.course if target.course is not None else target.cohort
    return None


class Judge:
    """Judges the rows of one roster within one occasion.

    :param course: the course that the roster is for; None: courses stand in columns
    :param known: course code or title -> id, remembered from occasion to occasion
    """

    def __init__(
        self, occasion: Occasion, course: Course | None, known: dict[str, int] | None = None
    ) -> None:
        self.occasion = occasion
        self.course = course
        self._courses = known if known is not None else {}
        self._may: dict[tuple[str, int], Message | None] = {}

    def judge(self, values: Values) -> Verdict:
        """The verdict on one row; writes nothing."""
        verdict = Verdict(SAME)
        if values.get("name") == TEMPLATE_SAMPLE["姓名"]:
            verdict.reasons.append(_("This is the sample row of the template."))
            return verdict
        problems = [
            _("“${text}” looks like a formula.", mapping={"text": value[:30]})
            for value in values.values()
            if value.startswith(_FORMULA)
        ]
        if not problems:
            problems = self._targets(values, verdict) + self._person(values, verdict)
        if problems:
            verdict.kind, verdict.reasons = BAD, problems
        elif verdict.user is None:
            verdict.kind = CREATE
        elif any(self._differs(target, verdict.user) for target in verdict.targets):
            verdict.kind = ENROL
        return verdict

    # -- where to

    def _targets(self, values: Values, verdict: Verdict) -> list[Message]:
        problems: list[Message] = []
        try:
            starts, ends = _dates(values)
        except Invalid as error:
            return [error.message]
        for number in "123456789":
            course_cell = values.get(f"course{number}") or values.get(f"course_title{number}") or ""
            number_cell = values.get(f"cohort{number}", "")
            title_cell = values.get(f"cohort_title{number}", "")
            role_cell = values.get(f"role{number}", "")
            if not (course_cell or number_cell or title_cell) and number != "1":
                continue
            try:
                course = self._course(course_cell, number)
                cohort = self._cohort(number_cell, title_cell)
                role = role_named(role_cell) if role_cell else LEARNER
                if role is None:
                    raise Invalid(
                        _("Nobody knows the role “${role}”.", mapping={"role": role_cell})
                    )
                if course is not None:
                    self._require_course(course, role)
                if cohort is not None:
                    self._require_cohort(cohort, role)
            except ModouError as error:
                problems.append(error.message)
                continue
            if course is not None or cohort is not None:
                verdict.targets.append(Target(course, role, cohort, starts, ends))
        return problems

    def _course(self, cell: str, number: str) -> Course | None:
        courses = self.occasion.site.courses
        if self.course is not None:
            own = {self.course.code.casefold(), self.course.title.casefold()}
            if cell and cell.casefold() not in own:
                raise Invalid(
                    _(
                        "This roster is for one course, but the row names the course “${course}”.",
                        mapping={"course": cell},
                    )
                )
            return self.course if number == "1" else None
        if not cell:
            return None
        if not self._courses:
            for course in courses:
                # A title that two courses have means neither.
                title = course.title.casefold()
                self._courses[title] = 0 if title in self._courses else course.id
            self._courses.update({c.code.casefold(): c.id for c in courses if c.code})
        found = courses.get(self._courses.get(cell.casefold(), 0))
        if found is None:
            raise Invalid(_("There is no course “${course}”.", mapping={"course": cell}))
        return found

    def _cohort(self, number: str, title: str) -> Cohort | None:
        if not number and not title:
            return None
        folder = self.occasion.site.cohorts
        found = folder.by_number(number or title)
        if found is None and title and not number:
            named = [c for c in folder if c.title.casefold() == title.casefold()]
            found = named[0] if len(named) == 1 else None
        if found is None:
            raise Invalid(_("There is no cohort “${cohort}”.", mapping={"cohort": number or title}))
        if found.status == "archived":
            raise Invalid(_("The cohort “${cohort}” is archived.", mapping={"cohort": found.title}))
        return found

    def _require_course(self, course: Course, role: str) -> None:
        def ask() -> None:
            self.occasion.require(Capability.ENROL_MANAGE, course)
            enrolling.check_role(self.occasion, course, role)

        self._once((f"course:{role}", course.id), ask)

    def _require_cohort(self, cohort: Cohort, role: str) -> None:
        if role != LEARNER:
            raise Invalid(_("Only learners join a cohort by a roster."))
        self._once(
            ("cohort", cohort.id),
            lambda: self.occasion.require(Capability.COHORT_MEMBERS, cohort),
        )

    def _once(self, key: tuple[str, int], ask: Any) -> None:
        if key not in self._may:
            try:
                ask()
            except ModouError as error:
                self._may[key] = error.message
            else:
                self._may[key] = None
        message = self._may[key]
        if message is not None:
            raise Invalid(message)

    # -- who

    def _person(self, values: Values, verdict: Verdict) -> list[Message]:
        name = row_name(values)
        try:
            name = normalise_name(name) if name else ""
        except Invalid as error:
            return [error.message]
        id_type = id_type_named(values["id_type"]) if values.get("id_type") else ""
        if id_type is None:
            return [
                _(
                    "Nobody knows the kind of document “${kind}”.",
                    mapping={"kind": values["id_type"][:30]},
                )
            ]
        found = self._accounts(values)
        if len({user.id for _how, user in found}) > 1:
            return [
                _(
                    "${one} and ${other} belong to different accounts.",
                    mapping={"one": found[0][0], "other": found[-1][0]},
                )
            ]
        if found:
            verdict.user = found[0][1]
            return self._against(verdict, found[0][0], name, values)
        return self._new(values, verdict, name, id_type)

    def _accounts(self, values: Values) -> list[tuple[Message, User]]:
        ways = (
            ("id_number", _("the ID number"), user_index.find_by_id_number),
            ("username", _("the username"), user_index.find_by_username),
            ("phone", _("the phone number"), user_index.find_by_phone),
            ("email", _("the e-mail address"), user_index.find_by_email),
        )
        found: list[tuple[Message, User]] = []
        for field_, title, find in ways:
            if values.get(field_):
                user = find(self.occasion, values[field_])
                if user is not None:
                    found.append((title, user))
        return sorted(found, key=lambda pair: pair[1].id != found[0][1].id)

    def _against(self, verdict: Verdict, how: Message, name: str, values: Values) -> list[Message]:
        """What speaks against using the account that was found."""
        user = verdict.user
        if user is None:
            return []
        problems: list[Message] = []
        if name and user.name and name != user.name:
            problems.append(
                _(
                    "The account with ${how} has another name (${name}).",
                    mapping={"how": how, "name": mask_name(user.name)},
                )
            )
        number = values.get("id_number", "")
        if number and user.id_fingerprint:
            text = normalise_document_number(number)
            if user_index.id_fingerprint(self.occasion, text) != user.id_fingerprint:
                problems.append(
                    _("The account with ${how} has another ID number.", mapping={"how": how})
                )
        if user.status != "active":
            problems.append(_("The account with ${how} is suspended.", mapping={"how": how}))
        for target in verdict.targets:
            problems += self._enrolment_problems(target, user)
        return problems

    def _enrolment_problems(self, target: Target, user: User) -> list[Message]:
        problems: list[Message] = []
        if target.cohort is not None and target.cohort.class_teacher == user.id:
            problems.append(
                _(
                    "The class teacher of “${cohort}” cannot learn in it.",
                    mapping={"cohort": target.cohort.title},
                )
            )
        course = target.course
        enrolment = course.enrolments.get(user.id) if course is not None else None
        if course is None or enrolment is None or enrolment.status == "ended":
            return problems
        if enrolment.status == "suspended":
            problems.append(
                _("Is suspended in the course “${course}”.", mapping={"course": course.title})
            )
        elif enrolment.role != target.role:
            problems.append(
                _(
                    "Takes part in the course “${course}” in another role. Change the role on the "
                    "page of participants.",
                    mapping={"course": course.title},
                )
            )
        return problems

    def _new(self, values: Values, verdict: Verdict, name: str, id_type: str) -> list[Message]:
        """Prepare a new account; what speaks against it."""
        if not name:
            return [_("There is no account yet, and the name is missing.")]
        if not any(values.get(f) for f in ("username", "id_number", "phone", "email")):
            return [_("Username, ID number, phone number and e-mail address are all missing.")]
        context = account_context(verdict)
        try:
            self._once(
                ("create", getattr(context, "id", 0)),
                lambda: self.occasion.require(Capability.USER_CREATE, context),
            )
        except Invalid as error:
            return [error.message]
        verdict.account = {
            "username": values.get("username", ""),
            "name": name,
            "password": values.get("password") or None,
            "email": values.get("email", ""),
            "phone": values.get("phone", ""),
            "id_type": id_type if values.get("id_number") else "",
            "id_number": values.get("id_number", ""),
        }
        asked = {**verdict.account, "username": verdict.account["username"] or None}
        found = check_account(self.occasion, **asked)[1]
        return [message for messages in found.values() for message in messages]

    # -- is there anything to do

    def _differs(self, target: Target, user: User) -> bool:
        if target.cohort is not None and user.id not in target.cohort.members:
            return True
        if target.course is None:
            return False
        enrolment = target.course.enrolments.get(user.id)
        if enrolment is None or enrolment.status == "ended":
            return True
        if 0 < enrolment.ends <= self.occasion.now and not 0 < target.ends <= self.occasion.now:
            return True
        return target.cohort is not None and not enrolment.cohort


def row_name(values: Values) -> str:
    """The name in a row; family and given name put together as Chinese and others do."""
    name = values.get("name", "")
    if name:
        return name
    last, first = values.get("lastname", ""), values.get("firstname", "")
    if (last + first).isascii():
        return f"{first} {last}".strip()
    return last + first


def _dates(values: Values) -> tuple[int, int]:
    starts = ends = 0
    if values.get("starts"):
        starts = day_begins(day_named(values["starts"], "starts"))
    if values.get("ends"):
        ends = day_begins(day_named(values["ends"], "ends")) + _DAY
    enrolling.check_dates(starts, ends)
    return starts, ends
