"""Language and appearance, for everybody."""

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou.web.i18n import LOCALE_COOKIE, LOCALES, LOOK, LOOK_COOKIE

_ONE_YEAR = 365 * 24 * 3600


@view_config(route_name="preferences", request_method="POST")
def preferences(request: Request) -> Response:
    """Keep language and appearance, in the account of who is signed in and in this browser."""
    response = HTTPSeeOther(local_path(request.POST.get("return_to", "")))
    user = request.occasion.actor
    locale = request.POST.get("locale", "")
    if locale in LOCALES:
        response.set_cookie(LOCALE_COOKIE, locale, max_age=_ONE_YEAR, samesite="Lax")
        if user is not None:
            user.locale = locale
    look = dict(request.appearance)
    for name, choices in LOOK.items():
        if request.POST.get(name) in choices:
            look[name] = request.POST[name]
    if look != request.appearance:
        words = "-".join(look[name] for name in LOOK)
        response.set_cookie(LOOK_COOKIE, words, max_age=_ONE_YEAR, samesite="Lax")
        if user is not None:
            user.appearance = look
    return response


def local_path(path: str) -> str:
    """`path` if it leads to a page of this site, else the home page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def includeme(config: Configurator) -> None:
    config.scan(__name__)
