"""The built-in plugin: what every site has, on the same hooks as any other plugin."""

from collections.abc import Sequence

from modou import __version__
from modou.declarations import NavItem, PluginInfo
from modou.hookspecs import hookimpl
from modou.i18n import _
from modou.permissions import Capability


@hookimpl
def plugin_info() -> PluginInfo:
    return PluginInfo(
        name="builtin",
        title=_("Built-in activities"),
        version=__version__,
        core=f"=={__version__}",
        description=_("Pages, files and links, the usual ways into a course, completion rules"),
    )


@hookimpl
def nav_items() -> Sequence[NavItem]:
    operation = _("Operation")
    return [
        NavItem("main", "home", _("Home"), "home", icon="home", order=10),
        NavItem(
            "admin",
            "settings",
            _("Site settings"),
            "admin_settings",
            capability=Capability.SETTINGS_VIEW,
            order=710,
            group=operation,
        ),
        NavItem(
            "admin",
            "theme",
            _("Appearance of the site"),
            "admin_theme",
            capability=Capability.SETTINGS_VIEW,
            order=720,
            group=operation,
        ),
        NavItem(
            "admin",
            "plugins",
            _("Plugins"),
            "admin_plugins",
            capability=Capability.PLUGINS_VIEW,
            order=730,
            group=operation,
        ),
    ]
