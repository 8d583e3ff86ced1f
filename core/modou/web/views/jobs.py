"""Background jobs: the list, what runs by itself, and the progress of one for those who wait."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, NotFound
from modou.i18n import TranslationString, _
from modou.models.jobs import STATES
from modou.permissions import Capability
from modou.services import jobs
from modou.services.jobs import JobView, schedule
from modou.web.page import flash
from modou.web.views.user_parts import admin_page, whole_number

TITLES: dict[str, TranslationString] = {
    "queued": _("Waiting"),
    "running": _("Running"),
    "done": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
LEVELS = {
    "queued": "neutral",
    "running": "info",
    "done": "success",
    "failed": "attention",
    "cancelled": "neutral",
}


def _tabs(request: Request, active: str) -> list[dict[str, Any]]:
    page = request.page
    return [
        {"title": page.gettext(title), "href": page.url(route), "active": route == active}
        for route, title in (
            ("admin_jobs", _("Jobs")),
            ("admin_schedule", _("Runs by itself")),
        )
    ]


@view_config(
    route_name="admin_jobs",
    permission=Capability.HEALTH_VIEW,
    request_method="GET",
    renderer="admin_jobs.jinja2",
)
def admin_jobs(request: Request) -> dict[str, Any]:
    """What runs, waits and was done, by state and by job."""
    occasion, page = request.occasion, request.page
    admin_page(request, page.gettext(_("Background jobs")))
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    name = request.GET.get("name", "")[:60]
    found = jobs.page(
        occasion, state=state, name=name, before=whole_number(request.GET.get("before", ""))
    )
    query = {key: value for key, value in (("state", state), ("name", name)) if value}
    older = page.url("admin_jobs", _query={**query, "before": found.before})
    return {
        "tabs": _tabs(request, "admin_jobs"),
        "jobs": [(view, _person(request, view)) for view in found.jobs],
        "moving": any(view.state == "running" or _is_soon(occasion, view) for view in found.jobs),
        "now": occasion.now,
        "state": state,
        "states": [(value, page.gettext(TITLES[value])) for value in STATES],
        "name": name,
        "names": sorted(
            ((job.name, page.gettext(job.title)) for job in occasion.assembled.jobs.values()),
            key=lambda pair: pair[1],
        ),
        "titles": TITLES,
        "levels": LEVELS,
        "may_manage": occasion.can(Capability.JOBS_MANAGE),
        "here": page.url("admin_jobs", _query=query),
        "older": older if found.before else None,
        "newest": page.url("admin_jobs", _query=query) if "before" in request.GET else None,
    }


def _is_soon(occasion: Any, view: JobView) -> bool:
    return view.state == "queued" and view.due <= occasion.now + 60


def _person(request: Request, view: JobView) -> str:
    if not view.actor:
        return ""
    user = request.site.users.get(view.actor)
    return user.display_name if user is not None else request.page.gettext(_("(deleted)"))


@view_config(route_name="admin_jobs", permission=Capability.JOBS_MANAGE, request_method="POST")
def admin_jobs_act(request: Request) -> Any:
    """Repeat a job, cancel it, or start one that runs by itself."""
    occasion, post = request.occasion, request.POST
    action = post.get("action", "")
    back = HTTPSeeOther(request.path_qs)
    if action == "start":
        jobs.start_now(occasion, post.get("name", ""))
        flash(request, _("The job begins in a moment."))
        return back
    acts = {"retry": jobs.retry, "cancel": jobs.cancel}
    if action not in acts:
        raise NotFound(_("There is nothing at this address."))
    record = jobs.find(occasion, post.get("job", ""))
    try:
        acts[action](occasion, record)
    except Conflict as error:
        # It went on while the page was being looked at.
        flash(request, error.message, "warning")
        return back
    if action == "retry":
        flash(request, _("The job begins again in a moment."))
    elif record.cancelling:
        flash(request, _("The job was asked to stop."))
    else:
        flash(request, _("The job is cancelled."))
    return back


@view_config(
    route_name="admin_schedule",
    permission=Capability.HEALTH_VIEW,
    renderer="admin_schedule.jinja2",
)
def admin_schedule(request: Request) -> dict[str, Any]:
    """What runs by itself: how often, the last time and the next."""
    occasion, page = request.occasion, request.page
    page.place = "admin_jobs"
    admin_page(request, page.gettext(_("Background jobs")))
    return {
        "tabs": _tabs(request, "admin_schedule"),
        "planned": [
            {
                "name": planned.job.name,
                "title": page.gettext(planned.title),
                "often": _often(request, planned.job),
                "last": planned.last,
                "next": planned.next,
                "state": planned.last_run.state if planned.last_run is not None else "",
                "late": planned.next + LATE < occasion.now,
            }
            for planned in schedule.plan(occasion)
        ],
        "titles": TITLES,
        "levels": LEVELS,
        "may_manage": occasion.can(Capability.JOBS_MANAGE),
    }


#: Seconds after which it is worth a remark that a planned job was not started.
LATE = 300


def _often(request: Request, job: Any) -> str:
    gettext = request.page.gettext
    if job.every is None and job.day is not None:
        return str(
            gettext(
                _("on day ${day} of the month, ${time}", mapping={"day": job.day, "time": job.at})
            )
        )
    if job.every is None:
        return str(gettext(_("daily ${time}", mapping={"time": job.at})))
    for seconds, one, many in (
        (86_400, _("every day"), _("every ${n} days", mapping={"n": job.every // 86_400})),
        (3600, _("every hour"), _("every ${n} hours", mapping={"n": job.every // 3600})),
        (60, _("every minute"), _("every ${n} minutes", mapping={"n": job.every // 60})),
    ):
        if job.every % seconds == 0:
            return str(gettext(one if job.every == seconds else many))
    return str(gettext(_("every ${n} seconds", mapping={"n": job.every})))


@view_config(route_name="job_progress", renderer="job_progress.jinja2")
@view_config(route_name="job_progress", header="HX-Request", renderer="parts/job_progress.jinja2")
def job_progress(request: Request) -> dict[str, Any]:
    """How far a job is, for who asked for it: a fragment for htmx, a page for others.

    With `?then=reload` the page around the fragment is loaded anew when the job has ended.
    """
    occasion, page = request.occasion, request.page
    view = jobs.view(occasion, jobs.find(occasion, request.matchdict["job"]))
    then = "reload" if request.GET.get("then") == "reload" else ""
    if then and not view.is_open:
        request.response.headers["HX-Refresh"] = "true"
    page.title = page.gettext(view.title)
    return {
        "job": view,
        "title": TITLES[view.state],
        "level": LEVELS[view.state],
        "address": page.url("job_progress", job=view.key, _query={"then": then} if then else None),
        "now": occasion.now,
    }


def includeme(config: Configurator) -> None:
    config.scan(__name__)
