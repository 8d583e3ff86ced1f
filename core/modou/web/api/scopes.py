"""What tokens may be used for: the scopes of the core's endpoints."""

from modou.declarations import ApiScope
from modou.i18n import _

PROFILE_READ = ApiScope("profile:read", _("Read who you are"))
COURSES_READ = ApiScope("courses:read", _("Read courses and their outlines"))
ENROLMENTS_READ = ApiScope("enrolments:read", _("Read who takes part in courses, and progress"))
ENROLMENTS_WRITE = ApiScope("enrolments:write", _("Enrol people and end enrolments"))
GRADES_READ = ApiScope("grades:read", _("Read grades"))
GRADES_WRITE = ApiScope("grades:write", _("Give grades"))
USERS_READ = ApiScope("users:read", _("Read accounts, masked"))
STUDY_READ = ApiScope("study:read", _("Read study time"))
STUDY_WRITE = ApiScope("study:write", _("Study in your name"))
