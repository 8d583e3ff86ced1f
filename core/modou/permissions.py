"""Capabilities, the levels they can be granted at, and what each default role may do.

A *capability* is a string `<resource>:<action>`. A *role* is a named set of capabilities. A role
is granted to a user in a *context* (the site, a category, a course, a cohort) and holds for
everything below it: what is granted on a category holds in its courses. Whatever is not granted
is denied. Plugins add capabilities of their own by the hook `capabilities`.

``docs/reference/permissions.md`` is checked against this module by a test.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modou.i18n import TranslationString, _


class Level(StrEnum):
    """Where a role can be granted."""

    SITE = "site"
    CATEGORY = "category"
    COURSE = "course"
    COHORT = "cohort"


class Capability(StrEnum):
    """The core's capabilities. The docstring of each is shown to the system admin."""

    # activities
    ACTIVITY_VIEW = "activity:view"
    ACTIVITY_EDIT = "activity:edit"
    # site administration
    ADMIN_VIEW = "admin:view"
    AUDIT_VIEW = "audit:view"
    # programs
    API_TOKEN = "api:token"  # noqa: S105 - the name of a right
    # categories
    CATEGORY_EDIT = "category:edit"
    # cohorts
    COHORT_VIEW = "cohort:view"
    COHORT_EDIT = "cohort:edit"
    COHORT_MEMBERS = "cohort:members"
    # courses
    COURSE_PREVIEW = "course:preview"
    COURSE_VIEW = "course:view"
    COURSE_VIEW_DRAFT = "course:view-draft"
    COURSE_CREATE = "course:create"
    COURSE_EDIT = "course:edit"
    COURSE_PUBLISH = "course:publish"
    COURSE_DELETE = "course:delete"
    # enrolments
    ENROL_SELF = "enrol:self"
    ENROL_MANAGE = "enrol:manage"
    ENROL_IMPORT = "enrol:import"
    # grades
    GRADE_VIEW_OWN = "grade:view-own"
    GRADE_VIEW = "grade:view"
    GRADE_EDIT = "grade:edit"
    GRADE_SETUP = "grade:setup"
    GRADE_EXPORT = "grade:export"
    # operations
    HEALTH_VIEW = "health:view"
    JOBS_MANAGE = "jobs:manage"
    PARTICIPANTS_VIEW = "participants:view"
    PLUGINS_VIEW = "plugins:view"
    PLUGINS_MANAGE = "plugins:manage"
    PROGRESS_OWN = "progress:own"
    PROGRESS_VIEW = "progress:view"
    ROLES_VIEW = "roles:view"
    ROLES_EDIT = "roles:edit"
    ROLES_ASSIGN = "roles:assign"
    SETTINGS_VIEW = "settings:view"
    SETTINGS_EDIT = "settings:edit"
    # study time
    STUDY_VIEW = "study:view"
    STUDY_CORRECT = "study:correct"
    STUDY_DECIDE = "study:decide"
    STUDY_POLICY = "study:policy"
    # people
    USER_VIEW = "user:view"
    USER_CREATE = "user:create"
    USER_EDIT = "user:edit"
    USER_IDENTITY = "user:identity"
    USER_SESSIONS = "user:sessions"
    USER_INVITE = "user:invite"


C = Capability

#: What each capability lets a person do, for the roles page and the reference.
DESCRIPTIONS: dict[str, TranslationString] = {
    C.ACTIVITY_VIEW: _("Open the activities of a course"),
    C.ACTIVITY_EDIT: _("Add, change, move and delete activities and sections"),
    C.ADMIN_VIEW: _("Enter the administration area"),
    C.API_TOKEN: _("Make tokens, by which programs use the site in one's name"),
    C.AUDIT_VIEW: _("Read the audit trail"),
    C.CATEGORY_EDIT: _("Add, rename, move and delete course categories"),
    C.COHORT_VIEW: _("See cohorts and their members"),
    C.COHORT_EDIT: _("Create cohorts and change their data"),
    C.COHORT_MEMBERS: _("Add and remove members of a cohort"),
    C.COURSE_PREVIEW: _("See a published course in the catalogue"),
    C.COURSE_VIEW: _("Enter a course"),
    C.COURSE_VIEW_DRAFT: _("Enter a course that is not published or is hidden"),
    C.COURSE_CREATE: _("Create courses"),
    C.COURSE_EDIT: _("Change a course's data"),
    C.COURSE_PUBLISH: _("Publish a course and take it down"),
    C.COURSE_DELETE: _("Delete a course"),
    C.ENROL_SELF: _("Enrol oneself where the course allows it"),
    C.ENROL_MANAGE: _("Enrol and unenrol people"),
    C.ENROL_IMPORT: _("Import rosters"),
    C.GRADE_VIEW_OWN: _("See one's own grades"),
    C.GRADE_VIEW: _("See everybody's grades"),
    C.GRADE_EDIT: _("Give, override and exclude grades"),
    C.GRADE_SETUP: _("Set up grade items, categories and scales"),
    C.GRADE_EXPORT: _("Export and import grades"),
    C.HEALTH_VIEW: _("See the state of the system"),
    C.JOBS_MANAGE: _("Retry and cancel background jobs"),
    C.PARTICIPANTS_VIEW: _("See who takes part in a course"),
    C.PLUGINS_VIEW: _("See the plugins"),
    C.PLUGINS_MANAGE: _("Change the settings of plugins"),
    C.PROGRESS_OWN: _("Make progress in a course"),
    C.PROGRESS_VIEW: _("See everybody's progress"),
    C.ROLES_VIEW: _("See roles and what they may do"),
    C.ROLES_EDIT: _("Change what roles may do"),
    C.ROLES_ASSIGN: _("Grant roles to people"),
    C.SETTINGS_VIEW: _("See the settings of the site"),
    C.SETTINGS_EDIT: _("Change the settings of the site"),
    C.STUDY_VIEW: _("See who studied what, when and for how long"),
    C.STUDY_CORRECT: _("Propose corrections of study time"),
    C.STUDY_DECIDE: _("Decide on other people's corrections of study time"),
    C.STUDY_POLICY: _("Set the rules of study time in a course"),
    C.USER_VIEW: _("See people's accounts, masked"),
    C.USER_CREATE: _("Create accounts"),
    C.USER_EDIT: _("Change, suspend and reopen accounts"),
    C.USER_IDENTITY: _("See full ID numbers and phone numbers"),
    C.USER_SESSIONS: _("See and end other people's sessions"),
    C.USER_INVITE: _("Invite people to register"),
}


@dataclass(frozen=True, slots=True)
class RoleDefault:
    """A role as a fresh site has it. `levels`: where it may be granted; empty = implied."""

    name: str
    title: TranslationString
    capabilities: frozenset[str]
    levels: frozenset[Level] = frozenset()


def _role(
    name: str, title: TranslationString, levels: Iterable[Level], *capabilities: Iterable[str]
) -> RoleDefault:
    together = frozenset(str(c) for group in capabilities for c in group)
    return RoleDefault(name, title, together, frozenset(levels))


_TAKE_PART = (C.COURSE_VIEW, C.ACTIVITY_VIEW, C.PROGRESS_OWN, C.GRADE_VIEW_OWN)
_WATCH = (
    C.COURSE_VIEW,
    C.COURSE_VIEW_DRAFT,
    C.ACTIVITY_VIEW,
    C.PARTICIPANTS_VIEW,
    C.PROGRESS_VIEW,
    C.GRADE_VIEW,
    C.COHORT_VIEW,
    C.STUDY_VIEW,
)
_TEACH = (C.COURSE_EDIT, C.ACTIVITY_EDIT, C.GRADE_EDIT, C.GRADE_SETUP, C.GRADE_EXPORT)
_ENROL = (C.ENROL_MANAGE, C.ENROL_IMPORT, C.COHORT_EDIT, C.COHORT_MEMBERS)
_DECIDE_STUDY = (C.STUDY_CORRECT, C.STUDY_DECIDE, C.STUDY_POLICY)
_RUN_COURSES = (C.CATEGORY_EDIT, C.COURSE_CREATE, C.COURSE_PUBLISH, C.COURSE_DELETE)
_PROGRAMS = (C.API_TOKEN,)
_RUN_PEOPLE = (C.USER_VIEW, C.USER_CREATE, C.USER_EDIT, C.USER_INVITE)
_SYSTEM = (
    C.ADMIN_VIEW,
    C.HEALTH_VIEW,
    C.JOBS_MANAGE,
    C.PLUGINS_VIEW,
    C.PLUGINS_MANAGE,
    C.ROLES_VIEW,
    C.ROLES_EDIT,
    C.ROLES_ASSIGN,
    C.SETTINGS_VIEW,
    C.SETTINGS_EDIT,
    C.USER_VIEW,
    C.USER_CREATE,
    C.USER_EDIT,
    C.USER_SESSIONS,
    C.USER_INVITE,
)
_SITE_OR_CATEGORY = (Level.SITE, Level.CATEGORY)

#: Role -> what it may do on a fresh site. `everyone` and `member` (anybody signed in) are implied.
DEFAULT_ROLES: tuple[RoleDefault, ...] = (
    _role("everyone", _("Everyone"), (), [C.COURSE_PREVIEW]),
    _role("member", _("Anybody signed in"), (), [C.COURSE_PREVIEW, C.ENROL_SELF]),
    _role("learner", _("Learner"), [Level.COURSE], _TAKE_PART),
    _role(
        "teacher",
        _("Teacher"),
        [Level.CATEGORY, Level.COURSE],
        [C.COURSE_PREVIEW, C.STUDY_CORRECT],
        _WATCH,
        _TEACH,
        _PROGRAMS,
    ),
    _role(
        "class_teacher",
        _("Class teacher"),
        [Level.COURSE, Level.COHORT],
        [C.STUDY_CORRECT],
        _WATCH,
    ),
    _role(
        "institution_admin",
        _("Institution admin"),
        _SITE_OR_CATEGORY,
        [C.ADMIN_VIEW, C.GRADE_EXPORT],
        _WATCH,
        _DECIDE_STUDY,
        _ENROL,
        _RUN_PEOPLE,
        _PROGRAMS,
    ),
    _role(
        "content_reviewer",
        _("Content reviewer"),
        _SITE_OR_CATEGORY,
        [C.COURSE_VIEW, C.COURSE_VIEW_DRAFT, C.ACTIVITY_VIEW, C.COURSE_PUBLISH],
    ),
    _role(
        "operator",
        _("Operator"),
        _SITE_OR_CATEGORY,
        [C.ADMIN_VIEW, C.HEALTH_VIEW, C.JOBS_MANAGE, C.PLUGINS_VIEW],
        [C.SETTINGS_VIEW, C.SETTINGS_EDIT],
        [C.ROLES_VIEW, C.ROLES_ASSIGN],
        _WATCH,
        _TEACH,
        _DECIDE_STUDY,
        _ENROL,
        _RUN_COURSES,
        _RUN_PEOPLE,
        _PROGRAMS,
    ),
    _role(
        "supervisor",
        _("Labour bureau supervisor (read only)"),
        _SITE_OR_CATEGORY,
        [C.ADMIN_VIEW, C.USER_VIEW, C.GRADE_VIEW],
        _WATCH,
    ),
    _role(
        "security_auditor",
        _("Security auditor"),
        [Level.SITE],
        [C.ADMIN_VIEW, C.AUDIT_VIEW, C.HEALTH_VIEW, C.PLUGINS_VIEW, C.ROLES_VIEW, C.SETTINGS_VIEW],
        [C.USER_VIEW],
    ),
    _role("system_admin", _("System admin"), [Level.SITE], _SYSTEM, _PROGRAMS),
)

#: Held back in a course that is not published (or is hidden) from all who lack COURSE_VIEW_DRAFT.
NEEDS_PUBLISHED: frozenset[str] = frozenset(
    str(c)
    for c in (
        C.COURSE_PREVIEW,
        C.COURSE_VIEW,
        C.ACTIVITY_VIEW,
        C.ENROL_SELF,
        C.PROGRESS_OWN,
        C.GRADE_VIEW_OWN,
    )
)
