"""Pages of the built-in activities, and the types that the core knows them by."""

from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.builtin.models import FileContent, LinkContent, PageContent
from modou.builtin.services import contents
from modou.i18n import _
from modou.permissions import Capability
from modou.services.media_types import INLINE
from modou.store.files import StoredFile
from modou.web.activities import show
from modou.web.files import file_url, file_window
from modou.web.page import Page
from modou.web.resources import ActivityContext


class PageContext(ActivityContext):
    """A page."""

    content: PageContent


class FileContext(ActivityContext):
    """A file."""

    content: FileContent


class LinkContext(ActivityContext):
    """A link."""

    content: LinkContent


@view_config(route_name="activity", context=PageContext, permission=Capability.ACTIVITY_VIEW)
def page(context: PageContext, request: Request) -> Response:
    """A text with pictures."""

    def values(_page: Page) -> dict[str, Any]:
        html = contents.page_html(
            request.site, context.content, lambda stored: file_url(request, stored)
        )
        return {"html": html}

    # The addresses of its pictures are good for a while only.
    key = file_window(request) if context.content.pictures else 0
    return show(request, "modou.builtin:templates/page.jinja2", key=key, values=values)


@view_config(route_name="activity", context=FileContext, permission=Capability.ACTIVITY_VIEW)
def file(context: FileContext, request: Request) -> Response:
    """A file: shown where browsers can, with its download."""
    stored = request.site.files.get(context.content.file)

    def values(page: Page) -> dict[str, Any]:
        if stored is None:
            return {"file": None, "href": "", "kind": "", "size": ""}
        return {
            "file": stored,
            "href": file_url(request, stored),
            "kind": _kind(stored),
            "size": _size(page, stored.size),
        }

    return show(
        request,
        "modou.builtin:templates/file.jinja2",
        key=(file_window(request), context.content.file),
        values=values,
    )


def _kind(stored: StoredFile) -> str:
    """How the page shows a file: "image", "pdf", "audio", "video", or "" for not at all."""
    if stored.media_type not in INLINE:
        return ""
    if stored.media_type == "application/pdf":
        return "pdf"
    kind = stored.media_type.partition("/")[0]
    return kind if kind in {"image", "audio", "video"} else ""


def _size(page: Page, size: int) -> str:
    if size < 1_000_000:
        return page.gettext(_("${size} KB", mapping={"size": max(1, round(size / 1000))}))
    return page.gettext(_("${size} MB", mapping={"size": f"{size / 1e6:.1f}"}))


@view_config(route_name="activity", context=LinkContext, permission=Capability.ACTIVITY_VIEW)
def link(context: LinkContext, request: Request) -> Response:
    """An address to go to."""

    def values(_page: Page) -> dict[str, Any]:
        url = context.content.url
        return {"url": url, "external": not url.startswith("/")}

    return show(request, "modou.builtin:templates/link.jinja2", values=values)


def includeme(config: Configurator) -> None:
    config.scan(__name__)
