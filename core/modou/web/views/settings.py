"""Settings of the site and its theme, and the plugins."""

from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.errors import Invalid
from modou.i18n import _
from modou.permissions import Capability
from modou.services import plugin_states, settings
from modou.web.forms.settings import changes_of, form_values, settings_form
from modou.web.page import flash
from modou.web.themes import ONE_YEAR, theme_css


def _settings_page(request: Request, section: str, title: str) -> Any:
    """Show and take the form of a section; the values for the template, or a redirect."""
    occasion = request.occasion
    model = settings.schema_of(occasion, section)
    may_change = occasion.can(settings.required_capability(section))
    form = settings_form(model).of(
        request, data=form_values(settings.read(occasion, section, model))
    )
    if request.method == "POST":
        if "reset" in request.POST:
            settings.reset(occasion, section)
            flash(request, _("Back to the defaults."))
            return HTTPSeeOther(request.path)
        if form.validate():
            try:
                changed = settings.change(occasion, section, changes_of(form, model))
            except Invalid as error:
                form.take(error)
            else:
                flash(request, _("Saved.") if changed else _("Nothing was different."), "success")
                return HTTPSeeOther(request.path)
    page = request.page
    page.title = page.gettext(title)
    page.side_nav = page.groups("admin")
    stored = bool(occasion.site.settings.get(section))
    return {"form": form, "section": section, "may_change": may_change, "stored": stored}


@view_config(
    route_name="admin_settings",
    permission=Capability.SETTINGS_VIEW,
    renderer="admin_settings.jinja2",
)
def admin_settings(request: Request) -> Any:
    """The section "site"."""
    return _settings_page(request, settings.SITE, _("Site settings"))


@view_config(
    route_name="admin_study", permission=Capability.SETTINGS_VIEW, renderer="admin_settings.jinja2"
)
def admin_study(request: Request) -> Any:
    """The section "study": what courses ask for while people study, unless they say otherwise."""
    return _settings_page(request, settings.STUDY, _("Rules of study time"))


@view_config(
    route_name="admin_consents",
    permission=Capability.SETTINGS_VIEW,
    renderer="admin_settings.jinja2",
)
def admin_consents(request: Request) -> Any:
    """The section "consents"."""
    return _settings_page(request, settings.CONSENTS, _("Consents"))


@view_config(
    route_name="admin_theme", permission=Capability.SETTINGS_VIEW, renderer="admin_settings.jinja2"
)
def admin_theme(request: Request) -> Any:
    """The section "theme"."""
    return _settings_page(request, settings.THEME, _("Appearance of the site"))


@view_config(route_name="theme_css")
def theme_style_sheet(request: Request) -> Response:
    """The operator's colours. The address changes with the settings, so it may be kept."""
    response = request.response
    response.content_type = "text/css"
    response.charset = "utf-8"
    response.text = theme_css(request.registry.theme, request.theme_frame["options"])
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    return response


@view_config(route_name="theme_picture")
def theme_picture(request: Request) -> Response:
    """A picture of the theme's settings. The address changes with it, so it may be kept."""
    name = request.matchdict["name"]
    id = request.site.settings.get(settings.THEME, {}).get(name, "")
    stored = request.site.files.get(int(id)) if str(id).isdigit() else None
    if stored is None:
        raise HTTPNotFound
    response = request.response
    response.content_type = "image/png"
    with stored.open() as stream:
        response.body = stream.read()
    response.cache_control.public = True
    response.cache_control.max_age = ONE_YEAR
    return response


@view_config(
    route_name="admin_plugins", permission=Capability.PLUGINS_VIEW, renderer="admin_plugins.jinja2"
)
def admin_plugins(request: Request) -> dict[str, Any]:
    """All plugins with their state."""
    page = request.page
    page.title = page.gettext(_("Plugins"))
    page.side_nav = page.groups("admin")
    return {"plugins": plugin_states.overview(request.occasion)}


@view_config(
    route_name="admin_plugin", permission=Capability.PLUGINS_VIEW, renderer="admin_plugin.jinja2"
)
def admin_plugin(request: Request) -> Any:
    """One plugin: what it is, what its hooks did, its settings."""
    state = plugin_states.state_of(request.occasion, request.matchdict["plugin"])
    values: dict[str, Any] = {"form": None, "may_change": False, "stored": False}
    if state.has_settings:
        answer = _settings_page(request, state.name, state.title)
        if not isinstance(answer, dict):
            return answer
        values.update(answer)
    page = request.page
    page.title = page.gettext(state.title) if state.title else state.name
    page.side_nav = page.groups("admin")
    page.breadcrumbs = [(page.gettext(_("Plugins")), page.url("admin_plugins"))]
    return {**values, "plugin": state}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
