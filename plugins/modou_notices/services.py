"""The verbs: list, post, change, remove."""

from collections.abc import Mapping
from typing import Any

from modou.errors import Invalid, NotFound
from modou.models.courses import Course
from modou.services import settings as core_settings
from modou.services.markup import render_markdown
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou_notices import models, permissions
from modou_notices.i18n import _
from modou_notices.settings import NoticeSettings

DAY = 24 * 3600
TITLE_LENGTH = 100
TEXT_LENGTH = 5000


def settings(occasion: Occasion) -> NoticeSettings:
    return core_settings.read(occasion, "notices", NoticeSettings)


def current(occasion: Occasion, course: Course | None) -> list[models.Notice]:
    """What is shown now, in `course` or to everybody; important ones first, then the newest."""
    data = occasion.site.plugins.get("notices")
    place = course.id if course is not None else models.EVERYBODY
    shown = [n for n in models.notices(data, place) if n.shown_at(occasion.now)]
    shown.sort(key=lambda n: (not n.important, -n.starts))
    return shown[: settings(occasion).shown]


def all_notices(occasion: Occasion, course: Course | None) -> list[models.Notice]:
    """All notices of a place, the newest first."""
    occasion.require(permissions.EDIT, course)
    data = occasion.site.plugins.get("notices")
    place = course.id if course is not None else models.EVERYBODY
    return sorted(models.notices(data, place), key=lambda n: -n.starts)


def find(occasion: Occasion, course: Course | None, key: str) -> models.Notice:
    """:raises NotFound: when there is none"""
    try:
        wanted = decode_id(key)
    except KeyError:
        wanted = 0
    for notice in all_notices(occasion, course):
        if notice.id == wanted:
            return notice
    raise NotFound(_("This notice does not exist."))


def post(occasion: Occasion, course: Course | None, values: Mapping[str, Any]) -> models.Notice:
    """Write a notice.

    :param values: title, text (Markdown), important, days (how long it is shown)
    :raises Invalid: title or text missing or too long
    """
    occasion.require(permissions.EDIT, course)
    title, text, html, seconds = _checked(occasion, values)
    author = occasion.actor.id if occasion.actor is not None else 0
    notice = models.Notice(title, text, html, author)
    notice.important = bool(values.get("important"))
    notice.starts = occasion.now
    notice.ends = occasion.now + seconds
    place = course.id if course is not None else models.EVERYBODY
    models.board(occasion.site.plugin_data("notices"), place).add(notice)
    occasion.record("notice_posted", course=place, values={"notice": notice.id})
    return notice


def change(
    occasion: Occasion, course: Course | None, notice: models.Notice, values: Mapping[str, Any]
) -> None:
    """Change a notice; it is shown for `days` from its beginning.

    :raises Invalid: title or text missing or too long
    """
    occasion.require(permissions.EDIT, course)
    title, text, html, seconds = _checked(occasion, values)
    notice.title, notice.text, notice.html = title, text, html
    notice.important = bool(values.get("important"))
    notice.ends = notice.starts + seconds
    place = course.id if course is not None else models.EVERYBODY
    occasion.record("notice_changed", course=place, values={"notice": notice.id})


def remove(occasion: Occasion, course: Course | None, notice: models.Notice) -> None:
    occasion.require(permissions.EDIT, course)
    place = course.id if course is not None else models.EVERYBODY
    models.board(occasion.site.plugin_data("notices"), place).remove(notice.id)
    occasion.record("notice_removed", course=place, values={"notice": notice.id})


def _checked(occasion: Occasion, values: Mapping[str, Any]) -> tuple[str, str, str, int]:
    errors: dict[str, list[Any]] = {}
    title = " ".join(str(values.get("title") or "").split())
    text = str(values.get("text") or "").strip()
    days = values.get("days") or settings(occasion).days
    if not title:
        errors["title"] = [_("Give the notice a title.")]
    elif len(title) > TITLE_LENGTH:
        errors["title"] = [_("At most ${n} characters.", mapping={"n": TITLE_LENGTH})]
    if len(text) > TEXT_LENGTH:
        errors["text"] = [_("At most ${n} characters.", mapping={"n": TEXT_LENGTH})]
    if not 1 <= days <= 365:
        errors["days"] = [_("Between 1 and 365 days.")]
    if errors:
        raise Invalid(_("The notice is not complete."), errors=errors)
    return title, text, str(render_markdown(text)), int(days) * DAY
