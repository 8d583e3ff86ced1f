"""What functional tests share: the plugin `probe`, and a watch over acts that leave no event.

In the modules of `WATCHED`, each commit of a request that may change things (POST, PUT, PATCH,
DELETE) is looked at. One that stores changed objects and records nothing in the journal fails the
test that sent it, unless the route is one of `SILENT`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyramid.threadlocal import get_current_request
from ZODB.Connection import Connection

from modou.services.occasion import Recorder

PROBE = Path(__file__).parents[1] / "plugins" / "probe"
#: The tests of the administration's pages; those of plugins and of the API judge for themselves.
WATCHED = {
    "test_consents",
    "test_enrolling_pages",
    "test_grade_pages",
    "test_pages",
    "test_roster_pages",
    "test_settings",
    "test_teaching",
}
#: Route -> why its changes are nobody's business but the actor's own, or are told otherwise.
SILENT = {
    "preferences": "one's own language and appearance",
    "forgot": "asked for by whoever; if there is such an account, it is told",
    "logout": "the end of one's own session; study sessions that it ends are told",
}
#: What requests change by the way.
BY_THE_WAY = {
    "modou.models.people.Session",
    "modou.models.people.LoginFailures",
    "modou.models.api_tokens.ApiToken",
    "BTrees.OOBTree.OOBTree",
    "modou.store.containers.WideOOBTree",
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What the plugin `probe` of the tests heard, and what it is to answer (`told.answers`)."""
    monkeypatch.syspath_prepend(str(PROBE))
    from acme_probe import Told

    Told.reset()
    yield Told
    Told.reset()
    sys.modules.pop("acme_probe", None)


@pytest.fixture(autouse=True)
def acts_leave_events(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """See this module's docstring."""
    if request.path.stem not in WATCHED or request.path.parent.name == "study":
        yield
        return
    silent: list[str] = []
    commit = Connection.commit

    def watched(self: Any, transaction: Any) -> None:
        request = get_current_request()
        if request is not None and request.method not in {"GET", "HEAD", "OPTIONS"}:
            kinds = {f"{type(o).__module__}.{type(o).__name__}" for o in self._registered_objects}
            route = getattr(request.matched_route, "name", "")
            # The endpoints of the tests' own plugin do as they like.
            silent_on_purpose = route in SILENT or "/probe/" in request.path
            if kinds - BY_THE_WAY and not silent_on_purpose and not recorded(transaction):
                silent.append(f"{request.method} {request.path} ({route}): {sorted(kinds)}")
        commit(self, transaction)

    monkeypatch.setattr(Connection, "commit", watched)
    yield
    assert silent == [], "these requests changed something and left no event in the journal"


def recorded(transaction: Any) -> bool:
    try:
        return bool(transaction.data(Recorder).events)
    except KeyError:
        return False
