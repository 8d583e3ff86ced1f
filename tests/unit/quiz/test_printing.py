"""Papers on paper: every type of question, pictures and formulas, the key in terms of the paper."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from ctypes.util import find_library

import pypdfium2
import pytest
from PIL import Image, ImageFile

from modou.errors import Conflict
from modou_quiz.content import FILE, Rich
from modou_quiz.i18n import _
from modou_quiz.models.papers import Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, drawing, printing
from modou_quiz.services.printing import press, prints
from modou_quiz.services.printing.formulas import set_formulas
from modou_quiz.services.printing.pictures import MOST_PIXELS, Pictures, pixels_of
from modou_quiz.services.printing.words import translator
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
            slots = printing.slots_of(occasion, 1, quiz, how.version)
            made = press.set_here(printing.compose(occasion, slots, quiz, titles, how, str))
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
    press.set_here("<p>试卷</p>")
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def bomb(width: int, height: int) -> bytes:
    """A PNG file of some bytes that says it has so many pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        total = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + total

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_pictures_with_too_many_pixels_are_left_out(site: SiteUnderTest) -> None:
    small, drawn = io.BytesIO(), b'<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>'
    Image.new("RGB", (300, 200), "red").save(small, "PNG")
    assert pixels_of(io.BytesIO(small.getvalue())) == 60_000
    assert pixels_of(io.BytesIO(bomb(60_000, 60_000))) > MOST_PIXELS
    assert pixels_of(io.BytesIO(drawn)) == 0
    with site.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        names = ("a.png", "big.png", "drawn.svg", "b.png")
        content = SingleChoice(
            stem=Rich(source="".join(f'<img src="{FILE}{name}">' for name in names)),
            options=banking.single("", "甲厂", "乙厂").options,
        )
        files = dict(zip(names, (small.getvalue(), bomb(9000, 9000), drawn), strict=False))
        asked = banking.question(occasion, top, content, files={**files, "b.png": small.getvalue()})
        quiz = _only(Quiz(0), Fixed(asked.id))
        slots = printing.slots_of(occasion, 1, quiz, "A")
        # Room for one of the two small ones.
        pictures = Pictures(most_pixels=100_000)
        page = printing.compose(
            occasion, slots, quiz, ("班", "卷"), printing.Print(), str, pictures
        )
        assert page.count("data:image/png") == 1
        assert pictures.left_out == ["big.png", "drawn.svg", "b.png"]
        # What is not small for certain is never set while somebody waits.
        assert not prints.is_small(occasion, slots)
        plain = banking.question(occasion, top)
        slots = printing.slots_of(occasion, 1, _only(Quiz(0), Fixed(plain.id)), "A")
        assert prints.is_small(occasion, slots)
        assert not prints.is_small(occasion, list(slots) * 41)
        deep = Rich(source=r"<p>\(x^2\)</p>" * 41)
        content = SingleChoice(stem=deep, options=banking.single().options)
        slots = printing.slots_of(
            occasion, 1, _only(Quiz(0), Fixed(banking.question(occasion, top, content).id)), "A"
        )
        assert not prints.is_small(occasion, slots)


def test_pages_are_set_by_a_program_of_their_own() -> None:
    # (Larger than the buffer of a pipe.)
    long = f"<p>试卷</p><!--{'x' * 300_000}-->"
    assert "试卷" in text_of(press.set_apart(long, lambda: None, 60.0))
    # What takes too long ends with it.
    with pytest.raises(Conflict, match="could not be set within"):
        press.set_apart("<p>x</p>" * 200_000, lambda: None, 0.0)

    class Stopped(Exception):
        pass

    def look() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        press.set_apart("<p>x</p>" * 200_000, look)


def test_words_of_a_job_are_in_the_readers_language() -> None:
    message = _("Version ${letter}", mapping={"letter": "B"})
    assert translator("en")(message) == "Version B"
    assert translator("zh_CN")(message) != "Version B"
    assert "B" in translator("zh_CN")(message)
