"""Pages of PDF files and of pictures: counted at once, drawn by a program of their own.

``python -m modou_lesson.media.pages source target`` draws: a broken file can at most end that
program, its memory is gone with it, and it can be stopped. For each page it writes two WebP files
and the page's text, and tells about it in a line of JSON.
"""

import io
import json
import sys
from pathlib import Path
from threading import Lock
from typing import IO, Any

from modou_lesson.media.verdicts import Unfit

#: Widths in pixels: for telephones, and for large screens.
SMALL, LARGE = 800, 1600
#: Pages that are much longer than wide are drawn narrower.
_TALLEST = 6000
MOST_PIXELS = 100_000_000
MOST_TEXT = 50_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF")
# PDFium keeps state of its own: one call at a time.
_PDFIUM = Lock()


def count(stream: IO[bytes]) -> int:
    """How many pages a PDF file has.

    :raises Unfit: "pdf_locked" (a password opens it), "pdf_broken"
    """
    import pypdfium2

    stream.seek(0)
    with _PDFIUM:
        document = _open(pypdfium2, stream)
        try:
            return len(document)
        finally:
            document.close()


def _open(pypdfium2: Any, source: Any) -> Any:
    try:
        return pypdfium2.PdfDocument(source)
    except pypdfium2.PdfiumError as error:
        # PDFium says so in words only.
        locked = "password" in str(error).lower()
        raise Unfit("pdf_locked" if locked else "pdf_broken") from None


def check_picture(stream: IO[bytes], number: int) -> None:
    """Look at a picture's head.

    :raises Unfit: "picture_broken", "picture_huge"
    """
    from PIL import Image, UnidentifiedImageError

    stream.seek(0)
    try:
        with Image.open(stream, formats=_FORMATS) as picture:
            width, height = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unfit("picture_huge", number=number, limit=MOST_PIXELS // 1_000_000) from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Unfit("picture_broken", number=number) from None
    if width * height > MOST_PIXELS:
        raise Unfit("picture_huge", number=number, limit=MOST_PIXELS // 1_000_000)


# The program


def _draw_pdf(source: Path, target: Path) -> None:
    import pypdfium2

    document = _open(pypdfium2, source)
    total = len(document)
    if not total:
        raise Unfit("pdf_empty")
    for number in range(1, total + 1):
        try:
            page = document[number - 1]
            width, height = page.get_size()
            scale = min(LARGE / width, _TALLEST / height)
            picture = page.render(scale=scale, may_draw_forms=True).to_pil()
            text = page.get_textpage().get_text_bounded()
        except (pypdfium2.PdfiumError, ZeroDivisionError, ValueError, MemoryError):
            raise Unfit("page_broken", number=number) from None
        _write(target, number, total, picture, text)
        page.close()


def _draw_pictures(source: Path, target: Path) -> None:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    paths = sorted(source.iterdir())
    for number, path in enumerate(paths, start=1):
        try:
            with Image.open(path, formats=_FORMATS) as picture:
                picture.draft("RGB", (LARGE * 2, LARGE * 2))
                picture.load()
                upright = ImageOps.exif_transpose(picture)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            raise Unfit("picture_broken", number=number) from None
        _write(target, number, len(paths), upright, "")


def _write(target: Path, number: int, total: int, picture: Any, text: str) -> None:
    from PIL import Image

    rgba = picture.convert("RGBA") if picture.has_transparency_data else None
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(rgba or picture.convert("RGB"), mask=rgba)
    paper.thumbnail((LARGE, _TALLEST), Image.Resampling.LANCZOS)
    paper.save(target / f"{number:05}-large.webp", "WEBP", quality=80, method=3)
    width, height = paper.size
    paper.thumbnail((SMALL, _TALLEST), Image.Resampling.LANCZOS)
    paper.save(target / f"{number:05}-small.webp", "WEBP", quality=78, method=3)
    cleaned = " ".join(text.replace("\ufffe", "").split())[:MOST_TEXT]
    _tell(page=number, pages=total, width=width, height=height, text=cleaned)


def _tell(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main(source: Path, target: Path) -> int:
    """Draw the PDF `source`, or the pictures in the folder `source`, into the folder `target`."""
    try:
        if source.is_dir():
            _draw_pictures(source, target)
        else:
            _draw_pdf(source, target)
    except Unfit as error:
        _tell(unfit=error.code, values=error.values)
        return 1
    return 0


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
