"""Text that people format: Markdown and HTML in, HTML that a page can trust out.

One allow-list for both. What is not on it goes: scripts, styles, frames, forms, event handlers,
ids and classes, addresses of other schemes than http, https, mailto and tel. The answers are
`markupsafe.Markup`; store the source, or `str()` of the answer, never the `Markup` itself.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from modou.errors import Invalid
from modou.i18n import _

#: Longest HTML in KB of UTF-8.
MAXIMUM_HTML: Final = 1024
#: Longest Markdown in KB: more than any chapter has, and the worst takes seconds to parse.
MAXIMUM_MARKDOWN: Final = 256

#: Most tags in HTML. Nesting costs the square of its depth: 200,000 tags would take minutes.
MAXIMUM_TAGS: Final = 10_000

_BLOCKS = (
    "address article aside blockquote br caption dd details div dl dt figcaption figure footer h1 "
    "h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tbody td tfoot th thead "
    "tr ul"
)
_PHRASES = (
    "a abbr b bdi bdo cite code col colgroup del dfn em i img ins kbd mark q rp rt ruby s samp "
    "small span strong sub sup time u var wbr"
)
_TAGS = {*_BLOCKS.split(), *_PHRASES.split()} - {"address", "main", "nav"}
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href"},
    "abbr": {"title"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height"},
    "ins": {"datetime"},
    "ol": {"start", "reversed", "type"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
#: Sound and film beside them, for texts whose files the site keeps.
_MEDIA_TAGS = {"audio", "video", "source", "track"}
_MEDIA_ATTRIBUTES = {
    "audio": {"src", "loop"},
    "video": {"src", "loop", "poster", "width", "height"},
    "source": {"src", "type"},
    "track": {"src", "kind", "srclang", "label", "default"},
}
#: Nothing plays by itself, and all of it can be stopped.
_MEDIA_VALUES = {"controls": "", "preload": "metadata"}
_CONTENT_GOES_TOO = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math"}
_PICTURE_SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:", re.IGNORECASE)

_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\\\]{2}", re.IGNORECASE)


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    # A picture may come by fewer schemes than a link may lead to.
    if tag == "img" and attribute == "src" and _PICTURE_SCHEME.match(value.strip()):
        return None
    # Sound and film come from this site only.
    if (tag in _MEDIA_TAGS and attribute in {"src", "poster"}) and _ELSEWHERE.match(value.strip()):
        return None
    return value


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_CONTENT_GOES_TOO,
    attributes=_ATTRIBUTES,
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer",
    set_tag_attribute_values={"img": {"loading": "lazy"}},
    strip_comments=True,
)
_MEDIA_CLEANER = nh3.Cleaner(
    tags=_TAGS | _MEDIA_TAGS,
    clean_content_tags=_CONTENT_GOES_TOO,
    attributes={**_ATTRIBUTES, **_MEDIA_ATTRIBUTES},
    attribute_filter=_filter_attribute,
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel="noopener noreferrer",
    set_tag_attribute_values={
        "img": {"loading": "lazy"},
        "audio": _MEDIA_VALUES,
        "video": {**_MEDIA_VALUES, "playsinline": ""},
    },
    strip_comments=True,
)
_NO_TAGS = nh3.Cleaner(tags=set(), clean_content_tags=_CONTENT_GOES_TOO)
_OPEN_TAG = re.compile(r"<[a-zA-Z]")
_TOP_HEADING = re.compile(r"<(/?)h1\b")
_BLOCK_TAG = re.compile(rf"<(?=/?(?:{_BLOCKS.replace(' ', '|')})\b)", re.IGNORECASE)


def _check_size(text: str, limit: int, field: str | None) -> None:
    if len(text) > limit * 1024 or len(text.encode("utf-8", "replace")) > limit * 1024:
        raise Invalid(
            _(
                "The text is longer than ${limit} KB. Divide it, and put pictures in as files.",
                mapping={"limit": limit},
            ),
            field,
        )


def _check_tags(text: str, field: str | None) -> None:
    if sum(1 for _tag in _OPEN_TAG.finditer(text)) > MAXIMUM_TAGS:
        raise Invalid(
            _(
                "The text has more than ${limit} HTML tags. Divide it into several pages.",
                mapping={"limit": MAXIMUM_TAGS},
            ),
            field,
        )


def clean_html(source: str, *, field: str | None = "text", media: bool = False) -> Markup:
    """Make HTML safe by the allow-list of this module.

    A first-level heading becomes a second-level one: a page has its own.

    :param field: the field that an error belongs to
    :param media: sound and film of this site may be in it; they get controls
    :raises Invalid: above `MAXIMUM_HTML` or `MAXIMUM_TAGS`
    """
    _check_size(source, MAXIMUM_HTML, field)
    _check_tags(source, field)
    return _clean(source, _MEDIA_CLEANER if media else _CLEANER)


def _clean(source: str, cleaner: nh3.Cleaner = _CLEANER) -> Markup:
    # On the cleaner's own output, in which every other "<" of the text is written as "&lt;".
    return Markup(_TOP_HEADING.sub(r"<\1h2", cleaner.clean(source)))  # noqa: S704 - just cleaned


def render_markdown(source: str, *, field: str | None = "text") -> Markup:
    """Turn Markdown (CommonMark with tables and strikethrough) into safe HTML.

    HTML in the source is shown as text. A line break in the source is one in the page, as writers
    of Chinese expect, who put no spaces between words.

    :param field: the field that an error belongs to
    :raises Invalid: above `MAXIMUM_MARKDOWN`
    """
    _check_size(source, MAXIMUM_MARKDOWN, field)
    return _clean(_markdown().render(source))


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    for cell in ("td_open", "th_open"):
        parser.add_render_rule(cell, _render_cell)
    return parser


def _render_cell(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    _env: EnvType,
) -> str:
    # Alignment comes as a style, which the content security policy would block.
    token = tokens[place]
    style = token.attrs.pop("style", None)
    if isinstance(style, str):
        token.attrs["align"] = style.removeprefix("text-align:")
    return renderer.renderToken(tokens, place, options, _env)


def plain_text(source: str, limit: int | None = None) -> str:
    """Give the text of HTML in one line, for summaries, searching and notifications.

    :param source: HTML that has been through this module: its size is not looked at again
    :param limit: most characters, the `…` of a shortened text among them
    """
    spaced = _BLOCK_TAG.sub(" <", source)
    text = " ".join(html.unescape(_NO_TAGS.clean(spaced)).split())
    return text if limit is None or len(text) <= limit else _shorten(text, limit)


def _shorten(text: str, limit: int) -> str:
    if limit < 1:
        return ""
    end = limit - 1
    # Never between a character and the marks that belong to it.
    while end and unicodedata.category(text[end])[0] == "M":
        end -= 1
    cut = text[:end]
    # Nor inside a Latin word, unless that word is most of what there is.
    if cut and text[end].isascii() and text[end].isalnum() and cut[-1].isascii():
        head, space, _word = cut.rpartition(" ")
        if space and len(head) > end // 2:
            cut = head
    return cut.rstrip() + "…"
