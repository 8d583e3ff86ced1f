"""The question bank: what finds questions agrees with a naive look at all of them, whatever
happened; writers do not meet; who may what; versions; duplicates."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ZODB.POSException import ConflictError

from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.services import teaching
from modou.services.occasion import Occasion
from modou_quiz.content import FILE, Rich
from modou_quiz.models.bank import Bank, Question
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import (
    bank,
    duplicates,
    looking,
    papers,
    quizzes,
    searching,
    shelf,
    usage,
    versions,
    wording,
)
from modou_quiz.services.bank import bulk, orphans
from modou_quiz.services.interchange.working import Here
from modou_quiz.services.searching import Criteria
from modou_quiz.types.contents import SingleChoice
from tests import banking, factories
from tests.conftest import SiteUnderTest

WORDS = ("电压互感器", "漏电保护器", "接地电阻", "220V 照明回路", "PLC", "电动机", "触电急救")
LOOKED_FOR = ("", "", "电", "电压", "接地电阻 PLC", "220v", "jiedi", "pl", "回路的")
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def naive(store: Bank, criteria: Criteria) -> set[int]:
    """What fits, by looking at each question."""
    found = set()
    within = {id for top in criteria.categories for id, _depth in store.walk(top)}
    words = [run for word in wording.folded(criteria.text).split() for run in wording.runs(word)]
    for question in store.questions:
        category = store.categories.by_id(question.category)
        text = wording.search_text(question)
        if (
            category.place in criteria.places
            and (not criteria.categories or category.id in within)
            and (not criteria.types or question.type in criteria.types)
            and (not criteria.statuses or question.status in criteria.statuses)
            and (not criteria.difficulties or question.difficulty in criteria.difficulties)
            and (not criteria.points or question.point in criteria.points)
            and (not criteria.syllabus or question.syllabus in criteria.syllabus)
            and all(tag in question.tags for tag in criteria.tags)
            and all(_occurs(word, text) for word in words)
        ):
            found.add(question.id)
    return found


def _occurs(word: str, text: str) -> bool:
    size = wording.width(word)
    pieces = [word[at : at + size] for at in range(len(word) - size + 1)] or [word]
    return all(piece in text for piece in pieces)


class History:
    """Changes by chance."""

    def __init__(self, occasion: Occasion, chance: random.Random) -> None:
        self.occasion, self.chance = occasion, chance
        occasion.site.plugin_data("quiz")["bank"] = self.store = Bank()
        self.categories = [bank.top_of(occasion, "site"), bank.top_of(occasion, "user", 7)]
        for parent in (0, 2, 2, 1):
            title = f"类 {len(self.categories)}"
            made = bank.create_category(occasion, self.categories[parent], title)
            self.categories.append(made)

    def words(self) -> Any:
        chance = self.chance
        stem = f"{chance.choice(WORDS)}的{chance.choice(WORDS)}，{chance.randrange(30)}？"
        return banking.judgement(stem) if chance.random() < 0.4 else banking.single(stem)

    def filing(self) -> dict[str, Any]:
        chance = self.chance
        return {
            "tags": chance.sample(["易错", "新规", "实操"], chance.randrange(3)),
            "difficulty": chance.randrange(6),
            "point": chance.choice(["", "欧姆定律", "触电急救"]),
            "syllabus": chance.choice(["", "1.2", "3.4"]),
            "idnumber": chance.choice(["", "A1", "A2"]),
            "status": chance.choice(["draft", "ready", "ready"]),
        }

    def step(self) -> None:
        chance, occasion = self.chance, self.occasion
        everything: list[Question] = list(self.store.questions)
        action = chance.randrange(9) if everything else 0
        if action <= 2:
            banking.question(
                occasion, chance.choice(self.categories), self.words(), **self.filing()
            )
            return
        question = chance.choice(everything)
        if action == 3:
            bank.change_question(occasion, question, **self.filing())
        elif action == 4:
            bank.move(occasion, question, chance.choice(self.categories))
        elif action == 5:
            content = self.words()
            if isinstance(content, SingleChoice) == (question.type == "single"):
                bank.add_version(occasion, question, content)
        elif action == 6:
            bank.retire(occasion, question)
        elif action == 7:
            assert bank.delete_question(occasion, question)
        else:
            searching.seal(self.store)

    def criteria(self) -> Criteria:
        chance = self.chance

        def some(values: list[Any], most: int = 2) -> tuple[Any, ...]:
            return tuple(chance.sample(values, chance.randrange(most + 1)))

        return Criteria(
            chance.choice([("site:0",), ("user:7",), ("site:0", "user:7")]),
            some([category.id for category in self.categories]),
            types=some(["single", "truefalse"]),
            difficulties=some(list(range(6)), 3),
            points=some(["欧姆定律", "触电急救"]),
            syllabus=some(["1.2", "3.4"]),
            tags=some(["易错", "新规", "实操"]),
            statuses=some(["draft", "ready", "retired"], 3),
            text=chance.choice(LOOKED_FOR),
        )


def test_what_finds_questions_agrees_with_a_look_at_all(site: SiteUnderTest) -> None:
    @given(st.integers(0, 1 << 30))
    @settings(max_examples=12)
    def check(seed: int) -> None:
        with site.occasion() as occasion:
            history = History(occasion, random.Random(seed))
            store = history.store
            for _step in range(60):
                history.step()
            for _look in range(25):
                criteria = history.criteria()
                wanted = naive(store, criteria)
                assert set(searching.matching(store, criteria)) == wanted
                listing = searching.page(store, criteria, "-created", 0, 1000)
                assert {question.id for question in listing.questions} == wanted
                if not criteria.text:
                    pool = searching.Pool(store, criteria)
                    assert set(pool.draw(1000, random.Random(seed), ())) == wanted
                    assert len(pool.draw(1, random.Random(seed), ())) == min(1, len(wanted))
            for question in store.questions:
                assert question.id in store.prints[question.fingerprint]
                number = store.number_of(question)
                assert number is None or question.id in store.numbers[number]
            filed = {id for _facet, ids in store.facets.items() for id in ids}
            assert filed == set(store.questions.ids())

    check()


def test_search_reads_characters_pinyin_and_initials(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        stem = "安装ＲＣＤ（剩余电流动作保护器）时，<b>额定</b>动作电流 ≤ 30 mA"
        wanted = banking.question(
            occasion,
            top,
            SingleChoice(
                stem=Rich(source=stem), options=banking.single("", "三十毫安", "其他").options
            ),
            idnumber="GB-13955",
        )
        for _other in range(20):
            banking.question(occasion, top, banking.single("与此无关的内容"))
        store = shelf.bank_of(occasion)
        for _sealed in range(2):
            for text in (
                "剩余电流",
                "rcd",
                "额定动作",
                "保护器 30",
                "三十毫安",
                "anzhuang",
                "azrsy",
                "13955",
                "护",
            ):
                found = searching.matching(store, Criteria(("site:0",), text=text))
                assert set(found) == {wanted.id}, text
            assert not searching.matching(store, Criteria(("site:0",), text="剩余 电压"))
            assert not searching.matching(store, Criteria(("site:0",), text="？！"))
            assert searching.seal(store) in {21, 0}


def test_many_writers_do_not_meet(site: SiteUnderTest) -> None:
    """Two who write at the same time, and again: without conflict resolution every round would
    fail."""
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        category = bank.create_category(occasion, top, "安全用电").id
        for _one in range(400):
            banking.question(
                occasion, top, difficulty=3, tags=["易错"], point="触电急救", idnumber="7"
            )
        searching.seal(shelf.bank_of(occasion))

    def write(number: int, together: Barrier) -> int:
        """Whether it met the other one."""
        try:
            with site.occasion() as occasion:
                store = shelf.bank_of(occasion)
                into = store.categories.by_id(category)
                filing = {"difficulty": 3, "tags": ["易错"], "point": "触电急救"}
                banking.question(occasion, into, idnumber=f"N{number}", **filing)
                # None that the other one changes as well.
                own = list(store.questions)[number * 5]
                bank.change_question(occasion, own, difficulty=1 + number % 2)
                together.wait(30)
        except ConflictError:
            return 1
        return 0

    met = 0
    # The journal has a log for each thread: two in one would meet there.
    with ThreadPoolExecutor(2) as threads:
        for round_ in range(25):
            together = Barrier(2)
            both = [threads.submit(write, 2 * round_ + side, together) for side in range(2)]
            met += sum(one.result() for one in both)
    # A leaf that is split just then cannot be merged.
    assert met <= 4
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        every = Criteria(("site:0",), statuses=())
        assert searching.count(store, every) == len(store.questions)
        assert set(searching.matching(store, every)) == set(store.questions.ids())


def test_who_may_what(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        own = factories.course(occasion)
        other = factories.course(occasion)
        teacher = factories.user(occasion, "teacher")
        factories.enrolment(occasion, own, teacher, "teacher")
        factories.user(occasion, "operator", role="operator")
        learner = factories.user(occasion, "learner")
        factories.enrolment(occasion, own, learner)
        tops = {
            "site": bank.top_of(occasion, "site").id,
            "own": bank.top_of(occasion, "course", own.id).id,
            "other": bank.top_of(occasion, "course", other.id).id,
            "mine": bank.top_of(occasion, "user", teacher.id).id,
        }
        keys = {}
        for name, id in tops.items():
            category = shelf.bank_of(occasion).categories.by_id(id)
            keys[name] = banking.question(occasion, category).key
        courses = own.id, other.id

    def sees(username: str, course: int) -> set[str]:
        with site.occasion(username) as occasion:
            where = occasion.site.courses.by_id(course) if course else None
            found = set()
            for name, key in keys.items():
                try:
                    bank.find(occasion, key, where)
                except NotFound:
                    continue
                found.add(name)
            listed = searching.matching(
                shelf.bank_of(occasion), Criteria(bank.places_of(occasion, where))
            )
            store = shelf.bank_of(occasion)
            assert {store.questions[keys[name]].id for name in found} >= set(listed)
            return found

    assert sees("teacher", courses[0]) == {"site", "own", "mine"}
    assert sees("teacher", 0) == {"own", "mine"}
    assert sees("operator", 0) == {"site", "own", "other"}
    assert sees("learner", courses[0]) == set()

    with site.occasion("teacher") as occasion:
        store = shelf.bank_of(occasion)
        course = occasion.site.courses.by_id(courses[0])
        of_site = store.questions[keys["site"]]
        own_question = store.questions[keys["own"]]
        for refused in (
            lambda: bank.create_category(occasion, store.categories.by_id(tops["site"]), "x"),
            lambda: bank.change_question(occasion, of_site, title="x"),
            lambda: bank.add_version(occasion, of_site, banking.single()),
            lambda: bank.delete_question(occasion, of_site),
            lambda: bank.move(occasion, of_site, store.categories.by_id(tops["mine"])),
            lambda: bank.move(occasion, own_question, store.categories.by_id(tops["site"])),
            lambda: bank.top_of(occasion, "course", courses[1]),
            lambda: bulk.apply(occasion, course, "retire", [own_question, of_site], {}),
        ):
            with pytest.raises(NotAllowed):
                refused()
        with pytest.raises(NotFound):
            bulk.chosen(occasion, course, [keys["own"], keys["other"]])
        bank.move(occasion, own_question, store.categories.by_id(tops["mine"]))
        bank.copy(occasion, of_site, store.categories.by_id(tops["mine"]))


def test_versions_keep_what_was_said(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        content = SingleChoice(
            stem=Rich(source=f'<p>看图：<img src="{FILE}a%20b.png"></p>'),
            options=banking.single().options,
        )
        made = banking.question(occasion, top, content, files={"a b.png": PICTURE}, marks=2)
        first = made.latest
        assert bank.add_version(occasion, made, content) is first
        changed = content.model_copy(
            update={"stem": Rich(source=f'<p>看清图：<img src="{FILE}a%20b.png"></p>')}
        )
        second = bank.add_version(occasion, made, changed, marks=3)
        assert (second.number, second.files, second.marks) == (2, first.files, 3.0)
        third = bank.add_version(occasion, made, banking.single("没有图了？"))
        assert third.files == {}
        told = versions.differences(first, second)
        assert [[step.name for step in one.path] for one in told] == [
            [versions.NAMES["stem"]],
            [versions.NAMES["stem"], "source"],
            [versions.NAMES["marks"]],
        ]
        assert ("new", "清") in told[0].pieces
        again = versions.restore(occasion, made, 1)
        assert (again.number, again.data, again.files) == (4, first.data, first.files)
        assert bank.delete_question(occasion, made)
        assert first.files["a b.png"] not in occasion.site.files


def test_what_is_in_use_is_retired_instead_of_deleted(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=1)
        activity = next(iter(course.activities))
        top = bank.top_of(occasion, "course", course.id)
        used, unused = banking.question(occasion, top), banking.question(occasion, top)
        quiz = Quiz(course.id)
        quiz.paper = Paper((PaperSection("一", (Fixed(used.id),)),))
        shelf.put(occasion, activity, quiz)
        assert bulk.apply(occasion, course, "delete", [used, unused], {}) == 1
        assert used.status == "retired"
        store = shelf.bank_of(occasion)
        assert unused.id not in store.questions
        assert not any(unused.id in ids for _facet, ids in store.facets.items())
        # Which papers name it is kept, also by sites that did not when they were stored.
        another = banking.question(occasion, top)
        for index in (True, False):
            if not index:
                del occasion.site.plugins["quiz"]["used_in"]
            asked = another if index else used
            paper = Paper((PaperSection("一", (Fixed(asked.id),)),))
            papers.save(occasion, activity, quiz, paper, quiz.revision)
            named = usage.fixed_in(occasion.site, {used.id, another.id})
            assert named == {asked.id: [activity.id]}
            told = looking.tell(occasion, asked, course)
            assert [use.activity for use in told.uses] == [activity.key]
        quizzes.delete(occasion, activity)
        assert usage.fixed_in(occasion.site, {used.id, another.id}) == {}


def test_bad_input_names_the_field(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        nobody = SingleChoice(stem=banking.plain("没有正确答案？"))
        for more, field in (
            ({"marks": -1}, "marks"),
            ({"marks": float("nan")}, "marks"),
            ({"difficulty": 6}, "difficulty"),
            ({"status": "gone"}, "status"),
            ({"tags": [f"t{n}" for n in range(30)]}, "tags"),
            ({"title": "x" * 300}, "title"),
        ):
            with pytest.raises(Invalid) as caught:
                banking.question(occasion, top, **more)
            assert field in caught.value.errors
        with pytest.raises(Invalid):
            banking.question(occasion, top, nobody)
        draft = banking.question(occasion, top, nobody, status="draft")
        with pytest.raises(Invalid):
            bank.change_question(occasion, draft, status="ready")
        with pytest.raises(Invalid):
            bank.create_question(occasion, top, "truefalse", banking.single())
        with pytest.raises(Invalid):
            bank.create_question(occasion, top, "unheard-of", banking.single())


def test_the_tree_of_categories(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        one = bank.create_category(occasion, top, "一")
        two = bank.create_category(occasion, top, "二")
        below = bank.ensure_path(occasion, one, ["甲", "", "乙"])
        assert bank.ensure_path(occasion, one, ["甲", "乙"]) is below
        with pytest.raises(Invalid):
            bank.create_category(occasion, top, "一")
        with pytest.raises(Invalid):
            bank.move_category(occasion, one, below)
        with pytest.raises(Invalid):
            bank.move_category(occasion, one, bank.top_of(occasion, "user", 5))
        bank.step_category(occasion, two, -1)
        made = banking.question(occasion, below)
        bank.change_category(occasion, one, "一改", "", two)
        nodes = bank.tree_of(occasion, "site", 0).nodes
        titles = [(node.category.title, node.depth) for node in nodes]
        assert titles == [("", 0), ("二", 1), ("一改", 2), ("甲", 3), ("乙", 4)]
        store = shelf.bank_of(occasion)
        assert set(searching.matching(store, Criteria(("site:0",), (two.id,)))) == {made.id}
        assert not searching.matching(store, Criteria(("site:0",), (two.id,), below=False))
        for full in (two, below, top):
            with pytest.raises(Conflict):
                bank.delete_category(occasion, full)
        bank.delete_question(occasion, made)
        bank.delete_category(occasion, below)


def test_duplicates(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        stem = "在低压配电系统中，保护接零的作用是什么？请选择最合适的一项。"
        first = banking.question(occasion, top, banking.single(stem, "甲", "乙", "丙"))
        twin = banking.question(occasion, top, banking.single(f" {stem[:-1]}．", "丙", "乙", "甲"))
        near = banking.question(occasion, top, banking.single(f"{stem}（新）", "甲", "乙", "丙"))
        for place in range(30):
            banking.question(occasion, top, banking.single(f"第 {place} 条：{WORDS[place % 7]}？"))
        assert first.fingerprint == twin.fingerprint != near.fingerprint
        store = shelf.bank_of(occasion)
        every = Criteria(("site:0",))
        assert list(map(set, duplicates.all_twins(store, every))) == [{first.id, twin.id}]
        pairs, compared = duplicates.compare(store, every)
        assert compared == 33
        assert {frozenset(pair[:2]) for pair in pairs} == {
            frozenset((first.id, near.id)),
            frozenset((twin.id, near.id)),
        }
        for _sealed in range(2):
            found = duplicates.alike(
                occasion,
                every,
                text=duplicates.compared_text(first),
                print=first.fingerprint,
                without=first.id,
            )
            assert [one.question.id for one in found] == [twin.id, near.id]
            assert found[0].likeness == 1 > found[1].likeness > 0.8
            searching.seal(store)
        assert set(duplicates.twins(store, first.fingerprint, ("site:0",))) == {first.id, twin.id}
        assert duplicates.twins(store, first.fingerprint, ("user:1",)) == []


def test_questions_of_a_deleted_course_go_but_what_others_use(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        course, other = factories.course(occasion), factories.course(occasion, activities=1)
        top = bank.top_of(occasion, "course", course.id)
        below = bank.create_category(occasion, top, "第一章")
        gone = banking.question(occasion, below)
        used = banking.question(occasion, top, banking.single("另一题？"))
        quiz = Quiz(other.id)
        quiz.paper = Paper((PaperSection("一", (Fixed(used.id),)),))
        shelf.put(occasion, next(iter(other.activities)), quiz)
        teaching.delete_course(occasion, course)
        ids, places = (gone.id, used.id), (top.id, below.id)
    orphans.sweep_job(Here(site.registry.access))  # type: ignore[arg-type]
    with site.occasion() as occasion:
        store = shelf.bank_of(occasion)
        assert [id in store.questions for id in ids] == [False, True]
        assert store.questions.by_id(ids[1]).status == "retired"
        assert [id in store.categories for id in places] == [True, False]
