"""A quiz is copied into another course: what its paper asks goes with it, once."""

from collections.abc import Callable

import pytest

from modou_quiz.content import FILE, Rich
from modou_quiz.models.papers import Draw, Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, carrying, quizzes, shelf
from modou_quiz.types.contents import SingleChoice
from tests import banking, factories
from tests.conftest import SiteUnderTest


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def test_a_copied_quiz_takes_its_courses_questions_along_once(
    site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.occasion() as occasion:
        first, second = (factories.course(occasion, activities=2) for _number in range(2))
        sources, targets = list(first.activities), list(second.activities)
        top = bank.top_of(occasion, "course", first.id)
        chapter = bank.create_category(occasion, top, "第一章")
        shared = banking.question(occasion, bank.top_of(occasion, "site"))
        content = SingleChoice(
            stem=Rich(source=f'看图：<img src="{FILE}a.png">'), options=banking.single().options
        )
        own = banking.question(
            occasion, chapter, content, files={"a.png": b"\x89PNG\r\n\x1a\n"}, idnumber="T1"
        )
        bank.add_version(occasion, own, banking.single("现在没有图了？"), marks=2)
        drawn = [banking.question(occasion, chapter).id for _number in range(3)]
        quiz = Quiz(first.id)
        items = (Fixed(shared.id), Fixed(own.id, 1, 5.0), Draw(2, (chapter.id,)), Fixed(404))
        quiz.paper = Paper((PaperSection("一", items),))
        for source in sources:
            shelf.put(occasion, source, quiz)
        # Within the course everything is shared.
        quizzes.copy(occasion, sources[0], sources[1])
        twin = shelf.find(occasion.site, sources[1])
        assert twin is not None
        assert twin.paper == quiz.paper

        quizzes.copy(occasion, sources[0], targets[0])
        twin = shelf.find(occasion.site, targets[0])
        assert twin is not None
        site_item, own_item, line, gone = twin.paper.sections[0].items
        assert isinstance(own_item, Fixed)
        assert isinstance(line, Draw)
        assert (site_item, gone) == (items[0], items[3])
        assert own_item == Fixed(own_item.question, 1, 5.0)
        store = shelf.bank_of(occasion)
        made = store.questions.by_id(own_item.question)
        assert made.id != own.id
        assert [v.data for v in made.versions] == [v.data for v in own.versions]
        assert (made.title, made.idnumber) == (own.title, "T1")
        # With files of its own.
        assert not made.files() & own.files()
        assert len(made.files()) == 1
        category = store.categories.by_id(made.category)
        assert (category.title, category.scope, category.owner) == ("第一章", "course", second.id)
        assert line.categories == (category.id,)
        assert len(list(store.filed("place", f"course:{second.id}"))) == 4
        # Once: also when it was changed there meanwhile; again when it is gone.
        bank.change_question(occasion, made, title="这里的说法")
        quizzes.copy(occasion, sources[0], targets[1])
        again = shelf.find(occasion.site, targets[1])
        assert again is not None
        assert again.paper == twin.paper
        assert len(list(store.filed("place", f"course:{second.id}"))) == 4

        # More than a request should copy: a job does it.
        monkeypatch.setattr(carrying, "AT_ONCE", 2)
        third = factories.course(occasion, activities=1)
        quizzes.copy(occasion, sources[0], next(iter(third.activities)))
        assert len(list(store.filed("place", f"course:{third.id}"))) == 1
    site.work()
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        assert len(list(store.filed("place", f"course:{third.id}"))) == len(drawn) + 1
