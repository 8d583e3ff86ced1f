"""Sites to measure on: generated, never committed.

Courses and accounts are put straight into the models: what is measured is reading and working
with them, and a million accounts must not take an afternoon.
"""

from collections.abc import Callable

from modou.models.courses import Activity, Course, Section
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.services import teaching
from modou.services.access import SiteAccess
from modou.services.participants import index_participant
from modou.services.user_index import put_name, put_username

Progress = Callable[[str], None]
#: Ids are random, so that each batch writes nearly every leaf of the indexes: few large ones.
_BATCH = 50_000
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英霞平刚桂华玉兰建国文辉力健飞红"

#: Parts of titles: as different from each other as those of a real course, since compressed
#: pages are measured as well.
_THINGS = [
    "低压配电柜",
    "万用表",
    "接地装置",
    "漏电保护器",
    "电动机",
    "电力电缆",
    "照明线路",
    "电能表",
    "临时用电",
    "绝缘手套",
    "验电器",
    "断路器",
    "接触器",
    "熔断器",
    "变压器",
    "电容补偿",
    "避雷器",
    "架空线路",
    "手持电动工具",
    "移动式配电箱",
]
_ACTS = [
    "的结构",
    "的选择",
    "的安装",
    "的检查与维护",
    "的常见故障",
    "的操作票",
    "的试验标准",
    "的事故案例",
]

#: What Moodle's generator calls size S.
SIZE_S = {"sections": 10, "activities": 64, "learners": 1100}


def learner_name(number: int) -> str:
    one, rest = divmod(number, len(_GIVEN))
    surname = _SURNAMES[number % len(_SURNAMES)]
    return surname + _GIVEN[rest] + _GIVEN[one % len(_GIVEN)]


def title(number: int) -> str:
    """The title of the activity with that number; no two of the first 160 are equal."""
    return (
        _THINGS[number * 7 % len(_THINGS)] + _ACTS[(number + number // len(_THINGS)) % len(_ACTS)]
    )


def add_learners(
    access: SiteAccess, count: int, first: int = 0, progress: Progress = print
) -> None:
    """Accounts `learner<first>` … without password, in batches of their own transactions."""
    for start in range(first, first + count, _BATCH):
        end = min(start + _BATCH, first + count)
        with access.occasion() as occasion:
            for number in range(start, end):
                user = User()
                user.created = occasion.now
                occasion.site.users.add(user)
                put_username(occasion, user, f"learner{number}")
                put_name(occasion, user, learner_name(number))
        progress(f"{end - first:,} of {count:,} accounts")


def add_course(
    access: SiteAccess,
    *,
    sections: int,
    activities: int,
    learners: int,
    code: str = "S",
    done_share: float = 0.5,
) -> int:
    """A published course of pages with the accounts `learner0` … enrolled; its id. Every eighth
    activity is ticked off by hand, the others by opening them.

    :param activities: in the whole course, spread over the sections
    :param done_share: how much of it each learner has completed
    """
    with access.occasion() as occasion:
        site = occasion.site
        course = site.courses.add(Course("低压电工作业（测量用）", code=code))
        course.status = "published"
        course.created = course.modified = occasion.now
        for number in range(sections):
            course.add_section(Section(f"第 {number + 1} 章　{title(number * 11 + 80)}"))
        for number in range(activities):
            section = course.outline[number * sections // activities]
            activity = Activity("page", title(number))
            activity.completion = ("manual",) if number % 8 == 7 else ("viewed",)
            course.add_activity(activity, section)
            save_page(occasion, activity)
        teaching.index_course(occasion, course)
        done = [a.id for a in course.ordered_activities()][: int(activities * done_share)]
        for number in range(learners):
            user = site.users.by_id(site.user_index.usernames[f"learner{number}"])
            enrolment = Enrolment(user.id, course.id, "learner", "manual", occasion.now)
            for activity_id in done:
                for fact in course.activities.by_id(activity_id).completion:
                    enrolment.progress.set_fact(activity_id, fact, occasion.now)
                enrolment.progress.set_completed(activity_id, occasion.now)
            course.enrolments[user.id] = enrolment
            user.courses = (*user.courses, course.id)
            index_participant(course, enrolment, user)
        id: int = course.id
        return id


def save_page(occasion: object, activity: Activity) -> None:
    """Give a page activity about 2 KB of text, as its plugin would."""
    text = "停电、验电、挂接地线，悬挂标示牌和装设遮栏，是在电气设备上工作的安全技术措施。\n\n" * 18
    type_ = occasion.assembled.activity_types["page"]  # type: ignore[attr-defined]
    type_.save(occasion, activity, {"source": text, "markup": "markdown"})
