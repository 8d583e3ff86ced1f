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


def element(name: str, *inside: str, **properties: str) -> str:
    said = "".join(f'<m:{key} m:val="{value}"/>' for key, value in properties.items())
    return f"<m:{name}><m:{name}Pr>{said}</m:{name}Pr>{''.join(inside)}</m:{name}>"


def part(name: str, text: str) -> str:
    return f"<m:{name}>{r(text)}</m:{name}>"


@pytest.mark.parametrize(
    ("inside", "tex"),
    [
        (r("𝑥"), "x"),
        (r("α≤β"), r"\alpha\leq\beta"),
        (r("sin", '<m:sty m:val="p"/>'), r"\sin"),
        (r("总", "<m:nor/>"), r"\text{总}"),
        (element("nary", part("sub", "1"), "<m:sup/>", part("e", "x")), r"\int_1x"),
        (element("nary", "<m:sub/><m:sup/>", part("e", "x"), chr="∑"), r"\sum x"),
        (element("d", part("e", "x"), begChr="|", endChr="|"), r"\left|x\right|"),
        (
            element(
                "d",
                f"<m:e>{element('eqArr', part('e', 'a&amp;=1'), part('e', 'b&amp;=2'))}</m:e>",
                begChr="{",
                endChr="",
            ),
            r"\begin{cases}a&=1 \\ b&=2\end{cases}",
        ),
        (element("f", part("num", "a"), part("den", "b"), type="lin"), "a/b"),
        (element("acc", part("e", "a"), chr="⃗"), r"\vec{a}"),
        (element("bar", part("e", "a"), pos="top"), r"\overline{a}"),
        (element("sPre", part("sub", "2"), part("sup", "4"), part("e", "He")), "{}_2^4He"),
        (element("limUpp", part("e", "a"), part("lim", "b")), r"\overset{b}{a}"),
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
