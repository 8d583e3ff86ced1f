"""What the built-in activity types store, under the id of the activity.

::

    site.plugins["builtin"]["contents"]    WideLOBTree: activity id -> content
"""

from persistent import Persistent


class PageContent(Persistent):
    """A text with pictures. `html` is made of `source` when it is saved, and safe.

    :param markup: "markdown" or "html"
    :param pictures: ids of the uploaded pictures; `html` names them ``pictures/<key>``
    """

    pictures: tuple[int, ...] = ()

    def __init__(self, source: str, markup: str, html: str) -> None:
        self.source = source
        self.markup = markup
        self.html = html


class FileContent(Persistent):
    """A file to read or to download. `file` is the id of a stored file."""

    def __init__(self, file: int) -> None:
        self.file = file


class LinkContent(Persistent):
    """An address to go to, http or https."""

    def __init__(self, url: str) -> None:
        self.url = url
