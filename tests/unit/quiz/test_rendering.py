import re
from types import SimpleNamespace
from typing import Any

from modou_quiz.content import Rich
from modou_quiz.services.rendering import cleaned, render_with

FILES = {
    "图 1.png": (1, "image/png"),
    "talk.mp3": (2, "audio/mpeg"),
    "film.mp4": (3, "video/mp4"),
}


def rendered(source: str, markup: Any = "html") -> str:
    stored = {
        number: SimpleNamespace(media_type=media, filename=name)
        for name, (number, media) in FILES.items()
    }
    occasion: Any = SimpleNamespace(site=SimpleNamespace(files=stored))
    ids = {name: number for name, (number, _media) in FILES.items()}
    render = render_with(occasion, ids, lambda file: f"/signed?a=1&b={file.media_type}")
    return str(render(Rich(source=source, markup=markup)))


def test_files_get_their_addresses_and_what_is_missing_is_named() -> None:
    page = rendered('<img src="@@FILE@@/%E5%9B%BE%201.png" alt="图"><img src="@@FILE@@/no.png">')
    assert 'src="/signed?a=1&amp;b=image/png"' in page
    assert '<span class="question-missing">no.png</span>' in page
    assert "@@FILE@@" not in page


def test_sound_and_film_get_controls() -> None:
    page = rendered('<audio autoplay><source src="@@FILE@@/talk.mp3"></audio>')
    assert "controls" in page
    assert "autoplay" not in page
    assert "b=audio/mpeg" in page
    assert "<video controls" in rendered("![](@@FILE@@/film.mp4)", "markdown")
    assert "evil" not in rendered('<video src="//evil.example/x.mp4"></video>')
    assert "evil" not in rendered('<audio src="https://evil.example/x.mp3"></audio>')


def test_formulas_pass_through_markdown_as_they_are() -> None:
    page = cleaned("*a* \\(x_1 < y_2 * z\\) and $$\\frac{a}{b}_c*d*$$", "markdown")
    assert "<em>a</em>" in page
    assert "\\(x_1 &lt; y_2 * z\\)" in page
    assert "$$\\frac{a}{b}_c*d*$$" in page


def test_nothing_dangerous_comes_through() -> None:
    for kind in ("html", "markdown", "plain"):
        page = cleaned('<script>x</script><img src=x onerror=y><a href="javascript:z">k</a>', kind)
        assert "<script" not in page
        assert not re.search("<[^>]*(onerror|javascript)", page)


def test_plain_text_keeps_its_lines() -> None:
    assert cleaned("1 < 2\n*a*", "plain") == "<p>1 &lt; 2<br>*a*</p>"
    assert not cleaned(" ", "plain")


def test_what_is_too_much_for_html_is_shown_as_it_stands() -> None:
    assert cleaned("<b>" * 20_000, "html").startswith("<p>&lt;b&gt;")
    assert cleaned("字" * 95_000, "markdown") == f"<p>{'字' * 95_000}</p>"
