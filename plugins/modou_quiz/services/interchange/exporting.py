"""Questions go into a file, in the background; with a report of what its format cannot carry."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from modou.errors import Invalid, Message, NotAllowed
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
    occasion: Occasion,
    questions: Iterable[int],
    format: str,
    course: Course | None = None,
    *,
    lenient: bool = False,
) -> QuestionExport:
    """Have questions written to a file; see `begin`."""
    made = begin(occasion, questions, format, course, lenient=lenient)
    made.job = jobs.enqueue(occasion, JOB, made=made.id).id
    return made


def begin(
    occasion: Occasion,
    questions: Iterable[int],
    format: str,
    course: Course | None = None,
    *,
    lenient: bool = False,
) -> QuestionExport:
    """Say what is to be written; `write` does it.

    :param questions: ids, in the file's order
    :param lenient: they are of a paper that the actor may change: what is gone, or not theirs to
        use, is left out, and the report names it
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
    there, withheld = 0, []
    for id in chosen:
        question = store.questions.get(id)
        if question is None:
            continue
        category = bank.category_of(occasion, question)
        if category.id not in allowed:
            allowed[category.id] = bank.may_use(occasion, category, course)
        if allowed[category.id]:
            there += 1
        elif lenient:
            withheld.append(id)
        else:
            raise NotAllowed(_("You may not use this part of the question bank."))
    if not there:
        raise Invalid(_NOTHING_THERE, "questions")
    finding.check_room(occasion, "exports")
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    made = QuestionExport(writer.name, chosen, actor, here, occasion.now)
    day = datetime.fromtimestamp(occasion.now, UTC).strftime("%Y%m%d")
    made.filename = f"questions-{day}{writer.extension}"
    made.withheld = tuple(withheld)
    put: QuestionExport = finding.store_of(occasion).put("exports", made)
    return put


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
                made.status, made.problem = "failed", packed(_NO_FORMAT)
                return
            known = shelf.bank_of(occasion).questions
            withheld = set(made.withheld)
            left_out: list[_Told] = []
            chosen = []
            for number, one in enumerate(made.questions, start=1):
                question = known.get(one)
                if question is None:
                    gone = _(
                        "Number ${number} of the list is not in the bank any more. Take it out of "
                        "the paper, or put another question in its place.",
                        mapping={"number": number},
                    )
                    left_out.append((one, "–", [["error", packed(gone)]]))
                elif one in withheld:
                    left_out.append((one, question.title, [["error", packed(_WITHHELD)]]))
                else:
                    chosen.append(question)
            sent = [(question.id, question.title) for question in chosen]
            with path.open("w+b") as out:
                told = format.write(items_of(occasion, chosen), out)
            notes = left_out + _gathered(told, sent)
        with context.occasion() as occasion:
            made = finding.store_of(occasion).exports.by_id(id)
            stored = stored_files.store_path(
                occasion, path, made.filename, ACCESS, format.media_type
            )
            made.file = stored.id
            made.status, made.questions = "done", ()
            refused = sum(any(note[0] == "error" for note in found) for _q, _t, found in notes)
            made.refused, made.written = refused, len(sent) + len(left_out) - refused
            made.notes = tuple(notes[:_MOST_TOLD])
            made.untold = max(0, len(notes) - _MOST_TOLD)
            occasion.record(
                "questions_exported",
                course=made.course,
                values={"format": made.format, "questions": made.written},
            )


#: Id of a question, its title, [level, packed message] of each remark.
_Told = tuple[int, str, list[Any]]


def _gathered(told: Sequence[tuple[Item, Note]], sent: Sequence[tuple[int, str]]) -> list[_Told]:
    """What was told, question by question, in the file's order."""
    found: dict[int, list[Any]] = {}
    for item, note in told:
        found.setdefault(item.line, []).append([note.level, packed(note.message)])
    return [(*sent[line - 1], notes) for line, notes in sorted(found.items())]


_WITHHELD: Final[Message] = _(
    "It lies in somebody else's own bank, or in another course's, and may not be exported from "
    "here. Ask its owner to move or copy it into the bank of this course, and put that one into "
    "the paper."
)
_NOTHING_THERE: Final[Message] = _(
    "None of these questions can be exported: they are not in the bank any more, or lie in "
    "somebody else's own bank. Ask their owner to move or copy them into the bank of this course."
)
_NO_FORMAT: Final[Message] = _("The plugin with this format is not enabled any more.")
