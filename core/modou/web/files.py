"""Addresses of stored files for pages, and their bytes for answers. A page shows an address only
to who may read the file."""

from collections.abc import Iterable, Iterator
from typing import IO

from pyramid.request import Request

from modou.services import files
from modou.services.files import Signer
from modou.store.files import StoredFile

_CHUNK = 1 << 16


def signer(request: Request) -> Signer:
    """What signs and checks the site's file addresses."""
    registry = request.registry
    found: Signer | None = getattr(registry, "file_signer", None)
    if found is None:
        config = registry.modou_config
        found = registry.file_signer = Signer(
            files.secret(config["files_secret"], registry.keys), config["files_lifetime"]
        )
    return found


def file_url(request: Request, stored: StoredFile) -> str:
    """The signed address of a file, the same for all readers during a window of time."""
    path: str = request.route_path("file", **signer(request).parts(stored, request.occasion.now))
    return path


def file_window(request: Request) -> int:
    """For keys of cached pages that hold signed addresses."""
    return signer(request).window(request.occasion.now)


def cover_url(request: Request, file_id: int) -> str | None:
    """The address of a cover; None when there is none."""
    stored = request.site.files.get(file_id) if file_id else None
    return file_url(request, stored) if stored is not None else None


def file_urls(
    request: Request, named: Iterable[tuple[str, str]], *, public: bool = False
) -> list[str]:
    """The addresses of many files, from their keys and names: for the pieces of a film.

    :param named: (`StoredFile.key`, `StoredFile.filename`) of each
    """
    paths = signer(request).sign_many(named, request.occasion.now, public)
    prefix = request.script_name
    return [prefix + path for path in paths] if prefix else paths


class Body:
    """A part of a file as WSGI answers it.

    :param stop: offset behind the last byte
    """

    def __init__(self, stream: IO[bytes], start: int, stop: int) -> None:
        self._stream = stream
        self._start = start
        self._stop = stop

    def __iter__(self) -> Iterator[bytes]:
        self._stream.seek(self._start)
        left = self._stop - self._start
        while left > 0 and (chunk := self._stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def app_iter_range(self, start: int, stop: int) -> "Body":
        """The part that a range request asks for."""
        return Body(self._stream, start, stop)

    def close(self) -> None:
        self._stream.close()
