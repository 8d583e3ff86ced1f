"""Papers on paper: every type of question, pictures and formulas, the key in terms of the paper."""

import io
import random
from collections.abc import Callable
from ctypes.util import find_library

import pypdfium2
import pytest
from PIL import Image, ImageFile

from modou_quiz.content import FILE, Rich
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, drawing, printing
from modou_quiz.services.printing import documents
from modou_quiz.services.printing.formulas import set_formulas
from modou_quiz.types.contents import SingleChoice
from modou_quiz.types.examples import EXAMPLES
from tests import banking
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.skipif(find_library("pango-1.0") is None, reason="Pango is not here")


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "".join(page.get_textpage().get_text_bounded() for page in document)
    finally:
        document.close()


def test_every_type_is_printed(site: SiteUnderTest) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(picture, "PNG")
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        content = SingleChoice(
            stem=Rich(
                source=f'<p>看图：<img src="{FILE}a.png"> 已知 \\(U=220\\,\\text{{V}}\\)，'
                '<img src="file:///etc/passwd"></p>'
            ),
            options=banking.single("", "甲厂", "乙厂", "丙厂").options,
        )
        asked = [
            banking.question(occasion, top, content, files={"a.png": picture.getvalue()}),
            *(bank.create_question(occasion, top, name, one) for name, one in EXAMPLES.items()),
        ]
        quiz = Quiz(0)
        fixed = tuple(Fixed(question.id) for question in asked)
        quiz.paper = Paper((PaperSection("综合题", fixed, "请用黑色笔作答。"),))
        titles = ("电工班", "结业考试")
        for how in (
            printing.Print(),
            printing.Print("B", "inline", binding=False),
            printing.Print("A", "key", sheet=True),
        ):
            made = printing.make(occasion, 1, quiz, titles, how, str)
            text = text_of(made)
            assert "结业考试" in text
            assert "甲厂" in text
            assert b"/Image" in made
            assert ("Key" in text) == (how.answers == "key")
        # The key names the options as they stand in this version of the paper.
        for version in "ABCD":
            (slot,) = drawing.draw(
                occasion,
                _only(quiz, fixed[0]),
                random.Random(f"1/0/{version}"),
            )
            ((_number, answer),) = printing.key_of(occasion, 1, _only(quiz, fixed[0]), version)
            assert slot.arrangement["ABC".index(answer)] == 0


def _only(quiz: Quiz, item: Fixed) -> Quiz:
    made = Quiz(quiz.course)
    made.paper = Paper((PaperSection("一", (item,)),))
    return made


def test_formulas_are_drawn_or_stay_tex() -> None:
    assert "<svg" in set_formulas(r"\(\frac{U}{R} &lt; 2\)")
    mixed = set_formulas(r"\(\text{电压}=220\)")
    assert "<span>电压</span><svg" in mixed
    assert set_formulas(r"\(x^{\text{电}}\)") == r"<code>x^{\text{电}}</code>"
    assert set_formulas(r"\(\nosuchthing{&lt;script&gt;\)").count("<script>") == 0
    assert 'class="display"' in set_formulas("$$E=mc^2$$")
    assert set_formulas("<p>5 $ 和 6 $</p>") == "<p>5 $ 和 6 $</p>"


def test_printing_leaves_half_pictures_refused(site: SiteUnderTest) -> None:
    """WeasyPrint switches this on for the whole process."""
    documents._pdf("<p>试卷</p>")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
