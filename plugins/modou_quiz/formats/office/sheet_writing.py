"""Writing the Excel template, and questions into it."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final
from urllib.parse import unquote

from modou.errors import Invalid
from modou_quiz.content import Rich, formulas_in
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.office import draft_writing, drafts, making, pictures, texts, words
from modou_quiz.formats.office.comparing import Written
from modou_quiz.formats.office.drafts import Draft
from modou_quiz.i18n import _

SHEET: Final = "试题"
_EXAMPLES: Final = "示例"
_RULES: Final = "填写说明"
#: Sheets that hold no questions, as `words.folded` gives them.
IGNORED: Final = frozenset(
    (
        "示例",
        "填写说明",
        "说明",
        "使用说明",
        "填表说明",
        "模板说明",
        "examples",
        "instructions",
        "readme",
    )
)
_LEAST_OPTIONS: Final = 8
#: Field, heading, width of the column.
_BEFORE: Final = (("kind", "题型", 13), ("part", "小题", 6), ("stem", "题干", 46))
_BEHIND: Final = (
    ("answer", "答案", 16),
    ("marks", "分值", 7),
    ("difficulty", "难度", 7),
    ("point", "知识点", 18),
    ("syllabus", "鉴定点", 12),
    ("tags", "标签", 14),
    ("category", "分类", 22),
    ("feedback", "解析", 36),
    ("rules", "评分标准", 30),
    ("scoring", "计分规则", 16),
    ("title", "标题", 18),
    ("idnumber", "编号", 12),
    ("extras", "附加信息（请勿修改）", 12),
)
_PREFIX: Final = re.compile(r"\[(html|markdown|plain)\]", re.IGNORECASE)
#: What Excel takes into one cell.
MOST: Final = 32_767
_FORMULA: Final = re.compile(r"'*[=+\-@\t＝＋－＠]")
_PICTURE_WIDTH: Final = 160
_FORM_ROWS: Final = 2_000


# -- texts in cells


def rich_of(text: str) -> Rich:
    """What the text of a cell says. A prefix says which markup it is in; else tags make HTML,
    formulas too, and all other text is plain."""
    prefix = _PREFIX.match(text)
    if prefix:
        return Rich.model_validate(
            {"source": text[prefix.end() :].lstrip(" "), "markup": prefix[1].lower()}
        )
    if texts.LOOKS_LIKE_HTML.search(text):
        return Rich(source=text, markup="html")
    plain = texts.with_dollars(Rich(source=text, markup="plain"))
    if next(formulas_in(plain.source), None) is not None:
        return Rich(source=texts.as_html(plain), markup="html")
    return plain


def cell_of(rich: Rich) -> str:
    """The text of a cell; the inverse of `rich_of` for what is seen."""
    if not rich:
        return ""
    bare = texts.only_words(rich)
    if bare is not None and bare == bare.strip() and not _PREFIX.match(bare):
        again = rich_of(bare)
        if texts.canonical(again) == texts.canonical(rich):
            return bare
    return f"[{rich.markup}]{rich.source}"


# -- the workbook


def write_workbook(
    items: Sequence[Item], out: IO[bytes], extras: Mapping[int, str]
) -> tuple[list[Written], list[tuple[Item, Note]]]:
    """Write questions; see `comparing.Write`."""
    return _write(items, out, extras, ())


def write_form(out: IO[bytes], examples: Sequence[Item]) -> None:
    """Write a workbook to fill in."""
    _write((), out, {}, examples)


def _write(
    items: Sequence[Item], out: IO[bytes], extras: Mapping[int, str], examples: Sequence[Item]
) -> tuple[list[Written], list[tuple[Item, Note]]]:
    # openpyxl takes a quarter of a second to import: not at the start of every process.
    from openpyxl import Workbook

    workbook = Workbook()
    kept, notes = _drafts(items, extras)
    sheet = workbook.active
    sheet.title = SHEET
    written = _fill(sheet, kept, form=bool(examples))
    if examples:
        shown, _notes = _drafts(examples, {})
        _fill(workbook.create_sheet(_EXAMPLES), shown)
    _explain(workbook.create_sheet(_RULES))
    out.seek(0)
    out.truncate()
    workbook.save(out)
    return written, notes


def _drafts(
    items: Sequence[Item], extras: Mapping[int, str]
) -> tuple[list[tuple[Item, Draft]], list[tuple[Item, Note]]]:
    kept: list[tuple[Item, Draft]] = []
    notes: list[tuple[Item, Note]] = []
    for place, item in enumerate(items):
        try:
            draft = draft_writing.draft_of(item)
            _check(draft)
        except Invalid as error:
            notes.append((item, Note("error", error.message, item.line)))
        else:
            draft.extras = extras.get(place, "")
            kept.append((item, draft))
    return kept, notes


def _check(draft: Draft) -> None:
    options = [*draft.options, *draft.pairs]
    if len(options) > words.MOST_OPTIONS:
        raise Invalid(
            _(
                "It has ${count} options; there are columns for ${most}.",
                mapping={"count": len(options), "most": words.MOST_OPTIONS},
            )
        )
    for text in (*drafts.all_texts(draft), Rich(source=draft.answer, markup="plain")):
        if len(text.source) + 20 > MOST:
            raise Invalid(
                _(
                    "A text is longer than the ${most} characters that a cell takes.",
                    mapping={"most": MOST},
                )
            )


def _fill(sheet: Any, kept: Sequence[tuple[Item, Draft]], *, form: bool = False) -> list[Written]:
    rows = [row for _item, draft in kept for row in _rows(draft)]
    count = max([_LEAST_OPTIONS, *(len(_options(draft)) for draft, _part in rows)])
    options = tuple(
        (f"option {words.letter_of(place)}", f"选项{words.letter_of(place)}", 18)
        for place in range(count)
    )
    beside = any(draft.extras for _item, draft in kept)
    columns = (*_BEFORE, *options, *(_BEHIND if beside else _BEHIND[:-1]))
    _head(sheet, columns)
    written: list[Written] = []
    number = 1
    for item, draft in kept:
        first = number + 1
        for one, part in _rows(draft):
            number += 1
            _row(sheet, number, one, part, columns)
        written.append(Written(item, first, number))
    _menus(sheet, columns, _FORM_ROWS if form else len(rows) + 100)
    return written


def _rows(draft: Draft) -> list[tuple[Draft, str]]:
    """A draft and those within it, each with its number in the case."""
    for part in draft.parts:
        part.files = draft.files
    return [(draft, ""), *((part, str(number)) for number, part in enumerate(draft.parts, start=1))]


def _options(draft: Draft) -> list[Rich]:
    return [*draft.options, *(making.paired(left, right) for left, right in draft.pairs)]


def _head(sheet: Any, columns: Sequence[tuple[str, str, int]]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for place, (name, heading, width) in enumerate(columns, start=1):
        cell = sheet.cell(1, place, heading)
        needed = name in ("kind", "stem", "answer")
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color="2447A8" if needed else "5A6B85")
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(place)].width = width
        sheet.column_dimensions[get_column_letter(place)].hidden = name == "extras"
    sheet.row_dimensions[1].height = 24
    sheet.freeze_panes = "D2"


def _row(
    sheet: Any, number: int, draft: Draft, part: str, columns: Sequence[tuple[str, str, int]]
) -> None:
    values: dict[str, Rich | str] = {
        "kind": words.KINDS[draft.kind][0],
        "part": part,
        "answer": draft.sample or draft.answer,
    }
    for place, option in enumerate(_options(draft)):
        values[f"option {words.letter_of(place)}"] = option
    for place, (name, _heading, _width) in enumerate(columns, start=1):
        value = values.get(name, "")
        if name not in values and not name.startswith("option"):
            value = getattr(draft, name)
        if name == "marks" and value:
            sheet.cell(number, place, float(str(value))).number_format = "General"
            continue
        text = cell_of(value) if isinstance(value, Rich) else value
        if text:
            _put(sheet.cell(number, place), text)
        if isinstance(value, Rich):
            _place_pictures(sheet, number, place, value, draft)


def _put(cell: Any, text: str) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
    # Never a formula, nor once somebody edits the cell.
    cell.data_type = "s"
    if _FORMULA.match(text):
        cell.quotePrefix = True
    if re.fullmatch(r"[0-9.eE+-]+", text):
        cell.number_format = "@"
    cell.alignment = Alignment(vertical="top", wrap_text=True)


def _place_pictures(sheet: Any, row: int, column: int, text: Rich, draft: Draft) -> None:
    from openpyxl.drawing.image import Image
    from openpyxl.utils import get_column_letter

    height = 0.0
    for name in dict.fromkeys(text.files()):
        data = draft.files.get(unquote(name))
        if data is None or pictures.extension(data) not in (".png", ".jpg", ".gif"):
            # Whoever compares the file with the questions finds it missing.
            return
        try:
            image = Image(io.BytesIO(data))
        except (OSError, ValueError):
            return
        if image.width > _PICTURE_WIDTH:
            image.height = image.height * _PICTURE_WIDTH / image.width
            image.width = _PICTURE_WIDTH
        image.anchor = f"{get_column_letter(column)}{row}"
        sheet.add_image(image)
        height = max(height, image.height * 0.75 + 20)
    if height:
        before = sheet.row_dimensions[row].height or 0
        sheet.row_dimensions[row].height = min(400.0, max(before, height))


def _menus(sheet: Any, columns: Sequence[tuple[str, str, int]], rows: int) -> None:
    """Drop-down lists of the columns that take certain words only."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    menus = {
        "kind": [names[0] for names in words.KINDS.values()],
        "difficulty": list(words.DIFFICULTY_WORDS[1:]),
        "scoring": [
            names[0] + ("50%" if rule == "half" else "") for rule, names in words.SCORINGS.items()
        ],
    }
    for place, (name, heading, _width) in enumerate(columns, start=1):
        if name not in menus:
            continue
        menu = DataValidation(
            type="list", formula1='"' + ",".join(menus[name]) + '"', allow_blank=True
        )
        menu.showErrorMessage = name == "kind"
        menu.errorTitle, menu.error = heading, "请从下拉列表中选择"
        letter = get_column_letter(place)
        menu.add(f"{letter}2:{letter}{rows + 1}")
        sheet.add_data_validation(menu)


_EXPLAINED: Final = (
    (
        "题型",
        "必填。从下拉列表中选择："
        + "、".join(names[0] for names in words.KINDS.values())
        + "。工作表以题型命名时可以不填。",
    ),
    ("小题", "只有材料题的小题填写：1、2、3……小题紧跟在它的材料题下面，一行一题。"),
    (
        "题干",
        (
            "必填。填空题用 ____（两个以上下划线）或空括号（  ）表示空。"
            "图片直接插入并放在单元格里面。公式写成 \\(…\\)，例如 \\(P=UI\\cos\\varphi\\)。"
        ),
    ),
    (
        "选项A…",
        (
            "单选、多选、不定项：一格一个选项。匹配题：一格一对，左右用 => 隔开；"
            "只写 => 右边，是多余的干扰项。排序题：按任意顺序写，正确顺序写在答案里。"
            "选项多于 8 个时在后面加“选项I”等列。"
        ),
    ),
    (
        "答案",
        (
            "单选 B；多选 ABD；判断 √ 或 ×（对、错、正确、错误、T、F 都可以）；"
            "填空：空与空之间用；隔开，同一空的几种答案用 | 隔开，例如 36|三十六；"
            "只给部分分：阻值(50%)；数值：220±5 V、220±5%、215~225；"
            "排序：正确顺序，例如 CABD；简答：参考答案。"
        ),
    ),
    ("分值", "默认 1 分。材料题的小题：小题的分值。"),
    ("难度", "易、较易、中、较难、难，或 1 到 5；也可以写难度系数 0.85。"),
    ("知识点、鉴定点、标签", "用于检索和组卷。几个标签用逗号隔开。"),
    ("分类", "题库中的分类，上下级用 / 隔开，例如 低压电工/安全用电。没有的分类会新建。"),
    ("解析", "答题以后显示给学员。"),
    ("评分标准", "只给阅卷人看，用于简答题。"),
    (
        "计分规则",
        "多选题、不定项：全对得分（默认）；少选按比例得分；少选得50%；错选扣分；按选项比例。",
    ),
    ("编号", "机构自己的题目编号。相同编号的题导入时会提示。"),
    (
        "文字格式",
        (
            "单元格以 [html] 或 [markdown] 开头时，按该格式理解；"
            "以 [plain] 开头时原样显示。上标、下标、粗体可以直接在单元格里设置。"
        ),
    ),
)


def _explain(sheet: Any) -> None:
    from openpyxl.styles import Alignment, Font

    sheet.title = _RULES
    sheet.column_dimensions["A"].width = 22
    sheet.column_dimensions["B"].width = 110
    sheet.cell(1, 1, "列").font = Font(bold=True)
    sheet.cell(1, 2, "怎样填写").font = Font(bold=True)
    for number, (name, text) in enumerate(_EXPLAINED, start=2):
        sheet.cell(number, 1, name).alignment = Alignment(vertical="top")
        cell = sheet.cell(number, 2, text)
        cell.data_type = "s"
        cell.alignment = Alignment(vertical="top", wrap_text=True)
