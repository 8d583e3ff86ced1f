"""A deleted quiz leaves nothing but what the journal says."""

from collections.abc import Callable
from io import BytesIO

from modou.services import jobs, teaching
from modou.services.files import Upload
from modou_quiz.services import shelf, statistics
from modou_quiz.services.sitting import saving
from modou_quiz.services.sitting.saving import Save
from modou_quiz.types import contents as c
from tests.conftest import SiteUnderTest
from tests.sitting import Page, Scene, single, text

MakeSite = Callable[..., SiteUnderTest]


def send(scene: Scene, page: Page, name: str) -> None:
    """Hand a file in, in place of the one before."""
    with scene.site.occasion(page.username) as occasion:
        page.seq += 1
        answer = {"text": "", "files": [f"upload:{name}"]}
        saved = saving.save(
            occasion,
            page.token,
            [Save(page.seq, 0, answer)],
            find=lambda key: Upload(f"{key}.txt", BytesIO(key.encode()), 100),
        )
        assert saved.refused == ()


def test_files_and_statistics_go_with_the_quiz(make_site: MakeSite) -> None:
    site = make_site(**{"modou.plugins": "quiz"})
    essay = c.Essay(stem=text("Send it."), files=1, file_bytes=1000)
    scene = Scene(site, [("essay", essay), ("single", single())])
    with site.occasion() as occasion:
        before = len(occasion.site.files)
    page = scene.begin()
    # Two files, one of which has taken the other's place.
    send(scene, page, "first")
    send(scene, page, "second")
    page.save((1, 1))
    scene.hand_in(page)
    with site.occasion() as occasion:
        assert len(occasion.site.files) == before + 2
        twin = teaching.copy_activity(occasion, scene.activity(occasion))
        for activity in (scene.activity_id, twin.id):
            plain = {"n": 1, "facility": 1.0, "discrimination": None}
            counted = {"quiz": {}, "items": {scene.questions[1]: plain}}
            statistics.keep(occasion, activity, counted)
        question = shelf.bank_of(occasion).questions.by_id(scene.questions[1])
        assert question.statistics["sittings"] == 2
        # A question that does not count in it any more says nothing about it either.
        statistics.keep(occasion, twin.id, {"quiz": {}, "items": {}})
        assert question.statistics["sittings"] == 1
    with site.occasion("wang") as occasion:
        teaching.delete_activity(occasion, scene.activity(occasion))
        assert shelf.attempts_of(occasion.site, scene.activity_id) is None
    site.work()
    with site.occasion() as occasion:
        assert len(occasion.site.files) == before
        question = shelf.bank_of(occasion).questions.by_id(scene.questions[1])
        assert question.statistics is None
        assert list(occasion.site.plugin_data("quiz")["dropped"]) == []
        # Begun again, it finds nothing to do.
        jobs.enqueue(occasion, "quiz_drop", activity=scene.activity_id)
    site.work()
