"""Answers that stand together at the end of a Word document (参考答案)."""

from modou_quiz.formats.base import Note
from modou_quiz.formats.office import lines
from modou_quiz.formats.office.documents import Element, Grid, Paragraph
from modou_quiz.formats.office.flows import add
from modou_quiz.formats.office.texts import Block, Flow, Words
from modou_quiz.i18n import _

#: The section of answers that stand below no heading.
_ANY = -1


class AnswerKey:
    """Takes the paragraphs behind the heading, and gives the answer to each question.

    :param headings: those of the questions; sections are counted from 1
    """

    def __init__(self, headings: list[lines.Heading]) -> None:
        self._headings = headings
        self._section = _ANY
        self._answers: dict[tuple[int, int], Flow] = {}
        self._taken: set[tuple[int, int]] = set()
        #: The answer that the next paragraph may go on with.
        self._open: Flow | None = None
        self.problems: list[Note] = []

    def take(self, section: int, number: int) -> Flow | None:
        """The answer to a question of a section."""
        for key in ((section, number), (_ANY, number)):
            if key in self._answers and key not in self._taken:
                self._taken.add(key)
                return self._answers[key]
        return None

    def finish(self) -> None:
        """Tell of answers that nobody took."""
        for key in self._answers:
            if key not in self._taken:
                message = _(
                    "Among the answers there is one to question ${number}, which there is not.",
                    mapping={"number": key[1]},
                )
                self.problems.append(Note("lost", message))

    def read(self, element: Element) -> None:
        """Take what stands next in the document."""
        if isinstance(element, Grid):
            for row in element.rows:
                for cell in row:
                    for inner in cell:
                        self.read(inner)
        elif element.text.strip(" \t\n\u3000"):
            self._read(element)

    def _read(self, paragraph: Paragraph) -> None:
        text = paragraph.text
        numbered = lines.question_number(text)
        heading = lines.heading_of(text) if numbered is None else None
        if heading is not None:
            self._section, self._open = self._section_of(heading), None
            # The answers may stand behind it: 一、单选题 1. B 2. C
            self._keep(_behind_heading(text))
            return
        short = lines.answers_in(text)
        if short:
            self._keep(short)
            self._open = None
            return
        start = numbered or lines.part_number(text)
        if start is not None:
            rest = Paragraph(paragraph.number, paragraph.cut(start[1]))
            label = lines.fields_in(rest.text)
            self._open = self._answers[self._section, start[0]] = []
            add(self._open, rest.cut(label[0][2] if label and label[0][0] == "answer" else 0))
        elif self._open is not None:
            add(self._open, paragraph.pieces)
        else:
            message = _(
                "¶${number}: among the answers, this belongs to no question: ${text}",
                mapping={"number": paragraph.number, "text": text.strip()[:60]},
            )
            self.problems.append(Note("lost", message, paragraph.number))

    def _keep(self, answers: list[tuple[int, str]]) -> None:
        for number, answer in answers:
            self._answers[self._section, number] = [Block([Words(answer)])]

    def _section_of(self, heading: lines.Heading) -> int:
        """The section of the questions that a heading among the answers means."""
        same = [
            place
            for place, other in enumerate(self._headings, start=1)
            if (other.kind and other.kind == heading.kind)
            or (not heading.kind and heading.number and other.number == heading.number)
        ]
        later = [place for place in same if place > self._section]
        following = self._section + 1 if self._section > 0 else 1
        return (later or same or [following])[0]


def _behind_heading(text: str) -> list[tuple[int, str]]:
    """Short answers behind a heading, e.g. `一、单选题：1-5 ABCDA`."""
    for at, sign in enumerate(text):
        if sign.isdigit():
            found = lines.answers_in(text[at:])
            if found:
                return found
    return []
