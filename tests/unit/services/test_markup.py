"""Markup: what authors need comes through, what attacks does not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from modou.errors import Invalid
from modou.services.markup import (
    MAXIMUM_HTML,
    MAXIMUM_MARKDOWN,
    MAXIMUM_TAGS,
    clean_html,
    plain_text,
    render_markdown,
)

ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\tscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="vbscript:x">x</a>',
    '<iframe src="https://evil.example"></iframe>',
    '<object data="x"></object><embed src="x">',
    '<form action="/x"><input name="csrf_token"><button>x</button></form>',
    '<style>body{display:none}</style><p style="position:fixed">x</p>',
    '<p id="csrf_token" class="modal" name="x" data-hx-get="/x" hx-get="/x">x</p>',
    '<meta http-equiv="refresh" content="0"><base href="//evil.example"><link rel="stylesheet">',
    '<img src="data:image/svg+xml;base64,PHN2Zz4=">',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=a()">',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    '<video src="x"></video><audio src="x"></audio>',
]
FORBIDDEN = (
    "<script", "<style", "<iframe", "<svg", "<object", "<embed", "<form", "<input", "<button",
    "<meta", "<base", "<link", "<template", "<video", "<audio", "<math", "javascript:",
    "vbscript:", 'href="data:', 'src="data:', " style=", " id=", " class=", " name=", "hx-get",
)  # fmt: skip


class TestCleanHtml:
    @pytest.mark.parametrize("source", ATTACKS)
    def test_no_attack_comes_through(self, source):
        for cleaned in (clean_html(source), clean_html(clean_html(source))):
            lower = cleaned.lower()
            assert not [word for word in FORBIDDEN if word in lower]
            assert "onerror=a" not in lower.replace("&lt;img src=1 onerror=a()", "")

    def test_authors_keep_what_they_need(self):
        source = (
            "<h2>安全</h2><p>断电<strong>验电</strong><br>H<sub>2</sub>O</p>"
            '<ul><li>一</li></ul><ol start="3"><li>三</li></ol>'
            '<table><caption>电压</caption><thead><tr><th scope="col">级</th></tr></thead>'
            '<tbody><tr><td colspan="2" align="right">380</td></tr></tbody></table>'
            "<blockquote>引</blockquote><pre><code>x = 1</code></pre>"
            '<details open=""><summary>答</summary>对</details>'
            "<ruby>墨<rt>mò</rt></ruby><hr>"
        )
        assert clean_html(source) == source

    def test_pictures_and_figures(self):
        cleaned = clean_html(
            '<figure><img src="/files/7" alt="配电箱"><figcaption>图一</figcaption></figure>'
        )
        assert cleaned == (
            '<figure><img src="/files/7" alt="配电箱" loading="lazy">'
            "<figcaption>图一</figcaption></figure>"
        )
        assert 'src="https://cdn.example/a.png"' in clean_html(
            '<img src="https://cdn.example/a.png">'
        )
        assert "src" not in clean_html('<img src="mailto:a@b.cn">').replace("<img", "")

    def test_links_tell_nothing_and_give_no_handle(self):
        assert clean_html('<a href="https://a.cn" target="_blank" rel="opener">x</a>') == (
            '<a href="https://a.cn" rel="noopener noreferrer">x</a>'
        )
        assert 'href="/courses/1"' in clean_html('<a href="/courses/1">x</a>')
        assert 'href="tel:110"' in clean_html('<a href="tel:110">x</a>')

    def test_the_page_keeps_its_only_first_heading(self):
        assert clean_html("<h1>x &lt;h1&gt;</h1>") == "<h2>x &lt;h1&gt;</h2>"

    def test_it_is_markup_for_templates(self):
        assert isinstance(clean_html("x"), Markup)
        assert isinstance(render_markdown("x"), Markup)

    @given(st.text())
    def test_cleaning_twice_changes_nothing(self, text):
        once = clean_html(text)
        assert clean_html(once) == once

    def test_a_huge_text_is_refused_at_once(self):
        begin = time.perf_counter()
        with pytest.raises(Invalid, match="longer than 1024 KB") as raised:
            clean_html("墨" * 10_000_000, field="summary")
        assert raised.value.field == "summary"
        assert time.perf_counter() - begin < 1
        assert clean_html("墨" * (MAXIMUM_HTML * 1024 // 3))

    def test_a_text_of_tags_alone_is_refused(self):
        with pytest.raises(Invalid, match=f"more than {MAXIMUM_TAGS} HTML tags"):
            clean_html("<div>" * (MAXIMUM_TAGS + 1))


class TestMarkdown:
    def test_it_renders(self):
        rendered = render_markdown(
            "# 标题\n\n第一行\n第二行 **粗** ~~删~~ [课程](/courses/1)\n\n"
            "| 项 | 值 |\n|:--|--:|\n| 电压 | 380 |\n\n1. 一\n2. 二\n\n![配电箱](/files/7)"
        )
        for piece in (
            "<h2>标题</h2>",
            "第一行<br>\n第二行 <strong>粗</strong> <s>删</s>",
            '<a href="/courses/1" rel="noopener noreferrer">课程</a>',
            '<td align="right">380</td>',
            "<li>二</li>",
            '<img src="/files/7" alt="配电箱" loading="lazy">',
        ):
            assert piece in rendered
        assert "style" not in rendered

    @pytest.mark.parametrize("source", ATTACKS)
    def test_html_is_shown_as_text(self, source):
        rendered = render_markdown(source)
        assert not [
            word
            for word in ("<script", "<img", "<iframe", "<style", "<form", "<svg")
            if word in rendered.lower()
        ]

    @pytest.mark.parametrize(
        "source",
        ["[x](javascript:alert(1))", "<javascript:alert(1)>", "![x](data:image/svg+xml,x)"],
    )
    def test_dangerous_addresses_lead_nowhere(self, source):
        rendered = render_markdown(source)
        assert "href" not in rendered
        assert "src=" not in rendered

    def test_a_long_text_is_rendered_and_a_longer_one_refused(self):
        chapter = "断电、验电、放电、挂接地线。\n\n" * 500
        assert render_markdown(chapter).count("<p>") == 500
        with pytest.raises(Invalid, match="longer than 256 KB"):
            render_markdown("a" * (MAXIMUM_MARKDOWN * 1024 + 1))

    def test_output_may_be_longer_than_its_source(self):
        assert render_markdown("- a\n" * 20_000).count("<li>") == 20_000


class TestPlainText:
    def test_blocks_stay_apart_and_words_together(self):
        source = (
            "<h2>安全</h2><p>断<b>电</b> &amp; 验电<br>挂牌</p><script>x</script>"
            "<ul><li>一<li>二</ul>"
        )
        assert plain_text(source) == "安全 断电 & 验电 挂牌 一 二"

    @pytest.mark.parametrize(
        ("limit", "text"),
        [
            (100, "Lock out and tag out"),
            (20, "Lock out and tag out"),
            (14, "Lock out and…"),
            (13, "Lock out and…"),
            (1, "…"),
            (0, ""),
        ],
    )
    def test_it_shortens_between_words(self, limit, text):
        assert plain_text("<p>Lock out and tag out</p>", limit) == text

    def test_it_shortens_chinese_anywhere(self):
        assert plain_text("断电验电放电挂接地线", 5) == "断电验电…"
        assert plain_text("𠮷𠮷𠮷𠮷", 3) == "𠮷𠮷…"

    def test_marks_stay_with_their_character(self):
        assert plain_text("ae\u0301o", 4) == "ae\u0301o"
        assert plain_text("ae\u0301ob", 3) == "a…"

    @given(st.text(), st.integers(0, 30))
    def test_it_never_exceeds_the_limit(self, text, limit):
        assert len(plain_text(text, limit)) <= limit

    @pytest.mark.parametrize("source", ATTACKS)
    def test_nothing_of_an_attack_is_left(self, source):
        assert "alert" not in plain_text(source)
