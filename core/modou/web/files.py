"""Addresses of stored files for pages. A page shows one only to who may read the file."""

from collections.abc import Iterable

from pyramid.request import Request

from modou.services import files
from modou.services.files import Signer
from modou.store.files import StoredFile


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
