"""For machines that watch the site: is it alive, is it ready."""

import hmac
import logging
import os
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from modou import __version__
from modou.errors import NotFound
from modou.i18n import _
from modou.permissions import Capability
from modou.services import health, plugin_states
from modou.services.occasion import Occasion

log = logging.getLogger(__name__)


@view_config(route_name="healthz")
def healthz(request: Request) -> Response:
    """The process answers. Touches nothing else."""
    return Response("ok\n", content_type="text/plain")


@view_config(route_name="readyz", renderer="json")
def readyz(request: Request) -> dict[str, object]:
    """The process can serve: the database answers and no check that counts for readiness fails.

    Names only: what is wrong with a check stands in the log, for the operator.
    """
    try:
        failures = failing_checks(request.occasion)
    except Exception:
        log.exception("not ready: the database does not answer")
        failures = ["database"]
    if failures:
        request.response.status = 503
    return {"ready": not failures, "failures": failures}


def failing_checks(occasion: Occasion) -> list[str]:
    """Names of the checks that count for readiness and fail."""
    failing = [f for f in health.findings(occasion, readiness_only=True) if f.problem]
    for finding in failing:
        log.error("not ready: %s: %s", finding.name, finding.problem)
    return [finding.name for finding in failing]


@view_config(
    route_name="admin_health", permission=Capability.HEALTH_VIEW, renderer="admin_health.jinja2"
)
def admin_health(request: Request) -> dict[str, Any]:
    """All health checks, for people."""
    page = request.page
    page.title = page.gettext(_("State of the system"))
    page.side_nav = page.groups("admin")
    return {"findings": health.overview(request.occasion), "version": __version__}


@view_config(route_name="plugin_stats", renderer="json")
def plugin_stats(request: Request) -> dict[str, object]:
    """What hooks did since this process started, for `modou plugins`: whoever holds the keys file
    may ask. Anybody else finds nothing here."""
    registry = request.registry
    given = request.headers.get("X-Modou-Token", "")
    known = plugin_states.stats_tokens(registry.keys, registry.clock.seconds())
    if not any(hmac.compare_digest(given.encode(), token.encode()) for token in known):
        raise NotFound(_("There is nothing at this address."))
    return {"pid": os.getpid(), "plugins": plugin_states.stats_of(registry.hooks)}


def includeme(config: Configurator) -> None:
    config.scan(__name__)
