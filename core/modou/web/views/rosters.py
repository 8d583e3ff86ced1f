"""Rosters: upload, verdicts, progress, result. The same pages for one course and for the site."""

import tempfile
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid, TooLarge
from modou.i18n import TranslationString, _
from modou.models.courses import Course
from modou.models.rosters import RosterJob
from modou.permissions import Capability
from modou.services import rosters
from modou.services.rosters import KINDS, OUTCOME_TITLES
from modou.web.forms.enrolling import RosterForm
from modou.web.page import flash
from modou.web.paging import Pager
from modou.web.views.participants import course_page, course_tabs, download

VERDICT_TITLES: dict[str, TranslationString] = {
    "create": _("New account"),
    "enrol": _("Will be enrolled"),
    "same": _("Nothing to do"),
    "bad": _("Cannot be taken"),
}
STATUS_TITLES: dict[str, TranslationString] = {
    "checking": _("Being checked"),
    "checked": _("Waiting for your word"),
    "running": _("Being taken"),
    "done": _("Done"),
    "cancelled": _("Stopped"),
    "discarded": _("Discarded"),
}
LEVELS = {"create": "info", "enrol": "success", "same": "neutral", "bad": "attention"}
_NEWEST = 20


def _course(context: Any) -> Course | None:
    return context if isinstance(context, Course) else None


def _path(request: Request, route: str, **values: str) -> str:
    """Address of a roster page, beside the present one: of this course or of the site."""
    course = _course(request.context)
    if course is not None:
        values = {"course": course.key, **values}
    area = "course" if course is not None else "admin"
    path: str = request.route_path(f"{area}_{route}", **values)
    return path


def _frame(request: Request, title: TranslationString) -> dict[str, Any]:
    course = _course(request.context)
    page = request.page
    if course is not None:
        course_page(request, course, title)
        return {"course": course, "tabs": course_tabs(request, course)}
    page.title = page.gettext(title)
    page.side_nav = page.groups("admin")
    return {"course": None, "tabs": []}


@view_config(
    route_name="course_roster", permission=Capability.ENROL_IMPORT, renderer="rosters.jinja2"
)
@view_config(
    route_name="admin_roster", permission=Capability.ENROL_IMPORT, renderer="rosters.jinja2"
)
def rosters_page(context: Any, request: Request) -> Any:
    """Upload a roster; the earlier ones."""
    occasion, course = request.occasion, _course(context)
    form = RosterForm.of(request)
    if request.method == "POST":
        upload = request.POST.get("file")
        if not hasattr(upload, "file"):
            form.take(Invalid(_("Choose a file."), "file"))
        else:
            try:
                job = rosters.upload(occasion, upload.file, _basename(upload.filename), course)
            except Invalid as error:
                form.take(error)
            except TooLarge as error:
                form.take(Invalid(error.message, "file"))
            else:
                rosters.start(occasion, job)
                return HTTPSeeOther(_path(request, "roster_job", job=job.key))
    return {
        **_frame(request, _("Rosters")),
        "form": form,
        "template": _path(request, "roster_template"),
        "jobs": [
            (job, _path(request, "roster_job", job=job.key), _uploader(request, job))
            for job in rosters.jobs(occasion, course)[:_NEWEST]
        ],
        "statuses": STATUS_TITLES,
    }


def _basename(filename: str) -> str:
    return filename.replace("\\", "/").rpartition("/")[2] or "roster"


def _uploader(request: Request, job: RosterJob) -> str:
    user = request.site.users.get(job.actor) if job.actor else None
    return user.display_name if user is not None else ""


@view_config(route_name="course_roster_template", permission=Capability.ENROL_IMPORT)
@view_config(route_name="admin_roster_template", permission=Capability.ENROL_IMPORT)
def roster_template(context: Any, request: Request) -> Response:
    """The file to fill in."""
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    rosters.write_template(stream, for_course=_course(context) is not None)
    return download(request, stream, "学员名册模板.xlsx")


@view_config(
    route_name="course_roster_job",
    permission=Capability.ENROL_IMPORT,
    request_method="GET",
    renderer="roster_job.jinja2",
)
@view_config(
    route_name="admin_roster_job",
    permission=Capability.ENROL_IMPORT,
    request_method="GET",
    renderer="roster_job.jinja2",
)
def roster_job(context: Any, request: Request) -> Any:
    """Where a roster stands: progress, verdicts or outcomes of its rows."""
    occasion = request.occasion
    job = rosters.job_of(occasion, request.matchdict["job"], _course(context))
    if request.headers.get("HX-Request") and not job.is_under_way:
        # The bar is full: let htmx load the whole page.
        request.response.headers["HX-Refresh"] = "true"
    has_outcomes = job.status in {"running", "done", "cancelled"}
    counts = job.progress.outcomes if has_outcomes else job.progress.verdicts
    titles = OUTCOME_TITLES if has_outcomes else VERDICT_TITLES
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    known = job.progress.done if has_outcomes else job.progress.checked
    pager = Pager(request, 0 if job.status == "discarded" else counts[kind] if kind else known)
    values = _frame(request, _("Roster"))
    request.page.title = job.filename
    request.page.breadcrumbs.append((request.page.gettext(_("Rosters")), _path(request, "roster")))
    return {
        **values,
        "job": job,
        "size": job.size,
        "place": job.progress.checked if job.status == "checking" else job.progress.done,
        "stopped": rosters.is_stopped(occasion, job),
        "status": STATUS_TITLES[job.status],
        "has_outcomes": has_outcomes,
        "tabs_of_kinds": [
            {
                "title": request.page.gettext(title),
                "href": request.current_route_path(_query={"kind": name} if name else {}),
                "active": kind == name,
                "count": counts[name] if name else known,
            }
            for name, title in [("", _("All")), *((k, titles[k]) for k in KINDS)]
        ],
        "titles": titles,
        "levels": LEVELS,
        "good": job.progress.verdicts["create"] + job.progress.verdicts["enrol"],
        "rows": list(
            rosters.reports(
                occasion,
                job,
                outcomes=has_outcomes,
                kind=kind,
                first=pager.start,
                count=pager.size,
            )
        ),
        "pager": pager,
        "result": _path(request, "roster_result", job=job.key),
        "uploader": _uploader(request, job),
    }


@view_config(
    route_name="course_roster_job", permission=Capability.ENROL_IMPORT, request_method="POST"
)
@view_config(
    route_name="admin_roster_job", permission=Capability.ENROL_IMPORT, request_method="POST"
)
def roster_act(context: Any, request: Request) -> Any:
    """Take the good rows, go on, stop, or drop the roster."""
    occasion = request.occasion
    job = rosters.job_of(occasion, request.matchdict["job"], _course(context))
    action = request.POST.get("action", "")
    if action == "start":
        rosters.start(occasion, job)
    elif action == "cancel":
        rosters.cancel(occasion, job)
        flash(request, _("Stopped. What was taken stays; you can go on at any time."))
    elif action == "discard":
        rosters.discard(occasion, job)
        flash(request, _("The rows of the roster were dropped."))
        return HTTPSeeOther(_path(request, "roster"))
    return HTTPSeeOther(request.path)


@view_config(route_name="course_roster_result", permission=Capability.ENROL_IMPORT)
@view_config(route_name="admin_roster_result", permission=Capability.ENROL_IMPORT)
def roster_result(context: Any, request: Request) -> Response:
    """What became of every row, with the activation codes of new accounts."""
    occasion = request.occasion
    job = rosters.job_of(occasion, request.matchdict["job"], _course(context))
    stream = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    rosters.write_result(occasion, job, stream, request.page.gettext)
    stem = job.filename.rpartition(".")[0] or job.filename
    return download(request, stream, f"{stem}-结果.xlsx")


def includeme(config: Configurator) -> None:
    config.scan(__name__)
