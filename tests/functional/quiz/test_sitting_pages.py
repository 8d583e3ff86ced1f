"""The pages of a quiz: without script, over the API, and that no answer is told too early."""

import json
from collections.abc import Callable

import pytest

from modou.store.containers import decode_id
from modou_quiz.models.quizzes import SHOWN
from modou_quiz.services.answer_files import PURPOSE
from modou_quiz.services.sitting import pages
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest
from tests.sitting import ALL_TYPES, KEY, Client, Scene, everything, responses_of, text
from tests.tus import Sender

pytestmark = pytest.mark.functional
HOUR = 3600


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def test_a_sitting_without_script(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR, password="开考")
    client = Client(scene)
    page = client.browser.get(scene.address)
    assert "60 minutes" in page
    [form] = [f for f in page.forms.values() if f.action.endswith("/quiz/start")]
    form["password"] = "no"
    refused = form.submit(status=403)
    assert "That is not the password" in refused
    form["password"] = "开考"
    page = form.submit().follow()
    assert page.headers["Cache-Control"] == "no-store"
    form = page.forms[next(k for k, f in page.forms.items() if f.action.endswith("/answers"))]
    form["q0-choice"] = "0"
    form["q1-choice"] = "2"
    form.set("flag", True, index=1)
    saved = form.submit("go", value="save").follow()
    assert "Your answers are saved" in saved
    # The page that was left behind is older than the answers now.
    form["q0-choice"] = "1"
    assert "another window" in form.submit("go", value="save", status=409)
    form = saved.forms[next(k for k, f in saved.forms.items() if f.action.endswith("/answers"))]
    assert (form["q0-choice"].value, form["q1-choice"].value) == ("0", "2")
    form["q1-choice"] = "1"
    summary = form.submit("go", value="hand-in").follow()
    assert "1 unanswered" in summary
    [hand_in] = [f for f in summary.forms.values() if f.action.endswith("/hand-in")]
    result = hand_in.submit().follow()
    assert "2" in result.html.select_one(".stat-number").text
    assert KEY in result  # feedback is shown now
    # Handed in twice: the same result.
    assert hand_in.submit().location == result.request.url
    front = client.browser.get(scene.address)
    assert "2 / 3" in front
    assert "Begin attempt 2" in front


def test_a_page_in_another_browser_has_to_ask(site: SiteUnderTest) -> None:
    scene = Scene(site)
    first, second = Client(scene), Client(scene)
    first.begin()
    first.open()
    first.save(0, "0")
    elsewhere = second.browser.get(first.address)
    assert "open in another place" in elsewhere
    assert "1 of 3" in elsewhere
    assert "data-sitting" not in elsewhere
    [form] = [f for f in elsewhere.forms.values() if f.action.endswith("/take")]
    second.take_config(form.submit().follow())
    second.open()
    assert first.save(0, "1", status=409).json["code"] == "taken-over"
    second.save(0, "2")
    # A reload in the browser that has it goes on, and the page before it is over.
    older = second.token
    second.take_config(second.browser.get(first.address))
    second.open()
    body = {"answers": [{"seq": 9, "slot": 0, "answer": "0"}]}
    refused = second.post("/api/v1/quiz/answers", body, 409, token=older)
    assert refused.json["code"] == "taken-over"
    assert (
        second.take_config(second.browser.get(first.address)).html.select_one(
            "input[name='q0-choice'][checked]"
        )["value"]
        == "2"
    )


def test_the_api_of_a_sitting(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    client = Client(scene)
    client.begin()
    opened = client.open().json
    assert (opened["seq"], opened["times"], opened["leaves"]) == (0, {}, 0)
    assert opened["deadline"] - opened["now"] == HOUR * 1000
    assert client.save(0, "0").json["seq"] == 1
    answer = client.post(
        "/api/v1/quiz/answers",
        {"answers": [{"seq": 2, "slot": 1, "fields": [["q1-choice", "1"]], "flagged": True}]},
        200,
    )
    assert answer.json["refused"] == []
    client.seq = 2
    bad = client.save(1, "77").json
    assert bad["refused"][0]["detail"] == (
        "The answer names a choice that this question does not have."
    )
    for token, status in (("", 401), ("nonsense", 401)):
        client.post("/api/v1/quiz/answers", {}, status, token=token or "x")
    client.post("/api/v1/quiz/answers", {"answers": [{"seq": 0, "slot": 0}]}, 422)
    client.post("/api/v1/quiz/answers", {"unknown": 1}, 422)
    path = f"/api/v1/quiz/activities/{scene.activity_key}/attempts"
    [own] = client.browser.get(path).json["items"]
    assert (own["state"], own["answered"], own["score"]) == ("open", 2, None)
    details = client.browser.get(f"{path}/{own['id']}").json
    assert [slot["response"] for slot in details["slots"]] == [0, 1, None]
    assert scene.browser("zhou").get(path).json == {"items": []}
    scene.browser("zhou").get(f"{path}/{own['id']}", status=404)
    scene.site.browser().get(path, status=401)
    site.clock.move(seconds=HOUR + 11)
    late = client.save(2, "2", status=410).json
    assert late["code"] == "attempt-closed"
    assert late["by"] == "time"
    assert late["detail"] == "The time was up at 10:00:00; this came at 10:00:11."
    [own] = scene.browser("lin").get(path).json["items"]  # signed in anew: an hour has passed
    assert (own["state"], own["handed_in_by"], own["score"]) == ("graded", "time", 2.0)


def test_no_answer_is_told_before_the_hand_in(site: SiteUnderTest) -> None:
    """Every response of a sitting is read, for every type of question."""
    scene = Scene(site, list(ALL_TYPES.items()), review=frozenset())
    client = Client(scene)
    seen = responses_of(client.browser)
    page = client.begin()
    assert len(page.html.select("[data-quiz-place]")) == len(ALL_TYPES)
    client.open()
    raw = {
        "single": "0", "multiple": ["0"], "truefalse": "false", "short": "欧", "numerical":
        {"value": "1", "unit": ""}, "cloze": ["安", "1"], "matching": [1, 0], "ordering":
        [2, 1, 0], "essay": {"text": "先断电", "files": []}, "case": ["0", "甲"],
    }  # fmt: skip
    for place, name in enumerate(ALL_TYPES):
        if name in raw:
            answer = client.save(place, raw[name]).json
            assert answer["refused"] == [], (name, answer)
    client.browser.get(client.address)
    client.browser.get(scene.address)
    own = client.browser.get(f"/api/v1/quiz/activities/{scene.activity_key}/attempts").json
    client.browser.get(
        f"/api/v1/quiz/activities/{scene.activity_key}/attempts/{own['items'][0]['id']}"
    )
    client.browser.get(client.address + "/review").follow()
    form = next(f for f in page.forms.values() if f.action.endswith("/answers"))
    form.submit("go", value="save", status="*")
    summary = client.browser.get(client.address + "/hand-in")
    [hand_in] = [f for f in summary.forms.values() if f.action.endswith("/hand-in")]
    assert len(seen) > 18
    # Nothing is shown after it either, by these rules.
    hand_in.submit().follow()
    client.browser.get(f"/api/v1/quiz/activities/{scene.activity_key}/attempts")
    for path, told in seen:
        for word in (KEY, "98765", "fraction", "is-solution", '"right"', "is-right", "correct"):
            assert word not in told, (path, word)
    # With the rules that show it, it is there: the words above are looked for in vain for a reason.
    scene.rule(review=everything())
    review = client.browser.get(client.address + "/review")
    assert KEY in review
    assert "98765" in review


def test_the_arrangement_does_not_tell_the_order(site: SiteUnderTest) -> None:
    """Two learners see the items of an ordering in different orders, and neither in the right one
    by its markup: places in names are of the arrangement."""
    scene = Scene(site, [("ordering", ALL_TYPES["ordering"])] * 8, review=frozenset())
    orders = set()
    for name in ("lin", "zhou"):
        page = Client(scene, name).begin()
        for slot in page.html.select("[data-quiz-place]"):
            titles = [item["data-title"] for item in slot.select(".order-item")]
            names = [select["name"] for select in slot.select("select")]
            assert names == sorted(names)
            orders.add(tuple(titles))
    assert len(orders) > 1


def test_practice_shows_what_was_checked_and_nothing_else(site: SiteUnderTest) -> None:
    scene = Scene(site, review=frozenset(("during", what) for what in SHOWN), kind="practice")
    client = Client(scene)
    page = client.begin()
    assert KEY not in page
    form = page.forms[next(k for k, f in page.forms.items() if f.action.endswith("/answers"))]
    form["q0-choice"] = "1"
    shown = form.submit("check", value="0").follow()
    assert len(shown.html.select("#q0 .is-wrong")) >= 1
    assert KEY in str(shown.html.select_one("#q0"))
    assert KEY not in str(shown.html.select_one("#q1"))
    assert shown.html.select_one("#q0 input[name='q0-choice']").has_attr("disabled")


def test_a_sequential_paper_shows_one_page_at_a_time(site: SiteUnderTest) -> None:
    scene = Scene(site, sequential=True, per_page=2)
    client = Client(scene)
    page = client.begin()
    assert [node["id"] for node in page.html.select("[data-quiz-place]")] == ["q0", "q1"]
    form = page.forms[next(k for k, f in page.forms.items() if f.action.endswith("/answers"))]
    form["q0-choice"] = "0"
    page = form.submit("go", value="next").follow()
    assert [node["id"] for node in page.html.select("[data-quiz-place]")] == ["q2"]
    assert client.browser.get(client.address).html.select_one("#q0") is None


def test_teachers_see_exceptions_lists_previews_and_results(site: SiteUnderTest) -> None:
    scene = Scene(site, time_limit=HOUR)
    learner = Client(scene)
    learner.begin()
    teacher = scene.browser("wang")
    front = teacher.get(scene.address)
    form = next(f for f in front.forms.values() if f.action.endswith("/quiz/preview"))
    page = form.submit().follow()
    assert "A preview" in page
    exceptions = teacher.get(scene.address + "/quiz/exceptions")
    assert "Attempts that go on now" in exceptions
    form = next(f for f in exceptions.forms.values() if "username" in f.fields)
    form["username"], form["extra"] = "nobody", "30"
    assert "Please fill this in" in form.submit()
    form["why"] = "骨折，已核对证明"
    assert "Nobody in this course" in form.submit()
    form["username"] = "lin"
    exceptions = form.submit().follow()
    assert "骨折，已核对证明" in exceptions
    assert "Some rules are different for you" in learner.browser.get(scene.address)
    form = next(
        f for f in exceptions.forms.values() if "attempt" in f.fields and "action" in f.fields
    )
    exceptions = form.submit("action", value="hand-in").follow()
    assert "Attempts that go on now" not in exceptions
    assert "by a teacher" in learner.browser.get(learner.address).follow()
    form = next(f for f in exceptions.forms.values() if "user" in f.fields)
    assert "the same for everybody" in form.submit("action", value="end").follow()
    listing = teacher.get(scene.address + "/quiz/list")
    form = next(f for f in listing.forms.values() if "usernames" in f.fields)
    form["usernames"] = "zhou\nghost"
    assert "ghost" in form.submit()
    form["usernames"] = "zhou\n"
    assert "1 learners may sit" in form.submit().follow()
    assert "on the list" in learner.browser.get(scene.address)
    # A teacher reads a learner's result, another learner does not.
    assert teacher.get(learner.address + "/review").status_int == 200
    scene.browser("zhou").get(learner.address + "/review", status=403)


#: Route -> method -> who gets through, of a visitor, a member, two learners and the teacher.
ROUTES = {
    "": {"GET": {"lin", "zhou", "wang"}},
    "/quiz/start": {"POST": {"lin", "zhou"}},
    "/quiz/preview": {"POST": {"wang"}},
    "/quiz/exceptions": {"GET": {"wang"}, "POST": {"wang"}},
    "/quiz/list": {"GET": {"wang"}, "POST": {"wang"}},
    "/quiz/{attempt}": {"GET": {"lin"}},
    "/quiz/{attempt}/take": {"POST": {"lin"}},
    "/quiz/{attempt}/hand-in": {"GET": {"lin"}, "POST": {"lin"}},
    "/quiz/{attempt}/review": {"GET": {"lin", "wang"}},
}


def test_only_these_people_get_through(site: SiteUnderTest) -> None:
    scene = Scene(site, most_leaves=0)
    from tests import factories

    with site.occasion() as occasion:
        factories.user(occasion, "member")
    for path, methods in ROUTES.items():
        for method, allowed in methods.items():
            with site.occasion("lin") as occasion:
                from modou_quiz.services.sitting import starting

                drawn = starting.draw(occasion, scene.activity(occasion), scene.quiz(occasion))
                id = starting.start(occasion, drawn, b"").attempt
                key = scene.attempt(occasion, id).key
            there = scene.address + path.format(attempt=key)
            found = set()
            for person in ("", "member", "zhou", "wang", "lin"):
                browser = site.browser(person or None)
                token = ""
                if person:
                    token = browser.get("/profile").html.select_one("input[name=csrf_token]")[
                        "value"
                    ]
                headers = {"X-CSRF-Token": token, "Sec-Fetch-Site": "same-origin"}
                if method == "POST":
                    answer = browser.post(there, {}, headers=headers, expect_errors=True)
                else:
                    answer = browser.get(there, headers=headers, expect_errors=True)
                assert answer.status_int < 500, answer.text
                denied = answer.status_int in {401, 403, 404}
                to_sign_in = answer.status_int == 302 and "/login" in answer.location
                if not denied and not to_sign_in:
                    found.add(person)
            assert found == allowed, (path, method)
            # Without a page's token nobody posts anything.
            if method == "POST":
                site.browser("lin").post(there, {}, status=403)


def test_a_form_with_somebody_elses_token_is_refused(site: SiteUnderTest) -> None:
    scene = Scene(site)
    lin, zhou = Client(scene), Client(scene, "zhou")
    page = lin.begin()
    zhou.begin()
    form = next(f for f in page.forms.values() if f.action.endswith("/answers"))
    form["page"] = zhou.config["token"]
    assert form.submit("go", value="save", status=409).status_int == 409
    form["page"] = "nonsense"
    form.submit("go", value="save", status=401)
    token = pages.read_token(site.registry.keys, lin.config["token"])
    with site.occasion() as occasion:
        assert scene.attempt(occasion, token.attempt).answers.seq == 0
    assert json.loads(page.html.select_one("[data-sitting]")["data-config"])["expected"] == 3


def test_files_of_an_answer_are_kept_once_and_stay(site: SiteUnderTest) -> None:
    essay = c.Essay(stem=text("交检修记录。"), files=2)
    scene = Scene(site, [("essay", essay)])
    client = Client(scene)
    client.begin()
    client.open()
    key = Sender(site, "lin").key(b"%PDF-1.7\n" + bytes(100), "记录.pdf", PURPOSE)
    answer = {"text": "见附件", "files": [f"upload:{key}"]}
    body = {"answers": [{"seq": client.seq + 1, "slot": 0, "answer": answer}]}
    # What shares a transaction with others cannot keep files.
    assert "/quiz/files" in client.post(client.config["answers"], body, 422)
    assert client.post(client.config["files"], body, 200).json["refused"] == []
    # The page stays open, and calls the file by its upload when more is written.
    answer["text"] = "upload: 见附件二"
    body["answers"][0]["seq"] += 1
    assert client.post(client.config["files"], body, 200).json["refused"] == []
    with site.occasion() as occasion:
        attempt = scene.attempt(occasion, decode_id(client.config["attempt"]))
        response = attempt.answers.given[0].response
        assert (response["text"], len(response["files"])) == ("upload: 见附件二", 1)
        stored = occasion.site.files.get(decode_id(response["files"][0]["id"]))
        assert stored.filename == "记录.pdf"
        assert sum(1 for _file in occasion.site.files) == 1
