"""Pictures of office documents: what they are, by their bytes."""

from typing import Final

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"\x01\x00\x00\x00", ".emf"),
    (b"\xd7\xcd\xc6\x9a", ".wmf"),
    (b"\x01\x00\x09\x00", ".wmf"),
    (b"II*\x00", ".tif"),
    (b"MM\x00*", ".tif"),
)
#: What browsers show.
SHOWN: Final = frozenset((".png", ".jpg", ".gif", ".webp", ".bmp", ".svg"))


def extension(data: bytes) -> str:
    """The extension that belongs to a picture, "" when it is none that is known."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head):
        return ".svg"
    return next((ending for magic, ending in _MAGIC if data.startswith(magic)), "")
