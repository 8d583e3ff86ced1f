"""The first step of an import: what is in the file, item by item. The bank is not changed.

::

    found = upload(occasion, file, course)      # kept, its format found; the job reads it
    rows(occasion, found, ...)                  # each item, what would become of it, and why
"""

import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Final

from modou.errors import Conflict, Invalid, Message, NotAllowed
from modou.models.courses import Course
from modou.services import files as stored_files
from modou.services import jobs
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou.services.packed_messages import packed, unpacked
from modou_quiz.formats import Item, Note, QuestionFormat
from modou_quiz.formats.extras import TITLES
from modou_quiz.formats.reading import encoding_name
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question
from modou_quiz.models.interchange import BATCH, ImportRows, QuestionImport
from modou_quiz.services import bank, duplicates, shelf, wording
from modou_quiz.services.interchange import finding
from modou_quiz.services.interchange.working import Work

log = logging.getLogger(__name__)

JOB: Final = "quiz_read"
#: Of the stored files: read by the jobs alone.
ACCESS: Final = "quiz:interchange"
KINDS: Final = ("good", "twin", "flawed", "bad")
#: Most items of one file.
MOST: Final = 100_000
#: Most notes that are kept of one item.
MOST_NOTES: Final = 30
_WEIGHTS: Final = {"error": 0, "lost": 1, "changed": 2}


def upload(
    occasion: Occasion, file: AnyUpload, course: Course | None = None, format: str = ""
) -> QuestionImport:
    """Keep a file and have it read; see `keep`."""
    found = keep(occasion, file, course, format)
    found.job = jobs.enqueue(occasion, JOB, found=found.id).id
    return found


def keep(
    occasion: Occasion, file: AnyUpload, course: Course | None = None, format: str = ""
) -> QuestionImport:
    """Keep a file, to be read by `read`.

    :param course: where it is looked at from; None: the administration
    :param format: name; "": found out
    :raises NotAllowed: there is nothing that the actor might import into
    :raises Invalid: too large, empty, or in no known format
    """
    if not finding.may_import(occasion, course):
        raise NotAllowed(_("There is no part of the question bank that you may change."))
    finding.check_room(occasion, "imports")
    stream = file.stream
    with ExitStack() as stack:
        if not isinstance(file, stored_files.Upload):
            stack.enter_context(stream)
        stream.seek(0)
        head = stream.read(64 * 1024)
    chosen = (
        finding.format_named(occasion, format)
        if format
        else finding.detect(occasion, head, file.filename)
    )
    limit = shelf.settings(occasion).import_megabytes * 1_000_000
    stored = stored_files.keep_upload(occasion, file, ACCESS, limit=limit)
    actor = occasion.actor.id if occasion.actor is not None else 0
    here = course.id if course is not None else 0
    found = QuestionImport(stored.filename, stored.id, actor, here, occasion.now)
    found.format = chosen.name
    made: QuestionImport = finding.store_of(occasion).put("imports", found)
    return made


def read_again(occasion: Occasion, found: QuestionImport, format: str) -> None:
    """Read the file as another format.

    :raises Conflict: it is being worked on, or its questions were taken
    """
    status, _problem = finding.status_of(occasion, found)
    if status not in {"read", "failed"} or found.status == "taking" or not found.file:
        raise Conflict(_("This file cannot be read again."))
    found.format = finding.format_named(occasion, format).name
    found.clear()
    found.status, found.problem = "reading", ""
    found.job = jobs.enqueue(occasion, JOB, found=found.id).id


def drop(occasion: Occasion, found: QuestionImport) -> None:
    """Forget a file and what was read from it. Questions that were made stay."""
    finding.drop(occasion, "imports", found)


def rows(
    found: QuestionImport, kind: str = "", first: int = 0, count: int | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number (from 1) and report of each item, in the order of the file.

    :param kind: only rows of that kind; `first` and `count` count those
    """
    passed = given = 0
    # Whole batches before the first row need not be opened.
    start = first - first % BATCH if not kind else 0
    for begin, batch in found.rows.items(start):
        for place, row in enumerate(batch.rows, start=begin):
            if kind and row["kind"] != kind:
                continue
            if (passed if kind else place) < first:
                passed += 1
                continue
            if count is not None and given >= count:
                return
            passed += 1
            given += 1
            yield place + 1, row


def notes_of(row: dict[str, Any]) -> list[Note]:
    return [Note(level, unpacked(message), line) for level, message, line in row["notes"]]


# -- the job


def read(context: Work) -> None:
    """The job: `context.values` has the import's id."""
    id = context.values["found"]
    with context.occasion() as occasion:
        store = finding.find_store(occasion)
        found = store.imports.get(id) if store is not None else None
        stored = occasion.site.files.get(found.file) if found is not None else None
        if found is None or found.status != "reading":
            return
        if stored is None:
            found.status, found.problem = "failed", packed(_GONE)
            return
        found.clear()
        format = finding.formats_of(occasion).get(found.format)
        if format is None:
            found.status, found.problem = "failed", packed(_NO_FORMAT)
            return
        actor = found.actor
        with stored.open() as stream:
            codec = format.encoding(stream)
        found.encoding = encoding_name(codec) if codec else ""
    work = _Reading(context, id, actor, format)
    with context.occasion() as occasion:
        stored = occasion.site.files.by_id(_found(occasion, id).file)
        stream = opened(stored)
        size = max(1, stored.size)
    with stream:
        work.all(stream, size)


def opened(stored: Any) -> IO[bytes]:
    """A stored file's bytes, for reading after the transaction as well."""
    return Path(stored.blob.committed()).open("rb")


def items_in(format: QuestionFormat, stream: IO[bytes]) -> Iterator[Item]:
    """What is in a file. A reader that fails in a way that nobody thought of (a plugin's, perhaps)
    ends it there with an item that says so; what came before stays."""
    line = 1
    try:
        for item in format.read(stream):
            line = item.line
            yield item
    except Exception:
        log.exception("the format %s broke off behind line %s", format.name, line)
        yield Item(line=line, notes=[Note("error", _BROKE_OFF, line)])


def _found(occasion: Occasion, id: int) -> Any:
    found = finding.store_of(occasion).imports.get(id)
    if found is None:
        raise Invalid(_GONE)
    return found


class _Reading:
    """One run of the job: what it remembers from batch to batch."""

    def __init__(self, context: Work, id: int, actor: int, format: QuestionFormat) -> None:
        self.context = context
        self.id = id
        self.actor = actor
        self.format = format
        #: Fingerprint -> number of the first row that has it.
        self.seen: dict[int, int] = {}
        self.counts: Counter[str] = Counter()
        self.size = 0

    def all(self, stream: IO[bytes], size: int) -> None:
        batch: list[Item] = []
        for item in items_in(self.format, stream):
            batch.append(item)
            if len(batch) == BATCH:
                self.context.check()
                self.keep(batch)
                self.context.progress(min(0.99, stream.tell() / size))
                batch = []
            if self.size + len(batch) > MOST:
                message = _("There are more than ${limit} questions.", mapping={"limit": MOST})
                batch = [Item(line=item.line, notes=[Note("error", message, item.line)])]
                break
        self.keep(batch)
        with self.context.occasion() as occasion:
            found = _found(occasion, self.id)
            found.status, found.finished = "read", occasion.now
            if not self.size:
                found.status, found.problem = "failed", packed(_EMPTY)

    def keep(self, batch: list[Item]) -> None:
        if not batch:
            return
        with self.context.occasion(self.actor) as occasion:
            found = _found(occasion, self.id)
            course = occasion.site.courses.get(found.course) if found.course else None
            places = bank.places_of(occasion, course)
            made = [self.row(occasion, item, places) for item in batch]
            found.rows[self.size] = ImportRows(made)
            for place, row in enumerate(made, start=self.size):
                if row["kind"] == "good":
                    found.chosen.insert(place)
                self.counts[row["kind"]] += 1
            self.size += len(made)
            found.size = self.size
            found.progress.counts = dict(self.counts)

    def row(self, occasion: Occasion, item: Item, places: tuple[str, ...]) -> dict[str, Any]:
        """The report of one item."""
        number = self.size + 1
        notes = list(item.notes)
        kind, twin, earlier = "bad", 0, 0
        stem = ""
        if item.content is not None:
            data = item.content.model_dump(mode="json")
            stem = wording.short(wording.plain_stem(data), 200)
            faults = _flaws(occasion, item)
            notes += faults
            kind = "flawed" if any(note.level == "error" for note in faults) else "good"
            print_ = _fingerprint(item, data)
            if print_ and kind == "good":
                twin = next(iter(_twins(occasion, print_, places)), 0)
                earlier = self.seen.get(print_, 0)
                kind = "twin" if twin or earlier else kind
            if print_:
                self.seen.setdefault(print_, number)
            unfit = _unfit(item) + _unwelcome(occasion, item)
            if unfit:
                notes += unfit
                kind = "bad"
            if len(item.title) > bank.LONGEST_TITLE:
                notes.append(Note("lost", _TITLE_CUT, item.line))
        return {
            "line": item.line,
            "title": item.title[:200],
            "stem": stem,
            "type": item.type,
            "marks": item.marks,
            "category": list(item.category),
            "kind": kind,
            "notes": [[n.level, packed(n.message), n.line] for n in told(notes, item.line)],
            "twin": twin,
            "row": earlier,
        }


def told(notes: list[Note], line: int) -> list[Note]:
    """The notes that are kept of an item: the worst, with how many there are beside them."""
    if len(notes) <= MOST_NOTES:
        return notes
    order = sorted(range(len(notes)), key=lambda place: (_WEIGHTS[notes[place].level], place))
    kept = [notes[place] for place in sorted(order[: MOST_NOTES - 1])]
    left = [notes[place] for place in order[MOST_NOTES - 1 :]]
    more = _("${count} more remarks on this question are left out.", mapping={"count": len(left)})
    return [*kept, Note(left[0].level, more, line)]


def shown_files(item: Item) -> dict[str, bytes]:
    """The files of an item, as far as a text shows them."""
    if item.content is None or not item.files:
        return {}
    names = {name for text in item.content.texts() for name in text.files()}
    return {name: data for name, data in item.files.items() if name in names}


def _unwelcome(occasion: Occasion, item: Item) -> list[Note]:
    """Why its files could not be kept: what is no honest file, and what plugins refuse."""
    found = []
    for name, data in shown_files(item).items():
        try:
            media_type = stored_files.look_at(io.BytesIO(data), name)
            stored_files.ask(occasion, name, media_type, len(data))
        except (Invalid, NotAllowed) as error:
            message = _(
                "The file ${name} cannot be taken: ${reason}",
                mapping={"name": name, "reason": error.message},
            )
            found.append(Note("error", message, item.line))
    return found


def _flaws(occasion: Occasion, item: Item) -> list[Note]:
    """What the type finds wrong; "changed" for what is a warning only."""
    known = shelf.types_of(occasion).get(item.type)
    if known is None or item.content is None:
        message = _("There is no question type ${name}.", mapping={"name": item.type})
        return [Note("error", message, item.line)]
    return [
        Note("error" if flaw.level == "error" else "changed", flaw.message, item.line)
        for flaw in known.flaws(item.content)
    ]


def _unfit(item: Item) -> list[Note]:
    """Why it could not be filed when it is taken."""
    faults = bank.filing_faults(
        marks=item.marks,
        tags=item.tags,
        point=item.point,
        syllabus=item.syllabus,
        idnumber=item.idnumber,
    )
    return [
        Note(
            "error",
            _(
                "This cannot be stored: ${field}: ${reason}",
                mapping={"field": TITLES[field], "reason": reason},
            ),
            item.line,
        )
        for field, reason in faults.items()
    ]


def _fingerprint(item: Item, data: dict[str, Any]) -> int:
    shown = wording.files_in(data) if item.files else ()
    digests = [hashlib.sha256(item.files[name]).hexdigest() for name in shown if name in item.files]
    return duplicates.fingerprint_of(item.type, data, digests)


def _twins(occasion: Occasion, print_: int, places: tuple[str, ...]) -> list[int]:
    store = shelf.find_bank(occasion.site)
    return duplicates.twins(store, print_, places) if store is not None else []


def twin_of(occasion: Occasion, row: dict[str, Any]) -> Question | None:
    """The question in the bank that says the same, if it is still there."""
    store = shelf.find_bank(occasion.site)
    return store.questions.get(row["twin"]) if store is not None and row["twin"] else None


_BROKE_OFF: Final[Message] = _(
    "Something behind this line was not expected; nothing more could be read."
)
_TITLE_CUT: Final[Message] = _("The title is too long; its end was left out.")
_GONE: Final[Message] = _("The file is gone. Send it again.")
_NO_FORMAT: Final[Message] = _("The plugin with this format is not enabled any more.")
_EMPTY: Final[Message] = _("No question was found in the file. Is it in another format?")
