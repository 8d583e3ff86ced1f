"""Case with sub-questions (材料题): parts of any other type."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from modou.errors import Invalid
from modou_quiz.content import Content, Rich
from modou_quiz.forms.case import KEPT, case_form
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, QuestionType, Render, Verdict, Worth
from modou_quiz.types.contents import Case, SubQuestion
from modou_quiz.types.own import NEARLY, OwnType, list_of, no_stem, refusal, wrong_shape

Types = Mapping[str, QuestionType[Any]]


class Sub(NamedTuple):
    """A sub-question with what it is.

    :param share: of the case's marks
    """

    place: int
    type: QuestionType[Any]
    content: Content
    share: float
    arrangement: Any
    response: Any


class CaseQuestions(OwnType[Case]):
    """A material, and questions about it.

    :param types: name -> type, those that its questions may have
    """

    name = "case"
    title = _("Case with questions")
    description = _("A material, and several questions about it (材料题).")
    icon = "copy"
    content = Case
    editor = "modou_quiz:templates/editor/case.jinja2"
    player = "modou_quiz:templates/player/case.jinja2"
    asks_for_files = True

    def __init__(self, types: Types) -> None:
        self._types = {name: kind for name, kind in types.items() if name != self.name}
        self.form = case_form(self._types)  # type: ignore[misc]

    def among(self, types: Types) -> "CaseQuestions":
        return CaseQuestions(types)

    def subs(self, content: Case, arrangement: Any = None, response: Any = None) -> Iterator[Sub]:
        """The sub-questions with their parts of arrangement and response.

        :raises KeyError: no enabled plugin knows a type
        """
        count = len(content.questions)
        kinds = [self._types[question.type] for question in content.questions]
        total = sum(
            question.weight
            for question, kind in zip(content.questions, kinds, strict=True)
            if kind.answerable
        )
        for place, (question, kind) in enumerate(zip(content.questions, kinds, strict=True)):
            yield Sub(
                place,
                kind,
                kind.content.model_validate(question.data),
                question.weight / total if kind.answerable else 0.0,
                arrangement[place] if isinstance(arrangement, (list, tuple)) else None,
                response[place] if response is not None and len(response) == count else None,
            )

    # -- writing

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        questions = []
        for row in data.get("questions", ()):
            kind = self._types.get(row.get("type", ""))
            if kind is None:
                questions.append(self._kept(row.get(KEPT)))
                continue
            made = kind.from_form(row["question"])
            weight = 1.0 if row.get("weight") is None else row["weight"]
            try:
                questions.append(SubQuestion.of(row["type"], made, weight))
            except ValidationError as error:
                raise refusal(error, {"weight": "questions"}) from error
        return {**super().values(data), "questions": questions}

    def _kept(self, kept: Any) -> Any:
        """A question of a type that is unknown here, as it came."""
        if not isinstance(kept, Mapping) or kept.get("type") in self._types:
            raise Invalid(_("A question of this case is of no type that is known."), "questions")
        return kept

    def to_form(self, content: Case) -> Mapping[str, Any]:
        rows: list[dict[str, Any]] = []
        for question in content.questions:
            kind = self._types.get(question.type)
            if kind is None:
                # Another plugin's, which is switched off: it stays as it is.
                rows.append({"type": question.type, KEPT: question.model_dump(mode="json")})
                continue
            made = kind.content.model_validate(question.data)
            rows.append(
                {"type": question.type, "weight": question.weight, "question": kind.to_form(made)}
            )
        return {**super().to_form(content), "questions": rows}

    def flaws(self, content: Case) -> Sequence[Flaw]:
        flaws = no_stem(content)
        unknown = [one.type for one in content.questions if one.type not in self._types]
        for name in unknown:
            message = _(
                "No enabled plugin knows questions of the type ${type}.", mapping={"type": name}
            )
            flaws.append(Flaw("error", message, "questions"))
        if unknown:
            return flaws
        if not any(sub.type.answerable for sub in self.subs(content)):
            flaws.append(Flaw("error", _("The case has no questions."), "questions"))
        for sub in self.subs(content):
            flaws += [
                Flaw(
                    flaw.level,
                    _(
                        "Question ${number}: ${what}",
                        mapping={"number": sub.place + 1, "what": flaw.message},
                    ),
                    "questions",
                )
                for flaw in sub.type.flaws(sub.content)
            ]
        return flaws

    def needs_person(self, content: Case) -> bool:
        return any(sub.type.needs_person(sub.content) for sub in self.subs(content))

    def parts(self, content: Case) -> Sequence[float]:
        weights = [
            sub.share * weight
            for sub in self.subs(content)
            if sub.type.answerable
            for weight in sub.type.parts(sub.content)
        ]
        return tuple(weights) or (1.0,)

    def piece(self, content: Case, part: int, response: Any) -> tuple[QuestionType[Any], Any, Any]:
        for sub in self.subs(content, None, response):
            own = len(sub.type.parts(sub.content)) if sub.type.answerable else 0
            if part < own:
                return sub.type.piece(sub.content, part, sub.response)
            part -= own
        return self, content, response

    # -- sitting

    def arrange(self, content: Case, shuffle: bool, chance: random.Random) -> Any:
        orders = [sub.type.arrange(sub.content, shuffle, chance) for sub in self.subs(content)]
        return orders if any(order is not None for order in orders) else None

    def body(
        self, content: Case, arrangement: Any, response: Any, render: Render
    ) -> dict[str, Any]:
        return self._shown(
            content,
            [
                sub.type.shown(sub.content, sub.arrangement, sub.response, render)
                for sub in self.subs(content, arrangement, response)
            ],
        )

    def _shown(self, content: Case, shown: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        listed, number = [], 0
        for sub, values in zip(self.subs(content), shown, strict=True):
            number += sub.type.answerable
            listed.append(
                {
                    "type": {
                        "name": sub.type.name,
                        "player": sub.type.player,
                        "script": sub.type.script,
                        "answerable": sub.type.answerable,
                    },
                    "shown": values,
                    "suffix": f"{sub.place}.",
                    "number": number if sub.type.answerable else None,
                    "share": sub.share,
                }
            )
        return {"questions": listed}

    def given(self, content: Case, arrangement: Any, prefix: str, data: Any) -> Any:
        return [
            sub.type.given(sub.content, sub.arrangement, f"{prefix}{sub.place}.", data)
            for sub in self.subs(content, arrangement)
        ]

    def clean(self, content: Case, arrangement: Any, raw: Any) -> list[Any] | None:
        items = list_of(raw, len(content.questions))
        if items is None:
            return None
        if len(items) != len(content.questions):
            raise wrong_shape()
        response = [
            sub.type.clean(sub.content, sub.arrangement, item) if sub.type.answerable else None
            for sub, item in zip(self.subs(content, arrangement), items, strict=True)
        ]
        return response if any(one is not None for one in response) else None

    def raw(self, content: Case, arrangement: Any, response: Any) -> Any:
        return response and [
            sub.type.raw(sub.content, sub.arrangement, sub.response)
            for sub in self.subs(content, arrangement, response)
        ]

    # -- marking

    def grade(self, content: Case, response: Any) -> Verdict:
        parts = [
            Worth(sub.share * part.weight, part.fraction)
            for sub in self.subs(content, None, response)
            if sub.type.answerable
            for part in sub.type.grade(sub.content, sub.response).parts
        ]
        return Verdict(tuple(parts) or (Worth(1.0, 0.0),))

    def review(
        self,
        content: Case,
        arrangement: Any,
        response: Any,
        render: Render,
        *,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> Mapping[str, Any]:
        values = super().review(
            content,
            arrangement,
            response,
            render,
            correct=correct,
            feedback=feedback,
            right=right,
        )
        shown = [
            sub.type.review(
                sub.content,
                sub.arrangement,
                sub.response,
                render,
                correct=correct,
                feedback=feedback,
                right=right,
            )
            for sub in self.subs(content, arrangement, response)
        ]
        return {
            **values,
            **self._shown(content, shown),
            "review": {**values["review"], "answer": None},
        }

    def between(
        self,
        content: Case,
        arrangement: Any,
        response: Any,
        render: Render,
        *,
        correct: bool,
        feedback: bool,
    ) -> Mapping[str, Any]:
        values = super().review(
            content.model_copy(update={"feedback": Rich()}),
            arrangement,
            response,
            render,
            correct=correct,
            feedback=feedback,
            right=False,
        )
        shown = [
            sub.type.between(
                sub.content,
                sub.arrangement,
                sub.response,
                render,
                correct=correct,
                feedback=feedback,
            )
            for sub in self.subs(content, arrangement, response)
        ]
        return {**values, **self._shown(content, shown)}

    def without_wrong(self, content: Case, response: Any) -> list[Any] | None:
        kept = []
        for sub in self.subs(content, None, response):
            fraction = sub.type.grade(sub.content, sub.response).fraction
            right = fraction is None or fraction >= 1 - NEARLY
            kept.append(
                sub.response if right else sub.type.without_wrong(sub.content, sub.response)
            )
        return kept if any(one is not None for one in kept) else None

    def summary(self, content: Case, response: Any) -> str:
        return " | ".join(
            f"({sub.place + 1}) {sub.type.summary(sub.content, sub.response)}"
            for sub in self.subs(content, None, response)
            if sub.response is not None
        )

    def right_answer(self, content: Case) -> str:
        told = [(sub.place + 1, sub.type.right_answer(sub.content)) for sub in self.subs(content)]
        return " | ".join(f"({number}) {text}" for number, text in told if text)

    def best(self, content: Case) -> list[Any] | None:
        best = [sub.type.best(sub.content) for sub in self.subs(content)]
        return best if any(one is not None for one in best) else None

    # -- statistics

    def counted(self, content: Case, response: Any) -> Mapping[str, str]:
        return {
            f"{sub.place}/{part}": choice
            for sub in self.subs(content, None, response)
            for part, choice in sub.type.counted(sub.content, sub.response).items()
        }

    def choices(self, content: Case) -> Mapping[str, Sequence[tuple[str, str, float]]]:
        return {
            f"{sub.place}/{part}": listed
            for sub in self.subs(content)
            for part, listed in sub.type.choices(sub.content).items()
        }
