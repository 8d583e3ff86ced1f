"""Errors to answers, in one place: a page for people, problem JSON (RFC 9457) for programs."""

import logging
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
from modou.i18n import _
from modou.store.uris import is_outage

log = logging.getLogger(__name__)

PROBLEM_TYPES = "https://modou.invalid/problems/"


def wants_json(request: Request) -> bool:
    """Whether a program asks: the API, or an Accept header that prefers JSON."""
    if request.path_info.startswith("/api/"):
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
    extra: dict[str, Any] = {}
    if isinstance(error, Invalid) and error.errors:
        translate = request.page.gettext
        extra["errors"] = {k: [translate(m) for m in v] for k, v in error.errors.items()}
    if isinstance(error, StepNeeded):
        extra["url"] = error.url
    response = answer(request, error.status, error.code, error.title, error.message, extra)
    if isinstance(error, TooMany | Unavailable):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


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


def includeme(config: Configurator) -> None:
    config.add_exception_view(modou_error, context=ModouError)
    config.add_exception_view(bad_csrf, context=BadCSRFToken)
    config.add_exception_view(bad_text, context=UnicodeDecodeError)
    config.add_forbidden_view(forbidden)
    config.add_notfound_view(not_found, append_slash=False)
    config.add_exception_view(http_exception, context=HTTPException)
    config.add_exception_view(transient, context=TransientError)
    config.add_exception_view(defect, context=Exception)
