"""A site with activities that are studied by the second."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import studying
from tests.conftest import SiteUnderTest

REEL = Path(__file__).parents[2] / "plugins" / "reel"


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The gate of the plugin `reel`."""
    monkeypatch.syspath_prepend(str(REEL))
    from acme_reel import Guard

    Guard.reset()
    yield Guard
    Guard.reset()
    sys.modules.pop("acme_reel", None)


@pytest.fixture
def studio(make_site: Callable[..., SiteUnderTest], guard: Any) -> SiteUnderTest:
    """A course of two reels of ten minutes with the learners lin and zhou, and no prompts."""
    site = make_site(**{"modou.plugins": "reel"})
    studying.school(site)
    return site
