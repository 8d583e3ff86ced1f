"""The pages of marking and results over HTTP: who may open them, what they do, what they export."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from webtest import TestApp

from modou.models.cohorts import Cohort
from modou.services import jobs
from modou.store.containers import encode_id
from modou_quiz.services import bank, results, shelf
from modou_quiz.services.marking.shelf import find_marking
from modou_quiz.services.sitting import starting
from tests import exams, factories
from tests.conftest import SiteUnderTest
from tests.exams import Exam

MakeSite = Callable[..., SiteUnderTest]
#: Who is turned away by which status; the rest gets through.
EVERYBODY = ("visitor", "member", "elsewhere", "learner", "class", "teacher", "operator")
STAFF = {"class", "teacher", "operator"}
EDITORS = {"teacher", "operator"}


@pytest.fixture
def scene(make_site: MakeSite) -> tuple[SiteUnderTest, Exam]:
    site = make_site(**{"modou.plugins": "quiz"})
    with site.occasion() as occasion:
        contents = [exams.single("=单选", options=("=1+1", "乙", "丙", "丁")), exams.essay("论述")]
        exam = exams.exam(occasion, contents, [10, 30])
        course = exam.course_of(occasion)
        cohort = occasion.site.cohorts.add(Cohort("一班"))
        course.cohorts = (cohort.id,)
        for name, given in (("li", {0: 0, 1: exams.text()}), ("zhou", {0: 1})):
            user = exams.learner(occasion, exam, name, f"{name}某")
            course.enrolments[user.id].cohort = cohort.id
            exams.sit(occasion, exam, user, given)
        exams.learner(occasion, exam, "absent", "缺考")
        for name, role in (
            ("learner", "learner"),
            ("teacher", "teacher"),
            ("class", "class_teacher"),
        ):
            user = factories.user(occasion, name)
            factories.enrolment(occasion, course, user, role)
        cohort.class_teacher = occasion.site.user_index.usernames["class"]
        factories.user(occasion, "member")
        factories.user(occasion, "operator", role="operator")
        other = factories.course(occasion)
        elsewhere = factories.user(occasion, "elsewhere")
        for role in ("teacher", "operator", "institution_admin"):
            elsewhere.grant("course", other.id, role)
    return site, exam


def browser(site: SiteUnderTest, who: str) -> TestApp:
    return site.browser(None if who == "visitor" else who)


def csrf_of(app: TestApp) -> str:
    """The token of a page that everybody may open."""
    return str(app.get("/").html.find("input", {"name": "csrf_token"})["value"])


def test_who_gets_where(scene: tuple[SiteUnderTest, Exam]) -> None:
    site, exam = scene
    with site.occasion() as occasion:
        base = exam.path(occasion)
        marking = find_marking(occasion.site, exam.activity)
        assert marking is not None
        work = next(iter(marking.works.values())).key
        attempt = exam.attempt(occasion, 0).key
        foreign = exams.exam(occasion, [exams.essay("别处")], [5])
        exams.sit(occasion, foreign, exams.learner(occasion, foreign, "far"), {0: exams.text()})
        far = foreign.attempt(occasion, 0).key
        other = find_marking(occasion.site, foreign.activity)
        assert other is not None
        far_work = next(iter(other.works.values())).key
    with site.occasion() as occasion:
        jobs.enqueue(occasion, "quiz_statistics", activity=exam.activity)
    site.work()
    question = encode_id(exam.questions[0])
    pages = {
        "/results": STAFF,
        "/results/results.xlsx": STAFF,
        "/results/responses.csv": STAFF,
        f"/results/{attempt}": STAFF,
        "/statistics": STAFF,
        f"/statistics/{question}": STAFF,
        "/marking": EDITORS,
        "/marking/next": EDITORS,
        f"/marking/{work}/1/0": EDITORS,
        "/regrade": EDITORS,
    }
    for who in EVERYBODY:
        app = browser(site, who)
        for page, allowed in pages.items():
            answer = app.get(base + page, expect_errors=True)
            let_in = answer.status_int < 300 or "/marking" in answer.headers.get("Location", "")
            assert let_in == (who in allowed), f"{who} {page}: {answer.status}"
        token = csrf_of(app)
        for page, allowed in (
            ("/statistics", STAFF),
            (f"/results/{attempt}", EDITORS),
            (f"/marking/{work}/1/0", EDITORS),
            ("/regrade", EDITORS),
        ):
            # Without the token nobody gets through; with it those who may.
            bare = app.post(base + page, {}, expect_errors=True)
            assert bare.status_int in {400, 403} or "/login" in bare.headers["Location"]
            sent = {"csrf_token": token, "act": "void"}
            answer = app.post(base + page, sent, expect_errors=True)
            let_in = answer.status_int in {200, 303, 422} and "/login" not in answer.headers.get(
                "Location", ""
            )
            assert let_in == (who in allowed), f"{who} posts to {page}: {answer.status}"
    # What belongs to another quiz is not found below this one, nor is nonsense.
    teacher = browser(site, "teacher")
    for page in (
        f"/results/{far}",
        f"/marking/{far_work}/0/0",
        f"/marking/{work}/0/0",
        f"/marking/{work}/1/7",
        f"/marking/{work}/x/0",
        "/results/nonsense",
        "/results/results.pdf",
        "/results/secrets.xlsx",
        "/statistics/nonsense",
        f"/statistics/{far}",
    ):
        assert teacher.get(base + page, expect_errors=True).status_int == 404, page


def the_form(page: Any, field: str) -> Any:
    """The form of a page that has the field."""
    return next(form for form in page.forms.values() if field in form.fields)


def test_marking_by_form(scene: tuple[SiteUnderTest, Exam]) -> None:
    """Without JavaScript: words of a passage are copied into a list."""
    site, exam = scene
    with site.occasion() as occasion:
        base = exam.path(occasion)
    app = site.browser("teacher")
    page = app.get(base + "/marking").click("Mark the next answer").follow()
    assert "li某" in page.text
    assert exams.ESSAY_TEXT in page.text
    assert "顺序错误扣一半" in page.text
    form = the_form(page, "points")
    form["points"] = "abc"
    form["comment"] = "<b>很好</b>"
    form["notes-0-quote"], form["notes-0-words"] = "不在其中", "?"
    refused = form.submit(status=422)
    assert "Enter the marks as a number." in refused.text
    # What was written is still there, as text.
    assert "&lt;b&gt;很好&lt;/b&gt;" in refused.text
    form = the_form(refused, "points")
    form["points"] = "22，5"
    refused = form.submit(status=422)
    assert "These words do not stand in the answer" in refused.text
    form = the_form(refused, "points")
    form["notes-0-quote"], form["notes-0-words"] = "再验电", "用什么验？"
    done = form.submit(status=303).follow().follow()
    assert "Nothing else waits here." in done.text
    assert "1 of 1" in done.text
    with site.occasion() as occasion:
        mark = exam.attempt(occasion, 0).marks[1, 0]
        place = exams.ESSAY_TEXT.index("再验电")
        assert (mark.fraction, mark.notes) == (0.75, ((place, place + 3, "用什么验？"),))
        assert exam.grade(occasion, 0) == pytest.approx(81.25)
        key = exam.attempt(occasion, 0).key
    # Looked at again, what was said stands in the form; a stale page is refused with its words.
    page = app.get(base + "/marking").click("Look again").follow()
    form = the_form(page, "points")
    assert (form["points"].value, form["notes-0-words"].value) == ("22.5", "用什么验？")
    form["points"] = "30"
    form.submit(status=303)
    form["points"] = "3"
    refused = form.submit(status=422)
    assert "Somebody else has marked this answer meanwhile" in refused.text
    page = app.get(f"{base}/results/{key}")
    assert "用什么验？" in page.text or "&lt;b&gt;" in page.text
    assert "40" in page.html.find(class_="stat-number").text


def test_results_statistics_and_grading_again(scene: tuple[SiteUnderTest, Exam]) -> None:
    site, exam = scene
    with site.occasion() as occasion:
        base = exam.path(occasion)
        question = shelf.bank_of(occasion).questions.by_id(exam.questions[0])
        bank.add_version(occasion, question, exams.single("=单选", 1, ("=1+1", "乙", "丙", "丁")))
        keys = [exam.attempt(occasion, n).key for n in range(2)]
    app = site.browser("teacher")

    def names(query: str = "") -> list[str]:
        rows = app.get(f"{base}/results{query}").html.select("tbody th")
        return [row.get_text(strip=True) for row in rows]

    assert names() == ["li某", "zhou某"]
    assert names("?sort=-name") == ["zhou某", "li某"]
    assert names("?sort=-score&marks=1") == ["zhou某", "li某"]
    assert names("?sort=nonsense&page=99") == ["li某", "zhou某"]
    assert names("?state=graded") == ["zhou某"]
    assert names("?state=absent") == ["learner", "缺考"]
    assert names("?q=zhou&state=open") == []
    # Class teachers see their own cohort.
    assert "缺考" not in site.browser("class").get(f"{base}/results?state=absent").text
    # Exports: text stays text.
    book = load_workbook(io.BytesIO(app.get(f"{base}/results/responses.xlsx").body))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    row = dict(zip(heads, sheet[2], strict=True))
    assert (row["Question"].value, row["Answer"].value) == ("=单选", "=1+1")
    assert row["Answer"].data_type == "s"
    assert row["Username"].number_format == "@"
    assert sheet.max_row == 5
    text = app.get(f"{base}/results/responses.csv").body.decode("utf-8-sig")
    assert "'=1+1" in text
    table = load_workbook(io.BytesIO(app.get(f"{base}/results/results.xlsx?sort=-name").body))
    values = [[cell.value for cell in line] for line in table.worksheets[0]]
    assert [line[0] for line in values] == ["Name", "zhou某", "li某"]
    assert values[1][8:11] == [0, 40, 0]
    # Statistics.
    page = app.get(f"{base}/statistics")
    assert "Nothing is counted yet" in page.text
    the_form(page, "which").submit(status=303)
    site.work()
    page = app.get(f"{base}/statistics")
    assert "Cronbach" in page.text
    assert page.html.find("svg", class_="chart-plot")["aria-label"].startswith("Score")
    page = page.click("=单选")
    assert "Version 1" in page.text
    # Grading again: first looked at, then done.
    page = app.get(f"{base}/regrade")
    form = the_form(page, "how")
    form["question"], form["how"] = encode_id(exam.questions[0]), "latest"
    shown = form.submit("")
    assert "What would change" in shown.text
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 1).score == 0.0
    form = the_form(shown, "how")
    assert "Please fill this in" in form.submit("apply", status=422).text
    form["reason"] = "答案更正"
    done = form.submit("apply", status=303).follow()
    assert "2 attempts have changed." in done.text
    assert "version 2" in done.text
    # Decisions about one attempt.
    page = app.get(f"{base}/results/{keys[1]}")
    form = next(
        f
        for f in page.forms.values()
        if f.fields.get("act", [None])[0] is not None and f["act"].value == "void"
    )
    assert "Reason" in form.submit(status=422).text
    form["reason"] = "替考"
    page = form.submit(status=303).follow()
    assert "Let it count again" in page.text
    assert "替考" in page.text
    with site.occasion() as occasion:
        assert exam.attempt(occasion, 1).state == "void"
        assert exam.grade(occasion, 1) is None


def test_for_programs(scene: tuple[SiteUnderTest, Exam]) -> None:
    site, exam = scene
    with site.occasion() as occasion:
        key = exam.activity_of(occasion).key
        attempt = exam.attempt(occasion, 1).key
    base = f"/api/v1/quiz/activities/{key}"
    app = site.browser("teacher")
    app.get(f"{base}/statistics", status=404)
    with site.occasion() as occasion:
        jobs.enqueue(occasion, "quiz_statistics", activity=exam.activity)
    site.work()
    first = app.get(f"{base}/results?limit=1").json
    second = app.get(f"{base}/results?limit=1&cursor={first['next']}").json
    assert second["next"] is None
    both = {one["username"]: one for one in (*first["items"], *second["items"])}
    assert set(both) == {"li", "zhou"}
    assert (both["zhou"]["score"], both["zhou"]["most"], both["li"]["score"]) == (0.0, 40.0, None)
    details = app.get(f"{base}/results/{attempt}").json
    assert [slot["response"] for slot in details["slots"]] == ["乙", ""]
    assert app.get(f"{base}/statistics").json["attempts"] == 1
    for path in ("/results", f"/results/{attempt}", "/statistics"):
        assert site.browser("li").get(base + path, expect_errors=True).status_int == 403
        assert site.browser("elsewhere").get(base + path, expect_errors=True).status_int in {
            403,
            404,
        }
        assert site.browser().get(base + path, expect_errors=True).status_int == 401
    assert app.get(f"{base}/results/{key}", expect_errors=True).status_int == 404


def test_previews_are_nobody_s_attempts(scene: tuple[SiteUnderTest, Exam]) -> None:
    """An operator who takes part as a learner looks at the paper: in no order is that counted."""
    site, exam = scene
    with site.occasion() as occasion:
        operator = occasion.site.users.by_id(occasion.site.user_index.usernames["operator"])
        factories.enrolment(occasion, exam.course_of(occasion), operator)
    for _again in range(2):
        with site.occasion("operator") as occasion:
            activity = exam.activity_of(occasion)
            drawn = starting.draw(occasion, activity, exam.quiz_of(occasion))
            starting.preview(occasion, drawn, b"")
    with site.occasion("operator") as occasion:
        activity = exam.activity_of(occasion)
        counted = results.summary(occasion, activity)
        assert (counted["sat"], counted["attempts"]) == (2, 2)
        for sort in ("name", "-name", "started"):
            assert len(results.Listing(occasion, activity, results.Choice(sort=sort))) == 2
        absent = results.Listing(occasion, activity, results.Choice(state="absent"))
        assert operator.id in {user for user, _attempt in absent.refs}
        held = shelf.attempts_of(occasion.site, exam.activity)
        assert held is not None
        assert len(held.previews) == 1
