"""The second step of an import: what was chosen becomes questions, some hundreds in a transaction.

The job may be killed at any moment: with the questions of a transaction it writes how far it is,
and goes on there. What cannot be made is told and spoils no other.
"""

import logging
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

from transaction.interfaces import TransientError

from modou.errors import Conflict, Invalid, ModouError
from modou.models.courses import Course
from modou.services import files as stored_files
from modou.services import jobs
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou_quiz.formats import Item
from modou_quiz.i18n import _
from modou_quiz.models.bank import QuestionCategory
from modou_quiz.models.interchange import BATCH, ImportRows, QuestionImport
from modou_quiz.services import bank, shelf
from modou_quiz.services.interchange import finding
from modou_quiz.services.interchange.reading import items_in, opened, rows, shown_files
from modou_quiz.services.interchange.working import Work

log = logging.getLogger(__name__)

JOB: Final = "quiz_take"


def choose(found: QuestionImport, shown: Iterable[int], wanted: Iterable[int]) -> None:
    """Say for some rows whether they are to be taken.

    :param shown: numbers (from 1) of the rows that were there to be ticked
    :param wanted: those of them that are
    :raises Conflict: it is not waiting for that
    """
    _require_read(found)
    chosen = set(wanted)
    for number in shown:
        if not 1 <= number <= found.size:
            continue
        if number in chosen and _row(found, number - 1)["kind"] != "bad":
            found.chosen.insert(number - 1)
        elif number - 1 in found.chosen:
            found.chosen.remove(number - 1)


def choose_all(found: QuestionImport, kind: str, wanted: bool) -> None:
    """The same for all rows of a kind; "": for all."""
    _require_read(found)
    for number, row in rows(found, kind):
        if row["kind"] == "bad":
            continue
        if wanted:
            found.chosen.insert(number - 1)
        elif number - 1 in found.chosen:
            found.chosen.remove(number - 1)


def _require_read(found: QuestionImport) -> None:
    if found.status != "read":
        raise Conflict(_("This file is not waiting for a choice."))


def _row(found: QuestionImport, place: int) -> dict[str, Any]:
    begin = place - place % BATCH
    row: dict[str, Any] = found.rows[begin].rows[place - begin]
    return row


def start(
    occasion: Occasion,
    found: QuestionImport,
    target: str,
    course: Course | None = None,
    *,
    paths: bool = True,
) -> None:
    """Have the chosen items become questions; see `begin`."""
    begin(occasion, found, target, course, paths=paths)
    found.job = jobs.enqueue(occasion, JOB, found=found.id).id


def begin(
    occasion: Occasion,
    found: QuestionImport,
    target: str,
    course: Course | None = None,
    *,
    paths: bool = True,
) -> None:
    """Say where the chosen items go; `take` does it.

    :param target: key of a category, or the scope of a tree that has none yet
    :param paths: make the file's own categories below it
    :raises NotFound, NotAllowed: the category is not the actor's to change
    :raises Invalid: nothing is chosen
    :raises Conflict: it is not waiting for that
    """
    if found.status != "read":
        raise Conflict(_("The questions of this file were taken, or it is being worked on."))
    if not found.chosen:
        raise Invalid(_("Nothing is chosen."), "rows")
    if not target:
        raise Invalid(_("Choose the category that they go into."), "category")
    category = bank.target_of(occasion, target, course)
    found.target, found.paths = category.id, paths
    found.status = "taking"


def take(context: Work) -> None:
    """The job: `context.values` has the import's id."""
    id = context.values["found"]
    with context.occasion() as occasion:
        store = finding.find_store(occasion)
        found = store.imports.get(id) if store is not None else None
        if found is None or found.status != "taking":
            return
        stored = occasion.site.files.get(found.file)
        format = finding.formats_of(occasion).get(found.format)
        if stored is None or format is None:
            found.status = "failed"
            found.problem = packed(_("The file is gone. Send it again."))
            return
        done, size = found.progress.done, max(1, found.size)
        stream = opened(stored)
    with stream:
        items = items_in(format, stream)
        for _item in islice(items, done):
            # Taken before this worker came.
            pass
        while batch := list(islice(items, BATCH)):
            context.check()
            _keep(context, id, done, batch)
            done += len(batch)
            context.progress(min(0.99, done / size))
    with context.occasion() as occasion:
        found = finding.store_of(occasion).imports.get(id)
        if found is not None and found.status == "taking":
            _end(occasion, found)


def _end(occasion: Occasion, found: QuestionImport) -> None:
    found.status, found.finished = "done", occasion.now
    stored_files.drop_file(occasion, found.file)
    found.file = 0
    progress = found.progress
    occasion.record(
        "questions_imported",
        course=found.course,
        values={
            "format": found.format,
            "taken": progress.taken,
            "refused": found.size - progress.taken,
        },
    )


def _still(occasion: Occasion, id: int) -> QuestionImport:
    """:raises Invalid: it was dropped meanwhile"""
    found = finding.store_of(occasion).imports.get(id)
    if found is None:
        raise Invalid(_("The file is gone. Send it again."))
    return found


class _Careful(Exception):
    """Something cannot be made: the batch is repeated so that the rest of it can."""


def _keep(context: Work, id: int, done: int, batch: list[Item]) -> None:
    """Make the questions of a batch, in one transaction. Savepoints cost more than all else; so
    there are some only after something failed."""
    with context.occasion() as occasion:
        actor = _still(occasion, id).actor
    try:
        _keep_together(context, id, actor, done, batch, careful=False)
    except _Careful:
        _keep_together(context, id, actor, done, batch, careful=True)


def _keep_together(
    context: Work, id: int, actor: int, done: int, batch: list[Item], *, careful: bool
) -> None:
    with context.occasion(actor) as occasion:
        found = _still(occasion, id)
        progress = found.progress
        if progress.done != done:
            return
        target = shelf.bank_of(occasion).categories.by_id(found.target)
        known: dict[tuple[str, ...], QuestionCategory] = {}
        outcomes = [
            _one(occasion, found, place, item, target, known, careful)
            for place, item in enumerate(batch, start=done)
        ]
        progress.done += len(batch)
        progress.taken += sum(isinstance(one, int) and one != 0 for one in outcomes)
        progress.failed += sum(not isinstance(one, int) for one in outcomes)
        found.outcomes[done] = ImportRows(outcomes)


def _one(
    occasion: Occasion,
    found: QuestionImport,
    place: int,
    item: Item,
    target: QuestionCategory,
    known: dict[tuple[str, ...], QuestionCategory],
    careful: bool,
) -> Any:
    """What becomes of an item: a question's id, 0, or why it could not be made.

    :raises _Careful: it could not be made, and there is no savepoint to go back to
    """
    if place not in found.chosen or item.content is None:
        return 0
    kind = _row(found, place)["kind"]
    mark = occasion.tm.savepoint() if careful else None
    try:
        path = item.category if found.paths else ()
        if path not in known:
            known[path] = bank.ensure_path(occasion, target, path) if path else target
        question = bank.create_question(
            occasion,
            known[path],
            item.type,
            item.content,
            title=item.title[: bank.LONGEST_TITLE],
            marks=item.marks,
            tags=item.tags,
            difficulty=item.difficulty if item.difficulty in range(6) else 0,
            point=item.point,
            syllabus=item.syllabus,
            idnumber=item.idnumber,
            files=shown_files(item),
            status="draft" if kind == "flawed" else "ready",
        )
    except TransientError:
        raise
    except Exception as error:
        if mark is None:
            raise _Careful from error
        mark.rollback()
        known.clear()
        if isinstance(error, ModouError):
            return packed(error.message)
        log.exception("import %s: item %s could not be made", found.key, place + 1)
        return packed(_("Something went wrong on our side with this question."))
    return question.id


def outcome_of(found: QuestionImport, number: int) -> Any:
    """What became of a row (from 1): a question's id, 0 for nothing, or why not; None: not yet."""
    place = number - 1
    begin = place - place % BATCH
    batch = found.outcomes.get(begin)
    if batch is None or place - begin >= len(batch.rows):
        return None
    outcome = batch.rows[place - begin]
    return outcome if isinstance(outcome, int) else unpacked(outcome)
