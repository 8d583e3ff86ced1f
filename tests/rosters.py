"""Rosters for tests: rows, files, and the way of a file through the site."""

import io
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook

from modou.models.identity_numbers import identity_check_character
from modou.models.rosters import RosterJob
from modou.services import rosters
from modou.services.roster_store import RowReport
from tests.conftest import SiteUnderTest

HEADINGS = ("姓名", "证件类型", "证件号码", "手机号码", "班级编号", "课程编号", "角色")


def id_number(number: int) -> str:
    """A valid number of GB 11643 for the person with that number, born in 1990."""
    first = (
        f"110105{1990}{1 + number // 28000 % 12:02}{1 + number // 1000 % 28:02}{number % 1000:03}"
    )
    return first + identity_check_character(first)


def phone(number: int) -> str:
    return f"138{number:08}"


def csv_bytes(
    rows: Iterable[Sequence[str]],
    headings: Sequence[str] = HEADINGS,
    encoding: str = "utf-8-sig",
) -> bytes:
    lines = [",".join(row) for row in (headings, *rows)]
    return "\r\n".join(lines).encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[object]], headings: Sequence[str] = HEADINGS) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def people(first: int, last: int, **cells: str) -> list[list[str]]:
    """Rows for HEADINGS: persons with these numbers, and the same cells for all."""
    return [
        [
            f"学员{'甲乙丙丁戊己庚辛壬癸'[n % 10]}{n}",
            "居民身份证",
            id_number(n),
            phone(n),
            cells.get("cohort", ""),
            cells.get("course", ""),
            cells.get("role", ""),
        ]
        for n in range(first, last)
    ]


def work(site: SiteUnderTest, job_id: int, username: str | None = None) -> None:
    """Do the next phase of a job."""
    with site.occasion(username) as occasion:
        token = rosters.launch(occasion, occasion.site.rosters.by_id(job_id))
    rosters.work(site.registry.access, job_id, token)


def check(site: SiteUnderTest, data: bytes, *, course: int = 0, username: str | None = None) -> int:
    """Upload and judge; the id of the job."""
    with site.occasion(username) as occasion:
        into = occasion.site.courses.by_id(course) if course else None
        job = rosters.upload(occasion, io.BytesIO(data), "roster.csv", into)
        job_id = job.id
    work(site, job_id, username)
    return job_id


def reports(site: SiteUnderTest, job_id: int, *, outcomes: bool, kind: str = "") -> list[RowReport]:
    with site.occasion() as occasion:
        job: RosterJob = occasion.site.rosters.by_id(job_id)
        return list(rosters.reports(occasion, job, outcomes=outcomes, kind=kind))


def take(
    site: SiteUnderTest, data: bytes, *, course: int = 0, username: str | None = None
) -> list[RowReport]:
    """Upload, judge and take; the outcome of every row."""
    job_id = check(site, data, course=course, username=username)
    work(site, job_id, username)
    return reports(site, job_id, outcomes=True)


def state(site: SiteUnderTest) -> Mapping[str, object]:
    """Everything about people in the site, as plain values that can be compared."""
    with site.occasion() as occasion:
        root = occasion.site
        names = {user.id: user.username for user in root.users}
        return {
            "users": sorted((u.username, u.name, u.id_masked, u.phone_masked) for u in root.users),
            "enrolments": sorted(
                (course.code, names[id], e.role, e.status, e.method, e.cohort, e.starts, e.ends)
                for course in root.courses
                for id, e in course.enrolments.items()
            ),
            "cohorts": sorted(
                (c.number, sorted(names[m] for m in c.members)) for c in root.cohorts
            ),
            "events": [
                event.kind for event in root.journal if not event.kind.startswith("roster_")
            ],
        }
