"""Contents of pages, files and links: kept, copied, dropped."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

from markupsafe import Markup

from modou.builtin.models import FileContent, LinkContent, PageContent
from modou.declarations import Deny, UploadPurpose, Verdict
from modou.errors import Invalid
from modou.i18n import _
from modou.models.courses import Activity
from modou.models.site import Site
from modou.services import files, markup
from modou.services.cleaning import clean_line, clean_text
from modou.services.files import AnyUpload
from modou.services.media_types import PROGRAMS
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree, decode_id, encode_id

PLUGIN = "builtin"
PICTURE_LIMIT = 10_000_000
UPLOAD_PURPOSES = (
    UploadPurpose("file", _("Files of courses")),
    UploadPurpose("picture", _("Pictures of pages"), ("image/*",), PICTURE_LIMIT),
)
#: A page's text, in characters; more is a book and belongs into a file.
TEXT_LIMIT = 300_000
_PICTURE = re.compile(r'src="pictures/([0-9a-z]{13})"')
#: The same with its tag, and with the link around it that its author made, if any.
_PICTURE_TAG = re.compile(r'(<a\b[^>]*>)?<img\b[^>]*?src="pictures/([0-9a-z]{13})"[^>]*>')

Content = PageContent | FileContent | LinkContent
C = TypeVar("C", PageContent, FileContent, LinkContent)


def find(site: Site, activity: Activity) -> Content | None:
    """The content of a built-in activity, None when there is none."""
    data = site.plugins.get(PLUGIN)
    contents = data.get("contents") if data is not None else None
    found: Content | None = contents.get(activity.id) if contents is not None else None
    return found


def _put(occasion: Occasion, activity: Activity, content: Content) -> None:
    data = occasion.site.plugin_data(PLUGIN)
    contents = data.get("contents")
    if contents is None:
        contents = data["contents"] = WideLOBTree()
    contents[activity.id] = content


def _of(occasion: Occasion, activity: Activity, kind: type[C]) -> C | None:
    found = find(occasion.site, activity)
    return found if isinstance(found, kind) else None


def delete(occasion: Occasion, activity: Activity) -> None:
    """Drop the content and its files."""
    found = find(occasion.site, activity)
    if found is None:
        return
    for file_id in _files_of(found):
        files.drop_file(occasion, file_id)
    del occasion.site.plugin_data(PLUGIN)["contents"][activity.id]


def _files_of(content: Content) -> Sequence[int]:
    match content:
        case PageContent():
            return content.pictures
        case FileContent():
            return (content.file,)
    return ()


def _access(activity: Activity) -> str:
    return f"course:{activity.course.id}"


def no_programs(media_type: str) -> Verdict:
    """Programs for a computer are no learning material, and dangerous to hand on."""
    if media_type in PROGRAMS:
        return Deny(_("Programs cannot be uploaded. Put them into an archive if need be."))
    return None


# Pages


def save_page(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> None:
    """
    :param values: `source`, `markup` ("markdown" or "html"), `pictures` (uploads, may be absent)
    :raises Invalid: too long, a picture that is none
    """
    kind = values.get("markup") or "markdown"
    if kind not in {"markdown", "html"}:
        raise Invalid(_("Choose Markdown or HTML."), "markup")
    source = clean_text(values.get("source"), "source", TEXT_LIMIT)
    uploads: Sequence[AnyUpload] = values.get("pictures") or ()
    _render(source, kind)
    kept = [
        files.keep_upload(
            occasion,
            upload,
            _access(activity),
            field="pictures",
            accept=lambda media_type: media_type.startswith("image/"),
            limit=PICTURE_LIMIT,
        )
        for upload in uploads
    ]
    for picture in kept:
        source = f"{source}\n\n{_reference(kind, picture.filename, picture.key)}".strip()
    content = _of(occasion, activity, PageContent)
    before = content.pictures if content is not None else ()
    pictures = tuple(i for i in before if encode_id(i) in source) + tuple(p.id for p in kept)
    for dropped in set(before) - set(pictures):
        files.drop_file(occasion, dropped)
    html = _render(source, kind)
    if content is None:
        content = PageContent(source, kind, html)
        _put(occasion, activity, content)
    content.source, content.markup, content.html = source, kind, html
    content.pictures = pictures


def _reference(kind: str, filename: str, key: str) -> str:
    name = filename.rpartition(".")[0] or filename
    if kind == "html":
        return str(Markup('<p><img src="pictures/{}" alt="{}"></p>').format(key, name))
    plain = re.sub(r"[][\\]", "", name)
    return f"![{plain}](pictures/{key})"


def _render(source: str, kind: str) -> str:
    render = markup.clean_html if kind == "html" else markup.render_markdown
    return str(render(source, field="source"))


def page_values(occasion: Occasion, activity: Activity) -> dict[str, Any]:
    """What the form of a page shows."""
    content = _of(occasion, activity, PageContent)
    if content is None:
        return {"markup": "markdown"}
    return {"source": content.source, "markup": content.markup}


def page_html(site: Site, content: PageContent, address: Callable[[Any], str]) -> Markup:
    """The page's HTML, with addresses that are good now for its pictures.

    Every picture with a description leads to itself, for those who must see it larger.

    :param address: gives the signed address of a stored file
    """

    def sign(match: re.Match[str]) -> str:
        id = decode_id(match[2])
        stored = site.files.get(id) if id in content.pictures else None
        if stored is None:
            return _PICTURE.sub('src=""', match[0])
        target = Markup.escape(address(stored))
        tag = _PICTURE.sub(f'src="{target}"', match[0])
        # A link without words would have no name.
        described = 'alt="' in tag and 'alt=""' not in tag
        return f'<a href="{target}">{tag}</a>' if described and not match[1] else tag

    return Markup(_PICTURE_TAG.sub(sign, content.html))  # noqa: S704 - cleaned when it was saved


# Files


def save_file(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> None:
    """
    :param values: `file`: an upload; may be absent when there is a file already
    :raises Invalid: no file at all, empty, too large
    """
    upload: AnyUpload | None = values.get("file")
    content = _of(occasion, activity, FileContent)
    if upload is None:
        if content is None:
            raise Invalid(_("Choose a file."), "file")
        return
    kept = files.keep_upload(occasion, upload, _access(activity))
    if content is None:
        _put(occasion, activity, FileContent(kept.id))
    else:
        files.drop_file(occasion, content.file)
        content.file = kept.id


def file_values(occasion: Occasion, activity: Activity) -> dict[str, Any]:
    """A file cannot be shown in a form."""
    return {}


# Links


def save_link(occasion: Occasion, activity: Activity, values: Mapping[str, Any]) -> None:
    """
    :param values: `url`: http or https, or a path of this site
    :raises Invalid: no such address
    """
    url = clean_link(values.get("url"))
    content = _of(occasion, activity, LinkContent)
    if content is None:
        _put(occasion, activity, LinkContent(url))
    else:
        content.url = url


def clean_link(text: str | None) -> str:
    """An address that a page may lead to.

    :raises Invalid: neither http, https nor a path of this site
    """
    url = clean_line(text, "url", 2000)
    if url.startswith("/") and not url.startswith(("//", "/\\")):
        return url
    wrong = Invalid(_("Enter an address that begins with https:// or http://."), "url")
    try:
        parts = urlsplit(url)
        port_is_good = parts.port is None or parts.port > 0
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_good:
        raise wrong
    if any(sign in url for sign in " <>\"'\\"):
        raise wrong
    return url


def link_values(occasion: Occasion, activity: Activity) -> dict[str, Any]:
    """What the form of a link shows."""
    content = _of(occasion, activity, LinkContent)
    return {"url": content.url if content is not None else "https://"}


# All three


def copy(occasion: Occasion, source: Activity, target: Activity) -> None:
    """Give `target` the content of `source`, with files of its own."""
    content = find(occasion.site, source)
    access = _access(target)
    match content:
        case PageContent():
            twin = PageContent(content.source, content.markup, content.html)
            new = {i: files.copy_file(occasion, i, access) for i in content.pictures}
            for old_id, new_id in new.items():
                twin.source = twin.source.replace(encode_id(old_id), encode_id(new_id))
                twin.html = twin.html.replace(encode_id(old_id), encode_id(new_id))
            twin.pictures = tuple(i for i in new.values() if i)
            _put(occasion, target, twin)
        case FileContent():
            _put(occasion, target, FileContent(files.copy_file(occasion, content.file, access)))
        case LinkContent():
            _put(occasion, target, LinkContent(content.url))
