"""Reading rosters whatever program wrote them, and writing exports that execute nothing."""

import contextlib
import csv
import io
import tracemalloc
import zipfile
from datetime import UTC, date, datetime, time, timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modou.errors import Invalid
from modou.services.tables import Row, read_table, write_csv, write_xlsx

ROSTER = "姓名,证件号码,手机号码\n张伟,11010519491231002X,13812341234\n买买提·吐尔逊,,\n𠮷,,\n"


def csv_table(text, encoding="utf-8", **options):
    return read_table(text.encode(encoding), "roster.csv", **options)


def values(table):
    return [row.values for row in table.rows]


def problems(table):
    return [problem.interpolate() for row in table.rows for problem in row.problems]


def workbook_bytes(*rows, title="名单", prepare=None):
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    if prepare:
        prepare(workbook, sheet)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def refusal(source, **options):
    with pytest.raises(Invalid) as raised:
        read_table(source, "roster", **options)
    assert raised.value.field == "file"
    return str(raised.value)


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "found"),
        [
            ("utf-8", "utf-8"),
            ("utf-8-sig", "utf-8-sig"),
            ("gb18030", "gb18030"),
            ("utf-16", "utf-16"),
        ],
    )
    def test_it_finds_out(self, encoding, found):
        table = csv_table(ROSTER, encoding)
        assert table.encoding == found
        assert table.headers == ("姓名", "证件号码", "手机号码")
        assert values(table) == [
            ("张伟", "11010519491231002X", "13812341234"),
            ("买买提·吐尔逊", "", ""),
            ("𠮷", "", ""),
        ]

    def test_ascii_and_a_few_accents_are_utf_8(self):
        assert csv_table("name,mark\nRené,1\n").encoding == "utf-8"

    def test_a_gb18030_file_of_many_chunks(self):
        text = "姓名,班级\n" + "欧阳娜娜,低压电工一班\n" * 20_000
        table = csv_table(text, "gb18030")
        assert table.encoding == "gb18030"
        assert table.row_count == 20_000

    @settings(max_examples=60)
    @given(
        st.lists(
            st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2),
            min_size=1,
            max_size=30,
        )
    )
    def test_utf_8_is_never_taken_for_something_else(self, names):
        table = csv_table("name,x\n" + "".join(f"{name},1\n" for name in names))
        assert table.encoding == "utf-8"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_half_a_character_at_the_end_is_named(self, encoding):
        content = ("姓名,班级\n张伟,一班\n李娜,二班" * 3).encode(encoding)
        assert "breaks off in the middle of a character" in refusal(content[:-1])
        assert "line 7" in refusal(content[:-1])

    def test_a_damaged_utf_8_file_is_not_read_as_gb18030(self):
        content = bytearray(("姓名,班级\n" + "张伟,低压电工一班\n" * 9).encode())
        content[content.rindex("张".encode())] = 0xFF
        message = refusal(bytes(content))
        assert "line 10" in message
        assert "neither UTF-8 nor GB18030" in message

    @pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
    def test_another_encoding_is_refused(self, encoding):
        text = {
            "big5": "姓名,班級,備註\n張偉國,電工班級,歡迎學習職業技能\n" * 3,
            "shift_jis": "名前,クラス\nさくら,でんき\nたろう,ｶﾀｶﾅ\n",
        }[encoding]
        assert "neither UTF-8 nor GB18030" in refusal(text.encode(encoding))

    def test_random_bytes_are_refused(self):
        assert "neither UTF-8 nor GB18030" in refusal(b"a,b\n\xff\xfe\xff\xfa\xff,2\n")

    @pytest.mark.parametrize(
        ("content", "line"),
        [(b"a,b\n1,\x002\n", 2), (b"\x00", 1), (b"a\rb\rc\x00", 3), (b"\x89PNG\r\n\x1a\n\0\0", 3)],
    )
    def test_a_null_byte_is_named(self, content, line):
        message = refusal(content)
        assert f"line {line}" in message
        assert "NUL" in message


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_it_finds_the_delimiter(self, delimiter):
        text = "姓名,备注;班级\n张伟,a;一班\n李娜,b;二班\n".replace(";", "\0").replace(",", "、")
        table = csv_table(text.replace("\0", delimiter))
        assert table.headers == ("姓名、备注", "班级")
        assert len(values(table)) == 2

    def test_one_column_is_a_table_too(self):
        table = csv_table("username\nalice\nbob\n")
        assert table.headers == ("username",)
        assert values(table) == [("alice",), ("bob",)]

    def test_rows_keep_their_number(self):
        table = csv_table('\n姓名,班级\n\n张伟,"一\n班"\n,\n李娜,二班\n')
        assert [(row.number, row.values[0]) for row in table.rows] == [(4, "张伟"), (6, "李娜")]
        assert table.row_count == 2

    def test_a_title_above_the_heading_does_no_harm(self):
        table = csv_table("低压电工作业培训班学员名册,,\n姓名,班级,备注\n张伟,一班,\n")
        assert table.headers == ("姓名", "班级", "备注")
        assert values(table) == [("张伟", "一班", "")]

    def test_values_lose_what_surrounds_them(self):
        table = csv_table('\ufeff姓名 ,证件号码\n"　张伟\u200b","=""110105"""\n李娜,110105\t\n')
        assert table.headers[0] == "姓名"
        assert values(table) == [("张伟", "110105"), ("李娜", "110105")]

    def test_ragged_rows_are_reported_by_number_and_the_others_read(self):
        table = csv_table("a,b,c\n1,2,3\n4,5\n6,7,8,9\n1,2,3,,\n")
        assert problems(table) == [
            "Row 3 has 2 cells, the heading has 3.",
            "Row 4 has 4 cells, the heading has 3.",
        ]
        assert values(table)[1] == ("4", "5", "")
        assert [bool(row.problems) for row in table.rows] == [False, True, True, False]

    def test_half_a_file_reports_its_last_row(self):
        content = ROSTER.encode()
        cut = content[: content.index(b"13812341234") - 1]
        table = read_table(cut, "half.csv")
        assert problems(table) == ["Row 2 has 2 cells, the heading has 3."]

    def test_half_a_file_inside_quotes_is_refused_with_its_line(self):
        message = refusal(b'a,b\n1,"x"\n2,"begins here\nand goes on')
        assert "line 3" in message
        assert "quotation mark" in message

    def test_an_unclosed_quote_in_a_large_file_is_refused_with_its_line(self):
        text = "a,b\n" + "1,2\n" * 10 + '3,"4\n' + "5,6\n" * 100_000
        message = refusal(text.encode())
        assert "line 12" in message
        assert "not closed" in message

    def test_shortened_numbers_are_named(self):
        table = csv_table("姓名,证件号码,手机\n张伟,1.10105E+17,1.38123E+10\n李娜,E1,2e5\n")
        found = problems(table)
        assert len(found) == 2
        assert "Row 2, column “证件号码”" in found[0]
        assert "Format the column as text" in found[0]

    def test_a_doubled_heading_is_refused(self):
        assert "“姓名” stands twice" in refusal("姓名,班级,姓名\n".encode())

    @pytest.mark.parametrize(
        ("content", "sentence"), [(b"", "is empty"), (b"\n\n", "no rows"), (b",,\n", "no rows")]
    )
    def test_nothing_is_refused(self, content, sentence):
        assert sentence in refusal(content)

    def test_a_heading_alone_is_an_empty_table(self):
        table = csv_table("a,b")
        assert table.row_count == 0
        assert values(table) == []

    def test_limits(self):
        assert "more than 2 rows" in refusal(b"a,b\n" + b"1,2\n" * 3, maximum_rows=2)
        assert "larger than 1 MB" in refusal(b"a" * 1_048_577, maximum_bytes=1_048_576)
        assert "256 columns" in refusal(b",".join(b"c%d" % n for n in range(300)))

    @pytest.mark.parametrize("length", [40_000, 200_000, 10_000_000])
    def test_a_huge_cell_is_named(self, length):
        message = refusal(b"a,b\n1,2\n3," + b"x" * length + b"\n")
        assert "line 3" in message
        assert "longer than 32767 characters" in message

    def test_rows_can_be_read_again_and_the_upload_stays_open(self):
        stream = io.BytesIO(ROSTER.encode())
        table = read_table(stream, "roster.csv")
        next(table.rows)
        assert values(table) == values(table)
        assert not stream.closed

    def test_memory_stays_bounded(self):
        line = "学员,11010519491231002X,13812341234,低压电工作业一班,备注\n"
        content = ("姓名,证件号码,手机号码,班级,备注\n" + line * 20_000).encode("gb18030")
        table = read_table(content, "roster.csv")
        tracemalloc.start()
        try:
            table = read_table(content, "roster.csv")
            count = sum(1 for _row in table.rows)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert count == table.row_count == 20_000
        assert peak < 1_500_000


class TestXlsx:
    def test_it_reads_what_people_see(self):
        content = workbook_bytes(
            ["姓名", "证件号码", "手机号码", "成绩", "日期", "时刻", "是"],
            ["𠮷", "11010519491231002X", 13812341234, 87.1, date(2026, 11, 23), time(9, 30), True],
            [
                "张伟",
                None,
                None,
                0.1 + 0.2,
                datetime(2026, 11, 23, 8, 5, tzinfo=UTC).replace(tzinfo=None),
                timedelta(hours=30),
                "",
            ],
        )
        table = read_table(content, "roster.xlsx")
        assert (table.kind, table.sheet, table.encoding) == ("xlsx", "名单", None)
        assert values(table) == [
            ("𠮷", "11010519491231002X", "13812341234", "87.1", "2026-11-23", "09:30:00", "TRUE"),
            ("张伟", "", "", "0.3", "2026-11-23 08:05:00", "30:00:00", ""),
        ]
        assert problems(table) == []

    def test_numbers_that_lost_digits_are_named(self):
        content = workbook_bytes(["姓名", "证件号码"], ["张伟", 110105194912310021])
        table = read_table(content, "roster.xlsx")
        assert "Row 2, column “证件号码”" in problems(table)[0]

    def test_rows_keep_their_number(self):
        content = workbook_bytes(["名册"], [], ["姓名", "班级"], [], ["张伟", "一班"], ["", " "])
        table = read_table(content, "roster.xlsx")
        assert table.headers == ("姓名", "班级")
        assert list(table.rows) == [Row(5, ("张伟", "一班"))]
        assert table.row_count == 1

    def test_values_beside_the_table_are_reported(self):
        content = workbook_bytes(["a", "b"], [1, 2, None, "stray"])
        assert problems(read_table(content, "x.xlsx")) == ["Row 2 has 4 cells, the heading has 2."]

    def test_a_named_sheet_and_hidden_ones(self):
        def prepare(workbook, sheet):
            sheet.sheet_state = "hidden"
            workbook.create_sheet("成绩").append(["学号", "分数"])

        content = workbook_bytes(["a", "b"], prepare=prepare)
        assert read_table(content, "x.xlsx").sheet == "成绩"
        assert read_table(content, "x.xlsx", sheet="成绩").headers == ("学号", "分数")
        assert "no sheet “名单”, only: 成绩" in refusal(content, sheet="名单")

    def test_half_a_file_is_refused(self):
        content = workbook_bytes(["a", "b"], [1, 2])
        for length in (10, len(content) // 2, len(content) - 5):
            assert "no readable .xlsx file" in refusal(content[:length])

    def test_damaged_bytes_never_end_in_a_traceback(self):
        content = workbook_bytes(["a", "b"], [1, 2])
        for place in range(0, len(content), 5):
            damaged = bytearray(content)
            damaged[place] ^= 0xFF
            with contextlib.suppress(Invalid):
                values(read_table(bytes(damaged), "x.xlsx"))

    def test_another_zip_file_is_refused(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("readme.txt", "hello")
        assert "no readable .xlsx file" in refusal(stream.getvalue())

    def test_an_old_or_encrypted_workbook_is_named(self):
        assert "old .xls file" in refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)

    def test_an_empty_workbook(self):
        assert "no rows" in refusal(workbook_bytes())

    def test_a_stray_value_far_away_is_refused_before_it_fills_the_memory(self):
        def far_right(_workbook, sheet):
            sheet["XFD20000"] = "x"

        def far_down(_workbook, sheet):
            sheet["A1048576"] = "x"

        message = refusal(workbook_bytes(["a", "b"], prepare=far_right))
        assert "20000 rows and 16384 columns" in message
        assert "rows" in refusal(workbook_bytes(["a", "b"], prepare=far_down))

    def test_an_empty_styled_cell_far_away_does_no_harm(self):
        def prepare(_workbook, sheet):
            sheet["XFD1048576"].font = openpyxl.styles.Font(bold=True)

        content = workbook_bytes(["a", "b"], [1, 2], prepare=prepare)
        assert values(read_table(content, "x.xlsx")) == [("1", "2")]

    def test_a_zip_bomb_is_refused(self):
        stream = io.BytesIO(workbook_bytes(["a", "b"]))
        with (
            zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open("xl/bomb.xml", "w", force_zip64=True) as part,
        ):
            for _round in range(300):
                part.write(b" " * 1_048_576)
        assert "unpacks to more than 256 MB" in refusal(stream.getvalue())

    def test_entities_are_refused(self):
        stream = io.BytesIO(workbook_bytes(["a", "b"]))
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(
                "xl/worksheets/sheet2.xml",
                '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet><v>&a;</v></worksheet>',
            )
        assert "no readable .xlsx file" in refusal(stream.getvalue())


RISKY = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1",
    "'=1",
    "=HYPERLINK(1)",
]


class TestWriteCsv:
    def written(self, rows, headers=("a", "b")):
        stream = io.BytesIO()
        write_csv(stream, headers, rows)
        return stream.getvalue()

    def test_it_has_a_byte_order_mark_and_keeps_every_character(self):
        content = self.written([["𠮷", "买买提·吐尔逊"]])
        assert content == "\ufeffa,b\r\n𠮷,买买提·吐尔逊\r\n".encode()

    @pytest.mark.parametrize("text", RISKY)
    def test_formulas_are_neutralised(self, text):
        content = self.written([[text, "x"]], headers=[text, "b"]).decode("utf-8-sig")
        heading, first = csv.reader(io.StringIO(content, newline=""))
        assert heading[0] == first[0] == "'" + text

    def test_numbers_stay_numbers(self):
        content = self.written([[-5, 87.5], ["-5", "+8.25"], [True, None]])
        assert content.decode("utf-8-sig").splitlines()[1:] == ["-5,87.5", "-5,+8.25", "TRUE,"]

    def test_times_are_shown_in_shanghai(self):
        moment = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
        content = self.written([[moment, date(2026, 1, 2)]]).decode("utf-8-sig")
        assert "2026-11-24 01:00:00,2026-01-02" in content

    @given(
        st.lists(
            st.tuples(st.text(min_size=1), st.text()).filter(lambda row: any(map(str.strip, row))),
            max_size=5,
        )
    )
    def test_reading_gives_back_what_was_written(self, rows):
        rows = [tuple(value.replace("\0", "") for value in row) for row in rows]
        table = read_table(self.written(rows), "x.csv")
        blank = " \t\r\n\x0b\x0c\xa0\u3000\ufeff\u200b"
        expected = [tuple(value.strip(blank) for value in row) for row in rows]
        got = [tuple(value.strip(blank) for value in row) for row in values(table)]
        assert got == [row for row in expected if any(row)]

    def test_memory_stays_bounded(self):
        class Sink(io.RawIOBase):
            def writable(self):
                return True

            def write(self, data):
                return len(data)

        tracemalloc.start()
        try:
            write_csv(Sink(), ["a", "b"], ((str(n), "x" * 100) for n in range(20_000)))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000


class TestWriteXlsx:
    def written(self, headers, rows, text_columns=()):
        stream = io.BytesIO()
        write_xlsx(stream, headers, rows, text_columns)
        return openpyxl.load_workbook(stream).active

    def test_codes_are_text_cells(self):
        sheet = self.written(
            ["姓名", "证件号码", "手机号码", "成绩"],
            [["𠮷", "11010519491231002X", 13812341234, 87.5]],
            ["证件号码", "手机号码"],
        )
        assert [cell.value for cell in sheet[2]] == [
            "𠮷",
            "11010519491231002X",
            "13812341234",
            87.5,
        ]
        assert [cell.number_format for cell in sheet[2]] == ["General", "@", "@", "General"]
        assert sheet.freeze_panes == "A2"
        assert sheet["A1"].font.bold

    @pytest.mark.parametrize("text", RISKY)
    def test_no_text_becomes_a_formula(self, text):
        sheet = self.written(["a", text], [[text, "x"]])
        for cell in (sheet["A2"], sheet["B1"]):
            assert cell.data_type == "s"
            assert cell.quotePrefix
            assert cell.value.strip() == text.strip()

    def test_characters_that_xml_cannot_hold(self):
        sheet = self.written(["a"], [["x\x00y\x1f\ud800"]])
        assert sheet["A2"].value == "x\ufffdy\ufffd?"

    def test_times_are_shown_in_shanghai(self):
        sheet = self.written(["a"], [[datetime(2026, 11, 23, 17, 0, tzinfo=UTC)]])
        assert sheet["A2"].value.isoformat() == "2026-11-24T01:00:00"

    def rows(self, count):
        for number in range(count):
            yield [f"学员{number}", f"{number:018}", number / 7]

    def test_memory_stays_bounded_while_writing(self):
        peaks = []
        for count in (500, 3_000):
            tracemalloc.start()
            try:
                self.written(["姓名", "证件号码", "成绩"], [])
                stream = io.BytesIO()
                write_xlsx(stream, ["姓名", "证件号码", "成绩"], self.rows(count), ["证件号码"])
                peaks.append(tracemalloc.get_traced_memory()[1] - len(stream.getvalue()))
            finally:
                tracemalloc.stop()
        assert peaks[1] < peaks[0] * 1.3 + 200_000

    def test_memory_stays_bounded_while_reading_twenty_thousand_rows(self):
        stream = io.BytesIO()
        write_xlsx(stream, ["姓名", "证件号码", "成绩"], self.rows(20_000), ["证件号码"])
        tracemalloc.start()
        try:
            table = read_table(stream, "x.xlsx")
            last = None
            for row in table.rows:
                last = row
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert table.row_count == 20_000
        assert last == Row(20_001, ("学员19999", f"{19_999:018}", f"{19_999 / 7:.15g}"))
        assert peak < 3_000_000
