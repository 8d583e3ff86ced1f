"""The form of a lesson: what only lessons know."""

import wtforms
from wtforms import validators
from wtforms.fields.choices import SelectChoice

from modou.web.forms.base import Form
from modou.web.forms.fields import UploadField, UploadsField
from modou_lesson.i18n import _

LANGUAGES = (
    ("zh", "中文"),
    ("en", "English"),
    ("bo", "བོད་ཡིག"),
    ("mn", "ᠮᠣᠩᠭᠣᠯ"),
    ("ug", "ئۇيغۇرچە"),
    ("ko", "한국어"),
    ("ja", "日本語"),
    ("ru", "Русский"),
)


def _of(kinds: str) -> dict[str, str]:
    """For fields that only some kinds of lesson use: the theme's script hides them otherwise."""
    return {"data-shown-for": f"kind={kinds}"}


class LessonForm(Form):
    """One form for all kinds; each says which fields it uses."""

    kind = wtforms.SelectField(
        _("Kind of lesson"),
        choices=[
            SelectChoice("video", _("Video")),
            SelectChoice("audio", _("Audio")),
            SelectChoice("pdf", _("PDF")),
            SelectChoice("slides", _("Slides")),
            SelectChoice("text", _("Text")),
        ],
    )
    media = UploadField(
        _("Video, audio or PDF"),
        purpose="lesson_media",
        description=_(
            "MP4 (H.264 with AAC), 720p or more, is best; MP3 for sound. Empty: the file stays. "
            "Another file becomes a new version; who is watching keeps the one that was opened."
        ),
        render_kw={
            **_of("video audio pdf slides"),
            "accept": "video/*,audio/*,.mkv,.flv,.wmv,.ts,application/pdf",
        },
    )
    images = UploadsField(
        _("Slides as pictures"),
        purpose="lesson_pictures",
        description=_("Several pictures in the order of their names, instead of a PDF."),
        render_kw={**_of("slides"), "accept": "image/*"},
    )
    page_seconds = wtforms.IntegerField(
        _("Reading time in seconds"),
        [validators.Optional()],
        description=_(
            "How long each page of a PDF or of slides, or the text as a whole, must be open. "
            "Empty: 30 for a page, 120 for a text."
        ),
        render_kw={**_of("pdf slides text"), "inputmode": "numeric"},
    )
    chapters = wtforms.TextAreaField(
        _("Chapters"),
        description=_("For video and audio, a line each: 02:30 Safety"),
        render_kw={**_of("video audio"), "rows": 5, "maxlength": 30_000},
    )
    captions = UploadField(
        _("Captions"),
        description=_("For video and audio: WebVTT (.vtt) or SRT (.srt)."),
        render_kw={**_of("video audio"), "accept": ".vtt,.srt,text/vtt"},
    )
    language = wtforms.SelectField(
        _("Language of the captions"),
        choices=[SelectChoice(*pair) for pair in LANGUAGES],
        render_kw=_of("video audio"),
    )
    remove_captions = wtforms.BooleanField(
        _("Remove the captions that are there"), render_kw=_of("video audio")
    )
    poster = UploadField(
        _("Picture before the start"),
        description=_("For video and audio. Without one a picture is taken from the video."),
        render_kw={**_of("video audio"), "accept": "image/*"},
    )
    markup = wtforms.SelectField(
        _("Text written in"),
        choices=[SelectChoice("markdown", "Markdown"), SelectChoice("html", "HTML")],
        render_kw=_of("text"),
    )
    source = wtforms.TextAreaField(
        _("Text"),
        description=_("Only for the kind “Text”: ## heading, **bold**, - list, tables with |"),
        render_kw={**_of("text"), "rows": 14, "maxlength": 300_000, "class_": "source"},
    )
