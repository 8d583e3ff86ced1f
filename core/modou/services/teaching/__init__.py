"""Making courses: categories, courses, sections, activities.

Every verb checks all that it is given before it changes anything, so a refusal leaves nothing
half-written.
"""

from modou.services.teaching.activities import (
    ActivityValues,
    change_activity,
    copy_activity,
    create_activity,
    delete_activity,
    values_of_activity,
)
from modou.services.teaching.categories import (
    change_category,
    create_category,
    delete_category,
    move_category,
)
from modou.services.teaching.courses import (
    CourseValues,
    change_course,
    create_course,
    delete_course,
    find_by_code,
    index_course,
    publish_course,
    set_cover,
    unpublish_course,
    values_of,
)
from modou.services.teaching.outline import (
    arrange,
    change_section,
    copy_section,
    create_section,
    delete_section,
    move,
)

__all__ = [
    "ActivityValues",
    "CourseValues",
    "arrange",
    "change_activity",
    "change_category",
    "change_course",
    "change_section",
    "copy_activity",
    "copy_section",
    "create_activity",
    "create_category",
    "create_course",
    "create_section",
    "delete_activity",
    "delete_category",
    "delete_course",
    "delete_section",
    "find_by_code",
    "index_course",
    "move",
    "move_category",
    "publish_course",
    "set_cover",
    "unpublish_course",
    "values_of",
    "values_of_activity",
]
