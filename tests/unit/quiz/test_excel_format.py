"""The Excel template: what trainers fill in is understood, and faults name the cell."""

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from modou_quiz.content import Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.excel import Excel
from modou_quiz.formats.office import answers, words
from modou_quiz.formats.office.examples import EXAMPLES
from modou_quiz.formats.office.sheet_writing import cell_of, rich_of
from modou_quiz.types.contents import Cloze, Matching, MultipleChoice, Numerical, SingleChoice
from tests.unit.quiz.office_files import EMF, changed, place, png, saved, workbook

pytestmark = pytest.mark.unit

HEADINGS = ("题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "分值", "难度")


def read(book: Any) -> list[Item]:
    stream = book if isinstance(book, io.BytesIO) else saved(book)
    return list(Excel().read(stream))


def told(message: Any) -> str:
    """A message with what is filled into it."""
    filled = (getattr(message, "mapping", None) or {}).values()
    return " | ".join([str(message), *map(told, filled)])


def said(item: Item) -> str:
    """All notes of an item."""
    return " / ".join(f"{note.level} {note.line}: {told(note.message)}" for note in item.notes)


def one(*row: Any, headings: tuple[str, ...] = HEADINGS) -> Item:
    (item,) = read(workbook([headings, row]))
    return item


class TestWhatTrainersWrite:
    def test_a_sheet_with_everything(self) -> None:
        out = io.BytesIO()
        assert Excel().write(EXAMPLES, out) == []
        came = list(Excel().read(out))
        assert [item.type for item in came] == [item.type for item in EXAMPLES]
        assert all(item.content is not None and not item.notes for item in came)

    def test_the_template_has_a_form_examples_and_rules(self) -> None:
        book = load_workbook(io.BytesIO(Excel().template()))
        assert book.sheetnames == ["试题", "示例", "填写说明"]
        assert book["试题"].max_row == 1
        menus = [menu.formula1 for menu in book["试题"].data_validations.dataValidation]
        assert any("单选题" in menu for menu in menus)
        assert book["示例"]["A2"].value == "单选题"
        assert read(io.BytesIO(Excel().template())) == []

    @pytest.mark.parametrize(
        "answer", ["ABC", "A,B,C", "A、B、C", "a b c", "ＡＢＣ", "A；B；C", "①②③"]
    )
    def test_answers_to_multiple_choices(self, answer: str) -> None:
        item = one("多选题", "哪些？", "甲", "乙", "丙", "丁", answer)
        assert isinstance(item.content, MultipleChoice)
        assert [option.fraction > 0 for option in item.content.options] == [True] * 3 + [False]

    @pytest.mark.parametrize("answer", ["对", "正确", "√", "T", "true", "Ｔ", "是", True, "A"])
    def test_right(self, answer: Any) -> None:
        assert one("判断题", "验电。", "", "", "", "", answer).content.answer is True  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        "answer", ["错", "错误", "×", "F", "FALSE", "✗", "否", False, "B", "X"]
    )
    def test_wrong(self, answer: Any) -> None:
        assert one("判断题", "验电。", "", "", "", "", answer).content.answer is False  # type: ignore[union-attr]

    def test_numbers_kept_as_text_and_as_numbers(self) -> None:
        item = one("单选", "几伏？", 36.0, 220, "380", 1000.5, "A", "2分", 3.0)
        assert isinstance(item.content, SingleChoice)
        assert [o.text.source for o in item.content.options] == ["36", "220", "380", "1000.5"]
        assert (item.marks, item.difficulty) == (2.0, 3)

    @pytest.mark.parametrize(
        ("text", "level"),
        [("易", 1), ("较难", 4), ("5", 5), ("0.9", 1), ("0.2", 5), ("★★★☆☆", 3), ("中等", 3)],
    )
    def test_difficulties(self, text: str, level: int) -> None:
        assert one("判断题", "验电。", "", "", "", "", "√", "", text).difficulty == level

    def test_the_kind_is_the_sheets_or_what_it_looks_like(self) -> None:
        headings = ("题干", "A", "B", "C", "正确答案", "解析")
        row = ("问", "甲", "乙", "丙", "AC", "因为")
        (item,) = read(workbook([headings, row], title="多选题"))
        assert item.type == "multiple"
        assert item.content.feedback.source == "因为"
        (item,) = read(workbook([headings, row]))
        assert item.type == "multiple"

    def test_headings_below_a_title_and_in_english(self) -> None:
        rows = [
            ("低压电工题库",),
            (),
            ("No.", "Type", "Question", "Option 1", "Option 2", "Answer", "Tags"),
            (1, "single choice", "1+1", "2", "3", "A", "a, b"),
        ]
        (item,) = read(workbook(rows))
        assert item.line == 4
        assert item.type == "single"
        assert item.tags == ("a", "b")

    def test_options_in_one_cell(self) -> None:
        item = one(
            "单选题", "问", "A.甲\nB.乙\nC.丙", "C", headings=("题型", "题干", "选项", "答案")
        )
        assert isinstance(item.content, SingleChoice)
        assert [o.text.source for o in item.content.options] == ["甲", "乙", "丙"]

    def test_gaps(self) -> None:
        item = one("填空题", "停电、____、装设（  ）。", "", "", "", "", "验电；接地线|接地")
        assert isinstance(item.content, Cloze)
        assert item.content.stem.source == "停电、[[1]]、装设[[2]]。"
        assert [[a.pattern for a in gap.answers] for gap in item.content.gaps] == [  # type: ignore[union-attr]
            ["验电"],
            ["接地线", "接地"],
        ]

    def test_pairs_and_numbers(self) -> None:
        item = one("匹配题", "连线", "电压 => 伏特", "电流→安培", " => 瓦特")
        assert isinstance(item.content, Matching)
        assert len(item.content.pairs) == 2
        assert len(item.content.distractors) == 1
        item = one("计算题", "多大？", "", "", "", "", "220±5% V")
        assert isinstance(item.content, Numerical)
        assert item.content.answers[0].relative
        assert item.content.units.units[0].name == "V"
        assert one("计算题", "写出过程。", "", "", "", "", "由欧姆定律得 2 A").type == "essay"

    def test_material_with_its_questions(self) -> None:
        headings = ("题型", "小题", "题干", "选项A", "选项B", "答案", "分值")
        rows = [
            headings,
            ("材料题", "", "电工没有停电。", "", "", "", ""),
            ("单选题", 1, "先做什么？", "断电", "拉人", "A", 2),
            ("判断题", 2, "可以无人监护。", "", "", "错", 1),
            ("判断题", "", "另一题。", "", "", "对", 1),
        ]
        case, other = read(workbook(rows))
        assert [part.type for part in case.content.questions] == ["single", "truefalse"]  # type: ignore[union-attr]
        assert case.marks == 3
        assert other.line == 5

    def test_merged_cells_belong_to_each_row(self) -> None:
        book = workbook(
            [HEADINGS, ("判断题", "甲。", "", "", "", "", "√"), ("", "乙。", "", "", "", "", "×")]
        )
        book.active.merge_cells("A2:A3")
        assert [item.type for item in read(book)] == ["truefalse", "truefalse"]

    def test_values_of_formulas(self) -> None:
        source = saved(workbook([HEADINGS, ("判断题", "甲。", "", "", "", "", "=1")]))

        def with_value(data: bytes) -> bytes:
            return data.replace(b"<f>1</f><v/>", b"<f>1</f><v>0</v>").replace(
                b"<f>1</f><v></v>", b"<f>1</f><v>0</v>"
            )

        (item,) = read(changed(source, "xl/worksheets/sheet1.xml", with_value))
        assert item.content.answer is False  # type: ignore[union-attr]

    def test_raised_and_lowered_letters(self) -> None:
        book = workbook([HEADINGS, ("判断题", "x", "", "", "", "", "√")])
        book.active["B2"] = CellRichText(
            "H",
            TextBlock(InlineFont(vertAlign="subscript"), "2"),
            "O 有 10",
            TextBlock(InlineFont(vertAlign="superscript"), "3"),
            " 克",
        )
        (item,) = read(book)
        assert item.content.stem == Rich(source="H<sub>2</sub>O 有 10<sup>3</sup> 克")  # type: ignore[union-attr]

    def test_formulas_and_markup(self) -> None:
        assert rich_of(r"由 $P=\frac{U^2}{R}$ 得").source == r"由 \(P=\frac{U^2}{R}\) 得"
        assert rich_of("收 $5，找 $3。") == Rich(source="收 $5，找 $3。", markup="plain")
        assert rich_of("[markdown]**粗**") == Rich(source="**粗**", markup="markdown")
        assert rich_of("a<b").markup == "plain"
        assert rich_of("<p>a</p>").markup == "html"

    @given(st.text(st.sampled_from("ab 中<>/p$\\()[]html^_{}\n&;"), max_size=30))
    @settings(max_examples=200)
    def test_a_text_comes_back_from_its_cell(self, text: str) -> None:
        from modou_quiz.formats.office.texts import canonical

        for markup in ("plain", "html", "markdown"):
            rich = Rich(source=text, markup=markup)  # type: ignore[arg-type]
            assert canonical(rich_of(cell_of(rich))) == canonical(rich)


class TestPictures:
    def test_those_in_cells(self) -> None:
        book = workbook([HEADINGS, ("单选题", "图中是什么？", "甲", "乙", "", "", "A")])
        place(book, "B2", png("red"))
        place(book, "D2", png("blue"))
        (item,) = read(book)
        assert item.content.stem.source == '图中是什么？<img src="@@FILE@@/b2-1.png" alt="">'  # type: ignore[union-attr]
        assert item.files == {"b2-1.png": png("red"), "d2-1.png": png("blue")}

    def test_those_of_wps(self) -> None:
        book = workbook([HEADINGS, ("判断题", "甲。", '=DISPIMG("ID_1",1)', "", "", "", "√")])
        book.active["B2"] = '_xlfn.DISPIMG("ID_1",1)'
        source = changed(saved(book), "xl/media/image9.png", lambda _data: png("green"))
        source = changed(
            source,
            "xl/cellimages.xml",
            lambda _data: (
                b'<c:cellImages xmlns:c="urn:c" xmlns:a="urn:a" '
                b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
                b'<c:cellImage><c:cNvPr name="ID_1"/><a:blip r:embed="rId1"/></c:cellImage>'
                b"</c:cellImages>"
            ),
        )
        source = changed(
            source,
            "xl/_rels/cellimages.xml.rels",
            lambda _data: (
                b'<Relationships xmlns="urn:r"><Relationship Id="rId1" '
                b'Target="media/image9.png"/></Relationships>'
            ),
        )
        (item,) = read(source)
        assert png("green") in item.files.values()

    def test_those_that_browsers_do_not_show_are_named(self) -> None:
        book = workbook([HEADINGS, ("判断题", "甲。", "", "", "", "", "√")])
        place(book, "B2", png())
        (item,) = read(changed(saved(book), "xl/media/image1.png", lambda _data: EMF))
        assert item.content is not None
        assert item.files == {}
        assert "EMF" in said(item)
        assert "Sheet1!B2" in said(item)

    def test_they_go_and_come_back_by_their_names(self) -> None:
        source = '看图 <img src="@@FILE@@/%E5%9B%BE.png"> 和 <img src="@@FILE@@/b.png">'
        item = Item(
            type="single",
            content=SingleChoice(
                stem=Rich(source=source),
                options=EXAMPLES[0].content.options,  # type: ignore[union-attr]
            ),
            files={"图.png": png("red"), "b.png": png("blue"), "c.mp3": b"ID3"},
        )
        out = io.BytesIO()
        told = Excel().write([item], out)
        (came,) = Excel().read(out)
        assert came.files == {"图.png": png("red"), "b.png": png("blue")}
        assert came.content.stem.source == source  # type: ignore[union-attr]
        assert [note.level for _item, note in told] == ["lost"]


class TestFaults:
    @pytest.mark.parametrize(
        ("row", "where", "what"),
        [
            (("单选题", "问", "甲", "乙", "", "", "E"), "Sheet1!G2（答案）", "only"),
            (("单选题", "问", "甲", "乙", "", "", "AB"), "Sheet1!G2（答案）", "one right option"),
            (("单选题", "问", "甲", "", "丙", "", "A"), "Sheet1!D2（选项B）", "empty"),
            (("单选题", "问", "甲", "", "", "", "A"), "Sheet1!C2（选项A）", "at least"),
            (("单选题", "问", "甲", "乙", "", "", ""), "Sheet1!G2（答案）", "no answer"),
            (("单选题", "", "甲", "乙", "", "", "A"), "Sheet1!B2（题干）", "no question text"),
            (("判断题", "问", "", "", "", "", "也许"), "Sheet1!G2（答案）", "options"),
            (("填空题", "一____", "", "", "", "", "甲；乙；"), "", ""),
            (("填空题", "____和____", "", "", "", "", "甲"), "Sheet1!G2（答案）", "2 | 1"),
            (("数值题", "多大", "", "", "", "", "很大"), "Sheet1!G2（答案）", "no number"),
            (("单选题", "问", "甲", "乙", "", "", "A", "-3"), "Sheet1!H2（分值）", "-3"),
            (("单选题", "问", "甲", "乙", "", "", "A", "2", "极"), "Sheet1!I2（难度）", "极"),
            (("怪题", "问", "甲", "乙", "", "", "A"), "Sheet1!A2（题型）", "怪题"),
            (("匹配题", "问", "甲 => 乙", "丙", "", "", ""), "Sheet1!D2（选项B）", "pair"),
            (("排序题", "问", "甲", "乙", "丙", "", "AB"), "Sheet1!G2（答案）", "2 | 3"),
            (("材料题", "问"), "Sheet1!B2（题干）", "below"),
        ],
    )
    def test_they_name_the_cell(self, row: tuple[str, ...], where: str, what: str) -> None:
        bad, good = read(workbook([HEADINGS, row, ("判断题", "好。", "", "", "", "", "对")]))
        assert good.content is not None
        assert bad.line == 2
        if where:
            assert bad.content is None
            assert where in said(bad)
            assert what in said(bad)
        else:
            assert bad.content is not None
            assert "each of the answers" in said(bad)

    def test_what_is_not_known_is_named(self) -> None:
        rows = [
            (*HEADINGS, "审核人", "题干"),
            ("判断题", "甲。", "", "", "", "", "√", "", "", "张三", "又一个"),
        ]
        (item,) = read(workbook(rows))
        assert item.content is not None
        assert "J1（审核人）" in said(item)
        assert "stands twice" in said(item)

    def test_a_part_without_its_material(self) -> None:
        (item,) = read(workbook([("题型", "小题", "题干", "答案"), ("判断题", 1, "甲", "对")]))
        assert item.content is None
        assert "B2" in said(item)

    def test_a_sheet_without_headings(self) -> None:
        (item,) = read(workbook([("甲", "乙"), ("丙", "丁")]))
        assert item.content is None
        assert "题干" in said(item)

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "empty"),
            (b"PK\x03\x04 cut off", "no readable workbook"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "no readable workbook"),
            (b"\0\0\0\0\0", "NUL"),
        ],
    )
    def test_files_that_are_none(self, data: bytes, what: str) -> None:
        (item,) = Excel().read(io.BytesIO(data))
        assert item.content is None
        assert what in said(item)

    def test_a_document_of_word(self) -> None:
        from tests.unit.quiz.office_files import Paper

        (item,) = Excel().read(Paper("1. 甲").bytes())
        assert "no workbook" in said(item)

    def test_a_small_file_that_unpacks_to_everything(self) -> None:
        source = changed(
            saved(workbook([HEADINGS])), "xl/media/big.bin", lambda _d: b"\0" * (257 << 20)
        )
        (item,) = Excel().read(source)
        assert "unpacks" in said(item)

    @given(st.integers(0, 100), st.booleans())
    @settings(max_examples=40)
    def test_truncated_and_damaged_files_are_refused_in_words(self, share: int, cut: bool) -> None:
        data = TEMPLATE
        place = len(data) * share // 101
        data = data[:place] if cut else data[:place] + b"\xff\x00garbage" + data[place + 9 :]
        for item in Excel().read(io.BytesIO(data)):
            assert item.content is not None or item.notes


TEMPLATE = Excel().template()


class TestCsv:
    TEXT = "题型,题干,选项A,选项B,答案,分值\n单选题,哪个？,甲,乙,B,2\n判断题,验电。,,,错,1\n"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("sign", [",", "\t", ";"])
    def test_encodings_and_delimiters(self, encoding: str, sign: str) -> None:
        data = self.TEXT.replace(",", sign).encode(encoding)
        assert Excel().recognises(data, "题库.csv") > 0.5
        single, truefalse = Excel().read(io.BytesIO(data))
        assert (single.type, truefalse.type, single.marks) == ("single", "truefalse", 2.0)

    def test_faults_name_the_cell(self) -> None:
        data = self.TEXT.replace(",B,2", ",C,2").encode()
        bad, good = Excel().read(io.BytesIO(data))
        assert "E2（答案）" in said(bad)
        assert good.content is not None


class TestWriting:
    def test_nothing_in_it_is_executed(self) -> None:
        item = Item(
            type="truefalse",
            title="=cmd|' /C calc'!A0",
            content=EXAMPLES[3].content.model_copy(  # type: ignore[union-attr]
                update={"stem": Rich(source='=HYPERLINK("http://x")', markup="plain")}
            ),
        )
        out = io.BytesIO()
        Excel().write([item], out)
        cells = [cell for row in load_workbook(out)["试题"].iter_rows() for cell in row]
        assert {cell.data_type for cell in cells if cell.value} <= {"s", "n"}
        (came,) = Excel().read(out)
        assert came.title == item.title

    def test_what_only_this_system_reads_is_passed_over_once_the_row_is_edited(self) -> None:
        content = EXAMPLES[0].content.model_copy(update={"penalty": 0.25, "numbering": "iii"})  # type: ignore[union-attr]
        out = io.BytesIO()
        told = Excel().write([Item(type="single", content=content)], out)
        assert {note.level for _item, note in told} == {"changed"}
        book = load_workbook(out)
        column = next(c for c in book["试题"][1] if c.value.startswith("附加信息"))
        assert book["试题"].column_dimensions[column.column_letter].hidden
        extras = book["试题"].cell(2, column.column)
        assert json.loads(extras.value)
        extras.value = extras.value[:-3]
        (came,) = read(book)
        assert came.content.numbering == "ABC"
        assert came.notes

    def test_questions_of_others_are_refused_aloud(self) -> None:
        from modou_quiz.content import Content

        class Other(Content):
            pass

        other = Item(type="acme", content=Other(stem=Rich(source="x")))
        out = io.BytesIO()
        told = Excel().write([other, EXAMPLES[0]], out)
        assert [note.level for item, note in told if item is other] == ["error"]
        (came,) = Excel().read(out)
        assert came.type == "single"


class TestAnswers:
    @given(
        st.lists(st.text(st.sampled_from('ab中|；;"()50%*\\ '), min_size=1, max_size=8), max_size=4)
    )
    def test_words_come_back(self, patterns: list[str]) -> None:
        from modou_quiz.types.contents import Accepted

        accepted = tuple(Accepted(pattern=p.strip(), fraction=0.5) for p in patterns if p.strip())
        assert answers.accepted(answers.accepted_text(accepted)) == accepted
        if accepted:
            assert answers.gaps(answers.gaps_text([accepted, accepted])) == [accepted, accepted]

    def test_every_kind_has_a_word_that_is_read(self) -> None:
        for kind, names in words.KINDS.items():
            assert {words.kind_of(name) for name in names} == {kind}
        for field, names in words.FIELDS.items():
            assert {words.field_of(name) for name in names} == {field}
        assert words.field_of("选项I") == "option I"
        assert words.field_of("答案（必填）") == "answer"
