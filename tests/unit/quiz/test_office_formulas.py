"""Formulas between TeX and Word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from modou_quiz.formats.office.from_omml import M, Reader
from modou_quiz.formats.office.to_omml import NotCarried, comes_back, same_tex, to_omml

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "tex",
    [
        r"x_1^2", r"\frac{1}{2}", r"\sqrt[3]{x}", r"\sqrt{2}", r"\sum_{i=1}^{n} i",
        r"\int_0^1 x\,dx",
        r"\left(\frac{a}{b}\right)", r"(a+b)", r"\begin{pmatrix}a&b\\c&d\end{pmatrix}",
        r"\begin{cases}x&1\\y&2\end{cases}", r"\text{功率}=UI\cos\varphi", r"\mathrm{V}",
        r"\bar{x}+\overline{AB}", r"x'", r"\lim_{n\to\infty}a", r"\mathbf{A}\mathbb{R}",
        r"220\,\mathrm{V}", r"\underbrace{a+b}_{2}", r"a\ b\quad c", r"5\%", r"\dot U", r"|x|",
        r"\sin^2 x", r"30^\circ", r"\Omega", r"\boxed{a}", r"\boldsymbol{a}", r"\binom{n}{k}",
        r"a<b", r"\underset{a}{b}", r"P=\sqrt{3}U_{L}I_{L}\cos\varphi", r"\underline{a}",
        r"U\le 36", r"x^{-1}", r"A\cdot B\times C", r"\mathrm{abc}x", r"\max_{x}f",
    ],
)  # fmt: skip
def test_what_comes_back_from_word(tex: str) -> None:
    assert comes_back(tex, to_omml(tex))


@pytest.mark.parametrize(
    ("tex", "other"),
    [
        (r"\vec{ab}", r"\overrightarrow{ab}"),
        (r"\begin{aligned}a&=b\end{aligned}", r"\begin{matrix}a & =b\end{matrix}"),
        (r"\stackrel{a}{b}", r"\overset{a}{b}"),
        (r"功率", r"\text{功率}"),
    ],
)
def test_what_comes_back_in_other_words(tex: str, other: str) -> None:
    assert same_tex(Reader().tex(to_omml(tex)), other)
    assert comes_back(other, to_omml(other))


@pytest.mark.parametrize("tex", [r"\ce{H2O}", r"\frac{1}{", r"\foo x", "x" * 30_000])
def test_what_word_does_not_have(tex: str) -> None:
    with pytest.raises(NotCarried):
        to_omml(tex)


def omml(inside: str) -> etree._Element:
    return etree.fromstring(f'<m:oMath xmlns:m="{M[1:-1]}">{inside}</m:oMath>')


def r(text: str, properties: str = "") -> str:
    return f"<m:r><m:rPr>{properties}</m:rPr><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inside", "tex"),
    [
        (r("𝑥"), "x"),
        (r("α≤β"), r"\alpha\leq\beta"),
        (r("sin", '<m:sty m:val="p"/>'), r"\sin"),
        (r("总", "<m:nor/>"), r"\text{总}"),
        (f"<m:nary><m:sub>{r('1')}</m:sub><m:sup/><m:e>{r('x')}</m:e></m:nary>", r"\int_1x"),
        (
            (
                f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub/><m:sup/><m:e>{r("x")}</m:e>'
                "</m:nary>"
            ),
            r"\sum x",
        ),
        (
            f'<m:d><m:dPr><m:begChr m:val="|"/><m:endChr m:val="|"/></m:dPr><m:e>{r("x")}</m:e></m:d>',
            r"\left|x\right|",
        ),
        (
            (
                f'<m:d><m:dPr><m:begChr m:val="{{"/><m:endChr m:val=""/></m:dPr><m:e><m:eqArr>'
                f"<m:e>{r('a&amp;=1')}</m:e><m:e>{r('b&amp;=2')}</m:e></m:eqArr></m:e></m:d>"
            ),
            r"\begin{cases}a&=1 \\ b&=2\end{cases}",
        ),
        (
            (
                f'<m:f><m:fPr><m:type m:val="lin"/></m:fPr><m:num>{r("a")}</m:num><m:den>{r("b")}</m:den>'
                "</m:f>"
            ),
            "a/b",
        ),
        (f'<m:acc><m:accPr><m:chr m:val="⃗"/></m:accPr><m:e>{r("a")}</m:e></m:acc>', r"\vec{a}"),
        (
            f'<m:bar><m:barPr><m:pos m:val="top"/></m:barPr><m:e>{r("a")}</m:e></m:bar>',
            r"\overline{a}",
        ),
        (
            f"<m:sPre><m:sub>{r('2')}</m:sub><m:sup>{r('4')}</m:sup><m:e>{r('He')}</m:e></m:sPre>",
            "{}_2^4He",
        ),
        (f"<m:limUpp><m:e>{r('a')}</m:e><m:lim>{r('b')}</m:lim></m:limUpp>", r"\overset{b}{a}"),
        (r("100%"), r"100\%"),
    ],
)
def test_what_words_own_editor_makes(inside: str, tex: str) -> None:
    assert Reader().tex(omml(inside)) == tex


def test_unknown_elements_are_named_and_keep_their_text() -> None:
    reader = Reader()
    assert reader.tex(omml(f"<m:strange>{r('x')}</m:strange>")) == "x"
    assert reader.unknown == {"strange"}


_ATOMS = st.sampled_from(["x", "R", "12", r"\alpha", r"\Omega", "+", "=", r"\times", r"\text{总}"])
_TEX = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(" ".join),
        st.tuples(inner, inner).map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        inner.map(lambda p: rf"\sqrt{{{p}}}"),
        inner.map(lambda p: rf"\left({p}\right)"),
        st.tuples(st.sampled_from(["x", "U", r"\varphi"]), inner).map(
            lambda p: rf"{p[0]}_{{{p[1]}}}"
        ),
        st.tuples(st.sampled_from(["x", "U"]), inner).map(lambda p: rf"{p[0]}^{{{p[1]}}}"),
        inner.map(lambda p: rf"\sum_{{i=1}}^{{n}} {p}"),
    ),
    max_leaves=8,
)


@given(_TEX)
@settings(max_examples=100)
def test_it_goes_there_and_back(tex: str) -> None:
    once = Reader().tex(to_omml(tex))
    assert Reader().tex(to_omml(once)) == once


@given(st.text(st.sampled_from(r"\{}[]^_&abc12 fracsqrtleftright()|"), max_size=30))
@settings(max_examples=200)
def test_no_text_breaks_it(text: str) -> None:
    try:
        formula = to_omml(text)
    except NotCarried:
        return
    Reader().tex(formula)
