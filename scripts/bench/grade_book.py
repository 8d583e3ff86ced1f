"""The grade book of 1,100 learners and 64 items: CPU time of its pages and exports, in process.

    .venv/bin/python scripts/bench/grade_book.py

Every number stands beside "hello", a bare view through the same tweens, connection and identity,
measured in the same run. Cold: the first request after the start, nothing in memory.
"""

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sites
from pyramid.config import Configurator
from pyramid.response import Response
from webtest import TestApp

from modou.app import FIXED_SETTINGS, configure, prepare_database
from modou.models.enrolments import Enrolment
from modou.models.grades import Change, Grade, GradeCategory, GradeItem, GradeSheet
from modou.models.people import User
from modou.services import grading, sessions
from modou.services.access import SiteAccess
from modou.web.security import SESSION_COOKIE

CATEGORIES = 8
LEARNERS = sites.SIZE_S["learners"]
ITEMS = sites.SIZE_S["activities"]


def add_grades(access: SiteAccess, course_id: int) -> tuple[str, str, str]:
    """64 items in 8 categories, nine of ten graded; the course's key, an item's, a learner's."""
    chance = random.Random(7)  # noqa: S311 - the same grades in every run
    with access.occasion() as occasion:
        course = occasion.site.courses.by_id(course_id)
        book = grading.book_of(course)
        activities = list(course.ordered_activities())
        for number in range(CATEGORIES):
            category = GradeCategory(f"第 {number + 1} 单元", weight=1.0 + number, drop_lowest=1)
            book.put(category)
            for activity in activities[number::CATEGORIES]:
                book.put(GradeItem(activity.title, category=category.id, activity=activity.id))
        items = book.ordered_items()
        for enrolment in course.enrolments.values():
            sheet = enrolment.grades = GradeSheet()
            for item in items:
                if chance.random() < 0.9:
                    value = float(chance.randint(40, 100))
                    change = Change(occasion.now, 0, item.id, "grade", None, value, "", "quiz")
                    sheet.put(item.id, Grade(value, "quiz", value, time=occasion.now), change)
        learner = occasion.site.users.by_id(next(iter(course.enrolments.keys())))
        return course.key, items[0].key, learner.key


def add_teacher(access: SiteAccess, course_id: int) -> str:
    """A teacher of the course, signed in: the session's token."""
    with access.occasion() as occasion:
        course = occasion.site.courses.by_id(course_id)
        user = User()
        user.username, user.name = "teacher", "赵老师"
        occasion.site.users.add(user)
        occasion.site.user_index.usernames["teacher"] = user.id
        enrolment = Enrolment(user.id, course.id, "teacher", "manual", occasion.now)
        course.enrolments[user.id] = enrolment
        return sessions.start(occasion, user)


def hello(request: Any) -> Response:
    return Response(request.occasion.actor.username)


def seconds(work: Callable[[], Any], runs: int) -> float:
    """The median CPU time of one call."""
    spent = []
    for _run in range(runs):
        before = time.process_time()
        work()
        spent.append(time.process_time() - before)
    return statistics.median(spent)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    settings = {
        "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
        "&connection_cache_size=20000",
        "modou.keys": str(folder / "keys"),
        "modou.mail": "console",
    }
    config = Configurator(settings={**FIXED_SETTINGS, **settings})
    configure(config, settings)
    config.add_route("hello", "/hello")
    config.add_view(hello, route_name="hello")
    config.commit()
    prepare_database(config.registry)
    application = config.make_wsgi_app()
    access = application.registry.access
    print(f"{LEARNERS} learners, {ITEMS} items in {CATEGORIES} categories")
    sites.add_learners(access, LEARNERS, progress=lambda _line: None)
    course_id = sites.add_course(access, **sites.SIZE_S)
    course, item, learner = add_grades(access, course_id)
    token = add_teacher(access, course_id)

    browser = TestApp(application, extra_environ={"HTTP_ORIGIN": "http://localhost"})
    browser.set_cookie(SESSION_COOKIE, token)
    book = f"/courses/{course}/grades"
    csrf = browser.get("/").html.find("meta", {"name": "csrf-token"})["content"]
    values = [70, 71]

    def save() -> None:
        """What the grid does after a cell was edited."""
        body = {"value": str(values[0]), "reason": "补考"}
        present = browser.get(f"{book}/{learner}/{item}").html.find("input", {"name": "old"})
        body["old"] = present["value"]
        values.reverse()
        browser.post(
            f"{book}/{learner}/{item}",
            json.dumps(body),
            content_type="application/json",
            headers={"X-CSRF-Token": csrf},
        )

    def fetch(path: str) -> Callable[[], Any]:
        # Not through WebTest's lint and cookies: the application alone.
        environ = browser.get("/hello").request.environ

        def call() -> bytes:
            own = {
                name: value
                for name, value in environ.items()
                if name.isupper() or name.startswith("wsgi.")
            }
            own["PATH_INFO"], _mark, own["QUERY_STRING"] = path.partition("?")
            started: list[str] = []
            body = application(own, lambda status, headers, exc=None: started.append(status))
            data = b"".join(body)
            if not started[0].startswith("200"):
                raise SystemExit(f"{path}: {started[0]}")
            return data

        return call

    bare = seconds(fetch("/hello"), 200)
    print(f"{'hello':34} {bare * 1000:9.2f} ms")
    for title, path, runs in (
        ("page of 50, cold", book, 1),
        ("page of 50", book, 9),
        ("page of 50, last page", f"{book}?page=22", 9),
        ("sorted by total, first time", f"{book}?sort=-total", 1),
        ("sorted by total", f"{book}?sort=-total", 9),
        ("sorted by an item", f"{book}?sort={item}", 9),
        ("search", f"{book}?q=wang", 9),
        ("report of one learner", f"/courses/{course}/report/{learner}", 9),
        ("set-up", f"/courses/{course}/grades-setup", 9),
        ("export CSV", f"/courses/{course}/grades-export.csv", 3),
        ("export XLSX", f"/courses/{course}/grades-export.xlsx", 3),
    ):
        call = fetch(path)
        spent = seconds(call, runs)
        size = len(call()) / 1024
        print(f"{title:34} {spent * 1000:9.2f} ms {spent / bare:8.0f} × {size:9.0f} KB")
    spent = seconds(save, 5)
    print(f"{'save a cell (form read, saved)':34} {spent * 1000:9.2f} ms {spent / bare:8.0f} ×")


if __name__ == "__main__":
    main()
