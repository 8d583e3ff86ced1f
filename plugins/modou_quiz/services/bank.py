"""The question bank's verbs: who may see and change what; categories, questions, versions.

============  ===============================  =======================================
tree          who may use its questions        who may change it
============  ===============================  =======================================
site          `quiz:use-bank` on the site, or  `quiz:edit-bank` on the site
              in the course that it is for
course        `activity:edit` in the course    the same
user          its owner                        its owner
============  ===============================  =======================================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from modou.errors import Conflict, Invalid, Message, NotAllowed, NotFound
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services import files as stored_files
from modou.services.cleaning import clean_line, clean_text
from modou.services.files import AnyUpload
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou_quiz import permissions
from modou_quiz.content import Content
from modou_quiz.i18n import _
from modou_quiz.models.bank import (
    STATUSES,
    Bank,
    Question,
    QuestionCategory,
    QuestionVersion,
    place_of,
)
from modou_quiz.services import duplicates, shelf, usage, wording

#: What a question's file is: its bytes, what a form brought, or the id of a stored file.
FileSource = bytes | AnyUpload | int
#: Who may read the files of questions: nobody by this alone. Their addresses are signed where a
#: question is shown, to those who may see it there.
FILE_ACCESS = "quiz:bank"
LONGEST_TITLE = 200
MOST_TAGS = 20
_ROOT_TITLES: dict[str, Message] = {
    "site": _("Question bank of the site"),
    "course": _("Questions of this course"),
    "user": _("My questions"),
}


# Who may what


def may_use(occasion: Occasion, category: QuestionCategory, course: Course | None = None) -> bool:
    """Whether the actor may see the questions of a category and put them into papers.

    :param course: the course that they are for
    """
    if may_edit(occasion, category):
        return True
    if category.scope != "site":
        return False
    return occasion.can(permissions.BANK_USE) or (
        course is not None and occasion.can(permissions.BANK_USE, course)
    )


def may_edit(occasion: Occasion, category: QuestionCategory) -> bool:
    """Whether the actor may change a category and its questions."""
    return may_edit_tree(occasion, category.scope, category.owner)


def may_edit_tree(occasion: Occasion, scope: str, owner: int) -> bool:
    """The same for a tree that need not be there yet."""
    if occasion.system:
        return True
    if scope == "site":
        return occasion.can(permissions.BANK_EDIT)
    if scope == "course":
        course = occasion.site.courses.get(owner)
        return course is not None and occasion.can(Capability.ACTIVITY_EDIT, course)
    return occasion.actor is not None and occasion.actor.id == owner


def require_edit(occasion: Occasion, category: QuestionCategory) -> None:
    """:raises NotAllowed: the actor may not change it"""
    if not may_edit(occasion, category):
        raise NotAllowed(_("You may not change this part of the question bank."))


def trees_of(occasion: Occasion, course: Course | None = None) -> list[tuple[str, int]]:
    """(scope, owner) of the trees that the actor may use: in a course that of the course, the
    site's, and one's own; outside of courses the site's and one's own."""
    found: list[tuple[str, int]] = []
    if course is not None and may_edit_tree(occasion, "course", course.id):
        found.append(("course", course.id))
    site = QuestionCategory("", "site")
    if may_use(occasion, site, course):
        found.append(("site", 0))
    if occasion.actor is not None and found:
        found.append(("user", occasion.actor.id))
    return found


def places_of(occasion: Occasion, course: Course | None = None) -> tuple[str, ...]:
    """The same trees as `Criteria.places` wants them."""
    return tuple(place_of(scope, owner) for scope, owner in trees_of(occasion, course))


@dataclass(frozen=True, slots=True)
class Node:
    """A category as trees and choices show it.

    :param questions: right in it, retired ones as well
    """

    category: QuestionCategory
    title: Message
    depth: int
    questions: int


@dataclass(frozen=True, slots=True)
class Tree:
    """The categories of a scope, in order; no nodes before the first was made."""

    scope: str
    owner: int
    title: Message
    may_edit: bool
    nodes: tuple[Node, ...]


def categories_for(occasion: Occasion, course: Course | None = None) -> list[Tree]:
    """The trees that the actor may use."""
    return [tree_of(occasion, scope, owner) for scope, owner in trees_of(occasion, course)]


def tree_of(occasion: Occasion, scope: str, owner: int) -> Tree:
    """One of them; the caller has asked whether the actor may see it."""
    bank = shelf.find_bank(occasion.site)
    root = bank.root(scope, owner) if bank is not None else None
    nodes: list[Node] = []
    if bank is not None and root is not None:
        for id, depth in bank.walk(root.id):
            category = bank.categories.by_id(id)
            title = category.title or _ROOT_TITLES[scope]
            nodes.append(Node(category, title, depth, len(bank.filed("category", id))))
    return Tree(
        scope, owner, _ROOT_TITLES[scope], may_edit_tree(occasion, scope, owner), tuple(nodes)
    )


def title_of(category: QuestionCategory) -> Message:
    """Its title; that of a tree's top says which tree it is."""
    return category.title or _ROOT_TITLES[category.scope]


def find(occasion: Occasion, key: str, course: Course | None = None) -> Question:
    """The question with this key.

    :raises NotFound: there is none, or the actor may not know that there is
    """
    bank = shelf.find_bank(occasion.site)
    try:
        question = bank.questions[key] if bank is not None else None
    except KeyError:
        question = None
    if question is None or not may_use(occasion, category_of(occasion, question), course):
        raise NotFound(_("There is no such question."))
    return question


def find_many(
    occasion: Occasion, keys: Iterable[str], course: Course | None = None
) -> list[Question]:
    """:raises NotFound: as `find`"""
    return [find(occasion, key, course) for key in dict.fromkeys(keys)]


def find_category(occasion: Occasion, key: str, course: Course | None = None) -> QuestionCategory:
    """:raises NotFound: as `find`"""
    bank = shelf.find_bank(occasion.site)
    try:
        category = bank.categories.get(decode_id(key)) if bank is not None else None
    except KeyError:
        category = None
    if category is None or not may_use(occasion, category, course):
        raise NotFound(_("There is no such question category."))
    return category


def category_of(occasion: Occasion, question: Question) -> QuestionCategory:
    return shelf.bank_of(occasion).categories.by_id(question.category)


# Categories


def top_of(occasion: Occasion, scope: str, owner: int = 0) -> QuestionCategory:
    """The top of a tree, made when there is none.

    :raises NotAllowed: the actor may not change the tree
    """
    if not may_edit_tree(occasion, scope, owner):
        raise NotAllowed(_("You may not change this part of the question bank."))
    return shelf.bank_of(occasion).make_root(scope, owner)


def create_category(
    occasion: Occasion, parent: QuestionCategory, title: str, description: str = ""
) -> QuestionCategory:
    """:raises Invalid: no title, or one that a sibling has"""
    require_edit(occasion, parent)
    bank = shelf.bank_of(occasion)
    made = QuestionCategory("", parent.scope, parent.owner, parent.id)
    _name(bank, made, title, description)
    bank.add_category(made)
    _record_category(occasion, "question_category_created", made)
    return made


def ensure_path(
    occasion: Occasion, parent: QuestionCategory, path: Iterable[str]
) -> QuestionCategory:
    """The category at a path of titles below another one, made where it is missing; for imports."""
    bank = shelf.bank_of(occasion)
    for title in path:
        line = clean_line(title[:100], "category", 100, required=False)
        if not line:
            continue
        siblings = (bank.categories.by_id(id) for id in bank.below(parent.id))
        found = next((one for one in siblings if one.title == line), None)
        parent = found if found is not None else create_category(occasion, parent, line)
    return parent


def change_category(
    occasion: Occasion, category: QuestionCategory, title: str, description: str = ""
) -> None:
    """:raises Invalid: as `create_category`"""
    require_edit(occasion, category)
    _require_no_top(category)
    _name(shelf.bank_of(occasion), category, title, description)
    _record_category(occasion, "question_category_changed", category)


def move_category(
    occasion: Occasion, category: QuestionCategory, parent: QuestionCategory, place: int = -1
) -> None:
    """Put a category below another one of its tree.

    :param place: how many stand before it there; -1: all
    :raises Invalid: below itself, into another tree, or below a namesake's parent
    """
    require_edit(occasion, category)
    _require_no_top(category)
    bank = shelf.bank_of(occasion)
    if category.place != parent.place:
        raise Invalid(_("Categories stay in their own part of the bank."), "parent")
    if any(parent.id == id for id, _depth in bank.walk(category.id)):
        raise Invalid(_("A category cannot lie below itself."), "parent")
    _check_title(bank, category, category.title, parent.id)
    siblings = [id for id in bank.below(parent.id) if id != category.id]
    bank.move_category(category, parent.id, len(siblings) if place < 0 else place)
    _record_category(occasion, "question_category_changed", category)


def delete_category(occasion: Occasion, category: QuestionCategory) -> None:
    """:raises Conflict: something is in it"""
    require_edit(occasion, category)
    _require_no_top(category)
    bank = shelf.bank_of(occasion)
    if bank.below(category.id):
        raise Conflict(_("Other categories lie below this one. Move or delete them first."))
    number = len(bank.filed("category", category.id))
    if number:
        raise Conflict(
            _(
                "${number} questions are in this category. Move them first.",
                mapping={"number": number},
            )
        )
    bank.remove_category(category)
    _record_category(occasion, "question_category_removed", category)


def _require_no_top(category: QuestionCategory) -> None:
    if not category.parent:
        raise Conflict(_("The top of a tree cannot be changed."))


def _name(bank: Bank, category: QuestionCategory, title: str, description: str) -> None:
    line = clean_line(title, "title", 100)
    _check_title(bank, category, line, category.parent)
    category.title = line
    category.description = clean_text(description, "description", 2000)


def _check_title(bank: Bank, category: QuestionCategory, title: str, parent: int) -> None:
    for id in bank.below(parent):
        if id != category.id and bank.categories.by_id(id).title == title:
            raise Invalid(_("There is a category of this name already."), "title")


def _record_category(occasion: Occasion, kind: str, category: QuestionCategory) -> None:
    course = category.owner if category.scope == "course" else 0
    occasion.record(kind, course=course, values={"category": category.id})


# Questions


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
    bank.questions.add(question)
    bank.refile(question.id, (), bank.facets_of(question))
    bank.refile_number(question.id, None, bank.number_of(question))
    _refile_words(occasion, bank, question)
    _record(occasion, "question_created", category, question)
    return question


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
            kept[name] = stored_files.store(occasion, source, name, FILE_ACCESS).id
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
