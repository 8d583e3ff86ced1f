"""Cohorts: the list, one cohort, its data, its members."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Invalid
from modou.i18n import TranslationString, _
from modou.models.cohorts import TRANSITIONS, Cohort
from modou.models.courses import Course
from modou.models.people import User
from modou.permissions import Capability
from modou.services import catalogue, cohorts, enrolling
from modou.services.name_search import sort_key
from modou.services.occasion import Occasion
from modou.services.user_index import find_by_login
from modou.web.forms.enrolling import COHORT_STATUS_TITLES, CohortForm
from modou.web.page import flash
from modou.web.paging import Pager, Sorting, query_with
from modou.web.resources import CohortsContext
from modou.web.views.participants import chosen_people, found_people

LEVELS = {"planned": "neutral", "running": "info", "finished": "success", "archived": "neutral"}
_SORTS = ("number", "title", "starts", "status")
#: Above this the members are shown in the order in which they came, instead of by name.
_MOST_SORTED = 2_000
#: Most courses that the cohort's page offers at once.
_OFFERED = 20

MOVES: dict[tuple[str, str], TranslationString] = {
    ("planned", "running"): _("Start the cohort"),
    ("planned", "archived"): _("Call off and archive"),
    ("running", "finished"): _("Finish the cohort"),
    ("running", "planned"): _("Back to planned"),
    ("finished", "archived"): _("Archive"),
    ("finished", "running"): _("Run again"),
    ("archived", "finished"): _("Take out of the archive"),
}


def _frame(request: Request, title: str, *above: Cohort) -> None:
    page = request.page
    page.title = title
    page.place = "cohorts"
    page.side_nav = page.groups("admin")
    page.breadcrumbs = [(page.gettext(_("Cohorts")), page.url("cohorts"))]
    page.breadcrumbs += [(c.title, page.url("cohort", cohort=c.key)) for c in above]


@view_config(route_name="cohorts", permission=Capability.COHORT_VIEW, renderer="cohorts.jinja2")
def cohorts_list(context: CohortsContext, request: Request) -> Any:
    """The cohorts that the reader may see."""
    occasion = request.occasion
    text = request.GET.get("q", "").strip()
    status = request.GET.get("status", "")
    sorting = Sorting(request, _SORTS, "-number")
    found = cohorts.select(occasion, text=text, status=status, sort=sorting.key)
    pager = Pager(request, len(found))
    shown = pager.part(found)
    teachers = enrolling.enrolled_users(occasion, {c.class_teacher for c in shown} - {0})
    _frame(request, request.page.gettext(_("Cohorts")))
    request.page.breadcrumbs = []
    return {
        "rows": [(c, len(c.members)) for c in shown],
        "teachers": {user.id: user.display_name for user in teachers},
        "pager": pager,
        "sorting": sorting,
        "text": text,
        "status": status,
        "statuses": COHORT_STATUS_TITLES,
        "levels": LEVELS,
        "may_edit": occasion.can(Capability.COHORT_EDIT),
    }


@view_config(route_name="cohort_new", permission=Capability.COHORT_EDIT, renderer="form.jinja2")
def cohort_new(request: Request) -> Any:
    """A new cohort."""
    form = CohortForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            cohort = cohorts.create_cohort(
                request.occasion,
                **_values(form),
                class_teacher=_class_teacher(request, form),
            )
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved."))
            return HTTPSeeOther(request.route_path("cohort", cohort=cohort.key))
    _frame(request, request.page.gettext(_("New cohort")))
    return {"form": form, "back": request.route_path("cohorts")}


@view_config(route_name="cohort_edit", permission=Capability.COHORT_EDIT, renderer="form.jinja2")
def cohort_edit(context: Cohort, request: Request) -> Any:
    """A cohort's data."""
    occasion = request.occasion
    present = occasion.site.users.get(context.class_teacher) if context.class_teacher else None
    form = CohortForm.of(
        request,
        data={
            "title": context.title,
            "number": context.number,
            "planned_number": context.planned_number or None,
            "starts": context.starts,
            "ends": context.ends,
            "class_teacher": present.username if present is not None else "",
        },
    )
    if request.method == "POST" and form.validate():
        try:
            teacher = _class_teacher(request, form)
            if teacher is not None and teacher.id in context.members:
                raise Invalid(
                    _("${name} learns in this cohort.", mapping={"name": teacher.display_name}),
                    "class_teacher",
                )
            changed = bool(cohorts.change_cohort(occasion, context, **_values(form)))
            changed |= cohorts.set_class_teacher(occasion, context, teacher)
        except Invalid as error:
            form.take(error)
        else:
            flash(request, _("Saved.") if changed else _("Nothing was different."))
            return HTTPSeeOther(request.route_path("cohort", cohort=context.key))
    _frame(request, request.page.gettext(_("Edit cohort")), context)
    return {"form": form, "back": request.route_path("cohort", cohort=context.key)}


def _values(form: CohortForm) -> dict[str, Any]:
    return {
        "title": form.title.data,
        "number": form.number.data,
        "planned_number": form.planned_number.data or 0,
        "starts": form.starts.seconds,
        "ends": form.ends.seconds,
    }


def _class_teacher(request: Request, form: CohortForm) -> User | None:
    """:raises Invalid: nobody is found under what was entered"""
    text = (form.class_teacher.data or "").strip()
    if not text:
        return None
    user = find_by_login(request.occasion, text)
    if user is None:
        raise Invalid(_("There is no account “${text}”.", mapping={"text": text}), "class_teacher")
    return user


@view_config(
    route_name="cohort",
    permission=Capability.COHORT_VIEW,
    request_method="GET",
    renderer="cohort.jinja2",
)
def cohort_page(context: Cohort, request: Request) -> Any:
    """One cohort: data, courses, the next steps."""
    occasion = request.occasion
    teacher = occasion.site.users.get(context.class_teacher) if context.class_teacher else None
    _frame(request, context.title)
    may_edit = occasion.can(Capability.COHORT_EDIT, context)
    text = request.GET.get("q", "").strip()
    return {
        "cohort": context,
        "text": text,
        "more_courses": _courses_to_take(occasion, context, text),
        "teacher": teacher,
        "members": len(context.members),
        "courses": [
            (course, occasion.can(Capability.PARTICIPANTS_VIEW, course))
            for course in cohorts.courses_of(occasion, context)
        ],
        "statuses": COHORT_STATUS_TITLES,
        "levels": LEVELS,
        "may_edit": may_edit,
        "moves": [(s, MOVES[context.status, s]) for s in TRANSITIONS[context.status]]
        if may_edit
        else [],
        "may_change_members": occasion.can(Capability.COHORT_MEMBERS, context),
    }


def _courses_to_take(occasion: Occasion, cohort: Cohort, text: str) -> list[Course] | None:
    """Courses that the actor may enrol the cohort in; None when they may in none."""
    if cohort.status == "archived" or not occasion.can(Capability.ADMIN_VIEW):
        return None
    listing = catalogue.list_all(occasion, text)
    taken = frozenset(cohort.courses)
    found = [
        course
        for course in listing.courses
        if course.id not in taken and occasion.can(Capability.ENROL_MANAGE, course)
    ]
    return found[:_OFFERED] if found or text else None


@view_config(route_name="cohort", permission=Capability.COHORT_EDIT, request_method="POST")
def cohort_move(context: Cohort, request: Request) -> Any:
    """Move the cohort on to another status."""
    cohorts.set_status(request.occasion, context, request.POST.get("status", ""))
    flash(request, _("Saved."))
    return HTTPSeeOther(request.path)


@view_config(
    route_name="cohort_members",
    permission=Capability.COHORT_VIEW,
    request_method="GET",
    renderer="cohort_members.jinja2",
)
def cohort_members(context: Cohort, request: Request) -> Any:
    """The members, and people to add."""
    occasion = request.occasion
    users = occasion.site.users
    ids = list(context.members.keys())
    if len(ids) <= _MOST_SORTED:
        named = [(sort_key(u.display_name), i) for i in ids if (u := users.get(i))]
        ids = [id for _name, id in sorted(named)]
    else:
        ids.sort(key=lambda id: context.members[id])
    pager = Pager(request, len(ids))
    text = request.GET.get("q", "").strip()
    may_change = occasion.can(Capability.COHORT_MEMBERS, context) and context.status != "archived"
    _frame(request, request.page.gettext(_("Members")), context)
    return {
        "cohort": context,
        "rows": [
            (user, context.members[user.id])
            for user in enrolling.enrolled_users(occasion, pager.part(ids))
        ],
        "pager": pager,
        "may_change": may_change,
        "text": text,
        "people": [
            (user, user.id in context.members)
            for user in (found_people(request, text) if may_change else [])
        ],
    }


@view_config(
    route_name="cohort_members", permission=Capability.COHORT_MEMBERS, request_method="POST"
)
def cohort_members_change(context: Cohort, request: Request) -> Any:
    """Add the checked people, or take them out."""
    occasion = request.occasion
    action = request.POST.get("action", "")
    users = chosen_people(request)
    if not users:
        flash(request, _("Choose the people first."), "warning")
    elif action == "add":
        report = cohorts.add_members(occasion, context, users)
        names = {user.id: user.display_name for user in users}
        if report.added:
            flash(request, _("Added: ${count}", mapping={"count": len(report.added)}))
        reasons = [*report.refused.items()]
        reasons += [(user_id, why) for (user_id, _c), why in report.not_enrolled.items()]
        for user_id, why in reasons:
            reason = request.page.gettext(why)
            mapping = {"name": names[user_id], "reason": reason}
            flash(request, _("${name}: ${reason}", mapping=mapping), "warning")
    elif action == "remove":
        gone = cohorts.remove_members(occasion, context, users)
        flash(request, _("Taken out: ${count}", mapping={"count": len(gone)}))
    else:
        raise HTTPNotFound
    return HTTPSeeOther(query_with(request))


def includeme(config: Configurator) -> None:
    config.scan(__name__)
