"""Declaring endpoints, and making them ready: types to validators, once at the start."""

import inspect
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter

from modou.declarations import ApiAuth, ApiRoute, ApiScope
from modou.errors import ConfigurationError, Message
from modou.services.registry import Assembled
from modou.web.api.calls import Together
from modou.web.api.schemas import Key

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PREFIX = "/api/v1"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_PATH = re.compile(r"(/([a-z0-9._-]+|\{[a-z_]+\}))+")


def endpoint(
    method: str,
    path: str,
    *,
    summary: Message,
    tag: Message,
    auth: ApiAuth = "user",
    scope: ApiScope | None = None,
    capability: str | None = None,
    description: Message = "",
    context: Callable[..., Any] | None = None,
    status: int = 200,
    also: tuple[int, ...] = (),
    problems: tuple[int, ...] = (),
    lean: bool = False,
    idempotent: bool = True,
    body_limit: int = 1_000_000,
) -> Callable[[Callable[..., Any]], ApiRoute]:
    """Make a function an endpoint; the parameters are those of `ApiRoute`.

    The function gets a `Call` first, and by name what it has parameters for: `body` and `query`
    (annotated with subclasses of `Body` and `Query`), `context`, and the path's placeholders
    (keys, unless annotated with another type that a piece of an address can be read as; what
    cannot be read is answered by 404). It returns what its return type says, checked before it is
    sent; None is answered by 204. A lean one may return `Together[Answer]` (see there).

    Nothing is open by accident: "user" endpoints name a scope, and a capability or "" in words;
    `lean` is only for those who bring their own token, since nothing is looked up for them.

    :raises TypeError: when that is not so
    """
    if method not in METHODS or not _PATH.fullmatch(path):
        raise TypeError(f"no address of an endpoint: {method} {path}")
    if auth in {"user", "own_or_user"} and (scope is None or capability is None):
        raise TypeError(f'{method} {path}: name a scope and a capability ("" for none)')
    if auth == "own" and (scope is not None or capability):
        raise TypeError(f"{method} {path}: whose token is their own has no scope or capability")
    if lean and (auth not in {"own", "public"} or context is not None or "{" in path):
        raise TypeError(f"{method} {path}: for a lean endpoint nothing is looked up")
    return partial(
        ApiRoute,
        method,
        path,
        summary=summary,
        tag=tag,
        description=description,
        auth=auth,
        scope=scope,
        capability=capability or "",
        context=context,
        status=status,
        also=also,
        problems=problems,
        lean=lean,
        idempotent=idempotent and method != "GET" and not lean,
        body_limit=body_limit,
    )


class Endpoint:
    """A declared endpoint, made ready.

    :param plugin: who declared it
    :ivar deferred: it returns a `Together`
    :raises ConfigurationError: its function does not fit its declaration
    """

    def __init__(self, route: ApiRoute, plugin: str) -> None:
        self.route = route
        self.plugin = plugin
        self.placeholders = tuple(_PLACEHOLDER.findall(route.path))
        self.pattern = re.compile(_PLACEHOLDER.sub("([^/]+)", route.path.replace(".", r"\.")))
        hints = get_type_hints(route.function, include_extras=True)
        wanted = list(inspect.signature(route.function).parameters)[1:]
        known = {"body", "query", "context", *self.placeholders}
        for name in wanted:
            if name not in known or (name != "context" and name not in hints):
                raise ConfigurationError(
                    f"plugin {plugin}: {route.name}() has a parameter {name!r} that is neither "
                    "body, query, context nor in its path, or has no type"
                )
        self.wanted = frozenset(wanted)
        self.body = TypeAdapter(hints["body"]) if "body" in self.wanted else None
        self.query = TypeAdapter(hints["query"]) if "query" in self.wanted else None
        self.path: Mapping[str, TypeAdapter[Any]] = {
            name: TypeAdapter(hints.get(name, Key)) for name in self.placeholders
        }
        self.query_lists = _lists(hints.get("query"))
        if "return" not in hints:
            raise ConfigurationError(f"plugin {plugin}: {route.name}() has no return type")
        returned = hints["return"]
        self.deferred = get_origin(returned) is Together
        if self.deferred:
            (returned,) = get_args(returned)
            if not route.lean:
                raise ConfigurationError(
                    f"plugin {plugin}: {route.name}() returns Together, but is not lean: it has a "
                    "transaction of its own"
                )
        self.answer = None if returned is type(None) else TypeAdapter(returned)
        self.status = route.status if self.answer is not None else 204

    @property
    def address(self) -> str:
        """Its path in the site."""
        return PREFIX + self.route.path


def _lists(model: type[BaseModel] | None) -> frozenset[str]:
    """The fields of a query that may stand more than once."""
    fields = model.model_fields if model is not None else {}
    return frozenset(n for n, f in fields.items() if get_origin(f.annotation) is list)


class Table:
    """All endpoints, found by method and path.

    :raises ConfigurationError: two of them have the same address or name
    """

    def __init__(self, endpoints: list[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        names: dict[str, Endpoint] = {}
        self._fixed: dict[str, dict[str, Endpoint]] = {}
        self._open: dict[int, list[tuple[re.Pattern[str], dict[str, Endpoint]]]] = {}
        shapes: dict[str, dict[str, Endpoint]] = {}
        for one in endpoints:
            path = one.route.path
            other = names.setdefault(one.route.name, one)
            if other is not one:
                raise ConfigurationError(
                    f"plugins {other.plugin} and {one.plugin} both have an API endpoint called "
                    f"{one.route.name}"
                )
            shape = _PLACEHOLDER.sub("{}", path)
            methods = shapes.get(shape)
            if methods is None:
                methods = shapes[shape] = {}
                if one.placeholders:
                    self._open.setdefault(path.count("/"), []).append((one.pattern, methods))
                else:
                    self._fixed[path] = methods
            other = methods.setdefault(one.route.method, one)
            if other is not one:
                raise ConfigurationError(
                    f"plugins {other.plugin} and {one.plugin} both answer {one.route.method} "
                    f"{PREFIX}{path}"
                )

    def find(self, path: str) -> tuple[Mapping[str, Endpoint], tuple[str, ...]]:
        """The endpoints at `path` (below `PREFIX`) by method, and the placeholders' values;
        both empty where there is nothing."""
        fixed = self._fixed.get(path)
        if fixed is not None:
            return fixed, ()
        for pattern, methods in self._open.get(path.count("/"), ()):
            match = pattern.fullmatch(path)
            if match is not None:
                return methods, match.groups()
        return {}, ()


def table_of(assembled: Assembled) -> Table:
    """The endpoints of all plugins.

    :raises ConfigurationError: they do not fit together
    """
    return Table([Endpoint(route, plugin) for plugin, route in assembled.api_routes])


def deferred_addresses(assembled: Assembled) -> dict[str, list[str]]:
    """Method -> addresses of the endpoints that return a `Together`."""
    found: dict[str, list[str]] = {}
    for one in table_of(assembled).endpoints:
        if one.deferred:
            found.setdefault(one.route.method, []).append(one.address)
    return found
