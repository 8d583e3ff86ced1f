"""Root factories: from a route's matchdict to the context of the view.

A factory raises `KeyError` when there is no such thing; `found` turns that into 404. Contexts are
the models themselves (they know their roles, see `Occasion.capabilities`), but for activities: the
type of an activity brings a context class of its own, and Pyramid picks the view by it.
"""

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from modou.declarations import Verdict
from modou.models.courses import Activity, Course
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.services import learning
from modou.services.enrolling import may_see
from modou.store.containers import decode_id

Factory = Callable[[Request], Any]


def found(factory: Factory) -> Factory:
    """Answer 404 where `factory` raises KeyError."""

    def wrapper(request: Request) -> Any:
        try:
            return factory(request)
        except KeyError:
            raise HTTPNotFound from None

    return wrapper


class ActivityContext:
    """An activity's page. Plugins subclass it and register their view for the subclass.

    :param activity: the core's part
    :param content: the type's part, as its `content` function gives it
    """

    def __init__(self, activity: Activity, content: Any) -> None:
        self.activity = activity
        self.content = content
        self.course: Course = activity.course
        self.above = activity

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


class UnavailableActivity(ActivityContext):
    """An activity whose plugin is disabled or uninstalled, or whose content is gone."""


class LockedActivity(ActivityContext):
    """An activity that a plugin objects to opening now (`before_study`)."""

    def __init__(self, activity: Activity, content: Any, verdict: Verdict) -> None:
        super().__init__(activity, content)
        self.verdict = verdict


@found
def site(request: Request) -> Any:
    return request.site


@found
def category(request: Request) -> Any:
    return request.site.categories[request.matchdict["category"]]


@found
def course(request: Request) -> Any:
    return request.site.courses[request.matchdict["course"]]


@found
def cohort(request: Request) -> Any:
    return request.site.cohorts[request.matchdict["cohort"]]


@found
def user(request: Request) -> Any:
    return request.site.users[request.matchdict["user"]]


class SectionContext:
    """A section within its course."""

    def __init__(self, course: Course, section: Any) -> None:
        self.course = course
        self.section = section
        self.above = course

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


@found
def section(request: Request) -> Any:
    in_course: Course = request.site.courses[request.matchdict["course"]]
    return SectionContext(in_course, in_course.section(decode_id(request.matchdict["section"])))


def bare_activity(request: Request) -> Activity:
    """The core's part of the activity; for forms that work without its plugin.

    :raises KeyError: when there is none
    """
    in_course: Course = request.site.courses[request.matchdict["course"]]
    return in_course.activities[request.matchdict["activity"]]


@found
def activity(request: Request) -> Any:
    """The activity in the context class of its type, or why it cannot be opened."""
    return context_of(request, bare_activity(request))


def context_of(request: Request, node: Activity) -> Any:
    """An activity in the context class of its type, or why it cannot be opened.

    Locks are checked here, and that it is not hidden, so that no view of a plugin can forget to,
    whatever the method.

    :raises KeyError: it is hidden from the reader
    """
    if node.id not in learning.outline_of(request.occasion, node.course).by_id:
        raise KeyError(node.id)
    verdict = learning.objection(request.occasion, node.course, node.id)
    if verdict is not None:
        return LockedActivity(node, None, verdict)
    type_ = request.registry.assembled.activity_types.get(node.type)
    if type_ is None:
        return UnavailableActivity(node, None)
    content = type_.content(request.site, node)
    if content is None:
        return UnavailableActivity(node, None)
    return type_.context(node, content)


@found
def activity_core(request: Request) -> Any:
    return bare_activity(request)


class CohortsContext:
    """The list of cohorts. Class teachers may open it; they see their own cohorts in it."""

    def __init__(self, site: Any) -> None:
        self.above = site

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ("class_teacher",) if user is not None and user.leads else ()


def cohorts(request: Request) -> CohortsContext:
    return CohortsContext(request.site)


class EnrolmentContext:
    """One person's part in a course."""

    def __init__(self, course: Course, enrolment: Enrolment, user: User) -> None:
        self.course = course
        self.enrolment = enrolment
        self.user = user
        self.above = course

    def roles_of(self, user: User | None, now: int) -> tuple[str, ...]:
        return ()


@found
def enrolment(request: Request) -> Any:
    """One person's part in a course; for a class teacher of another cohort it does not exist."""
    in_course: Course = request.site.courses[request.matchdict["course"]]
    user_id = decode_id(request.matchdict["user"])
    part: Enrolment = in_course.enrolments[user_id]
    if not may_see(request.occasion, in_course, part):
        raise KeyError(user_id)
    return EnrolmentContext(in_course, part, request.site.users.by_id(user_id))


@found
def stored_file(request: Request) -> Any:
    return request.site.files[request.matchdict["file"]]
