"""Steps that bring the core's stored data up to what this version expects.

A step is a generator function that yields after each batch; see `modou.store.evolve`.
"""

from collections.abc import Callable, Iterator
from typing import Any

from modou.declarations import EvolveStep
from modou.models.jobs import JobStore
from modou.models.site import SITE_KEY, Site
from modou.permissions import DEFAULT_ROLES, Capability
from modou.services.name_search import search_keys

BATCH = 1000


def index_names(root: Any, report: Callable[[str], None]) -> Iterator[None]:
    """Find people by all that this version finds a name by; entries that are there stay."""
    site: Site = root[SITE_KEY]
    names = site.user_index.names
    for count, user in enumerate(site.users, start=1):
        for key in search_keys(user.name) if user.name else ():
            names.insert((key, user.id))
        if count % BATCH == 0:
            report(f"{count} of {len(site.users)} accounts")
            yield


def grant_api_tokens(root: Any, report: Callable[[str], None]) -> Iterator[None]:
    """Let the default roles that may have API tokens have them."""
    site: Site = root[SITE_KEY]
    for default in DEFAULT_ROLES:
        role = site.role(default.name)
        if role is not None and Capability.API_TOKEN in default.capabilities:
            role.capabilities |= {Capability.API_TOKEN.value}
            report(f"{default.name} may make tokens")
    yield


def give_study_capabilities(root: Any, report: Callable[[str], None]) -> None:
    """Default roles get what later versions of them may do about study time."""
    site: Site = root[SITE_KEY]
    for default in DEFAULT_ROLES:
        role = site.role(default.name)
        new = {c for c in default.capabilities if c.startswith("study:")}
        if role is not None and not new <= role.capabilities:
            role.capabilities = frozenset(role.capabilities | new)
            report(f"{default.name}: {', '.join(sorted(new))}")


def make_jobs(root: Any, report: Callable[[str], None]) -> None:
    """Sites that are older than the jobs get room for them, and their roles the right to manage
    them."""
    site: Site = root[SITE_KEY]
    if not hasattr(site, "jobs"):
        site.jobs = JobStore(site)
    for name in ("operator", "system_admin"):
        role = site.roles.get(name)
        if role is not None:
            role.capabilities |= {str(Capability.JOBS_MANAGE)}


STEPS = (
    EvolveStep("index_names", "Index the names of people for the search", index_names),
    EvolveStep("grant_api_tokens", "Let the default roles make API tokens", grant_api_tokens),
    EvolveStep(
        "study_capabilities",
        "Give the default roles their part in study time",
        give_study_capabilities,
    ),
    EvolveStep("make_jobs", "Make room for jobs", make_jobs),
)
