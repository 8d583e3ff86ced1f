"""Who takes part in a course: the list, one person, adding people and cohorts, export."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config
from wtforms.fields.choices import SelectChoice

from modou.errors import Invalid
from modou.i18n import TranslationString, _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.participants import state_at
from modou.models.people import User
from modou.permissions import Capability, Level
from modou.services import cohorts, enrolling, participants, roles
from modou.services.outlines import outline_of
from modou.services.participants import Filters
from modou.services.tables import write_csv, write_xlsx
from modou.services.tables.parts import Cell
from modou.services.user_index import search_users
from modou.store.containers import decode_id, encode_id
from modou.web import courses
from modou.web.forms.enrolling import STATUS_TITLES, DatesForm, EnrolmentForm
from modou.web.page import Link, flash
from modou.web.paging import Pager, Sorting, query_with
from modou.web.resources import EnrolmentContext

LEVELS = {"active": "success", "future": "info", "expired": "neutral", "suspended": "attention"}
#: Most people that one click changes, so that a request stays short.
MOST_AT_ONCE = 5_000
_SHOWN_NAMES = 20
_FOUND = 50
_CACHE_EVERY = 1_000

TABS: tuple[tuple[str, TranslationString, Capability], ...] = (
    ("participants", _("Participants"), Capability.PARTICIPANTS_VIEW),
    ("participants_cohort", _("Cohorts"), Capability.ENROL_MANAGE),
    ("course_roster", _("Rosters"), Capability.ENROL_IMPORT),
    ("course_enrol_methods", _("Ways into the course"), Capability.COURSE_EDIT),
)


def course_page(request: Request, course: Course, title: TranslationString) -> None:
    """Title and breadcrumbs of a page about who takes part."""
    courses.frame(request.page, course, title)
    request.page.place = "participants"


def course_tabs(request: Request, course: Course) -> list[Link]:
    """The pages about who takes part that the reader may open."""
    page = request.page
    here = request.matched_route.name
    return [
        Link(
            page.gettext(title),
            page.url(route, course=course.key),
            active=here == route
            or (here.startswith(route + "_") and here != "participants_cohort"),
        )
        for route, title, capability in TABS
        if request.occasion.can(capability, course)
    ]


def role_title(request: Request, name: str) -> str:
    """The title of a role in the reader's language."""
    role = request.site.role(name)
    title: str = request.page.gettext(roles.role_title(role)) if role is not None else name
    return title


@dataclass(frozen=True, slots=True)
class Row:
    """A participant as the list shows it; times in seconds UTC."""

    key: str
    name: str
    username: str
    cohort: str
    role: str
    state: str
    created: int
    ends: int
    done: int
    last_seen: int


class ParticipantList:
    """The list as the address asks for it: search, filters, order."""

    def __init__(self, request: Request, course: Course) -> None:
        self._request = request
        self._course = course
        occasion = request.occasion
        query = request.GET
        self.cohorts = cohorts.cohorts_of(occasion, course)
        self.limited = enrolling.visible_cohorts(occasion, course)
        if self.limited is not None:
            self.cohorts = [c for c in self.cohorts if c.id in self.limited]
        self.titles = {c.id: c.title for c in self.cohorts}
        self.sorting = Sorting(request, participants.SORTS, "name")
        self.filters = Filters(
            text=query.get("q", "").strip(),
            role=query.get("role", ""),
            state=query.get("state", "present").replace("all", ""),
            cohort=_cohort_id(query.get("cohort", "")),
            cohorts=self.limited,
        )

    @property
    def filtered(self) -> bool:
        return self.filters != Filters(state="present", cohorts=self.limited)

    def ids(self) -> list[int]:
        """All that match, in order."""
        return participants.select(
            self._request.occasion, self._course, self.filters, self.sorting.key, self.titles
        )

    def rows(self, ids: Sequence[int]) -> Iterator[Row]:
        """What is shown of these."""
        occasion = self._request.occasion
        tracked = outline_of(occasion, self._course).tracked
        for user, enrolment in participants.opened(occasion, self._course, ids):
            yield Row(
                user.key,
                user.display_name,
                user.username,
                self.titles.get(enrolment.cohort, ""),
                enrolment.role,
                state_at(enrolment.status, enrolment.starts, enrolment.ends, occasion.now),
                enrolment.created,
                enrolment.ends,
                len(tracked & enrolment.progress.completed.keys()),
                enrolment.progress.last_seen,
            )


def _cohort_id(text: str) -> int:
    if text == "none":
        return -1
    try:
        return decode_id(text) if text else 0
    except KeyError:
        return 0


@view_config(
    route_name="participants",
    permission=Capability.PARTICIPANTS_VIEW,
    request_method="GET",
    renderer="participants.jinja2",
)
def participants_list(context: Course, request: Request) -> Any:
    """A page of the list."""
    listing = ParticipantList(request, context)
    ids = listing.ids()
    pager = Pager(request, len(ids))
    course_page(request, context, _("Participants"))
    occasion = request.occasion
    return {
        "course": context,
        "tabs": course_tabs(request, context),
        "listing": listing,
        "rows": list(listing.rows(pager.part(ids))),
        "pager": pager,
        "role_titles": {
            name: role_title(request, name)
            for name, role in occasion.site.roles.items()
            if Level.COURSE in role.levels
        },
        "states": STATUS_TITLES,
        "levels": LEVELS,
        "tracked": len(outline_of(occasion, context).tracked),
        "may_manage": occasion.can(Capability.ENROL_MANAGE, context),
        "exports": [
            (
                format,
                request.route_path(
                    "participants_export", course=context.key, format=format, _query=request.GET
                ),
            )
            for format in ("xlsx", "csv")
        ],
        "cohort_keys": [(c.key, c.title) for c in listing.cohorts],
        "chosen_cohort": request.GET.get("cohort", ""),
        "chosen_state": request.GET.get("state", "present"),
    }


ACTIONS: dict[str, TranslationString] = {
    "end": _("End the enrolment"),
    "suspend": _("Suspend"),
    "activate": _("Let in again"),
    "dates": _("Change the dates"),
}
_STATUS_OF = {"end": "ended", "suspend": "suspended", "activate": "active"}


@view_config(
    route_name="participants",
    permission=Capability.ENROL_MANAGE,
    request_method="POST",
    renderer="participants_confirm.jinja2",
)
def participants_change(context: Course, request: Request) -> Any:
    """Show whom a change concerns; do it when it is confirmed."""
    occasion = request.occasion
    action = request.POST.get("action", "")
    if action not in ACTIONS:
        raise HTTPNotFound
    listing = ParticipantList(request, context)
    back = query_with(request)
    whole = request.POST.get("scope") == "all"
    ids = listing.ids() if whole else _chosen(request, context)
    if not ids:
        flash(request, _("Choose the people first."), "warning")
        return HTTPSeeOther(back)
    if len(ids) > MOST_AT_ONCE:
        flash(
            request,
            _(
                "At most ${most} people can be changed at once. Narrow the list by a filter.",
                mapping={"most": MOST_AT_ONCE},
            ),
            "warning",
        )
        return HTTPSeeOther(back)
    form = DatesForm.of(request) if "confirmed" in request.POST else DatesForm()
    # The list may have changed since it was shown: then show it again.
    if request.POST.get("confirmed") == str(len(ids)) and form.validate():
        users = enrolling.enrolled_users(occasion, ids)
        try:
            changed = enrolling.change_enrolment(
                occasion,
                context,
                users,
                status=_STATUS_OF.get(action),
                starts=form.starts.seconds if action == "dates" else None,
                ends=form.ends.seconds if action == "dates" else None,
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Changed: ${count}", mapping={"count": len(changed)}))
            return HTTPSeeOther(back)
    course_page(request, context, ACTIONS[action])
    request.page.breadcrumbs.append(
        (
            request.page.gettext(_("Participants")),
            request.route_path("participants", course=context.key),
        )
    )
    shown = participants.opened(occasion, context, ids[:_SHOWN_NAMES])
    return {
        "course": context,
        "action": action,
        "title": ACTIONS[action],
        "names": [user.display_name for user, _enrolment in shown],
        "count": len(ids),
        "keys": [] if whole else [encode_id(id) for id in ids],
        "scope": "all" if whole else "",
        "form": form,
        "back": back,
    }


def _chosen(request: Request, course: Course) -> list[int]:
    """The checked participants that exist and may be seen."""
    found = []
    for key in dict.fromkeys(request.POST.getall("ids")):
        try:
            id = decode_id(key)
        except KeyError:
            continue
        enrolment = course.enrolments.get(id)
        if enrolment is not None and enrolling.may_see(request.occasion, course, enrolment):
            found.append(id)
    return found


# -- export


@view_config(route_name="participants_export", permission=Capability.PARTICIPANTS_VIEW)
def participants_export(context: Course, request: Request) -> Response:
    """The list as the address asks for it, as CSV or XLSX. Numbers of people stay masked."""
    format = request.matchdict["format"]
    if format not in {"csv", "xlsx"}:
        raise HTTPNotFound
    occasion = request.occasion
    listing = ParticipantList(request, context)
    page = request.page
    private = occasion.can(Capability.USER_VIEW) or occasion.can(Capability.USER_VIEW, context)
    titles = [
        _("Name"), _("Username"), _("Cohort"), _("Role"), _("Status"), _("Enrolled on"),
        _("Last day"), _("Activities completed"), _("Last seen"),
    ]  # fmt: skip
    if private:
        titles += [_("ID number"), _("Mobile number")]
    headings = [page.gettext(title) for title in titles]
    ids = listing.ids()

    def rows() -> Iterator[list[Cell]]:
        users = occasion.site.users
        for place, row in enumerate(listing.rows(ids)):
            cells: list[Cell] = [
                row.name,
                row.username,
                row.cohort,
                role_title(request, row.role),
                page.gettext(STATUS_TITLES[row.state]),
                page.when(row.created, "date"),
                page.when(row.ends - 1, "date") if row.ends else "",
                row.done,
                page.when(row.last_seen),
            ]
            if private:
                user = users[row.key]
                cells += [user.id_masked, user.phone_masked]
            if place % _CACHE_EVERY == _CACHE_EVERY - 1:
                # Let go of what was read, or a long list fills the memory.
                context._p_jar.cacheGC()  # noqa: SLF001 - ZODB's own public name
            yield cells

    # pyramid's FileIter closes the file.
    stream = tempfile.TemporaryFile()  # noqa: SIM115
    if format == "csv":
        write_csv(stream, headings, rows())
    else:
        write_xlsx(stream, headings, rows(), [headings[1], *headings[9:]])
    occasion.record("participants_exported", course=context.id, values={"count": len(ids)})
    return download(request, stream, f"{context.code or 'course'}-participants.{format}")


_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def download(request: Request, stream: Any, filename: str) -> Response:
    """A response that sends the temporary file under that name and closes it."""
    size = stream.tell()
    stream.seek(0)
    response: Response = request.response
    response.content_type = _TYPES[filename.rpartition(".")[2]]
    response.content_length = size
    ascii_name = filename.encode("ascii", "ignore").decode().replace('"', "") or "file"
    response.content_disposition = (
        f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(filename)}"
    )
    response.app_iter = FileIter(stream)
    return response


# -- one person


@view_config(
    route_name="participant",
    permission=Capability.PARTICIPANTS_VIEW,
    renderer="participant.jinja2",
)
def participant(context: EnrolmentContext, request: Request) -> Any:
    """One person's enrolment."""
    occasion, course, enrolment = request.occasion, context.course, context.enrolment
    grantable = enrolling.grantable_roles(occasion, course)
    may_change = occasion.can(Capability.ENROL_MANAGE, course) and enrolment.role in grantable
    form = EnrolmentForm.of(request, data=_enrolment_data(enrolment))
    form.role.choices = [SelectChoice(name, role_title(request, name)) for name in grantable]
    if request.method == "POST":
        occasion.require(Capability.ENROL_MANAGE, course)
        if form.validate() and _changed(request, context, form):
            return HTTPSeeOther(request.path)
    course_page(request, course, _("Participant"))
    page = request.page
    page.title = context.user.display_name
    page.breadcrumbs.append(
        (page.gettext(_("Participants")), page.url("participants", course=course.key))
    )
    tracked = outline_of(occasion, course).tracked
    cohort = occasion.site.cohorts.get(enrolment.cohort) if enrolment.cohort else None
    method = occasion.assembled.enrol_methods.get(enrolment.method)
    return {
        "course": course,
        "user": context.user,
        "enrolment": enrolment,
        "form": form if may_change else None,
        "state": state_at(enrolment.status, enrolment.starts, enrolment.ends, occasion.now),
        "states": STATUS_TITLES,
        "levels": LEVELS,
        "role": role_title(request, enrolment.role),
        "cohort": cohort,
        "method": method.title if method is not None else enrolment.method,
        "done": len(tracked & enrolment.progress.completed.keys()),
        "tracked": len(tracked),
        "private": occasion.can(Capability.USER_VIEW, context.user),
        "may_see_grades": occasion.can(Capability.GRADE_VIEW, course),
    }


def _enrolment_data(enrolment: Enrolment) -> dict[str, Any]:
    return {name: getattr(enrolment, name) for name in ("status", "role", "starts", "ends")}


def _changed(request: Request, context: EnrolmentContext, form: EnrolmentForm) -> bool:
    try:
        changed = enrolling.change_enrolment(
            request.occasion,
            context.course,
            [context.user],
            status=form.status.data,
            role=form.role.data,
            starts=form.starts.seconds,
            ends=form.ends.seconds,
        )
    except Invalid as error:
        form.take(error)
        return False
    flash(request, _("Saved.") if changed else _("Nothing was different."))
    return True


# -- adding people


def found_people(request: Request, text: str) -> list[User]:
    """People whom the search text may mean, a page at most."""
    found: list[User] = []
    if text:
        for user in search_users(request.occasion, text):
            found.append(user)
            if len(found) == _FOUND:
                break
    return found


def chosen_people(request: Request) -> list[User]:
    """The accounts that were checked in a form."""
    users = []
    for key in dict.fromkeys(request.POST.getall("ids")):
        try:
            users.append(request.site.users[key])
        except KeyError:
            continue
    return users


@view_config(
    route_name="participants_add",
    permission=Capability.ENROL_MANAGE,
    renderer="participants_add.jinja2",
)
def participants_add(context: Course, request: Request) -> Any:
    """Search people and enrol those that are checked."""
    occasion = request.occasion
    grantable = enrolling.grantable_roles(occasion, context)
    form = EnrolmentForm.of(request, data={"role": enrolling.LEARNER})
    form.role.choices = [SelectChoice(name, role_title(request, name)) for name in grantable]
    del form.status
    if request.method == "POST":
        users = chosen_people(request)
        if not users:
            flash(request, _("Choose the people first."), "warning")
            return HTTPSeeOther(query_with(request))
        if form.validate():
            try:
                report = enrolling.enrol(
                    occasion,
                    context,
                    users,
                    role=form.role.data,
                    starts=form.starts.seconds,
                    ends=form.ends.seconds,
                )
            except Invalid as error:
                form.take(error)
            else:
                names = {user.id: user.display_name for user in users}
                tell_report(request, report, names)
                return HTTPSeeOther(request.route_path("participants", course=context.key))
    course_page(request, context, _("Add people"))
    page = request.page
    page.breadcrumbs.append(
        (page.gettext(_("Participants")), page.url("participants", course=context.key))
    )
    text = request.GET.get("q", "").strip()
    people = [
        (user, enrolment.status if (enrolment := context.enrolments.get(user.id)) else "")
        for user in found_people(request, text)
    ]
    return {"course": context, "form": form, "text": text, "people": people, "most": _FOUND}


def tell_report(request: Request, report: enrolling.EnrolReport, names: dict[int, str]) -> None:
    """Say on the next page what a batch came to."""
    new = len(report.enrolled) + len(report.revived)
    if new:
        flash(request, _("Enrolled: ${count}", mapping={"count": new}))
    same = len(report.unchanged) + len(report.changed)
    if same:
        flash(request, _("Took part already: ${count}", mapping={"count": same}), "info")
    for user_id, reason in report.refused.items():
        flash(
            request,
            _(
                "${name} was not enrolled: ${reason}",
                mapping={"name": names.get(user_id, ""), "reason": request.page.gettext(reason)},
            ),
            "warning",
        )


# -- cohorts of the course


@view_config(
    route_name="participants_cohort",
    permission=Capability.ENROL_MANAGE,
    renderer="participants_cohort.jinja2",
)
def participants_cohort(context: Course, request: Request) -> Any:
    """The cohorts that are enrolled as a whole; enrol one more, take one out."""
    occasion = request.occasion
    if request.method == "POST":
        try:
            cohort = request.site.cohorts[request.POST.get("cohort", "")]
        except KeyError:
            raise HTTPNotFound from None
        if "remove" in request.POST:
            left = cohorts.unenrol_cohort(occasion, cohort, context)
            flash(
                request,
                _(
                    "The cohort was taken out of the course. Enrolments ended: ${count}",
                    mapping={"count": len(left)},
                ),
            )
        else:
            report = cohorts.enrol_cohort(occasion, cohort, context)
            names = {
                user.id: user.display_name
                for user in enrolling.enrolled_users(occasion, report.refused)
            }
            tell_report(request, report, names)
        return HTTPSeeOther(request.path)
    course_page(request, context, _("Cohorts of the course"))
    text = request.GET.get("q", "").strip()
    visible = cohorts.select(occasion, text=text) if occasion.can(Capability.COHORT_VIEW) else []
    teacher_ids = {c.class_teacher for c in cohorts.cohorts_of(occasion, context)}
    return {
        "course": context,
        "tabs": course_tabs(request, context),
        "enrolled": cohorts.cohorts_of(occasion, context),
        "others": [c for c in visible if c.id not in context.cohorts][:_FOUND],
        "text": text,
        "teachers": {
            user.id: user.display_name
            for user in enrolling.enrolled_users(occasion, teacher_ids - {0})
        },
    }


def includeme(config: Configurator) -> None:
    config.scan(__name__)
