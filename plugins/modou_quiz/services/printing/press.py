"""Setting pages: HTML of ours becomes a PDF file.

``python -m modou_quiz.services.printing.press`` reads HTML and writes the file: what goes on for
too long, or takes too much memory, ends with that program, and it does not hold up the process
that asked for it.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from time import monotonic
from typing import Final

from PIL import ImageFile

from modou.errors import Conflict, Unavailable
from modou_quiz.i18n import _

#: How long a paper of 300 questions may take, on a machine that is busy.
SECONDS: Final = 300
#: Memory of the program, in bytes.
_MEMORY: Final = 2 << 30
#: How it ends when it cannot do its work.
_NO_LIBRARY: Final = 3
_NO_MEMORY: Final = 4
#: How often it is looked whether it shall stop, in seconds.
_LOOK: Final = 0.5

TOO_MUCH = _(
    "The paper could not be set: it asks for more memory than there is. Take smaller pictures, "
    "or print it in parts."
)
NO_LIBRARY = _("Printing needs the Pango library on the server (Debian: libpango-1.0-0).")


def set_here(html: str) -> bytes:
    """The PDF file, set in this process: for papers that are known to be small.

    :raises Unavailable: the library that sets pages does not run here
    """
    try:
        import weasyprint.urls
    except (ImportError, OSError) as error:
        # Pango is a library of the system.
        raise Unavailable(NO_LIBRARY) from error

    # WeasyPrint has Pillow take half a picture for a whole one, in all of the process.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    # Nothing but what lies in the page itself: no file of the server, no address.
    fetch = weasyprint.urls.URLFetcher(allowed_protocols=("data",), allow_redirects=False)
    document = weasyprint.HTML(string=html, url_fetcher=fetch)
    made: bytes = document.write_pdf(
        stylesheets=[weasyprint.CSS(string=_style(), url_fetcher=fetch)]
    )
    return made


def set_apart(html: str, look: Callable[[], None], seconds: float = SECONDS) -> bytes:
    """The PDF file, set by a program of its own.

    :param look: called twice a second; raises when nobody wants it any more
    :raises Unavailable: the library that sets pages does not run here
    :raises Conflict: it takes too long, or too much memory
    """
    command = [sys.executable, "-m", __name__]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    end = monotonic() + seconds
    # (Files, not pipes: what is larger than a pipe's buffer would have to be written and read by
    # turns while nobody waits for good.)
    with tempfile.TemporaryFile() as page, tempfile.TemporaryFile() as made:
        page.write(html.encode())
        page.seek(0)
        with subprocess.Popen(  # noqa: S603 - this plugin's own program
            command, stdin=page, stdout=made, stderr=subprocess.DEVNULL, env=env
        ) as process:
            try:
                while process.poll() is None:
                    look()
                    if monotonic() > end:
                        raise too_long(seconds)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_LOOK)
            except BaseException:
                process.kill()
                raise
        made.seek(0)
        file = made.read()
    if process.returncode == _NO_LIBRARY:
        raise Unavailable(NO_LIBRARY)
    if process.returncode == _NO_MEMORY or process.returncode < 0:
        raise Conflict(TOO_MUCH)
    if process.returncode:
        raise RuntimeError(f"the program that sets pages ended with {process.returncode}")
    return file


def too_long(seconds: float) -> Conflict:
    """Why a paper is given up."""
    minutes = max(1, round(seconds / 60))
    return Conflict(
        _(
            "The paper could not be set within ${minutes} minutes. Take smaller pictures and "
            "fewer formulas, or print it in parts.",
            mapping={"minutes": minutes},
        )
    )


@cache
def _style() -> str:
    return (files("modou_quiz") / "static" / "css" / "paper.css").read_text(encoding="utf-8")


def _main() -> int:
    with contextlib.suppress(ImportError, OSError, ValueError):
        # (Only POSIX has it; a machine may allow less than this.)
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        sys.stdout.buffer.write(set_here(sys.stdin.buffer.read().decode()))
    except Unavailable:
        return _NO_LIBRARY
    except MemoryError:
        return _NO_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(_main())
