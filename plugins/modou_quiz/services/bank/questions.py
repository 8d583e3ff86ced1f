"""Questions: written, changed by new versions, filed, retired, deleted."""

import io
from collections.abc import Iterable, Mapping
from typing import Any

from modou.errors import Invalid, Message
from modou.services import files as stored_files
from modou.services.cleaning import clean_line
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou_quiz.content import Content
from modou_quiz.i18n import _
from modou_quiz.models.bank import (
    STATUSES,
    Bank,
    Question,
    QuestionCategory,
    QuestionVersion,
)
from modou_quiz.services import duplicates, shelf, usage, wording
from modou_quiz.services.bank.rights import category_of, require_edit

#: What a question's file is: its bytes, what a form brought, or the id of a stored file.
FileSource = bytes | AnyUpload | int
#: Who may read the files of questions: nobody by this alone. Their addresses are signed where a
#: question is shown, to those who may see it there.
FILE_ACCESS = "quiz:bank"
LONGEST_TITLE = 200
#: Of a file that comes with a question from elsewhere, in bytes.
LARGEST_FILE = 500_000_000
MOST_TAGS = 20


def create_question(
    occasion: Occasion,
    category: QuestionCategory,
    type: str,
    content: Content,
    *,
    title: str = "",
    marks: float = 1.0,
    tags: Iterable[str] = (),
    difficulty: int = 0,
    point: str = "",
    syllabus: str = "",
    idnumber: str = "",
    files: Mapping[str, FileSource] | None = None,
    status: str = "ready",
) -> Question:
    """A new question with its first version.

    :param title: for lists; empty: the beginning of what is asked
    :param files: name (as in `@@FILE@@/name`) -> what it is
    :raises NotAllowed: the actor may not change the category
    :raises Invalid: naming what; a question that is no draft has to be complete
    """
    require_edit(occasion, category)
    bank = shelf.bank_of(occasion)
    question = Question(type, category.id)
    _check_content(occasion, type, content, status)
    question.created = question.modified = occasion.now
    _set(
        question,
        {
            "title": title,
            "tags": tags,
            "difficulty": difficulty,
            "point": point,
            "syllabus": syllabus,
            "idnumber": idnumber,
            "status": status,
        },
    )
    version = _version(occasion, content, 1, marks, _kept(occasion, files or {}))
    question.versions = (version,)
    if not question.title:
        question.title = wording.short(wording.stem_of(version), 60)
    _file(occasion, bank, category, question)
    return question


def _file(occasion: Occasion, bank: Bank, category: QuestionCategory, question: Question) -> None:
    """Take a new question in."""
    bank.questions.add(question)
    bank.refile(question.id, (), bank.facets_of(question))
    bank.refile_number(question.id, None, bank.number_of(question))
    _refile_words(occasion, bank, question)
    _record(occasion, "question_created", category, question)


def add_version(
    occasion: Occasion,
    question: Question,
    content: Content,
    *,
    marks: float | None = None,
    files: Mapping[str, FileSource] | None = None,
) -> QuestionVersion:
    """What the question says from now on; attempts that are begun keep what they saw.

    Nothing happens when it is what the latest version says already.

    :param marks: None: as before
    :param files: new ones; those of the latest version that the content still shows stay
    :raises Invalid: as `create_question`
    """
    category = category_of(occasion, question)
    require_edit(occasion, category)
    latest = question.latest
    _check_content(occasion, question.type, content, question.status)
    data = content.model_dump(mode="json")
    worth = latest.marks if marks is None else _marks(marks)
    if not files and data == latest.data and worth == latest.marks:
        return latest
    shown = wording.files_in(data)
    kept = {name: id for name, id in latest.files.items() if name in shown}
    kept.update(_kept(occasion, files or {}))
    version = _version(occasion, content, latest.number + 1, worth, kept)
    # The title that was made from the old wording goes with it.
    if question.title == wording.short(wording.stem_of(latest), 60):
        question.title = wording.short(wording.stem_of(version), 60)
    question.versions = (*question.versions, version)
    question.modified = occasion.now
    _refile_words(occasion, shelf.bank_of(occasion), question)
    _record(occasion, "question_changed", category, question)
    return version


def change_question(occasion: Occasion, question: Question, **values: Any) -> None:
    """Change what the question is filed under: title, tags, difficulty, point, syllabus, idnumber,
    status. No new version.

    :raises Invalid: naming what
    """
    category = category_of(occasion, question)
    require_edit(occasion, category)
    bank = shelf.bank_of(occasion)
    if values.get("status") == "ready" != question.status:
        content = shelf.content_of(occasion, question, question.latest)
        _check_content(occasion, question.type, content, "ready")
    before, number = bank.facets_of(question), bank.number_of(question)
    words = (question.title, question.idnumber)
    old = {name: getattr(question, name) for name in values}
    _set(question, values)
    if not question.title:
        question.title = wording.short(wording.stem_of(question.latest), 60)
    if all(getattr(question, name) == value for name, value in old.items()):
        return
    question.modified = occasion.now
    bank.refile(question.id, before, bank.facets_of(question))
    bank.refile_number(question.id, number, bank.number_of(question))
    if words != (question.title, question.idnumber):
        bank.refile_text(question.id, wording.search_text(question))
    _record(occasion, "question_changed", category, question)


def write(
    occasion: Occasion,
    question: Question,
    content: Content,
    *,
    category: QuestionCategory,
    marks: float | None = None,
    files: Mapping[str, FileSource] | None = None,
    **values: Any,
) -> None:
    """What a question's editor does at once: a new version, where something of it changed, and
    filing it.

    :param values: as of `change_question`
    :raises Invalid: as `add_version` and `change_question`
    """
    if values.get("status") == "draft":
        # First: a draft may be incomplete.
        change_question(occasion, question, status="draft")
    add_version(occasion, question, content, marks=marks, files=files)
    change_question(occasion, question, **values)
    move(occasion, question, category)


def move(occasion: Occasion, question: Question, category: QuestionCategory) -> None:
    """Put a question into another category, also of another tree."""
    source = category_of(occasion, question)
    require_edit(occasion, source)
    require_edit(occasion, category)
    if source.id == category.id:
        return
    bank = shelf.bank_of(occasion)
    before, number = bank.facets_of(question), bank.number_of(question)
    question.category = category.id
    question.modified = occasion.now
    bank.refile(question.id, before, bank.facets_of(question))
    bank.refile_number(question.id, number, bank.number_of(question))
    _record(occasion, "question_changed", category, question)


def retire(occasion: Occasion, question: Question) -> None:
    """Offer a question no more. It stays for the papers and attempts that have it."""
    change_question(occasion, question, status="retired")


def delete_question(occasion: Occasion, question: Question) -> bool:
    """Delete a question that nothing uses; retire one that something does, or might.

    :return: whether it is gone
    """
    return delete_questions(occasion, [question]) == 1


def delete_questions(occasion: Occasion, questions: Iterable[Question]) -> int:
    """The same for several; how many are gone."""
    chosen = list(questions)
    for question in chosen:
        require_edit(occasion, category_of(occasion, question))
    used = usage.used(occasion.site, {question.id for question in chosen})
    bank, gone = shelf.bank_of(occasion), 0
    for question in chosen:
        if question.id in used:
            if question.status != "retired":
                retire(occasion, question)
            continue
        category = category_of(occasion, question)
        bank.refile(question.id, bank.facets_of(question), ())
        bank.refile_number(question.id, bank.number_of(question), None)
        bank.refile_print(question.id, question.fingerprint, 0)
        bank.refile_text(question.id, None)
        bank.questions.remove(question.id)
        for id in question.files():
            stored_files.drop_file(occasion, id)
        _record(occasion, "question_removed", category, question)
        gone += 1
    return gone


def copy(occasion: Occasion, question: Question, category: QuestionCategory) -> Question:
    """A question of its own with the latest wording of another one."""
    require_edit(occasion, category)
    version = question.latest
    return create_question(
        occasion,
        category,
        question.type,
        shelf.content_of(occasion, question, version),
        title=question.title,
        marks=version.marks,
        tags=question.tags,
        difficulty=question.difficulty,
        point=question.point,
        syllabus=question.syllabus,
        files={
            name: copied
            for name, id in version.files.items()
            if (copied := stored_files.copy_file(occasion, id, FILE_ACCESS))
        },
        status="draft" if question.status == "draft" else "ready",
    )


def copy_whole(occasion: Occasion, question: Question, category: QuestionCategory) -> Question:
    """A question of its own with all versions of another one, under the same numbers."""
    require_edit(occasion, category)
    copied = {
        id: stored_files.copy_file(occasion, id, FILE_ACCESS) for id in sorted(question.files())
    }
    made = Question(question.type, category.id)
    for name in (*_CLEAN, "created"):
        setattr(made, name, getattr(question, name))
    made.modified = occasion.now
    made.versions = tuple(
        QuestionVersion(
            version.number,
            version.data,
            {name: copied[id] for name, id in version.files.items() if copied[id]},
            version.marks,
            version.author,
            version.created,
        )
        for version in question.versions
    )
    _file(occasion, shelf.bank_of(occasion), category, made)
    return made


def by_number(occasion: Occasion, category: QuestionCategory, idnumber: str) -> list[Question]:
    """The questions of the category's tree with this number of the institution's."""
    bank = shelf.bank_of(occasion)
    return [bank.questions.by_id(id) for id in bank.numbers.get((category.place, idnumber), ())]


# Parts of the verbs


def _check_content(occasion: Occasion, type: str, content: Content, status: str) -> None:
    known = shelf.types_of(occasion).get(type)
    if known is None:
        raise Invalid(_("There is no question type ${name}.", mapping={"name": type}), "type")
    if not isinstance(content, known.content):
        raise Invalid(_("The content does not belong to this type of question."), "type")
    if status != "ready":
        return
    errors: dict[str, list[Message]] = {}
    for flaw in known.flaws(content):
        if flaw.level == "error":
            errors.setdefault(flaw.field or "stem", []).append(flaw.message)
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)


def _set(question: Question, values: Mapping[str, Any]) -> None:
    """Set fields of a question; nothing when one of them is wrong."""
    clean = {name: _CLEAN[name](value) for name, value in values.items()}
    for name, value in clean.items():
        if getattr(question, name) != value:
            setattr(question, name, value)


def _tags(values: Iterable[str]) -> tuple[str, ...]:
    tags = dict.fromkeys(clean_line(tag, "tags", 50, required=False) for tag in values)
    tags.pop("", None)
    if len(tags) > MOST_TAGS:
        raise Invalid(_("At most ${limit} tags.", mapping={"limit": MOST_TAGS}), "tags")
    return tuple(tags)


def _difficulty(value: Any) -> int:
    if value not in range(6):
        raise Invalid(_("Difficulty is 1 (easy) to 5 (hard), or not said."), "difficulty")
    return int(value)


def _status(value: str) -> str:
    if value not in STATUSES:
        raise Invalid(_("A question is a draft, ready, or retired."), "status")
    return value


_CLEAN: dict[str, Any] = {
    "title": lambda v: clean_line(v, "title", LONGEST_TITLE, required=False),
    "tags": _tags,
    "difficulty": _difficulty,
    "point": lambda v: clean_line(v, "point", 200, required=False),
    "syllabus": lambda v: clean_line(v, "syllabus", 200, required=False),
    "idnumber": lambda v: clean_line(v, "idnumber", 100, required=False),
    "status": _status,
}


def filing_faults(**values: Any) -> dict[str, Message]:
    """Why a question cannot be filed so: field -> reason; empty: it can. For reports that change
    nothing.

    :param values: as `create_question` takes them, beside content, files and status
    """
    found: dict[str, Message] = {}
    for name, value in values.items():
        try:
            _marks(value) if name == "marks" else _CLEAN[name](value)
        except Invalid as error:
            found[name] = error.message
    return found


def _marks(value: float) -> float:
    if not 0 <= value <= 1000:
        raise Invalid(_("Marks are 0 to 1000."), "marks")
    return round(float(value), 4)


def _kept(occasion: Occasion, files: Mapping[str, FileSource]) -> dict[str, int]:
    """Name -> id of the stored file that a source is or becomes."""
    kept = {}
    for name, source in files.items():
        if isinstance(source, int):
            kept[name] = source
        elif isinstance(source, bytes):
            # Also what an import brings: other plugins are asked about every file.
            stream = io.BytesIO(source)
            kept[name] = stored_files.keep_file(
                occasion, stream, name, FILE_ACCESS, LARGEST_FILE, field="files"
            ).id
        else:
            kept[name] = stored_files.keep_upload(occasion, source, FILE_ACCESS, field="files").id
    return kept


def _version(
    occasion: Occasion, content: Content, number: int, marks: float, files: dict[str, int]
) -> QuestionVersion:
    author = occasion.actor.id if occasion.actor is not None else 0
    data = content.model_dump(mode="json")
    return QuestionVersion(number, data, files, _marks(marks), author, occasion.now)


def _refile_words(occasion: Occasion, bank: Bank, question: Question) -> None:
    latest = question.latest
    found = duplicates.fingerprint(occasion.site, question.type, latest.data, latest.files)
    bank.refile_print(question.id, question.fingerprint, found)
    if found != question.fingerprint:
        question.fingerprint = found
    bank.refile_text(question.id, wording.search_text(question))


def _record(occasion: Occasion, kind: str, category: QuestionCategory, question: Question) -> None:
    occasion.record(
        kind,
        course=category.owner if category.scope == "course" else 0,
        values={
            "question": question.id,
            "version": question.latest.number,
            "type": question.type,
        },
    )
