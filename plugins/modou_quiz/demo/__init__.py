"""What the plugin adds to the demonstration site: a bank for low-voltage electricians, a course
with a practice quiz, a chapter test and a final exam, people who have sat them, and answers that
wait to be marked.

The course is one of its own, as the exam would otherwise count in courses that people have already
completed.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from modou.clock import SHANGHAI, from_seconds
from modou.models.courses import Activity, Course
from modou.models.people import User
from modou.services import enrol_methods, enrolling, teaching
from modou.services.occasion import Occasion
from modou.services.teaching import ActivityValues, CourseValues
from modou.services.user_index import find_by_username
from modou_quiz.demo import questions, sitting
from modou_quiz.models.papers import Draw, Fixed, Paper, PaperSection
from modou_quiz.models.quizzes import MOMENTS, SHOWN
from modou_quiz.services import papers, shelf

CODE = "DYKH"
#: Learners who sit everything, beside the one whom visitors sign in as.
_SITTERS = 12


def fill(occasion: Occasion, courses: Mapping[str, Course]) -> None:
    """Add bank and course, unless the demonstration's course of electricians is not there."""
    electricians = courses.get("DYDG")
    if electricians is None:
        return
    morning = from_seconds(occasion.now).astimezone(SHANGHAI) - timedelta(days=3)
    morning = morning.replace(hour=9, minute=0, second=0, microsecond=0)
    made = sitting.at(occasion, morning - timedelta(days=2))
    bank_made = questions.fill_bank(made)
    course = _make_course(made, electricians)
    practice, chapter, final = _make_quizzes(made, course, bank_made, morning)
    teaching.publish_course(made, course)
    teacher = find_by_username(made, "teacher")
    if teacher is not None:
        enrolling.enrol(made, course, [teacher], role="teacher")
    people = _people(made, electricians)
    enrolling.enrol(made, course, people)
    for number, user in enumerate(people):
        start = morning + timedelta(minutes=13 * number)
        sitting.sit(made, user, practice, start, number)
        sitting.sit(made, user, chapter, start + timedelta(days=1), number)
        # Whom visitors sign in as has the exam still before them.
        if user.username != "learner":
            sitting.sit(made, user, final, start + timedelta(days=2), number)
    if teacher is not None:
        # Some answers are marked, the others wait for whoever signs in as the teacher.
        sitting.mark_some(made, teacher, final, morning + timedelta(days=2, hours=8))


def _make_course(occasion: Occasion, electricians: Course) -> Course:
    course = teaching.create_course(
        occasion,
        CourseValues(
            title="低压电工作业：练习与考试",
            code=CODE,
            summary="题库练习、章节测验和结业考试。试题取自机构题库，按细目随机组卷。",
            category=electricians.category,
            occupation="电工",
            planned_hours=Decimal(2),
        ),
    )
    enrol_methods.change_method(
        occasion, course, enrol_methods.method_of(occasion, "self"), opened=True, values={}
    )
    return course


def _people(occasion: Occasion, electricians: Course) -> list[User]:
    site = occasion.site
    learners = sorted(
        (site.users.by_id(e.user_id) for e in electricians.enrolments.values() if e.cohort),
        key=lambda user: user.username,
    )[:_SITTERS]
    own = find_by_username(occasion, "learner")
    return list(dict.fromkeys(user for user in (own, *learners) if user is not None))


# -- quizzes


def _make_quizzes(
    occasion: Occasion, course: Course, made: questions.Made, morning: datetime
) -> tuple[Activity, Activity, Activity]:
    section = teaching.create_section(occasion, course, "练习与考试", "先练习，再测验，最后考试。")
    safety, basics = made.categories["安全用电"], made.categories["电工基础"]
    everything = tuple(category for category in made.categories.values())
    practice = _quiz(
        occasion,
        course,
        section,
        ActivityValues("每日一练：安全用电", "每次 10 题，次数不限；每题可试两次，答完就看解析。"),
        {
            "kind": "practice",
            "attempts": 0,
            "review": MOMENTS,
            "instant": "tries",
            "tries": 2,
            "per_page": 1,
        },
        Paper((PaperSection("", (_draw(10, (safety,), questions.OBJECTIVE),)),)),
    )
    chapter = _quiz(
        occasion,
        course,
        section,
        ActivityValues(
            "章节测验：电工基础", "20 分钟，可以做两次，取最高分。", max_points=100, pass_mark=60
        ),
        {"kind": "chapter", "attempts": 2, "time_limit": 20, "shuffle_questions": True},
        Paper(
            (
                PaperSection("单选题", (_draw(5, (basics,), ("single",), 10),)),
                PaperSection(
                    "多选题和判断题", (_draw(4, (basics,), ("multiple", "truefalse"), 8),)
                ),
                PaperSection("计算题", (_draw(1, (basics,), ("numerical",), 18),)),
            )
        ),
    )
    final = _quiz(
        occasion,
        course,
        section,
        ActivityValues(
            "结业考试（理论）",
            "60 分钟，满分 100 分，60 分合格。简答题和案例题由教师阅卷。",
            max_points=100,
            pass_mark=60,
        ),
        {
            "kind": "final",
            "attempts": 1,
            "time_limit": 60,
            "opens": int(morning.timestamp()),
            "closes": int((morning + timedelta(days=60)).timestamp()),
            "most_leaves": 5,
            "anonymous": True,
            "intro": "考试期间请不要离开本页。答案随时自动保存。",
        },
        Paper(
            (
                PaperSection("一、单选题", (_draw(15, everything, ("single",), 2),)),
                PaperSection("二、多选题", (_draw(5, everything, ("multiple",), 3),)),
                PaperSection("三、判断题", (_draw(10, everything, ("truefalse",), 1),)),
                PaperSection("四、填空题和匹配题", (_draw(5, everything, questions.FILLING, 3),)),
                PaperSection("五、简答题", (_draw(2, everything, ("essay",), 10),)),
                PaperSection("六、案例分析题", (Fixed(made.case, 0, 10.0),)),
            )
        ),
    )
    return practice, chapter, final


def _draw(
    number: int, categories: tuple[int, ...], types: tuple[str, ...], marks: float | None = None
) -> Draw:
    return Draw(number, categories=categories, types=types, marks=marks)


def _quiz(
    occasion: Occasion,
    course: Course,
    section: object,
    values: ActivityValues,
    rules: Mapping[str, object],
    paper: Paper,
) -> Activity:
    shown = rules.get("review", MOMENTS[1:])
    content = {
        "grade_by": "best",
        "shuffle_options": True,
        **{f"review_{moment}": SHOWN for moment in MOMENTS if moment in shown},  # type: ignore[operator]
        **{name: value for name, value in rules.items() if name != "review"},
    }
    activity = teaching.create_activity(occasion, course, section, "quiz", values, content)  # type: ignore[arg-type]
    quiz = shelf.find(occasion.site, activity)
    if quiz is not None:
        papers.save(occasion, activity, quiz, paper, quiz.revision)
    return activity
