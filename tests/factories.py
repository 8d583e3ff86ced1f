"""Things for tests, made through the models, with sensible values for what a test does not say."""

from itertools import count

from modou.builtin.services import contents
from modou.models.courses import Activity, Category, Course, Section
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.services import teaching
from modou.services.occasion import Occasion

_numbers = count(1)


def user(occasion: Occasion, username: str = "", name: str = "", role: str = "") -> User:
    """An account without password; `role` is granted on the site."""
    made = User()
    made.username = username or f"user{next(_numbers)}"
    made.name = name
    made.created = occasion.now
    occasion.site.users.add(made)
    occasion.site.user_index.usernames[made.username.casefold()] = made.id
    if role:
        made.grant("site", 0, role)
    return made


def category(occasion: Occasion, title: str = "电工", parent: Category | None = None) -> Category:
    return occasion.site.categories.add(Category(title, parent))


def course(
    occasion: Occasion, title: str = "低压电工作业", sections: int = 1, activities: int = 0
) -> Course:
    """A published course; `activities` pages in each section."""
    made = occasion.site.courses.add(Course(title, code=f"C{next(_numbers)}"))
    made.status = "published"
    made.published_at = occasion.now
    made.created = made.modified = occasion.now
    for number in range(sections):
        section = made.add_section(Section(f"第 {number + 1} 章"))
        for place in range(activities):
            activity = made.add_activity(Activity("page", f"第 {place + 1} 节"), section)
            contents.save_page(occasion, activity, {"source": f"正文 {place + 1}"})
    teaching.index_course(occasion, made)
    return made


def enrolment(occasion: Occasion, course: Course, user: User, role: str = "learner") -> Enrolment:
    made = Enrolment(user.id, course.id, role, "manual", occasion.now)
    course.enrolments[user.id] = made
    user.courses = (*user.courses, course.id)
    return made
