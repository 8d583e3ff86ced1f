"""What the columns of a roster may be called, in Chinese and as Moodle's user upload has them.

`docs/reference/roster-columns.md` lists the names; a test holds it against `NAMES`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from modou.clock import SHANGHAI
from modou.errors import Invalid
from modou.i18n import _

#: Field -> the headings that mean it. Upper and lower case, spaces, `_`, `-`, `*` and remarks in
#: brackets make no difference.
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "username": ("username", "用户名", "登录名", "账号", "帐号", "学员账号"),
    "name": ("name", "fullname", "姓名", "学员姓名", "学员", "真实姓名", "名字"),
    "lastname": ("lastname", "surname", "姓"),
    "firstname": ("firstname", "givenname", "名"),
    "id_type": ("idtype", "证件类型", "证件种类", "身份证件类型"),
    "id_number": (
        "idnumber", "证件号码", "证件号", "身份证号码", "身份证号", "身份证", "公民身份号码",
        "身份证件号码",
    ),
    "phone": (
        "phone1", "phone", "mobile", "手机号码", "手机号", "手机", "联系电话", "电话", "移动电话",
    ),
    "email": ("email", "邮箱", "电子邮箱", "电子邮件", "邮件地址"),
    "password": ("password", "密码", "初始密码", "登录密码"),
    "starts": ("enroltimestart1", "enroltimestart", "开始日期", "学习开始日期", "开课日期"),
    "ends": ("enroltimeend1", "enroltimeend", "结束日期", "学习结束日期", "截止日期"),
}  # fmt: skip
#: Fields that may stand several times, with a number from 1 to 9 behind the name.
NUMBERED: Final[Mapping[str, tuple[str, ...]]] = {
    "course": ("course", "课程编号", "课程代码", "课程编码", "课程简称"),
    "course_title": ("课程", "课程名称", "培训课程"),
    "role": ("role", "角色"),
    "cohort": ("cohort", "班级编号", "班级代码", "班号", "班级编码"),
    "cohort_title": ("班级", "班级名称", "所在班级", "培训班", "培训班级"),
}
#: One of these must be there: without them nobody is found again.
IDENTIFYING: Final = ("username", "id_number", "phone", "email")

ROLES: Final[Mapping[str, tuple[str, ...]]] = {
    "learner": ("learner", "student", "学员", "学生"),
    "teacher": ("teacher", "editingteacher", "教师", "老师", "授课教师", "任课教师"),
    "class_teacher": ("class_teacher", "classteacher", "班主任"),
}
ID_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "id_card": (
        "id_card", "居民身份证", "身份证", "二代身份证", "中华人民共和国居民身份证",
    ),
    "residence_permit": (
        "residence_permit", "港澳台居民居住证", "港澳居民居住证", "台湾居民居住证",
    ),
    "permanent_residence": (
        "permanent_residence", "外国人永久居留身份证", "外国人永久居留证", "永久居留身份证",
    ),
    "passport": ("passport", "护照", "外国护照"),
}  # fmt: skip

_REMARK = re.compile(r"[(\[（【].*?[)\]）】]")
_SPACING = re.compile(r"[\s_\-*:：]+")
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?|(\d{4})(\d\d)(\d\d)")


def fold(text: str) -> str:
    """The spelling in which headings, roles and kinds of document are compared."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return _SPACING.sub("", _REMARK.sub("", text))


def _folded(names: Mapping[str, Iterable[str]]) -> dict[str, str]:
    return {fold(name): field for field, each in names.items() for name in each}


_PLAIN = _folded(NAMES)
_WITH_NUMBER = _folded(NUMBERED)
_ROLES = _folded(ROLES)
_ID_TYPES = _folded(ID_TYPES)


def field_of(heading: str) -> str | None:
    """The field behind a heading: "name", "course1", …; None when nobody understands it."""
    folded = fold(heading)
    if folded in _PLAIN:
        return _PLAIN[folded]
    number = "1"
    if folded and folded[-1] in "123456789" and folded[:-1] in _WITH_NUMBER:
        folded, number = folded[:-1], folded[-1]
    base = _WITH_NUMBER.get(folded)
    return base + number if base else None


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of the file holds which field.

    `places`: field -> place in the row, from 0; `ignored`: headings that mean nothing here.
    """

    places: Mapping[str, int]
    ignored: tuple[str, ...]


def recognise(headers: Sequence[str]) -> Columns:
    """Find the columns.

    :raises Invalid: under `file`: none that identifies a person, or two headings for one field
    """
    places: dict[str, int] = {}
    ignored = []
    for place, heading in enumerate(headers):
        field = field_of(heading)
        if field is None:
            if heading:
                ignored.append(heading)
        elif field in places:
            raise Invalid(
                _(
                    "The columns “${one}” and “${other}” mean the same.",
                    mapping={"one": headers[places[field]], "other": heading},
                ),
                "file",
            )
        else:
            places[field] = place
    if not any(field in places for field in IDENTIFYING):
        raise Invalid(
            _(
                "No column tells who people are. One of these is needed: username, idnumber, "
                "phone1, email. The headings found: ${headings}.",
                mapping={"headings": ", ".join(h for h in headers if h)[:300]},
            ),
            "file",
        )
    return Columns(places, tuple(ignored))


def role_named(text: str) -> str | None:
    """The role that a cell names; None when nobody knows it under that name."""
    return _ROLES.get(fold(text))


def id_type_named(text: str) -> str | None:
    """The kind of document that a cell names."""
    return _ID_TYPES.get(fold(text))


def day_named(text: str, field: str) -> date:
    """A day as people write it: 2026-11-23, 2026/11/23, 2026年11月23日, 20261123.

    :raises Invalid: anything else
    """
    match = _DATE.match(unicodedata.normalize("NFKC", text).strip())
    parts = [int(part) for part in match.groups() if part] if match else []
    try:
        return date(*parts)
    except (ValueError, TypeError):
        raise Invalid(
            _("“${text}” is no date; write it as 2026-11-23.", mapping={"text": text[:30]}), field
        ) from None


def day_begins(day: date) -> int:
    """The first second of a day in Shanghai, seconds UTC."""
    return int(datetime.combine(day, time(), SHANGHAI).timestamp())


#: The file that people fill in: headings, and a row to show how.
TEMPLATE_HEADINGS: Final = (
    "姓名", "证件类型", "证件号码", "手机号码", "邮箱", "用户名", "班级编号", "角色",
)  # fmt: skip
TEMPLATE_SITE_HEADINGS: Final = (*TEMPLATE_HEADINGS[:-1], "课程编号", "角色")
#: Kept as text, so that no digit is lost.
TEMPLATE_TEXT: Final = ("证件号码", "手机号码", "用户名", "班级编号", "课程编号")
TEMPLATE_SAMPLE: Final[Mapping[str, str]] = {
    "姓名": "张三（示例，请删除本行）",
    "证件类型": "居民身份证",
    "证件号码": "11010519491231002X",
    "手机号码": "13800000000",
    "邮箱": "",
    "用户名": "",
    "班级编号": "",
    "课程编号": "",
    "角色": "学员",
}
