"""Who may call which endpoint: every endpoint, default role and scope; what is not named is denied.

`MATRIX` says it, one line an endpoint: who gets through with the session of a page, and so with a
token of theirs that has the scope. Without the scope nobody does. Endpoints that know their callers
by tokens of their own stand in `OWN`: nobody else gets through.

**To extend**: a new endpoint needs one line here, and what is sent to it in `Scene.sent`, if
anything must be.
"""

from base64 import b64encode
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
from modou_quiz.content import Rich
from modou_quiz.types import contents as c
from tests import exams, factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for
from tests.functional.quiz.permission_scene import QuizScene
from tests.functional.test_permission_matrix import (
    ADMINISTRATION,
    COURSE_EDITORS,
    COURSE_READERS,
    COURSE_WATCHERS,
    ELSEWHERE,
    ENROLLERS,
    EVERYBODY,
    LEARNER,
    OPERATOR,
    PEOPLE,
    SIGNED_IN,
    VISITOR,
)

FIRST_PARTY = ("lesson", "quiz", "notices")

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
    # quizzes: one's own attempts, then everybody's
    "list_quiz_attempts": COURSE_READERS,
    "read_quiz_attempt": LEARNER,
    "list_quiz_results": COURSE_WATCHERS,
    "read_quiz_result": COURSE_WATCHERS,
    "read_quiz_statistics": COURSE_WATCHERS,
    # questions in files: in a course whose questions one may change, and of one's own files
    "list_question_formats": SIGNED_IN,
    "create_question_import": COURSE_EDITORS,
    "read_question_import": COURSE_EDITORS,
    "list_question_import_items": COURSE_EDITORS,
    "take_question_import": COURSE_EDITORS,
    "create_question_export": COURSE_EDITORS,
    "read_question_export": COURSE_EDITORS,
    # the question bank, as it is seen from a course
    "list_question_types": SIGNED_IN,
    "list_question_categories": COURSE_EDITORS,
    "list_questions": COURSE_EDITORS,
    "read_question": COURSE_EDITORS,
    "read_question_version": COURSE_EDITORS,
    "create_question": COURSE_EDITORS,
    "add_question_version": COURSE_EDITORS,
    "change_question": COURSE_EDITORS,
}
#: Endpoints that know their callers by tokens of their own.
OWN = frozenset(
    {
        *("take_beat", "answer_challenge", "resume_study", "leave_study"),
        *("open_quiz_page", "save_quiz_answers", "save_quiz_files"),
    }
)
_TRUE = c.TrueFalse(stem=Rich(source="验电器使用前要检查。")).model_dump(mode="json")
_SINGLE = exams.single("验电").model_dump(mode="json")
_NO_FILE = "There is no such import or export (any more)."
#: Endpoints that answer 404 about what does not concern the asker, and by which words. Whoever is
#: told something else (here: that a page is not studied by the clock) has got through.
HIDING = {
    "open_player": "None of your courses has this activity.",
    "read_study_state": "None of your courses has this activity.",
    "read_quiz_attempt": "This attempt is gone.",
    "read_question_import": _NO_FILE,
    "list_question_import_items": _NO_FILE,
    "take_question_import": _NO_FILE,
    "read_question_export": _NO_FILE,
    "create_question_export": "There is no such question.",
}
#: Query strings by which an endpoint is another one: (name, query) -> who.
MORE: dict[tuple[str, str], frozenset[str]] = {
    ("list_courses", "of=all"): ADMINISTRATION,
}


class Scene(QuizScene):
    """The scene of the pages, with a token of everybody's for each scope."""

    def __init__(self, folder: Any) -> None:
        super().__init__(folder)
        self.table = self.site.registry.api
        self.scopes = list(self.site.registry.assembled.api_scopes)
        here = {"course": self.placeholders["course"]}
        self.sent: dict[str, dict[str, Any]] = {
            "create_enrolment": {"username": "member"},
            "change_enrolment": {"status": "suspended"},
            "give_grade": {"value": 50},
            "open_player": {"activity": self.placeholders["activity"]},
            "create_question_import": {
                "filename": "questions.gift.txt",
                "content": b64encode("验电器使用前要检查。{T}\n".encode()).decode(),
                **here,
            },
            "take_question_import": {"category": "course", **here},
            "create_question_export": {
                "format": "gift",
                "questions": [encode_id(self.questions[0])],
                **here,
            },
            "create_question": {
                "category": "course",
                "type": "truefalse",
                "content": _TRUE,
                **here,
            },
            "add_question_version": {"content": _SINGLE, **here},
            "change_question": {"difficulty": 3, **here},
        }
        self.queries = {
            "read_study_state": f"activity={self.placeholders['activity']}",
            **dict.fromkeys(
                (
                    *("read_question_import", "list_question_import_items", "read_question_export"),
                    *("list_question_categories", "list_questions"),
                    *("read_question", "read_question_version"),
                ),
                f"course={here['course']}",
            ),
        }
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

    def call(
        self,
        name: str,
        query: str,
        person: str,
        scope: str,
        sent: dict[str, Any] | None = None,
    ) -> TestResponse:
        """What `person` gets: by a token with `scope`, or by the session where that is "".

        :param sent: instead of what `self.sent` has
        """
        (endpoint,) = [one for one in self.table.endpoints if one.route.name == name]
        values = self.values(person) if endpoint.plugin == "quiz" else self.placeholders
        values = {"number": "1", **values, **self.special["course_question"]}
        path = "/api/v1" + endpoint.route.path.format(**values)
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
            body = sent if sent is not None else self.sent.get(name, {})
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


@pytest.mark.parametrize("name", ["create_question_import", "create_question_export"])
def test_the_sites_questions_come_and_go_by_the_operator_only(scene: Scene, name: str) -> None:
    """Without a course: from the administration."""
    sent = {k: v for k, v in scene.sent[name].items() if k != "course"}
    for person in (*PEOPLE, ELSEWHERE):
        answer = scene.call(name, "", person, "", sent)
        assert outcome(name, answer) == ("in" if person in OPERATOR else "out"), person


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
    tokens: dict[str, str] = {}
    for one in site.registry.api.endpoints:
        if one.plugin == "builtin" or one.route.auth == "public":
            continue
        judged += 1
        key = encode_id(new_id())
        path = one.route.path.format(**dict.fromkeys(one.placeholders, key))
        assert client(one.route.method, path).status_int == 401
        needed = getattr(one.route.scope, "name", "")
        if needed not in tokens:
            others = set(site.registry.assembled.api_scopes) - {needed}
            tokens[needed] = token_for(site, "olga", *others)
        client.token = tokens[needed]
        answer = client(one.route.method, path)
        wanted = 401 if one.route.auth == "own" else 403
        assert answer.status_int == wanted, one.route.name
        client.token = ""
    assert judged
