"""Files that somebody or something damaged: nothing raises, what cannot be read says where and why,
and the rest comes in."""

import io
import time
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modou_quiz.content import Rich, formulas_in
from modou_quiz.formats import QUESTION_FORMATS, Item, QuestionFormat
from modou_quiz.formats.building import is_html
from modou_quiz.formats.gift import Gift
from modou_quiz.formats.moodle_xml import MoodleXml
from modou_quiz.formats.office.lines import inline_answer
from modou_quiz.formats.qti import Qti22
from modou_quiz.formats.xml_safety import BadXml, parse_xml
from modou_quiz.types.contents import Cloze, Matching, Option, Pair, SingleChoice, TrueFalse

pytestmark = pytest.mark.unit

ITEMS = [
    Item(
        type="single",
        title="首都",
        content=SingleChoice(
            stem=Rich(source="<p>中国的首都？<img src='@@FILE@@/map.png'></p>"),
            options=(
                Option(text=Rich(source="北京", markup="plain"), fraction=1.0),
                Option(text=Rich(source="上海", markup="plain")),
            ),
        ),
        files={"map.png": b"\x89PNG\r\n\x1a\n picture"},
    ),
    Item(type="truefalse", title="判断", content=TrueFalse(stem=Rich(source="水是湿的。"))),
    Item(
        type="matching",
        title="匹配",
        content=Matching(
            stem=Rich(source="连线"),
            pairs=(
                Pair(left=Rich(source="浙江"), right=Rich(source="杭州", markup="plain")),
                Pair(left=Rich(source="江苏"), right=Rich(source="南京", markup="plain")),
            ),
        ),
    ),
]
FORMATS = [format for format in QUESTION_FORMATS if format.writes and format.reads]


def written(format: QuestionFormat) -> bytes:
    out = io.BytesIO()
    format.write(ITEMS, out)
    return out.getvalue()


FILES = {format.name: written(format) for format in FORMATS}
#: What does harm in the middle of a file.
_HARM = (
    b"", b"\x00", b"\xff", b"}", b"{", b"=", b"~", b"#", b"::", b"\n", b"\n\n", b"<", b">", b"&",
    b"]]>", b"<![CDATA[", b"</question>", b"<question>", b"<!--", b"&bomb;", b"%-500%", b'"',
    b"<!DOCTYPE a>", "墨".encode("gb18030"),
)  # fmt: skip


def read(format: QuestionFormat, data: bytes) -> list[Item]:
    found = list(format.read(io.BytesIO(data)))
    for item in found:
        if item.content is None:
            errors = [note for note in item.notes if note.level == "error"]
            assert errors
            assert all(note.message and note.line >= 0 for note in errors)
        assert item.line >= 1
    return found


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_it_never_raises(format: QuestionFormat) -> None:
    data = FILES[format.name]

    @settings(max_examples=150)
    @given(
        st.lists(
            st.tuples(st.integers(0, len(data)), st.integers(0, 40), st.sampled_from(_HARM)),
            min_size=1,
            max_size=3,
        ),
        st.integers(0, len(data)) | st.just(len(data)),
    )
    def check(changes: list[tuple[int, int, bytes]], end: int) -> None:
        harmed = data
        for place, length, put in changes:
            harmed = harmed[:place] + put + harmed[place + length :]
        read(format, harmed[:end] if end < len(data) else harmed)
        format.recognises(harmed[:65536], "file")

    check()


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_anything_may_come(format: QuestionFormat, data: bytes) -> None:
    read(format, data)


def test_a_truncated_xml_file_gives_what_it_has() -> None:
    data = FILES["moodle_xml"]
    found = read(MoodleXml(), data[: data.index("匹配".encode()) + 40])
    assert [item.title for item in found if item.content] == ["首都", "判断"]
    assert "breaks off" in found[-1].notes[0].message
    assert found[-1].line == data[: data.index("匹配".encode())].count(b"\n")


def test_one_bad_element_costs_one_question() -> None:
    data = FILES["moodle_xml"].replace("水是湿的。".encode(), b"<b>a & b")
    found = read(MoodleXml(), data)
    assert [item.content is not None for item in found] == [True, False, True]
    assert "well-formed" in found[1].notes[0].message


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE quiz [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {n} "{f"&{p};" * 10}">' for p, n in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)


@pytest.mark.parametrize("entity", ["&i;", "&file;"])
def test_entities_are_not_expanded(entity: str) -> None:
    text = FILES["moodle_xml"].decode().replace("水是湿的。", entity)
    found = read(MoodleXml(), (BOMB + text.partition("?>")[2]).encode())
    assert [item.content is not None for item in found] == [True, False, True]
    item = zipped()["items/q00002.xml"].decode().replace("水是湿的。", entity)
    [alone] = read(Qti22(), (BOMB + item.partition("?>")[2]).encode())
    assert alone.content is None
    assert "not read" in alone.notes[0].message


def zipped() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(FILES["qti22"])) as package:
        return {name: package.read(name) for name in package.namelist()}


def package_of(entries: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in entries.items():
            package.writestr(name, data)
    return out.getvalue()


def test_a_package_cannot_reach_out_of_itself() -> None:
    entries = zipped()
    item = entries["items/q00001.xml"].decode()
    for path in ("../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "..\\..\\x"):
        sent = dict(entries)
        sent["items/q00001.xml"] = item.replace("../media/q00001/map.png", path).encode()
        sent["../../etc/passwd"] = b"root"
        found = read(Qti22(), package_of(sent))
        assert found[0].files == {}
        assert any(note.level == "lost" for note in found[0].notes)


def test_a_bomb_in_a_package_costs_one_question() -> None:
    entries = zipped()
    entries["items/q00002.xml"] = b"<a>" + b" " * 30_000_000 + b"</a>"
    found = read(Qti22(), package_of(entries))
    assert [item.content is not None for item in found] == [True, False, True]
    assert "too large" in found[1].notes[0].message


def test_files_come_back() -> None:
    for format in FORMATS:
        if format.name in {"moodle_xml", "qti22", "qti30"}:
            [first, *_rest] = read(format, FILES[format.name])
            assert first.files == ITEMS[0].files, format.name


def test_cloze_is_read_as_moodle_writes_it() -> None:
    text = (
        '<quiz><question type="cloze"><name><text>a</text></name><questiontext format="html">'
        "<text><![CDATA[<p>弹{1:SHORTANSWER:=墨线~%50%线#差不多~*#不对}，"
        "{2:MCVS:=甲~乙~%-25%丙}，{:NM:=3.14:0.01~%50%3:1}</p>]]></text></questiontext>"
        "</question></quiz>"
    )
    [found] = read(MoodleXml(), text.encode())
    assert isinstance(found.content, Cloze)
    words, choice, number = found.content.gaps
    assert found.content.stem.source == "<p>弹[[1]]，[[2]]，[[3]]</p>"
    assert [(a.pattern, a.fraction) for a in words.answers] == [("墨线", 1), ("线", 0.5), ("*", 0)]
    assert choice.weight == 2
    assert (choice.show, choice.shuffle) == ("column", True)
    assert [option.fraction for option in choice.options] == [1, 0, -0.25]
    assert number.answers[0].tolerance == 0.01


QTI = '<assessmentItem identifier="i">{}</assessmentItem>'
MOODLE = (
    '<quiz><question type="{}"><name><text>t</text></name><questiontext><text>q</text>'
    "</questiontext>{}</question></quiz>"
)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        (Qti22(), QTI.format('<itemBody><p>a <gap identifier="G"/> b</p></itemBody>')),
        (MoodleXml(), MOODLE.format("essay", "<attachments>inf</attachments>")),
        (MoodleXml(), MOODLE.format("essay", "<defaultgrade>nan</defaultgrade>")),
        (MoodleXml(), MOODLE.format("description", f"<!-- modou: {'[' * 100_000} -->")),
    ],
)
def test_an_odd_question_is_told_and_ends_nothing(format: QuestionFormat, text: str) -> None:
    (item,) = read(format, text.encode())
    assert item.notes
    assert item.content is None or item.marks == 1


def test_an_empty_tolerance_is_none() -> None:
    text = QTI.format(
        '<responseDeclaration identifier="R" cardinality="single" baseType="float"/>'
        '<itemBody><p>a <textEntryInteraction responseIdentifier="R"/></p></itemBody>'
        '<responseProcessing><responseCondition><responseIf><equal tolerance=" ">'
        '<variable identifier="R"/><baseValue>1</baseValue></equal><setOutcomeValue>'
        "<baseValue>1</baseValue></setOutcomeValue></responseIf></responseCondition>"
        "</responseProcessing>"
    )
    (item,) = read(Qti22(), text.encode())
    assert item.type == "numerical"


@pytest.mark.parametrize(
    "text",
    [
        "{" + "<!--" * 50_000,
        "\\(" * 50_000,
        "q {" + "= \\(a{b}\\)\n\n" * 20_000,
        "<quiz><question>" + "<![CDATA[" * 50_000,
        "(" + "".join(letter + " " * 40 for letter in "ABCDEFGH") + "x",
    ],
    ids=["comments", "formulas", "gaps", "cdata", "brackets"],
)
def test_what_never_ends_is_read_in_time(text: str) -> None:
    start = time.process_time()
    is_html(text)
    list(formulas_in(text))
    inline_answer(text)
    with suppress(BadXml):
        parse_xml(text)
    read(Gift(), text.encode())
    assert time.process_time() - start < 20


def test_what_a_package_holds_beside_items_is_told() -> None:
    manifest = (
        '<manifest><resources><resource identifier="t" type="imsqti_test_xmlv2p2" href="exam.xml"/>'
        '<resource identifier="a" type="imsqti_item_xmlv2p2" href="a.xml"/>'
        '<resource identifier="b" type="imsqti_item_xmlv2p2" href="b.xml"/></resources></manifest>'
    )
    item = QTI.format("<itemBody><p>a</p></itemBody>")
    data = package_of(
        {"imsmanifest.xml": manifest.encode(), "a.xml": item.encode(), "exam.xml": b"<t/>"}
    )
    first, second = read(Qti22(), data)
    assert "exam.xml" in str(first.notes[0].message.mapping)
    assert second.content is None
    assert second.title == "b.xml"
