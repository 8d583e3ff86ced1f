"""A paper as a PDF file: A4, with the binding line (装订线), an answer sheet, and a key.

It is HTML of ours, with the pictures of the paper's questions in it; WeasyPrint sets the pages
(`press`) and fetches nothing.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from modou.errors import Message
from modou.services.occasion import Occasion
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Slot
from modou_quiz.models.papers import PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import drawing, shelf
from modou_quiz.services.printing.formulas import set_formulas
from modou_quiz.services.printing.pictures import Pictures
from modou_quiz.services.printing.wording import SHORT, Printed, Translate, printed
from modou_quiz.services.rendering import Sign, render_for

#: Told of each question, by its place.
Tick = Callable[[int], None]
_NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Print:
    """How a paper is printed.

    :param version: "A", "B", …: each draws other questions, the same letter the same ones
    :param answers: "none", "key" (at the end) or "inline" (with explanations)
    :param sheet: an answer sheet on a page of its own
    :param binding: the binding line with the fields for name and number
    """

    version: str = "A"
    answers: str = "none"
    sheet: bool = False
    binding: bool = True


@dataclass(slots=True)
class _Item:
    """A question of the paper with its number; 0: it only informs."""

    number: int
    type: str
    marks: float
    printed: Printed


def chance_of(quiz_id: int, quiz: Quiz, version: str) -> random.Random:
    """What decides a version of a paper: the same as long as the paper is not changed."""
    return random.Random(f"{quiz_id}/{quiz.revision}/{version}")  # noqa: S311 - to be repeated


def slots_of(occasion: Occasion, quiz_id: int, quiz: Quiz, version: str) -> Sequence[Slot]:
    """The questions of a version of a paper.

    :raises Conflict: the paper cannot be drawn
    """
    return drawing.draw(occasion, quiz, chance_of(quiz_id, quiz, version))


def compose(
    occasion: Occasion,
    slots: Sequence[Slot],
    quiz: Quiz,
    titles: tuple[str, str],
    how: Print,
    translate: Translate,
    pictures: Pictures | None = None,
    tick: Tick = lambda done: None,
) -> str:
    """The page that `press` makes a PDF file of.

    :param titles: of the course and of the quiz
    :param pictures: what may be shown of them, and afterwards what was left out
    :param tick: called with each question; raises when it is to end
    """
    sign = pictures if pictures is not None else Pictures()
    parts = _parts(occasion, quiz, slots, translate, sign, tick)
    return _html(quiz, titles, how, parts, translate, tick)


def key_of(occasion: Occasion, quiz_id: int, quiz: Quiz, version: str) -> list[tuple[int, str]]:
    """(number, answer) of each question of a version."""
    slots = slots_of(occasion, quiz_id, quiz, version)
    parts = _parts(occasion, quiz, slots, str, lambda stored: "", lambda done: None)
    return [
        (item.number, item.printed.answer)
        for _section, items in parts
        for item in items
        if item.number
    ]


_Parts = list[tuple[PaperSection, list[_Item]]]


def _parts(
    occasion: Occasion,
    quiz: Quiz,
    slots: Sequence[Slot],
    translate: Translate,
    sign: Sign,
    tick: Tick,
) -> _Parts:
    store = shelf.bank_of(occasion)
    known = shelf.types_of(occasion)
    number = 0
    parts: _Parts = [(section, []) for section in quiz.paper.sections]
    for place, slot in enumerate(slots):
        tick(place)
        question = store.questions.by_id(slot.question)
        version = question.version(slot.version)
        type_ = known[question.type]
        content = shelf.content_of(occasion, question, version)
        render = render_for(occasion, version, sign)
        number += type_.answerable
        parts[slot.section][1].append(
            _Item(
                number if type_.answerable else 0,
                question.type,
                slot.marks,
                printed(type_, content, slot.arrangement, render, translate),
            )
        )
    return parts


def _html(
    quiz: Quiz, titles: tuple[str, str], how: Print, parts: _Parts, translate: Translate, tick: Tick
) -> str:
    course, title = titles
    total = sum(item.marks for _section, items in parts for item in items)
    minutes = quiz.time_limit // 60
    facts = [translate(_("${marks} marks", mapping={"marks": f"{total:g}"}))]
    if minutes:
        facts.append(translate(_("${number} minutes", mapping={"number": minutes})))
    facts.append(translate(_("Version ${letter}", mapping={"letter": how.version})))
    body = [
        _binding(translate) if how.binding else "",
        f'<header><p class="course">{escape(course)}</p><h1>{escape(title)}</h1>',
        f'<p class="facts">{escape("　".join(facts))}</p>',
        "" if how.binding else _names(translate),
        _scores(parts, translate),
        "</header>",
    ]
    for place, (section, items) in enumerate(parts):
        body.append(_section(place, section, items, how, translate, tick))
    if how.sheet:
        body.append(_sheet(titles, how, parts, translate))
    if how.answers == "key":
        body.append(_key(titles, how, parts, translate))
    margin = "with-binding" if how.binding else ""
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'</head><body class="{margin}">{"".join(body)}</body></html>'
    )


def _field(words: Message, translate: Translate) -> str:
    return f"{escape(translate(words))}<span class='blank'></span>"


def _names(translate: Translate) -> str:
    fields = (_("Organisation"), _("Name"), _("Candidate number"))
    return f'<p class="names">{"".join(_field(words, translate) for words in fields)}</p>'


def _binding(translate: Translate) -> str:
    fields = (_("Organisation"), _("Class"), _("Name"), _("Candidate number"))
    names = "".join(_field(words, translate) for words in fields)
    line = escape(translate(_("binding line, write nothing beyond it")))
    return f'<div class="binding"><p class="names">{names}</p><p class="line">{line}</p></div>'


def _scores(parts: _Parts, translate: Translate) -> str:
    """The table for those who mark: a column for each part."""
    heads = "".join(f"<th>{_numeral(place)}</th>" for place in range(len(parts)))
    cells = "<td></td>" * (len(parts) + 1)
    # (Not within the texts below: gettext does not look into f-strings.)
    part, total = translate(_("Part of the paper")), translate(_("Total"))
    score, marker = translate(_("Score")), translate(_("Marked by"))
    rows = [
        f"<tr><th>{escape(part)}</th>{heads}<th>{escape(total)}</th></tr>",
        f"<tr><th>{escape(score)}</th>{cells}</tr>",
        f"<tr><th>{escape(marker)}</th>{cells}</tr>",
    ]
    return f'<table class="scores">{"".join(rows)}</table>'


def _numeral(place: int) -> str:
    return _NUMERALS[place] if place < len(_NUMERALS) else str(place + 1)


def _headed(place: int, title: str) -> Markup:
    """A part's title with its number, which it may have already."""
    if title.startswith(tuple(f"{numeral}、" for numeral in _NUMERALS)):
        return escape(title)
    return escape(f"{_numeral(place)}、{title}")


def _section(
    place: int,
    section: PaperSection,
    items: list[_Item],
    how: Print,
    translate: Translate,
    tick: Tick,
) -> str:
    asked = [item for item in items if item.number]
    marks = sum(item.marks for item in asked)
    same = {item.marks for item in asked}
    told = _(
        "${number} questions, ${marks} marks", mapping={"number": len(asked), "marks": f"{marks:g}"}
    )
    if len(same) == 1:
        told = _(
            "${number} questions, ${each} marks each, ${marks} marks",
            mapping={"number": len(asked), "each": f"{same.pop():g}", "marks": f"{marks:g}"},
        )
    each = len({item.marks for item in asked}) > 1
    text = f'<p class="text">{escape(section.text)}</p>' if section.text else ""
    questions = []
    for item in items:
        tick(item.number)
        questions.append(_question(item, how, each, translate))
    return (
        f"<section><h2>{_headed(place, section.title)}"
        f"<small>（{escape(translate(told))}）</small></h2>"
        f"{text}{''.join(questions)}</section>"
    )


def _question(item: _Item, how: Print, each: bool, translate: Translate) -> str:
    number = f"{item.number}." if item.number else ""
    marks = ""
    if each and item.number:
        told = translate(_("${marks} marks", mapping={"marks": f"{item.marks:g}"}))
        marks = f'<span class="marks">（{escape(told)}）</span>'
    return (
        f'<div class="question"><span class="number">{number}</span>'
        f'<div class="said">{_said(item.printed, how, marks, translate)}</div></div>'
    )


def _said(made: Printed, how: Print, marks: str, translate: Translate) -> str:
    """Stem, options, room for the answer, and the answer where it is wanted."""
    inline = how.answers == "inline"
    bracket = ""
    if made.bracket:
        shown = escape(made.answer) if inline else "　　"
        bracket = f'<span class="bracket">（{shown}）</span>'
    out = [f'<div class="stem">{set_formulas(str(made.stem))}{marks}{bracket}</div>']
    if made.pairs:
        left = "".join(f"<li>{set_formulas(str(text))}</li>" for text in made.pairs)
        out.append(f'<ol class="pairs">{left}</ol>')
    if made.options:
        out.append(_options(made.options))
    for place, part in enumerate(made.parts, start=1):
        said = _said(part, how, "", translate)
        out.append(
            f'<div class="question part"><span class="number">（{place}）</span>'
            f'<div class="said">{said}</div></div>'
        )
    if inline:
        out.append(_answer(made, translate))
    elif not how.sheet:
        out.append('<div class="rule"></div>' * made.lines)
    return "".join(out)


def _options(options: list[tuple[str, Markup]]) -> str:
    longest = max(len(text.striptags()) for _name, text in options)
    pictures = any("<img" in text or "$" in text or "\\(" in text for _name, text in options)
    width = "one" if longest > 22 else "two" if longest > 9 or pictures else "four"
    listed = "".join(
        f'<li><span class="name">{escape(name)}.</span><div>{set_formulas(str(text))}</div></li>'
        for name, text in options
    )
    return f'<ul class="options {width}">{listed}</ul>'


def _answer(made: Printed, translate: Translate) -> str:
    out = []
    if made.answer and not made.bracket:
        words = escape(translate(_("Right answer")))
        out.append(f'<p class="answer"><b>{words}</b>{set_formulas(str(escape(made.answer)))}</p>')
    if made.explanation.striptags().strip():
        words = escape(translate(_("Explanation")))
        out.append(f'<div class="answer"><b>{words}</b>{set_formulas(str(made.explanation))}</div>')
    return "".join(out)


def _sheet(titles: tuple[str, str], how: Print, parts: _Parts, translate: Translate) -> str:
    """Cells for letters, lines for the rest."""
    words = translate(_("Answer sheet"))
    version = translate(_("Version ${letter}", mapping={"letter": how.version}))
    out = [
        f'<section class="sheet"><h1>{escape(titles[1])}　{escape(words)}</h1>',
        f'<p class="facts">{escape(version)}</p>{_names(translate)}',
    ]
    for place, (section, items) in enumerate(parts):
        asked = [item for item in items if item.number]
        out.append(f"<h2>{_headed(place, section.title)}</h2>")
        cells = [item.number for item in asked if item.type in SHORT]
        if cells:
            boxes = "".join(f"<li><span>{number}</span></li>" for number in cells)
            out.append(f'<ul class="cells">{boxes}</ul>')
        for item in asked:
            if item.type not in SHORT:
                lines = '<div class="rule"></div>' * _lines(item.printed)
                out.append(
                    f'<div class="question"><span class="number">{item.number}.</span>'
                    f'<div class="said">{lines}</div></div>'
                )
    out.append("</section>")
    return "".join(out)


def _lines(made: Printed) -> int:
    own = max(made.lines, 1)
    return sum(_lines(part) for part in made.parts) if made.parts else own


def _key(titles: tuple[str, str], how: Print, parts: _Parts, translate: Translate) -> str:
    words = translate(_("Key"))
    version = translate(_("Version ${letter}", mapping={"letter": how.version}))
    out = [
        f'<section class="sheet"><h1>{escape(titles[1])}　{escape(words)}</h1>',
        f'<p class="facts">{escape(version)}</p>',
    ]
    for place, (section, items) in enumerate(parts):
        out.append(f'<h2>{_headed(place, section.title)}</h2><ul class="key">')
        for item in items:
            if item.number:
                answer = set_formulas(str(escape(_told(item.printed))))
                long = ' class="long"' if len(_told(item.printed)) > 5 else ""
                out.append(f"<li{long}><b>{item.number}.</b> {answer}</li>")
        out.append("</ul>")
    out.append("</section>")
    return "".join(out)


def _told(made: Printed) -> str:
    if not made.parts:
        return made.answer
    return "；".join(f"({n}) {_told(part)}" for n, part in enumerate(made.parts, start=1))
