"""The core's own endpoints, all of them."""

from modou.declarations import ApiRoute
from modou.web.api import courses, enrolments, grades, me, people, study

ROUTES: tuple[ApiRoute, ...] = (
    *me.ROUTES,
    *courses.ROUTES,
    *enrolments.ROUTES,
    *grades.ROUTES,
    *people.ROUTES,
    *study.ROUTES,
)
