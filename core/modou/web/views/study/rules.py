"""The rules of study time: what the site asks for, and what a course does differently."""

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from modou.errors import Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.permissions import Capability
from modou.services.studying import policies
from modou.services.studying.schema import StudyPolicy
from modou.web.courses import frame
from modou.web.forms.settings import changes_of, form_values, settings_form
from modou.web.page import flash
from modou.web.views.study.showing import study_tabs


@view_config(
    route_name="study_rules", permission=Capability.STUDY_POLICY, renderer="study_rules.jinja2"
)
def study_rules(context: Course, request: Request) -> Any:
    """The rules of one course. What is as on the site follows the site when that changes."""
    occasion = request.occasion
    site = policies.site_policy(occasion).model_dump()
    form = settings_form(StudyPolicy).of(
        request, data=form_values(policies.policy_of(occasion, context))
    )
    if request.method == "POST":
        if "reset" in request.POST:
            policies.change_policy(occasion, context, dict.fromkeys(context.study_policy))
            flash(request, _("The course follows the rules of the site."))
            return HTTPSeeOther(request.path)
        if form.validate():
            wanted = changes_of(form, StudyPolicy)
            own = {name: None if site[name] == value else value for name, value in wanted.items()}
            try:
                changed = policies.change_policy(occasion, context, own)
            except Invalid as error:
                form.take(error)
            else:
                flash(request, _("Saved.") if changed else _("Nothing was different."), "success")
                return HTTPSeeOther(request.path)
    frame(request.page, context, _("Rules of study time"))
    titles = {name: field.title for name, field in StudyPolicy.model_fields.items()}
    return {
        "course": context,
        "tabs": study_tabs(request, context),
        "form": form,
        "different": [titles[name] for name in sorted(context.study_policy)],
    }
