"""From a request to an endpoint and back: the view of all, and the short way of lean ones.

The order of the questions: is there such an address (404) and method (405), who calls (401), how
often (429), what is it about (404), may they (403), does what they sent fit (415, 413, 400, 422).
"""

import hashlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from http.client import responses as reasons
from typing import Any
from urllib.parse import parse_qsl

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from pyramid.config import Configurator
from pyramid.interfaces import IExecutionPolicy, IRequestFactory
from pyramid.request import Request
from pyramid.response import Response

from modou.errors import NotFound, SignInNeeded, TooLarge, TooMany
from modou.i18n import _
from modou.services import repeating
from modou.services.throttle import Throttle, too_many
from modou.web import problems
from modou.web.api.authentication import SAFE, recognise
from modou.web.api.calls import Call
from modou.web.api.declaring import PREFIX, Endpoint, Table, table_of
from modou.web.api.failures import (
    AnswerDoesNotFit,
    NoSuchMethod,
    Unfit,
    Unreadable,
    WrongMedia,
    unfit_body,
    unfit_query,
)
from modou.web.headers import STANDARD

log = logging.getLogger(__name__)

JSON = "application/json"
#: Of a query string.
_MOST_PARAMETERS = 50
#: Tokens, people and addresses whose requests are counted at a time.
_COUNTED = 50_000
_LEAN_HEADERS = [*STANDARD, ("Content-Type", JSON), ("Cache-Control", "no-store")]


# -- what comes in


def read_body(call: Call, request_body: Callable[[], bytes]) -> Any:
    """The body as its model; what is sent empty counts as `{}`.

    :raises ModouError: it is too large, no JSON, or does not fit
    """
    endpoint, environ = call.endpoint, call.environ
    if "HTTP_TRANSFER_ENCODING" in environ and not environ.get("CONTENT_LENGTH"):
        raise Unreadable(_("Send the header Content-Length."))
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise Unreadable(_("The header Content-Length is no number.")) from None
    if length > endpoint.route.body_limit:
        raise TooLarge(
            _(
                "The body is larger than ${limit} bytes.",
                mapping={"limit": endpoint.route.body_limit},
            )
        )
    if length and environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != JSON:
        raise WrongMedia
    body = request_body() if length else b"{}"
    try:
        return endpoint.body.validator.validate_json(body)  # type: ignore[union-attr]
    except ValidationError as error:
        raise unfit_body(error) from None


def read_query(call: Call) -> Any:
    """The query string as its model.

    :raises ModouError: it cannot be read or does not fit
    """
    adapter = call.endpoint.query
    fields = call.endpoint.query_lists
    try:
        pairs = parse_qsl(
            # WSGI hands bytes on as Latin-1; some programs send UTF-8 without escaping it.
            call.environ.get("QUERY_STRING", "").encode("latin-1").decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in fields:
                values.setdefault(name, []).append(value)
            elif name in values:
                raise Unfit([("parameter", name, _("This stands twice."))])
            else:
                values[name] = value
    except ValueError:
        raise Unreadable(_("The query string cannot be read.")) from None
    try:
        return adapter.validator.validate_python(values)  # type: ignore[union-attr]
    except ValidationError as error:
        raise unfit_query(error) from None


def read_path(endpoint: Endpoint, values: tuple[str, ...]) -> dict[str, Any]:
    """The placeholders' values.

    :raises NotFound: one cannot be such a value
    """
    try:
        return {
            name: adapter.validator.validate_python(value)
            for (name, adapter), value in zip(endpoint.path.items(), values, strict=True)
        }
    except ValidationError:
        raise nothing_here() from None


def nothing_here() -> NotFound:
    """The answer for an address that nobody has."""
    return NotFound(_("There is nothing at this address."))


# -- what goes out


def to_json(call: Call, answer: Any) -> bytes:
    """The answer as its type promises it.

    :raises AnswerDoesNotFit: it is something else
    """
    adapter = call.endpoint.answer
    if adapter is None:
        if answer is not None:
            raise AnswerDoesNotFit(f"{call.endpoint.route.name} promises nothing: {answer!r:.200}")
        return b""
    try:
        fitting = adapter.validator.validate_python(answer)
        return adapter.serializer.to_json(fitting, warnings="error")
    except (ValidationError, PydanticSerializationError) as error:
        raise AnswerDoesNotFit(f"{call.endpoint.route.name}: {error}") from error


# -- the way of all endpoints


def view(request: Request) -> Response:
    """Find the endpoint and let it answer."""
    registry = request.registry
    methods, values = registry.api.find(request.path_info.removeprefix(PREFIX))
    if not methods:
        raise nothing_here()
    method = "GET" if request.method == "HEAD" else request.method
    endpoint = methods.get(method)
    if endpoint is None:
        allowed = allowed_methods(methods)
        if method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join(allowed)})
        raise NoSuchMethod(allowed)
    call = Call(request.environ, registry, endpoint, request)
    who = _let_in(call)
    arguments = read_path(endpoint, values)
    context = None
    if endpoint.route.context is not None:
        try:
            context = endpoint.route.context(call, **arguments)
        except KeyError:
            raise nothing_here() from None
    if endpoint.route.capability and not call.bearer:
        call.occasion.require(endpoint.route.capability, context)
    arguments = {name: value for name, value in arguments.items() if name in endpoint.wanted}
    if "context" in endpoint.wanted:
        arguments["context"] = context
    if endpoint.query is not None:
        arguments["query"] = read_query(call)
    if endpoint.body is not None:
        arguments["body"] = read_body(call, lambda: request.body)
    key = request.headers.get("Idempotency-Key")
    if key is not None and endpoint.route.idempotent:
        return _once(call, who, key, arguments)
    body = to_json(call, endpoint.route.function(call, **arguments))
    return _response(request, call.status, call.headers, body)


def allowed_methods(methods: Iterable[str]) -> list[str]:
    """What the header Allow says."""
    found = {*methods, "OPTIONS"}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)


def _let_in(call: Call) -> str:
    """Who calls, and not too often.

    :return: by what the caller is known
    """
    registry = call.registry
    now = registry.clock.seconds()
    try:
        who = recognise(call)
    except SignInNeeded:
        wait = registry.limits.refused_tokens.hit(call.environ.get("REMOTE_ADDR", ""), now)
        if wait:
            raise too_many(wait) from None
        raise
    count(registry, who, now)
    return who


def count(registry: Any, who: str, now: int) -> None:
    """:raises TooMany: that was one too many within the minute"""
    wait = registry.api_rate.hit(who, now)
    if wait:
        raise TooMany(_("Too many requests. Slow down."), wait)


def _once(call: Call, who: str, key: str, arguments: Mapping[str, Any]) -> Response:
    """Answer a write that names itself: from memory the second time."""
    request = call.request
    occasion = call.occasion
    name = repeating.name_of(who, key)
    print_ = repeating.fingerprint(request.method, request.path_qs, request.body)
    kept = repeating.recall(occasion, name, print_)
    if kept is not None:
        headers = [*kept.headers, ("Idempotent-Replayed", "true")]
        return _response(request, kept.status, headers, kept.body)
    body = to_json(call, call.endpoint.route.function(call, **arguments))
    repeating.keep(occasion, name, print_, call.status, tuple(call.headers), body)
    return _response(request, call.status, call.headers, body)


def _response(
    request: Request, status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> Response:
    response = Response(status=status)
    if body:
        response.content_type = JSON
        response.body = body
    else:
        # WebOb would call nothing a page.
        response.headers.pop("Content-Type", None)
    response.headerlist.extend(headers)
    if request.method in SAFE and status == 200:
        response.etag = hashlib.blake2b(body, digest_size=12).hexdigest()
        response.conditional_response = True
    return response


# -- the short way


class LeanPolicy:
    """Pyramid's execution policy, with a way past it for lean endpoints: no router, no tweens, no
    transaction, no connection. What the tweens do for others is done here."""

    def __init__(self, table: Table, following: Callable[[dict[str, Any], Any], Any]) -> None:
        self._following = following
        #: (method, path) -> endpoint
        self._lean = {
            (one.route.method, one.address): one for one in table.endpoints if one.route.lean
        }

    def __call__(self, environ: dict[str, Any], router: Any) -> Any:
        endpoint = self._lean.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if endpoint is None:
            return self._following(environ, router)
        return _lean_answer(environ, router.registry, endpoint)


class LeanAnswer:
    """A WSGI answer of a status, headers and a body, and nothing else.

    :ivar headerlist: of this answer, beside the `usual` ones
    """

    __slots__ = ("body", "headerlist", "status")

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.status = f"{status} {reasons[status]}"
        self.headerlist = headers
        self.body = body

    @property
    def usual(self) -> Sequence[tuple[str, str]]:
        """The headers that all such answers have."""
        return _LEAN_HEADERS if self.body else STANDARD

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        headers = [*self.usual, *self.headerlist]
        if self.body:
            headers.append(("Content-Length", str(len(self.body))))
        start_response(self.status, headers)
        return [self.body]


def begin_lean(call: Call, request_body: Callable[[], bytes]) -> Any:
    """Ask who calls and what they sent, and let the endpoint answer: by an answer, or a `Together`
    when it is deferred.

    :param request_body: the body, all of it; called when there is one
    :raises Exception: for `lean_problem`
    """
    registry, endpoint = call.registry, call.endpoint
    count(registry, recognise(call), registry.clock.seconds())
    arguments = {}
    if endpoint.query is not None:
        arguments["query"] = read_query(call)
    if endpoint.body is not None:
        arguments["body"] = read_body(call, request_body)
    return endpoint.route.function(call, **arguments)


def end_lean(call: Call, answer: Any) -> LeanAnswer:
    """:raises AnswerDoesNotFit: the endpoint answered something else than it promises"""
    return LeanAnswer(call.status, call.headers, to_json(call, answer))


def _lean_answer(environ: dict[str, Any], registry: Any, endpoint: Endpoint) -> Any:
    call = Call(environ, registry, endpoint)
    try:
        answer = begin_lean(
            call, lambda: environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        )
        if endpoint.deferred:
            answer = answer.answer(
                call.access.together(answer.work, actor=answer.actor, origin=call.origin)
            )
        return end_lean(call, answer)
    except Exception as error:  # noqa: BLE001 - logged and answered as by Pyramid's exception views
        # The end of the way: nobody above would make an answer of it.
        return lean_problem(environ, registry, error)


def lean_problem(environ: dict[str, Any], registry: Any, error: Exception) -> Response:
    """The answer for what `begin_lean`, a work or `end_lean` raised."""
    request = registry.queryUtility(IRequestFactory, default=Request)(environ)
    request.registry = registry
    response = problems.of(error, request)
    response.headerlist.extend(STANDARD)
    response.headerlist.append(("Cache-Control", "no-store"))
    return response


def includeme(config: Configurator) -> None:
    registry = config.registry
    registry.api = table_of(registry.assembled)
    registry.api_rate = Throttle(registry.modou_config["api_rate"], 60, _COUNTED)
    config.add_route("api", PREFIX + "/*rest")
    config.add_view(view, route_name="api", require_csrf=False)

    def shorten() -> None:
        following = registry.queryUtility(IExecutionPolicy)
        registry.registerUtility(LeanPolicy(registry.api, following), IExecutionPolicy)

    # After pyramid_retry, whose policy is the way of everybody else.
    config.action(None, shorten, order=1_000)
