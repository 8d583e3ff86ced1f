"""Administration of invitations."""

from datetime import date, datetime, time
from itertools import islice
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from wtforms.fields.choices import SelectChoice

from modou.clock import SHANGHAI
from modou.errors import Invalid
from modou.i18n import _
from modou.models.people import Invitation
from modou.permissions import Capability
from modou.services import cohorts, invitations
from modou.web.forms.accounts import InvitationForm
from modou.web.page import flash
from modou.web.views.user_parts import admin_page, whole_number


@view_config(
    route_name="admin_invitations",
    permission=Capability.USER_INVITE,
    renderer="admin_invitations.jinja2",
)
def admin_invitations(request: Request) -> Any:
    """Invitations with their links; making and revoking them."""
    occasion = request.occasion
    page = request.page
    admin_page(request, page.gettext(_("Invitations")))
    form = InvitationForm.of(request)
    _invitation_choices(request, form)
    if request.method == "POST" and "revoke" in request.POST:
        try:
            invitation = request.site.invitations[request.POST["revoke"]]
        except KeyError:
            flash(request, _("There is no such invitation."), "warning")
        else:
            invitations.revoke_invitation(occasion, invitation)
            flash(request, _("Nobody can register by it any more."))
        return HTTPSeeOther(request.path)
    if request.method == "POST" and form.validate():
        try:
            invitations.create_invitation(
                occasion,
                places=form.places.data,
                expires=_end_of(form.until.data),
                note=form.note.data or "",
                cohort=whole_number(form.cohort.data) if form.cohort.data else 0,
                courses=[whole_number(text) for text in form.courses.data or ()],
            )
        except Invalid as error:
            # The field for the day is called otherwise than the verb's moment.
            error.errors["until"] = error.errors.pop("expires", [])
            form.take(error)
        else:
            flash(request, _("The invitation is ready: hand its link or code on."))
            return HTTPSeeOther(request.path)
    rows = [
        _invitation_row(request, invitation)
        for invitation in invitations.newest_invitations(occasion)[:500]
    ]
    return {"form": form, "rows": rows}


def _end_of(day: date | None) -> int:
    """The end of a day in the site's time zone, in seconds UTC; 0 for none."""
    if day is None:
        return 0
    return int(datetime.combine(day, time.max, SHANGHAI).timestamp()) + 1


def _invitation_choices(request: Request, form: InvitationForm) -> None:
    occasion = request.occasion
    none = request.page.gettext(_("None"))
    form.cohort.choices = [SelectChoice("", none)] + [
        SelectChoice(str(c.id), f"{c.number} {c.title}")
        for c in (cohorts.visible(occasion) if occasion.can(Capability.COHORT_VIEW) else ())
        if c.status != "archived" and occasion.can(Capability.COHORT_MEMBERS, c)
    ]
    form.courses.choices = [
        SelectChoice(str(c.id), c.title)
        for c in islice(request.site.courses, 2_000)
        if occasion.can(Capability.ENROL_MANAGE, c)
    ]


def _invitation_row(request: Request, invitation: Invitation) -> dict[str, Any]:
    site = request.site
    code = invitations.code_of(request.occasion, invitation)
    base = request.registry.modou_config["address"] or request.host_url
    cohort = site.cohorts.get(invitation.cohort) if invitation.cohort else None
    courses = [c.title for id in invitation.courses if (c := site.courses.get(id)) is not None]
    return {
        "invitation": invitation,
        "code": code,
        "link": base + request.route_path("register", _query={"invitation": code}),
        "open": invitation.open_at(request.occasion.now),
        "used": invitation.used(),
        "brings": [*([cohort.title] if cohort is not None else []), *courses],
    }


def includeme(config: Configurator) -> None:
    config.scan(__name__)
