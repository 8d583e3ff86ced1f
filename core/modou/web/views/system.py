"""For machines that watch the site: is it alive, is it ready."""

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config


@view_config(route_name="healthz")
def healthz(request: Request) -> Response:
    """The process answers. Touches nothing else."""
    return Response("ok\n", content_type="text/plain")


@view_config(route_name="readyz", renderer="json")
def readyz(request: Request) -> dict[str, object]:
    """The process can serve: the database answers and no check that counts for readiness fails."""
    occasion = request.occasion
    failures = {}
    for name, check in occasion.assembled.health_checks.items():
        if check.ready:
            problem = check.check(occasion)
            if problem:
                failures[name] = problem
    if failures:
        request.response.status = 503
    return {"ready": not failures, "failures": failures}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
