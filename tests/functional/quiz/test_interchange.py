"""Files of questions: sent, looked at, taken, written; over the pages, as a teacher does it."""

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp, Upload

from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import shelf
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = [pytest.mark.functional, pytest.mark.both_storages]

GIFT = """\
$CATEGORY: $course$/top/安全/消防

// [id:A-1] [tag:消防]
::灭火器::油锅起火时用什么扑救？{=锅盖 ~水 ~面粉}

::坏题::缺少括号的题目{=a ~b

::无答案::哪个对？{~甲 ~乙}

::判断::电气火灾可以用水扑救。{FALSE}

::重复::油锅起火时用什么扑救？{=水 ~面粉 ~锅盖}
"""


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    under_test = make_site(**{"modou.plugins": "quiz"})
    with under_test.occasion() as occasion:
        teacher = factories.user(occasion, "teacher")
        course = factories.course(occasion)
        factories.enrolment(occasion, course, teacher, role="teacher")
        factories.user(occasion, "operator", role="operator")
        factories.user(occasion, "learner")
    return under_test


@pytest.fixture
def home(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        course = next(iter(occasion.site.courses))
        return f"/courses/{course.key}/questions"


def send(browser: TestApp, home: str, name: str, data: bytes, format: str = "") -> Any:
    form = with_field(browser.get(f"{home}/import"), "file")
    form["file"] = Upload(name, data)
    if format:
        form["format"] = format
    return form.submit()


def with_field(page: Any, name: str) -> Any:
    [form] = [
        one for place, one in page.forms.items() if isinstance(place, int) and name in one.fields
    ]
    return form


def choice(page: Any) -> Any:
    return page.forms["import-choice"]


def bank_of(site: SiteUnderTest) -> list[Any]:
    with site.occasion() as occasion:
        store = shelf.find_bank(occasion.site)
        return (
            [] if store is None else [(q.title, q.type, q.tags, q.status) for q in store.questions]
        )


def test_a_file_becomes_questions_and_the_bank_a_file(site: SiteUnderTest, home: str) -> None:
    browser = site.browser("teacher")
    answer = send(browser, home, "消防.txt", GIFT.encode("gb18030"))
    site.work()
    page = browser.get(answer.location)
    assert "GB18030" in page
    assert "GIFT" in page
    assert bank_of(site) == []  # nothing was changed by looking
    assert "“}” is missing" in page
    assert "No answer is marked as right" in page
    assert "The same as number 1 of this file" in page

    form = choice(page)
    assert [box._value for box in form.fields["ids"]] == ["1", "4", "5"]
    assert [box.checked for box in form.fields["ids"]] == [True, True, False]
    form["category"] = "course"
    form.submit("action", value="take")
    site.work()
    page = browser.get(answer.location)
    assert "2 of 5 questions were taken" in page
    assert sorted(bank_of(site)) == [
        ("判断", "truefalse", (), "ready"),
        ("灭火器", "single", ("消防",), "ready"),
    ]
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        titles = {category.title for category in store.categories}
        assert {"安全", "消防"} <= titles
        kinds = [event.kind for event in occasion.site.journal.newest_first()]
        assert kinds.count("questions_imported") == 1

    # The same file again: everything is there already.
    answer = send(browser, home, "again.gift", GIFT.encode())
    site.work()
    page = browser.get(answer.location)
    assert "The bank has it" in page

    export = with_field(browser.get(f"{home}/export"), "format")
    export["format"] = "gift"
    answer = export.submit()
    site.work()
    page = browser.get(answer.location)
    assert "2 of 2 questions are in the file" in page
    written = browser.get(answer.location + "/file")
    assert "::灭火器::" in written.body.decode()
    assert "[tag:消防]" in written.body.decode()
    # Somebody else's is not found.
    assert site.browser("learner").get(answer.location, expect_errors=True).status_int in {403, 404}


def test_the_api_does_the_same_in_two_steps(site: SiteUnderTest, home: str) -> None:
    from base64 import b64encode

    course = home.split("/")[2]
    browser = site.browser("teacher")
    token = browser.get(f"{home}/import").html.select_one('input[name="csrf_token"]')["value"]

    def call(method: str, path: str, body: Any = None) -> Any:
        headers = {"X-CSRF-Token": token, "Accept": "application/json"}
        if method == "GET":
            return browser.get(f"/api/v1/quiz{path}", headers=headers).json
        return browser.post_json(f"/api/v1/quiz{path}", body, headers=headers).json

    assert "moodle_xml" in [format["name"] for format in call("GET", "/formats")["items"]]
    sent = call(
        "POST",
        "/imports",
        {"filename": "a.gift", "content": b64encode(GIFT.encode()).decode(), "course": course},
    )
    site.work()
    assert call("GET", f"/imports/{sent['id']}?course={course}")["counts"] == {
        "good": 2,
        "bad": 2,
        "twin": 1,
    }
    items = call("GET", f"/imports/{sent['id']}/items?course={course}&kind=bad")["items"]
    assert [item["line"] for item in items] == [6, 8]
    assert "missing" in items[0]["notes"][0]["message"]
    take = {"category": "course", "course": course, "items": [1]}
    assert call("POST", f"/imports/{sent['id']}/take", take)["status"] == "taking"
    site.work()
    [item] = call("GET", f"/imports/{sent['id']}/items?course={course}&limit=1")["items"]
    made = call(
        "POST",
        "/exports",
        {"format": "qti30", "questions": [item["question"]], "course": course},
    )
    site.work()
    done = call("GET", f"/exports/{made['id']}?course={course}")
    assert (done["status"], done["written"]) == ("done", 1)
    assert browser.get(done["url"]).body.startswith(b"PK")


def test_commands_do_it_on_the_terminal(site: SiteUnderTest, tmp_path: Any) -> None:
    from click.testing import CliRunner

    from modou_quiz.cli.interchange import export, import_

    def run(command: Any, *words: str) -> str:
        result = CliRunner().invoke(command, [*words, "--as", "operator"], obj=site.registry.access)
        assert result.exit_code == 0, result.output
        return str(result.output)

    source, target = tmp_path / "题.gift", tmp_path / "out.xml"
    source.write_bytes(GIFT.encode("utf-16"))
    told = run(import_, str(source), "--dry-run")
    assert "line 6" in told
    assert "UTF-16" in told
    assert bank_of(site) == []
    assert "3 questions taken" in run(import_, str(source), "--category", "题库", "--twins")
    assert "3 of 3 questions written" in run(export, str(target), "--category", "题库")
    assert "灭火器" in target.read_text("utf-8")


@pytest.mark.usefixtures("told")
def test_a_format_of_another_plugin(make_site: Callable[..., SiteUnderTest]) -> None:
    """Handed in by the hook question_formats."""
    site = make_site(**{"modou.plugins": "quiz probe"})
    with site.occasion() as occasion:
        factories.user(occasion, "operator", role="operator")
    browser = site.browser("operator")
    data = "+ 铜是导体。\n木头也是导体。\n- 玻璃是导体。\n".encode()
    answer = send(browser, "/admin/questions", "电工.lines", data)
    site.work()
    page = browser.get(answer.location)
    assert "Lines of the probe" in page
    assert "A line begins with + or -." in page
    choice(page).submit("action", value="take")
    site.work()
    assert sorted(row[:2] for row in bank_of(site)) == [
        ("玻璃是导体。", "truefalse"),
        ("铜是导体。", "truefalse"),
    ]


def test_looking_tells_what_taking_would_refuse(site: SiteUnderTest, home: str) -> None:
    browser = site.browser("teacher")
    long = "号" * 101
    text = (
        f"// [id:{long}]\n::甲::一{{TRUE}}\n\n::乙::{'长' * 100_001}{{TRUE}}\n\n::丙::三{{TRUE}}\n"
    )
    answer = send(browser, home, "a.gift", text.encode())
    site.work()
    page = browser.get(answer.location)
    assert "number of the institution: Too long: 101 characters" in page
    assert "A text is longer than can be stored" in page
    form = choice(page)
    assert [box._value for box in form.fields["ids"]] == ["3"]


def test_a_line_that_somebody_else_moved_is_not_written_over(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        teacher = next(user for user in occasion.site.users if user.username == "teacher")
        factories.enrolment(occasion, course, teacher, role="teacher")
        activity = next(iter(course.activities))
        shelf.put(occasion, activity, Quiz(course.id))
        path = f"/courses/{course.key}/a/{activity.key}/paper"
    one, other = site.browser("teacher"), site.browser("teacher")
    form = with_field(one.get(path), "title")
    form["title"] = "单选题"
    form.submit("action", value="add")
    late = with_field(one.get(f"{path}/line?section=0"), "number")
    early = with_field(other.get(f"{path}/line?section=0"), "number")
    assert early.submit().location.endswith("#part-0")
    answer = late.submit().follow()
    assert "Somebody else changed this quiz meanwhile" in answer
