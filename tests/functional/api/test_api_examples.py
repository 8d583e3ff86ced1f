"""The examples of docs/howto/api.md, run as they stand there, against a site over HTTP."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modou.services import enrolling, grading
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import token_for
from tests.serving import served as serving

HOWTO = Path(__file__).parents[3] / "docs" / "howto" / "api.md"
_FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = _FENCE.findall(HOWTO.read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def served(make_site: Callable[..., SiteUnderTest]) -> Iterator[dict[str, str]]:
    """The environment of the examples."""
    site = make_site()
    with site.occasion() as occasion:
        factories.user(occasion, "program", role="operator")
        course = factories.course(occasion, "低压电工作业", activities=2)
        people = [factories.user(occasion, f"learner{n}") for n in range(3)]
        enrolling.admit(occasion, course, people)
        grading.add_item(occasion, course, {"title": "实操", "maximum": 100})
        factories.user(occasion, "wangfang", "王芳")
        key = course.key
    with serving(site.app, threads=1) as address:
        yield {"SITE": address, "TOKEN": token_for(site, "program"), "COURSE": key}


def run(example: str, environment: dict[str, str]) -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example],
        env={**os.environ, "no_proxy": "127.0.0.1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout


def test_the_examples_do_what_is_written(served: dict[str, str]) -> None:
    commands = [e for e in EXAMPLES if not e.startswith("export ")]
    me, courses, enrol, wrong, pages, items, grades = (run(e, served) for e in commands)
    assert json.loads(me)["username"] == "program"
    assert [c["id"] for c in json.loads(courses)["items"]] == [served["COURSE"]]
    assert json.loads(enrol)["user"]["name"] == "王芳"
    assert json.loads(wrong)["errors"][0]["pointer"] == "/username"
    assert sorted(pages.split("\n")[:-1]) == [
        *(f"learner{n} active" for n in range(3)),
        "wangfang active",
    ]
    assert [i["title"] for i in json.loads(items)["items"]] == ["实操"]
    assert len(json.loads(grades)["items"]) == 4
    # Sent again, with the same key: the same answer.
    (example,) = [e for e in commands if "Idempotency-Key" in e]
    assert run(example, served) == enrol
