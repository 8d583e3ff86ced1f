"""Questions about the state of the system."""

from modou.declarations import HealthCheck
from modou.services.occasion import Occasion
from modou_lesson.i18n import _
from modou_lesson.media import tools


def programs_are_there(occasion: Occasion) -> str | None:
    missing = tools.missing()
    if not missing:
        return None
    return (
        f"{' and '.join(missing)} not installed: lessons play the uploaded MP4 or MP3 as it is, "
        "other files cannot be used (apt install ffmpeg)"
    )


CHECKS = (HealthCheck("lesson_ffmpeg", _("ffmpeg is installed"), programs_are_there),)
