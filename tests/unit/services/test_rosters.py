"""Rosters: what is said about each row, what becomes of it, and that twice is once."""

import io
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modou.errors import Conflict, Invalid, NotAllowed
from modou.services import accounts, cohorts, enrolling, roster_taking, rosters
from modou.services.roster_columns import (
    ID_TYPES,
    NAMES,
    NUMBERED,
    ROLES,
    field_of,
    recognise,
)
from modou.services.roster_store import BATCH
from tests import factories
from tests import rosters as paper
from tests.conftest import SiteUnderTest


@pytest.fixture
def school(site: SiteUnderTest) -> SiteUnderTest:
    """Course C-1 and the cohort B-1 in it, course C-2, an operator, a teacher."""
    with site.occasion() as occasion:
        course, other = factories.course(occasion), factories.course(occasion, "焊工")
        course.code, other.code = "C-1", "C-2"
        cohort = cohorts.create_cohort(occasion, title="电工 1 班", number="B-1")
        cohorts.enrol_cohort(occasion, cohort, course)
        factories.user(occasion, "olga", "欧尔佳", role="operator")
        teacher = factories.user(occasion, "tian", "田老师")
        enrolling.enrol(occasion, course, [teacher], role="teacher")
    return site


def course_id(site: SiteUnderTest, code: str = "C-1") -> int:
    with site.occasion() as occasion:
        return next(c.id for c in occasion.site.courses if c.code == code)


def kinds(found: list[rosters.RowReport]) -> list[str]:
    return [report.kind for report in found]


def reasons(found: list[rosters.RowReport]) -> list[str]:
    return [" ".join(str(getattr(r, "interpolate", lambda r=r: r)()) for r in f.reasons) for f in found]  # type: ignore[misc]  # fmt: skip  # noqa: E501


class TestColumns:
    def test_headings_as_people_write_them(self) -> None:
        names = {
            "姓名*": "name", "姓 名（必填）": "name", "身份证号": "id_number",
            "IDNumber": "id_number",
            "ＰＨＯＮＥ１": "phone", "手机": "phone", "course2": "course2", "课程编号": "course1",
            "课程": "course_title1", "班级2": "cohort_title2", "Role 1": "role1", "e-mail": "email",
            "group1": None, "序号": None,
        }  # fmt: skip
        assert {heading: field_of(heading) for heading in names} == names

    def test_the_reference_lists_every_name(self) -> None:
        page = Path(__file__).parents[3] / "docs" / "reference" / "roster-columns.md"
        text = page.read_text(encoding="utf-8")
        for names in (*NAMES.values(), *NUMBERED.values(), *ROLES.values(), *ID_TYPES.values()):
            assert [name for name in names if name not in text] == []

    def test_two_headings_for_one_field(self) -> None:
        with pytest.raises(Invalid) as refused:
            recognise(["姓名", "手机", "phone1"])
        assert "手机" in str(refused.value)

    def test_nobody_can_be_told_apart(self) -> None:
        with pytest.raises(Invalid) as refused:
            recognise(["姓名", "班级"])
        assert "姓名, 班级" in str(refused.value)


class TestVerdicts:
    def test_each_row_gets_its_own(self, school: SiteUnderTest) -> None:
        good = paper.people(0, 3, course="C-1")
        wrong_number = [*good[0]]
        wrong_number[2] = good[0][2][:-1] + ("0" if good[0][2][-1] != "0" else "1")
        wrong_number[3] = paper.phone(77)
        bad = [
            wrong_number,
            ["", "", paper.id_number(50), "", "", "C-1", ""],
            ["无名", "", "", "", "", "C-1", ""],
            ["钱二", "", paper.id_number(51), "", "", "C-9", ""],
            ["孙三", "", paper.id_number(52), "", "B-9", "", ""],
            ["李四", "", paper.id_number(53), "", "", "C-1", "国王"],
            ["周五", "火星证", paper.id_number(54), "", "", "C-1", ""],
            ["=1+1", "", paper.id_number(55), "", "", "C-1", ""],
            ["吴六", "", paper.id_number(56), "12345", "", "C-1", ""],
            ["", *good[1][1:]],
            ["王二麻", *good[1][1:]],
            good[2],
        ]
        job = paper.check(school, paper.csv_bytes(good + bad))
        found = paper.reports(school, job, outcomes=False)
        assert kinds(found) == ["create"] * 3 + ["bad"] * 11 + ["same"]
        said = reasons(found)
        for place, word in enumerate(
            ["GB 11643", "name is missing", "all missing", "C-9", "B-9", "国王", "火星证",
             "formula", "mobile number", "name is missing", "Row 3", "row 4"], start=3,
        ):  # fmt: skip
            assert word in said[place]
        assert [report.number for report in found] == list(range(2, 17))
        with school.occasion() as occasion:
            stored = occasion.site.rosters.by_id(job)
            assert stored.status == "checked"
            assert dict(stored.progress.verdicts) == {"create": 3, "bad": 11, "same": 1}
            assert len(occasion.site.users) == 2
            bad_ones = rosters.reports(
                occasion, stored, outcomes=False, kind="bad", first=9, count=5
            )
            assert [report.number for report in bad_ones] == [14, 15]

    def test_accounts_that_exist(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            for number, name in ((1, "王芳"), (2, "李娜")):
                accounts.create_account(
                    occasion, username=f"p{number}", name=name, phone=paper.phone(number),
                    id_type="id_card", id_number=paper.id_number(number),
                )  # fmt: skip
            gone = accounts.create_account(occasion, username="gone", name="离开")
            gone.status = "suspended"
        headings = ("username", "name", "idnumber", "phone1", "course1", "role1")
        rows = [
            ["p1", "王芳", "", "", "C-1", "student"],
            ["", "王 芳", paper.id_number(1), paper.phone(1), "C-2", ""],
            ["", "王方", paper.id_number(1), "", "C-1", ""],
            ["p1", "", paper.id_number(2), "", "C-1", ""],
            ["p1", "王芳", paper.id_number(3), "", "C-1", ""],
            ["tian", "", "", "", "C-1", "student"],
            ["tian", "", "", "", "C-1", "editingteacher"],
            ["gone", "", "", "", "C-1", ""],
        ]
        job = paper.check(school, paper.csv_bytes(rows, headings))
        found = paper.reports(school, job, outcomes=False)
        assert kinds(found) == ["enrol", "enrol", "bad", "bad", "bad", "bad", "same", "bad"]
        said = reasons(found)
        assert "another name (王*)" in said[2]
        assert "different accounts" in said[3]
        assert "another ID number" in said[4]
        assert "another role" in said[5]
        assert "suspended" in said[7]
        assert "王芳" not in said[2]

    def test_only_what_the_actor_may(self, school: SiteUnderTest) -> None:
        with school.occasion() as occasion:
            factories.user(occasion, "ina", "殷娜", role="institution_admin")
            factories.user(occasion, "wang")
        with school.occasion("wang") as occasion, pytest.raises(NotAllowed):
            rosters.upload(occasion, io.BytesIO(paper.csv_bytes([])), "x.csv")
        rows = [*paper.people(0, 1, course="C-1"), *paper.people(1, 2, course="C-1", role="教师")]
        found = paper.take(school, paper.csv_bytes(rows), username="ina")
        assert kinds(found) == ["create", "bad"]
        with school.occasion() as occasion:
            by_ina = occasion.site.user_index.usernames["ina"]
            events = [e for e in occasion.site.journal if e.kind == "registered"]
            assert [e.actor for e in events][-1] == by_ina


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
    def test_encodings_and_rare_characters(self, school: SiteUnderTest, encoding: str) -> None:
        rows = paper.people(0, 2, course="C-1")
        rows[0][0], rows[1][0] = "买买提·吐尔逊", "𠮷田"
        found = paper.take(school, paper.csv_bytes(rows, encoding=encoding))
        assert kinds(found) == ["create", "create"]
        with school.occasion() as occasion:
            assert {"买买提·吐尔逊", "𠮷田"} <= {user.name for user in occasion.site.users}

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            paper.csv_bytes(paper.people(0, 5)) + b'\r\n"broken off',
            paper.csv_bytes(paper.people(0, 5), encoding="gb18030")[:-1] + b"\xff\xff\xff",
            paper.xlsx_bytes(paper.people(0, 5))[:900],
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        ],
        ids=["empty", "half", "no text", "half a workbook", "old xls"],
    )
    def test_half_a_file_changes_nothing(self, school: SiteUnderTest, data: bytes) -> None:
        with school.occasion() as occasion:
            with pytest.raises(Invalid) as refused:
                rosters.upload(occasion, io.BytesIO(data), "class.csv")
            assert "class.csv" in str(refused.value)
            assert len(occasion.site.rosters) == 0

    def test_a_file_that_breaks_off_in_a_row(self, school: SiteUnderTest) -> None:
        data = paper.csv_bytes(paper.people(0, 5, course="C-1"))[:-30]
        found = paper.take(school, data)
        assert kinds(found) == ["create"] * 4 + ["bad"]
        assert "Row 6" in reasons(found)[4]

    def test_a_workbook_with_formulas(self, school: SiteUnderTest) -> None:
        rows: list[list[object]] = [*paper.people(0, 2, course="C-1")]
        rows[1][0] = '=CONCATENATE("张","三")'
        found = paper.take(school, paper.xlsx_bytes(rows))
        # A formula that no spreadsheet has worked out yet holds no name.
        assert kinds(found) == ["create", "bad"]

    def test_a_number_that_lost_its_digits(self, school: SiteUnderTest) -> None:
        rows: list[list[object]] = [*paper.people(0, 1, course="C-1")]
        rows[0][2] = 110105199003074000
        found = paper.take(school, paper.xlsx_bytes(rows))
        assert kinds(found) == ["bad"]
        assert "lost" in reasons(found)[0]

    def test_no_private_word_is_in_the_database(self, school: SiteUnderTest) -> None:
        rows = paper.people(0, 3, course="C-1")
        found = paper.take(school, paper.csv_bytes(rows))
        stored = b"".join(p.read_bytes() for p in school.folder.rglob("*") if p.is_file())
        for secret in (rows[0][2], rows[0][3], found[0].code.replace("-", "")):
            assert secret.encode() not in stored
        assert found[0].code.encode() not in stored

    def test_the_template_can_be_uploaded_as_it_is(self, school: SiteUnderTest) -> None:
        for for_course in (True, False):
            out = io.BytesIO()
            rosters.write_template(out, for_course=for_course)
            into = course_id(school) if for_course else 0
            assert kinds(paper.take(school, out.getvalue(), course=into)) == ["same"]


class TestTaking:
    def test_good_rows_are_taken_and_each_row_is_reported(self, school: SiteUnderTest) -> None:
        rows = paper.people(0, 4, course="C-1")
        rows[2][2] = "1234"
        found = paper.take(school, paper.csv_bytes(rows))
        assert kinds(found) == ["create", "create", "bad", "create"]
        assert all(report.code for report in found if report.kind == "create")
        assert all(report.username for report in found if report.kind == "create")
        with school.occasion() as occasion:
            course = occasion.site.courses.by_id(course_id(school))
            assert sum(e.method == "roster" for e in course.enrolments.values()) == 3
            user = occasion.site.users.by_id(found[0].user)
            assert user.name == rows[0][0]
            assert user.username.startswith("xueyuan")

    def test_a_cohort_takes_them_along(self, school: SiteUnderTest) -> None:
        rows = [*paper.people(0, 2, cohort="b-1"), *paper.people(2, 3, cohort="B-1", course="C-2")]
        assert kinds(paper.take(school, paper.csv_bytes(rows))) == ["create"] * 3
        with school.occasion() as occasion:
            (cohort,) = occasion.site.cohorts
            assert len(cohort.members) == 3
            enrolled = {
                c.code: sorted(e.method for e in c.enrolments.values() if e.cohort == cohort.id)
                for c in occasion.site.courses
            }
            assert enrolled == {"C-1": ["cohort"] * 3, "C-2": ["roster"]}

    def test_a_roster_of_one_course(self, school: SiteUnderTest) -> None:
        rows = [*paper.people(0, 2), *paper.people(2, 3, course="C-2")]
        found = paper.take(school, paper.csv_bytes(rows), course=course_id(school))
        assert kinds(found) == ["create", "create", "bad"]
        assert "C-2" in reasons(found)[2]

    def test_passwords_and_dates(self, school: SiteUnderTest) -> None:
        headings = ("username", "lastname", "firstname", "password", "course1", "course2",
                    "enroltimestart1", "结束日期")  # fmt: skip
        rows = [
            ["zhao", "欧阳", "志远", "Xq7-regenbogen-laterne", "C-1", "C-2",
             "2026-04-01", "2026年5月1日"],
            ["john", "Smith", "John", "123", "C-1", "", "", ""],
            ["jane", "Smith", "Jane", "", "C-1", "", "2026-13-01", ""],
            ["joan", "Smith", "Joan", "", "C-1", "", "2026-05-02", "2026-05-01"],
        ]  # fmt: skip
        found = paper.take(school, paper.csv_bytes(rows, headings))
        assert kinds(found) == ["create", "bad", "bad", "bad"]
        assert not found[0].code
        with school.occasion() as occasion:
            user = occasion.site.users.by_id(found[0].user)
            assert user.name == "欧阳志远"
            assert accounts.hashing().verify(user.password, "Xq7-regenbogen-laterne")
            for code in ("C-1", "C-2"):
                enrolment = occasion.site.courses.by_id(course_id(school, code)).enrolments[user.id]
                # 1 April and 2 May, 0:00 in Shanghai
                assert (enrolment.starts, enrolment.ends) == (1774972800, 1777651200)

    def test_twice_changes_nothing(self, school: SiteUnderTest) -> None:
        rows = [
            *paper.people(0, 4, course="C-1", cohort="B-1"),
            *paper.people(2, 6, course="C-2", role="学员"),
        ]
        assert set(kinds(paper.take(school, paper.csv_bytes(rows)))) == {"create", "enrol"}
        before = paper.state(school)
        school.clock.move(days=1)
        assert set(kinds(paper.take(school, paper.csv_bytes(rows)))) == {"same"}
        assert paper.state(school) == before

    def test_two_thousand_rows(self, school: SiteUnderTest) -> None:
        found = paper.take(school, paper.csv_bytes(paper.people(0, 2000, course="C-1")))
        assert kinds(found) == ["create"] * 2000
        assert [report.number for report in found] == list(range(2, 2002))
        with school.occasion() as occasion:
            course = occasion.site.courses.by_id(course_id(school))
            assert len(course.enrolments) == 2001


ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
#: Takes a roster batch by batch in a process of its own, and tells after each.
CHILD = """
import sys
from pathlib import Path
from modou.services import rosters
from tests.conftest import SiteUnderTest

original = rosters.take

def take(*args):
    outcomes = original(*args)
    args[0].after_commit(lambda: print("a batch", flush=True))
    return outcomes

rosters.take = take
site = SiteUnderTest(Path(sys.argv[1]))
rosters.work(site.registry.access, int(sys.argv[2]), sys.argv[3])
"""


class Killed(BaseException):
    """The process ends here."""


class TestGoingOn:
    def kill_after(self, monkeypatch: pytest.MonkeyPatch, calls: int) -> Iterator[int]:
        counter = itertools.count(1)
        original = roster_taking.take

        def take(*args: object, **kw: object) -> object:
            outcomes = original(*args, **kw)  # type: ignore[arg-type]
            if next(counter) == calls:
                raise Killed
            return outcomes

        monkeypatch.setattr(rosters, "take", take)
        return counter

    def test_after_a_kill(self, school: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        data = paper.csv_bytes(paper.people(0, 1200, course="C-1"))
        job = paper.check(school, data)
        self.kill_after(monkeypatch, 2)
        with pytest.raises(Killed):
            paper.work(school, job)
        with school.occasion() as occasion:
            stored = occasion.site.rosters.by_id(job)
            assert (stored.status, stored.progress.done) == ("running", BATCH)
            with pytest.raises(Conflict):
                rosters.launch(occasion, stored)
        school.clock.move(seconds=rosters.SILENCE)
        with school.occasion() as occasion:
            assert rosters.is_stopped(occasion, occasion.site.rosters.by_id(job))
        paper.work(school, job)
        found = paper.reports(school, job, outcomes=True)
        assert kinds(found) == ["create"] * 1200
        assert len({report.code for report in found}) == 1200
        with school.occasion() as occasion:
            assert len(occasion.site.users) == 1202
            assert occasion.site.rosters.by_id(job).status == "done"

    def test_after_the_process_was_killed(self, tmp_path: Path) -> None:
        site = SiteUnderTest(tmp_path)
        with site.occasion() as occasion:
            factories.course(occasion).code = "C-1"
        job = paper.check(site, paper.csv_bytes(paper.people(0, 3 * BATCH, course="C-1")))
        with site.occasion() as occasion:
            token = rosters.launch(occasion, occasion.site.rosters.by_id(job))
        site.close()
        command = [sys.executable, "-W", "ignore", "-c", CHILD, str(tmp_path), str(job), token]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=ENVIRONMENT) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"a batch\n"
            child.kill()
        site = SiteUnderTest(tmp_path)
        try:
            with site.occasion() as occasion:
                done = occasion.site.rosters.by_id(job).progress.done
                assert BATCH <= done <= 2 * BATCH
                assert len(occasion.site.users) == done
            site.clock.move(seconds=rosters.SILENCE)
            paper.work(site, job)
            assert kinds(paper.reports(site, job, outcomes=True)) == ["create"] * (3 * BATCH)
            with site.occasion() as occasion:
                assert len(occasion.site.users) == 3 * BATCH
        finally:
            site.close()

    def test_cancelled_and_gone_on_with(
        self, school: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = paper.check(school, paper.csv_bytes(paper.people(0, 600, course="C-1")))
        original = roster_taking.take

        def cancel() -> None:
            with school.occasion() as occasion:
                rosters.cancel(occasion, occasion.site.rosters.by_id(job))

        def take(*args: object, **kw: object) -> object:
            monkeypatch.setattr(rosters, "take", original)
            somebody = threading.Thread(target=cancel)
            somebody.start()
            somebody.join()
            return original(*args, **kw)  # type: ignore[arg-type]

        monkeypatch.setattr(rosters, "take", take)
        paper.work(school, job)
        with school.occasion() as occasion:
            stored = occasion.site.rosters.by_id(job)
            assert (stored.status, stored.progress.done) == ("cancelled", BATCH)
        paper.work(school, job)
        assert kinds(paper.reports(school, job, outcomes=True)) == ["create"] * 600

    def test_one_row_that_fails_spoils_no_other(
        self, school: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = paper.check(school, paper.csv_bytes(paper.people(0, 30, course="C-1")))
        original = roster_taking.take

        def take(
            occasion: object, course: object, rows: list[dict[str, str]], known: object
        ) -> object:
            if any(row["phone"] == paper.phone(7) for row in rows):
                raise ZeroDivisionError
            return original(occasion, course, rows, known)  # type: ignore[arg-type]

        monkeypatch.setattr(rosters, "take", take)
        paper.work(school, job)
        found = paper.reports(school, job, outcomes=True)
        assert [place for place, kind in enumerate(kinds(found)) if kind == "bad"] == [7]
        assert kinds(found).count("create") == 29
        assert "on our side" in reasons(found)[7]

    def test_discarded(self, school: SiteUnderTest) -> None:
        job = paper.check(school, paper.csv_bytes(paper.people(0, 3, course="C-1")))
        with school.occasion() as occasion:
            rosters.discard(occasion, occasion.site.rosters.by_id(job))
        assert paper.reports(school, job, outcomes=False) == []
        with school.occasion() as occasion, pytest.raises(Conflict):
            rosters.launch(occasion, occasion.site.rosters.by_id(job))

    def test_old_ones_are_forgotten(self, school: SiteUnderTest) -> None:
        job = paper.check(school, paper.csv_bytes(paper.people(0, 3, course="C-1")))
        school.clock.move(days=31)
        paper.check(school, paper.csv_bytes(paper.people(3, 4, course="C-1")))
        with school.occasion() as occasion:
            assert occasion.site.rosters.by_id(job).status == "discarded"


ROW = st.tuples(
    st.integers(0, 5),  # who
    st.sampled_from(["甲", "乙"]),  # under which name
    st.booleans(),  # with ID number
    st.booleans(),  # with phone
    st.sampled_from(["", "C-1", "C-2", "C-9"]),
    st.sampled_from(["", "B-1"]),
    st.sampled_from(["", "学员", "教师"]),
)


class TestAlways:
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(rows=st.lists(ROW, min_size=1, max_size=12))
    def test_twice_is_once(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        rows: list[tuple[int, str, bool, bool, str, str, str]],
    ) -> None:
        folder: Path = tmp_path_factory.mktemp("twice")
        site = SiteUnderTest(folder)
        try:
            with site.occasion() as occasion:
                for code in ("C-1", "C-2"):
                    factories.course(occasion, code).code = code
                cohort = cohorts.create_cohort(occasion, title="一班", number="B-1")
                course = next(c for c in occasion.site.courses if c.code == "C-1")
                cohorts.enrol_cohort(occasion, cohort, course)
            data = paper.csv_bytes(
                [
                    [
                        f"学员{name}{who}", "", paper.id_number(who) if with_id else "",
                        paper.phone(who) if with_phone else "", cohort_, course_, role,
                    ]
                    for who, name, with_id, with_phone, course_, cohort_, role in rows
                ]
            )  # fmt: skip
            first = paper.take(site, data)
            assert len(first) == len(rows)
            before = paper.state(site)
            second = paper.take(site, data)
            assert paper.state(site) == before
            assert all(r.kind in {"same", "bad"} for r in second)
        finally:
            site.close()
