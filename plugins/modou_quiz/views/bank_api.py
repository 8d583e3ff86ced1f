"""The question bank for programs: found, read, written, filed, retired. Who may what says the bank
itself (`services.bank.rights`); nothing of it is told to anybody else."""

from typing import Any, Literal

from pydantic import Field, ValidationError

from modou.declarations import ApiRoute
from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.models.courses import Course
from modou.services.settings import explain
from modou.store.containers import encode_id
from modou.web.api import Answer, Body, Call, Key, Listing, ListQuery, Moment, endpoint, moment
from modou.web.api.cursors import read_place, write_place
from modou.web.api.failures import Unfit
from modou.web.files import file_url
from modou.web.problems import pointer
from modou_quiz.content import Content
from modou_quiz.i18n import _
from modou_quiz.models.bank import Question, QuestionCategory, QuestionVersion
from modou_quiz.services import bank, searching, shelf, wording
from modou_quiz.views.interchange_api import COURSE, READ, TAG, WRITE, Within, course_of, text_of

Status = Literal["draft", "ready", "retired"]
_CATEGORY = _("Id of a category, or site, course, user for the top of a tree")
_CONTENT = _("What the question says, as the schema of its type wants it")
#: Characters of what is asked, as lists show it.
_STEM = 200


class QuestionTypeAnswer(Answer):
    """A type of question. `content`: the JSON schema of what its questions say."""

    name: str
    title: str
    content: dict[str, Any]


class QuestionTypesAnswer(Answer):
    """All types."""

    items: list[QuestionTypeAnswer]


class CategoryAnswer(Answer):
    """A category. `parent`: null for the top of a tree."""

    id: Key
    title: str
    description: str
    parent: Key | None
    questions: int = Field(description=_("Right in it, retired ones as well"))


class CategoryTreeAnswer(Answer):
    """The categories of a tree, each after its parent; none before the first was made."""

    scope: str = Field(description=_("site, course, user"))
    title: str
    may_edit: bool
    categories: list[CategoryAnswer]


class CategoryTreesAnswer(Answer):
    """The trees that the asker may use."""

    items: list[CategoryTreeAnswer]


class QuestionAnswer(Answer):
    """A question in a list. `stem`: what is asked, in one line; `version`: number of the newest."""

    id: Key
    type: str
    title: str
    stem: str
    category: Key
    status: Status
    marks: float
    difficulty: int = Field(description=_("1 (easy) to 5 (hard), 0: not said"))
    tags: list[str]
    point: str = Field(description=_("Knowledge point"))
    syllabus: str = Field(description=_("Item of the syllabus"))
    idnumber: str
    version: int
    created: Moment | None
    modified: Moment | None


class VersionAnswer(Answer):
    """A version of a question, without what it says."""

    number: int
    marks: float
    author: Key | None
    created: Moment | None


class QuestionFileAnswer(Answer):
    """A file of a version, named in its texts as @@FILE@@/name. `url`: good for a while."""

    name: str
    url: str


class VersionDetails(VersionAnswer):
    """A version with what it says."""

    content: dict[str, Any] = Field(description=_CONTENT)
    files: list[QuestionFileAnswer]


class QuestionDetails(QuestionAnswer):
    """A question with its newest version, and the numbers of all."""

    latest: VersionDetails
    versions: list[VersionAnswer]


class QuestionsQuery(ListQuery):
    """Which questions; what is left out lets everything pass."""

    course: Key | None = Field(None, description=COURSE)
    text: str = Field("", max_length=200, description=_("Words, pinyin or its initials"))
    category: Key | None = None
    below: bool = Field(True, description=_("Also what lies in categories below it"))
    type: list[str] = Field(default=[], max_length=20)
    difficulty: list[int] = Field(default=[], max_length=6)
    point: str = Field("", max_length=200)
    syllabus: str = Field("", max_length=200)
    tag: list[str] = Field(default=[], max_length=20, description=_("All of them"))
    status: list[Status] = Field(
        default=[], max_length=3, description=_("Left out: drafts and ready ones")
    )


class Filing(Body):
    """What a question is filed under; what is left out stays as it is."""

    course: Key | None = Field(None, description=COURSE)
    category: str | None = Field(None, min_length=1, max_length=20, description=_CATEGORY)
    title: str | None = Field(None, max_length=bank.LONGEST_TITLE)
    status: Status | None = Field(None, description=_("retired: it is offered no more"))
    difficulty: int | None = Field(None, ge=0, le=5)
    tags: list[str] | None = Field(None, max_length=100)
    point: str | None = Field(None, max_length=200)
    syllabus: str | None = Field(None, max_length=200)
    idnumber: str | None = Field(None, max_length=100)

    def values(self) -> dict[str, Any]:
        """What `bank` takes by name."""
        return self.model_dump(
            exclude_none=True,
            include={"title", "status", "difficulty", "tags", "point", "syllabus", "idnumber"},
        )


class NewQuestion(Filing):
    """A question. A ready one has to be complete, a draft need not be."""

    category: str = Field(min_length=1, max_length=20, description=_CATEGORY)
    type: str = Field(min_length=1, max_length=50)
    content: dict[str, Any] = Field(description=_CONTENT)
    marks: float = Field(1.0, ge=0, le=1000)


class NewVersion(Body):
    """What a question says from now on."""

    course: Key | None = Field(None, description=COURSE)
    content: dict[str, Any] = Field(description=_CONTENT)
    marks: float | None = Field(None, ge=0, le=1000, description=_("Null: as before"))
    expected: int | None = Field(
        None, ge=1, description=_("Number of the newest version that was seen")
    )


# -- what it is made of


def _within(call: Call, key: str | None) -> Course | None:
    """From where the bank is seen.

    :raises NotAllowed: the asker may use nothing of it there
    """
    course = course_of(call, key)
    if not bank.trees_of(call.occasion, course):
        raise NotAllowed(_("You may not use the question bank here."))
    return course


def _line(question: Question) -> dict[str, Any]:
    latest = question.latest
    return {
        "id": question.key,
        "type": question.type,
        "title": question.title,
        "stem": wording.short(wording.stem_of(latest), _STEM),
        "category": encode_id(question.category),
        "status": question.status,
        "marks": latest.marks,
        "difficulty": question.difficulty,
        "tags": list(question.tags),
        "point": question.point,
        "syllabus": question.syllabus,
        "idnumber": question.idnumber,
        "version": latest.number,
        "created": moment(question.created),
        "modified": moment(question.modified),
    }


def _version(version: QuestionVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "marks": version.marks,
        "author": encode_id(version.author) if version.author else None,
        "created": moment(version.created),
    }


def _in_full(call: Call, version: QuestionVersion) -> VersionDetails:
    stored = ((n, call.occasion.site.files.get(id)) for n, id in sorted(version.files.items()))
    return VersionDetails(
        **_version(version),
        content=version.data,
        files=[
            QuestionFileAnswer(name=name, url=file_url(call.request, file))
            for name, file in stored
            if file is not None
        ],
    )


def _details(call: Call, question: Question) -> QuestionDetails:
    return QuestionDetails(
        **_line(question),
        latest=_in_full(call, question.latest),
        versions=[VersionAnswer(**_version(version)) for version in question.versions],
    )


def _content(call: Call, type: str, values: dict[str, Any]) -> Content:
    """:raises Invalid: there is no such type, or it says something else"""
    known = shelf.types_of(call.occasion).get(type)
    if known is None:
        raise Invalid(_("There is no question type ${name}.", mapping={"name": type}), "type")
    try:
        content: Content = known.content.model_validate(values)
    except ValidationError as error:
        places = error.errors(include_url=False, include_input=False)
        raise Unfit(
            ("pointer", pointer("content", *one["loc"]), explain(one)) for one in places
        ) from error
    return content


# -- endpoints


@endpoint(
    "GET",
    "/quiz/question-types",
    tag=TAG,
    summary=_("List the types of question, and what theirs say"),
    scope=READ,
    capability="",
)
def list_question_types(call: Call) -> QuestionTypesAnswer:
    return QuestionTypesAnswer(
        items=[
            QuestionTypeAnswer(
                name=name,
                title=text_of(call, type_.title),
                content=type_.content.model_json_schema(),
            )
            for name, type_ in shelf.types_of(call.occasion).items()
        ]
    )


@endpoint(
    "GET",
    "/quiz/question-categories",
    tag=TAG,
    summary=_("List the categories of the question bank"),
    scope=READ,
    capability="",
)
def list_question_categories(call: Call, query: Within) -> CategoryTreesAnswer:
    trees = bank.categories_for(call.occasion, _within(call, query.course))
    return CategoryTreesAnswer(
        items=[
            CategoryTreeAnswer(
                scope=tree.scope,
                title=text_of(call, tree.title),
                may_edit=tree.may_edit,
                categories=[
                    _category(call, node.category, node.title, node.questions)
                    for node in tree.nodes
                ],
            )
            for tree in trees
        ]
    )


def _category(call: Call, category: QuestionCategory, title: Any, questions: int) -> CategoryAnswer:
    return CategoryAnswer(
        id=category.key,
        title=text_of(call, title),
        description=category.description,
        parent=encode_id(category.parent) if category.parent else None,
        questions=questions,
    )


@endpoint(
    "GET",
    "/quiz/questions",
    tag=TAG,
    summary=_("Find questions"),
    description=_("In an order of their own, which stays; what they say is read one by one."),
    scope=READ,
    capability="",
)
def list_questions(call: Call, query: QuestionsQuery) -> Listing[QuestionAnswer]:
    occasion, course = call.occasion, _within(call, query.course)
    category = query.category and bank.find_category(occasion, query.category, course)
    criteria = searching.Criteria(
        bank.places_of(occasion, course),
        (category.id,) if category else (),
        query.below,
        tuple(query.type),
        tuple(query.difficulty),
        (query.point,) if query.point else (),
        (query.syllabus,) if query.syllabus else (),
        tuple(query.tag),
        tuple(query.status) or ("draft", "ready"),
        query.text,
    )
    (after,) = read_place(query, (int,)) if query.cursor is not None else (0,)
    store = shelf.find_bank(occasion.site)
    found = searching.following(store, criteria, after, query.limit + 1) if store else []
    shown = found[: query.limit]
    return Listing[QuestionAnswer](
        items=[QuestionAnswer(**_line(question)) for question in shown],
        next=write_place(query, (shown[-1].id,)) if len(found) > len(shown) else None,
    )


@endpoint(
    "POST",
    "/quiz/questions",
    tag=TAG,
    summary=_("Write a question"),
    description=_("Pictures and other files come by an import."),
    scope=WRITE,
    capability="",
    status=201,
)
def create_question(call: Call, body: NewQuestion) -> QuestionDetails:
    occasion, course = call.occasion, _within(call, body.course)
    category = bank.target_of(occasion, body.category, course)
    content = _content(call, body.type, body.content)
    made = bank.create_question(
        occasion, category, body.type, content, marks=body.marks, **body.values()
    )
    call.headers.append(("Location", f"/api/v1/quiz/questions/{made.key}"))
    return _details(call, made)


@endpoint(
    "GET",
    "/quiz/questions/{question}",
    tag=TAG,
    summary=_("Read a question with its newest version"),
    description=_("Right answers included."),
    scope=READ,
    capability="",
)
def read_question(call: Call, question: Key, query: Within) -> QuestionDetails:
    course = _within(call, query.course)
    return _details(call, bank.find(call.occasion, question, course))


@endpoint(
    "GET",
    "/quiz/questions/{question}/versions/{number}",
    tag=TAG,
    summary=_("Read a version of a question"),
    scope=READ,
    capability="",
)
def read_question_version(call: Call, question: Key, number: int, query: Within) -> VersionDetails:
    found = bank.find(call.occasion, question, _within(call, query.course))
    version = next((one for one in found.versions if one.number == number), None)
    if version is None:
        raise NotFound(_("There is no such version."))
    return _in_full(call, version)


@endpoint(
    "POST",
    "/quiz/questions/{question}/versions",
    tag=TAG,
    summary=_("Give a question another wording"),
    description=_(
        "Attempts that are begun keep what they saw. 200: it says that already. Files of the "
        "version before stay as far as the texts name them."
    ),
    scope=WRITE,
    capability="",
    status=201,
    also=(200,),
    problems=(409,),
)
def add_question_version(call: Call, question: Key, body: NewVersion) -> QuestionDetails:
    occasion = call.occasion
    found = bank.find(occasion, question, _within(call, body.course))
    before = found.latest.number
    bank.require_edit(occasion, bank.category_of(occasion, found))
    if body.expected is not None and body.expected != before:
        raise Conflict(_("There is a newer version: ${number}.", mapping={"number": before}))
    content = _content(call, found.type, body.content)
    version = bank.add_version(occasion, found, content, marks=body.marks)
    if version.number == before:
        call.status = 200
    return _details(call, found)


@endpoint(
    "PATCH",
    "/quiz/questions/{question}",
    tag=TAG,
    summary=_("File a question, retire it"),
    description=_("What it says stays; a retired question stays for the papers that have it."),
    scope=WRITE,
    capability="",
)
def change_question(call: Call, question: Key, body: Filing) -> QuestionDetails:
    occasion, course = call.occasion, _within(call, body.course)
    found = bank.find(occasion, question, course)
    bank.change_question(occasion, found, **body.values())
    if body.category is not None:
        bank.move(occasion, found, bank.target_of(occasion, body.category, course))
    return _details(call, found)


ROUTES: tuple[ApiRoute, ...] = (
    list_question_types,
    list_question_categories,
    list_questions,
    create_question,
    read_question,
    read_question_version,
    add_question_version,
    change_question,
)
