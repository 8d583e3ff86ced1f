"""Who may open which address, and send what to it: every route, method and default role.

`MATRIX` says it, one line a route: method -> who gets through. Everybody else is turned away (403,
or to the sign-in). A method that a line does not name is answered by nobody (404, 405). A route
without a line fails `test_every_route_has_a_line`.

**To extend**: a new route needs one line here; a placeholder that is new in its pattern needs a
value in `Scene.placeholders`; if an empty POST is answered by 404 or 403 for reasons of its own,
put into `Scene.forms` what a form would send.

Nothing that a request changes is kept (`tm.commit_veto`), so all requests meet the same scene.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request
from webtest import TestApp, TestResponse

from modou.models.cohorts import Cohort
from modou.permissions import DEFAULT_ROLES, Level
from modou.services import (
    cohorts,
    enrol_methods,
    enrolling,
    files,
    grading,
    jobs,
    recovery,
    rosters,
    sessions,
)
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_username
from modou.store.containers import encode_id
from modou.web.security import SESSION_COOKIE, CSRFPolicy
from tests import factories
from tests.conftest import SiteUnderTest

METHODS = ("GET", "POST")
VISITOR = "visitor"
#: Who asks: a visitor, somebody without any role, and a holder of each default role at the widest
#: level at which it can be granted (the learner by enrolment, over the cohort).
PEOPLE = (
    VISITOR,
    "member",
    "learner",
    "teacher",
    "class_teacher",
    "institution_admin",
    "content_reviewer",
    "operator",
    "supervisor",
    "security_auditor",
    "system_admin",
)


def _veto(request: Any, response: Any) -> bool:
    """Keep nothing of any request."""
    return True


def only(names: str) -> frozenset[str]:
    people = frozenset(names.split())
    assert people <= frozenset(PEOPLE)
    return people


#: Somebody who has all that can be granted, but in another category and another course.
ELSEWHERE = "elsewhere"
#: Routes on the site that are open to whoever has the right in any category.
IN_ANY_CATEGORY = frozenset({"course_new", "profile_tokens"})
EVERYBODY = frozenset(PEOPLE)
SIGNED_IN = EVERYBODY - {VISITOR}
NOBODY = frozenset[str]()
COURSE_READERS = only(
    "learner teacher class_teacher institution_admin content_reviewer operator supervisor"
)
COURSE_WATCHERS = only("teacher class_teacher institution_admin operator supervisor")
COURSE_EDITORS = only("teacher operator")
STUDY_DECIDERS = only("institution_admin operator")
STUDY_CORRECTORS = only("teacher class_teacher institution_admin operator")
PUBLISHERS = only("content_reviewer operator")
ENROLLERS = only("institution_admin operator")
COHORT_WATCHERS = only("institution_admin operator supervisor")
ADMINISTRATION = only("institution_admin operator supervisor security_auditor system_admin")
ACCOUNT_EDITORS = only("institution_admin operator system_admin")
SETTINGS_READERS = only("operator security_auditor system_admin")
TOKEN_MAKERS = only("teacher institution_admin operator system_admin")
OPERATOR = only("operator")
LEARNER = only("learner")
AUDITOR = only("security_auditor")
SYSTEM_ADMIN = only("system_admin")


def line(
    get: frozenset[str] | None = None, post: frozenset[str] | None = None
) -> dict[str, frozenset[str]]:
    return {m: who for m, who in (("GET", get), ("POST", post)) if who is not None}


MATRIX: dict[str, dict[str, frozenset[str]]] = {
    # the front
    "home": line(EVERYBODY, EVERYBODY),
    "preferences": line(None, EVERYBODY),
    "theme_css": line(EVERYBODY, EVERYBODY),
    "theme_picture": line(),  # none is uploaded
    # signing in, accounts
    "login": line(EVERYBODY, EVERYBODY),
    "logout": line(None, EVERYBODY),
    "register": line(EVERYBODY, EVERYBODY),
    "forgot": line(EVERYBODY, EVERYBODY),
    "reset": line(EVERYBODY, EVERYBODY),  # whoever has the token
    "confirm_email": line(EVERYBODY, EVERYBODY),  # likewise
    "profile": line(SIGNED_IN, SIGNED_IN),
    "profile_identity": line(SIGNED_IN, SIGNED_IN),
    "profile_password": line(SIGNED_IN, SIGNED_IN),
    "profile_sessions": line(SIGNED_IN, SIGNED_IN),
    "profile_consents": line(SIGNED_IN, SIGNED_IN),
    "profile_data": line(SIGNED_IN, SIGNED_IN),
    "consents": line(SIGNED_IN, SIGNED_IN),
    "consent": line(EVERYBODY, EVERYBODY),
    "profile_tokens": line(TOKEN_MAKERS, TOKEN_MAKERS),
    # courses
    "catalogue": line(EVERYBODY, EVERYBODY),
    "my_courses": line(SIGNED_IN, SIGNED_IN),
    "my_grades": line(SIGNED_IN, SIGNED_IN),
    "course_new": line(OPERATOR, OPERATOR),
    "category": line(EVERYBODY, EVERYBODY),
    "course": line(COURSE_READERS, COURSE_READERS),
    "course_about": line(EVERYBODY, EVERYBODY),
    "course_edit": line(COURSE_EDITORS, COURSE_EDITORS),
    "course_publish": line(PUBLISHERS, PUBLISHERS),
    "course_delete": line(OPERATOR, OPERATOR),
    "course_cover": line(),  # covers are files
    "course_outline": line(COURSE_EDITORS, COURSE_EDITORS),
    "course_order": line(None, COURSE_EDITORS),
    "section_new": line(COURSE_EDITORS, COURSE_EDITORS),
    "section_edit": line(COURSE_EDITORS, COURSE_EDITORS),
    "section_delete": line(COURSE_EDITORS, COURSE_EDITORS),
    "activity_new": line(COURSE_EDITORS, COURSE_EDITORS),
    "activity": line(COURSE_READERS, COURSE_READERS),
    "activity_edit": line(COURSE_EDITORS, COURSE_EDITORS),
    "activity_delete": line(COURSE_EDITORS, COURSE_EDITORS),
    "activity_copy": line(None, COURSE_EDITORS),
    "activity_done": line(None, LEARNER),
    # files
    "file": line(EVERYBODY),  # whoever has the signed address
    "uploads": line(None, SIGNED_IN),  # and who has a ticket: test_uploads.py
    "upload": line(),  # speaks HEAD, PATCH, DELETE
    # ways into a course, who takes part
    "course_enrol": line(SIGNED_IN, SIGNED_IN),
    "course_leave": line(SIGNED_IN, LEARNER),
    "course_enrol_methods": line(COURSE_EDITORS, COURSE_EDITORS),
    "participants": line(COURSE_WATCHERS, ENROLLERS),
    "participants_add": line(ENROLLERS, ENROLLERS),
    "participants_cohort": line(ENROLLERS, ENROLLERS),
    "participants_export": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "participant": line(COURSE_WATCHERS, ENROLLERS),
    "course_roster_template": line(ENROLLERS, ENROLLERS),
    "course_roster": line(ENROLLERS, ENROLLERS),
    "course_roster_job": line(ENROLLERS, ENROLLERS),
    "course_roster_result": line(ENROLLERS, ENROLLERS),
    # grades
    "grade_book": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "grade_cell": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_history": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "grade_setup": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_item_new": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_item": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_category_new": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_category": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_order": line(None, COURSE_EDITORS),
    "grade_scale": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_export": line(COURSE_EDITORS | ENROLLERS, COURSE_EDITORS | ENROLLERS),
    "grade_import": line(COURSE_EDITORS, COURSE_EDITORS),
    "grade_report": line(LEARNER, LEARNER),
    "grade_report_user": line(COURSE_WATCHERS, COURSE_WATCHERS),
    # study time
    "my_study": line(SIGNED_IN, SIGNED_IN),
    "study": line(LEARNER, LEARNER),
    "study_class": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "study_person": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "study_lesson": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "study_appeal": line(LEARNER, LEARNER),
    "study_correct": line(STUDY_CORRECTORS, STUDY_CORRECTORS),
    "study_papers": line(COURSE_WATCHERS, COURSE_WATCHERS),
    "study_rules": line(STUDY_DECIDERS, STUDY_DECIDERS),
    # cohorts
    "cohorts": line(COHORT_WATCHERS, COHORT_WATCHERS),
    "cohort_new": line(ENROLLERS, ENROLLERS),
    "cohort": line(COHORT_WATCHERS, ENROLLERS),
    "cohort_edit": line(ENROLLERS, ENROLLERS),
    "cohort_members": line(COHORT_WATCHERS, ENROLLERS),
    # administration
    "admin": line(ADMINISTRATION, ADMINISTRATION),
    "admin_categories": line(ADMINISTRATION, ADMINISTRATION),
    "admin_category_new": line(OPERATOR, OPERATOR),
    "admin_category": line(OPERATOR, OPERATOR),
    "admin_courses": line(ADMINISTRATION, ADMINISTRATION),
    "admin_users": line(ADMINISTRATION, ADMINISTRATION),
    "admin_user_new": line(ACCOUNT_EDITORS, ACCOUNT_EDITORS),
    "admin_roster": line(ENROLLERS, ENROLLERS),
    "admin_roster_template": line(ENROLLERS, ENROLLERS),
    "admin_roster_job": line(ENROLLERS, ENROLLERS),
    "admin_roster_result": line(ENROLLERS, ENROLLERS),
    "admin_user": line(ADMINISTRATION, ACCOUNT_EDITORS),
    "admin_user_identity": line(ADMINISTRATION, ACCOUNT_EDITORS),
    "admin_user_roles": line(ADMINISTRATION, OPERATOR | SYSTEM_ADMIN),
    "admin_user_sessions": line(SYSTEM_ADMIN, SYSTEM_ADMIN),
    "admin_user_status": line(None, ACCOUNT_EDITORS),
    "admin_invitations": line(ACCOUNT_EDITORS, ACCOUNT_EDITORS),
    "admin_roles": line(SETTINGS_READERS, SYSTEM_ADMIN),
    "admin_role": line(SETTINGS_READERS, SYSTEM_ADMIN),
    "admin_settings": line(SETTINGS_READERS, OPERATOR | SYSTEM_ADMIN),
    "admin_consents": line(SETTINGS_READERS, OPERATOR | SYSTEM_ADMIN),
    "admin_study": line(SETTINGS_READERS, only("operator system_admin")),
    "admin_theme": line(SETTINGS_READERS, OPERATOR | SYSTEM_ADMIN),
    "admin_plugins": line(SETTINGS_READERS, SETTINGS_READERS),
    "admin_plugin": line(SETTINGS_READERS, SYSTEM_ADMIN),
    "admin_audit": line(AUDITOR, AUDITOR),
    "admin_health": line(SETTINGS_READERS, SETTINGS_READERS),
    "admin_jobs": line(SETTINGS_READERS, OPERATOR | SYSTEM_ADMIN),
    "admin_schedule": line(SETTINGS_READERS, SETTINGS_READERS),
    "job_progress": line(SETTINGS_READERS, SETTINGS_READERS),  # and whoever asked for the job
    # programs; every endpoint has its own line in tests/functional/api/test_api_matrix.py
    "api": line(),
    "api_docs": line(EVERYBODY),
    "api_openapi": line(EVERYBODY),
    # machines that watch
    "healthz": line(EVERYBODY, EVERYBODY),
    "readyz": line(EVERYBODY, EVERYBODY),
    "plugin_stats": line(),  # only within the process and its siblings
}


class Scene:
    """A site in which everything exists that an address can name, and everybody of `PEOPLE`.

    :param settings: of the site
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.site = SiteUnderTest(folder, **{"tm.commit_veto": _veto, **settings})
        with self.site.occasion() as occasion:
            root = occasion.site
            category = factories.category(occasion)
            course = factories.course(occasion, activities=1)
            course.category = category
            activity = next(course.ordered_activities())
            item = grading.add_item(occasion, course, {"title": "实操考核"})
            group = grading.add_category(occasion, course, {"title": "平时"})
            cohort = root.cohorts.add(Cohort("低压电工 2026-11 班", "2026-11"))
            learner = factories.user(occasion, "learner", "王芳")
            cohorts.add_members(occasion, cohort, [learner])
            method = occasion.assembled.enrol_methods["self"]
            enrol_methods.change_method(occasion, course, method, opened=True)
            enrolling.admit(occasion, course, [learner], method="self")
            factories.user(occasion, "member")
            self._grant_roles(occasion, {"category": category, "course": course})
            self._grant_elsewhere(occasion)
            somebody = factories.user(occasion, "somebody")
            somebody.email = "somebody@example.com"
            roster = "姓名,用户名\n李雷,lilei\n".encode()
            site_job = rosters.upload(occasion, BytesIO(roster), "roster.csv")
            course_job = rosters.upload(occasion, BytesIO(roster), "roster.csv", course)
            picture = files.store(occasion, b"%PDF-1.4\n%%EOF\n", "a.pdf", "public")
            signer = files.Signer(files.secret("", occasion.keys), 7200)
            #: Placeholder of a pattern -> what stands for it.
            self.placeholders = {
                "activity": activity.key,
                "category": category.key,
                "cohort": cohort.key,
                "consent": "privacy",
                "course": course.key,
                "format": "csv",
                "item": item.key,
                "name": "logo",
                "revision": "0",
                "size": "small",
                "plugin": "builtin",
                "rest": "nowhere",
                "role": "teacher",
                "section": encode_id(course.outline[0].id),
                "type": "page",
                "user": learner.key,
                "version": "0",
                "upload": "1298wv0hwgg0n",
            }
            #: Route -> values of its own.
            self.special = {
                "admin_roster_job": {"job": site_job.key},
                "admin_roster_result": {"job": site_job.key},
                "confirm_email": {"token": recovery.make_token(occasion, somebody, "email")},
                "course_roster_job": {"job": course_job.key},
                "course_roster_result": {"job": course_job.key},
                "file": signer.parts(picture, occasion.now),
                "grade_category": {"item": group.key},
                "job_progress": {"job": jobs.enqueue(occasion, "drop_old_jobs").key},
                "reset": {"token": recovery.make_token(occasion, somebody, "reset")},
            }
            #: Route -> what is sent by POST, where an empty form is not enough.
            self.forms = {
                "admin_jobs": {"action": "start", "name": "drop_old_jobs"},
                "admin_user_identity": {
                    "action": "set",
                    "id_type": "id_card",
                    "id_number": "11010519491231002X",
                },
                "course_enrol": {"method": "self"},
                "grade_order": {"node": item.key, "step": "up"},
                "participants": {"action": "suspend"},
                "profile_consents": {"give": "regulator"},
                "participants_cohort": {"cohort": cohort.key},
            }
        people = (*PEOPLE[1:], ELSEWHERE)
        self._cookies = {name: self._sign_in(name) for name in people}

    def _grant_roles(self, occasion: Occasion, contexts: dict[str, Any]) -> None:
        for role in DEFAULT_ROLES:
            if not role.levels or role.name == "learner":
                continue
            level = next(level for level in Level if level in role.levels)
            context = contexts.get(level)
            user = factories.user(occasion, role.name)
            user.grant(level, context.id if context is not None else 0, role.name)

    def _grant_elsewhere(self, occasion: Occasion) -> None:
        category = factories.category(occasion, "焊工")
        course = factories.course(occasion, "熔化焊接")
        course.category = category
        user = factories.user(occasion, ELSEWHERE)
        factories.enrolment(occasion, course, user)
        for role in DEFAULT_ROLES:
            if Level.CATEGORY in role.levels:
                user.grant(Level.CATEGORY, category.id, role.name)
            if Level.COURSE in role.levels:
                user.grant(Level.COURSE, course.id, role.name)

    def _sign_in(self, username: str) -> str:
        with self.site.occasion() as occasion:
            user = find_by_username(occasion, username)
            assert user is not None
            return sessions.start(occasion, user)

    @property
    def mapper(self) -> Any:
        return self.site.registry.getUtility(IRoutesMapper)

    def path(self, route: str) -> str:
        """The address of what the scene holds for the route.

        :raises KeyError: its pattern has a placeholder without a value
        """
        path: str = self.mapper.generate(
            route, {**self.placeholders, **self.special.get(route, {})}
        )
        return path

    def send(self, person: str, method: str, path: str, form: dict[str, str]) -> TestResponse:
        """What `person` gets, with the token that a form of ours would have."""
        browser = TestApp(self.site.app, extra_environ={"HTTP_ORIGIN": "http://localhost"})
        headers = {}
        if person != VISITOR:
            cookie = self._cookies[person]
            browser.set_cookie(SESSION_COOKIE, cookie)
            request = Request.blank("/", cookies={SESSION_COOKIE: cookie})
            headers["X-CSRF-Token"] = CSRFPolicy().get_csrf_token(request)
        if method == "POST":
            return browser.post(path, form, headers=headers, expect_errors=True)
        return browser.get(path, headers=headers, expect_errors=True)


def outcome(answer: TestResponse) -> str:
    """Whether they are "in" or turned away ("out"), or "none" answers such a request."""
    status = answer.status_int
    assert status < 500, answer.text
    if status in {404, 405}:
        return "none"
    # 302: to the sign-in, or from a course to what it is about. Forms are answered with 303.
    return "out" if status in {302, 401, 403} else "in"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("matrix"))
    yield made
    made.site.close()


def routes(registry: Any) -> set[str]:
    """The names of all routes of the application but those of static files."""
    mapper = registry.getUtility(IRoutesMapper)
    return {r.name for r in mapper.get_routes() if not r.name.startswith("__")}


def test_every_route_has_a_line(scene: Scene) -> None:
    known = routes(scene.site.registry)
    lines = set(MATRIX)
    assert known - lines == set(), "routes without a line in MATRIX"
    assert lines - known == set(), "lines without a route"


@pytest.mark.parametrize("route", sorted(MATRIX))
def test_only_these_people_get_through(scene: Scene, route: str) -> None:
    path = scene.path(route)
    found: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for method in METHODS:
        allowed = MATRIX[route].get(method)
        for person in (*PEOPLE, ELSEWHERE):
            key = f"{method} {person}"
            found[key] = outcome(scene.send(person, method, path, scene.forms.get(route, {})))
            # Roles that hold elsewhere give nothing here.
            role = person
            if person == ELSEWHERE:
                role = "operator" if route in IN_ANY_CATEGORY else "member"
            if allowed is None:
                # Whether nobody answers or the person is turned away first is all the same.
                wanted[key] = found[key] if found[key] == "out" else "none"
            else:
                wanted[key] = "in" if role in allowed else "out"
    assert found == wanted
