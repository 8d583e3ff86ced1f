"""Jinja2: where templates are looked for, and what they find there.

A template named without package (`course.jinja2`, `macros/forms.jinja2`) is looked for in the
theme, its parents, then the core. Plugins name theirs with package (`modou_quiz:templates/…`);
a theme replaces one of those by the file `templates/plugins/modou_quiz/…`.
"""

from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.threadlocal import get_current_request

from modou.web.themes import Theme

CORE_TEMPLATES = Path(__file__).parent / "templates"


def includeme(config: Configurator) -> None:
    theme: Theme = config.registry.theme
    settings = config.registry.settings
    folders = [*theme.templates, CORE_TEMPLATES]
    settings["jinja2.directories"] = "\n".join(str(f) for f in folders)
    settings["jinja2.trim_blocks"] = "true"
    settings["jinja2.lstrip_blocks"] = "true"
    settings["jinja2.undefined"] = "strict"
    settings["jinja2.i18n.domain"] = "modou"
    settings.setdefault(
        "jinja2.auto_reload", "true" if config.registry.modou_config["development"] else "false"
    )
    config.include("pyramid_jinja2")
    # Named explicitly: themes rely on the ending .jinja2.
    config.add_jinja2_renderer(".jinja2")
    config.action(None, _remember_environment, args=(config,), order=9999)


def _remember_environment(config: Configurator) -> None:
    environment = config.get_jinja2_environment(".jinja2")
    # Macros are imported without the page's context, so `_` must be a global as well.
    environment.globals["_"] = environment.globals["gettext"] = translate
    config.registry.jinja_environment = environment


def translate(message: str, **kw: Any) -> str:
    """`_` in templates: `Page.gettext` of the request that is being answered."""
    text: str = get_current_request().page.gettext(message, **kw)
    return text
