"""The API below `/api/v1`: JSON for programs and the site's own scripts; plugins add to it.

An endpoint is a typed function::

    from modou.web.api import Answer, Body, Call, Key, endpoint

    class Rename(Body):
        title: str = Field(min_length=1, max_length=200)

    @endpoint(
        "PATCH", "/courses/{course}", tag=_("Courses"), summary=_("Rename a course"),
        scope=COURSES_WRITE, capability=Capability.COURSE_EDIT, context=course_of,
    )
    def rename_course(call: Call, context: Course, body: Rename) -> CourseAnswer:
        teaching.change_course(call.occasion, context, {"title": body.title})
        return CourseAnswer(...)

and a plugin hands it in by the hook `api_routes`. The same types check what comes in, check what
goes out, and make the OpenAPI document and the reference page. See docs/reference/api.md.
"""

from pyramid.config import Configurator

from modou.web.api.calls import Call, Together
from modou.web.api.cursors import listing
from modou.web.api.declaring import endpoint
from modou.web.api.schemas import Answer, Body, Key, Listing, ListQuery, Moment, Query, moment

__all__ = [
    "Answer",
    "Body",
    "Call",
    "Key",
    "ListQuery",
    "Listing",
    "Moment",
    "Query",
    "Together",
    "endpoint",
    "listing",
    "moment",
]


def includeme(config: Configurator) -> None:
    # Its addresses before the one that takes everything below /api/v1.
    config.include("modou.web.api.reference")
    config.include("modou.web.api.handling")
