"""The OpenAPI document and the page for people beside it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from modou.declarations import ApiScope
from modou.errors import Message
from modou.i18n import TranslationString, _
from modou.web import resources
from modou.web.api.declaring import PREFIX, Endpoint
from modou.web.api.openapi import (
    Schemas,
    document,
    model_name,
    query_properties,
    schemas_of,
    statuses,
)
from modou.web.api.schemas import KEY_PATTERN


def openapi(request: Request) -> Response:
    """The document, made once."""
    registry = request.registry
    if registry.api_document is None:
        body = json.dumps(document(registry.api), ensure_ascii=False).encode()
        registry.api_document = (body, blake2b(body, digest_size=12).hexdigest())
    body, etag = registry.api_document
    return Response(
        body, content_type="application/json", charset="utf-8", etag=etag, conditional_response=True
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A line of a table: a member of a body, a parameter, a member of an answer.

    :param type: in the words of JSON schema
    :param notes: what must hold for it
    """

    name: str
    type: str
    required: bool
    description: str
    notes: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An endpoint as the page shows it; texts are translated."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    who: str
    scope: ApiScope | None
    capability: str
    query: list[Member]
    body: list[Member]
    answer: list[Member]
    status: int
    problems: list[int]
    idempotent: bool


_WHO: Mapping[str, Message] = {
    "user": _("By a token with the scope, or signed in on a page of the site"),
    "public": _("By everybody"),
    "own": _("By the token that another endpoint gave"),
    "own_or_user": _("By the token that another endpoint gave, or as somebody known"),
}
#: How deep members of members are shown.
_DEPTH = 4


def docs(request: Request) -> dict[str, Any]:
    """The page: all endpoints by what they are about."""
    page = request.page
    page.title = page.gettext(_("API reference"))
    table = request.registry.api
    schemas, definitions = schemas_of(table.endpoints)
    groups: dict[str, list[Operation]] = {}
    for endpoint in table.endpoints:
        writer = _Writer(request, endpoint, definitions)
        tag = page.gettext(endpoint.route.tag)
        groups.setdefault(tag, []).append(writer.operation(schemas))
    return {
        "groups": groups,
        "prefix": PREFIX,
        "scopes": [
            (scope.name, page.gettext(scope.title))
            for scope in request.registry.assembled.api_scopes.values()
        ],
    }


class _Writer:
    """Writes one endpoint in the reader's language."""

    def __init__(
        self, request: Request, endpoint: Endpoint, definitions: Mapping[str, Any]
    ) -> None:
        self._page = request.page
        self._endpoint = endpoint
        self._definitions = definitions
        summary = endpoint.route.summary
        self._domain = summary.domain if isinstance(summary, TranslationString) else "modou"

    def operation(self, schemas: Schemas) -> Operation:
        """Everything that the page shows of it."""
        endpoint = self._endpoint
        route = endpoint.route
        query: list[Member] = []
        if endpoint.query is not None:
            properties = query_properties(schemas["query", route.name], self._definitions)
            query = [self._member(*one) for one in properties]
        return Operation(
            name=route.name,
            method=route.method,
            path=route.path,
            summary=self._text(route.summary),
            description=self._text(route.description),
            who=self._page.gettext(_WHO[route.auth]),
            scope=route.scope,
            capability=route.capability,
            query=query,
            body=list(self._members(schemas.get(("body", route.name), {}))),
            answer=list(self._members(schemas.get(("answer", route.name), {}))),
            status=endpoint.status,
            problems=statuses(endpoint),
            idempotent=route.idempotent,
        )

    def _text(self, text: str) -> str:
        if not text:
            return ""
        written: str = self._page.gettext(text, domain=self._domain)
        # The frame's own models are described in the core's language.
        return written if written != text else str(self._page.gettext(text))

    def _member(self, name: str, schema: Mapping[str, Any], required: bool) -> Member:
        return Member(
            name,
            self._type(schema),
            required,
            self._text(schema.get("description", "")),
            _notes(schema),
        )

    def _members(
        self, schema: Mapping[str, Any], prefix: str = "", depth: int = 0
    ) -> Iterator[Member]:
        """The members of an object, and theirs, by dotted names."""
        model = self._definitions.get(model_name(schema), schema)
        required = model.get("required", ())
        for name, described in model.get("properties", {}).items():
            full = prefix + name
            yield self._member(full, described, name in required)
            if depth < _DEPTH:
                for inner, sign in _inside(described):
                    yield from self._members(inner, f"{full}{sign}.", depth + 1)

    def _type(self, schema: Mapping[str, Any]) -> str:
        choices = schema.get("anyOf")
        if choices:
            return " | ".join(self._type(choice) for choice in choices)
        if "$ref" in schema:
            model = self._definitions.get(model_name(schema), {})
            return str(model.get("type", "object"))
        if "enum" in schema:
            return " | ".join(json.dumps(value) for value in schema["enum"])
        if "const" in schema:
            return json.dumps(schema["const"])
        if schema.get("type") == "array":
            inner = schema.get("items", {})
            return f"[{self._type(inner)}]"
        if schema.get("pattern") == KEY_PATTERN:
            return "id"
        text = str(schema.get("type", "any"))
        return f"{text} ({schema['format']})" if "format" in schema else text


def _inside(schema: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The models that a member holds, and how that is written."""
    for choice in schema.get("anyOf", (schema,)):
        if "$ref" in choice:
            yield choice, ""
        elif "$ref" in choice.get("items", {}):
            yield choice["items"], "[]"


def _notes(schema: Mapping[str, Any]) -> str:
    """The bounds of a value, as signs that need no translation."""
    parts = [schema, *schema.get("anyOf", ())]
    found = []
    for words, sign in (
        (("minimum", "exclusiveMinimum"), "≥"),
        (("maximum", "exclusiveMaximum"), "≤"),
        (("minLength", "minItems"), "length ≥"),
        (("maxLength", "maxItems"), "length ≤"),
    ):
        values = [part[word] for part in parts for word in words if word in part]
        found += [f"{sign} {value:g}" for value in values]
    patterns = {str(part["pattern"]) for part in parts if "pattern" in part}
    found += sorted(patterns - {KEY_PATTERN})
    if "default" in schema and schema["default"] is not None:
        found.append(f"= {json.dumps(schema['default'], ensure_ascii=False)}")
    return ", ".join(found)


def includeme(config: Configurator) -> None:
    config.registry.api_document = None
    config.add_route("api_openapi", f"{PREFIX}/openapi.json", factory=resources.site)
    config.add_route("api_docs", f"{PREFIX}/docs", factory=resources.site)
    config.add_view(openapi, route_name="api_openapi", request_method=("GET", "HEAD"))
    config.add_view(
        docs, route_name="api_docs", request_method=("GET", "HEAD"), renderer="api_docs.jinja2"
    )
