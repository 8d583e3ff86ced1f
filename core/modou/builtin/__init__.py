"""The built-in plugin: what every site has, on the same hooks as any other plugin."""

from collections.abc import Sequence

from modou import __version__
from modou.declarations import NavItem, PluginInfo
from modou.hookspecs import hookimpl
from modou.i18n import _


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
    return [NavItem("main", "home", _("Home"), "home", icon="home", order=10)]
