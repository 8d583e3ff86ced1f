"""Moodle XML elements out of questions."""

import base64
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape, quoteattr

from modou_quiz.content import Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.building import (
    Refused,
    number,
    one_line,
    percent,
    to_moodle,
)
from modou_quiz.formats.moodle_cloze import write_gaps
from modou_quiz.formats.moodle_reading import NUMBERING, WRITING
from modou_quiz.formats.xml_safety import cdata
from modou_quiz.i18n import _
from modou_quiz.types.contents import (
    AcceptedNumber,
    Answerable,
    Cloze,
    Description,
    Essay,
    Matching,
    MultipleChoice,
    Numerical,
    Ordering,
    Replies,
    Short,
    SingleChoice,
    TrueFalse,
)

_FORMATS: Final = {"html": "html", "markdown": "markdown", "plain": "plain_text"}
_NUMBERING: Final = {ours: theirs for theirs, ours in NUMBERING.items()}
_WRITING: Final = {ours: theirs for theirs, ours in reversed(WRITING.items())}


def category_xml(path: str) -> str:
    return (
        '<question type="category">\n  <category><text>'
        f"{cdata(path)}</text></category>\n</question>\n"
    )


def question_xml(item: Item) -> tuple[str, list[Note]]:
    """The element of a question, as far as Moodle has elements for it.

    :raises Refused: Moodle has no such type
    """
    writer = _Writer(item)
    return writer.question(), writer.notes()


class _Writer:
    """One question. Its files go with the first text that shows them."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.left = dict(item.files)

    def notes(self) -> list[Note]:
        """Files that no text shows."""
        return [
            Note(
                "lost",
                _("No text shows the file “${name}”; it was left out.", mapping={"name": name}),
            )
            for name in self.left
        ]

    def question(self) -> str:
        kind, body = self._body()
        item, content = self.item, self.item.content
        if content is None:
            raise Refused(_("There is no question in it."))
        stem = content.stem
        if isinstance(content, Cloze):
            source = write_gaps(stem.source, content.gaps, stem.markup)
            stem = Rich.model_construct(source=source, markup=stem.markup)
        lines = [
            f"<question type={quoteattr(kind)}>",
            f"  <name><text>{cdata(item.title)}</text></name>",
            self.rich("questiontext", stem),
            self.rich("generalfeedback", content.feedback),
            f"  <defaultgrade>{number(float(item.marks))}</defaultgrade>",
        ]
        if isinstance(content, Answerable):
            lines.append(f"  <penalty>{content.penalty:.7f}</penalty>")
        if item.idnumber:
            lines.append(f"  <idnumber>{cdata(item.idnumber)}</idnumber>")
        lines += body
        if isinstance(content, Answerable):
            for hint in content.hints:
                said = "<clearwrong/>" if hint.clear else ""
                said += "<shownumcorrect/>" if hint.count else ""
                lines.append(self.rich("hint", hint.text, said))
        if item.tags:
            tags = "".join(f"<tag><text>{cdata(tag)}</text></tag>" for tag in item.tags)
            lines.append(f"  <tags>{tags}</tags>")
        lines.append("</question>")
        return "\n".join(lines) + "\n"

    def rich(self, name: str, text: Rich, more: str = "", attributes: str = "") -> str:
        """A formatted text with the files that it shows."""
        format = _FORMATS[text.markup]
        return (
            f'  <{name}{attributes} format="{format}"><text>{cdata(to_moodle(text))}</text>'
            f"{self._files(text)}{more}</{name}>"
        )

    def _files(self, text: Rich) -> str:
        found = ""
        for name in dict.fromkeys(text.files()):
            data = self.left.pop(name, None)
            if data is None:
                # Shown before: Moodle keeps the files of each text apart.
                data = self.item.files.get(name)
            if data is not None:
                content = base64.b64encode(data).decode()
                found += (
                    f'<file name={quoteattr(unquote(name))} path="/" encoding="base64">'
                    f"{content}</file>"
                )
        return found

    def answer(self, fraction: float, text: str, feedback: Rich, more: str = "") -> str:
        """An answer in plain words."""
        said = self.rich("feedback", feedback).strip()
        return (
            f'  <answer fraction="{percent(fraction)}" format="moodle_auto_format">'
            f"<text>{cdata(text)}</text>{said}{more}</answer>"
        )

    def replies(self, replies: Replies) -> list[str]:
        lines = [
            self.rich("correctfeedback", replies.right),
            self.rich("partiallycorrectfeedback", replies.partly),
            self.rich("incorrectfeedback", replies.wrong),
        ]
        return [*lines, "  <shownumcorrect/>"] if replies.count else lines

    def _body(self) -> tuple[str, list[str]]:  # noqa: PLR0911 - one for each type
        content = self.item.content
        match content:
            case SingleChoice() | MultipleChoice():
                return "multichoice", self._choice(content)
            case TrueFalse():
                return "truefalse", [
                    self.answer(float(content.answer), "true", content.if_true),
                    self.answer(float(not content.answer), "false", content.if_false),
                ]
            case Short():
                return "shortanswer", [
                    f"  <usecase>{int(content.reading.case)}</usecase>",
                    *(self.answer(a.fraction, a.pattern, a.feedback) for a in content.answers),
                ]
            case Numerical():
                return "numerical", self._numerical(content)
            case Matching():
                return "matching", self._matching(content)
            case Ordering():
                return "ordering", self._ordering(content)
            case Essay():
                return "essay", self._essay(content)
            case Cloze():
                return "cloze", []
            case Description():
                return "description", []
        raise Refused(_("This format cannot carry the question; it was left out."))

    def _choice(self, content: SingleChoice | MultipleChoice) -> list[str]:
        return [
            f"  <single>{str(isinstance(content, SingleChoice)).lower()}</single>",
            f"  <shuffleanswers>{str(content.shuffle).lower()}</shuffleanswers>",
            f"  <answernumbering>{_NUMBERING[content.numbering]}</answernumbering>",
            *self.replies(content.replies),
            *(
                self.rich(
                    "answer",
                    option.text,
                    self.rich("feedback", option.feedback).strip(),
                    f' fraction="{percent(option.fraction)}"',
                )
                for option in content.options
            ),
        ]

    def _numerical(self, content: Numerical) -> list[str]:
        lines = []
        for answer in content.answers:
            text, tolerance = _number_and_tolerance(answer)
            more = f"<tolerance>{tolerance}</tolerance>"
            lines.append(self.answer(answer.fraction, text, answer.feedback, more))
        units = content.units
        required = units.mode == "required"
        graded = {"response": 1, "question": 2}[units.penalty_of] if required else 0
        shown = {"text": 0, "radio": 1, "select": 2}[units.show] if required else 0
        lines += [
            f"  <unitgradingtype>{graded}</unitgradingtype>",
            f"  <unitpenalty>{units.penalty:.7f}</unitpenalty>",
            f"  <showunits>{3 if units.mode == 'none' else shown}</showunits>",
            f"  <unitsleft>{int(units.before)}</unitsleft>",
        ]
        if units.units:
            inside = "".join(
                f"<unit><multiplier>{number(unit.factor)}</multiplier>"
                f"<unit_name>{escape(unit.name)}</unit_name></unit>"
                for unit in units.units
            )
            lines.append(f"  <units>{inside}</units>")
        return lines

    def _matching(self, content: Matching) -> list[str]:
        def subquestion(left: Rich, right: Rich) -> str:
            words = to_moodle(right) if right.markup == "html" else one_line(right)
            return self.rich("subquestion", left, f"<answer><text>{cdata(words)}</text></answer>")

        return [
            f"  <shuffleanswers>{str(content.shuffle).lower()}</shuffleanswers>",
            *self.replies(content.replies),
            *(subquestion(pair.left, pair.right) for pair in content.pairs),
            *(subquestion(Rich(), choice) for choice in content.distractors),
        ]

    def _ordering(self, content: Ordering) -> list[str]:
        grading = {
            "all": "ALL_OR_NOTHING",
            "positions": "ABSOLUTE_POSITION",
            "neighbours": "RELATIVE_NEXT_EXCLUDE_LAST",
        }[content.scoring]
        return [
            f"  <layouttype>{'HORIZONTAL' if content.layout == 'row' else 'VERTICAL'}</layouttype>",
            "  <selecttype>ALL</selecttype>",
            "  <selectcount>0</selectcount>",
            f"  <gradingtype>{grading}</gradingtype>",
            "  <showgrading>SHOW</showgrading>",
            f"  <numberingstyle>{_NUMBERING[content.numbering]}</numberingstyle>",
            *self.replies(content.replies),
            *(
                self.rich("answer", item, attributes=f' fraction="{place}.0000000"')
                for place, item in enumerate(content.items, start=1)
            ),
        ]

    def _essay(self, content: Essay) -> list[str]:
        lines = [
            f"  <responseformat>{_WRITING[content.writing]}</responseformat>",
            f"  <responserequired>{int(content.required)}</responserequired>",
            f"  <responsefieldlines>{content.lines}</responsefieldlines>",
            f"  <attachments>{content.files}</attachments>",
            f"  <attachmentsrequired>{content.files_required}</attachmentsrequired>",
            f"  <maxbytes>{content.file_bytes}</maxbytes>",
            f"  <filetypeslist>{escape(','.join(content.file_types))}</filetypeslist>",
            self.rich("graderinfo", content.notes),
            self.rich("responsetemplate", content.template),
        ]
        if content.least_words:
            lines.append(f"  <minwordlimit>{content.least_words}</minwordlimit>")
        if content.most_words:
            lines.append(f"  <maxwordlimit>{content.most_words}</maxwordlimit>")
        return lines


def _number_and_tolerance(answer: AcceptedNumber) -> tuple[str, str]:
    if answer.kind == "any":
        return "*", "0"
    if answer.kind == "range":
        middle, half = (answer.low + answer.high) / 2, (answer.high - answer.low) / 2
        return number(middle), number(half)
    tolerance = answer.tolerance * abs(answer.value) if answer.relative else answer.tolerance
    return number(answer.value), number(tolerance)
