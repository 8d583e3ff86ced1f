"""Appeals of learners and corrections of study time, each by two people."""

from collections.abc import Iterable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Conflict, Invalid, NotAllowed
from modou.i18n import _
from modou.models.courses import Activity, Course
from modou.models.enrolments import Enrolment
from modou.models.study import Appeal, Correction, Void
from modou.permissions import Capability
from modou.services.studying import appeals, corrections
from modou.store.containers import decode_id
from modou.web.courses import frame
from modou.web.forms.study import AppealForm, CorrectionForm
from modou.web.page import flash
from modou.web.resources import EnrolmentContext
from modou.web.views.study.showing import study_tabs

#: Decided corrections and appeals that the page shows.
_SHOWN = 50
_GONE = _("It is gone, or somebody else decided on it meanwhile.")


def _id(key: str) -> int:
    """The id behind a key of the address; 0 for none."""
    try:
        return decode_id(key) if key else 0
    except KeyError:
        raise HTTPNotFound from None


def _void(enrolment: Enrolment, activity: Activity, id: int) -> Void | None:
    record = enrolment.study.activities.get(activity.id) if enrolment.study is not None else None
    voids = record.voids if record is not None else ()
    return next((void for void in voids if void.id == id), None)


@view_config(
    route_name="study_appeal", permission=Capability.PROGRESS_OWN, renderer="study_appeal.jinja2"
)
def study_appeal(context: Activity, request: Request) -> Any:
    """A learner objects to something that was not credited."""
    occasion = request.occasion
    user = occasion.actor
    activity, course = context, context.course
    enrolment = course.enrolments.get(user.id) if user is not None else None
    if enrolment is None:
        raise Conflict(_("Only enrolled learners make progress in this course."))
    void = _void(enrolment, activity, _id(request.GET.get("void", "")))
    form = AppealForm.of(request)
    if request.method == "POST" and form.validate():
        try:
            appeals.appeal(
                occasion, enrolment, activity, form.text.data, void=void.id if void else 0
            )
        except (Invalid, Conflict) as error:
            form.take(error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            flash(request, _("Your appeal was sent. The answer appears here."))
            return HTTPSeeOther(request.page.url("study", course=course.key))
    frame(request.page, course, _("Appeal"))
    request.page.breadcrumbs.append(
        (request.page.gettext(_("My study time")), request.page.url("study", course=course.key))
    )
    return {"course": course, "form": form, "activity": activity, "void": void}


@view_config(
    route_name="study_correct", permission=Capability.STUDY_CORRECT, renderer="study_correct.jinja2"
)
def study_correct(context: EnrolmentContext, request: Request) -> Any:
    """Propose a correction of one learner's credit in one activity."""
    occasion = request.occasion
    course, enrolment = context.course, context.enrolment
    try:
        activity = course.activities[request.matchdict["activity"]]
    except KeyError:
        raise HTTPNotFound from None
    answered = _appeal(request, course, request.GET.get("appeal", ""))
    about = _id(request.GET.get("void", "")) or (answered.void_id if answered else 0)
    void = _void(enrolment, activity, about)
    form = CorrectionForm.of(request, data={"seconds": void.seconds if void else None})
    if request.method == "POST" and form.validate():
        try:
            corrections.propose(
                occasion,
                enrolment,
                activity,
                form.seconds.data,
                form.reason.data,
                void=void.id if void else 0,
                appeal=answered,
            )
        except (Invalid, Conflict) as error:
            form.take(error if isinstance(error, Invalid) else Invalid(error.message))
        else:
            flash(request, _("Proposed. It counts when a second person has accepted it."))
            return HTTPSeeOther(request.page.url("study_papers", course=course.key))
    page = request.page
    frame(page, course, _("Propose a correction"))
    page.breadcrumbs.append(
        (
            context.user.display_name,
            page.url("study_person", course=course.key, user=context.user.key),
        )
    )
    return {
        "course": course,
        "person": context.user,
        "activity": activity,
        "form": form,
        "void": void,
        "appeal": answered,
    }


def _appeal(request: Request, course: Course, key: str) -> Appeal | None:
    id = _id(key)
    if not id:
        return None
    found = next((a for a in appeals.of_course(request.occasion, course) if a.id == id), None)
    if found is None:
        raise HTTPNotFound
    return found


@view_config(
    route_name="study_papers",
    permission=Capability.STUDY_VIEW,
    request_method="GET",
    renderer="study_papers.jinja2",
)
def study_papers(context: Course, request: Request) -> Any:
    """What waits for a decision, and what was decided."""
    occasion = request.occasion
    frame(request.page, context, _("Appeals and corrections"))
    proposed = corrections.of_course(occasion, context)
    objections = appeals.of_course(occasion, context)
    actor = occasion.actor.id if occasion.actor is not None else 0
    people = {c.proposer for c in proposed} | {c.decider for c in proposed}
    people |= {c.user_id for c in proposed} | {a.user_id for a in objections}
    return {
        "course": context,
        "tabs": study_tabs(request, context),
        "me": actor,
        "names": _names(request, people),
        "titles": {activity.id: activity.title for activity in context.ordered_activities()},
        "activities": {activity.id: activity.key for activity in context.ordered_activities()},
        "appeals": [a for a in objections if a.state == "open"],
        "waiting": [c for c in proposed if c.state == "proposed"],
        "decided": [c for c in proposed if c.state != "proposed"][:_SHOWN],
        "may_correct": occasion.can(Capability.STUDY_CORRECT, context),
        "may_decide": occasion.can(Capability.STUDY_DECIDE, context),
    }


def _names(request: Request, ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """User id -> (name, key)."""
    users = request.site.users
    return {id: (user.display_name, user.key) for id in ids if (user := users.get(id)) is not None}


@view_config(route_name="study_papers", permission=Capability.STUDY_VIEW, request_method="POST")
def decide(context: Course, request: Request) -> Any:
    """Accept, refuse or withdraw a correction; refuse an appeal."""
    occasion = request.occasion
    post = request.POST
    id = _id(post.get("paper", ""))
    remark = post.get("remark", "")
    try:
        match post.get("act", ""):
            case "accept":
                corrections.decide(occasion, _correction(request, context, id), True, remark)
                flash(request, _("Accepted: the study time is corrected."))
            case "refuse":
                corrections.decide(occasion, _correction(request, context, id), False, remark)
                flash(request, _("Refused."))
            case "withdraw":
                corrections.withdraw(occasion, _correction(request, context, id))
                flash(request, _("Withdrawn."))
            case "answer":
                found = next((a for a in appeals.of_course(occasion, context) if a.id == id), None)
                if found is None:
                    raise Conflict(_GONE)
                appeals.refuse(occasion, found, remark)
                flash(request, _("Refused; the learner reads your answer."))
            case _:
                raise Conflict(_GONE)
    except (Invalid, Conflict, NotAllowed) as error:
        flash(request, error.message, "error")
    return HTTPSeeOther(request.path)


def _correction(request: Request, course: Course, id: int) -> Correction:
    for correction in corrections.of_course(request.occasion, course):
        if correction.id == id:
            return correction
    raise Conflict(_GONE)
