"""The words that trainers write in sheets and documents, and what they mean here."""

import re
import unicodedata
from typing import Final

#: Kind of question -> what people call it; the first is what is written. "indefinite" is a
#: multiple choice.
KINDS: Final[dict[str, tuple[str, ...]]] = {
    "single": ("单选题", "单项选择题", "单选", "单项选择", "single choice", "single"),
    "multiple": ("多选题", "多项选择题", "多选", "多项选择", "multiple choice", "multiple"),
    "indefinite": ("不定项选择题", "不定项", "不定项选择", "indefinite choice", "indefinite"),
    "truefalse": ("判断题", "判断", "是非题", "对错题", "正误判断题", "true/false", "truefalse"),
    "cloze": ("填空题", "填空", "完形填空", "fill in", "fill-in", "cloze"),
    "short": ("短答题", "短答", "单空填空题", "short answer", "short"),
    "numerical": ("数值题", "数值", "numerical", "number"),
    "essay": (
        "简答题",
        "简答",
        "问答题",
        "问答",
        "论述题",
        "论述",
        "主观题",
        "名词解释",
        "作图题",
        "实操题",
        "essay",
    ),
    "matching": ("匹配题", "匹配", "连线题", "连线", "配对题", "matching"),
    "ordering": ("排序题", "排序", "顺序题", "ordering"),
    "case": (
        "材料题",
        "材料分析题",
        "案例分析题",
        "案例题",
        "案例分析",
        "综合题",
        "阅读理解",
        "case",
    ),
    "description": ("说明", "说明文字", "description"),
}
#: Numerical where its answer is a number, else marked by people.
CALCULATION: Final = ("计算题", "计算", "calculation")
#: Single or multiple, as its answer says.
CHOICE: Final = ("选择题", "选择", "客观题", "choice")

_NAMES: Final = {name: kind for kind, names in KINDS.items() for name in names}
_NAMES.update(dict.fromkeys(CALCULATION, "calculation"))
_NAMES.update(dict.fromkeys(CHOICE, "choice"))

#: What a column or a line behind a question is about -> what people call it.
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "kind": ("题型", "题目类型", "试题类型", "类型", "题类", "type", "question type"),
    "part": ("小题", "小题号", "子题", "part", "sub-question"),
    "stem": ("题干", "题目", "试题", "试题内容", "题目内容", "内容", "问题", "stem", "question"),
    "options": ("选项", "备选答案", "备选项", "答案选项", "options"),
    "answer": (
        "答案",
        "答",
        "正确答案",
        "参考答案",
        "标准答案",
        "正确选项",
        "answer",
        "correct answer",
    ),
    "marks": ("分值", "分数", "得分", "marks", "points", "score"),
    "difficulty": ("难度", "难易度", "难度系数", "难易程度", "difficulty"),
    "point": ("知识点", "考点", "知识要点", "knowledge point", "topic"),
    "syllabus": ("鉴定点", "鉴定点代码", "大纲条目", "考核点", "syllabus", "syllabus item"),
    "tags": ("标签", "关键词", "关键字", "tags", "keywords"),
    "category": ("分类", "题库分类", "所属分类", "章节", "目录", "category", "chapter"),
    "feedback": (
        "解析",
        "答案解析",
        "试题解析",
        "题目解析",
        "分析",
        "说明解析",
        "详解",
        "feedback",
        "explanation",
    ),
    "scoring": ("计分规则", "评分规则", "计分方式", "scoring"),
    "notes": ("评分标准", "评分要点", "采分点", "得分点", "marking notes"),
    "title": ("标题", "题名", "title"),
    "idnumber": ("编号", "题目编号", "试题编号", "题号编码", "id", "id number", "number"),
    "extras": ("附加信息",),
    "order": ("序号", "题号", "no", "no.", "#"),
}
_FIELD_NAMES: Final = {name: field for field, names in FIELDS.items() for name in names}
#: Fields that are one text of HTML, and may hold pictures.
FORMATTED: Final = frozenset(("stem", "feedback", "notes"))

DIFFICULTIES: Final = {
    **dict.fromkeys(("易", "容易", "简单", "很容易", "easy", "很易"), 1),
    **dict.fromkeys(("较易", "较容易", "较简单", "偏易", "fairly easy"), 2),
    **dict.fromkeys(("中", "中等", "一般", "适中", "普通", "medium"), 3),
    **dict.fromkeys(("较难", "偏难", "比较难", "fairly hard"), 4),
    **dict.fromkeys(("难", "困难", "很难", "hard", "difficult"), 5),
}
DIFFICULTY_WORDS: Final = ("", "易", "较易", "中", "较难", "难")

#: How a multiple choice is worth marks: the first word is what is written.
SCORINGS: Final[dict[str, tuple[str, ...]]] = {
    "all": ("全对得分", "全对才得分", "全部选对得分", "all or nothing", "all"),
    "subset": ("少选按比例得分", "少选得部分分", "漏选得部分分", "subset"),
    "half": ("少选得", "漏选得", "少选得一半", "漏选得一半", "half"),
    "minus": ("错选扣分", "多选扣分", "minus"),
    "fractions": ("按选项比例", "fractions"),
}

TRUE: Final = frozenset(
    [
        "对",
        "正确",
        "是",
        "√",
        "✓",
        "✔",
        "☑",
        "t",
        "true",
        "y",
        "yes",
        "1",
        "v",
        "r",
        "right",
        "correct",
        "正",
        "○",
    ]
)
FALSE: Final = frozenset(
    [
        "错",
        "错误",
        "否",
        "不对",
        "不正确",
        "×",
        "✗",
        "✘",
        "✖",
        "☒",
        "x",
        "f",
        "false",
        "n",
        "no",
        "0",
        "w",
        "wrong",
        "非",
        "误",
        "╳",
    ]
)


def folded(text: str) -> str:
    """A word as it is looked up: half width, small letters, no blanks or closing signs."""
    text = unicodedata.normalize("NFKC", text).strip().casefold()
    return re.sub(r"[\s*]+", " ", text).strip(" :。.")


def kind_of(text: str) -> str:
    """The kind of question that a word names, "" when it names none."""
    word = re.sub(r"^[(\[【]|[)\]】]$", "", folded(text)).strip()
    return _NAMES.get(word) or _NAMES.get(word.replace(" ", ""), "")


def kind_within(text: str) -> str:
    """The kind that a heading speaks of: the longest name in it."""
    word = folded(text)
    found = [name for name in _NAMES if len(name) > 1 and not name.isascii() and name in word]
    return _NAMES[max(found, key=len)] if found else ""


def field_of(text: str) -> str:
    """The field that a heading names: one of `FIELDS`, "option X" or ""."""
    word = re.sub(r"\(.*\)$", "", folded(text)).strip()
    found = _FIELD_NAMES.get(word) or _FIELD_NAMES.get(word.replace(" ", ""))
    if found:
        return found
    option = re.fullmatch(r"(?:选项|备选项|option|答案选项)?\s*([a-z]|[1-9][0-9]?)", word)
    if option and (len(word) > 1 or word.isalpha()):
        letter = option[1]
        place = int(letter) - 1 if letter.isdigit() else ord(letter) - ord("a")
        return f"option {letter_of(place)}" if place < MOST_OPTIONS else ""
    return ""


MOST_OPTIONS: Final = 26


def letter_of(place: int) -> str:
    return chr(ord("A") + place)


def truth_of(text: str) -> bool | None:
    """What an answer to a true/false question says; None: nothing that is known."""
    word = folded(text).strip("()[] ")
    return True if word in TRUE else False if word in FALSE else None
