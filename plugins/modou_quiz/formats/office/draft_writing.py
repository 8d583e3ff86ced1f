"""Questions as people would write them: the inverse of `making`."""

from functools import singledispatch

from modou.errors import Invalid
from modou_quiz.content import Content, Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.office import answers, texts, words
from modou_quiz.formats.office.drafts import Draft, category_text
from modou_quiz.formats.office.making import scoring_text, unnumbered
from modou_quiz.i18n import _
from modou_quiz.types import contents


def draft_of(item: Item) -> Draft:
    """How people would write a question.

    :raises Invalid: its type has no place in sheets and documents
    """
    if item.content is None:
        raise Invalid(_("There is no question to write."))
    if type(item.content) is not contents.CONTENTS.get(item.type):
        raise _unknown(item.type)
    draft = _described(item.type, item.content)
    draft.line = item.line
    draft.title = item.title
    draft.marks = f"{item.marks:.10g}"
    draft.difficulty = words.DIFFICULTY_WORDS[item.difficulty]
    draft.point, draft.syllabus, draft.idnumber = item.point, item.syllabus, item.idnumber
    draft.tags = "，".join(item.tags)
    draft.category = category_text(item.category)
    draft.files = dict(item.files)
    return draft


def _unknown(kind: str) -> Invalid:
    return Invalid(
        _("Questions of the type ${type} have no place in this format.", mapping={"type": kind})
    )


def _described(kind: str, content: Content) -> Draft:
    draft = Draft(kind=kind, stem=content.stem, feedback=content.feedback)
    _describe(content, draft)
    return draft


@singledispatch
def _describe(content: Content, draft: Draft) -> None:
    """Write what the type has beside stem and explanation; a description has nothing."""


@_describe.register
def _single(content: contents.SingleChoice, draft: Draft) -> None:
    draft.options = [option.text for option in content.options]
    best = max((option.fraction for option in content.options), default=0.0)
    right = [place for place, option in enumerate(content.options) if option.fraction == best > 0]
    draft.answer = answers.letters_text(right[:1])


@_describe.register
def _multiple(content: contents.MultipleChoice, draft: Draft) -> None:
    draft.kind = "indefinite" if content.indefinite else "multiple"
    draft.options = [option.text for option in content.options]
    draft.answer = answers.letters_text(
        place for place, option in enumerate(content.options) if option.fraction > 0
    )
    draft.scoring = scoring_text(content)


@_describe.register
def _truefalse(content: contents.TrueFalse, draft: Draft) -> None:
    draft.answer = "√" if content.answer else "×"


@_describe.register
def _cloze(content: contents.Cloze, draft: Draft) -> None:
    draft.stem = unnumbered(content.stem)
    draft.answer = "；".join(map(_gap_text, content.gaps))


@_describe.register
def _short(content: contents.Short, draft: Draft) -> None:
    draft.answer = answers.accepted_text(content.answers)


@_describe.register
def _numerical(content: contents.Numerical, draft: Draft) -> None:
    draft.answer = answers.numbers_text(content.answers)
    if content.units.units:
        unit = content.units.units[0]
        text = answers.numbers_text(content.answers, unit.name)
        # Units may be called anything, "9|" too.
        if answers.is_number(text) and answers.numbers(text)[1] == (unit,):
            draft.answer = text


@_describe.register
def _matching(content: contents.Matching, draft: Draft) -> None:
    draft.pairs = [(pair.left, pair.right) for pair in content.pairs]
    draft.pairs += [(Rich(markup=wrong.markup), wrong) for wrong in content.distractors]


@_describe.register
def _ordering(content: contents.Ordering, draft: Draft) -> None:
    draft.options = list(content.items)
    draft.answer = answers.letters_text(range(len(content.items)))


@_describe.register
def _essay(content: contents.Essay, draft: Draft) -> None:
    draft.sample, draft.rules = content.sample, content.notes


@_describe.register
def _case(content: contents.Case, draft: Draft) -> None:
    for question in content.questions:
        if question.type not in contents.CONTENTS:
            raise _unknown(question.type)
        part = _described(question.type, question.content())
        part.marks = f"{question.weight:.10g}"
        draft.parts.append(part)


def _gap_text(gap: contents.Gap) -> str:
    if gap.kind == "words":
        return answers.accepted_text(gap.answers)
    if gap.kind == "number":
        return answers.numbers_text(gap.answers)
    right = [option for option in gap.options if option.fraction > 0]
    plain = (texts.only_words(option.text) or option.text.source for option in right)
    return answers.accepted_text(contents.Accepted(pattern=text) for text in plain)
