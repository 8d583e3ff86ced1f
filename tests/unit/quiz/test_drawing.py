"""Papers: everything that fits has the same chance, nothing comes twice, nothing that is not ready;
lines that want the same questions share them; what is missing is named."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from modou.errors import Conflict, Invalid
from modou_quiz.models.attempts import Attempt, QuizAttempts
from modou_quiz.models.bank import Question
from modou_quiz.models.papers import Draw, Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, drawing, papers, shelf
from tests import banking, factories
from tests.conftest import SiteUnderTest

#: Of the chi-square distribution with 39 degrees of freedom: one in a million is above.
CHI_SQUARE_39 = 95.0


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def paper(*sections: tuple[Fixed | Draw, ...]) -> Paper:
    return Paper(tuple(PaperSection(f"{n}", items) for n, items in enumerate(sections, start=1)))


def test_each_question_that_fits_has_the_same_chance(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        chapters = [bank.create_category(occasion, top, f"{n}") for n in range(4)]
        fits: list[Question] = []
        for number in range(240):
            made = banking.question(
                occasion,
                chapters[number % 4],
                banking.judgement() if number % 3 else None,
                difficulty=1 + number // 4 % 2,
                status=("ready", "ready", "ready", "draft", "retired")[number % 5],
            )
            if number % 3 == 0 and made.difficulty == 1 and made.status == "ready":
                fits.append(made)
        wanted = Draw(6, (top.id,), types=("single",), difficulties=(1,), marks=2.0)
        fits = fits[:40]
        for extra in [q for q in shelf.bank_of(occasion).questions if q.type == "single"]:
            if extra not in fits and extra.status == "ready" and extra.difficulty == 1:
                bank.change_question(occasion, extra, difficulty=2)
        while len(fits) < 40:
            fits.append(banking.question(occasion, chapters[0], difficulty=1))
        quiz = Quiz(0)
        quiz.paper = paper((wanted,))
        ids = {question.id for question in fits}
        seen: Counter[int] = Counter()
        first: Counter[int] = Counter()
        for seed in range(1500):
            slots = drawing.draw(occasion, quiz, random.Random(seed))
            assert len({slot.question for slot in slots}) == 6
            assert {slot.marks for slot in slots} == {2.0}
            seen.update(slot.question for slot in slots)
            first[slots[0].question] += 1
        assert set(seen) == ids
        assert _chi_square(seen, 1500 * 6 / 40) < CHI_SQUARE_39
        assert _chi_square(first, 1500 / 40) < CHI_SQUARE_39
        again = drawing.draw(occasion, quiz, random.Random(7))
        assert again == drawing.draw(occasion, quiz, random.Random(7))
        # Few of many: nearly all that is tried fits, or nearly nothing does.
        everything = papers.state_of(occasion, 0, paper((Draw(1, marks=1.0),)))
        assert everything[0][0].fits == sum(
            question.status == "ready" for question in shelf.bank_of(occasion).questions
        )


def _chi_square(seen: Counter[int], expected: float) -> float:
    return sum((count - expected) ** 2 / expected for count in seen.values())


def test_lines_share_what_they_both_want(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        for number in range(12):
            banking.question(occasion, top, difficulty=1 + number % 3, tags=["易错"][: number % 2])
        draws = (
            Draw(6, tags=("易错",), marks=1.0),
            Draw(4, difficulties=(1,), marks=1.0),
            Draw(2, difficulties=(2, 3), marks=1.0),
        )
        quiz = Quiz(0)
        quiz.paper = paper((draws[0],), (draws[1], draws[2]))
        # Of difficulty 1 there are four, two of them with the tag.
        with pytest.raises(Conflict) as caught:
            drawing.draw(occasion, quiz, random.Random(1))
        assert "only" in str(caught.value)
        problems = papers.check(papers.state_of(occasion, 0, quiz.paper))
        assert len(problems) == 1
        assert "other lines want the same ones" in str(problems[0].message.interpolate())
        quiz.paper = paper((draws[0]._replace(number=4),), (draws[1], draws[2]))
        assert papers.check(papers.state_of(occasion, 0, quiz.paper)) == []
        for seed in range(200):
            slots = drawing.draw(occasion, quiz, random.Random(seed))
            assert len({slot.question for slot in slots}) == len(slots) == 10


def test_a_paper_is_checked_line_by_line(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        activity = next(iter(course.activities))
        own = bank.top_of(occasion, "course", course.id)
        other = bank.top_of(occasion, "user", 99)
        one, two = (banking.question(occasion, own, marks=2) for _n in range(2))
        banking.question(occasion, own, marks=5)
        draft = banking.question(occasion, own, status="draft")
        banking.question(occasion, other)
        quiz = Quiz(course.id)
        shelf.put(occasion, activity, quiz)
        full = paper(
            (Fixed(one.id), Fixed(one.id), Fixed(draft.id), Fixed(12345)),
            (),
            (Draw(4), Draw(1, (other.id,)), Draw(1, (777,))),
        )
        states = papers.state_of(occasion, course.id, full)
        assert [(p.section, p.line) for p in papers.check(states)] == [
            (0, 1),
            (0, 2),
            (0, 3),
            (1, -1),
            (2, 0),
            (2, 2),
        ]
        assert states[2][0].fits == 3
        good = paper((Fixed(one.id), Fixed(two.id, marks=1.5)), (Draw(1, marks=None),))
        states = papers.state_of(occasion, course.id, good)
        totals = papers.totals(states)
        assert papers.check(states) == []
        assert (totals.questions, totals.marks, totals.exact) == (3, 6.5, False)
        papers.save(occasion, activity, quiz, good, 0)
        assert quiz.revision == 1
        with pytest.raises(Conflict):
            papers.save(occasion, activity, quiz, full, 0)
        with pytest.raises(Invalid):
            papers.save(occasion, activity, quiz, paper((Draw(301),)), 1)
        bank.add_version(occasion, one, banking.single("新的问法？"))
        slots = drawing.draw(occasion, quiz, random.Random(3))
        assert [slot.version for slot in slots[:2]] == [2, 1]
        assert [slot.section for slot in slots] == [0, 0, 1]
        assert slots[1].marks == 1.5
        assert slots[0].arrangement is not None
        quiz.paper = paper((Fixed(one.id, version=1),))
        quiz.shuffle_options = False
        (slot,) = drawing.draw(occasion, quiz, random.Random(3))
        assert (slot.version, slot.arrangement) == (1, None)


def test_parts_of_a_paper_are_moved(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course = factories.course(occasion)
        top = bank.top_of(occasion, "course", course.id)
        made = [banking.question(occasion, top) for _n in range(3)]
        it = papers.add_section(Paper(), {"title": " 一 ", "shuffle": True})
        it = papers.add_section(it, {"title": "二"})
        it = papers.add_questions(occasion, course, it, 0, [made[0], made[1], made[0]])
        it = papers.add_questions(occasion, course, it, 1, made)
        it = papers.put_draw(
            occasion, course, it, 1, {"number": 2, "categories": [top.key], "marks": 1.5}
        )
        it = papers.move_item(it, 0, 1, 1)
        assert [item.question for item in it.sections[1].items[:2]] == [made[1].id, made[2].id]
        it = papers.move_item(it, 1, 0, 1)
        it = papers.move_item(it, 1, 2, 1)
        it = papers.set_marks(it, 0, 0, 4)
        it = papers.move_section(it, 1, -1)
        assert [section.title for section in it.sections] == ["二", "一"]
        assert it.sections[1] == PaperSection("一", (Fixed(made[0].id, 0, 4.0),), "", True)
        it = papers.remove_item(it, 0, 2)
        it = papers.remove_section(it, 1)
        assert [item.question for item in it.sections[0].items] == [made[2].id, made[1].id]
        for wrong in (
            lambda: papers.remove_item(it, 0, 5),
            lambda: papers.remove_section(it, 3),
            lambda: papers.change_section(it, -1, {"title": "x"}),
        ):
            with pytest.raises(Conflict):
                wrong()
        for values, field in (
            ({"number": 0}, "number"),
            ({"number": 3, "marks": -1}, "marks"),
        ):
            with pytest.raises(Invalid) as caught:
                papers.put_draw(occasion, course, it, 0, values)
            assert field in caught.value.errors


def test_papers_of_neighbours_differ_where_that_is_asked_for(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        for _n in range(30):
            banking.question(occasion, top)
        quiz = Quiz(0)
        quiz.paper = paper((Draw(10, marks=1.0),))
        attempts = QuizAttempts()

        def most(limit: int) -> float:
            quiz.paper = quiz.paper._replace(most_overlap=limit)
            overlaps = []
            for seed in range(30):
                slots = drawing.draw(occasion, quiz, random.Random(seed), attempts=attempts)
                own = {slot.question for slot in slots}
                overlaps.append(
                    max(
                        len(own & {slot.question for slot in other.slots})
                        for other in attempts.by_id.values()
                    )
                )
            return sum(overlaps) / len(overlaps)

        for number in range(2):
            attempt = Attempt(1, number, 1)
            attempt.slots = drawing.draw(occasion, quiz, random.Random(900 + number))
            attempts.by_id[number + 1] = attempt
        assert most(30) < most(0)
