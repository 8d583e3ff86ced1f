"""What the plugin adds to the demonstration site: a notice for everybody, one in a course."""

from collections.abc import Mapping

from modou.models.courses import Course
from modou.services.occasion import Occasion
from modou_notices import services

#: Course code ("" for everybody), title, text, important.
NOTICES = (
    (
        "",
        "实训中心开放时间调整",
        """\
本月起，电工实训室周二、周四 18:30–20:30 增开晚间练习，须提前一天在前台登记，由值班教师监护。\
线上课程不受影响。""",
        False,
    ),
    (
        "DYDG",
        "星期六面授：请带绝缘鞋和身份证",
        """\
本周六 9:00 在三号实训室面授，内容见当周章节。

- 穿长袖工作服、绝缘鞋，女学员请束发；
- 提前完成线上内容，否则不能参加测验；
- 不能到场的请在**星期五 17:00 前**向班主任请假。""",
        True,
    ),
)


def fill(occasion: Occasion, courses: Mapping[str, Course]) -> None:
    """Post the notices; those of courses that are not there are left out."""
    for code, title, text, important in NOTICES:
        if code and code not in courses:
            continue
        values = {"title": title, "text": text, "important": important, "days": 60}
        services.post(occasion, courses.get(code), values)
