"""Questions go into a file, in the background; with a report of what its format cannot carry."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from modou.errors import Invalid, NotAllowed
from modou.models.courses import Course
from modou.services import files as stored_files
from modou.services import jobs
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed
from modou_quiz.formats import Item, Note
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question, QuestionCategory
from modou_quiz.models.interchange import QuestionExport
from modou_quiz.models.papers import Fixed
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, searching, shelf
from modou_quiz.services.interchange import finding
from modou_quiz.services.interchange.reading import ACCESS
from modou_quiz.services.interchange.working import Work

JOB: Final = "quiz_write"
#: Most questions of one export.
MOST: Final = 20_000
#: Most questions whose notes are kept.
_MOST_TOLD: Final = 2000


def of_category(
    occasion: Occasion, category: QuestionCategory, course: Course | None, *, retired: bool = False
) -> list[int]:
    """Ids of the questions of a category and what lies below it."""
    if not bank.may_use(occasion, category, course):
        raise NotAllowed(_("You may not use this part of the question bank."))
    store = shelf.bank_of(occasion)
    statuses = () if retired else ("draft", "ready")
    criteria = searching.Criteria((category.place,), (category.id,), statuses=statuses)
    ids = list(searching.matching(store, criteria))
    # In the order in which they were written: as a file had them.
    return sorted(ids, key=lambda id: (store.questions.by_id(id).created, id))


def of_paper(occasion: Occasion, quiz: Quiz) -> list[int]:
    """Ids of the fixed questions of a paper, in its order."""
    return [
        item.question
        for section in quiz.paper.sections
        for item in section.items
        if isinstance(item, Fixed)
    ]


def start(
    occasion: Occasion, questions: Iterable[int], format: str, course: Course | None = None
) -> QuestionExport:
    """Have questions written to a file; see `begin`."""
    made = begin(occasion, questions, format, course)
    made.job = jobs.enqueue(occasion, JOB, made=made.id).id
    return made


def begin(
    occasion: Occasion, questions: Iterable[int], format: str, course: Course | None = None
) -> QuestionExport:
    """Say what is to be written; `write` does it.

    :param questions: ids, in the file's order; what the actor may not use is refused
    :raises NotAllowed: one of them is not the actor's to use
    :raises Invalid: none or too many, or no such format
    """
    chosen = tuple(dict.fromkeys(questions))
    if not chosen:
        raise Invalid(_("There are no questions to export."), "questions")
    if len(chosen) > MOST:
        raise Invalid(
            _("At most ${limit} questions go into one file.", mapping={"limit": MOST}), "questions"
        )
    writer = finding.format_named(occasion, format, writes=True)
    store = shelf.bank_of(occasion)
    allowed: dict[int, bool] = {}
    for id in chosen:
        category = bank.category_of(occasion, store.questions.by_id(id))
        if category.id not in allowed:
            allowed[category.id] = bank.may_use(occasion, category, course)
        if not allowed[category.id]:
            raise NotAllowed(_("You may not use this part of the question bank."))
    finding.drop_old(occasion)
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    made = QuestionExport(writer.name, chosen, actor, here, occasion.now)
    day = datetime.fromtimestamp(occasion.now, UTC).strftime("%Y%m%d")
    made.filename = f"questions-{day}{writer.extension}"
    return finding.store_of(occasion).exports.add(made)


def items_of(occasion: Occasion, questions: Iterable[Question]) -> Iterator[Item]:
    """Questions as formats have them, with their files. `line`: which it is, from 1."""
    paths: dict[int, tuple[str, ...]] = {}
    for number, question in enumerate(questions, start=1):
        version = question.latest
        if question.category not in paths:
            paths[question.category] = _path(occasion, question)
        try:
            content = shelf.content_of(occasion, question, version)
        except KeyError:
            content = None
        files = {}
        for name, id in version.files.items():
            stored = occasion.site.files.get(id)
            if stored is not None:
                with stored.open() as stream:
                    files[name] = stream.read()
        yield Item(
            line=number,
            type=question.type,
            title=question.title,
            content=content,
            marks=version.marks,
            category=paths[question.category],
            tags=question.tags,
            difficulty=question.difficulty,
            point=question.point,
            syllabus=question.syllabus,
            idnumber=question.idnumber,
            files=files,
        )


def _path(occasion: Occasion, question: Question) -> tuple[str, ...]:
    """Titles of the categories above a question, without the tree's top."""
    store = shelf.bank_of(occasion)
    titles: list[str] = []
    category = bank.category_of(occasion, question)
    while category.parent:
        titles.append(category.title)
        category = store.categories.by_id(category.parent)
    return tuple(reversed(titles))


def write(context: Work) -> None:
    """The job: `context.values` has the export's id."""
    id = context.values["made"]
    with tempfile.TemporaryDirectory(prefix="modou-quiz-") as folder:
        path = Path(folder) / "questions"
        with context.occasion() as occasion:
            store = finding.find_store(occasion)
            made = store.exports.get(id) if store is not None else None
            if made is None or made.status != "writing":
                return
            format = finding.formats_of(occasion).get(made.format)
            if format is None:
                made.status = "failed"
                return
            known = shelf.bank_of(occasion).questions
            chosen = [q for one in made.questions if (q := known.get(one)) is not None]
            sent = [(question.id, question.title) for question in chosen]
            with path.open("w+b") as out:
                told = format.write(items_of(occasion, chosen), out)
            notes = _gathered(told, sent)
        with context.occasion() as occasion:
            made = finding.store_of(occasion).exports.by_id(id)
            stored = stored_files.store_path(
                occasion, path, made.filename, ACCESS, format.media_type
            )
            made.file = stored.id
            made.status, made.questions = "done", ()
            refused = sum(any(note[0] == "error" for note in found) for _q, _t, found in notes)
            made.refused, made.written = refused, len(sent) - refused
            made.notes = tuple(notes[:_MOST_TOLD])
            occasion.record(
                "questions_exported",
                course=made.course,
                values={"format": made.format, "questions": made.written},
            )


def _gathered(
    told: Sequence[tuple[Item, Note]], sent: Sequence[tuple[int, str]]
) -> list[tuple[int, str, list[Any]]]:
    """What was told, question by question, in the file's order."""
    found: dict[int, list[Any]] = {}
    for item, note in told:
        found.setdefault(item.line, []).append([note.level, packed(note.message)])
    return [(*sent[line - 1], notes) for line, notes in sorted(found.items())]
