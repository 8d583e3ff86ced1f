"""A third party's question type: the tutorial's, taken out of the page, installed by pip."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.plugins.test_lifecycle import ROOT, Environment

TUTORIAL = ROOT / "docs" / "tutorial" / "question-type.md"

PROGRAM = """
import json, random, sys, warnings
from pathlib import Path
warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
sys.path.insert(0, sys.argv[1])
from markupsafe import Markup
from tests import factories
from tests.conftest import SiteUnderTest
from modou.errors import Invalid
from modou_quiz.content import Rich
from modou_quiz.services import bank, shelf

site = SiteUnderTest(Path(sys.argv[2]), **{"modou.plugins": "quiz selfcheck"})
with site.occasion() as occasion:
    factories.user(occasion, "operator", role="operator")
    kind = shelf.types_of(occasion)["acme-selfcheck"]
    form = kind.form(data={})
    content = kind.from_form(
        {"stem": Rich(source="Sure?", markup="plain"), "feedback": Rich(), "steps": 4}
    )
    assert kind.from_form(kind.to_form(content)) == content
    question = bank.create_question(
        occasion, bank.top_of(occasion, "site"), kind.name, content, title="Sure"
    )
    stored = shelf.content_of(occasion, question, question.latest)
    render = lambda rich: Markup(rich.source)
    arrangement = kind.arrange(stored, True, random.Random(1))
    shown = kind.shown(stored, arrangement, None, render)
    raw = kind.given(stored, arrangement, "q1-", {"q1-choice": "3"})
    response = kind.clean(stored, arrangement, raw)
    refused = []
    for bad in ("9", "x", [1]):
        try:
            kind.clean(stored, arrangement, bad)
        except Invalid:
            refused.append(bad)
    report = {
        "steps": len(shown["steps"]),
        "response": response,
        "fraction": kind.grade(stored, response).fraction,
        "nothing": kind.grade(stored, None).fraction,
        "summary": kind.summary(stored, response),
        "refused": refused,
    }
browser = site.browser("operator")
listed = browser.get("/admin/quiz/types")
report["listed"] = "Self-assessment" in listed.text
site.close()
print(json.dumps(report))
"""


@pytest.mark.slow
def test_the_tutorials_type_is_installed_written_and_graded(tmp_path: Path) -> None:
    source, site = tmp_path / "acme-modou-selfcheck", tmp_path / "site"
    site.mkdir()
    text = TUTORIAL.read_text(encoding="utf-8")
    files = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(files) == 4
    for name, body in files:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")
    environment = Environment(tmp_path / "environment")
    environment.pip("install", "--no-deps", "--no-index", "--no-build-isolation", str(source))
    command = [str(environment.python), "-c", PROGRAM, str(ROOT), str(site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "steps": 4,
        "response": 3,
        "fraction": 1.0,
        "nothing": 0.0,
        "summary": "3/4",
        "refused": ["9", "x", [1]],
        "listed": True,
    }
