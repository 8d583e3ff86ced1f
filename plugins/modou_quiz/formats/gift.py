r"""GIFT: questions as plain text, made to be written by hand (docs.moodle.org/en/GIFT_format).

Where people and programs read GIFT differently, Moodle is followed: what begins with `=` or `~`;
`~%50%` only, without `=`, is a question with several right answers; after TRUE and FALSE the first
feedback is for those who were wrong, the second for those who were right.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, Final

from modou.errors import Message
from modou_quiz.content import Content, Rich
from modou_quiz.formats import gift_syntax as syntax
from modou_quiz.formats.base import Item, Note, QuestionFormat
from modou_quiz.formats.building import (
    NO_RIGHT_ANSWER,
    TOO_LONG,
    Refused,
    build,
    from_moodle,
    guessed,
    missing_files,
    number,
    one_line,
    percent,
    plain,
    refuse,
    to_moodle,
)
from modou_quiz.formats.extras import extras_of, with_extras
from modou_quiz.formats.reading import find_encoding, text_lines
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    Accepted,
    AcceptedNumber,
    Description,
    Essay,
    Matching,
    MultipleChoice,
    Numerical,
    Option,
    Pair,
    Short,
    SingleChoice,
    TrueFalse,
)

_FORMATS: Final = {"html": "html", "markdown": "markdown", "plain": "plain"}


class Gift(QuestionFormat):
    """See the module's docstring."""

    name = "gift"
    title = "GIFT"
    description = _("Plain text, written by hand or by other systems")
    extension = ".gift.txt"
    media_type = "text/plain"
    carries = frozenset(
        {
            "single",
            "multiple",
            "truefalse",
            "short",
            "numerical",
            "matching",
            "essay",
            "description",
        }
    )

    def recognises(self, head: bytes, filename: str) -> float:
        name = filename.lower()
        if name.endswith((".gift", ".gift.txt")):
            return 0.95
        if head.startswith((b"PK\x03\x04", b"\x89PNG", b"%PDF")) or head.lstrip()[:1] == b"<":
            return 0.0
        text = head.decode(find_encoding(io.BytesIO(head)), "replace")
        signs = sum(sign in text for sign in ("{", "}", "::"))
        answers = "=" in text or "~" in text or "{T" in text or "{F" in text
        if "{" in text and "}" in text and answers:
            return 0.6 + 0.1 * signs
        return 0.3 if "::" in text or "$CATEGORY:" in text else 0.0

    def encoding(self, stream: IO[bytes]) -> str:
        return find_encoding(stream)

    def read(self, stream: IO[bytes]) -> Iterator[Item]:
        category: tuple[str, ...] = ()
        for found in syntax.parse(text_lines(stream)):
            if isinstance(found, syntax.Category):
                category = found.path
            elif isinstance(found, syntax.Fault):
                yield Item(
                    line=found.line, title=found.title, category=category, notes=list(found.notes)
                )
            else:
                yield _item(found, category)

    def write(self, items: Iterable[Item], out: IO[bytes]) -> Sequence[tuple[Item, Note]]:
        told: list[tuple[Item, Note]] = []
        category: tuple[str, ...] | None = None
        for item in items:
            try:
                text, notes = _written(item)
            except Refused as refused:
                told.append((item, Note("error", refused.message)))
                continue
            told += [(item, note) for note in notes]
            if item.category != category and (item.category or category is not None):
                path = syntax.join_path(item.category)
                out.write(f"$CATEGORY: {path}\n\n".encode())
            category = item.category
            out.write(text.encode() + b"\n\n")
        return told

    def template(self) -> bytes | None:
        return _TEMPLATE.encode()


# -- reading


def _item(parsed: syntax.Parsed, category: tuple[str, ...]) -> Item:
    item = Item(
        line=parsed.line,
        title=parsed.title,
        category=category,
        tags=parsed.tags,
        idnumber=parsed.idnumber,
        notes=parsed.notes,
    )
    try:
        stem, feedback = _rich(parsed.stem), _rich(parsed.feedback)
        _KINDS[parsed.kind](item, parsed, stem, feedback)
    except Refused as refused:
        return refuse(item, refused.message, refused.line)
    except ValueError:
        # Longer than any text may be.
        return refuse(item, TOO_LONG)
    if parsed.extra:
        item = with_extras(item, parsed.extra)
    if parsed.kind == "description":
        _odd_description(item)
    if parsed.shows_files:
        item.notes += missing_files(item)
    return item


def _odd_description(item: Item) -> None:
    """Text without braces is a description; answers without braces are a slip."""
    text = item.content.stem.source if item.content is not None else ""
    lines = [line.lstrip() for line in text.split("\n")]
    if sum(line.startswith(("=", "~")) for line in lines) >= 2:
        message = _(
            "It looks like answers without “{ }” around them; it was read as a description."
        )
        item.notes.append(Note("changed", message, item.line))


def _rich(text: syntax.Text | None) -> Rich:
    return from_moodle(text.format, text.source) if text is not None else Rich(markup="html")


def _fraction(answer: syntax.Answer) -> float:
    if answer.weight is not None:
        return answer.weight / 100
    return 1.0 if answer.sign == "=" else 0.0


def _description(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    build(item, "description", Description, stem=stem)


def _essay(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    build(item, "essay", Essay, stem=stem, feedback=feedback)


def _truefalse(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    remarks = [_rich(remark) for remark in parsed.remarks[:2]]
    wrong, right = [*remarks, Rich(), Rich()][:2]
    build(
        item,
        "truefalse",
        TrueFalse,
        stem=stem,
        feedback=feedback,
        answer=parsed.truth,
        if_true=right if parsed.truth else wrong,
        if_false=wrong if parsed.truth else right,
    )


def _choice(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    options = [
        Option(text=_rich(a.text), fraction=_fraction(a), feedback=_rich(a.feedback))
        for a in parsed.answers
    ]
    if len(options) < 2:
        raise Refused(_("A choice needs at least two answers; here is one."), parsed.line)
    if not any(option.fraction > 0 for option in options):
        raise Refused(NO_RIGHT_ANSWER, parsed.line)
    several = not any(a.sign == "=" and a.weight is None for a in parsed.answers)
    type = _type_said(parsed.extra, "multiple" if several else "single", {"single", "multiple"})
    model: Any = {"single": SingleChoice, "multiple": MultipleChoice}[type]
    build(item, type, model, stem=stem, feedback=feedback, options=options)


def _matching(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    pairs, distractors = [], []
    for answer in parsed.answers:
        left = _rich(answer.text)
        right = guessed(answer.pair.source) if answer.pair is not None else Rich()
        if not right:
            raise Refused(_("Behind “->” nothing follows."), answer.line)
        if answer.feedback is not None and answer.feedback.source:
            message = _("Feedback of a pair has no place in a matching question.")
            item.notes.append(Note("lost", message, answer.line))
        if left:
            pairs.append(Pair(left=left, right=right))
        else:
            distractors.append(right)
    if not pairs:
        raise Refused(_("There is no pair in this matching question."), parsed.line)
    build(
        item,
        "matching",
        Matching,
        stem=stem,
        feedback=feedback,
        pairs=pairs,
        distractors=distractors,
    )


def _words(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    answers = []
    type = _type_said(parsed.extra, "short", {"short", "single"})
    if type == "single":
        options = [
            Option(text=_rich(a.text), fraction=_fraction(a), feedback=_rich(a.feedback))
            for a in parsed.answers
        ]
        build(item, type, SingleChoice, stem=stem, feedback=feedback, options=options)
        return
    for answer in parsed.answers:
        text = answer.text.source
        if answer.text.format == "html":
            text = plain(Rich(source=text))
        if " ".join(text.split()) != answer.text.source:
            message = _(
                "Typed answers are one line of plain text: “${text}”.", mapping={"text": text}
            )
            item.notes.append(Note("changed", message, answer.line))
        if not text.strip():
            raise Refused(_("Behind “=” no answer follows."), answer.line)
        answers.append(
            Accepted(pattern=text, fraction=_fraction(answer), feedback=_rich(answer.feedback))
        )
    if not any(answer.fraction > 0 for answer in answers):
        raise Refused(NO_RIGHT_ANSWER, parsed.line)
    build(item, "short", Short, stem=stem, feedback=feedback, answers=answers)


def _numerical(item: Item, parsed: syntax.Parsed, stem: Rich, feedback: Rich) -> None:
    answers = []
    for answer in parsed.answers:
        more = {"fraction": _fraction(answer), "feedback": _rich(answer.feedback)}
        text = answer.text.source.strip()
        if answer.sign == "~" or text == "*":
            answers.append(AcceptedNumber(kind="any", **more))
        elif text:
            answers.append(_accepted_number(text, answer.line, more))
    if not any(answer.fraction > 0 for answer in answers):
        raise Refused(NO_RIGHT_ANSWER, parsed.line)
    build(item, "numerical", Numerical, stem=stem, feedback=feedback, answers=answers)


def _accepted_number(text: str, line: int, more: dict[str, Any]) -> AcceptedNumber:
    """A number, `number:tolerance` or `low..high`.

    :raises Refused: it is none of them
    """
    try:
        if ".." in text:
            low, _dots, high = text.partition("..")
            values = sorted((float(low), float(high)))
            return AcceptedNumber(kind="range", low=values[0], high=values[1], **more)
        value, _colon, tolerance = text.partition(":")
        return AcceptedNumber(value=float(value), tolerance=float(tolerance or 0), **more)
    except ValueError:
        message = _(
            "“${text}” is no number, range or number with tolerance.", mapping={"text": text}
        )
        raise Refused(message, line) from None


def _type_said(extra: str, default: str, allowed: set[str]) -> str:
    """Our own comment says the type where the format cannot tell: `["type:single", …]`."""
    for type in sorted(allowed):
        if f'["type","","{type}"]' in extra:
            return type
    return default


_KINDS: Final[dict[str, Callable[[Item, syntax.Parsed, Rich, Rich], None]]] = {
    "description": _description,
    "essay": _essay,
    "truefalse": _truefalse,
    "choice": _choice,
    "matching": _matching,
    "words": _words,
    "numerical": _numerical,
}


# -- writing


def _written(item: Item) -> tuple[str, list[Note]]:
    """A question's lines, and what to say about it.

    :raises Refused: the format cannot carry it
    """
    content = item.content
    if content is None:
        raise Refused(_("There is no question in it."))
    body = _bodies(content)
    title = f"::{syntax.escaped(item.title)}::" if item.title else ""
    text = title + _full(content.stem) + body
    comments = []
    if item.idnumber or item.tags:
        marks = [f"[id:{_bracketed(item.idnumber)}]"] if item.idnumber else []
        marks += [f"[tag:{_bracketed(tag)}]" for tag in item.tags]
        comments.append(f"// {' '.join(marks)}")
    category = f"$CATEGORY: {syntax.join_path(item.category)}\n"
    notes: list[Note] = []
    native = _read_again(item, "\n".join([category, *comments, text]))
    said = ""
    if native.type != item.type:
        said = f'["type","","{item.type}"]'
        native = _read_again(item, "\n".join([category, *comments, f"{syntax.OURS}[{said}]", text]))
        if native.type != item.type:
            raise Refused(CANNOT)
    extra, notes = extras_of(native, item)
    entries = ",".join(part for part in (said, extra[1:-1]) if part)
    if entries:
        comments.append(f"{syntax.OURS}[{entries}]")
    for name in item.files:
        message = _("The file “${name}” has no place in this format.", mapping={"name": name})
        notes.append(Note("lost", message))
    return "\n".join([*comments, text]), notes


def _read_again(item: Item, text: str) -> Item:
    read = list(Gift().read(io.BytesIO(text.encode())))
    if len(read) != 1 or read[0].content is None:
        raise Refused(CANNOT)
    return read[0]


def _bracketed(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace("]", "\\]").split())


def _full(text: Rich) -> str:
    return f"[{_FORMATS[text.markup]}]{syntax.escaped(to_moodle(text))}"


def _short(text: Rich, stem: Rich) -> str:
    """A text within the answers; the stem's markup need not be said again."""
    source = to_moodle(text)
    if text.markup == stem.markup and not source.lstrip().startswith("["):
        return syntax.escaped(source)
    return _full(text)


def _remark(text: Rich, stem: Rich) -> str:
    return f"#{_short(text, stem)}" if text else ""


def _sign(fraction: float, always: bool = False) -> str:
    if fraction == 1 and not always:
        return "="
    return f"~%{percent(fraction)}%" if fraction or always else "~"


def _bodies(content: Content) -> str:
    """What stands behind the stem.

    :raises Refused: the format has nothing for this type
    """
    if isinstance(content, Description):
        return ""
    body = ""
    match content:
        case Essay():
            body = ""
        case TrueFalse():
            body = _truefalse_body(content)
        case SingleChoice() | MultipleChoice():
            several = isinstance(content, MultipleChoice)
            body = "".join(
                f"\n\t{_sign(o.fraction, several)}{_short(o.text, content.stem)}"
                f"{_remark(o.feedback, content.stem)}"
                for o in content.options
            )
        case Short():
            body = "".join(
                f"\n\t={_weight(a.fraction)}"
                f"{_short(Rich(source=a.pattern, markup='plain'), content.stem)}"
                f"{_remark(a.feedback, content.stem)}"
                for a in content.answers
            )
        case Numerical():
            body = "#" + "".join(
                f"\n\t={_weight(a.fraction)}{_number_text(a)}{_remark(a.feedback, content.stem)}"
                for a in content.answers
            )
        case Matching():
            body = _matching_body(content)
        case _:
            raise Refused(CANNOT)
    if content.feedback:
        body += f"\n\t####{_short(content.feedback, content.stem)}"
    return "{" + body + ("\n}" if "\n" in body else "}")


def _weight(fraction: float) -> str:
    return "" if fraction == 1 else f"%{percent(fraction)}%"


def _number_text(answer: AcceptedNumber) -> str:
    if answer.kind == "any":
        return "*"
    if answer.kind == "range":
        return f"{number(answer.low)}..{number(answer.high)}"
    tolerance = answer.tolerance * abs(answer.value) if answer.relative else answer.tolerance
    return f"{number(answer.value)}:{number(tolerance)}"


def _truefalse_body(content: TrueFalse) -> str:
    right, wrong = content.if_true, content.if_false
    if not content.answer:
        right, wrong = wrong, right
    body = "TRUE" if content.answer else "FALSE"
    if wrong or right:
        body += "#" + _short(wrong, content.stem)
    if right:
        body += _remark(right, content.stem)
    return body


def _matching_body(content: Matching) -> str:
    rows = [(_short(_unarrowed(p.left), content.stem), p.right) for p in content.pairs]
    rows += [("", right) for right in content.distractors]
    return "".join(f"\n\t={left} -> {_right_side(right)}" for left, right in rows)


def _right_side(text: Rich) -> str:
    return syntax.escaped(one_line(text) if text.markup == "html" else to_moodle(text))


def _unarrowed(text: Rich) -> Rich:
    if "->" not in text.source:
        return text
    arrow = "→" if text.markup == "plain" else "-&gt;"
    return text.model_copy(update={"source": text.source.replace("->", arrow)})


CANNOT: Final[Message] = _("This format cannot carry the question; it was left out.")

_TEMPLATE: Final = """\
// 每道题之间空一行；以 // 开头的行是注释。题干、选项里的 ~ = # { } : 前面要加反斜杠 \\
// Leave a blank line between questions. Lines that begin with // are comments.
// In texts, put a backslash before ~ = # { } :

$CATEGORY: $course$/top/示例

// [tag:示例]
::单选题::中国的首都是哪座城市？{
\t=北京#正确
\t~上海
\t~天津
\t####北京是中国的首都。
}

::多选题::下列哪些是直辖市？{
\t~%50%天津
\t~%50%重庆
\t~%-100%广州
}

::判断题::水在标准大气压下 100 ℃ 沸腾。{TRUE}

::填空题::墨斗用来弹{=墨线 =线}。

::数值题::圆周率精确到小数点后两位是多少？{#3.14:0.005}

::匹配题::请把省份和省会连起来。{
\t=浙江 -> 杭州
\t=江苏 -> 南京
\t=广东 -> 广州
}

::问答题::请说明安全操作的要点。{}
"""
