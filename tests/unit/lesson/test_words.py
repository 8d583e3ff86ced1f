"""Captions and chapters as people write them."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.errors import Invalid
from modou_lesson.models import Chapter
from modou_lesson.services import captions, chapters

SRT = """1
00:00:01,000 --> 00:00:03,500
<font color="red">先断电</font>，再<b>验电</b>

2
00:00:04,000 --> 00:00:06,000
{\\an8}第二句
第三行
"""


def webvtt(text: str, encoding: str = "utf-8") -> str:
    return captions.to_webvtt(io.BytesIO(text.encode(encoding))).decode()


class TestCaptions:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
    def test_srt_becomes_webvtt(self, encoding: str) -> None:
        assert webvtt(SRT, encoding) == (
            "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n先断电，再<b>验电</b>\n\n"
            "00:00:04.000 --> 00:00:06.000\n第二句\n第三行\n"
        )

    def test_webvtt_keeps_settings_and_loses_styles(self) -> None:
        text = (
            "WEBVTT - title\n\nSTYLE\n::cue { background: url(https://example.com/x) }\n\n"
            "NOTE a note\n\nname\n01:02.5 --> 01:04.000 align:start evil:1\r\n"
            "<v 老师>你好<script>x</script>\n"
        )
        assert webvtt(text) == (
            "WEBVTT\n\n00:01:02.500 --> 00:01:04.000 align:start\n<v 老师>你好x\n"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "hello",
            "00:00:05.000 --> 00:00:04.000\nx\n",
            "00:00:01.000 --> soon\nx\n",
            "\x00\x01",
        ],
    )
    def test_what_is_wrong_names_the_field(self, text: str) -> None:
        with pytest.raises(Invalid) as caught:
            webvtt(text)
        assert caught.value.field == "captions"

    def test_the_line_is_named(self) -> None:
        with pytest.raises(Invalid, match="line 6"):
            webvtt("00:00:05.000 --> 00:00:06.000\na\n\n\n\n00:00:01.000 --> 00:00:02.000\nb\n")

    def test_too_much(self) -> None:
        with pytest.raises(Invalid, match="larger than 2 MB"):
            webvtt("x" * 2_000_001)

    @given(st.text())
    def test_any_text_is_captions_or_a_sentence(self, text: str) -> None:
        try:
            made = webvtt(text.encode("utf-8", "replace").decode())
        except Invalid:
            return
        assert made.startswith("WEBVTT\n\n")
        assert "<script" not in made


class TestChapters:
    def test_lines(self) -> None:
        text = "02:30 安全\n0:00 开场\n\n1:02:03  总结 与 练习\n 75：00，练习"
        assert chapters.parse(text) == (
            Chapter(0, "开场"),
            Chapter(150, "安全"),
            Chapter(3723, "总结 与 练习"),
            Chapter(4500, "练习"),
        )

    def test_there_and_back(self) -> None:
        marks = chapters.parse("00:00 a\n02:03 b\n1:02:03 c")
        assert chapters.parse(chapters.text_of(marks)) == marks

    @pytest.mark.parametrize("line", ["later", "12 x", "00:75 x", "00:10", "00:00 again"])
    def test_the_wrong_line_is_named(self, line: str) -> None:
        with pytest.raises(Invalid, match="Line 2"):
            chapters.parse(f"00:00 first\n{line}")

    def test_behind_the_end(self) -> None:
        with pytest.raises(Invalid, match=r"“b” begins at 2:00, but everything lasts only 1:30"):
            chapters.check_within(chapters.parse("00:00 a\n02:00 b"), 90)
