"""Formatted texts of questions as safe pieces of pages.

HTML and Markdown go through the site's allow-list (`modou.services.markup`), with sound and film;
`@@FILE@@/name` becomes the signed address of the version's file. Formulas stay TeX in their
delimiters: the page draws them (`static/js/types/formulas.js`).

In Markdown a picture whose file is sound or film becomes a player: `![](@@FILE@@/dialogue.mp3)`.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from markupsafe import Markup, escape

from modou.errors import Invalid
from modou.services import markup
from modou.services.occasion import Occasion
from modou.store.files import StoredFile
from modou_quiz.content import FILE, Rich, replace_formulas
from modou_quiz.models.bank import QuestionVersion
from modou_quiz.types import Render

#: Makes the address of a file: in pages `functools.partial(modou.web.files.file_url, request)`.
Sign = Callable[[StoredFile], str]

#: What stands for a formula while Markdown is read; nobody types it.
_KEPT: Final = "\ue000{}\ue001"
_KEPT_ONE = re.compile("\ue000(\\d+)\ue001")
# Of cleaned HTML: a picture, and an address within any tag.
_PICTURE = re.compile(rf'<img\b(?:[^>"]|"[^"]*")*?\bsrc="{FILE}([^"]*)"(?:[^>"]|"[^"]*")*>')
_ADDRESS = re.compile(rf'\b(src|href|poster)="{FILE}([^"]*)"')


def render_for(occasion: Occasion, version: QuestionVersion, sign: Sign) -> Render:
    """What renders the texts of one version, for a reader who may see it.

    :param sign: gives the address of one of its files
    """
    return render_with(occasion, version.files, sign)


def render_with(occasion: Occasion, files: Mapping[str, int], sign: Sign) -> Render:
    """The same for files that belong to no version yet.

    :param files: name -> id of a stored file
    """
    found: dict[str, StoredFile | None] = {}

    def find(name: str) -> StoredFile | None:
        if name not in found:
            plain = unquote(name.replace("&amp;", "&"))
            number = files.get(plain, files.get(name))
            found[name] = occasion.site.files.get(number) if number is not None else None
        return found[name]

    def picture(match: re.Match[str]) -> str:
        stored = find(match[1])
        if stored is None:
            return f'<span class="question-missing">{escape(unquote(match[1]))}</span>'
        kind = stored.media_type.partition("/")[0]
        if kind in {"audio", "video"}:
            more = " playsinline" if kind == "video" else ""
            return (
                f'<{kind} controls preload="metadata"{more} src="{escape(sign(stored))}"></{kind}>'
            )
        return match[0]

    def address(match: re.Match[str]) -> str:
        stored = find(match[2])
        return f'{match[1]}="{escape(sign(stored)) if stored is not None else ""}"'

    def render(rich: Rich) -> Markup:
        text = cleaned(rich.source, rich.markup)
        if FILE in text:
            text = _ADDRESS.sub(address, _PICTURE.sub(picture, text))
        return Markup(text)  # noqa: S704 - cleaned, with addresses of ours

    return render


@lru_cache(maxsize=2048)
def cleaned(source: str, kind: str) -> str:
    """A text as safe HTML, its files' names still in it. What has more tags than the site takes
    is shown as it stands: a sitting must not fail over it."""
    try:
        if kind == "html":
            return str(markup.clean_html(source, field=None, media=True))
        if kind == "markdown":
            return _markdown(source)
    except Invalid:
        pass
    lines = [str(escape(line)) for line in source.split("\n")]
    return f"<p>{'<br>'.join(lines)}</p>" if source.strip() else ""


def _markdown(source: str) -> str:
    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        formulas.append(match[0])
        return _KEPT.format(len(formulas) - 1)

    # Markdown would take the backslashes and stars of formulas for its own.
    text = replace_formulas(source.replace("\ue000", "").replace("\ue001", ""), keep)
    page = str(markup.render_markdown(text, field=None))
    return _KEPT_ONE.sub(lambda match: str(escape(formulas[int(match[1])])), page)
