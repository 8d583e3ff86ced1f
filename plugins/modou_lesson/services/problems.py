"""What can be wrong with media, in words: for the field of a form, and for the teacher's page."""

from collections.abc import Mapping
from typing import Any

from modou.errors import Message
from modou_lesson.i18n import _

SENTENCES: Mapping[str, Message] = {
    "unplayable": _("The file cannot be played: it is damaged, or no video or audio at all."),
    "truncated": _(
        "The file is cut off: its end is missing. Copy it again from the camera or the computer "
        "and send that."
    ),
    "cut_off": _(
        "The file is cut off: it should last ${expected}, but holds only ${found}. Send it again."
    ),
    "empty_media": _("There is nothing to play in the file: it lasts 0 seconds."),
    "no_picture": _("The file holds sound only. Add it as audio, or choose a video."),
    "no_sound": _("The file holds no sound. Choose an audio file."),
    "too_long": _("It lasts ${length}. The limit is ${limit}. Divide it into several lessons."),
    "pdf_locked": _(
        "The PDF opens only with a password. Save it without one (print it as PDF) and send that."
    ),
    "pdf_broken": _("The PDF is damaged and cannot be opened. Save it again and send that."),
    "pdf_empty": _("The PDF has no page."),
    "too_many_pages": _("It has ${pages} pages. The limit is ${limit}. Divide it."),
    "picture_broken": _("The picture ${number} is damaged or incomplete. Save it again."),
    "picture_huge": _("The picture ${number} has more than ${limit} million pixels."),
    "page_broken": _("Page ${number} cannot be drawn. Save the file again and send that."),
    "no_ffmpeg": _(
        "ffmpeg is not installed: the original is played as it is, without other qualities and "
        "preview pictures."
    ),
    "needs_ffmpeg": _(
        "ffmpeg is not installed, and browsers do not play this file as it is. Send MP4 (H.264 "
        "with AAC) or MP3, or ask the operator to install ffmpeg."
    ),
    "no_room": _("The disk is full. Tell the operator, then repeat it."),
    "source_gone": _("The uploaded file is gone."),
    "ffmpeg_failed": _("ffmpeg gave up: ${reason}"),
    "cancelled": _("Stopped by hand."),
}


def sentence(code: str, values: Mapping[str, Any] | None = None) -> Message:
    """The sentence of a code; "" for no code."""
    text = SENTENCES.get(code)
    if text is None:
        return code
    return _(text, mapping=dict(values)) if values else text


def clock(seconds: float) -> str:
    """A length as people write it: "1:02:03", "2:03"."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours}:{rest // 60:02}:{rest % 60:02}"
    return f"{rest // 60}:{rest % 60:02}"
