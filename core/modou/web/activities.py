"""The page around an activity, for the core and for plugins.

A plugin registers a view for its context class and lets `show` do the rest: that the activity was
viewed, what stands before and behind it, ticking it off::

    @view_config(route_name="activity", context=PollContext, permission=Capability.ACTIVITY_VIEW)
    def poll(context, request):
        return show(request, "acme_poll:templates/poll.jinja2", values=lambda page: {...})

The template extends `activity.jinja2` and fills the block `activity`. The page is kept for all
readers: what differs between them comes in through leaves (`fillers`).
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

from markupsafe import escape
from pyramid.request import Request
from pyramid.response import Response

from modou.i18n import _
from modou.models.courses import Activity
from modou.permissions import Capability
from modou.services import learning
from modou.services.learning import OutlineActivity, Standing
from modou.web.courses import frame_key, progress_fillers, standing_of
from modou.web.page import Filler, Page, render_cached
from modou.web.resources import ActivityContext

Values = Callable[[Page], Mapping[str, Any]]


def show(
    request: Request,
    template: str,
    *,
    key: Hashable = (),
    values: Values | None = None,
    fillers: Mapping[str, Filler] | None = None,
    note: bool = True,
) -> Response:
    """The activity's page. That it is open to the reader, its context has made sure of.

    :param key: what the content depends on beside the course's revision
    :param values: called when the page must be rendered: the values of the template
    :param fillers: the content's own leaves
    :param note: whether opening the page counts as having viewed the activity
    """
    context: ActivityContext = request.context
    course, activity = context.course, context.activity
    occasion = request.occasion
    outline = learning.outline_of(occasion, course)
    shown = outline.by_id[activity.id]
    _enrolment, standing = standing_of(request, course, outline)
    if note and learning.note_view(occasion, course, activity):
        _enrolment, standing = standing_of(request, course, outline)

    def all_values(page: Page) -> dict[str, Any]:
        frame_activity(page, context, shown)
        before, after = outline.around(activity.id)
        return {
            "course": course,
            "activity": shown,
            "section": outline.section_of(activity.id),
            "outline": outline,
            "previous": before,
            "next": after,
            "link": lambda other: page.url("activity", course=course.key, activity=other.key),
            "may_edit": occasion.can(Capability.ACTIVITY_EDIT, course),
            "manual": "manual" in shown.completion and standing is not None,
            "rules": rules_of(page, activity),
            **(values(page) if values is not None else {}),
        }

    return render_cached(
        request,
        template,
        (activity.id, frame_key(course), standing is not None, key),
        all_values,
        {
            **progress_fillers(request, course, standing),
            **_completion_fillers(request, activity, standing),
            **(fillers or {}),
        },
        course,
    )


def frame_activity(page: Page, context: ActivityContext, shown: OutlineActivity) -> None:
    """Title and breadcrumbs of an activity's page."""
    course = context.course
    page.title = shown.title
    page.breadcrumbs = [(course.title, page.url("course", course=course.key))]


def rules_of(page: Page, activity: Activity) -> list[str]:
    """What a learner has to do for the activity to be complete, in words."""
    known = page.request.occasion.assembled.completion_rules
    return [page.gettext(known[name].description) for name in activity.completion if name in known]


def _completion_fillers(
    request: Request, activity: Activity, standing: Standing | None
) -> dict[str, Filler]:
    """The leaves of the button that ticks the activity off: what it posts, says, looks like."""
    if standing is None:
        return {}
    manual = standing.facts_of(activity.id).get("manual") is not None
    translate = request.page.gettext
    label = _("Marked as done") if manual else _("Mark as done")
    pending = standing.reasons.get(activity.id)
    return {
        "done_value": lambda: "0" if manual else "1",
        "done_class": lambda: "btn-done" if manual else "btn-primary",
        "done_pressed": lambda: "true" if manual else "false",
        "done_label": lambda: escape(translate(label)),
        "locked_reason": lambda: escape(translate(pending)) if pending is not None else "",
    }
