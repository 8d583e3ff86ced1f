"""What the contents of this plugin's own types are made of, all in one place: formats and services
build them, the types (a module each beside this one) give them their meaning.

Fractions are shares of what a question is worth, 0 to 1, below 0 where a choice costs marks; kept
to seven decimals, as a third has to come back from every file format as it went. Which responses
belong to which content says the docstring of each class; in stored attempts they stand as plain
JSON.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from modou_quiz.content import Content, Line, Part, Rich, Text


def _rounded(value: float) -> float:
    return round(value, 7) + 0.0  # no -0.0


#: -1 to 1.
Fraction = Annotated[float, Field(ge=-1, le=1), AfterValidator(_rounded)]
#: 0 to 1.
Share = Annotated[float, Field(ge=0, le=1), AfterValidator(_rounded)]
#: How parts weigh against each other.
Weight = Annotated[float, Field(gt=0, le=1000)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]

#: Most options, answers, gaps, pairs, ... of one question.
MOST: Final = 200

#: How options are counted: A B C, a b c, 1 2 3, i ii iii, I II III, not at all.
Numbering = Literal["ABC", "abc", "123", "iii", "III", "none"]


class Replies(Part):
    """What is said after an answer, by how good it was (combined feedback).

    :param count: also say how many of the choices were right
    """

    right: Rich = Rich()
    partly: Rich = Rich()
    wrong: Rich = Rich()
    count: bool = False


class Hint(Part):
    """Offered before another try, where a quiz allows tries.

    :param clear: wrong choices are taken back
    :param count: it is said how many choices are right
    """

    text: Rich = Rich()
    clear: bool = False
    count: bool = False


class Answerable(Content):
    """What all have that take a response.

    :param penalty: share of the marks that each further try costs, where a quiz allows tries
    """

    penalty: Share = 0.0
    hints: tuple[Hint, ...] = Field(default=(), max_length=20)


# -- choices


class Option(Part):
    """A choice.

    :param fraction: what choosing it is worth
    :param feedback: told to those who chose it
    """

    text: Rich = Rich()
    fraction: Fraction = 0.0
    feedback: Rich = Rich()


class SingleChoice(Answerable):
    """One of several options. Response: the option's place, from 0.

    :param shuffle: options may stand in random order where the quiz wants that
    """

    options: tuple[Option, ...] = Field(default=(), max_length=MOST)
    shuffle: bool = True
    numbering: Numbering = "ABC"
    replies: Replies = Replies()


#: What several chosen options are worth together:
#: "all": all that count as right and no other, or nothing (全对才得分);
#: "subset": each right one its even share, nothing once a wrong one is among them (少选得部分分,
#: 错选不得分);
#: "half": right ones without any wrong one, but not all: `partial` of the marks (漏选得固定分);
#: "minus": each right one its even share, each wrong one costs the same, not below 0;
#: "fractions": the sum of the options' fractions, between 0 and 1.
MultipleScoring = Literal["all", "subset", "half", "minus", "fractions"]


class MultipleChoice(Answerable):
    """Several of several options; right ones have a fraction above 0. Response: the places of the
    chosen ones, ascending.

    :param indefinite: 不定项: even one option may be all that is right, and the page says so
    :param partial: for the scoring "half"
    :param least: how few may be chosen, 0: not said; `most` the same for how many
    """

    options: tuple[Option, ...] = Field(default=(), max_length=MOST)
    scoring: MultipleScoring = "fractions"
    partial: Share = 0.5
    indefinite: bool = False
    shuffle: bool = True
    numbering: Numbering = "ABC"
    least: int = Field(default=0, ge=0, le=MOST)
    most: int = Field(default=0, ge=0, le=MOST)
    replies: Replies = Replies()


class TrueFalse(Answerable):
    """Response: true or false.

    :param if_true: feedback to those who said true; `if_false` the same
    """

    answer: bool = True
    if_true: Rich = Rich()
    if_false: Rich = Rich()


# -- words and numbers


class Accepted(Part):
    """An answer that is accepted; the best that matches counts.

    :param pattern: `*` stands for any characters, `\\*` for a star, `\\\\` for a backslash before
        one; see `modou_quiz.types.short`
    """

    pattern: Line = Field(default="", max_length=2000)
    fraction: Fraction = 1.0
    feedback: Rich = Rich()


class Reading(Part):
    """How typed words are compared.

    :param case: capital and small letters differ
    :param fold_width: full and half width are the same (Ａ = A, ： = :)
    :param fold_script: simplified and traditional characters are the same
    """

    case: bool = False
    fold_width: bool = True
    fold_script: bool = True


class Short(Answerable):
    """Words typed into one line. Response: the text as typed."""

    answers: tuple[Accepted, ...] = Field(default=(), max_length=MOST)
    reading: Reading = Reading()


class AcceptedNumber(Part):
    """A number that is accepted; the best that matches counts.

    :param kind: "value": `value` ± `tolerance`; "range": `low` to `high`, both included; "any":
        whatever else is a number (for feedback, and small shares)
    :param relative: `tolerance` is a share of the value: 0.05 for 5 %
    """

    kind: Literal["value", "range", "any"] = "value"
    value: Number = 0.0
    tolerance: Annotated[float, Field(ge=0, le=1e300)] = 0.0
    relative: bool = False
    low: Number = 0.0
    high: Number = 0.0
    fraction: Fraction = 1.0
    feedback: Rich = Rich()


class Unit(Part):
    """A unit of measure.

    :param factor: how many of it make one of the first unit, whose factor is 1: with metres first,
        centimetres have 100
    """

    name: Line = Field(min_length=1, max_length=50)
    factor: Annotated[float, Field(gt=0, le=1e30)] = 1.0


class Units(Part):
    """What units have to do with an answer. Numbers of the accepted answers are in the first unit.

    :param mode: "none": there are none; "optional": may be given, a number without one is in the
        first; "required": a missing or unknown unit costs `penalty`
    :param penalty: 0 to 1; 1: without its unit it is wrong
    :param penalty_of: of the "response": of what the number was worth; of the "question"
    :param show: typed behind the number, or chosen
    :param before: stands before the number (¥ 5)
    """

    mode: Literal["none", "optional", "required"] = "none"
    units: tuple[Unit, ...] = Field(default=(), max_length=50)
    penalty: Share = 0.1
    penalty_of: Literal["response", "question"] = "response"
    show: Literal["text", "radio", "select"] = "text"
    before: bool = False


class Numerical(Answerable):
    """A number. Response: {"value": as typed, "unit": as typed or chosen, "" for none}."""

    answers: tuple[AcceptedNumber, ...] = Field(default=(), max_length=MOST)
    units: Units = Units()


# -- a text with gaps


class GapWords(Part):
    """A gap for words. Response: the text as typed.

    :param weight: against the other gaps
    :param group: gaps of the same group may be filled in any order; "": this one stands alone
    """

    kind: Literal["words"] = "words"
    weight: Weight = 1.0
    group: Line = Field(default="", max_length=50)
    answers: tuple[Accepted, ...] = Field(default=(), max_length=MOST)
    reading: Reading = Reading()


class GapNumber(Part):
    """A gap for a number. Response: the number as typed."""

    kind: Literal["number"] = "number"
    weight: Weight = 1.0
    group: Line = Field(default="", max_length=50)
    answers: tuple[AcceptedNumber, ...] = Field(default=(), max_length=MOST)


class GapChoice(Part):
    """A gap to choose for. Response: the option's place, with `several` the places of those chosen.

    :param show: a list that opens, or options side by side, or one below the other
    :param several: any number of options; worth the sum of their fractions, between 0 and 1
    """

    kind: Literal["choice"] = "choice"
    weight: Weight = 1.0
    options: tuple[Option, ...] = Field(default=(), max_length=MOST)
    show: Literal["select", "row", "column"] = "select"
    several: bool = False
    shuffle: bool = False


Gap = Annotated[GapWords | GapNumber | GapChoice, Field(discriminator="kind")]


class Cloze(Answerable):
    """A text with gaps: the marker `[[1]]` in the stem is where the first of `gaps` stands, and so
    on. Response: one for each gap, in their order, null where nothing was given."""

    gaps: tuple[Gap, ...] = Field(default=(), max_length=MOST)
    replies: Replies = Replies()


# -- pairs and sequences


class Pair(Part):
    """What belongs together: `left` is asked, `right` is what belongs to it."""

    left: Rich = Rich()
    right: Rich = Rich()


class Matching(Answerable):
    """Find for each left side what belongs to it. Equal right sides are one choice. Response: one
    for each pair, in their order: the place in `choices()`, null where nothing was given.

    :param distractors: choices that belong to nothing
    :param scoring: each pair counts by itself, or only all together
    :param shuffle: also the left sides may stand in random order; choices always do
    """

    pairs: tuple[Pair, ...] = Field(default=(), max_length=MOST)
    distractors: tuple[Rich, ...] = Field(default=(), max_length=MOST)
    scoring: Literal["each", "all"] = "each"
    shuffle: bool = True
    replies: Replies = Replies()

    def choices(self) -> tuple[Rich, ...]:
        """All different choices: the pairs' right sides, then the distractors."""
        return tuple(dict.fromkeys([*(pair.right for pair in self.pairs), *self.distractors]))

    def key(self) -> tuple[int, ...]:
        """The right choice of each pair."""
        places = {choice: place for place, choice in enumerate(self.choices())}
        return tuple(places[pair.right] for pair in self.pairs)


class Ordering(Answerable):
    """Put items into their order; `items` stand in it. Response: the places of the items in the
    order that was given.

    :param scoring: "all": all or nothing; "positions": each item at its own place; "neighbours":
        each item that stands directly before the one that follows it
    """

    items: tuple[Rich, ...] = Field(default=(), max_length=MOST)
    scoring: Literal["all", "positions", "neighbours"] = "positions"
    layout: Literal["column", "row"] = "column"
    numbering: Numbering = "none"
    replies: Replies = Replies()


# -- what people mark, and what is made of others


class Level(Part):
    """A level of a criterion, and the points that it is worth."""

    points: Annotated[float, Field(ge=0, le=1000)] = 0.0
    text: Text = Field(default="", max_length=5000)


class Criterion(Part):
    """What is looked at when an essay is marked (评分项).

    :param name: unique in its rubric; marks name it
    """

    name: Line = Field(min_length=1, max_length=200)
    description: Text = Field(default="", max_length=5000)
    levels: tuple[Level, ...] = Field(default=(), max_length=50)


class Essay(Answerable):
    """A text, files, or both, marked by people. Response: {"text": str, "files": [{"id", "name",
    "size", "sent"}]}, ids of stored files as 13 characters; `sent`: the upload it came as.

    :param writing: how the text is written; "none": files only
    :param least_words: 0: no limit; a Chinese character counts as a word
    :param files: how many may be sent, 0: none
    :param files_required: how many have to be
    :param file_types: patterns as "image/*", ".docx"; empty: all that the site takes
    :param file_bytes: most bytes of one, 0: what the site takes
    :param template: what the answer begins with
    :param notes: for those who mark it (评分标准); `sample` (参考答案) also for the review
    :param rubric: criteria; the fraction is points reached of points possible
    """

    writing: Literal["markdown", "plain", "mono", "none"] = "plain"
    required: bool = True
    lines: int = Field(default=15, ge=1, le=100)
    least_words: int = Field(default=0, ge=0, le=1_000_000)
    most_words: int = Field(default=0, ge=0, le=1_000_000)
    files: int = Field(default=0, ge=0, le=50)
    files_required: int = Field(default=0, ge=0, le=50)
    file_types: tuple[Line, ...] = Field(default=(), max_length=50)
    file_bytes: int = Field(default=0, ge=0)
    template: Rich = Rich()
    notes: Rich = Rich()
    sample: Rich = Rich()
    rubric: tuple[Criterion, ...] = Field(default=(), max_length=50)


class SubQuestion(Part):
    """A question within a case.

    :param type: name of its type, any but "case"
    :param data: its content as plain JSON
    :param weight: against the others; of a description's it does not count
    """

    type: str = Field(min_length=1, max_length=50)
    data: Mapping[str, Any] = {}
    weight: Weight = 1.0

    @classmethod
    def of(cls, type: str, content: Content, weight: float = 1.0) -> "SubQuestion":
        return cls(type=type, data=content.model_dump(mode="json"), weight=weight)

    def content(self) -> Content:
        """Of this plugin's own types.

        :raises KeyError: it is another plugin's type; ask that type's `content`
        """
        return CONTENTS[self.type].model_validate(self.data)


class Case(Answerable):
    """材料题: the stem is the material, `questions` ask about it. Response: one for each question,
    in their order, null where nothing was given."""

    questions: tuple[SubQuestion, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _one_level(self) -> "Case":
        if any(question.type == "case" for question in self.questions):
            raise ValueError("a case cannot hold another case")
        return self


class Description(Content):
    """Only informs (说明): the stem is all. There is no response."""


#: Name of a type -> model of its content.
CONTENTS: Final[Mapping[str, type[Content]]] = {
    "single": SingleChoice,
    "multiple": MultipleChoice,
    "truefalse": TrueFalse,
    "short": Short,
    "cloze": Cloze,
    "numerical": Numerical,
    "matching": Matching,
    "ordering": Ordering,
    "essay": Essay,
    "case": Case,
    "description": Description,
}
