"""The audit trail: the journal read backwards, for people who watch over others."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from modou.declarations import Event
from modou.i18n import TranslationString, _
from modou.permissions import Capability
from modou.services.occasion import Occasion

#: Events looked at for one page of a filtered trail, so that a rare kind cannot keep it busy.
SCANNED = 20_000

#: Kinds of event -> what happened, in words. Others are shown by their short names.
KINDS: dict[str, TranslationString] = {
    "registered": _("Account created"),
    "signed_in": _("Signed in"),
    "sign_in_failed": _("Sign-in failed"),
    "sessions_ended": _("Signed out on other devices"),
    "account_changed": _("Account changed"),
    "account_suspended": _("Account suspended"),
    "account_reopened": _("Account reopened"),
    "activation_issued": _("One-time code issued"),
    "password_changed": _("Password changed"),
    "reset_requested": _("New password asked for by mail"),
    "email_confirmed": _("E-mail address confirmed"),
    "identity_changed": _("ID document recorded or changed"),
    "identity_reviewed": _("ID document reviewed"),
    "identity_revealed": _("ID number looked at"),
    "role_granted": _("Role granted"),
    "role_revoked": _("Role revoked"),
    "role_created": _("Role created"),
    "role_changed": _("Role changed"),
    "role_deleted": _("Role deleted"),
    "invitation_created": _("Invitation created"),
    "invitation_revoked": _("Invitation revoked"),
    "settings_changed": _("Settings changed"),
    "enrolled": _("Enrolled"),
    "unenrolled": _("Enrolment ended"),
    "enrolment_changed": _("Enrolment changed"),
    "enrol_limits_changed": _("Places or times of enrolment changed"),
    "participants_exported": _("Participants exported"),
    "roster_started": _("Roster import started"),
    "roster_cancelled": _("Roster import stopped"),
    "roster_discarded": _("Details of a roster deleted"),
    "roster_result_fetched": _("Result of a roster fetched"),
    "cohort_created": _("Cohort created"),
    "cohort_changed": _("Cohort changed"),
    "cohort_joined": _("Joined a cohort"),
    "cohort_left": _("Left a cohort"),
    "cohort_enrolled": _("Cohort enrolled in a course"),
    "cohort_unenrolled": _("Cohort taken out of a course"),
    "course_created": _("Course created"),
    "course_changed": _("Course changed"),
    "course_deleted": _("Course deleted"),
    "published": _("Course published"),
    "activity_deleted": _("Activity deleted"),
    "completed": _("Completed"),
    "completion_withdrawn": _("Completion withdrawn"),
    "graded": _("Grade changed"),
    "grades_set_up": _("Grade book set up"),
    "grades_imported": _("Grades imported"),
    "grades_exported": _("Grades exported"),
}


@dataclass(slots=True)
class TrailPage:
    """A page of the trail, newest first.

    :param before: time (UTC microseconds) in front of which the next page begins; 0: the end
    :param cut: whether the page ends because enough was looked at, not because it is full
    """

    events: list[Event] = field(default_factory=list)
    before: int = 0
    cut: bool = False


def trail(
    occasion: Occasion, *, kind: str = "", user: int = 0, before: int = 0, limit: int = 50
) -> TrailPage:
    """What happened, newest first.

    :param kind: only this kind of event
    :param user: id of a user who did it or whom it is about
    :param before: only what is older than this time (UTC microseconds)
    """
    occasion.require(Capability.AUDIT_VIEW)
    page = TrailPage()
    for number, event in enumerate(_events(occasion, before)):
        # Pages are cut between two times, never among events of the same microsecond.
        last = page.before
        if last and event.time < last and (len(page.events) >= limit or number >= SCANNED):
            page.cut = len(page.events) < limit
            return page
        page.before = event.time
        if (not kind or event.kind == kind) and (not user or user in (event.actor, event.subject)):
            page.events.append(event)
    page.before = 0
    return page


def _events(occasion: Occasion, before: int) -> Iterator[Event]:
    return occasion.site.journal.newest_first(before)
