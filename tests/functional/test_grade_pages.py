"""The pages of grades, as teachers, class teachers and learners use them."""

import io
import json

import openpyxl
import pytest
from webtest import Upload

from modou.models.cohorts import Cohort
from modou.services import grading
from tests import factories
from tests.conftest import SiteUnderTest

NAMES = {"wang": "王芳", "li": "李强", "zhang": "张<伟>"}


@pytest.fixture
def class_(site: SiteUnderTest):
    """A course with a graded activity and an item by hand; two cohorts; three learners."""
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        cohorts = [occasion.site.cohorts.add(Cohort(f"2026-{n} 班")) for n in (1, 2)]
        course.cohorts = tuple(cohort.id for cohort in cohorts)
        teacher = factories.user(occasion, "teacher", "赵老师")
        factories.enrolment(occasion, course, teacher, "teacher")
        head = factories.user(occasion, "head", "钱班主任")
        cohorts[0].class_teacher = head.id
        factories.enrolment(occasion, course, head, "class_teacher").cohort = cohorts[0].id
        for place, (username, name) in enumerate(NAMES.items()):
            user = factories.user(occasion, username, name)
            factories.enrolment(occasion, course, user).cohort = cohorts[place // 2].id
        activity = next(course.ordered_activities())
        grading.ensure_item(occasion, course, activity, 50.0)
        grading.add_item(occasion, course, {"title": "实操考核"})
    return site


@pytest.fixture
def paths(class_):
    return Paths(class_)


class Paths:
    """Addresses in the course of `class_`."""

    def __init__(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            self.course = f"/courses/{course.key}"
            self.items = [item.key for item in course.grade_book.ordered_items()]
            index = occasion.site.user_index.usernames
            users = occasion.site.users
            self.users = {name: users.by_id(index[name]).key for name in ("wang", "li", "zhang")}
            self.cohorts = [occasion.site.cohorts.get(id).key for id in course.cohorts]

    @property
    def book(self) -> str:
        return f"{self.course}/grades"

    def cell(self, username: str, item: int) -> str:
        return f"{self.book}/{self.users[username]}/{self.items[item]}"


def parts(occasion, username="wang"):
    course = next(iter(occasion.site.courses))
    quiz, by_hand = course.grade_book.ordered_items()
    user_id = occasion.site.user_index.usernames[username]
    return course, quiz, by_hand, course.enrolments[user_id]


def grade(site, username, item, value, source="quiz"):
    with site.occasion() as occasion:
        course, *items, enrolment = parts(occasion, username)
        grading.set_grade(occasion, course, items[item], enrolment, value, source=source)


def value(site, username, item):
    with site.occasion() as occasion:
        _course, *items, enrolment = parts(occasion, username)
        return grading.grade_of(enrolment, items[item])


def save(browser, path, status=None, **body):
    """What the grid does."""
    token = browser.get("/").html.find("meta", {"name": "csrf-token"})["content"]
    return browser.post(
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"X-CSRF-Token": token, "Accept": "application/json"},
        status=status,
    )


def last_form(page):
    """The last form that posts: the layout's own ones come first."""
    forms = [
        f for key, f in page.forms.items() if isinstance(key, int) and f.method.upper() == "POST"
    ]
    return forms[-1]


def names(page):
    return [
        head.find(string=True, recursive=True).strip() for head in page.html.select("tbody tr > th")
    ]


class TestBook:
    def test_it_shows_learners_items_and_totals(self, class_, paths):
        grade(class_, "wang", 0, 40.0)
        grade(class_, "wang", 1, 55.0, "manual")
        page = class_.browser("teacher").get(paths.book)
        assert names(page) == ["李强", "王芳", "张<伟>"]
        row = page.html.select("tbody tr")[1]
        assert [cell.text.strip() for cell in row.select("td")] == ["67.5", "Pass", "40", "55"]
        assert row.select("td")[3]["data-level"] == "fail"
        assert "张&lt;伟&gt;" in page.text

    def test_it_sorts_by_total_with_the_ungraded_last(self, class_, paths):
        grade(class_, "wang", 0, 10.0)
        grade(class_, "li", 0, 40.0)
        browser = class_.browser("teacher")
        assert names(browser.get(paths.book, {"sort": "total"})) == ["王芳", "李强", "张<伟>"]
        assert names(browser.get(paths.book, {"sort": "-total"})) == ["李强", "王芳", "张<伟>"]
        by_item = browser.get(paths.book, {"sort": f"-{paths.items[0]}"})
        assert names(by_item) == ["李强", "王芳", "张<伟>"]

    def test_it_filters_by_cohort_and_by_pinyin(self, class_, paths):
        browser = class_.browser("teacher")
        assert names(browser.get(paths.book, {"cohort": paths.cohorts[1]})) == ["张<伟>"]
        assert names(browser.get(paths.book, {"cohort": "none"})) == []
        assert names(browser.get(paths.book, {"q": "wangfang"})) == ["王芳"]

    @pytest.mark.parametrize(
        "query", ["page=99", "page=-1", "page=x", "sort=nonsense", "cohort=nonsense", "q=%00"]
    )
    def test_a_strange_address_is_no_error(self, class_, paths, query):
        class_.browser("teacher").get(f"{paths.book}?{query}", status=200)

    def test_fifty_on_a_page(self, class_, paths):
        with class_.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            for number in range(60):
                user = factories.user(occasion, f"many{number}", f"学员{number:02}")
                factories.enrolment(occasion, course, user)
        browser = class_.browser("teacher")
        assert len(names(browser.get(paths.book))) == 50
        assert len(names(browser.get(paths.book, {"page": "2"}))) == 13

    def test_an_empty_course_says_what_to_do(self, site):
        with site.occasion() as occasion:
            course = factories.course(occasion)
            teacher = factories.user(occasion, "teacher")
            factories.enrolment(occasion, course, teacher, "teacher")
            path = f"/courses/{course.key}/grades"
        page = site.browser("teacher").get(path)
        assert "No grade items yet" in page.text
        assert "Add a grade item" in page.text


class TestWhoSeesWhat:
    def test_learners_do_not_enter(self, class_, paths):
        browser = class_.browser("wang")
        for path in (paths.book, paths.cell("li", 0), f"{paths.course}/grades-setup"):
            browser.get(path, status=403)
        browser.get(f"{paths.course}/grades-export.csv", status=403)
        browser.get(f"{paths.course}/report/{paths.users['li']}", status=403)

    def test_a_class_teacher_sees_the_own_cohort_and_changes_nothing(self, class_, paths):
        browser = class_.browser("head")
        page = browser.get(paths.book)
        assert names(page) == ["李强", "王芳"]
        assert not page.html.select("[data-cell]")
        browser.get(f"{paths.course}/report/{paths.users['zhang']}", status=404)
        browser.get(f"{paths.cell('zhang', 0)}/history", status=404)
        browser.get(f"{paths.course}/report/{paths.users['li']}", status=200)
        save(browser, paths.cell("wang", 1), value="90", old="", status=403)
        browser.get(f"{paths.course}/grades-export.csv", status=403)
        assert value(class_, "wang", 1).value is None

    def test_visitors_are_sent_to_sign_in(self, class_, paths):
        assert "/login" in class_.browser().get(paths.book, status=302).location


class TestGrid:
    def test_it_saves_and_repaints_the_total(self, class_, paths):
        browser = class_.browser("teacher")
        answer = save(browser, paths.cell("wang", 1), value="８５，５", old="").json
        assert (answer["text"], answer["value"], answer["level"]) == ("85.5", "85.5", "")
        row = paths.users["wang"]
        assert answer["cells"] == [
            {"row": row, "column": "total", "text": "85.5", "level": ""},
            {"row": row, "column": "letter", "text": "Good", "level": ""},
        ]
        assert value(class_, "wang", 1).value == 85.5

    def test_the_second_teacher_is_told(self, class_, paths):
        grade(class_, "wang", 1, 70.0, "manual")
        browser = class_.browser("teacher")
        answer = save(browser, paths.cell("wang", 1), value="90", old="", status=409).json
        assert "System" not in answer["detail"]
        assert "70" in answer["detail"]
        assert answer["value"] == "70"
        save(browser, paths.cell("wang", 1), value="90", old="70", status=200)

    def test_an_override_wants_its_reason(self, class_, paths):
        grade(class_, "wang", 0, 20.0)
        browser = class_.browser("teacher")
        path = paths.cell("wang", 0)
        answer = save(browser, path, value="30", old="20", status=422).json
        assert "reason" in answer["errors"]
        answer = save(browser, path, value="30", old="20", reason="补考").json
        assert answer["level"] == "override"
        assert value(class_, "wang", 0).reason == "补考"

    @pytest.mark.parametrize("typed", ["abc", "101", "-1", "NaN", "1,000", "1e5", "x" * 5000])
    def test_nonsense_is_refused_and_nothing_changes(self, class_, paths, typed):
        browser = class_.browser("teacher")
        answer = save(browser, paths.cell("wang", 1), value=typed, old="", status=422)
        assert answer.content_type == "application/problem+json"
        assert value(class_, "wang", 1).value is None

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"value": {}}', b"\xff", b'{"value": true}'])
    def test_what_is_no_json_is_refused(self, class_, paths, body):
        browser = class_.browser("teacher")
        token = browser.get("/").html.find("meta", {"name": "csrf-token"})["content"]
        browser.post(
            paths.cell("wang", 1),
            body,
            content_type="application/json",
            headers={"X-CSRF-Token": token},
            status=422,
        )

    def test_without_its_token_nothing_is_saved(self, class_, paths):
        browser = class_.browser("teacher")
        browser.post_json(paths.cell("wang", 1), {"value": "90", "old": ""}, status=403)
        assert value(class_, "wang", 1).value is None

    def test_an_unknown_learner_or_item_is_not_found(self, class_, paths):
        browser = class_.browser("teacher")
        browser.get(f"{paths.book}/{paths.items[0]}/{paths.items[0]}", status=404)
        browser.get(f"{paths.book}/{paths.users['wang']}/nonsense", status=404)


class TestCellForm:
    def test_it_works_without_scripts(self, class_, paths):
        browser = class_.browser("teacher")
        link = browser.get(paths.book).html.select_one("[data-cell] a")["href"]
        form = last_form(browser.get(link))
        form["value"] = "85%"
        form["feedback"] = "接线规范"
        form.submit(status=303)
        got = value(class_, "li", 0)
        assert got.value == 42.5

    def test_exclusion_wants_a_reason_and_is_shown_to_the_learner(self, class_, paths):
        browser = class_.browser("teacher")
        form = last_form(browser.get(paths.cell("wang", 0)))
        form["excluded"] = True
        answer = form.submit(status=200)
        assert "Say why the item does not count" in answer.text
        form = last_form(answer)
        form["reason"] = "已有证书"
        form.submit(status=303)
        report = class_.browser("wang").get(f"{paths.course}/report")
        assert "已有证书" in report.text

    def test_a_change_in_between_is_shown_not_overwritten(self, class_, paths):
        browser = class_.browser("teacher")
        form = last_form(browser.get(paths.cell("wang", 1)))
        grade(class_, "wang", 1, 77.0, "manual")
        form["value"] = "50"
        answer = form.submit(status=200)
        assert "changed meanwhile" in answer.text
        assert value(class_, "wang", 1).value == 77.0
        last_form(answer).submit(status=303)
        assert value(class_, "wang", 1).value == 50.0

    def test_the_history_names_everything(self, class_, paths):
        grade(class_, "wang", 0, 20.0)
        browser = class_.browser("teacher")
        save(browser, paths.cell("wang", 0), value="30", old="20", reason="补考")
        page = browser.get(f"{paths.cell('wang', 0)}/history")
        first = [cell.text.strip() for cell in page.html.select("tbody tr")[0].select("td")]
        assert first[1:] == ["赵老师", "Overridden", "20", "30", "补考", "Entered by hand"]


class TestReport:
    def test_a_learner_sees_the_own_grades_with_reasons(self, class_, paths):
        grade(class_, "wang", 0, 40.0)
        grade(class_, "wang", 1, 50.0, "manual")
        browser = class_.browser("wang")
        page = browser.get(f"{paths.course}/report")
        text = " ".join(page.html.text.split())
        assert "65 / 100" in text
        assert "not passed, 60 needed" in text
        bars = page.html.select(".grade-drawing rect")
        assert [bar["width"] for bar in bars] == ["50.00", "40.00", "50.00", "25.00"]
        assert "李强" not in page.text

    def test_all_courses_on_one_page(self, class_, paths):
        grade(class_, "wang", 0, 40.0)
        page = class_.browser("wang").get("/my/grades")
        cells = [cell.text.split() for cell in page.html.select("tbody td")]
        assert cells == [["80", "/", "100"], ["Good"], ["1", "/", "2"]]

    def test_visitors_sign_in_first(self, class_):
        assert "/login" in class_.browser().get("/my/grades", status=302).location


class TestSetup:
    def test_items_and_categories_are_added_and_counted(self, class_, paths):
        browser = class_.browser("teacher")
        form = last_form(browser.get(f"{paths.course}/grades-setup/categories/new"))
        form["title"] = "平时成绩"
        form["weight"] = "40"
        form.submit(status=303)
        form = last_form(browser.get(f"{paths.course}/grades-setup/items/new"))
        form["title"] = "考勤"
        form["maximum"] = "２０"
        form["category"].select(text="平时成绩")
        form.submit(status=303)
        page = browser.get(f"{paths.course}/grades-setup")
        assert "Weights add up to 42" in page.text
        assert "95.2%" in page.text

    def test_a_preview_changes_nothing(self, class_, paths):
        grade(class_, "wang", 0, 50.0)
        grade(class_, "wang", 1, 30.0, "manual")
        browser = class_.browser("teacher")
        path = f"{paths.course}/grades-setup/items/{paths.items[1]}"
        form = browser.get(path).forms["item"]
        form["weight"] = "3"
        page = form.submit("action", value="preview")
        row = page.html.select_one(".grade-effect tbody tr")
        assert [cell.text for cell in row.select("th, td")] == ["王芳", "65", "47.5", "-17.50"]
        assert "Nothing has been saved yet" in page.text
        with class_.occasion() as occasion:
            assert parts(occasion)[2].weight == 1.0
        page.forms["item"].submit(status=303)
        with class_.occasion() as occasion:
            assert parts(occasion)[2].weight == 3.0

    @pytest.mark.parametrize("typed", ["abc", "", "-1", "nan", "1e999"])
    def test_a_number_that_is_none_is_named_at_its_field(self, class_, paths, typed):
        browser = class_.browser("teacher")
        path = f"{paths.course}/grades-setup/items/{paths.items[1]}"
        form = browser.get(path).forms["item"]
        form["weight"] = typed
        page = form.submit(status=200)
        assert page.html.select("#weight-errors")
        with class_.occasion() as occasion:
            assert parts(occasion)[2].weight == 1.0

    def test_deleting_says_what_happens_to_grades(self, class_, paths):
        grade(class_, "wang", 1, 30.0, "manual")
        browser = class_.browser("teacher")
        page = browser.get(f"{paths.course}/grades-setup/items/{paths.items[1]}")
        assert "Grades given in this item: 1." in page.text
        page.forms["delete"].submit("action", value="delete", status=303)
        with class_.occasion() as occasion:
            course = next(iter(occasion.site.courses))
            assert len(course.grade_book.items) == 1

    def test_the_order_is_dragged_or_stepped(self, class_, paths):
        browser = class_.browser("teacher")
        order = f"{paths.course}/grades-setup/order"
        save(browser, order, list="course", ids=paths.items[::-1])
        assert Paths(class_).items == paths.items[::-1]
        token = browser.get("/").html.find("meta", {"name": "csrf-token"})["content"]
        step = {"csrf_token": token, "node": paths.items[1], "step": "down"}
        browser.post(order, step, status=303)
        assert Paths(class_).items == paths.items
        for bad in ({"list": "course"}, {"list": "course", "ids": ["x"]}, []):
            browser.post(
                order,
                json.dumps(bad),
                content_type="application/json",
                headers={"X-CSRF-Token": token},
                status=422,
            )

    def test_levels_are_replaced_and_brought_back(self, class_, paths):
        grade(class_, "wang", 0, 40.0)
        browser = class_.browser("teacher")
        path = f"{paths.course}/grades-setup/scale"
        form = browser.get(path).forms["scale"]
        form["pass_percent"] = "85"
        for place in range(5):
            form[f"letters-{place}-letter"] = ""
            form[f"letters-{place}-floor"] = ""
        form["letters-5-letter"], form["letters-5-floor"] = "合格", "85"
        page = form.submit(status=200)
        assert "lowest level begins" in page.text
        form = page.forms["scale"]
        form["letters-6-letter"], form["letters-6-floor"] = "不合格", "0"
        form.submit(status=303)
        assert "不合格" in class_.browser("wang").get(f"{paths.course}/report").text
        browser.get(path).forms["scale"].submit("action", value="usual", status=303)
        assert "Good" in class_.browser("wang").get(f"{paths.course}/report").text

    def test_a_course_without_grade_book_can_be_set_up(self, site):
        with site.occasion() as occasion:
            course = factories.course(occasion)
            factories.enrolment(occasion, course, factories.user(occasion, "teacher"), "teacher")
            path = f"/courses/{course.key}/grades-setup"
        browser = site.browser("teacher")
        form = browser.get(f"{path}/categories/course").forms["category"]
        form["aggregation"] = "sum"
        form.submit(status=303)
        form = browser.get(f"{path}/items/new").forms["item"]
        form["title"] = "考勤"
        form.submit(status=303)
        assert "Points add up to 100" in browser.get(path).text


def exported(site, paths, kind="csv", who="teacher", **query):
    return site.browser(who).get(f"{paths.course}/grades-export.{kind}", query)


def upload(site, paths, data, name="grades.csv", who="teacher"):
    browser = site.browser(who)
    form = last_form(browser.get(f"{paths.course}/grades-import"))
    form["file"] = Upload(name, data)
    return form.submit(status=200)


class TestExport:
    def test_csv_and_xlsx_hold_the_same_and_execute_nothing(self, class_, paths):
        with class_.occasion() as occasion:
            *_others, enrolment = parts(occasion)
            occasion.site.users.by_id(enrolment.user_id).name = "=HYPERLINK(1)"
            occasion.site.users.by_id(enrolment.user_id).id_masked = "1201**********001X"
        grade(class_, "wang", 0, 40.0)
        lines = exported(class_, paths).body.decode("utf-8-sig").splitlines()
        assert lines[0].startswith("Username,Name,ID number,Cohort,第 1 节 [")
        row = next(line for line in lines if line.startswith("wang"))
        assert row == "wang,'=HYPERLINK(1),1201**********001X,2026-1 班,40,,80,80,Good"
        answer = exported(class_, paths, "xlsx", cohort=paths.cohorts[0], sort="-total")
        assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
        sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
        rows = list(sheet.iter_rows(values_only=True))
        assert rows[1] == (
            *("wang", "=HYPERLINK(1)", "1201**********001X", "2026-1 班"),
            *(40, None, 80, 80, "Good"),
        )
        assert sheet["B2"].data_type == "s"
        assert len(rows) == 3

    def test_it_is_noted_who_took_them(self, class_, paths):
        exported(class_, paths)
        with class_.occasion() as occasion:
            events = [e for e in occasion.site.journal if e.kind == "grades_exported"]
            assert [dict(e.values) for e in events] == [{"learners": 3}]

    def test_an_unknown_format_is_not_found(self, class_, paths):
        class_.browser("teacher").get(f"{paths.course}/grades-export.pdf", status=404)


class TestImport:
    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_an_export_comes_back_unchanged(self, class_, paths, kind):
        grade(class_, "wang", 0, 33.33333)
        grade(class_, "li", 1, 0.0, "manual")
        page = upload(class_, paths, exported(class_, paths, kind).body, f"grades.{kind}")
        assert "Nothing in this file changes a grade" in page.text

    def test_changed_cells_are_previewed_then_taken(self, class_, paths):
        grade(class_, "li", 1, 50.0, "manual")
        head = f"用户名,{paths_heading(class_, 0)},实操考核,备注"
        data = f"{head}\nwang,45,优秀,x\nli,,-,\nnobody,1,1,\nzhang,99,80,\n".encode()
        page = upload(class_, paths, data)
        text = " ".join(page.html.text.split())
        assert "第 1 节: – → 45" in text
        assert "“nobody” takes no part in this course." in text
        assert "takes 0 to 50 points, not 99" in text
        assert "left out: 备注" in text
        assert value(class_, "wang", 1).value is None
        last_form(page).submit("action", value="apply", status=303)
        assert (value(class_, "wang", 0).value, value(class_, "wang", 1).value) == (45.0, 95.0)
        assert value(class_, "li", 1).value is None
        assert value(class_, "zhang", 1).value is None

    def test_levels_are_understood(self, class_, paths):
        data = "username,实操考核\nwang,good\nli,８５分\nzhang,90%\n".encode()
        page = upload(class_, paths, data)
        last_form(page).submit("action", value="apply", status=303)
        got = [value(class_, name, 1).value for name in ("wang", "li", "zhang")]
        assert got == [85.0, 85.0, 90.0]
        assert value(class_, "wang", 1).source == "import"

    def test_what_changed_since_the_preview_is_left(self, class_, paths):
        data = "username,实操考核\nwang,80\nli,81\n".encode()
        page = upload(class_, paths, data)
        grade(class_, "wang", 1, 10.0, "manual")
        answer = last_form(page).submit("action", value="apply", status=200)
        assert "changed since the file was read" in answer.text
        assert (value(class_, "wang", 1).value, value(class_, "li", 1).value) == (10.0, 81.0)

    def test_overrides_want_a_reason(self, class_, paths):
        grade(class_, "wang", 0, 20.0)
        data = f"username,{paths_heading(class_, 0)}\nwang,30\n".encode()
        page = upload(class_, paths, data)
        page = last_form(page).submit("action", value="apply", status=200)
        assert "Say why grades that activities gave are changed" in page.text
        assert value(class_, "wang", 0).value == 20.0
        form = last_form(page)
        form["reason"] = "补考"
        form.submit("action", value="apply", status=303)
        assert value(class_, "wang", 0).reason == "补考"

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "is empty"),
            ("姓名,实操考核\n王芳,80\n".encode(), "No column holds usernames"),
            (b"username,other\nwang,80\n", "No column fits a grade item"),
            ("username,实操考核\nwang,80\nwang,90\n".encode(), "stands in row 2 already"),
            ("username,实操考核\n,80\n".encode(), "The username is missing"),
            ("username,实操考核\nwang,八十\n".encode(), "is no grade"),
            ('username,实操考核\nwang,"80\n'.encode(), "quotation mark"),
            ("username,用户名,实操考核\nwang,wang,80\n".encode(), "Two columns hold usernames"),
        ],
    )
    def test_a_bad_file_is_explained(self, class_, paths, data, sentence):
        page = upload(class_, paths, data)
        assert sentence in page.html.text

    def test_without_a_file(self, class_, paths):
        form = last_form(class_.browser("teacher").get(f"{paths.course}/grades-import"))
        assert "Choose a file first" in form.submit(status=200).text

    @pytest.mark.parametrize("plan", ["", "x", "eJyrVgIAAKkAeQ==", "eJwDAAAAAAE="])
    def test_a_damaged_preview_is_refused(self, class_, paths, plan):
        data = "username,实操考核\nwang,80\n".encode()
        form = last_form(upload(class_, paths, data))
        form["plan"].force_value(plan)
        form.submit("action", value="apply", status=422)
        assert value(class_, "wang", 1).value is None

    def test_it_needs_both_rights(self, class_, paths):
        with class_.occasion() as occasion:
            factories.user(occasion, "admin", role="institution_admin")
        class_.browser("admin").get(f"{paths.course}/grades-import", status=403)
        class_.browser("head").get(f"{paths.course}/grades-import", status=403)


def paths_heading(site, place):
    with site.occasion() as occasion:
        course = next(iter(occasion.site.courses))
        return f"x [{course.grade_book.ordered_items()[place].key}]"
