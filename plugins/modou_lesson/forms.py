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
        render_kw={"accept": "video/*,audio/*,.mkv,.flv,.wmv,.ts,application/pdf"},
    )
    images = UploadsField(
        _("Slides as pictures"),
        purpose="lesson_pictures",
        description=_("Several pictures in the order of their names, instead of a PDF."),
        render_kw={"accept": "image/*"},
    )
    page_seconds = wtforms.IntegerField(
        _("Reading time in seconds"),
        [validators.Optional()],
        description=_(
            "How long each page of a PDF or of slides, or the text as a whole, must be open."
        ),
        render_kw={"inputmode": "numeric"},
    )
    chapters = wtforms.TextAreaField(
        _("Chapters"),
        description=_("For video and audio, a line each: 02:30 Safety"),
        render_kw={"rows": 5, "maxlength": 30_000},
    )
    captions = UploadField(
        _("Captions"),
        description=_("For video and audio: WebVTT (.vtt) or SRT (.srt)."),
        render_kw={"accept": ".vtt,.srt,text/vtt"},
    )
    language = wtforms.SelectField(
        _("Language of the captions"), choices=[SelectChoice(*pair) for pair in LANGUAGES]
    )
    remove_captions = wtforms.BooleanField(_("Remove the captions that are there"))
    poster = UploadField(
        _("Picture before the start"),
        description=_("For video and audio. Without one a picture is taken from the video."),
        render_kw={"accept": "image/*"},
    )
    markup = wtforms.SelectField(
        _("Text written in"),
        choices=[SelectChoice("markdown", "Markdown"), SelectChoice("html", "HTML")],
    )
    source = wtforms.TextAreaField(
        _("Text"),
        description=_("Only for the kind “Text”: ## heading, **bold**, - list, tables with |"),
        render_kw={"rows": 14, "maxlength": 300_000, "class_": "source"},
    )
