"""Papers: put together by hand and from blueprints, and whether the bank has enough for them.

The functions that change a paper take one and give one; `save` puts it into the quiz.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modou.errors import Conflict, Invalid, Message
from modou.models.courses import Activity, Course
from modou.permissions import Capability
from modou.services.cleaning import clean_line, clean_text
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.bank import Bank, Question
from modou_quiz.models.papers import Draw, Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank as bank_verbs
from modou_quiz.services import drawing, naming, searching, shelf

MOST_SECTIONS = 50
MOST_LINES = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a paper cannot be sat as it is.

    :param section: place of the section, from 0
    :param line: place of the line in it, from 0; -1: the section as a whole
    """

    section: int
    line: int
    message: Message


@dataclass(frozen=True, slots=True)
class Totals:
    """What a paper comes to.

    :param exact: False: drawn questions bring their own marks, so that papers differ; `marks` is
        then the mean
    """

    questions: int
    marks: float
    exact: bool


@dataclass(frozen=True, slots=True)
class LineState:
    """What the editor shows beside a line.

    :param fits: how many questions fit a line of a blueprint; 1 or 0 for a fixed question
    :param marks: what the line is worth, all its questions together
    :param shared: of a line of a blueprint: how many questions two learners have in common there,
        on average
    :param pool: what fits a line of a blueprint
    """

    item: Fixed | Draw
    question: Question | None
    fits: int
    marks: float
    exact: bool
    shared: float
    pool: searching.Pool | None = None


def state_of(occasion: Occasion, course: int, paper: Paper) -> list[list[LineState]]:
    """Section by section, line by line."""
    return [
        [_line_state(occasion, course, item) for item in section.items]
        for section in paper.sections
    ]


def _line_state(occasion: Occasion, course: int, item: Fixed | Draw) -> LineState:
    bank = shelf.find_bank(occasion.site)
    if isinstance(item, Fixed):
        question = bank.questions.get(item.question) if bank is not None else None
        fits = int(question is not None and question.status != "draft")
        marks = _marks_of(occasion, item, question)
        return LineState(item, question, fits, marks, True, 1.0)
    if bank is None:
        return LineState(item, None, 0, 0.0, True, 0.0)
    pool = searching.Pool(bank, drawing.criteria_of(occasion, course, item))
    fits = len(pool.everything())
    shared = item.number * min(1.0, item.number / fits) if fits else 0.0
    if item.marks is not None:
        return LineState(item, None, fits, item.number * item.marks, True, shared, pool)
    mean, exact = _mean(bank, pool)
    return LineState(item, None, fits, item.number * mean, exact, shared, pool)


def _marks_of(occasion: Occasion, item: Fixed, question: Question | None) -> float:
    if question is None:
        return 0.0
    type_ = shelf.types_of(occasion).get(question.type)
    if type_ is not None and not type_.answerable:
        return 0.0
    try:
        version = question.version(item.version)
    except KeyError:
        version = question.latest
    return item.marks if item.marks is not None else version.marks


def _mean(bank: Bank, pool: searching.Pool, most: int = 50) -> tuple[float, bool]:
    """What a drawn question is worth on average, and whether all are worth the same; found on some
    of them."""
    some = pool.draw(most, random.Random(1), ())  # noqa: S311 - an estimate that stays the same
    marks = [bank.questions.by_id(id).latest.marks for id in some]
    return (sum(marks) / len(marks), len(set(marks)) == 1) if marks else (0.0, True)


def fitting(occasion: Occasion, course: int, draw: Draw) -> int:
    """How many questions fit a line of a blueprint."""
    bank = shelf.find_bank(occasion.site)
    if bank is None:
        return 0
    return searching.count(bank, drawing.criteria_of(occasion, course, draw))


def totals(states: Sequence[Sequence[LineState]]) -> Totals:
    """What the paper comes to: of what `state_of` found."""
    lines = [line for section in states for line in section]
    questions = sum(
        line.item.number if isinstance(line.item, Draw) else int(line.marks > 0) for line in lines
    )
    marks = round(sum(line.marks for line in lines), 4)
    return Totals(questions, marks, all(line.exact for line in lines))


def most_marks(occasion: Occasion, quiz: Quiz) -> float:
    """What can be reached in a quiz; the mean where papers differ."""
    return totals(state_of(occasion, quiz.course, quiz.paper)).marks


def shared(states: Sequence[Sequence[LineState]]) -> float:
    """Per cent of the questions that two learners have in common, on average."""
    lines = [line for section in states for line in section]
    asked = sum(line.item.number if isinstance(line.item, Draw) else 1 for line in lines)
    return 100.0 * sum(line.shared for line in lines) / asked if asked else 0.0


def check(states: Sequence[Sequence[LineState]]) -> list[Problem]:
    """Why the paper cannot be sat as it is, naming section and line; empty: it can.

    :param states: what `state_of` found
    """
    problems: list[Problem] = []
    seen: set[int] = set()
    for number, section in enumerate(states):
        if not section:
            problems.append(Problem(number, -1, _("This part has no questions yet.")))
        for place, line in enumerate(section):
            message = _objection(line, seen)
            if message:
                problems.append(Problem(number, place, message))
    if not problems:
        problems = _short_lines(states, seen)
    return problems


def _objection(line: LineState, seen: set[int]) -> Message:
    item = line.item
    if isinstance(item, Draw):
        if line.fits < item.number:
            return _(
                "${wanted} questions are asked for, but only ${there} fit.",
                mapping={"wanted": item.number, "there": line.fits},
            )
        return ""
    if line.question is None:
        return _("This question is gone.")
    if item.question in seen:
        return _("This question stands in the paper twice.")
    seen.add(item.question)
    if not line.fits:
        return _("This question is a draft. Make it ready first.")
    return ""


def _short_lines(states: Sequence[Sequence[LineState]], fixed: set[int]) -> list[Problem]:
    """Lines that are short because others want the same questions."""
    lines = [
        drawing.Line(number, place, state.item, state.pool, [])
        for number, section in enumerate(states)
        for place, state in enumerate(section)
        if isinstance(state.item, Draw) and state.pool is not None
    ]
    total = sum(line.draw.number for line in lines) + len(fixed)
    if all(len(line.pool.everything()) >= total for line in lines):
        return []
    drawing.match(lines, random.Random(1), fixed)  # noqa: S311 - only whether it is possible
    return [
        Problem(
            line.section,
            line.place,
            _(
                "${wanted} questions are asked for, but other lines want the same ones: only "
                "${there} are left.",
                mapping={"wanted": line.draw.number, "there": len(line.found)},
            ),
        )
        for line in lines
        if len(line.found) < line.draw.number
    ]


def save(occasion: Occasion, activity: Activity, quiz: Quiz, paper: Paper, revision: int) -> None:
    """Make it the quiz's paper. Attempts that are begun keep what they have.

    :param revision: of the quiz when its paper was read
    :raises Conflict: somebody else changed the quiz meanwhile
    :raises Invalid: too many questions
    """
    occasion.require(Capability.ACTIVITY_EDIT, activity)
    if quiz.revision != revision:
        raise Conflict(
            _("Somebody else changed this quiz meanwhile. Look at the paper and try again.")
        )
    most = shelf.settings(occasion).most_questions
    asked = sum(
        item.number if isinstance(item, Draw) else 1
        for section in paper.sections
        for item in section.items
    )
    if asked > most:
        raise Invalid(
            _(
                "The paper would have ${number} questions. The limit is ${limit}.",
                mapping={"number": asked, "limit": most},
            ),
            "number",
        )
    if paper == quiz.paper:
        return
    before, quiz.paper = quiz.paper, paper
    naming.note(occasion, activity.id, before, paper)
    quiz.revision += 1
    quiz.modified = occasion.now
    occasion.record(
        "quiz_changed",
        course=activity.course.id,
        values={"activity": activity.id, "revision": quiz.revision},
    )


# Parts of a paper: places are from 0.


def add_section(paper: Paper, values: Mapping[str, Any]) -> Paper:
    """:raises Invalid: no title, or too many sections"""
    if len(paper.sections) >= MOST_SECTIONS:
        raise Invalid(_("At most ${limit} parts.", mapping={"limit": MOST_SECTIONS}), "title")
    return paper._replace(sections=(*paper.sections, _section(PaperSection(""), values)))


def change_section(paper: Paper, place: int, values: Mapping[str, Any]) -> Paper:
    return _with_section(paper, place, _section(section_at(paper, place), values))


def remove_section(paper: Paper, place: int) -> Paper:
    section_at(paper, place)
    return paper._replace(sections=_without(paper.sections, place))


def move_section(paper: Paper, place: int, step: int) -> Paper:
    """:param step: -1 up, 1 down"""
    section_at(paper, place)
    return paper._replace(sections=_moved(paper.sections, place, step))


def _section(section: PaperSection, values: Mapping[str, Any]) -> PaperSection:
    return section._replace(
        title=clean_line(values.get("title"), "title", 100),
        text=clean_text(values.get("text"), "text", 2000),
        shuffle=bool(values.get("shuffle")),
    )


def section_at(paper: Paper, place: int) -> PaperSection:
    """:raises Conflict: there is none any more"""
    if not 0 <= place < len(paper.sections):
        raise Conflict(_("This part of the paper is gone."))
    return paper.sections[place]


def item_at(paper: Paper, section: int, line: int) -> Fixed | Draw:
    """:raises Conflict: there is none any more"""
    items = section_at(paper, section).items
    if not 0 <= line < len(items):
        raise Conflict(_("This line of the paper is gone."))
    return items[line]


def _with_section(paper: Paper, place: int, section: PaperSection) -> Paper:
    sections = list(paper.sections)
    sections[place] = section
    return paper._replace(sections=tuple(sections))


def add_questions(
    occasion: Occasion, course: Course, paper: Paper, section: int, questions: Sequence[Question]
) -> Paper:
    """Put questions into a section that are not in the paper yet.

    :raises NotFound: the actor may not use one of them
    """
    there = {
        item.question for part in paper.sections for item in part.items if isinstance(item, Fixed)
    }
    usable = bank_verbs.find_many(occasion, [question.key for question in questions], course)
    items = [Fixed(question.id) for question in usable if question.id not in there]
    return _with_items(paper, section, (*section_at(paper, section).items, *items))


def put_draw(
    occasion: Occasion,
    course: Course,
    paper: Paper,
    section: int,
    values: Mapping[str, Any],
    line: int | None = None,
) -> Paper:
    """A line of a blueprint, new or instead of another one.

    :param values: as `draw_of` takes them
    :param line: None: a new one at the end
    """
    made = draw_of(occasion, course, values)
    items = list(section_at(paper, section).items)
    if line is None:
        items.append(made)
    else:
        item_at(paper, section, line)
        items[line] = made
    return _with_items(paper, section, tuple(items))


def draw_of(occasion: Occasion, course: Course, values: Mapping[str, Any]) -> Draw:
    """A line of a blueprint as a form describes it.

    :param values: `number`, `categories` (keys), `below`, `types`, `difficulties`, `points`,
        `syllabus`, `tags`, `marks`
    :raises Invalid: naming the field
    """
    categories = tuple(
        bank_verbs.find_category(occasion, key, course).id for key in values.get("categories") or ()
    )
    if not categories and "site:0" not in bank_verbs.places_of(occasion, course):
        raise Invalid(_("Choose a category."), "categories")
    number = values.get("number")
    if not number or not 1 <= number <= MOST_LINES:
        raise Invalid(
            _("Enter how many questions: 1 to ${limit}.", mapping={"limit": MOST_LINES}), "number"
        )
    return Draw(
        number,
        categories,
        bool(values.get("below")),
        tuple(values.get("types") or ()),
        tuple(sorted({int(level) for level in values.get("difficulties") or ()})),
        _words(values.get("points"), "points"),
        _words(values.get("syllabus"), "syllabus"),
        _words(values.get("tags"), "tags"),
        _marks(values.get("marks")),
    )


def set_marks(paper: Paper, section: int, line: int, marks: float | None) -> Paper:
    """What each question of a line is worth; None: what the question says."""
    items = list(section_at(paper, section).items)
    items[line] = item_at(paper, section, line)._replace(marks=_marks(marks))
    return _with_items(paper, section, tuple(items))


def remove_item(paper: Paper, section: int, line: int) -> Paper:
    item_at(paper, section, line)
    return _with_items(paper, section, _without(section_at(paper, section).items, line))


def move_item(paper: Paper, section: int, line: int, step: int) -> Paper:
    """Up (-1) or down (1), at the end of its section into the next one."""
    item = item_at(paper, section, line)
    target = line + step
    if 0 <= target < len(paper.sections[section].items):
        return _with_items(paper, section, _moved(paper.sections[section].items, line, step))
    other = section + step
    if not 0 <= other < len(paper.sections):
        return paper
    paper = remove_item(paper, section, line)
    items = paper.sections[other].items
    return _with_items(paper, other, (*items, item) if step < 0 else (item, *items))


def _with_items(paper: Paper, section: int, items: tuple[Fixed | Draw, ...]) -> Paper:
    if len(items) > MOST_LINES:
        raise Invalid(_("At most ${limit} lines in a part.", mapping={"limit": MOST_LINES}))
    return _with_section(paper, section, section_at(paper, section)._replace(items=items))


def _without(items: tuple[Any, ...], place: int) -> tuple[Any, ...]:
    return (*items[:place], *items[place + 1 :])


def _moved(items: tuple[Any, ...], place: int, step: int) -> tuple[Any, ...]:
    target = place + step
    if not 0 <= target < len(items):
        return items
    moved = list(items)
    moved[place], moved[target] = moved[target], moved[place]
    return tuple(moved)


def _words(values: Any, field: str) -> tuple[str, ...]:
    words = [clean_line(word, field, 200, required=False) for word in values or ()]
    return tuple(dict.fromkeys(word for word in words if word))


def _marks(value: Any) -> float | None:
    if value is None:
        return None
    if not 0 <= value <= 1000:
        raise Invalid(_("Marks are 0 to 1000."), "marks")
    return round(float(value), 4)
