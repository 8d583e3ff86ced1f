"""The OpenAPI 3.1 document of the site's endpoints, from the types that check them."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from modou import __version__
from modou.errors import in_english
from modou.web.api.declaring import PREFIX, Endpoint, Table
from modou.web.security import SESSION_COOKIE

_REF = "#/components/schemas/{model}"
#: Status -> what its problems are about.
PROBLEMS: Mapping[int, str] = {
    400: "It cannot be read",
    401: "Nobody is known, or the token is not good",
    403: "The right, the scope or the site's own page is missing",
    404: "There is nothing at this address",
    409: "Not possible now",
    410: "It has ended",
    413: "The body is too large",
    415: "The body is not application/json",
    422: "What was sent does not fit",
    429: "Too often",
    500: "Our mistake; nothing was changed",
    503: "Not available right now",
}


class ProblemPlace(BaseModel):
    """What is wrong with one part of what was sent."""

    pointer: str | None = Field(None, description="JSON pointer into the body")
    parameter: str | None = Field(None, description="Name of a parameter of the query")
    detail: str


class Problem(BaseModel):
    """Problem details (RFC 9457). Some codes bring further members."""

    type: str
    code: str = Field(description="Stable; `title` and `detail` are for people")
    title: str
    status: int
    detail: str
    errors: list[ProblemPlace] = []


def document(table: Table) -> dict[str, Any]:
    """The document of all endpoints, in English."""
    schemas, definitions = schemas_of(table.endpoints)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table.endpoints:
        operation = _operation(endpoint, schemas, definitions)
        paths.setdefault(endpoint.route.path, {})[endpoint.route.method.lower()] = operation
    queries = {
        model_name(schemas["query", one.route.name])
        for one in table.endpoints
        if one.query is not None
    }
    used = {name: schema for name, schema in definitions.items() if name not in queries}
    tags = dict.fromkeys(in_english(one.route.tag) for one in table.endpoints)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Modou", "version": __version__},
        "servers": [{"url": PREFIX}],
        "tags": [{"name": name} for name in tags],
        "paths": paths,
        "components": {
            "schemas": used,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token; the scope that it needs is named.",
                },
                "own": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token that another endpoint gave.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION_COOKIE,
                    "description": "For pages of the site; unsafe methods also need the same "
                    "origin and the header X-CSRF-Token.",
                },
            },
        },
    }


Part = Literal["body", "query", "answer", "path"]
Schemas = Mapping[tuple[str, str], dict[str, Any]]


def schemas_of(endpoints: Iterable[Endpoint]) -> tuple[Schemas, dict[str, Any]]:
    """(part, endpoint's name) -> schema, and what the schemas refer to."""
    inputs: list[tuple[Any, Any, TypeAdapter[Any]]] = [
        (("problem", ""), "serialization", TypeAdapter(Problem))
    ]
    for one in endpoints:
        name = one.route.name
        for part, mode, adapter in (
            ("body", "validation", one.body),
            ("query", "validation", one.query),
            ("answer", "serialization", one.answer),
        ):
            if adapter is not None:
                inputs.append(((part, name), mode, adapter))
        for placeholder, adapter in one.path.items():
            inputs.append((("path", f"{name} {placeholder}"), "validation", adapter))
    found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
    return {key: dict(schema) for (key, _mode), schema in found.items()}, definitions["$defs"]


def model_name(schema: Mapping[str, Any]) -> str:
    """The name of the model that a schema refers to, "" when it stands for itself."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _operation(endpoint: Endpoint, schemas: Schemas, definitions: Mapping[str, Any]) -> Any:
    route = endpoint.route
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [in_english(route.tag)],
        "summary": in_english(route.summary),
        "parameters": _parameters(endpoint, schemas, definitions),
        "responses": _responses(endpoint, schemas),
        "security": _security(endpoint),
    }
    if route.description:
        operation["description"] = in_english(route.description)
    if endpoint.body is not None:
        schema = schemas["body", route.name]
        operation["requestBody"] = {
            "required": needs_body(schema, definitions),
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def needs_body(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> bool:
    """Whether the body has members that must be there."""
    return bool(definitions.get(model_name(schema), schema).get("required"))


def query_properties(
    schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterable[tuple[str, dict[str, Any], bool]]:
    """(name, schema, required) of the parameters of a query: null is said by leaving out."""
    model = definitions.get(model_name(schema), schema)
    required = model.get("required", ())
    for name, described in model.get("properties", {}).items():
        plain = dict(described)
        choices = [c for c in plain.get("anyOf", ()) if c.get("type") != "null"]
        if len(choices) == 1:
            del plain["anyOf"]
            plain.pop("default", None)
            plain.update(choices[0])
        yield name, plain, name in required


def _parameters(
    endpoint: Endpoint, schemas: Schemas, definitions: Mapping[str, Any]
) -> list[dict[str, Any]]:
    name = endpoint.route.name
    found: list[dict[str, Any]] = [
        {
            "name": placeholder,
            "in": "path",
            "required": True,
            "schema": schemas["path", f"{name} {placeholder}"],
        }
        for placeholder in endpoint.placeholders
    ]
    if endpoint.query is not None:
        for parameter, schema, required in query_properties(schemas["query", name], definitions):
            described = schema.pop("description", "")
            found.append(
                {
                    "name": parameter,
                    "in": "query",
                    "required": required,
                    "schema": schema,
                    **({"description": described} if described else {}),
                }
            )
    if endpoint.route.idempotent:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": "Names the write: sent again, it gets the same answer for 24 hours.",
                "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
            }
        )
    return found


def statuses(endpoint: Endpoint) -> list[int]:
    """The statuses of the problems that the endpoint may answer with."""
    route = endpoint.route
    found = {400, 429, 500, 503, *route.problems}
    if route.auth != "public" or not route.lean:
        found |= {401}
    if route.auth in {"user", "own_or_user"} or route.method != "GET":
        found |= {403}
    if endpoint.placeholders:
        found |= {404}
    if endpoint.body is not None:
        found |= {413, 415, 422}
    if endpoint.query is not None or route.idempotent:
        found |= {422}
    return sorted(found)


def _responses(endpoint: Endpoint, schemas: Schemas) -> dict[str, Any]:
    route = endpoint.route
    good: dict[str, Any] = {"description": "Done"}
    if endpoint.answer is not None:
        good["content"] = {"application/json": {"schema": schemas["answer", route.name]}}
    found = {str(status): good for status in (endpoint.status, *route.also)}
    for status in statuses(endpoint):
        found[str(status)] = {
            "description": PROBLEMS.get(status, "A problem"),
            "content": {"application/problem+json": {"schema": schemas["problem", ""]}},
        }
    return found


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    route = endpoint.route
    if route.auth == "own":
        return [{"own": []}]
    scopes = [route.scope.name] if route.scope is not None else []
    ways: list[dict[str, list[str]]] = [{"token": scopes}, {"session": []}]
    if route.auth == "own_or_user":
        ways.insert(0, {"own": []})
    if route.auth == "public":
        ways.insert(0, {})
    return ways
