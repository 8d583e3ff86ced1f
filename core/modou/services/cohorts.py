"""Cohorts (班级): making and changing them, their members, and the courses they take as a whole.

A cohort that is enrolled in a course takes its members along: who joins the cohort is enrolled,
who leaves it ends there (and keeps what was achieved). Its class teacher gets an enrolment with the
role "class_teacher" and sees the cohort's people in the course.

The right to change a cohort's members (`cohort:members`) is enough for that: the cohort was put
into the course by somebody who may enrol there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from modou.errors import Conflict, Invalid, Message, NotAllowed
from modou.i18n import _
from modou.models.cohorts import TRANSITIONS, Cohort
from modou.models.courses import Course
from modou.models.people import User
from modou.permissions import Capability
from modou.services import enrolling
from modou.services.enrolling import CLASS_TEACHER, LEARNER, EnrolReport
from modou.services.occasion import Occasion

METHOD = "cohort"
_TITLE_LENGTH = 120
_NUMBER_LENGTH = 40
_MOST_PLANNED = 100_000


@dataclass(slots=True)
class MembersReport:
    """What adding members came to, by user id.

    :param added: new members
    :param already: were members before
    :param refused: not added, and why
    :param not_enrolled: added, but (user id, course id) -> why not enrolled in that course
    """

    added: list[int] = field(default_factory=list)
    already: list[int] = field(default_factory=list)
    refused: dict[int, Message] = field(default_factory=dict)
    not_enrolled: dict[tuple[int, int], Message] = field(default_factory=dict)


# -- data


def create_cohort(
    occasion: Occasion,
    *,
    title: str,
    number: str,
    starts: int = 0,
    ends: int = 0,
    planned_number: int = 0,
    class_teacher: User | None = None,
) -> Cohort:
    """Make a cohort, in the status "planned".

    :param starts: first moment, seconds UTC, 0 for open
    :param planned_number: how many learners are planned, 0 for unknown
    :raises Invalid: for all fields at once
    """
    occasion.require(Capability.COHORT_EDIT)
    values = _checked(
        occasion,
        None,
        {
            "title": title,
            "number": number,
            "starts": starts,
            "ends": ends,
            "planned_number": planned_number,
        },
    )
    cohort = Cohort(values["title"])
    cohort.created = occasion.now
    occasion.site.cohorts.add(cohort)
    _apply(occasion, cohort, values)
    occasion.record("cohort_created", values={"cohort": cohort.id})
    if class_teacher is not None:
        set_class_teacher(occasion, cohort, class_teacher)
    return cohort


def change_cohort(occasion: Occasion, cohort: Cohort, **changes: Any) -> list[str]:
    """Change title, number, starts, ends, planned_number; names of what is different now.

    :raises Invalid: for all fields at once
    :raises Conflict: the cohort is archived
    """
    occasion.require(Capability.COHORT_EDIT, cohort)
    _require_open(cohort)
    before = {n: getattr(cohort, n) for n in _FIELDS}
    values = _checked(occasion, cohort, {**before, **changes})
    changed = [name for name in _FIELDS if values[name] != before[name]]
    if changed:
        _apply(occasion, cohort, values)
        occasion.record(
            "cohort_changed",
            values={
                "cohort": cohort.id,
                "fields": changed,
                "before": {name: before[name] for name in changed},
                "after": {name: values[name] for name in changed},
            },
        )
    return changed


def set_status(occasion: Occasion, cohort: Cohort, status: str) -> bool:
    """Move a cohort on to another status; False when it is there already.

    :raises Conflict: no way leads from the present status to that one
    """
    occasion.require(Capability.COHORT_EDIT, cohort)
    if status == cohort.status:
        return False
    if status not in TRANSITIONS[cohort.status]:
        raise Conflict(_("The cohort cannot go from its present status to that one."))
    before, cohort.status = cohort.status, status
    occasion.record(
        "cohort_changed",
        values={
            "cohort": cohort.id,
            "fields": ["status"],
            "before": {"status": before},
            "after": {"status": status},
        },
    )
    return True


def set_class_teacher(occasion: Occasion, cohort: Cohort, user: User | None) -> bool:
    """Make `user` the class teacher (班主任), None for nobody; False when nothing changes.

    In the courses of the cohort the former class teacher's enrolment as such ends (or goes over to
    another cohort that they lead there), the new one is enrolled.

    :raises Invalid: `user` learns in the cohort
    """
    occasion.require(Capability.COHORT_EDIT, cohort)
    _require_open(cohort)
    new = user.id if user is not None else 0
    if new == cohort.class_teacher:
        return False
    if user is not None and user.id in cohort.members:
        raise Invalid(
            _("${name} learns in this cohort.", mapping={"name": user.display_name}),
            "class_teacher",
        )
    former = occasion.site.users.get(cohort.class_teacher) if cohort.class_teacher else None
    cohort.class_teacher = new
    if former is not None:
        former.leads = tuple(id for id in former.leads if id != cohort.id)
    if user is not None:
        user.leads = (*user.leads, cohort.id)
    for course in courses_of(occasion, cohort):
        if former is not None:
            _leave(occasion, cohort, course, [former], CLASS_TEACHER)
        _welcome_class_teacher(occasion, cohort, course)
    occasion.record(
        "cohort_changed",
        subject=new,
        values={"cohort": cohort.id, "fields": ["class_teacher"]},
    )
    occasion.forget_capabilities()
    return True


_FIELDS = ("title", "number", "starts", "ends", "planned_number")


def _checked(occasion: Occasion, cohort: Cohort | None, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {**given, "title": " ".join(str(given["title"]).split())}
    values["number"] = "".join(str(given["number"]).split())
    errors: dict[str, list[Message]] = {}
    for name, limit in (("title", _TITLE_LENGTH), ("number", _NUMBER_LENGTH)):
        if not values[name]:
            errors[name] = [_("This must not be empty.")]
        elif len(values[name]) > limit:
            errors[name] = [
                _("This is too long: at most ${max_length} characters.",
                  mapping={"max_length": limit})
            ]  # fmt: skip
    other = occasion.site.cohorts.by_number(values["number"])
    if other is not None and other is not cohort:
        errors["number"] = [
            _("The cohort “${title}” has this number.", mapping={"title": other.title})
        ]
    if values["ends"] and values["ends"] <= values["starts"]:
        errors["ends"] = [_("The end must be after the start.")]
    if not 0 <= values["planned_number"] <= _MOST_PLANNED:
        errors["planned_number"] = [
            _("Enter a number from 0 to ${most}.", mapping={"most": _MOST_PLANNED})
        ]
    if errors:
        raise Invalid(_("Please check what you entered"), errors=errors)
    return values


def _apply(occasion: Occasion, cohort: Cohort, values: Mapping[str, Any]) -> None:
    for name in ("title", "starts", "ends", "planned_number"):
        setattr(cohort, name, values[name])
    if cohort.number != values["number"]:
        occasion.site.cohorts.renumber(cohort, values["number"])


def _require_open(cohort: Cohort) -> None:
    if cohort.status == "archived":
        raise Conflict(_("The cohort is archived. Reopen it first."))


# -- members


def add_members(occasion: Occasion, cohort: Cohort, users: Iterable[User]) -> MembersReport:
    """Take people into a cohort, and with it into its courses. Members stay as they are.

    :raises Conflict: the cohort is archived
    """
    occasion.require(Capability.COHORT_MEMBERS, cohort)
    return admit_members(occasion, cohort, users)


def admit_members(occasion: Occasion, cohort: Cohort, users: Iterable[User]) -> MembersReport:
    """As `add_members`, for verbs that asked for a permission of their own."""
    _require_open(cohort)
    report = MembersReport()
    coming = []
    for user in {user.id: user for user in users}.values():
        if user.id in cohort.members:
            report.already.append(user.id)
        elif user.id == cohort.class_teacher:
            report.refused[user.id] = _("is the class teacher of this cohort")
        else:
            coming.append(user)
    for user in coming:
        cohort.members[user.id] = occasion.now
        user.cohorts = (*user.cohorts, cohort.id)
        report.added.append(user.id)
        occasion.record("cohort_joined", subject=user.id, values={"cohort": cohort.id})
    for course in courses_of(occasion, cohort):
        joined = enrolling.admit(occasion, course, coming, method=METHOD, cohort=cohort.id)
        for user_id, reason in joined.refused.items():
            report.not_enrolled[user_id, course.id] = reason
    return report


def remove_members(occasion: Occasion, cohort: Cohort, users: Iterable[User]) -> list[int]:
    """Take people out of a cohort, and out of the courses that they came to by it; their ids.

    Who is in another cohort of the same course goes on there with that one. Who was enrolled by
    another way stays enrolled.

    :raises Conflict: the cohort is archived
    """
    occasion.require(Capability.COHORT_MEMBERS, cohort)
    _require_open(cohort)
    leaving = [user for user in users if user.id in cohort.members]
    for user in leaving:
        del cohort.members[user.id]
        user.cohorts = tuple(id for id in user.cohorts if id != cohort.id)
        occasion.record("cohort_left", subject=user.id, values={"cohort": cohort.id})
    for course in courses_of(occasion, cohort):
        _leave(occasion, cohort, course, leaving, LEARNER)
    return [user.id for user in leaving]


# -- courses


def enrol_cohort(occasion: Occasion, cohort: Cohort, course: Course) -> EnrolReport:
    """Enrol a cohort in a course as a whole; from now on members come and go with it.

    Twice is once: who is in the course stays as they are.

    :raises Conflict: the cohort is archived
    """
    occasion.require(Capability.ENROL_MANAGE, course)
    occasion.require(Capability.COHORT_VIEW, cohort)
    _require_open(cohort)
    if course.id not in cohort.courses:
        cohort.courses = (*cohort.courses, course.id)
        course.cohorts = (*course.cohorts, cohort.id)
        occasion.record("cohort_enrolled", course=course.id, values={"cohort": cohort.id})
    users = enrolling.enrolled_users(occasion, cohort.members.keys())
    report = enrolling.admit(occasion, course, users, method=METHOD, cohort=cohort.id)
    _welcome_class_teacher(occasion, cohort, course)
    return report


def unenrol_cohort(occasion: Occasion, cohort: Cohort, course: Course) -> list[int]:
    """Take a cohort out of a course; ids of those whose enrolment ended."""
    occasion.require(Capability.ENROL_MANAGE, course)
    if course.id not in cohort.courses:
        return []
    cohort.courses = tuple(id for id in cohort.courses if id != course.id)
    course.cohorts = tuple(id for id in course.cohorts if id != cohort.id)
    occasion.record("cohort_unenrolled", course=course.id, values={"cohort": cohort.id})
    users = enrolling.enrolled_users(occasion, cohort.members.keys())
    left = _leave(occasion, cohort, course, users, LEARNER)
    teacher = occasion.site.users.get(cohort.class_teacher) if cohort.class_teacher else None
    if teacher is not None:
        left += _leave(occasion, cohort, course, [teacher], CLASS_TEACHER)
    return left


def courses_of(occasion: Occasion, cohort: Cohort) -> list[Course]:
    """The courses of a cohort that still exist."""
    courses = occasion.site.courses
    return [course for id in cohort.courses if (course := courses.get(id)) is not None]


def cohorts_of(occasion: Occasion, course: Course) -> list[Cohort]:
    """The cohorts of a course, by number."""
    cohorts = occasion.site.cohorts
    found = [cohort for id in course.cohorts if (cohort := cohorts.get(id)) is not None]
    return sorted(found, key=lambda cohort: cohort.number)


def _welcome_class_teacher(occasion: Occasion, cohort: Cohort, course: Course) -> None:
    if not cohort.class_teacher:
        return
    teacher = occasion.site.users.get(cohort.class_teacher)
    if teacher is not None:
        enrolling.admit(
            occasion, course, [teacher], role=CLASS_TEACHER, method=METHOD, cohort=cohort.id
        )


def _leave(
    occasion: Occasion, cohort: Cohort, course: Course, users: Iterable[User], role: str
) -> list[int]:
    """End what `users` have in the course by this cohort, or let another cohort carry it on."""
    ending = []
    others = [
        other
        for id in course.cohorts
        if id != cohort.id and (other := occasion.site.cohorts.get(id)) is not None
    ]
    for user in users:
        enrolment = course.enrolments.get(user.id)
        if enrolment is None or enrolment.cohort != cohort.id or enrolment.role != role:
            continue
        belongs = [
            other.id
            for other in others
            if (user.id in other.members if role == LEARNER else other.class_teacher == user.id)
        ]
        if belongs or enrolment.method != METHOD:
            enrolling.move_to_cohort(occasion, course, user, belongs[0] if belongs else 0)
        else:
            ending.append(user)
    return enrolling.dismiss(occasion, course, ending)


# -- lists


def led(occasion: Occasion) -> list[Cohort]:
    """The cohorts that the actor leads as class teacher, but for archived ones; newest first."""
    if occasion.actor is None:
        return []
    cohorts = occasion.site.cohorts
    found = [cohorts.get(id) for id in reversed(occasion.actor.leads)]
    return [cohort for cohort in found if cohort is not None and cohort.status != "archived"]


def visible(occasion: Occasion) -> list[Cohort]:
    """The cohorts that the actor may see: all with `cohort:view` on the site, else the own ones.

    :raises NotAllowed: the actor has nothing to do with cohorts
    """
    if occasion.can(Capability.COHORT_VIEW):
        return list(occasion.site.cohorts)
    if occasion.actor is None or not occasion.actor.leads:
        raise NotAllowed(_("You are no class teacher."))
    cohorts = occasion.site.cohorts
    return [c for id in occasion.actor.leads if (c := cohorts.get(id)) is not None]


def select(
    occasion: Occasion, *, text: str = "", status: str = "", sort: str = "-number"
) -> list[Cohort]:
    """The visible cohorts, searched by title and number, filtered and sorted.

    :param status: one of the statuses, "" for all but archived, "all" for all
    :param sort: "number", "title", "starts" or "status", with "-" in front for the other direction
    """
    words = text.casefold().split()
    found = [
        cohort
        for cohort in visible(occasion)
        if (status in {"all", cohort.status} or (not status and cohort.status != "archived"))
        and all(w in cohort.title.casefold() or w in cohort.number.casefold() for w in words)
    ]
    by = sort.removeprefix("-")
    order = list(TRANSITIONS)
    keys: dict[str, Any] = {
        "title": lambda c: c.title,
        "starts": lambda c: c.starts,
        "status": lambda c: order.index(c.status),
    }
    key = keys.get(by, lambda c: c.number)
    return sorted(found, key=lambda c: (key(c), c.number), reverse=sort.startswith("-"))
