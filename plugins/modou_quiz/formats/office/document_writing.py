"""Writing questions into a Word document, so that `document_parsing` reads them again."""

import io
from collections.abc import Mapping, Sequence
from typing import IO, Any, Final

from modou.errors import Invalid
from modou_quiz.content import Rich
from modou_quiz.formats.base import Item, Note
from modou_quiz.formats.office import draft_writing, lines, pictures, words
from modou_quiz.formats.office.comparing import Written
from modou_quiz.formats.office.documents import JOINER
from modou_quiz.formats.office.drafts import Draft
from modou_quiz.formats.office.numbering import chinese
from modou_quiz.formats.office.texts import (
    Block,
    Flow,
    Formula,
    Other,
    Picture,
    Piece,
    Table,
    Words,
    blocks,
)
from modou_quiz.formats.office.to_omml import NotCarried, to_omml
from modou_quiz.i18n import _

#: Field of a draft -> how its line begins, in the order in which they are written.
_FIELDS: Final = (
    ("feedback", "解析"),
    ("rules", "评分标准"),
    ("scoring", "计分规则"),
    ("marks", "分值"),
    ("difficulty", "难度"),
    ("point", "知识点"),
    ("syllabus", "鉴定点"),
    ("tags", "标签"),
    ("category", "分类"),
    ("title", "标题"),
    ("idnumber", "编号"),
)
_FONT: Final = {
    "b": "bold",
    "i": "italic",
    "u": "underline",
    "s": "strike",
    "sub": "subscript",
    "sup": "superscript",
}
#: The sign that is taken out of all texts when they are read, as JSON has it.
_ESCAPED: Final = "\\u2060"
_DRAWN: Final = frozenset((".png", ".jpg", ".gif", ".bmp"))
_WIDTH_CM: Final = 12.0
#: Kind -> what the template says about it, as comments of Word.
_HELP: Final = {
    "single": "每题先写题号，再写题干；选项以 A. B. C. D. 开头，可以一行一个，也可以一行几个；"
    "“答案：”“解析：”“难度：”“知识点：”“分类：”各写一行，除答案外都可以不写。"
    "答案也可以集中写在文档最后的“参考答案”下面。",
    "multiple": "答案写全部正确选项，例如 ABD。"
    "计分规则：全对得分、少选按比例得分、少选得50%、错选扣分。",
    "indefinite": "同多选题，也可以只有一个正确选项。",
    "truefalse": "答案写 √ 或 ×、对或错、正确或错误。",
    "cloze": "用 ____ 或空括号（  ）表示空；几个空的答案用；隔开，同一空的几种答案用 | 隔开。",
    "short": "一个词或一句话的答案，几种答案用 | 隔开；只给部分分：摇表(50%)。",
    "numerical": "答案写数值，可以带误差和单位：220±5 V、220±5%、215~225。"
    "公式用 Word 的公式编辑器输入。",
    "matching": "题干下面放两列的表格，左右对应；左边空着的一行是多余的干扰项。",
    "ordering": "选项可以按任意顺序写，答案写正确顺序，例如 CABD。",
    "essay": "“答案：”写参考答案，可以有几段；“评分标准：”只给阅卷人看。图片直接插入文中。",
    "case": "先写材料，小题以（1）（2）开头，小题的题型写在方括号【】里面。",
    "description": "只显示，不作答。",
}


class Writer:
    """Writes one document. `notes`: what could not be carried."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._style = document.styles["Heading 2"]
        self._end = document.element.body.sectPr
        self.notes: list[tuple[Item, Note]] = []
        self._item = Item()
        self._files: dict[str, bytes] = {}
        self._kind = ""
        #: Sections, questions and paragraphs so far.
        self._sections = self._number = self._count = 0

    def write(self, item: Item, extras: str = "", *, helped: bool = False) -> Written | None:
        """Write a question; where it stands, None: it could not be."""
        try:
            draft = draft_writing.draft_of(item)
            if len(draft.options) > words.MOST_OPTIONS:
                raise Invalid(
                    _(
                        "It has ${count} options; there are letters for ${most}.",
                        mapping={"count": len(draft.options), "most": words.MOST_OPTIONS},
                    )
                )
        except Invalid as error:
            self.notes.append((item, Note("error", error.message, item.line)))
            return None
        self._item, self._files = item, draft.files
        if draft.kind != self._kind:
            self._section(draft.kind, helped=helped)
        self._number += 1
        first = self._count + 1
        self._question(draft, f"{self._number}. ")
        for number, part in enumerate(draft.parts, start=1):
            self._question(part, f"（{number}）【{words.KINDS[part.kind][0]}】")
        if extras:
            # Nobody sees it, and it goes where the question goes.
            run = self._added(self._document).add_run(
                f"附加信息：{extras.replace(JOINER, _ESCAPED)}"
            )
            run.font.hidden = True
        self._added(self._document)
        return Written(item, first, self._count)

    def _added(self, place: Any) -> Any:
        """A new paragraph at the end. The library looks for the end through the whole document."""
        from docx.oxml.parser import OxmlElement
        from docx.text.paragraph import Paragraph

        self._count += 1
        if place is not self._document:
            return place.add_paragraph()
        element = OxmlElement("w:p")
        self._end.addprevious(element)
        return Paragraph(element, self._document)

    def _section(self, kind: str, *, helped: bool) -> None:
        self._kind = kind
        self._sections += 1
        heading = self._added(self._document)
        heading.style = self._style
        ordinal = f"{chinese(self._sections)}、" if self._sections < 100 else ""
        run = heading.add_run(ordinal + words.KINDS[kind][0])
        if helped:
            self._document.add_comment(run, text=_HELP[kind], author="墨斗", initials="MD")

    def _question(self, draft: Draft, label: str) -> None:
        self._text(label, blocks(draft.stem))
        for place, option in enumerate(draft.options):
            self._text(f"{words.letter_of(place)}. ", blocks(option))
        if draft.pairs:
            self._table(
                Table([[blocks(left), blocks(right)] for left, right in draft.pairs]),
                self._document,
            )
        if draft.sample:
            self._text("答案：", blocks(draft.sample))
        elif draft.answer:
            self._text("答案：", [Block([Words(draft.answer)])])
        self._fields(draft)

    def _fields(self, draft: Draft) -> None:
        for name, label in _FIELDS:
            value = getattr(draft, name)
            if isinstance(value, Rich):
                if value:
                    self._text(f"{label}：", blocks(value))
            elif value:
                self._text(f"{label}：", [Block([Words(value)])])

    def _text(self, label: str, flow: Flow) -> None:
        """A flow behind a label."""
        first = flow[0] if flow and isinstance(flow[0], Block) else None
        paragraph = self._paragraph(label)
        if first is not None:
            self._pieces(paragraph, first, label)
        self._flow(flow[1:] if first is not None else flow, self._document)

    def _paragraph(self, label: str) -> Any:
        paragraph = self._added(self._document)
        run = paragraph.add_run(label)
        if label.endswith("："):
            run.font.bold = True
        return paragraph

    def _flow(self, flow: Flow, place: Any) -> None:
        for block in flow:
            if isinstance(block, Table):
                self._table(block, place)
            elif block.pieces:
                self._pieces(self._added(place), block, "")

    def _table(self, table: Table, place: Any) -> None:
        width = max((len(row) for row in table.rows), default=0)
        if not width:
            return
        made = place.add_table(len(table.rows), width)
        if place is self._document:
            made.style = "Table Grid"
        for row, cells in zip(table.rows, made.rows, strict=True):
            for flow, cell in zip(row, cells.cells, strict=False):
                first = cell.paragraphs[0].paragraph_format.element
                first.getparent().remove(first)
                self._flow(flow, cell)
                if not cell.paragraphs:
                    self._added(cell)

    def _pieces(self, paragraph: Any, block: Block, label: str) -> None:
        pieces = self._guarded(block, label)
        if block.kind == "li":
            paragraph.add_run("• ")
        for piece in pieces:
            match piece:
                case Words(text, styles):
                    self._run(paragraph, text, styles)
                case Formula(tex, display):
                    self._formula(paragraph, tex, display=display)
                case Picture(name):
                    self._picture(paragraph, name)
                case Other(_tag):
                    # Found by comparing the document with the question.
                    continue

    @staticmethod
    def _guarded(block: Block, label: str) -> list[Piece]:
        """The pieces, with signs in between where they would be misread."""
        text = "".join(p.text if isinstance(p, Words) else "\ufffc" for p in block.pieces)
        if lines.guarded(text, JOINER) == text and (label or not text.startswith("\ufffc")):
            return block.pieces
        result: list[Piece] = [Words(JOINER)]
        for piece in block.pieces:
            if isinstance(piece, Words):
                result.append(Words(lines.apart(piece.text, JOINER), piece.styles))
            else:
                result.append(piece)
        return [*result, Words(JOINER)]

    @staticmethod
    def _run(paragraph: Any, text: str, styles: frozenset[str]) -> None:
        font = paragraph.add_run(text).font
        for style in styles:
            setattr(font, _FONT[style], True)

    def _formula(self, paragraph: Any, tex: str, *, display: bool) -> None:
        try:
            paragraph.paragraph_format.element.append(to_omml(tex, display=display))
        except NotCarried:
            paragraph.add_run(rf"\[{tex}\]" if display else rf"\({tex}\)")
            self.notes.append(
                (
                    self._item,
                    Note(
                        "changed",
                        _(
                            "Word has no formula for ${tex}; it stands there as TeX.",
                            mapping={"tex": tex[:80]},
                        ),
                        self._item.line,
                    ),
                )
            )

    def _picture(self, paragraph: Any, name: str) -> None:
        from docx.image.exceptions import (
            InvalidImageStreamError,
            UnexpectedEndOfFileError,
            UnrecognizedImageError,
        )
        from docx.shared import Cm

        # A picture that ends in the middle; whoever compares finds it missing.
        damaged = (InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError)

        data = self._files.get(name)
        if data is None or pictures.extension(data) not in _DRAWN:
            return
        try:
            run = paragraph.add_run()
            shape = run.add_picture(io.BytesIO(data))
        except (*damaged, ArithmeticError, ValueError, LookupError, OSError):
            return
        next(run.element.iter("{*}docPr")).set("name", name)
        if shape.width > Cm(_WIDTH_CM):
            shape.height = int(shape.height * Cm(_WIDTH_CM) / shape.width)
            shape.width = Cm(_WIDTH_CM)


def write_document(
    items: Sequence[Item], out: IO[bytes], extras: Mapping[int, str], *, template: bool = False
) -> tuple[list[Written], list[tuple[Item, Note]]]:
    """Write questions; see `comparing.Write`.

    :param template: with comments that say how to fill it in
    """
    from docx import Document
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm(2.5)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(11)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    style.paragraph_format.space_after = Pt(3)
    writer = Writer(document)
    found = [
        writer.write(item, extras.get(place, ""), helped=template)
        for place, item in enumerate(items)
    ]
    buffer = io.BytesIO()
    document.save(buffer)
    out.seek(0)
    out.truncate()
    out.write(buffer.getvalue())
    return [one for one in found if one is not None], writer.notes
