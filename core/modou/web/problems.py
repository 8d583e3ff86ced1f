"""Errors to answers, in one place: a page for people, problem JSON (RFC 9457) for programs."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from pyramid.config import Configurator
from pyramid.exceptions import BadCSRFToken
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPFound
from pyramid.request import Request
from pyramid.response import Response
from transaction.interfaces import TransientError

from modou.errors import (
    Invalid,
    Message,
    ModouError,
    NotAllowed,
    NotFound,
    SignInNeeded,
    StepNeeded,
    TooMany,
    Unavailable,
)
from modou.i18n import TranslationString, _
from modou.store.uris import is_outage

log = logging.getLogger(__name__)

PROBLEM_TYPES = "https://modou.invalid/problems/"


class HeadedError(ModouError):
    """An error whose answer says something in headers."""

    headers: Mapping[str, str] = {}


def _is_api(request: Request) -> bool:
    # Not path_info: that raises when the address is no UTF-8.
    return bool(request.environ.get("PATH_INFO", "").startswith("/api/"))


def wants_json(request: Request) -> bool:
    """Whether a program asks: the API, a sender of files, or an Accept header that prefers JSON."""
    if _is_api(request) or request.environ.get("PATH_INFO", "").startswith("/uploads"):
        return True
    return "json" in request.headers.get("Accept", "")


def answer(
    request: Request,
    status: int,
    code: str,
    title: Message,
    detail: Message,
    extra: dict[str, Any] | None = None,
) -> Response:
    """The response for a problem, as page or as JSON."""
    translate = request.page.gettext
    response = Response(status=status)
    if wants_json(request):
        response.content_type = "application/problem+json"
        response.json_body = {
            "type": PROBLEM_TYPES + code,
            "code": code,
            "title": translate(title),
            "status": status,
            "detail": translate(detail),
            **(extra or {}),
        }
        return response
    environment = request.registry.jinja_environment
    template = environment.select_template([f"errors/{status}.jinja2", "errors/error.jinja2"])
    response.content_type = "text/html"
    response.charset = "utf-8"
    # An error page needs no database; when ours may be the database's fault it does not ask it.
    known = status < 500 or "occasion" in request.__dict__
    response.text = template.render(
        html_attributes=request.page.hole("html_attributes") if known else "",
        site_name=request.page.site_name if known else "",
        status=status,
        title=translate(title),
        message=translate(detail),
        static=request.page.static,
        locale=request.locale_name,
        _=translate,
    )
    return response


def modou_error(error: ModouError, request: Request) -> Response:
    if isinstance(error, SignInNeeded) and not wants_json(request):
        return _to_sign_in(request)
    if isinstance(error, StepNeeded) and not wants_json(request):
        return HTTPFound(error.url)
    extra: dict[str, Any] = _translated(error.members, request.page.gettext)
    if isinstance(error, Invalid) and error.errors and "errors" not in extra:
        extra["errors"] = _field_errors(error, request)
    if isinstance(error, StepNeeded):
        extra["url"] = error.url
    response = answer(request, error.status, error.code, error.title, error.message, extra)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, HeadedError):
        response.headers.update(error.headers)
    elif error.status == 401 and _is_api(request):
        response.headers["WWW-Authenticate"] = 'Bearer realm="modou"'
    return response


def _translated(value: Any, translate: Callable[[Message], str]) -> Any:
    if isinstance(value, TranslationString):
        return translate(value)
    if isinstance(value, Mapping):
        return {name: _translated(part, translate) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_translated(part, translate) for part in value]
    return value


def _field_errors(error: Invalid, request: Request) -> Any:
    """Field -> sentences for the pages' own scripts; for the API a list with JSON pointers."""
    translate = request.page.gettext
    if not _is_api(request):
        return {k: [translate(m) for m in v] for k, v in error.errors.items()}
    return [
        {"pointer": pointer(name), "detail": translate(sentence)}
        for name, sentences in error.errors.items()
        for sentence in sentences
    ]


def pointer(*parts: str | int) -> str:
    """The JSON pointer (RFC 6901) to a place in a body."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def _to_sign_in(request: Request) -> Response:
    query = {"next": request.path_qs} if request.method == "GET" else {}
    return HTTPFound(request.route_path("login", _query=query))


def forbidden(error: HTTPForbidden, request: Request) -> Response:
    if request.occasion.actor is None:
        return modou_error(SignInNeeded(_("Please sign in to go on.")), request)
    return modou_error(NotAllowed(_("You lack the permission for this.")), request)


def bad_csrf(error: BadCSRFToken, request: Request) -> Response:
    return modou_error(
        NotAllowed(
            _("The form was too old or came from another site. Go back, reload and try again.")
        ),
        request,
    )


def bad_text(error: UnicodeError, request: Request) -> Response:
    """An address or a form that is no UTF-8, met when a view reads it."""
    return modou_error(
        ModouError(_("The address or the form holds text that cannot be read.")), request
    )


def not_found(request: Request) -> Response:
    return modou_error(NotFound(_("There is nothing at this address.")), request)


def http_exception(error: HTTPException, request: Request) -> Response:
    if error.status_int < 400:
        return error
    response = answer(request, error.status_int, "http", error.title, error.explanation)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def transient(error: TransientError, request: Request) -> Response:
    """The last retry failed too. The class in the log names the hot spot."""
    log.error("conflict after all retries on %s: %s", request.path_info, error)
    return modou_error(
        Unavailable(_("Too many people change the same thing right now. Please try again.")),
        request,
    )


def defect(error: Exception, request: Request) -> Response:
    if is_outage(error):
        log.error("no database for %s %s: %s", request.method, request.path_info, error)
        return modou_error(
            Unavailable(_("The database does not answer right now. Please try again soon.")),
            request,
        )
    log.error("defect on %s %s", request.method, request.path_info, exc_info=error)
    return answer(
        request,
        500,
        "defect",
        _("Something went wrong on our side"),
        _("Nothing was changed. The operator has been told."),
    )


def of(error: Exception, request: Request) -> Response:
    """The answer for `error` where no exception view of Pyramid's can be asked."""
    if isinstance(error, ModouError):
        return modou_error(error, request)
    if isinstance(error, TransientError):
        return transient(error, request)
    return defect(error, request)


def includeme(config: Configurator) -> None:
    config.add_exception_view(modou_error, context=ModouError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_text, context=UnicodeDecodeError)
    config.add_forbidden_view(forbidden)
    config.add_notfound_view(not_found, append_slash=False)
    config.add_exception_view(http_exception, context=HTTPException)
    config.add_exception_view(transient, context=TransientError)
    config.add_exception_view(defect, context=Exception)
