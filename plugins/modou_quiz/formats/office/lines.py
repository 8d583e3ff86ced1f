"""What the lines of a Word document of questions are: headings, questions, options, answers."""

import re
from dataclasses import dataclass
from typing import Final

from modou_quiz.formats.office import words
from modou_quiz.formats.office.numbering import from_chinese
from modou_quiz.formats.office.options import MARK, cuts, place_of, starts_option

_CHINESE = "[一二三四五六七八九十]{1,3}"
_ORDINAL: Final = re.compile(
    rf"^\s*(?:第\s*({_CHINESE}|[0-9]+)\s*(?:部分|大题|节)|[(（【]?({_CHINESE})\s*[)）】]?\s*[、.．,，:：\s])\s*"
)
#: 1. / 1、 / 1） / (1) / 第1题 / 【1】
_QUESTION: Final = re.compile(
    r"^\s*(?:第\s*([0-9]{1,4})\s*题\s*[.．、:：]?|([0-9]{1,4})\s*(?:[、．)）:：]|\.(?![0-9])))\s*"
)
_PART: Final = re.compile(
    r"^\s*(?:[(（]\s*([0-9]{1,3})\s*[)）]|([①-⑳])|问题\s*([0-9]{1,2})\s*[.．、:：]?)\s*[.．、]?\s*"
)
# Here and below: where blanks may stand on both sides of something that may be missing, they are
# taken for good (`*+`). Else a line of nothing but blanks would be divided in all possible ways.
_MATERIAL: Final = re.compile(
    r"^\s*+(?:[【\[]\s*+)?(?:材料|案例|背景材料|背景资料|阅读材料|资料)\s*+"
    r"(?:[一二三四五六七八九十0-9]{1,3}\s*+)?(?:[】\]]|[:：])\s*+(?:[:：]\s*+)?"
)
_ANSWERS: Final = re.compile(
    r"^\s*+(?:[【\[]\s*+)?(?:附\s*+(?:[:：]\s*+)?)?(?:(?:试题|试卷|练习题?|题库)\s*+)?"
    r"(?:(?:参考|标准)?答案(?:[及与和](?:解析|评分标准))?|answers|answer key)"
    r"\s*+(?:(?:部分|汇总|如下)\s*+)?(?:[】\]]\s*+)?(?:[:：]\s*+)?$",
    re.IGNORECASE,
)
_EACH: Final = re.compile(r"每\s*+(?:小\s*+)?([题空])\s*+([0-9]++(?:\.[0-9]++)?)\s*+分")
_MARKS: Final = re.compile(
    r"[(（\[【]\s*+(?:本(?:小)?题\s*+)?(?:共\s*+)?([0-9]++(?:\.[0-9]++)?)\s*+分\s*+[)）\]】]"
)
_KIND: Final = re.compile(
    r"[(（\[【<〔]\s*+([^\s()（）\[\]【】<>〔〕][^()（）\[\]【】<>〔〕]{1,9}?)\s*+[)）\]】>〕]"
)
#: A name of a field that begins a line or stands in 【】 within one.
_FIELD: Final = re.compile(
    r"(?:^|(?<=[\s；;。\u3000]))(?:\[\s*+(答|[^\s\[\]][^\[\]]{1,7}?)\s*+\]\s*+(?:[:：]\s*+)?"
    r"|(答|[^\s：:【】\[\]()（）,，。；;]{2,8})\s*+[:：]\s*+)"
    r"|【\s*+(答|[^\s【】][^【】]{1,7}?)\s*+】\s*+(?:[:：]\s*+)?"
)
#: An answer typed into the brackets of the question: （ B ）, （√）.
_INLINE: Final = re.compile(
    r"[(（]\s*((?:[A-HＡ-Ｈ][,，、\s]*){1,8}|(?:[√×✓✗✔✘]|对|错|正确|错误)\s*)[)）]"
)
_FIELDS: Final = frozenset(
    (
        "answer",
        "feedback",
        "difficulty",
        "point",
        "syllabus",
        "tags",
        "category",
        "notes",
        "scoring",
        "title",
        "idnumber",
        "marks",
        "kind",
        "extras",
    )
)


@dataclass(frozen=True, slots=True)
class Heading:
    """一、单选题（每题2分，共40分）. `each`: marks of a question, or of a gap where `gaps`."""

    kind: str
    each: str = ""
    gaps: bool = False
    number: int = 0


def heading_of(text: str) -> Heading | None:
    """What a line says when it heads questions of one kind; kind "" is unknown."""
    if len(text) > 200:
        return None
    ordinal = _ORDINAL.match(text)
    rest = text[ordinal.end() :] if ordinal else text
    title = re.split(r"[(（:：,，。]", rest.strip(" 【】[]\t"), maxsplit=1)[0].strip(
        " 【】[]\t　、"
    )
    kind = _kind_in(title, rest, loose=ordinal is not None)
    if not kind and not (ordinal and _EACH.search(rest)):
        return None
    if ordinal is None and len(title) > 14:
        return None
    each = _EACH.search(rest)
    number = 0
    if ordinal:
        said = ordinal[1] or ordinal[2] or ""
        number = int(said) if said.isdigit() else from_chinese(said)
    return Heading(
        kind, each[2] if each else "", gaps=bool(each and each[1] == "空"), number=number
    )


def _kind_in(title: str, rest: str, *, loose: bool) -> str:
    kind = words.kind_of(title)
    if kind or not loose:
        return kind
    # 一、选择题（单选，每题 2 分）: what stands in brackets says it better.
    for word in re.split(r"[(（)）,，:：。\s]", rest):
        if word and words.kind_of(word):
            return words.kind_of(word)
    return words.kind_within(title) if len(title) <= 20 else ""


def question_number(text: str) -> tuple[int, int] | None:
    """The number that begins a question and where its text begins."""
    found = _QUESTION.match(text)
    if found is None:
        return None
    return int(found[1] or found[2]), found.end()


def part_number(text: str) -> tuple[int, int] | None:
    """The same of a question within a material: （1）, ①."""
    found = _PART.match(text)
    if found is None:
        return None
    number = ord(found[2]) - 0x245F if found[2] else int(found[1] or found[3])
    return number, found.end()


def material(text: str) -> int | None:
    """Where the text of a material begins, when the line opens one."""
    found = _MATERIAL.match(text)
    return found.end() if found else None


def opens_answers(text: str) -> bool:
    """Whether the answers to all questions follow."""
    return _ANSWERS.match(text) is not None


def options_in(text: str, first: int) -> list[tuple[int, int, int]]:
    """Options in a line, as `cuts` gives them, when it begins with the option that is next."""
    if not starts_option(text):
        return []
    match = MARK.match(text.lstrip()) or MARK.search(text)
    if match is None or place_of(match[1]) != first:
        return []
    return cuts(text, first)


def fields_in(text: str) -> list[tuple[str, int, int]]:
    """Fields in a line that begins with one: (field, start, where its text begins)."""
    found: list[tuple[str, int, int]] = []
    begin, _end = _bounds(text)
    for match in _FIELD.finditer(text):
        word = next(group for group in match.groups() if group is not None)
        name = words.field_of(word)
        if name not in _FIELDS or (not found and match.start() > begin):
            continue
        if found and not _known_break(text, match, found[-1][0]):
            continue
        found.append((name, match.start(), match.end()))
        if name == "extras":
            break
    return found


def _known_break(text: str, match: re.Match[str], before: str) -> bool:
    """Whether a name within a line begins another field: always in 【】, else only behind a short
    field, since texts may hold `答案：` themselves."""
    bracketed = match[0].lstrip().startswith(("【", "["))
    return bracketed or before not in ("feedback", "notes")


def _bounds(text: str) -> tuple[int, int]:
    """Where a line's text begins, and where it ends but for blanks and a full stop."""
    return len(text) - len(text.lstrip()), len(text.rstrip(" 。."))


def kind_tag(text: str) -> tuple[str, int, int] | None:
    """A type in brackets at the start or the end of a question: (kind, start, end)."""
    begin, end = _bounds(text)
    for match in _KIND.finditer(text):
        kind = words.kind_of(match[1])
        if kind and (match.start() <= begin or match.end() >= end):
            return kind, match.start(), match.end()
    return None


def marks_tag(text: str) -> tuple[str, int, int] | None:
    """Marks in brackets at the start or the end of a question."""
    begin, end = _bounds(text)
    for match in _MARKS.finditer(text):
        if match.start() <= begin or match.end() >= end:
            return match[1], match.start(), match.end()
    return None


def inline_answer(text: str) -> tuple[str, int, int] | None:
    """An answer in the brackets of a question: (answer, start and end of what stands in them)."""
    found = _INLINE.search(text)
    return (found[1].strip(), found.start() + 1, found.end() - 1) if found else None


# -- answers that stand together at the end

_RANGE: Final = re.compile(
    r"([0-9]{1,4})\s*(?:[-~～—–－]+|至|到)\s*([0-9]{1,4})\s*[:：.、．)）]*\s*"
)
_RUN: Final = re.compile(r"(?:[A-ZＡ-Ｚ√×✓✗✔✘对错TF]|正确|错误|[\s,，、;；])+")
_ENTRY: Final = re.compile(
    r"(?:^|(?<=[\s,，;；。]))\s*+[(（]?([0-9]{1,4})\s*+(?:[)）]\s*+)?(?:[.．、:：)）]\s*+)?"
    r"((?:[A-ZＡ-Ｚ](?:\s*[,，、]\s*(?=[A-ZＡ-Ｚ]))?)+|[√×✓✗✔✘TF]|正确|错误|对|错)(?![A-Za-z\u4e00-\u9fff])"
)


def answers_in(text: str) -> list[tuple[int, str]] | None:
    """Numbers and answers of a line that holds nothing but short answers: `1-5 ABCDA`,
    `1. B 2. AC`; None when it says something else."""
    found: list[tuple[int, str]] = []
    at = 0
    while at < len(text):
        if text[at] in " \t\u3000,，;；。.":
            at += 1
            continue
        match = _RANGE.match(text, at)
        if match:
            run = _RUN.match(text, match.end())
            first, last = int(match[1]), int(match[2])
            given = _given(run[0], last - first + 1) if run else None
            if run is None or given is None:
                return None
            found += zip(range(first, last + 1), given, strict=True)
            at = run.end()
            continue
        entry = _ENTRY.match(text, at)
        if entry is None:
            return None
        found.append((int(entry[1]), re.sub(r"[\s,，、]", "", entry[2])))
        at = entry.end()
    return found or None


def _given(run: str, count: int) -> list[str] | None:
    """The answers of a range: one sign each, or groups with blanks between them."""
    if not 0 < count <= 1000:
        return None
    groups = [group for group in re.split(r"[\s,，、;；]+", run.strip()) if group]
    if len(groups) == count:
        return groups
    signs = re.findall("正确|错误|.", "".join(groups))
    return signs if len(signs) == count else None


# -- what must not be misread

_SIGNS: Final = re.compile(r"(?<=[（(【\[])|(?=[.．、:：)）】\]])|(?<=\s[A-ZＡ-Ｚ])(?=\s)")


def guarded(text: str, joiner: str) -> str:
    """A paragraph of a text that is written into a document: where something would be read out
    of it that is not meant, with signs that nobody sees in between."""
    if not _is_dangerous(text) and joiner not in text:
        return text
    return joiner + apart(text, joiner) + joiner


def apart(text: str, joiner: str) -> str:
    """A piece of such a paragraph."""
    return _SIGNS.sub(joiner, text.replace(joiner, ""))


def _is_dangerous(text: str) -> bool:
    return bool(
        MARK.search(text)
        or question_number(text)
        or part_number(text)
        or material(text)
        or opens_answers(text)
        or heading_of(text)
        or kind_tag(text)
        or marks_tag(text)
        or any(
            words.field_of(next(group for group in match.groups() if group is not None))
            for match in _FIELD.finditer(text)
        )
    )
