"""Who may call which endpoint: every endpoint, default role and scope; what is not named is denied.

`MATRIX` says it, one line an endpoint: who gets through with the session of a page, and so with a
token of theirs that has the scope. Without the scope nobody does. Endpoints that know their callers
by tokens of their own stand in `OWN`: nobody else gets through.

**To extend**: a new endpoint needs one line here, and what is sent to it in `Scene.sent`, if
anything must be.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pyramid.request import Request
from webtest import TestApp, TestResponse

from modou.models.api_tokens import ApiToken
from modou.services import api_tokens
from modou.services.user_index import find_by_username
from modou.store.containers import encode_id, new_id
from modou.web.security import SESSION_COOKIE, CSRFPolicy
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for
from tests.functional.test_permission_matrix import (
    ADMINISTRATION,
    COURSE_EDITORS,
    COURSE_READERS,
    COURSE_WATCHERS,
    ELSEWHERE,
    ENROLLERS,
    EVERYBODY,
    LEARNER,
    PEOPLE,
    SIGNED_IN,
    VISITOR,
)
from tests.functional.test_permission_matrix import Scene as PagesScene

FIRST_PARTY = ("lesson", "notices")

MATRIX: dict[str, frozenset[str]] = {
    # the asker
    "read_me": SIGNED_IN,
    "list_own_enrolments": SIGNED_IN,
    # courses
    "list_courses": SIGNED_IN,
    "read_course": SIGNED_IN,
    "read_outline": COURSE_READERS,
    # enrolments
    "list_enrolments": COURSE_WATCHERS,
    "read_enrolment": COURSE_WATCHERS,
    "create_enrolment": ENROLLERS,
    "change_enrolment": ENROLLERS,
    "end_enrolment": ENROLLERS,
    # grades
    "list_grade_items": COURSE_WATCHERS | LEARNER,
    "list_grades": COURSE_WATCHERS,
    "read_grades": COURSE_WATCHERS | LEARNER,
    "give_grade": COURSE_EDITORS,
    # accounts
    "list_users": ADMINISTRATION,
    "read_user": ADMINISTRATION,
    # studying: of one's own courses only
    "open_player": LEARNER,
    "read_study_state": LEARNER,
}
#: Endpoints that know their callers by tokens of their own.
OWN = frozenset({"take_beat", "answer_challenge", "resume_study", "leave_study"})
#: Endpoints that answer 404 about what does not concern the asker, and by which words. Whoever is
#: told something else (here: that a page is not studied by the clock) has got through.
HIDING = dict.fromkeys(
    ("open_player", "read_study_state"), "None of your courses has this activity."
)
#: Query strings by which an endpoint is another one: (name, query) -> who.
MORE: dict[tuple[str, str], frozenset[str]] = {
    ("list_courses", "of=all"): ADMINISTRATION,
}


class Scene(PagesScene):
    """The scene of the pages, with a token of everybody's for each scope."""

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self.table = self.site.registry.api
        self.scopes = list(self.site.registry.assembled.api_scopes)
        self.sent: dict[str, dict[str, Any]] = {
            "create_enrolment": {"username": "member"},
            "change_enrolment": {"status": "suspended"},
            "give_grade": {"value": 50},
            "open_player": {"activity": self.placeholders["activity"]},
        }
        self.queries = {"read_study_state": f"activity={self.placeholders['activity']}"}
        with self.site.occasion() as occasion:
            # So that everybody has tokens, and only the endpoint's own rule is judged.
            member = occasion.site.roles["member"]
            member.capabilities |= {"api:token"}
            self.tokens = {
                (person, scope): self._token(occasion, person, scope)
                for person in (*PEOPLE[1:], ELSEWHERE)
                for scope in self.scopes
            }

    @staticmethod
    def _token(occasion: Any, person: str, scope: str) -> str:
        user = find_by_username(occasion, person)
        assert user is not None
        text = f"{api_tokens.PREFIX}{person}-{scope}"
        token = ApiToken(user.id, scope, (scope,), occasion.now, occasion.now + 1_000)
        digest = api_tokens.digest_of(text)
        occasion.site.api["tokens"][digest] = token
        return text

    def call(self, name: str, query: str, person: str, scope: str) -> TestResponse:
        """What `person` gets: by a token with `scope`, or by the session where that is ""."""
        (endpoint,) = [one for one in self.table.endpoints if one.route.name == name]
        path = "/api/v1" + endpoint.route.path.format(**self.placeholders)
        app = TestApp(self.site.app)
        headers = {}
        if scope:
            headers["Authorization"] = f"Bearer {self.tokens[person, scope]}"
        elif person != VISITOR:
            cookie = self._cookies[person]
            app.set_cookie(SESSION_COOKIE, cookie)
            headers["Origin"] = "http://localhost"
            blank = Request.blank("/", cookies={SESSION_COOKIE: cookie})
            headers["X-CSRF-Token"] = CSRFPolicy().get_csrf_token(blank)
        method = endpoint.route.method
        query = query or self.queries.get(name, "")
        address = f"{path}?{query}" if query else path
        if endpoint.body is not None:
            sender = getattr(app, f"{method.lower()}_json")
            body = self.sent.get(name, {})
            return sender(address, body, headers=headers, expect_errors=True)
        return app.request(address, method=method, headers=headers, expect_errors=True)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    made = Scene(tmp_path_factory.mktemp("api-matrix"))
    yield made
    made.site.close()


def outcome(name: str, answer: TestResponse) -> str:
    """Whether they are "in" or turned away ("out")."""
    assert answer.status_int < 500, answer.text
    if name in HIDING and answer.status_int == 404:
        return "out" if answer.json["detail"] == HIDING[name] else "in"
    assert answer.status_int not in {404, 405, 422, 429}, answer.text
    return "out" if answer.status_int in {401, 403} else "in"


def test_every_endpoint_has_a_line(scene: Scene) -> None:
    known = {one.route.name for one in scene.table.endpoints}
    public = {one.route.name for one in scene.table.endpoints if one.route.auth == "public"}
    assert known - MATRIX.keys() - OWN == set(), "endpoints without a line in MATRIX or OWN"
    assert (MATRIX.keys() | OWN) - known == set(), "lines without an endpoint"
    assert {name for name, who in MATRIX.items() if who == EVERYBODY} == public


@pytest.mark.parametrize(
    ("name", "query", "allowed"),
    [
        *((name, "", who) for name, who in MATRIX.items()),
        *((name, query, who) for (name, query), who in MORE.items()),
    ],
)
def test_only_these_people_get_through(
    scene: Scene, name: str, query: str, allowed: frozenset[str]
) -> None:
    (endpoint,) = [one for one in scene.table.endpoints if one.route.name == name]
    needed = endpoint.route.scope
    found: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for person in (*PEOPLE, ELSEWHERE):
        # Roles that hold elsewhere give nothing here.
        may = (person if person != ELSEWHERE else "member") in allowed
        found[person] = outcome(name, scene.call(name, query, person, ""))
        wanted[person] = "in" if may else "out"
        if person == VISITOR:
            continue
        for scope in scene.scopes:
            key = f"{person} by {scope}"
            found[key] = outcome(name, scene.call(name, query, person, scope))
            fits = needed is None or needed.name == scope
            wanted[key] = wanted[person] if fits else "out"
    assert found == wanted


def test_nobody_gets_to_what_knows_its_own_tokens(scene: Scene) -> None:
    for name in OWN:
        for person in PEOPLE:
            assert outcome(name, scene.call(name, "", person, "")) == "out"


def test_the_plugins_endpoints_are_closed_too(make_site: Callable[..., SiteUnderTest]) -> None:
    """Of all first-party plugins: a visitor is not known, and another scope opens nothing."""
    site = make_site(**{"modou.plugins": " ".join(FIRST_PARTY)})
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
    client = Client(site)
    judged = 0
    for one in site.registry.api.endpoints:
        if one.plugin == "builtin" or one.route.auth == "public":
            continue
        judged += 1
        key = encode_id(new_id())
        path = one.route.path.format(**dict.fromkeys(one.placeholders, key))
        assert client(one.route.method, path).status_int == 401
        others = set(site.registry.assembled.api_scopes) - {getattr(one.route.scope, "name", "")}
        client.token = token_for(site, "olga", *others)
        answer = client(one.route.method, path)
        wanted = 401 if one.route.auth == "own" else 403
        assert answer.status_int == wanted, one.route.name
        client.token = ""
    assert judged
