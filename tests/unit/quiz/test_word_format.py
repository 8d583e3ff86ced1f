"""The Word template, and documents as trainers really write them."""

import io
from typing import Any

import pytest
from docx.shared import Cm
from hypothesis import given, settings
from hypothesis import strategies as st

from modou_quiz.content import Rich
from modou_quiz.formats.base import Item
from modou_quiz.formats.office import lines
from modou_quiz.formats.office.examples import EXAMPLES
from modou_quiz.formats.office.numbering import chinese, from_chinese
from modou_quiz.formats.word import Word
from modou_quiz.types.contents import Case, Cloze, Essay, Matching, MultipleChoice, SingleChoice
from tests.unit.quiz.office_files import EMF, Paper, changed, formula, letters, png, run
from tests.unit.quiz.test_excel_format import said, told

pytestmark = pytest.mark.unit


def read(paper: Paper | str | io.BytesIO) -> list[Item]:
    if isinstance(paper, str):
        paper = Paper(paper)
    stream = paper.bytes() if isinstance(paper, Paper) else paper
    return list(Word().read(stream))


def one(paper: Paper | str) -> Item:
    (item,) = read(paper)
    return item


def stem(item: Item) -> str:
    assert item.content is not None, said(item)
    return item.content.stem.source


def options(item: Item) -> list[str]:
    assert isinstance(item.content, SingleChoice | MultipleChoice), said(item)
    return [
        option.text.source + ("!" if option.fraction > 0 else "") for option in item.content.options
    ]


class TestPapers:
    def test_headings_give_kinds_and_marks(self) -> None:
        items = read("""
低压电工作业理论试卷（A 卷）
姓名：        单位：        得分：
一、单选题（每题2分，共4分）
1、危险性最大的电流途径是（ A ）。
A、左手到前胸  B、右手到脚  C、脚到脚  D、右手到右脚
2．安全电压是（　　）。
Ａ．36V
Ｂ．220V
答案：A
解析：安全电压是 36V 及以下。
难度：中  知识点：安全电压
二、多选题（每小题 3 分）
3. 安全技术措施有（）
A.停电 B.验电 C.睡觉
【答案】AB【解析】见规程【难度】易
三、判断题（每题1分，共2分）
4. 验电前应在有电设备上试验。（√）
5. 可以用湿手摸开关。（ × ）
四、填空题（每空1分）
6. 停电、____、装设____。
答案：验电；接地线
五、简答题
7. 怎样使触电者脱离电源？（10分）
答：拉开关。
拔插头。
评分标准：每点 5 分。
六、案例分析题（材料题）
8. 电工更换熔断器时没有停电。
（1）首先应该（ ）。（2分）
A. 断电 B. 拉人
答案：A
（2）违反了什么规定？（3分）
答案：没有停电。
""")
        assert [item.type for item in items] == [
            "single", "single", "multiple", "truefalse", "truefalse", "cloze", "essay", "case",
        ]  # fmt: skip
        assert [item.marks for item in items] == [2, 2, 3, 1, 1, 2, 10, 5]
        assert [item.line for item in items] == [4, 6, 13, 17, 18, 20, 23, 28]
        assert options(items[0])[0] == "左手到前胸!"
        assert options(items[1]) == ["36V!", "220V"]
        assert (items[1].difficulty, items[1].point) == (3, "安全电压")
        assert items[2].content.feedback.source == "见规程"  # type: ignore[union-attr]
        assert stem(items[4]) == "可以用湿手摸开关。（  ）"
        essay = items[6].content
        assert isinstance(essay, Essay)
        assert essay.sample.source == "拉开关。\n拔插头。"
        assert essay.notes.source == "每点 5 分。"
        case = items[7].content
        assert isinstance(case, Case)
        assert [part.type for part in case.questions] == ["single", "essay"]
        # The title is named, nothing else is.
        assert "above the first question" in said(items[0])
        assert not any(item.notes for item in items[1:])

    def test_answers_together_at_the_end(self) -> None:
        items = read("""
一、单项选择题
1. 问一（ ）
A. 甲
B. 乙
2. 问二（ ）
A. 甲
B. 乙
3. 问三
A. 甲 B. 乙
二、多项选择题
1. 多选一
A. 甲 B. 乙 C. 丙
2. 多选二
A. 甲 B. 乙 C. 丙
三、判断题
1. 判断一（ ）
2. 判断二
四、填空题
1. 空____和____。
五、问答题
1. 为什么？
参考答案
一、单项选择题
1-3 ABA
二、多项选择题
1. AB  2. ABC
三、判断题 1.√ 2.×
四、填空题
1. 甲；乙
五、问答题
1. 答：因为。
所以。
9. 多出来的
""")
        assert ["".join(options(item)) for item in items[:5]] == [
            "甲!乙", "甲乙!", "甲!乙", "甲!乙!丙", "甲!乙!丙!",
        ]  # fmt: skip
        assert [item.content.answer for item in items[5:7]] == [True, False]  # type: ignore[union-attr]
        assert isinstance(items[7].content, Cloze)
        assert items[8].content.sample.source == "因为。\n所以。"  # type: ignore[union-attr]
        assert "question ${number}" in said(items[0])
        assert "| 9" in said(items[0])

    def test_answers_at_the_end_without_headings(self) -> None:
        items = read("""
1、问一
A、甲 B、乙
2、问二
A、甲 B、乙
3、对不对（ ）
答案：
1.A  2.B  3.√
""")
        assert [item.type for item in items] == ["single", "single", "truefalse"]
        assert "".join(options(items[1])) == "甲乙!"

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("1-5 ABCDA", "ABCDA"),
            ("1~5：A B C D A", "ABCDA"),
            ("1—5 ＡＢＣＤＡ", "ＡＢＣＤＡ"),
            ("1-5 √×√×√", "√×√×√"),
            ("1.A 2.B 3.C 4.D 5.A", "ABCDA"),
            ("1、A；2、B；3、C；4、D；5、A", "ABCDA"),
            ("(1)A (2)B (3)C (4)D (5)A", "ABCDA"),
        ],
    )
    def test_lists_of_answers(self, line: str, found: str) -> None:
        assert lines.answers_in(line) == list(enumerate(found, start=1))

    def test_lists_of_answers_to_multiple_choices(self) -> None:
        assert lines.answers_in("1-3 AB ACD BC") == [(1, "AB"), (2, "ACD"), (3, "BC")]
        assert lines.answers_in("1. AB 2. A、C") == [(1, "AB"), (2, "AC")]
        assert lines.answers_in("1. 因为电流") is None

    def test_kinds_in_brackets_and_questions_in_one_line(self) -> None:
        items = read("""
1.【多选题】哪些？ A.甲 B.乙 C.丙
答案：AC
2. 哪个？（单选题）
(A) 甲 (B) 乙
答案：(B)
第3题 验电。（判断题）
答案：正确
""")
        assert [item.type for item in items] == ["multiple", "single", "truefalse"]
        assert options(items[0]) == ["甲!", "乙", "丙!"]
        assert (stem(items[0]), stem(items[1]), stem(items[2])) == ("哪些？", "哪个？", "验电。")

    def test_materials_with_headings_of_their_own(self) -> None:
        items = read("""
一、案例题
材料一：某车间没有停电。
还有一段。
1. 先做什么？
A. 断电 B. 拉人
答案：A
2. 可以无人监护。
答案：错
材料二：另一个车间。
1. 为什么？
答案：不知道。
""")
        assert [item.type for item in items] == ["case", "case"]
        assert stem(items[0]) == "某车间没有停电。\n还有一段。"
        assert [part.type for part in items[0].content.questions] == ["single", "truefalse"]  # type: ignore[union-attr]

    def test_numbers_that_words_counts(self) -> None:
        paper = Paper()
        paper.numbering(71, ("chineseCounting", "%1、"), ("decimal", "%2."), ("upperLetter", "%3."))
        paper.numbered("判断题", 71)
        paper.numbered("验电。（√）", 71, 1)
        paper.numbered("单选题", 71)
        for text in ("哪个？（B）", "哪些？（A）"):
            paper.numbered(text, 71, 1)
            for option in ("甲", "乙", "丙"):
                paper.numbered(option, 71, 2)
        items = read(paper)
        assert [item.type for item in items] == ["truefalse", "single", "single"]
        assert options(items[1]) == ["甲", "乙!", "丙"]
        assert options(items[2]) == ["甲!", "乙", "丙"]

    def test_a_table_with_a_question_in_each_row(self) -> None:
        paper = Paper("题库")
        table = paper.document.add_table(3, 5)
        rows = (("序号", "题目", "A", "B", "答案"), ("1", "哪个？", "甲", "乙", "B"),
                ("2", "哪些？", "甲", "乙", "AB"))  # fmt: skip
        for row, texts in zip(table.rows, rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
        single, multiple = read(paper)
        assert options(single) == ["甲", "乙!"]
        assert options(multiple) == ["甲!", "乙!"]

    def test_options_and_pairs_in_tables(self) -> None:
        paper = Paper("1. 哪个？")
        table = paper.document.add_table(2, 2)
        for cell, text in zip(
            [c for row in table.rows for c in row.cells],
            ("A. 甲", "B. 乙", "C. 丙", "D. 丁"),
            strict=True,
        ):
            cell.text = text
        paper.write("答案：D\n2.【匹配题】连线")
        table = paper.document.add_table(3, 2)
        for row, (left, right) in zip(
            table.rows, (("电压", "伏特"), ("电流", "安培"), ("", "瓦特")), strict=True
        ):
            row.cells[0].text, row.cells[1].text = left, right
        choice, matching = read(paper)
        assert options(choice) == ["甲", "乙", "丙", "丁!"]
        assert isinstance(matching.content, Matching)
        assert (len(matching.content.pairs), len(matching.content.distractors)) == (2, 1)

    def test_other_tables_stay(self) -> None:
        paper = Paper("1. 由表可知（ ）")
        paper.document.add_table(1, 2).rows[0].cells[1].text = "220 V"
        paper.write("A. 甲\nB. 乙\n答案：A")
        assert "<td>220 V</td>" in stem(one(paper))

    def test_blanks_drawn_as_underlined_spaces(self) -> None:
        paper = Paper("一、填空题")
        paper.raw(run("1. 停电、") + run("      ", '<w:u w:val="single"/>') + run("、接地。"))
        paper.write("答案：验电")
        assert stem(one(paper)) == "停电、[[1]]、接地。"

    def test_what_looks_like_something_else_and_is_not(self) -> None:
        items = read("""
1. 截面为
2.5 mm² 的导线，A 相电流是（ ）
A. 1.5 A  B. 2.5 A
答案：B
""")
        assert stem(items[0]) == "截面为\n2.5 mm² 的导线，A 相电流是（ ）"
        assert options(items[0]) == ["1.5 A", "2.5 A!"]


class TestFormulasAndPictures:
    def test_formulas_of_word_are_tex(self) -> None:
        paper = Paper()
        paper.raw(
            run("1. 由")
            + formula(
                letters("P=")
                + f"<m:f><m:num><m:sSup><m:e>{letters('U')}</m:e><m:sup>{letters('2')}</m:sup>"
                f"</m:sSup></m:num><m:den>{letters('R')}</m:den></m:f>"
            )
            + run("得（ ）")
        )
        paper.write("A. $R_1$ 大\nB. 乙\n答案：A")
        item = one(paper)
        assert stem(item) == r"由\(P=\frac{U^2}{R}\)得（ ）"
        assert options(item)[0] == r"\(R_1\) 大!"

    def test_raised_letters_stay_and_deleted_ones_go(self) -> None:
        paper = Paper()
        paper.raw(
            run("1. 10")
            + run("3", '<w:vertAlign w:val="superscript"/>')
            + "<w:del><w:r><w:delText>删掉的</w:delText></w:r></w:del>"
            + f"<w:ins>{run(' 加上的')}</w:ins>"
        )
        paper.write("答：好")
        assert stem(one(paper)) == "10<sup>3</sup> 加上的"

    def test_pictures_go_and_come_back(self) -> None:
        source = '看图 <img src="@@FILE@@/%E5%9B%BE.png" alt=""> 回答'
        item = Item(
            type="essay",
            content=Essay(stem=Rich(source=source)),
            files={"图.png": png("red")},
        )
        out = io.BytesIO()
        assert Word().write([item], out) == []
        (came,) = Word().read(out)
        assert came.files == {"图.png": png("red")}
        assert stem(came) == source

    def test_pictures_in_options(self) -> None:
        paper = Paper("1. 哪个是接地符号？")
        for letter, colour in (("A", "red"), ("B", "blue")):
            paragraph = paper.document.add_paragraph(f"{letter}. ")
            paragraph.add_run().add_picture(io.BytesIO(png(colour)), width=Cm(1))
        paper.write("答案：B")
        item = one(paper)
        assert sorted(item.files) == ["p2.png", "p3.png"]
        assert options(item)[1] == '<img src="@@FILE@@/p3.png" alt="">!'

    def test_what_browsers_do_not_show_is_named(self) -> None:
        paper = Paper("1. 看图回答。")
        paper.document.paragraphs[0].add_run().add_picture(io.BytesIO(png()))
        paper.write("答：好")
        name = next(
            str(part.partname)[1:]
            for part in paper.document.part.package.iter_parts()
            if "media" in str(part.partname)
        )
        (item,) = read(changed(paper.bytes(), name, lambda _data: EMF))
        assert item.content is not None
        assert not item.files
        assert "EMF" in said(item)

    @pytest.mark.parametrize(
        ("inside", "what"),
        [
            (
                (
                    "<w:r><w:fldChar w:fldCharType='begin'/></w:r>"
                    "<w:r><w:instrText> EQ \\f(1,2) </w:instrText></w:r>"
                    "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
                ),
                "EQ",
            ),
            ("<w:r><w:footnoteReference w:id='2'/></w:r>", "footnote"),
            ("<w:r><w:sym w:font='Wingdings' w:char='F04A'/></w:r>", "Wingdings"),
            (
                (
                    "<w:r><mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/"
                    "markup-compatibility/2006'><mc:Choice><w:txbxContent/></mc:Choice>"
                    "</mc:AlternateContent></w:r>"
                ),
                "text box",
            ),
            (
                (
                    "<w:r><w:pict><v:shape xmlns:v='urn:schemas-microsoft-com:vml'>"
                    "<v:imagedata r:id='rId99'/></v:shape></w:pict></w:r>"
                ),
                "outside",
            ),
        ],
    )
    def test_what_is_left_out_is_named(self, inside: str, what: str) -> None:
        paper = Paper()
        paper.raw(run("1. 问") + inside)
        paper.write("答：好")
        item = one(paper)
        assert item.content is not None
        assert what in said(item)
        assert item.notes[0].line == 1

    def test_formulas_that_word_does_not_have_stay_tex(self) -> None:
        item = Item(type="essay", content=Essay(stem=Rich(source=r"由 \(\ce{H2O}\) 得")))
        out = io.BytesIO()
        ((_item, note),) = Word().write([item], out)
        assert note.level == "changed"
        assert r"\ce{H2O}" in told(note.message)
        (came,) = Word().read(out)
        assert stem(came) == r"由 \(\ce{H2O}\) 得"


class TestFaults:
    def test_what_is_too_long_spoils_no_other(self) -> None:
        items = read(f"1. {'长' * 100_001}\n答案：A\n2. 水是湿的。\n答案：对")
        assert [item.type for item in items] == ["", "truefalse"]
        assert "longer than can be stored" in said(items[0])

    def test_an_answer_at_the_end_that_says_otherwise_is_told(self) -> None:
        first, second = read("""
一、单选题
1. 甲还是乙？
A. 甲
B. 乙
答案：A
2. 丙还是丁？
A. 丙
B. 丁
答案：B
参考答案
1. B
2. B
""")
        assert options(first) == ["甲!", "乙"]
        assert "say otherwise" in said(first)
        assert not second.notes

    def test_they_name_the_paragraph_and_the_others_are_taken(self) -> None:
        items = read("""
一、单选题
1. 没有答案
A. 甲 B. 乙
2. 答案没有的选项
A. 甲 B. 乙
答案：E
3. 好的
A. 甲 B. 乙
答案：A
4. 只有一个选项
A. 甲
答案：A
二、填空题
5. ____和____
答案：甲
6. 负的分值____
答案：甲
分值：-2
""")
        assert [item.content is not None for item in items] == [
            False, False, True, False, False, False,
        ]  # fmt: skip
        assert "no answer" in said(items[0])
        assert "¶6" in said(items[1])
        assert "E" in said(items[1])
        assert "at least" in said(items[3])
        assert "¶15" in said(items[4])
        assert "¶18" in said(items[5])
        assert "-2" in said(items[5])

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "empty"),
            (b"PK\x03\x04 cut off", "no readable Word document"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old .doc"),
            (b"1. text", "no Word document"),
        ],
    )
    def test_files_that_are_none(self, data: bytes, what: str) -> None:
        (item,) = Word().read(io.BytesIO(data))
        assert item.content is None
        assert what in said(item)

    def test_a_document_without_questions(self) -> None:
        assert "no questions" in said(one("你好\n再见"))

    def test_a_small_file_that_unpacks_to_everything(self) -> None:
        source = changed(Paper("1. 甲").bytes(), "word/x.xml", lambda _data: b" " * (65 << 20))
        assert "unpacks" in said(read(source)[0])

    def test_entities_are_not_followed(self) -> None:
        bomb = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
        source = changed(
            Paper("1. 甲").bytes(),
            "word/document.xml",
            lambda data: data.replace(b"?>", b"?>" + bomb, 1).replace("甲".encode(), b"&b;"),
        )
        assert all("aaaa" not in str(item.content) for item in read(source))

    @given(st.integers(0, 100), st.booleans())
    @settings(max_examples=30)
    def test_truncated_and_damaged_files_are_refused_in_words(self, share: int, cut: bool) -> None:
        place = len(TEMPLATE) * share // 101
        damaged = TEMPLATE[:place] + b"\xff\x00garbage" + TEMPLATE[place + 9 :]
        for item in Word().read(io.BytesIO(TEMPLATE[:place] if cut else damaged)):
            assert item.content is not None or item.notes


TEMPLATE = Word().template()

#: What paragraphs of papers are made of, in any order.
_LINES = (
    "一、单选题（每题2分）", "二、填空题", "1. 问____", "2、问（A）", "（1）小题", "A. 甲 B. 乙",
    "B. 丙", "答案：A", "答案：", "参考答案", "1-2 AB", "解析：因为", "材料：甲", "难度：9",
    "分值：x", "", "你好", "【答案】A【解析】b", "题干：", "1. 1. 1.", "A.", "附加信息：[[",
    "附加信息：[]",
)  # fmt: skip


class TestTemplate:
    def test_it_is_read_as_the_examples(self) -> None:
        items = read(io.BytesIO(TEMPLATE))
        assert [item.type for item in items] == [item.type for item in EXAMPLES]
        assert all(item.content is not None and not item.notes for item in items)

    def test_its_comments_say_how(self) -> None:
        from docx import Document

        texts = [comment.text for comment in Document(io.BytesIO(TEMPLATE)).comments]
        assert len(texts) == 12
        assert any("参考答案" in text for text in texts)

    def test_examples_come_back_exactly(self) -> None:
        out = io.BytesIO()
        assert Word().write(EXAMPLES, out) == []
        again = list(Word().read(out))
        assert [item.content for item in again][:-1] == [item.content for item in EXAMPLES][:-1]

    @given(st.lists(st.sampled_from(_LINES), max_size=12))
    @settings(max_examples=60)
    def test_any_order_of_lines_is_read_or_refused(self, texts: list[str]) -> None:
        for item in read("\n".join(texts)):
            assert item.content is not None or any(note.level == "error" for note in item.notes)

    @given(
        st.text(
            st.sampled_from("一1２.、：:（）()【】ABＡ 答案解析单选题分材料\t第节空"), max_size=16
        )
    )
    @settings(max_examples=150)
    def test_texts_are_guarded_against_being_misread(self, text: str) -> None:
        from modou_quiz.formats.office.documents import JOINER

        if not text.strip():
            return
        guarded = lines.guarded(text, JOINER)
        assert guarded.replace(JOINER, "") == text
        if guarded != text:
            assert not lines.cuts(guarded, 1)
            assert not lines.fields_in(guarded)
            assert not lines.question_number(guarded)
            assert not lines.kind_tag(guarded)
            assert not lines.marks_tag(guarded)
            assert not lines.heading_of(guarded)


def test_chinese_numbers() -> None:
    assert [from_chinese(chinese(number)) for number in range(1, 100)] == list(range(1, 100))


def test_recognising() -> None:
    head: Any = TEMPLATE[:65536]
    assert Word().recognises(head, "试卷.docx") > 0.9
    assert Word().recognises(b"plain", "x.txt") == 0
