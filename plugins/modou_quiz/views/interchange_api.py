"""Imports and exports of questions over the API: the same two steps as on the pages."""

import io
from typing import Any, Literal

from pydantic import Base64Bytes, Field

from modou.declarations import ApiRoute, ApiScope
from modou.errors import Conflict, NotFound
from modou.models.courses import Course
from modou.services.files import Upload
from modou.services.packed_messages import unpacked
from modou.store.containers import encode_id
from modou.web.api import Answer, Body, Call, Key, Query, endpoint
from modou.web.files import file_url
from modou_quiz.i18n import _
from modou_quiz.models.interchange import QuestionExport, QuestionImport
from modou_quiz.services import bank
from modou_quiz.services.interchange import exporting, finding, reading, taking

READ = ApiScope("questions:read", _("Read and export questions"))
WRITE = ApiScope("questions:write", _("Import, write and file questions"))
TAG = _("Questions")
_MOST_BYTES = 70_000_000
COURSE = _("From where the bank is seen; without it: from the administration")

Kind = Literal["good", "twin", "flawed", "bad"]


class FormatAnswer(Answer):
    """A format of interchange."""

    name: str
    title: str
    reads: bool
    writes: bool
    carries: list[str] = Field(description=_("Types of question that come back as they went"))


class FormatsAnswer(Answer):
    """All formats."""

    items: list[FormatAnswer]


class NewImport(Body):
    """A file of questions."""

    filename: str = Field(min_length=1, max_length=200)
    content: Base64Bytes = Field(description=_("The file's bytes in base64"))
    format: str = Field("", max_length=50, description=_("Empty: found out"))
    course: Key | None = Field(None, description=COURSE)


class ImportAnswer(Answer):
    """An import."""

    id: Key
    filename: str
    format: str
    encoding: str
    status: str = Field(description=_("reading, read, taking, done, failed"))
    problem: str
    items: int
    counts: dict[str, int] = Field(description=_("Items by what would become of them"))
    chosen: int
    taken: int
    failed: int


class Within(Query):
    """From where it is looked at."""

    course: Key | None = Field(None, description=COURSE)


class ItemsQuery(Within):
    """Which items."""

    kind: Kind | None = None
    first: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(50, ge=1, le=200)


class NoteAnswer(Answer):
    """What was kept otherwise, lost or refused, and why."""

    level: str
    message: str
    line: int


class ItemAnswer(Answer):
    """An item of a file. `question`: made of it; `twin`: says the same in the bank."""

    number: int
    line: int
    title: str
    stem: str
    type: str
    kind: str
    chosen: bool
    notes: list[NoteAnswer]
    twin: Key | None
    same_as: int = Field(description=_("Number of the earlier item that says the same, 0: none"))
    question: Key | None
    refused: str


class ItemsAnswer(Answer):
    """Some items."""

    items: list[ItemAnswer]


class Take(Body):
    """What is to be taken, and where it goes."""

    category: str = Field(
        min_length=1,
        max_length=20,
        description=_("Id of a category, or site, course, user for the top of a tree"),
    )
    paths: bool = Field(True, description=_("Make the categories of the file below it"))
    items: list[int] | None = Field(
        None, max_length=100_000, description=_("Numbers; null: all that are good and new")
    )
    course: Key | None = Field(None, description=COURSE)


class NewExport(Body):
    """What is to be written. Either a category or questions."""

    format: str = Field(min_length=1, max_length=50)
    category: Key | None = None
    questions: list[Key] = Field(default=[], max_length=20_000)
    course: Key | None = Field(None, description=COURSE)


class LossAnswer(Answer):
    """What the format could not carry of a question."""

    question: Key
    title: str
    notes: list[NoteAnswer]


class ExportAnswer(Answer):
    """An export. `url`: of the file, good for a while."""

    id: Key
    format: str
    status: str = Field(description=_("writing, done, failed"))
    problem: str
    questions: int
    written: int
    refused: int
    losses: list[LossAnswer]
    url: str | None


def course_of(call: Call, key: str | None) -> Course | None:
    """From where the bank is seen.

    :raises NotFound: there is no such course
    """
    if key is None:
        return None
    try:
        found: Course = call.occasion.site.courses[key]
    except KeyError:
        raise NotFound(_("There is no such course.")) from None
    return found


def text_of(call: Call, message: Any) -> str:
    """A message in the asker's language."""
    text: str = call.request.localizer.translate(message)
    return text


def _import(call: Call, found: QuestionImport) -> ImportAnswer:
    progress = found.progress
    status, problem = finding.status_of(call.occasion, found)
    return ImportAnswer(
        id=found.key,
        filename=found.filename,
        format=found.format,
        encoding=found.encoding,
        status=status,
        problem=text_of(call, problem),
        items=found.size,
        counts=progress.counts,
        chosen=len(found.chosen),
        taken=progress.taken,
        failed=progress.failed,
    )


def _export(call: Call, made: QuestionExport) -> ExportAnswer:
    stored = call.occasion.site.files.get(made.file) if made.file else None
    status, problem = finding.status_of(call.occasion, made)
    return ExportAnswer(
        id=made.key,
        format=made.format,
        status=status,
        problem=text_of(call, problem),
        questions=made.size,
        written=made.written,
        refused=made.refused,
        losses=[
            LossAnswer(
                question=encode_id(id),
                title=title,
                notes=[
                    NoteAnswer(level=level, message=text_of(call, unpacked(message)), line=0)
                    for level, message in notes
                ],
            )
            for id, title, notes in made.notes
        ],
        url=file_url(call.request, stored) if stored is not None else None,
    )


@endpoint(
    "GET",
    "/quiz/formats",
    tag=TAG,
    summary=_("List the formats of interchange"),
    scope=READ,
    capability="",
)
def list_question_formats(call: Call) -> FormatsAnswer:
    return FormatsAnswer(
        items=[
            FormatAnswer(
                name=format.name,
                title=text_of(call, format.title),
                reads=format.reads,
                writes=format.writes,
                carries=sorted(format.carries),
            )
            for format in finding.formats_of(call.occasion).values()
        ]
    )


@endpoint(
    "POST",
    "/quiz/imports",
    tag=TAG,
    summary=_("Send a file of questions"),
    description=_("It is read in the background; nothing is changed before it is taken."),
    scope=WRITE,
    capability="",
    status=201,
    problems=(413,),
    body_limit=_MOST_BYTES,
)
def create_question_import(call: Call, body: NewImport) -> ImportAnswer:
    upload = Upload(body.filename, io.BytesIO(body.content), _MOST_BYTES)
    found = reading.upload(call.occasion, upload, course_of(call, body.course), body.format)
    return _import(call, found)


@endpoint(
    "GET",
    "/quiz/imports/{found}",
    tag=TAG,
    summary=_("Read how far an import is"),
    scope=READ,
    capability="",
)
def read_question_import(call: Call, found: Key, query: Within) -> ImportAnswer:
    course = course_of(call, query.course)
    return _import(call, finding.import_of(call.occasion, found, course))


@endpoint(
    "GET",
    "/quiz/imports/{found}/items",
    tag=TAG,
    summary=_("Read what is in a file of questions"),
    scope=READ,
    capability="",
)
def list_question_import_items(call: Call, found: Key, query: ItemsQuery) -> ItemsAnswer:
    own = finding.import_of(call.occasion, found, course_of(call, query.course))
    rows = reading.rows(own, query.kind or "", query.first, query.limit)
    return ItemsAnswer(items=[_item(call, own, number, row) for number, row in rows])


def _item(call: Call, own: QuestionImport, number: int, row: dict[str, Any]) -> ItemAnswer:
    outcome = taking.outcome_of(own, number)
    made = outcome if isinstance(outcome, int) else 0
    return ItemAnswer(
        number=number,
        line=row["line"],
        title=row["title"],
        stem=row["stem"],
        type=row["type"],
        kind=row["kind"],
        chosen=number - 1 in own.chosen,
        notes=[
            NoteAnswer(level=note.level, message=text_of(call, note.message), line=note.line)
            for note in reading.notes_of(row)
        ],
        twin=encode_id(row["twin"]) if row["twin"] else None,
        same_as=row["row"],
        question=encode_id(made) if made else None,
        refused="" if outcome is None or isinstance(outcome, int) else text_of(call, outcome),
    )


@endpoint(
    "POST",
    "/quiz/imports/{found}/take",
    tag=TAG,
    summary=_("Take questions of a file into the bank"),
    scope=WRITE,
    capability="",
    problems=(409,),
)
def take_question_import(call: Call, found: Key, body: Take) -> ImportAnswer:
    course = course_of(call, body.course)
    own = finding.import_of(call.occasion, found, course)
    if body.items is not None:
        taking.choose(own, range(1, own.size + 1), body.items)
    taking.start(call.occasion, own, body.category, course, paths=body.paths)
    return _import(call, own)


@endpoint(
    "POST",
    "/quiz/exports",
    tag=TAG,
    summary=_("Have questions written to a file"),
    scope=READ,
    capability="",
    status=201,
    problems=(409,),
)
def create_question_export(call: Call, body: NewExport) -> ExportAnswer:
    occasion, course = call.occasion, course_of(call, body.course)
    if (body.category is None) == (not body.questions):
        raise Conflict(_("Name either a category or questions."))
    if body.category is not None:
        category = bank.find_category(occasion, body.category, course)
        ids = exporting.of_category(occasion, category, course)
    else:
        ids = [bank.find(occasion, key, course).id for key in body.questions]
    return _export(call, exporting.start(occasion, ids, body.format, course))


@endpoint(
    "GET",
    "/quiz/exports/{made}",
    tag=TAG,
    summary=_("Read how far an export is, and what its format could not carry"),
    scope=READ,
    capability="",
)
def read_question_export(call: Call, made: Key, query: Within) -> ExportAnswer:
    course = course_of(call, query.course)
    return _export(call, finding.export_of(call.occasion, made, course))


ROUTES: tuple[ApiRoute, ...] = (
    list_question_formats,
    create_question_import,
    read_question_import,
    list_question_import_items,
    take_question_import,
    create_question_export,
    read_question_export,
)
