"""Ways into a course: which are open, their settings, enrolling oneself, leaving by oneself.

Methods come by the hook `enrol_methods`. Those for learners (`self_service`) are closed until
somebody opens them in a course; `course.enrol_methods` keeps the settings of the open ones. Places
and dates (`change_limits`) bind learners who enrol by themselves, never the people who enrol
others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from BTrees.OOBTree import OOBTree
from pydantic import BaseModel, Field, SecretStr, ValidationError

from modou.declarations import EnrolMethod
from modou.errors import Conflict, Invalid, Message, NotAllowed, NotFound, TooMany
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.participants import Seats
from modou.models.people import User
from modou.permissions import Capability
from modou.plugins import raise_verdict
from modou.services import enrolling, participants
from modou.services.occasion import Occasion
from modou.services.settings import explain

_DAY = 86_400
#: From so few free places on, those who take one meet in `course.enrol_seats`: far more than
#: requests can be under way at the same time.
CLOSE_TO_FULL = 256
#: So many wrong keys close the way to this person for so many seconds.
WRONG_KEYS = 5
WRONG_KEYS_OF_ADDRESS = 60
PAUSE = 900


class SelfSettings(BaseModel):
    """Settings of the method "self", and of methods that build on it."""

    days: int = Field(
        0,
        ge=0,
        le=3660,
        title=_("Days of access"),
        description=_("How long an enrolment lasts; 0 for no end."),
    )


@dataclass(frozen=True, slots=True)
class Way:
    """A way for a learner into a course. `closed`: why not now, "" when it is open."""

    method: EnrolMethod
    closed: Message = ""


# -- what is set


def methods(occasion: Occasion) -> list[EnrolMethod]:
    """All methods, those for learners first."""
    return sorted(occasion.assembled.enrol_methods.values(), key=lambda m: not m.self_service)


def method_of(occasion: Occasion, name: str) -> EnrolMethod:
    """:raises NotFound: no plugin brings it"""
    method = occasion.assembled.enrol_methods.get(name)
    if method is None:
        raise NotFound(_("There is no way of enrolling called ${name}.", mapping={"name": name}))
    return method


def is_open(course: Course, method: EnrolMethod) -> bool:
    """Whether the method can be used in the course at all; those for managers always can."""
    return not method.self_service or method.name in course.enrol_methods


def settings_of(occasion: Occasion, course: Course, method: EnrolMethod) -> Any:
    """The settings of an open method in this course, an instance of its `settings` model.

    None for a method without settings."""
    if method.settings is None:
        return None
    model: type[BaseModel] = method.settings
    return model.model_validate(_stored(occasion, course, method))


def shown_settings(occasion: Occasion, course: Course, method: EnrolMethod) -> dict[str, Any]:
    """What a form shows: stored values or defaults, without secrets."""
    if method.settings is None:
        return {}
    model: type[BaseModel] = method.settings
    defaults = {n: f.default for n, f in model.model_fields.items() if not f.is_required()}
    values = {**defaults, **_stored(occasion, course, method)}
    return {n: v for n, v in values.items() if not isinstance(v, SecretStr)}


def _stored(occasion: Occasion, course: Course, method: EnrolMethod) -> dict[str, Any]:
    """What is stored for the fields that the method has, secrets decrypted."""
    if method.settings is None:
        return {}
    model: type[BaseModel] = method.settings
    values: dict[str, Any] = {}
    for name, value in course.enrol_methods.get(method.name, {}).items():
        if name not in model.model_fields:
            continue
        if isinstance(value, bytes):
            context = _secret_context(course, method.name, name)
            values[name] = SecretStr(occasion.keys.decrypt(value, context))
        else:
            values[name] = value
    return values


def change_method(
    occasion: Occasion,
    course: Course,
    method: EnrolMethod,
    *,
    opened: bool,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Open or close a way for learners in a course, and change its settings; False if all is so.

    Closing keeps nobody out who is in, and forgets the settings. A secret given as "" stays as it
    is.

    :raises Invalid: values against the method's schema
    """
    occasion.require(Capability.COURSE_EDIT, course)
    if not method.self_service:
        raise Conflict(_("This way is always open to those who may enrol people."))
    before = course.enrol_methods.get(method.name)
    after = _checked(occasion, course, method, values or {}) if opened else None
    if before == after:
        return False
    kept = {n: v for n, v in course.enrol_methods.items() if n != method.name}
    course.enrol_methods = kept if after is None else {**kept, method.name: after}
    course.touch(occasion.now)
    occasion.record(
        "enrol_method_changed", course=course.id, values={"method": method.name, "open": opened}
    )
    return True


def change_limits(
    occasion: Occasion, course: Course, *, capacity: int = 0, opens: int = 0, closes: int = 0
) -> bool:
    """Set places and dates for learners who enrol by themselves; False if all is so.

    :param capacity: most learners in the course, 0 for no limit
    :param opens: seconds UTC, 0 for open from now on; `closes` likewise
    :raises Invalid: a negative capacity, an end before the start
    """
    occasion.require(Capability.COURSE_EDIT, course)
    if capacity < 0:
        raise Invalid(_("This must be at least ${ge}.", mapping={"ge": 0}), "capacity")
    if closes and closes <= opens:
        raise Invalid(_("The end must be after the start."), "closes")
    wanted = (capacity, opens, closes)
    if wanted == (course.enrol_capacity, course.enrol_opens, course.enrol_closes):
        return False
    names = ("capacity", "opens", "closes")
    before = dict(
        zip(names, (course.enrol_capacity, course.enrol_opens, course.enrol_closes), strict=True)
    )
    course.enrol_capacity, course.enrol_opens, course.enrol_closes = wanted
    course.touch(occasion.now)
    after = dict(zip(names, wanted, strict=True))
    changed = [name for name in names if before[name] != after[name]]
    occasion.record(
        "enrol_limits_changed",
        course=course.id,
        values={
            "before": {name: before[name] for name in changed},
            "after": {name: after[name] for name in changed},
        },
    )
    return True


def _secret_context(course: Course, method: str, name: str) -> bytes:
    return f"course:{course.id}:enrol:{method}:{name}".encode()


def reencrypt(occasion: Occasion, after: int = -1, limit: int = 500) -> int:
    """Encrypt the secrets of up to `limit` courses behind the id `after` with the current key.

    :return: the last id that was looked at, to go on from; -1 at the end
    """
    keys = occasion.keys
    last = -1
    for id, course in islice(occasion.site.courses.items(after + 1), limit):
        last = id
        changed: dict[str, dict[str, Any]] = {}
        for method, values in course.enrol_methods.items():
            for name, value in values.items():
                if isinstance(value, bytes) and keys.needs_rotation(value):
                    context = _secret_context(course, method, name)
                    token = keys.encrypt(keys.decrypt(value, context), context)
                    changed[method] = {**changed.get(method, values), name: token}
        if changed:
            course.enrol_methods = {**course.enrol_methods, **changed}
    return last


def _checked(
    occasion: Occasion, course: Course, method: EnrolMethod, values: Mapping[str, Any]
) -> dict[str, Any]:
    """What is stored for these settings: plain values, secrets encrypted (and kept when equal)."""
    if method.settings is None:
        return {}
    model: type[BaseModel] = method.settings
    stored = course.enrol_methods.get(method.name, {})
    before = _stored(occasion, course, method)
    given = {
        n: v
        for n, v in values.items()
        if not (v == "" and model.model_fields[n].annotation is SecretStr)
    }
    try:
        settings = model.model_validate({**before, **given})
    except ValidationError as error:
        raise Invalid(
            _("Some settings are not right."),
            errors={str(e["loc"][0]): [explain(e)] for e in error.errors() if e["loc"]},
        ) from None
    plain: dict[str, Any] = {}
    for name in model.model_fields:
        value = getattr(settings, name)
        if not isinstance(value, SecretStr):
            plain[name] = value
        elif value == before.get(name):
            plain[name] = stored[name]
        else:
            context = _secret_context(course, method.name, name)
            plain[name] = occasion.keys.encrypt(value.get_secret_value(), context)
    return plain


# -- enrolling oneself


def ways_in(occasion: Occasion, course: Course) -> list[Way]:
    """The ways that are open to learners in this course, and why they are closed at the moment."""
    closed = closed_because(occasion, course)
    return [Way(m, closed) for m in methods(occasion) if m.self_service and is_open(course, m)]


def closed_because(occasion: Occasion, course: Course) -> Message:
    """Why nobody can enrol by themselves now; "" when they can."""
    if course.enrol_opens > occasion.now:
        return _("Enrolment has not begun yet.")
    ends = [end for end in (course.enrol_closes, course.ends) if end]
    if ends and min(ends) <= occasion.now:
        return _("Enrolment is over.")
    if course.enrol_capacity and free_places(occasion, course) <= 0:
        return _("All places are taken.")
    return ""


def free_places(occasion: Occasion, course: Course) -> int:
    """Places left for learners; may be negative when people were enrolled by others."""
    taken = participants.count(occasion, course, role=enrolling.LEARNER)
    return course.enrol_capacity - taken


def enrol_self(
    occasion: Occasion, course: Course, method: EnrolMethod, values: Mapping[str, Any]
) -> Enrolment:
    """Enrol the actor as a learner. Who takes part already stays so.

    A wrong entry is counted against guessing: let the transaction commit after `Invalid`.

    :param values: what the method's form asked for
    :raises SignInNeeded: nobody is signed in
    :raises Conflict: this way is closed, now or altogether
    :raises Invalid: the method does not accept the values
    :raises TooMany: too many wrong entries
    :raises NotAllowed: suspended in this course, or a plugin refuses
    :raises StepNeeded: a plugin demands a step first
    """
    occasion.require(Capability.ENROL_SELF, course)
    user = occasion.actor
    if user is None:
        raise NotAllowed(_("Only a person can enrol."))
    enrolment: Enrolment | None = course.enrolments.get(user.id)
    if enrolment is not None and enrolment.active_at(occasion.now):
        return enrolment
    if enrolment is not None and enrolment.status == "suspended":
        raise NotAllowed(_("Your enrolment in this course is suspended."))
    if not method.self_service or not is_open(course, method):
        raise Conflict(_("This way into the course is closed."))
    closed = closed_because(occasion, course)
    if closed:
        raise Conflict(closed)
    method.check(occasion, course, user, values)
    if course.enrol_capacity and free_places(occasion, course) <= CLOSE_TO_FULL:
        _take_place(course)
    days = getattr(settings_of(occasion, course, method), "days", 0)
    report = enrolling.admit(
        occasion,
        course,
        [user],
        method=method.name,
        ends=occasion.now + days * _DAY if days else 0,
    )
    raise_verdict(report.objections.get(user.id))
    found: Enrolment = course.enrolments[user.id]
    return found


def may_leave(occasion: Occasion, course: Course) -> bool:
    """Whether the actor came in by themselves and may go by themselves."""
    actor = occasion.actor
    enrolment = course.enrolments.get(actor.id) if actor is not None else None
    if enrolment is None or enrolment.status != "active":
        return False
    method = occasion.assembled.enrol_methods.get(enrolment.method)
    return method is not None and method.self_service


def leave(occasion: Occasion, course: Course) -> None:
    """End the actor's own enrolment; what was achieved is kept.

    :raises NotAllowed: not enrolled, suspended, or enrolled by somebody else
    """
    occasion.require(Capability.ENROL_SELF, course)
    if occasion.actor is None or not may_leave(occasion, course):
        raise NotAllowed(
            _("You were enrolled by your institution. Ask it if you want to leave the course.")
        )
    enrolling.dismiss(occasion, course, [occasion.actor])


def _take_place(course: Course) -> None:
    if course.enrol_seats is None:
        course.enrol_seats = Seats()
    course.enrol_seats.taken += 1


# -- guessing


def check_attempts(occasion: Occasion, course: Course, user: User) -> None:
    """:raises TooMany: this person, or this address, entered too many wrong keys just now"""
    failures = course.enrol_failures or {}
    for key, limit in _failure_keys(occasion, user):
        count, since = failures.get(key, (0, 0))
        left = since + PAUSE - occasion.now
        if count >= limit and left > 0:
            minutes = -(-left // 60)
            raise TooMany(
                _(
                    "Too many wrong enrolment keys. Please wait ${minutes} minutes.",
                    mapping={"minutes": minutes},
                ),
                left,
            )


def note_failure(occasion: Occasion, course: Course, user: User) -> None:
    """Count a wrong key."""
    if course.enrol_failures is None:
        course.enrol_failures = OOBTree()
    failures = course.enrol_failures
    for key in [k for k, (_c, since) in failures.items() if since + PAUSE <= occasion.now]:
        del failures[key]
    for key, _limit in _failure_keys(occasion, user):
        count, since = failures.get(key, (0, occasion.now))
        failures[key] = (count + 1, since)
    wrong = failures[f"user:{user.id}"][0]
    values = {"count": wrong}
    occasion.record("enrol_key_refused", subject=user.id, course=course.id, values=values)


def _failure_keys(occasion: Occasion, user: User) -> list[tuple[str, int]]:
    keys = [(f"user:{user.id}", WRONG_KEYS)]
    if occasion.origin.ip:
        keys.append((f"ip:{occasion.origin.ip}", WRONG_KEYS_OF_ADDRESS))
    return keys
