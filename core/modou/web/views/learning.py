"""A learner's pages: the course, its activities, ticking off, my courses."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.declarations import DemandStep
from modou.errors import SignInNeeded
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.permissions import Capability
from modou.plugins import raise_verdict
from modou.services import learning
from modou.services.learning import OutlineActivity, Standing
from modou.services.memory import Recent
from modou.web.activities import show
from modou.web.courses import frame, frame_key, progress_fillers, rest_text, standing_of
from modou.web.my_courses import my_rows
from modou.web.page import Page, render_cached
from modou.web.resources import LockedActivity, UnavailableActivity


@view_config(route_name="course")
def course(context: Course, request: Request) -> Response:
    """The course, for who is in it; who may only preview it is led to what it is about."""
    occasion = request.occasion
    capabilities = occasion.capabilities(context)
    if Capability.COURSE_VIEW not in capabilities and Capability.COURSE_PREVIEW in capabilities:
        return HTTPFound(request.route_path("course_about", course=context.key))
    occasion.require(Capability.COURSE_VIEW, context)
    outline = learning.outline_of(occasion, context)
    _enrolment, standing = standing_of(request, context, outline)

    def values(page: Page) -> dict[str, Any]:
        frame(page, context)

        def link(activity: OutlineActivity) -> str:
            return page.url("activity", course=context.key, activity=activity.key)

        return {
            "course": context,
            "outline": outline,
            "totals": {
                s.id: sum(1 for a in s.activities if a.id in outline.tracked)
                for s in outline.sections
            },
            "link": link,
            "with_progress": standing is not None,
            "may_edit": Capability.ACTIVITY_EDIT in capabilities,
            "may_publish": Capability.COURSE_PUBLISH in capabilities,
        }

    fillers = progress_fillers(request, context, standing)
    if standing is not None:
        fillers["resume"] = lambda: _resume(request, context, standing)
    return render_cached(
        request,
        "course.jinja2",
        (frame_key(context), standing is not None),
        values,
        fillers,
        context,
    )


def _resume(request: Request, course: Course, standing: Standing) -> str:
    """The card that tells how far the learner is and goes on; drawn once for all who are as far."""
    complete = bool(standing.total) and standing.done == standing.total
    following = None if complete else standing.next
    registry = request.registry
    kept: Recent[str] | None = getattr(registry, "resume_cards", None)
    if kept is None:
        kept = registry.resume_cards = Recent(5000)
    key = (
        course.id,
        course.revision,
        standing.done,
        standing.total,
        standing.started,
        following.id if following is not None else 0,
        request.locale_name,
        request.registry.theme.version,
    )
    found = kept.get(key)
    if found is None:
        page = request.page
        values = {
            "done": standing.done,
            "total": standing.total,
            "ratio": standing.ratio,
            "rest": rest_text(page, standing),
            "complete": complete,
            "href": page.url("activity", course=course.key, activity=following.key)
            if following is not None
            else None,
            "action": page.gettext(_("Continue") if standing.started else _("Start")),
            "next_title": following.title if following is not None else None,
        }
        found = render("parts/resume.jinja2", values, request=request)
        kept.put(key, found)
    return found


@view_config(
    route_name="activity", context=UnavailableActivity, permission=Capability.ACTIVITY_VIEW
)
def unavailable(request: Request) -> Response:
    """An activity whose plugin is absent, or whose content is gone."""
    return show(request, "activity_unavailable.jinja2", key="unavailable", note=False)


@view_config(route_name="activity", context=LockedActivity, permission=Capability.ACTIVITY_VIEW)
def locked(context: LockedActivity, request: Request) -> Response:
    """Why an activity cannot be opened now."""
    if isinstance(context.verdict, DemandStep):
        raise_verdict(context.verdict)
    request.response.status = 403
    return show(request, "activity_locked.jinja2", key="locked", note=False)


@view_config(route_name="activity_done", permission=Capability.ACTIVITY_VIEW, request_method="POST")
def done(context: Activity, request: Request) -> Response:
    """Tick an activity off, or take that back."""
    learning.mark_done(request.occasion, context, request.POST.get("done") == "1")
    page = request.page
    here = page.url("activity", course=context.course.key, activity=context.key)
    return HTTPSeeOther(here)


@view_config(route_name="my_courses", renderer="my_courses.jinja2")
def my_courses(request: Request) -> dict[str, Any]:
    """All courses of who is signed in."""
    if request.occasion.actor is None:
        raise SignInNeeded(_("Please sign in to go on."))
    page = request.page
    page.title = page.gettext(_("My courses"))
    rows = my_rows(request)
    running = [row for row in rows.learning if not row.complete]
    complete = [row for row in rows.learning if row.complete]
    chosen = request.GET.get("show")
    tabs = []
    if running and complete:
        for name, title, some in (
            ("", _("In progress"), running),
            ("completed", _("Completed"), complete),
        ):
            query = {"_query": {"show": name}} if name else {}
            tabs.append(
                {
                    "title": page.gettext(title),
                    "href": page.url("my_courses", **query),
                    "active": (chosen or "") == name,
                    "count": len(some),
                }
            )
    shown = rows.learning
    if tabs:
        shown = complete if chosen == "completed" else running
    return {"rows": shown, "teaching": rows.teaching, "cohorts": rows.cohorts, "tabs": tabs}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
