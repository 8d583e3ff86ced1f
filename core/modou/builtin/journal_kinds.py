"""The kinds of event that the core records: what each is called, and what its values are.

Fields with a title are shown in the audit trail; fields without (ids, as a rule) are for machines.
Stored for ever: a field may be added, with a default, and none may change its meaning.
"""

from pydantic import Field

from modou.declarations import EventValues, JournalKind, Plain
from modou.i18n import _

_REASON = Field("", title=_("reason"))
_FIELDS: list[str] = Field(default=[], title=_("what"))
_BEFORE: dict[str, Plain] = Field(default={}, title=_("before"))
_AFTER: dict[str, Plain] = Field(default={}, title=_("after"))


class _Registered(EventValues):
    how: str = Field(title=_("came by"))


class _Fields(EventValues):
    fields: list[str] = _FIELDS


class _Reason(EventValues):
    reason: str = _REASON


class _ActivationIssued(EventValues):
    reset: bool = Field(title=_("password reset"))


class _ApiTokenMade(EventValues):
    token: int
    scopes: list[str] = Field(title=_("may"))
    expires: int = Field(title=_("good until"))


class _ApiTokenRevoked(EventValues):
    token: int


class _SignInFailed(EventValues):
    count: int = Field(title=_("in a row"))


class _IdentityChanged(EventValues):
    id_type: str = Field(title=_("document"))
    state: str = Field(title=_("state"))


class _IdentityReviewed(EventValues):
    accepted: bool = Field(title=_("accepted"))
    reason: str = _REASON


class _RoleOfSomebody(EventValues):
    role: str = Field(title=_("role"))
    level: str = Field(title=_("where"))
    context: int


class _RoleChanged(EventValues):
    role: str = Field(title=_("role"))
    title: str = Field("", title=_("title"))
    levels: list[str] = Field(default=[], title=_("where"))
    added: list[str] = Field(default=[], title=_("added"))
    removed: list[str] = Field(default=[], title=_("removed"))


class _InvitationCreated(EventValues):
    invitation: int
    places: int = Field(title=_("places"))
    expires: int = Field(title=_("good until"), json_schema_extra={"show": "day"})


class _InvitationOnly(EventValues):
    invitation: int


class _JobOnly(EventValues):
    job: str = Field(title=_("what"))


class _SettingsChanged(EventValues):
    section: str = Field(title=_("section"))
    settings: list[str] = Field(title=_("what"))


class _Enrolled(EventValues):
    enrolment: int
    method: str = Field(title=_("came by"))
    role: str = Field(title=_("role"))
    cohort: int = 0


class _EnrolmentOnly(EventValues):
    enrolment: int


class _EnrolmentChanged(EventValues):
    enrolment: int
    fields: list[str] = _FIELDS
    before: dict[str, Plain] = _BEFORE
    after: dict[str, Plain] = _AFTER


class _Counted(EventValues):
    count: int = Field(title=_("people"))


class _EnrolMethodChanged(EventValues):
    method: str = Field(title=_("what"))
    open: bool = Field(title=_("open"))


class _Changed(EventValues):
    before: dict[str, Plain] = _BEFORE
    after: dict[str, Plain] = _AFTER


class _RosterUploaded(EventValues):
    roster: int
    rows: int = Field(title=_("rows"))
    columns: list[str] = Field(title=_("columns"))


class _RosterOnly(EventValues):
    roster: int


class _RosterFinished(EventValues):
    roster: int
    create: int = Field(title=_("new accounts"))
    enrol: int = Field(title=_("enrolled"))
    same: int = Field(title=_("as before"))
    bad: int = Field(title=_("refused"))


class _CohortOnly(EventValues):
    cohort: int


class _CohortChanged(EventValues):
    cohort: int
    fields: list[str] = _FIELDS
    before: dict[str, Plain] = _BEFORE
    after: dict[str, Plain] = _AFTER


class _CategoryOnly(EventValues):
    category: int


class _CourseChanged(EventValues):
    fields: list[str] = _FIELDS
    before: dict[str, Plain] = _BEFORE
    after: dict[str, Plain] = _AFTER


class _CourseDeleted(EventValues):
    code: str = Field(title=_("code"))


class _SectionOnly(EventValues):
    section: int


class _ActivityAndType(EventValues):
    activity: int
    type: str = Field(title=_("type"))


class _ActivityOnly(EventValues):
    activity: int


class _Completion(EventValues):
    activity: int
    enrolment: int


class _Graded(EventValues):
    item: int
    value: float | None = Field(title=_("grade"))
    source: str = Field(title=_("came by"))
    before: float | None = Field(None, title=_("before"))


class _GradesSetUp(EventValues):
    what: str = Field(title=_("what"))
    id: int = 0


class _GradesExported(EventValues):
    learners: int = Field(title=_("people"))


class _GradesImported(EventValues):
    rows: int = Field(title=_("rows"))
    grades: int = Field(title=_("grades"))
    left: int = Field(title=_("left out"))


class _Consented(EventValues):
    consent: str = Field(title=_("what"))
    version: str = Field(title=_("version"))
    text: str


class _JournalArchived(EventValues):
    segments: int = Field(title=_("segments"))
    events: int = Field(title=_("records"))
    size: int


class _JournalExpired(EventValues):
    log: str
    through: int
    digest: str
    events: int = Field(title=_("records"))
    newest: int = Field(title=_("newest"), json_schema_extra={"show": "day"})


KINDS = (
    # Accounts
    JournalKind("registered", _("Account created"), _Registered),
    JournalKind("signed_in", _("Signed in")),
    JournalKind("sign_in_failed", _("Sign-in failed"), _SignInFailed),
    JournalKind("sessions_ended", _("Signed out on other devices")),
    JournalKind("api_token_made", _("API token made"), _ApiTokenMade),
    JournalKind("api_token_revoked", _("API token revoked"), _ApiTokenRevoked),
    JournalKind("account_changed", _("Account changed"), _Fields),
    JournalKind("account_suspended", _("Account suspended"), _Reason),
    JournalKind("account_reopened", _("Account reopened"), _Reason),
    JournalKind("activation_issued", _("One-time code issued"), _ActivationIssued),
    JournalKind("activation_used", _("One-time code used")),
    JournalKind("password_changed", _("Password changed")),
    JournalKind("reset_requested", _("New password asked for by mail")),
    JournalKind("email_confirmed", _("E-mail address confirmed")),
    JournalKind("identity_changed", _("ID document recorded or changed"), _IdentityChanged),
    JournalKind("identity_reviewed", _("ID document reviewed"), _IdentityReviewed),
    JournalKind("identity_revealed", _("ID number looked at"), _Reason),
    JournalKind("consented", _("Agreed"), _Consented),
    JournalKind("consent_refused", _("Refused a consent"), _Consented),
    JournalKind("consent_withdrawn", _("Withdrew a consent"), _Consented),
    JournalKind("privacy_copied", _("Had a copy of the own data")),
    # Roles, invitations, settings
    JournalKind("role_granted", _("Role granted"), _RoleOfSomebody),
    JournalKind("role_revoked", _("Role revoked"), _RoleOfSomebody),
    JournalKind("role_created", _("Role created"), _RoleChanged),
    JournalKind("role_changed", _("Role changed"), _RoleChanged),
    JournalKind("role_deleted", _("Role deleted"), _RoleChanged),
    JournalKind("invitation_created", _("Invitation created"), _InvitationCreated),
    JournalKind("invitation_revoked", _("Invitation revoked"), _InvitationOnly),
    JournalKind("settings_changed", _("Settings changed"), _SettingsChanged),
    JournalKind("journal_archived", _("Journal archived"), _JournalArchived),
    JournalKind("journal_expired", _("Old records deleted"), _JournalExpired),
    JournalKind("hold_placed", _("Legal hold placed"), _Reason),
    JournalKind("hold_released", _("Legal hold released"), _Reason),
    # Enrolment
    JournalKind("enrolled", _("Enrolled"), _Enrolled),
    JournalKind("enrol_key_refused", _("Wrong enrolment key"), _SignInFailed),
    JournalKind("unenrolled", _("Enrolment ended"), _EnrolmentOnly),
    JournalKind("enrolment_changed", _("Enrolment changed"), _EnrolmentChanged),
    JournalKind("enrol_method_changed", _("Way into a course changed"), _EnrolMethodChanged),
    JournalKind("enrol_limits_changed", _("Places or times of enrolment changed"), _Changed),
    JournalKind("participants_exported", _("Participants exported"), _Counted),
    JournalKind("job_started", _("Background job started"), _JobOnly),
    JournalKind("job_retried", _("Background job repeated"), _JobOnly),
    JournalKind("job_cancelled", _("Background job cancelled"), _JobOnly),
    JournalKind("roster_uploaded", _("Roster uploaded"), _RosterUploaded),
    JournalKind("roster_started", _("Roster import started"), _RosterOnly),
    JournalKind("roster_resumed", _("Roster import resumed"), _RosterOnly),
    JournalKind("roster_cancelled", _("Roster import stopped"), _RosterOnly),
    JournalKind("roster_finished", _("Roster import finished"), _RosterFinished),
    JournalKind("roster_discarded", _("Details of a roster deleted"), _RosterOnly),
    JournalKind("roster_result_fetched", _("Result of a roster fetched"), _RosterOnly),
    JournalKind("cohort_created", _("Cohort created"), _CohortOnly),
    JournalKind("cohort_changed", _("Cohort changed"), _CohortChanged),
    JournalKind("cohort_joined", _("Joined a cohort"), _CohortOnly),
    JournalKind("cohort_left", _("Left a cohort"), _CohortOnly),
    JournalKind("cohort_enrolled", _("Cohort enrolled in a course"), _CohortOnly),
    JournalKind("cohort_unenrolled", _("Cohort taken out of a course"), _CohortOnly),
    # Courses
    JournalKind("category_created", _("Course category created"), _CategoryOnly),
    JournalKind("category_changed", _("Course category changed"), _CategoryOnly),
    JournalKind("category_deleted", _("Course category deleted"), _CategoryOnly),
    JournalKind("course_created", _("Course created")),
    JournalKind("course_changed", _("Course changed"), _CourseChanged),
    JournalKind("course_deleted", _("Course deleted"), _CourseDeleted),
    JournalKind("published", _("Course published")),
    JournalKind("unpublished", _("Course taken back to draft")),
    JournalKind("section_created", _("Section created"), _SectionOnly),
    JournalKind("section_changed", _("Section changed"), _SectionOnly),
    JournalKind("section_deleted", _("Section deleted"), _SectionOnly),
    JournalKind("outline_arranged", _("Outline arranged")),
    JournalKind("activity_created", _("Activity created"), _ActivityAndType),
    JournalKind("activity_changed", _("Activity changed"), _ActivityAndType),
    JournalKind("activity_deleted", _("Activity deleted"), _ActivityOnly),
    # Learning and grades
    JournalKind("completed", _("Completed"), _Completion),
    JournalKind("completion_withdrawn", _("Completion withdrawn"), _Completion),
    JournalKind("graded", _("Grade changed"), _Graded),
    JournalKind("grades_set_up", _("Grade book set up"), _GradesSetUp),
    JournalKind("grades_imported", _("Grades imported"), _GradesImported),
    JournalKind("grades_exported", _("Grades exported"), _GradesExported),
)
