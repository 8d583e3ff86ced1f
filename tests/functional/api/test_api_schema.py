"""Every endpoint of the real application, asked in all the ways that its document allows and in
many that it forbids: no 500, and only what the document promises."""

import sys
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from modou.services import grading
from modou.web.api.core import ROUTES
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import PROBE, token_for

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A site with a course and people in it, and who asks: header values by name."""
    sys.path.insert(0, str(PROBE))
    site = SiteUnderTest(
        tmp_path_factory.mktemp("schema"),
        **{"modou.plugins": "lesson probe", "modou.api_rate": "1000000"},
    )
    with site.occasion() as occasion:
        course = factories.course(occasion, activities=2)
        factories.user(occasion, "olga", role="operator")
        lin = factories.user(occasion, "lin")
        factories.enrolment(occasion, course, lin)
        item = grading.add_item(occasion, course, {"title": "实操", "maximum": 100})
        keys = {"course": course.key, "user": lin.key, "item": item.key}
    yield {"site": site, "token": token_for(site, "olga"), **keys}
    site.close()
    sys.path.remove(str(PROBE))
    sys.modules.pop("acme_probe", None)


@pytest.fixture(scope="module")
def operations(scene: dict[str, Any]) -> dict[str, Any]:
    """The operations of the document by their names."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", scene["site"].app)
    found = [result.ok() for result in schema.get_all_operations()]
    return {one.definition.raw["operationId"]: one for one in found}


THOROUGH = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def ask(operation: Any, scene: dict[str, Any], token: str, mode: Any, examples: int) -> None:
    """Ask in `examples` ways, and check the answers."""
    turns = count()
    public = any(not way for way in operation.definition.raw["security"])

    @settings(THOROUGH, max_examples=examples)
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        # Half of the addresses exist, so that what lies behind them is asked too.
        if next(turns) % 2:
            for name in set(case.path_parameters or {}) & {"course", "user", "item"}:
                case.path_parameters[name] = scene[name]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = case.call_and_validate(headers=headers, checks=CHECKS)
        if not token and not public:
            assert response.status_code == 401

    one()


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda m: m.name)
@pytest.mark.parametrize("name", [route.name for route in ROUTES])
def test_the_cores_endpoints(
    name: str, mode: Any, operations: dict[str, Any], scene: dict[str, Any]
) -> None:
    ask(operations[name], scene, scene["token"], mode, 12)
    ask(operations[name], scene, "", mode, 2)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda m: m.name)
def test_the_plugins_endpoints(
    mode: Any, operations: dict[str, Any], scene: dict[str, Any]
) -> None:
    known = {route.name for route in ROUTES}
    for name in set(operations) - known:
        token = "player" if name.endswith("_lean") else scene["token"]
        ask(operations[name], scene, token, mode, 10)
