"""The frame of the pages below a quiz's own."""

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from modou.web.page import Page
from modou_quiz.contexts import QuizContext


def address(request: Request, context: QuizContext, route: str, **more: Any) -> str:
    """A page of this quiz."""
    path: str = request.route_path(
        route, course=context.course.key, activity=context.activity.key, **more
    )
    return path


def frame(page: Page, context: QuizContext, title: str) -> None:
    """Title and breadcrumbs of a page below the quiz's own."""
    course, activity = context.course, context.activity
    page.title = title
    page.breadcrumbs = [
        (course.title, page.url("course", course=course.key)),
        (activity.title, page.url("activity", course=course.key, activity=activity.key)),
    ]


def not_kept(response: Response) -> Response:
    """Another page's questions and answers must not be found in the browser's store."""
    response.cache_control = "no-store"
    return response
