"""What pages tell about a question beside its text."""

from dataclasses import dataclass

from modou.errors import Message
from modou.models.courses import Course
from modou.services.occasion import Occasion
from modou_quiz.models.bank import Question, QuestionVersion
from modou_quiz.services import bank, duplicates, searching, shelf, usage
from modou_quiz.services.duplicates import Alike
from modou_quiz.types import Flaw


def right_answer(
    occasion: Occasion, question: Question, version: QuestionVersion | None = None
) -> str:
    """The best response in one line; "" where there is none, or nobody knows the type."""
    type_ = shelf.types_of(occasion).get(question.type)
    if type_ is None:
        return ""
    return type_.right_answer(shelf.content_of(occasion, question, version or question.latest))


def flaws(occasion: Occasion, question: Question) -> list[Flaw]:
    """What is wrong with the question as it is now."""
    type_ = shelf.types_of(occasion).get(question.type)
    if type_ is None:
        return []
    return list(type_.flaws(shelf.content_of(occasion, question, question.latest)))


@dataclass(frozen=True, slots=True)
class Use:
    """A quiz whose paper names the question."""

    course: Course
    activity: str
    title: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a question's page tells.

    :param path: titles of the categories that it lies in, from the top
    :param authors: user id -> name, of the versions
    """

    path: tuple[Message, ...]
    may_edit: bool
    flaws: tuple[Flaw, ...]
    uses: tuple[Use, ...]
    alike: tuple[Alike, ...]
    authors: dict[int, str]


def tell(occasion: Occasion, question: Question, course: Course | None) -> Told:
    """See `Told`. Uses in courses that the actor may not enter are left out."""
    site = occasion.site
    category = bank.category_of(occasion, question)
    lineage = shelf.bank_of(occasion).lineage(category)
    uses = []
    for id in usage.fixed_in(site, {question.id}).get(question.id, ()):
        quiz = shelf.find_by_id(site, id)
        found = site.courses.get(quiz.course) if quiz is not None else None
        if found is not None and bank.may_edit_tree(occasion, "course", found.id):
            activity = found.activities.get(id)
            if activity is not None:
                uses.append(Use(found, activity.key, activity.title))
    criteria = searching.Criteria(bank.places_of(occasion, course), statuses=("draft", "ready"))
    alike = duplicates.alike(
        occasion,
        criteria,
        text=duplicates.compared_text(question),
        print=question.fingerprint,
        without=question.id,
    )
    users = {version.author for version in question.versions}
    names = {id: user.display_name for id in users if (user := site.users.get(id)) is not None}
    return Told(
        tuple(bank.title_of(one) for one in lineage),
        bank.may_edit(occasion, category),
        tuple(flaws(occasion, question)),
        tuple(uses),
        tuple(alike),
        names,
    )
