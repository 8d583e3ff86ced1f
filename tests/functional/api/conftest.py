"""Sites with the probe's endpoints, and callers of the API."""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from webtest import TestApp

from modou.services import api_tokens
from tests import factories
from tests.conftest import SiteUnderTest

PROBE = Path(__file__).parents[2] / "plugins" / "probe"
_numbers = count(1)


class Client:
    """Calls the API as a program does: by a token, without cookies."""

    def __init__(self, site: SiteUnderTest, token: str = "") -> None:
        self._app = TestApp(site.app)
        self.token = token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer, whatever its status."""
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        more = {"headers": headers, "expect_errors": True}
        if body is not None:
            return self._app.request(
                f"/api/v1{path}",
                method=method,
                body=body if isinstance(body, bytes) else json.dumps(body).encode(),
                content_type=headers.pop("Content-Type", "application/json"),
                **more,
            )
        return self._app.request(f"/api/v1{path}", method=method, **more)


def token_for(site: SiteUnderTest, username: str, *scopes: str, days: int = 30) -> str:
    """A token of that person; all scopes unless some are named."""
    with site.occasion(username) as occasion:
        chosen = scopes or tuple(occasion.assembled.api_scopes)
        _token, text = api_tokens.make(occasion, f"token {next(_numbers)}", chosen, days)
        return text


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The probe can be found as a plugin."""
    monkeypatch.syspath_prepend(str(PROBE))
    yield
    sys.modules.pop("acme_probe", None)


@pytest.fixture
def probed(probe: None, make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    """A site with the probe's endpoints and the operator olga."""
    site = make_site(**{"modou.plugins": "probe", "modou.api_rate": "60"})
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        factories.user(occasion, "lin")
    return site
