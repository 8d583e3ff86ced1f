"""The health checks of all plugins, asked one by one; a check that fails itself counts as wrong."""

import logging
from dataclasses import dataclass

from modou.errors import Message
from modou.permissions import Capability
from modou.services.occasion import Occasion

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `problem`: "" when all is well; `ready`: whether the process can
    serve without it being well."""

    name: str
    title: Message
    problem: str
    ready: bool


def findings(occasion: Occasion, *, readiness_only: bool = False) -> list[Finding]:
    """All checks, or those that decide whether the process can serve. For machines and commands."""
    found = []
    for name, check in occasion.assembled.health_checks.items():
        if readiness_only and not check.ready:
            continue
        try:
            problem = check.check(occasion) or ""
        except Exception as error:
            log.exception("the health check %s is broken", name)
            problem = f"the check is broken: {type(error).__name__}: {error}"
        found.append(Finding(name, check.title, problem, check.ready))
    return found


def overview(occasion: Occasion) -> list[Finding]:
    """All checks, for people; what is wrong first.

    :raises NotAllowed: without the capability `health:view`
    """
    occasion.require(Capability.HEALTH_VIEW)
    return sorted(findings(occasion), key=lambda finding: not finding.problem)
