"""One stage in the life of a plugin, in a process of its own; see test_lifecycle.py.

python lifecycle_stages.py STAGE FOLDER PLUGINS: prints a report as JSON on its last line.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

# The process is not pytest's: what pytest is told to ignore must be ignored here, too.
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")

sys.path.insert(0, str(Path(__file__).parents[2]))

from modou.errors import ConfigurationError  # noqa: E402
from modou.services import plugin_states, teaching  # noqa: E402
from tests import factories  # noqa: E402
from tests.conftest import SiteUnderTest  # noqa: E402
from tests.pages import main_form  # noqa: E402


def create(site: SiteUnderTest) -> dict[str, Any]:
    with site.occasion() as occasion:
        factories.user(occasion, "teacher", role="operator")
        course = factories.course(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "learner"))
        section = course.outline[0]
    with site.occasion("teacher") as occasion:
        course = next(iter(occasion.site.courses))
        section = course.outline[0]
        teaching.create_activity(
            occasion,
            course,
            section,
            "poll",
            teaching.ActivityValues("A poll"),
            {"question": "Which one?", "options": "This\nThat"},
        )
    learner = site.browser("learner")
    form = main_form(learner.get(activity_path(site)))
    form["option"] = "0"
    form.submit(status=303)
    with site.occasion() as occasion:
        polls = occasion.site.plugins["poll"]["polls"]
        return {"voted": sum(len(poll.votes) for poll in polls.values())}


def activity_path(site: SiteUnderTest) -> str:
    with site.occasion() as occasion:
        course = next(iter(occasion.site.courses))
        activity = next(iter(course.activities))
        return f"/courses/{course.key}/a/{activity.key}"


def look(site: SiteUnderTest) -> dict[str, Any]:
    browser = site.browser("learner")
    path = activity_path(site)
    course = browser.get(path.rpartition("/a/")[0])
    activity = browser.get(path)
    with site.occasion() as occasion:
        states = {p.name: p.state for p in plugin_states.overview(occasion)}
    return {
        "course_status": course.status_int,
        "activity_status": activity.status_int,
        "activity_text": activity.html.find("main").get_text(" ", strip=True),
        "states": states,
    }


def pack(site: SiteUnderTest) -> dict[str, Any]:
    site.database.pack()
    return look(site)


def report(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values, ensure_ascii=False) + "\n")


def main() -> None:
    stage, folder, plugins = sys.argv[1:]
    if stage == "refused":
        try:
            SiteUnderTest(Path(folder), **{"modou.plugins": plugins})
        except ConfigurationError as error:
            report({"error": str(error)})
        return
    site = SiteUnderTest(Path(folder), **{"modou.plugins": plugins})
    seen = {"create": create, "look": look, "pack": pack}[stage](site)
    site.close()
    report(seen)


if __name__ == "__main__":
    main()
