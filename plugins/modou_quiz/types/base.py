"""What a type of question is; third parties subclass `QuestionType` and hand instances in by the
hook `question_types`.

A type knows the whole life of its questions: what they are made of (`content`), how teachers write
them (`form`), what the page of a sitting may know (`shown`), which answers make sense (`clean`),
what they are worth (`grade`), what a review tells (`review`) and what statistics count (`counted`).

Three values cross its border, all of them plain JSON, so that attempts can be read as long as they
are kept, whatever becomes of the type:

- an *arrangement*: what chance decided for one attempt, e.g. the order of the options;
- a *response*: what the learner gave, in terms of the content, not of the arrangement: option 2 is
  the second one as the teacher wrote it, wherever it stood. `None`: nothing was given;
- a *verdict*: what it is worth.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import markupsafe

from modou.errors import Message
from modou_quiz.content import Content, Rich

C = TypeVar("C", bound=Content)
#: Makes a formatted text a safe piece of a page, with signed addresses of its files.
Render = Callable[[Rich], markupsafe.Markup]


class Worth(NamedTuple):
    """What one part of a question came to.

    :param weight: its share of the question's marks; the weights of all parts add up to 1
    :param fraction: 0 to 1; below 0 where wrong answers cost marks; None: a person has to say
    """

    weight: float
    fraction: float | None


class Verdict(NamedTuple):
    """What a response is worth, part by part. Most types have one part; the gaps of a text and the
    sub-questions of a case are parts."""

    parts: tuple[Worth, ...]

    @property
    def fraction(self) -> float | None:
        """Of the question as a whole, at least 0 unless a type says otherwise; None while a person
        has to say something about a part."""
        if any(part.fraction is None for part in self.parts):
            return None
        return sum(part.weight * (part.fraction or 0.0) for part in self.parts)


class Flaw(NamedTuple):
    """Something that keeps a question from being used ("error"), or probably was not meant
    ("warning"). `field`: where in the form."""

    level: str
    message: Message
    field: str = ""


class QuestionType(ABC, Generic[C]):
    """See the module's docstring. Instances hold no state."""

    #: Unique in the site, stored in questions for ever.
    name: ClassVar[str]
    title: ClassVar[Message]
    description: ClassVar[Message] = ""
    #: Name of an icon of the theme's sprite.
    icon: ClassVar[str] = "quiz"
    #: The model of the content.
    content: type[C]
    #: A WTForms form class with the type's own fields, and the template of its part of the page
    #: (asset spec; gets `form` and `t`); "": the fields one below the other.
    form: ClassVar[type]
    editor: ClassVar[str] = ""
    #: Template of the question in a sitting and in a review (asset spec): a macro-free fragment
    #: that gets `shown` (what `shown` or `review` gave), `prefix` (of the names of its inputs),
    #: `readonly` and `t`. Inputs are named `prefix + …`; `given` reads them. Pages include it by
    #: `player/_question.jinja2`. Elements with `data-answer` say what its script sends; see
    #: `static/js/types/answer.js`.
    player: ClassVar[str]
    #: Asset spec of an ES module that enhances the fragment; "": none is needed.
    script: ClassVar[str] = ""
    #: False for what only informs (说明): it has no marks and takes no response.
    answerable: ClassVar[bool] = True
    #: Whether its questions may ask for files: what shows them is then made for each learner anew.
    asks_for_files: ClassVar[bool] = False

    def among(self, types: "Mapping[str, QuestionType[Any]]") -> "QuestionType[Any]":
        """What it is in a site with these types: itself, unless it is made of others as a case
        is. Asked once, at the start."""
        return self

    # -- writing

    @abstractmethod
    def from_form(self, data: Mapping[str, Any]) -> C:
        """The content that a teacher's form describes.

        :param data: the form's data
        :raises Invalid: naming the field
        """

    @abstractmethod
    def to_form(self, content: C) -> Mapping[str, Any]:
        """What the form shows when `content` is edited: the inverse of `from_form`."""

    def flaws(self, content: C) -> Sequence[Flaw]:
        """What is wrong with it, e.g. no right answer. Also asked by imports."""
        return ()

    def needs_person(self, content: C) -> bool:
        """Whether some part can be marked by a person only."""
        return False

    def parts(self, content: C) -> Sequence[float]:
        """Weights of its parts; they add up to 1."""
        return (1.0,)

    def piece(self, content: C, part: int, response: Any) -> "tuple[QuestionType[Any], Any, Any]":
        """What somebody looks at who marks a part: its type, content and response. A case answers
        with its sub-question's.

        :param part: place in `parts`
        """
        return self, content, response

    # -- sitting

    def arrange(self, content: C, shuffle: bool, chance: random.Random) -> Any:
        """The arrangement for one attempt; None where nothing is left to chance.

        :param shuffle: whether the quiz wants options in random order
        """
        return None

    @abstractmethod
    def shown(
        self, content: C, arrangement: Any, response: Any, render: Render
    ) -> Mapping[str, Any]:
        """All that the page of a sitting may know: nothing from which the answer follows.

        :param response: what was given so far
        :return: for the template `player`; JSON-able but for `Markup`
        """

    @abstractmethod
    def given(self, content: C, arrangement: Any, prefix: str, data: Any) -> Any:
        """The raw answer in a posted form, for sittings without JavaScript: what the page's script
        would have sent.

        :param data: the posted values, with `getall(name)` and `get(name)`
        """

    @abstractmethod
    def clean(self, content: C, arrangement: Any, raw: Any) -> Any:
        """The response that a raw answer stands for.

        :param raw: what the page sent, any JSON
        :return: None when it says nothing
        :raises Invalid: it cannot be an answer to this question
        """

    def raw(self, content: C, arrangement: Any, response: Any) -> Any:
        """What a page sends for a response: the inverse of `clean`. For previews, tests, and
        programs that answer."""
        return response

    # -- several tries

    def between(
        self,
        content: C,
        arrangement: Any,
        response: Any,
        render: Render,
        *,
        correct: bool,
        feedback: bool,
    ) -> Mapping[str, Any]:
        """As `review`, after a try that others may follow: neither the right answer nor the
        explanation of the question. Whoever is made of others asks them."""
        bare = content.model_copy(update={"feedback": Rich()})
        return self.review(
            bare, arrangement, response, render, correct=correct, feedback=feedback, right=False
        )

    def without_wrong(self, content: C, response: Any) -> Any:
        """What stays of a response when a hint takes what is wrong in it back; None: nothing."""
        return None

    def hits(self, content: C, response: Any) -> int | None:
        """How many of several choices, gaps, pairs are right; None where there is but one."""
        parts = self.grade(content, response).parts
        if len(parts) < 2:
            return None
        return sum(part.fraction is not None and part.fraction >= 1 - 1e-5 for part in parts)

    # -- marking

    @abstractmethod
    def grade(self, content: C, response: Any) -> Verdict:
        """What a response (None: nothing) is worth. Pure: the same now and in ten years."""

    @abstractmethod
    def review(
        self,
        content: C,
        arrangement: Any,
        response: Any,
        render: Render,
        *,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> Mapping[str, Any]:
        """As `shown`, with what the review rules allow beside it.

        :param correct: whether each part was right
        :param feedback: the texts for what was answered, and the general one
        :param right: the right answer
        """

    @abstractmethod
    def summary(self, content: C, response: Any) -> str:
        """A response in one line of plain text, for tables and exports; "" for nothing."""

    @abstractmethod
    def right_answer(self, content: C) -> str:
        """The best response in one line of plain text; "" where there is none (essays)."""

    def best(self, content: C) -> Any:
        """A response of full worth, None where only people can say; for tests and previews."""
        return None

    # -- statistics

    def counted(self, content: C, response: Any) -> Mapping[str, str]:
        """What of a response is counted, part -> choice, e.g. {"": "2"} or {"gap 1": "ohm"}. Free
        text that could name a person is not."""
        return {}

    def choices(self, content: C) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        """Choices that statistics list even when nobody takes them: part -> (choice, its text in
        one line, fraction it is worth)."""
        return {}
