"""Files that markers give with what they say: taken in by form, read by the learner by the rules of
the review, gone with the attempt."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from modou.declarations import Deny
from modou.errors import Invalid
from modou.services import teaching
from modou.services.files import Upload
from modou_quiz.services import own_data, shelf
from modou_quiz.services.marking import attaching, giving, queue
from modou_quiz.services.marking.giving import Said
from tests import exams, factories
from tests.conftest import SiteUnderTest
from tests.exams import Exam

pytestmark = pytest.mark.functional
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


@pytest.fixture
def scene(told: Any, make_site: Callable[..., SiteUnderTest]) -> tuple[SiteUnderTest, Exam]:
    site = make_site(**{"modou.plugins": "quiz probe"})
    with site.occasion() as occasion:
        exam = exams.exam(occasion, [exams.essay("论述")], [10])
        for name in ("li", "zhou"):
            exams.sit(occasion, exam, exams.learner(occasion, exam, name), {0: exams.text()})
        course = exam.course_of(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "wang"), "teacher")
    return site, exam


def the_form(page: Any) -> Any:
    return next(form for form in page.forms.values() if "points" in form.fields)


def test_a_marker_gives_files(scene: tuple[SiteUnderTest, Exam], told: Any) -> None:
    site, exam = scene
    with site.occasion() as occasion:
        base, attempt_id = exam.path(occasion), exam.attempt(occasion, 0).id
        review = exam.path(occasion, f"/quiz/{exam.attempt(occasion, 0).key}/review")
        work = next(
            one.key
            for one in occasion.site.plugin_data("quiz")["marking"][exam.activity].works.values()
            if one.attempt == attempt_id
        )
        before = len(occasion.site.files)
    teacher, learner = site.browser("wang"), site.browser("li")
    there = f"{base}/marking/{work}/0/0"

    def send(page: Any, status: int, *files: tuple[str, bytes], **fields: str) -> Any:
        form = the_form(page)
        values = [(k, v) for k, v in form.submit_fields() if k not in {"files", *fields, "leave"}]
        return teacher.post(
            there,
            [*values, *fields.items()],
            upload_files=[("files", name, content) for name, content in files],
            status=status,
        )

    page = teacher.get(there)
    # Neither a program nor a page in disguise, and not too many; nothing is kept then.
    refused = send(page, 422, ("run.exe", b"MZ" + b"\0" * 60), points="8")
    assert "cannot be used here" in refused.text
    refused = send(page, 422, ("a.pdf", b"<html><script>1</script></html>"), points="8")
    assert 'value="8"' in refused.text
    refused = send(page, 422, *[(f"{n}.pdf", PDF) for n in range(6)], points="8")
    assert "at most 5 files" in refused.text
    with site.occasion() as occasion:
        assert len(occasion.site.files) == before

    told.answers["before_upload"] = Deny("扫描未通过")
    assert "扫描未通过" in send(page, 422, ("virus.pdf", PDF), points="8").text
    told.answers.pop("before_upload")
    send(page, 422, ("good.pdf", PDF), ("run.exe", b"MZ" + b"\0" * 60), points="8")
    with site.occasion() as occasion:
        assert len(occasion.site.files) == before
    send(page, 303, ("批改稿.pdf", PDF), ("图.png", PNG), points="8", comment="见附件")
    shown = learner.get(review)
    links = {a.text.strip(): a["href"] for a in shown.html.select(".mark-feedback .mark-files a")}
    assert list(links) == ["批改稿.pdf", "图.png"]
    assert learner.get(links["批改稿.pdf"]).body == PDF
    assert "/files/" in links["图.png"]
    # Without the signature nobody gets it; another learner does not see the page.
    parts = links["图.png"].split("/")
    parts[3] = "A" * len(parts[3])
    site.browser(None).get("/".join(parts), status=[403, 404, 410])
    site.browser("zhou").get(review, status=[403, 404])
    # By the rules of the review.
    with site.occasion() as occasion:
        exam.quiz_of(occasion).review = frozenset({("after", "response"), ("after", "marks")})
    assert "批改稿" not in learner.get(review).text
    with site.occasion() as occasion:
        exam.quiz_of(occasion).review = frozenset({("after", "feedback")})
    assert "批改稿" in learner.get(review).text
    with site.occasion("li") as occasion:
        [row] = own_data.AREAS[0].copy(occasion, occasion.require_actor())
        [said] = row["comments"]
        assert (said["comment"], said["files"]) == ("见附件", ["批改稿.pdf", "图.png"])
    # Marked anew: one file stays, another is added, the first mark keeps its own.
    page = teacher.get(there)
    keys = [box["value"] for box in page.html.select("input[name=keep]")]
    assert len(keys) == 2
    form = the_form(page)
    form.set("keep", False, index=1)
    send(page, 303, ("补充.pdf", PDF))
    text = learner.get(review).text
    assert ("批改稿" in text, "图.png" in text, "补充.pdf" in text) == (True, False, True)
    assert "补充.pdf" in teacher.get(f"{base}/results/{exam_key(site, exam)}").text
    assert [event.values["files"] for event in events(site, "attempt_marked")] == [2, 2]
    with site.occasion() as occasion:
        attempt = exam.attempt(occasion, 0)
        ids = attempt.answers.files
        assert len(ids) == 3
        assert len(occasion.site.files) == before + 3
        assert all(occasion.site.files.get(id).access == f"attempt:{attempt.id}" for id in ids)
    # The quiz goes, and the files with it.
    with site.occasion() as occasion:
        teaching.delete_activity(occasion, exam.activity_of(occasion))
    site.work()
    with site.occasion() as occasion:
        assert len(occasion.site.files) == before
        assert shelf.attempts_of(occasion.site, exam.activity) is None
        assert not occasion.site.plugin_data("quiz")["dropped"]


def exam_key(site: SiteUnderTest, exam: Exam) -> str:
    with site.occasion() as occasion:
        key: str = exam.attempt(occasion, 0).key
        return key


def events(site: SiteUnderTest, kind: str) -> list[Any]:
    with site.occasion() as occasion:
        return [event for event in occasion.site.journal if event.kind == kind]


def test_two_markers_see_each_others_files_when_both_have_spoken(
    scene: tuple[SiteUnderTest, Exam],
) -> None:
    site, exam = scene
    with site.occasion() as occasion:
        exam.quiz_of(occasion).second_marker = True
        course = exam.course_of(occasion)
        factories.enrolment(occasion, course, factories.user(occasion, "zhao"), "teacher")

    def piece(occasion: Any, ref: Any) -> Any:
        return queue.find(occasion, exam.activity_of(occasion), ref.key, (ref.slot, ref.part))

    with site.occasion("wang") as occasion:
        activity = exam.activity_of(occasion)
        ref = queue.following(occasion, activity)
        assert ref is not None
        mine = piece(occasion, ref)
        said = Said(8.0, sent=[Upload("一.pdf", BytesIO(PDF), 10**6)])
        giving.mark(occasion, activity, mine, said, 0)
    with site.occasion("zhao") as occasion:
        activity = exam.activity_of(occasion)
        theirs = piece(occasion, ref)
        assert attaching.known_of(theirs) == []
        [first] = [mark.files[0] for mark in theirs.part.said]
        key = occasion.site.files.get(first).key
        with pytest.raises(Invalid):
            giving.mark(occasion, activity, theirs, Said(8.0, kept=[key]), 1)
        said = Said(8.0, sent=[Upload("二.png", BytesIO(PNG), 10**6)])
        assert giving.mark(occasion, activity, theirs, said, 1)
        mark = theirs.attempt.marks[0, 0]
        names = [occasion.site.files.get(id).filename for id in mark.files]
        assert names == ["一.pdf", "二.png"]
