"""What the core holds about a person, for the copy that they may have."""

from typing import Any

from modou.declarations import PersonalData, PrivacyArea
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.permissions import Capability
from modou.services import grading, sessions
from modou.services.occasion import Occasion
from modou.services.privacy import moment

HOLDS = (
    PersonalData(
        what=_("Account: name, ID document, phone, e-mail"),
        why=_("To know who learns: training is recorded under real names"),
        kept=_("As long as the account, and as long as the law wants its records"),
    ),
    PersonalData(
        what=_("Courses, study time, attendance, progress and grades"),
        why=_("To prove the training"),
        kept=_("Three years at least"),
        sent_to=_("The labour authority, where it asks for the records"),
    ),
    PersonalData(
        what=_("Consents, devices and addresses of sign-ins"),
        why=_("To protect the account, and to prove what was agreed to"),
        kept=_("Devices as long as they are signed in; the record of events three years at least"),
    ),
)


def _account(_occasion: Occasion, user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "email_confirmed": user.email_confirmed,
        # Whoever has got hold of a signed-in browser gets no number by this.
        "phone_masked": user.phone_masked,
        "id_type": user.id_type,
        "id_number_masked": user.id_masked,
        "profile": dict(user.profile),
        "language": user.locale,
        "appearance": dict(user.appearance),
        "created": moment(user.created),
        "came_by": user.source,
        "last_sign_in": moment(user.last_login),
        "roles": [
            {"level": level, "role": role}
            for (level, _id), roles in user.grants.items()
            for role in roles
        ],
    }


def _consents(_occasion: Occasion, user: User) -> list[dict[str, Any]]:
    return [
        {"consent": name, "version": one.version, "given": one.given, "time": moment(one.time)}
        for name, one in user.consents.items()
    ]


def _devices(occasion: Occasion, user: User) -> list[dict[str, Any]]:
    return [
        {
            "address": session.ip,
            "browser": session.agent,
            "signed_in": moment(session.created),
            "last_active": moment(session.seen),
        }
        for _key, session in sessions.of_user(occasion.site, user)
    ]


def _courses(occasion: Occasion, user: User) -> list[dict[str, Any]]:
    found = []
    for id in user.courses:
        course: Course | None = occasion.site.courses.get(id)
        enrolment = course.enrolments.get(user.id) if course is not None else None
        if course is None or enrolment is None:
            continue
        found.append(
            {
                "course": course.title,
                "role": enrolment.role,
                "came_by": enrolment.method,
                "status": enrolment.status,
                "enrolled": moment(enrolment.created),
                "starts": moment(enrolment.starts),
                "ends": moment(enrolment.ends),
                "completed": moment(enrolment.progress.course_completed),
                "activities": _activities(course, enrolment),
                "attendance": _attendance(enrolment),
                "grades": _grades(occasion, course, enrolment),
            }
        )
    return found


def _activities(course: Course, enrolment: Enrolment) -> list[dict[str, Any]]:
    progress = enrolment.progress
    studied = enrolment.study.activities if enrolment.study is not None else {}
    found = []
    for id in sorted({*progress.facts, *progress.completed, *studied}):
        activity = course.activities.get(id)
        row = {
            "activity": activity.title if activity is not None else None,
            # Percentages of grades stand under the grades, as far as they are shown.
            "known": {n: v for n, v in progress.facts_of(id).items() if n != "grade"},
            "completed": moment(progress.completed.get(id, 0)),
        }
        study = studied.get(id)
        if study is not None:
            row["study"] = {
                "credited_seconds": study.credited,
                "under_reserve_seconds": study.held_seconds,
                "taken_back_seconds": study.voided,
                "corrected_seconds": study.corrected,
                "first": moment(study.first),
                "last": moment(study.last),
            }
        found.append(row)
    return found


def _attendance(enrolment: Enrolment) -> list[dict[str, Any]]:
    if enrolment.study is None:
        return []
    return [
        {
            "began": moment(session.started // 1000),
            "ended": moment(session.ended // 1000),
            "how": session.how,
            "credited_seconds": session.credited,
            "taken_back_seconds": session.voided,
            "device": session.device,
            "address": session.ip,
            "browser": session.agent,
        }
        for session in enrolment.study.sessions.values()
    ]


def _grades(occasion: Occasion, course: Course, enrolment: Enrolment) -> list[dict[str, Any]]:
    if Capability.GRADE_VIEW_OWN not in occasion.capabilities(course):
        return []
    report = grading.report_of(occasion, course, enrolment)
    return [
        {
            "item": line.node.title,
            "points": line.grade.value,
            "by": line.grade.source,
            "time": moment(line.grade.time),
            "feedback": line.feedback,
        }
        for line in report.lines
        if line.is_item and line.grade.value is not None
    ]


AREAS = (
    PrivacyArea("account", _("Account"), _account),
    PrivacyArea("consents", _("Consents"), _consents),
    PrivacyArea("devices", _("Devices"), _devices),
    PrivacyArea("courses", _("Courses"), _courses),
)
