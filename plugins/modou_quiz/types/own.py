"""What this plugin's own types share: how they show, review and name things."""

import html
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, ClassVar, Final, Generic, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from modou.errors import Invalid
from modou.services import markup
from modou_quiz.content import Content, Rich
from modou_quiz.i18n import _
from modou_quiz.types.base import Flaw, QuestionType, Render, Verdict, Worth
from modou_quiz.types.contents import Numbering, Option, Replies

C = TypeVar("C", bound=Content)

#: Fractions are kept to seven decimals: three thirds come to this much less than one at most.
NEARLY: Final = 1e-5
#: Longest text of one line that a learner may give, in characters.
LONGEST_LINE: Final = 2000

_ROMAN = ((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))


def whole(fraction: float) -> float:
    """A sum of fractions, with what rounding took from a whole one given back."""
    nearest = round(fraction)
    return float(nearest) if abs(fraction - nearest) <= NEARLY else fraction


def one(fraction: float | None) -> Verdict:
    """The verdict on a question of a single part."""
    return Verdict((Worth(1.0, None if fraction is None else whole(fraction)),))


def state_of(fraction: float | None) -> str:
    """Name of a state: "right", "partly", "wrong", or "open" while a person has to say."""
    if fraction is None:
        return "open"
    if fraction >= 1 - NEARLY:
        return "right"
    return "partly" if fraction > NEARLY else "wrong"


def label(numbering: Numbering, place: int) -> str:
    """How the option at a place, from 0, is called: A, b, 3, iv; "" for none."""
    if numbering == "none":
        return ""
    if numbering == "123":
        return str(place + 1)
    if numbering in ("iii", "III"):
        text, rest = "", place + 1
        for value, letters in _ROMAN:
            text += letters * (rest // value)
            rest %= value
        return text.upper() if numbering == "III" else text
    text, rest = "", place + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        text = chr(ord("a") + letter) + text
    return text.upper() if numbering == "ABC" else text


@lru_cache(maxsize=4096)
def line_of(rich: Rich, limit: int = 200) -> str:
    """A formatted text in one line of plain text; of one that only shows files, their names."""
    source = html.escape(rich.source) if rich.markup != "html" else rich.source
    if rich.markup == "markdown":
        with suppress(Invalid):
            source = str(markup.render_markdown(rich.source))
    text = markup.plain_text(source, limit)
    if not text and rich:
        text = ", ".join(f"[{unquote(name)}]" for name in rich.files())[:limit] or "…"
    return text


def mixed(count: int, chance: random.Random) -> list[int]:
    """Numbers below `count` in random order."""
    places = list(range(count))
    chance.shuffle(places)
    return places


def ordered(arrangement: Any, count: int) -> Sequence[int]:
    """The places in an arrangement; those of the content where no arrangement fits."""
    if isinstance(arrangement, (list, tuple)) and sorted(arrangement) == list(range(count)):
        return arrangement
    return range(count)


def place_of(raw: Any, count: int) -> int | None:
    """The place that a raw answer names, None for nothing.

    :raises Invalid: there is none such
    """
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 6:
        raw = int(raw)
    if type(raw) is int and 0 <= raw < count:
        return raw
    raise Invalid(_("The answer names a choice that this question does not have."), "answer")


def text_of(raw: Any, limit: int = LONGEST_LINE) -> str | None:
    """The text of a raw answer, None for nothing.

    :raises Invalid: no text, or too long
    """
    if raw is None:
        return None
    if not isinstance(raw, str):
        raise wrong_shape()
    if len(raw) > limit:
        raise Invalid(
            _("The answer is longer than ${limit} characters.", mapping={"limit": limit}), "answer"
        )
    return raw if raw.strip() else None


def list_of(raw: Any, most: int) -> list[Any] | None:
    """The list of a raw answer, None for nothing.

    :raises Invalid: no list, or too long
    """
    if raw is None:
        return None
    if not isinstance(raw, (list, tuple)) or len(raw) > most:
        raise wrong_shape()
    return list(raw)


def wrong_shape() -> Invalid:
    return Invalid(_("This is not an answer to this question."), "answer")


def no_stem(content: Content) -> list[Flaw]:
    return [] if content.stem else [Flaw("error", _("The question has no text."), "stem")]


def filled(row: Any, keys: Sequence[str]) -> bool:
    """Whether a row of a form says anything: texts as such, or one of a mapping's `keys`."""
    if not isinstance(row, Mapping):
        return bool(row)
    if row.get("kind") == "any":
        return True
    values = [row.get(key) for key in keys]
    # A zero says something, an empty text does not.
    return any(
        bool(value) if isinstance(value, (Rich, str, list)) else value is not None
        for value in values
    )


def refusal(error: ValidationError, names: Mapping[str, str] = {}) -> Invalid:
    """What a content model says against its values, for people."""
    first = error.errors()[0]
    where = [str(part) for part in first["loc"]]
    field = where[0] if where else ""
    return Invalid(
        _(
            "${field}: this cannot be kept (${reason}).",
            mapping={"field": " / ".join(where) or "?", "reason": first["msg"]},
        ),
        names.get(field, field) or None,
    )


def said(value: Any) -> Any:
    """A form's value without what was left empty."""
    if isinstance(value, Mapping):
        return {name: said(one) for name, one in value.items() if one is not None}
    return value


def form_value(value: Any) -> Any:
    """A value of content as forms take it: `Rich` as it is, parts as mappings."""
    if isinstance(value, Rich):
        return value
    if isinstance(value, BaseModel):
        return {name: form_value(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple):
        return [form_value(one) for one in value]
    return value


class OwnType(QuestionType[C], Generic[C]):
    """Shows stem and body, and reviews by marking the body. Its form's fields are named as those
    of the content."""

    #: Fields that are rows -> what makes a row count as filled in.
    rows: ClassVar[Mapping[str, Sequence[str]]] = {}

    def from_form(self, data: Mapping[str, Any]) -> C:
        values = self.values({k: v for k, v in data.items() if v is not None})
        try:
            return self.content.model_validate(values)
        except ValidationError as error:
            raise refusal(error) from error

    def values(self, data: dict[str, Any]) -> dict[str, Any]:
        """The content's values in a form's data."""
        known = {name: value for name, value in data.items() if name in self.content.model_fields}
        for name, keys in {"hints": ("text",), **self.rows}.items():
            if name in known:
                known[name] = [said(row) for row in known[name] if filled(row, keys)]
        return {name: said(value) for name, value in known.items()}

    def to_form(self, content: C) -> Mapping[str, Any]:
        return {name: form_value(getattr(content, name)) for name in type(content).model_fields}

    def body(self, content: C, arrangement: Any, response: Any, render: Render) -> dict[str, Any]:
        """What `shown` has beside the stem."""
        return {}

    def shown(self, content: C, arrangement: Any, response: Any, render: Render) -> dict[str, Any]:
        return {
            "stem": render(content.stem),
            **self.body(content, arrangement, response, render),
        }

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
        values = self.shown(content, arrangement, response, render)
        verdict = self.grade(content, response)
        state = state_of(verdict.fraction)
        reviewed: dict[str, Any] = {"given": response is not None}
        if correct:
            reviewed["state"] = state
        if feedback:
            reviewed["feedback"] = render(content.feedback) if content.feedback else None
            replies = getattr(content, "replies", None)
            reply = reply_of(replies, state) if replies is not None else None
            reviewed["reply"] = render(reply) if reply else None
        if right:
            reviewed["answer"] = self.right_answer(content) or None
        values["review"] = reviewed
        self.mark(content, response, values, render, verdict, correct, feedback, right)
        return values

    def mark(
        self,
        content: C,
        response: Any,
        values: dict[str, Any],
        render: Render,
        verdict: Verdict,
        correct: bool,
        feedback: bool,
        right: bool,
    ) -> None:
        """Add to `values`, as `shown` gave them, what the review rules allow about each piece."""


def shown_options(
    options: Sequence[Option],
    arrangement: Any,
    chosen: Sequence[int],
    numbering: Numbering,
    render: Render,
) -> list[dict[str, Any]]:
    """Options as they stand in one attempt. `value`: the place in the content."""
    return [
        {
            "value": place,
            "label": label(numbering, number),
            "text": render(options[place].text),
            "plain": line_of(options[place].text),
            "chosen": place in chosen,
        }
        for number, place in enumerate(ordered(arrangement, len(options)))
    ]


def mark_options(
    shown: Sequence[dict[str, Any]],
    options: Sequence[Option],
    render: Render,
    *,
    correct: bool,
    feedback: bool,
    right: bool,
    best: Sequence[int],
) -> None:
    """Add to shown options what the review rules allow.

    :param best: the places that a right answer has
    """
    for one_shown in shown:
        option = options[one_shown["value"]]
        if correct and one_shown["chosen"]:
            one_shown["state"] = state_of(option.fraction)
        if feedback and one_shown["chosen"] and option.feedback:
            one_shown["feedback"] = render(option.feedback)
        if right:
            one_shown["right"] = one_shown["value"] in best


def reply_of(replies: Replies, state: str) -> Rich | None:
    """The combined feedback for a state."""
    return {"right": replies.right, "partly": replies.partly, "wrong": replies.wrong}.get(state)
