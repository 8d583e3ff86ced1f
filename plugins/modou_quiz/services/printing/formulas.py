"""Formulas on paper: TeX becomes SVG, in Python alone (ziamath). What it does not know stays TeX.

Its font has no Chinese characters: `\\text{…}` that holds some is set as text between the formulas
around it; deeper inside of a formula the whole stays TeX.
"""

import logging
import re
from functools import lru_cache
from html import unescape
from typing import Final

from markupsafe import Markup, escape

from modou_quiz.content import replace_formulas

log = logging.getLogger(__name__)

_WIDE: Final = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_TEXT: Final = re.compile(r"\\(?:text|mbox|mathrm|textrm)\{([^{}]*)\}")
_BOX: Final = re.compile(r'viewBox="\S+ (\S+) \S+ (\S+)"')
_SIZE: Final = 15
_LONGEST: Final = 2000


def set_formulas(html: str) -> Markup:
    """Safe HTML with its formulas drawn."""

    def drawn(match: re.Match[str]) -> str:
        source = next(group for group in match.groups() if group is not None)
        # In cleaned HTML signs are written as entities.
        picture = _draw(unescape(source).strip())
        if match[1] is None:
            return f'<span class="display">{picture}</span>'
        return picture

    return Markup(replace_formulas(html, drawn))  # noqa: S704 - cleaned before; what is drawn is ours


@lru_cache(maxsize=1024)
def _draw(tex: str) -> str:
    if len(tex) > _LONGEST:
        return _source(tex)
    if not _WIDE.search(tex):
        return _svg(tex) or _source(tex)
    pieces, position, depth = [], 0, 0
    for match in _TEXT.finditer(tex):
        before = tex[position : match.start()]
        depth += before.count("{") - before.count("}")
        if not _WIDE.search(match[1]):
            continue
        if depth or _WIDE.search(before):
            return _source(tex)
        if before.strip():
            pieces.append(_svg(before) or _source(before))
        pieces.append(f"<span>{escape(match[1])}</span>")
        position = match.end()
    rest = tex[position:]
    if _WIDE.search(rest):
        return _source(tex)
    if rest.strip():
        pieces.append(_svg(rest) or _source(rest))
    return "".join(pieces)


def _source(tex: str) -> str:
    return f"<code>{escape(tex)}</code>"


def _svg(tex: str) -> str:
    """The drawing of a formula, its baseline on that of the text; "" when it cannot be drawn."""
    # Half a second, and only for printing.
    import ziamath.zmath

    try:
        svg: str = ziamath.zmath.Latex(tex, size=_SIZE, inline=True).svg()
    except Exception:  # noqa: BLE001 - whatever a teacher's TeX does in there
        log.info("a formula could not be drawn: %.200s", tex)
        return ""
    box = _BOX.search(svg)
    if box is None:
        return ""
    depth = float(box[1]) + float(box[2])
    return svg.replace("<svg ", f'<svg style="vertical-align: {-depth:.2f}px" ', 1)
