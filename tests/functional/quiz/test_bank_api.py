"""The question bank over the API: found page by page, read, written, filed; default-deny."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from modou_quiz.services import bank, shelf
from modou_quiz.types import contents as c
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for
from tests.sitting import KEY, single, text

pytestmark = pytest.mark.functional


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


class Bank:
    """A course with a bank, its teacher wang, its learner lin, the teacher of another course."""

    def __init__(self, site: SiteUnderTest) -> None:
        self.site = site
        with site.occasion() as occasion:
            occasion.site.roles["member"].capabilities |= {"api:token"}
            course = factories.course(occasion, "低压电工作业")
            factories.enrolment(occasion, course, factories.user(occasion, "lin"))
            for name in ("wang", "far"):
                factories.user(occasion, name)
            other = factories.course(occasion, "别处")
            for name, where in (("wang", course), ("far", other)):
                found = occasion.site.users.by_id(occasion.site.user_index.usernames[name])
                found.grant("course", where.id, "teacher")
            factories.user(occasion, "operator", role="operator")
            self.course, self.other = course.key, other.key
            top = bank.top_of(occasion, "course", course.id)
            below = bank.create_category(occasion, top, "第一章")
            bank.create_question(occasion, bank.top_of(occasion, "site", 0), "single", single("站"))
            for n in range(5):
                bank.create_question(
                    occasion,
                    below if n % 2 else top,
                    "single",
                    single(f"欧姆定律 第{n}题"),
                    tags=["电"] if n else [],
                    difficulty=n,
                )
            self.below = below.key
        self.clients = {
            name: Client(site, token_for(site, name)) for name in ("wang", "lin", "far", "operator")
        }

    def __call__(
        self, who: str, method: str, path: str, body: Any = None, status: int = 200
    ) -> Any:
        answer = self.clients[who](method, quote(path, safe="/?&=%"), body)
        assert answer.status_int == status, (who, method, path, answer.text)
        return answer.json


def test_questions_are_found_and_read(site: SiteUnderTest) -> None:
    api = Bank(site)
    here = f"course={api.course}"
    seen: list[str] = []
    cursor = ""
    while True:
        page = api("wang", "GET", f"/quiz/questions?{here}&limit=2{cursor}")
        seen += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    # Those of the course and the site's, each once.
    assert len(seen) == len(set(seen)) == 6
    for query, number in (
        ("text=%E6%AC%A7%E5%A7%86", 5),
        ("tag=%E7%94%B5", 4),
        ("difficulty=1&difficulty=3", 2),
        (f"category={api.below}", 2),
        ("type=short", 0),
        ("status=retired", 0),
        ("status=ready&text=第4题", 1),
    ):
        found = api("wang", "GET", f"/quiz/questions?{here}&{query}")
        assert len(found["items"]) == number, query
    [line] = api("wang", "GET", f"/quiz/questions?{here}&text=第4题")["items"]
    assert (line["stem"], line["difficulty"], line["version"]) == ("欧姆定律 第4题", 4, 1)
    read = api("wang", "GET", f"/quiz/questions/{line['id']}?{here}")
    assert read["latest"]["content"]["options"][1]["fraction"] in {0.0, 1.0}
    assert [one["number"] for one in read["versions"]] == [1]
    trees = api("wang", "GET", f"/quiz/question-categories?{here}")["items"]
    assert {tree["scope"]: tree["may_edit"] for tree in trees} == {
        "course": True, "site": False, "user": True,
    }  # fmt: skip
    [own] = [tree for tree in trees if tree["scope"] == "course"]
    assert [(one["title"], one["questions"]) for one in own["categories"][1:]] == [("第一章", 2)]
    types = {one["name"]: one for one in api("wang", "GET", "/quiz/question-types")["items"]}
    assert "options" in types["single"]["content"]["properties"]
    # A cursor of another question, ids of nothing, and what is no number.
    api("wang", "GET", f"/quiz/questions?{here}&tag=x{cursor or '&cursor=abc'}", status=422)
    api("wang", "GET", f"/quiz/questions?{here}&category={api.course}", status=404)
    api("wang", "GET", f"/quiz/questions/{api.course}?{here}", status=404)
    for number in ("0", "2", "x"):
        api("wang", "GET", f"/quiz/questions/{line['id']}/versions/{number}?{here}", status=404)


def test_questions_are_written_filed_and_retired(site: SiteUnderTest) -> None:
    api = Bank(site)
    here = f"course={api.course}"
    content = c.Short(stem=text("电阻的单位"), answers=(c.Accepted(pattern=f"{KEY}"),))
    plain = content.model_dump(mode="json")
    body = {
        "course": api.course, "category": "course", "type": "short", "content": plain,
        "marks": 2, "tags": ["单位"], "point": "电阻",
    }  # fmt: skip
    made = api("wang", "POST", "/quiz/questions", body, 201)
    assert (made["marks"], made["tags"], made["status"]) == (2, ["单位"], "ready")
    assert made["latest"]["content"] == plain
    there = f"/quiz/questions/{made['id']}"
    # Another wording; the same once more is none; one who saw an older one is told.
    newer = {**plain, "stem": {"source": "电阻的单位是？", "markup": "plain"}}
    write = {"course": api.course, "content": newer, "expected": 1}
    assert api("wang", "POST", f"{there}/versions", write, 201)["version"] == 2
    assert api("wang", "POST", f"{there}/versions", {**write, "expected": 2}, 200)["version"] == 2
    assert "newer version" in api("wang", "POST", f"{there}/versions", write, 409)["detail"]
    old = api("wang", "GET", f"{there}/versions/1?{here}")
    assert old["content"] == plain
    with site.occasion() as occasion:
        question = shelf.bank_of(occasion).questions[made["id"]]
        assert question.latest.data["stem"]["source"] == "电阻的单位是？"
        kinds = [e.kind for e in occasion.site.journal if e.values.get("question") == question.id]
        assert sorted(kinds) == ["question_changed", "question_created"]
    filed = {"course": api.course, "category": api.below, "difficulty": 3, "status": "retired"}
    changed = api("wang", "PATCH", there, filed)
    assert (changed["category"], changed["difficulty"], changed["status"]) == (
        api.below, 3, "retired",
    )  # fmt: skip
    assert changed["tags"] == ["单位"]
    listed = api("wang", "GET", f"/quiz/questions?{here}&text=电阻的单位")["items"]
    assert listed == []
    # What does not fit says where; nothing is written.
    for values, place in (
        ({"type": "riddle"}, "type"),
        ({"content": {**plain, "penalty": 7}}, "/content/penalty"),
        ({"content": {**plain, "answers": [{"pattern": 5}]}}, "/content/answers/0/pattern"),
        ({"content": {**plain, "spell": 1}}, "/content/spell"),
        ({"content": {**plain, "answers": []}}, "answers"),
        ({"difficulty": 9}, "difficulty"),
        ({"colour": "red"}, "colour"),
    ):
        refused = api("wang", "POST", "/quiz/questions", {**body, **values}, 422)
        assert place in str(refused["errors"]), (place, refused)
    # A draft need not be complete.
    draft = {**body, "status": "draft", "content": {**plain, "answers": []}}
    draft_id = api("wang", "POST", "/quiz/questions", draft, 201)["id"]
    ready = {"course": api.course, "status": "ready"}
    api("wang", "PATCH", f"/quiz/questions/{draft_id}", ready, 422)


def test_nobody_else_gets_anything(site: SiteUnderTest) -> None:
    api = Bank(site)
    here, there = f"course={api.course}", f"course={api.other}"
    found = api("wang", "GET", f"/quiz/questions?{here}")["items"]
    own = next(one for one in found if one["stem"] != "站")
    sites = next(one for one in found if one["stem"] == "站")
    content = single("改").model_dump(mode="json")
    write = {"content": content}
    new = {"category": "course", "type": "single", "content": content}
    # A learner: nothing, in the course or out of it.
    for query in ("", here):
        for path in (
            "/quiz/questions",
            f"/quiz/questions/{own['id']}",
            "/quiz/question-categories",
        ):
            api("lin", "GET", f"{path}?{query}", status=403)
    for body in (write, {**write, "course": api.course}):
        api("lin", "POST", f"/quiz/questions/{own['id']}/versions", body, 403)
        api("lin", "PATCH", f"/quiz/questions/{own['id']}", {"title": "x"}, 403)
    api("lin", "POST", "/quiz/questions", {**new, "course": api.course}, 403)
    # The teacher of another course: what is not hers is not there.
    api("far", "GET", f"/quiz/questions?{here}", status=403)
    assert [one["stem"] for one in api("far", "GET", f"/quiz/questions?{there}")["items"]] == ["站"]
    for query in (here, there):
        api(
            "far",
            "GET",
            f"/quiz/questions/{own['id']}?{query}",
            status=403 if query == here else 404,
        )
    # A teacher reads the site's questions, and does not change them.
    api("wang", "GET", f"/quiz/questions/{sites['id']}?{here}")
    changed = {"course": api.course, **write}
    api("wang", "POST", f"/quiz/questions/{sites['id']}/versions", changed, 403)
    api(
        "wang", "PATCH", f"/quiz/questions/{sites['id']}", {"course": api.course, "title": "x"}, 403
    )
    api("wang", "POST", "/quiz/questions", {**new, "category": "site", "course": api.course}, 403)
    api("operator", "PATCH", f"/quiz/questions/{sites['id']}", {"title": "站内"})
    # A token without the scope, and no token at all.
    reader = Client(site, token_for(site, "wang", "questions:read"))
    assert reader("GET", f"/quiz/questions?{here}").status_int == 200
    assert reader("POST", "/quiz/questions", {**new, "course": api.course}).json["code"] == "scope"
    assert Client(site)("GET", f"/quiz/questions?{here}").status_int == 401
