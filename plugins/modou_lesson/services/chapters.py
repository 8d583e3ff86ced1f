"""Chapters as teachers write them: a line each, ``mm:ss title``."""

import re
from collections.abc import Iterable

from modou.errors import Invalid
from modou_lesson.i18n import _
from modou_lesson.models import Chapter
from modou_lesson.services.problems import clock

MOST = 200
LONGEST_TITLE = 100
_LINE = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,4})[:：](\d{2})[\s,，.、-]+(\S.*)")


def parse(text: str | None) -> tuple[Chapter, ...]:
    """Chapters in the order of their times.

    :raises Invalid: naming the line
    """
    chapters: dict[int, Chapter] = {}
    for number, raw in enumerate((text or "").splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        match = _LINE.fullmatch(line)
        if match is None or int(match[3]) > 59 or (match[1] and int(match[2]) > 59):
            raise Invalid(
                _(
                    "Line ${number}: write the time, a blank and the title, such as 02:30 Safety.",
                    mapping={"number": number},
                ),
                "chapters",
            )
        title = match[4].strip()
        if len(title) > LONGEST_TITLE:
            raise Invalid(
                _(
                    "Line ${number}: the title is longer than ${limit} characters.",
                    mapping={"number": number, "limit": LONGEST_TITLE},
                ),
                "chapters",
            )
        second = int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])
        if second in chapters:
            raise Invalid(
                _(
                    "Line ${number}: another chapter begins at that time already.",
                    mapping={"number": number},
                ),
                "chapters",
            )
        chapters[second] = Chapter(second, title)
    if len(chapters) > MOST:
        raise Invalid(_("At most ${limit} chapters.", mapping={"limit": MOST}), "chapters")
    return tuple(chapters[second] for second in sorted(chapters))


def check_within(chapters: Iterable[Chapter], length: int) -> None:
    """:raises Invalid: one begins behind the end"""
    for chapter in chapters:
        if length and chapter.second >= length:
            raise Invalid(
                _(
                    "“${title}” begins at ${time}, but everything lasts only ${length}.",
                    mapping={
                        "title": chapter.title,
                        "time": clock(chapter.second),
                        "length": clock(length),
                    },
                ),
                "chapters",
            )


def text_of(chapters: Iterable[Chapter]) -> str:
    """What `parse` takes."""
    return "\n".join(
        f"{f'{c.second // 3600}:' if c.second >= 3600 else ''}"
        f"{c.second // 60 % 60:02}:{c.second % 60:02} {c.title}"
        for c in chapters
    )
