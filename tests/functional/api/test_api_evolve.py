"""Sites that are older than the API."""

import pytest

from modou.builtin.evolve import grant_api_tokens
from modou.permissions import Capability
from modou.services import api_tokens
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client, token_for

pytestmark = pytest.mark.both_storages


def test_a_site_from_before_gets_tokens(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        root = occasion.site
        for role in root.roles.values():
            role.capabilities -= {Capability.API_TOKEN}
        root.api = None
        factories.user(occasion, "olga", role="operator")
        factories.user(occasion, "lin", role="content_reviewer")
    with site.occasion("olga") as occasion:
        assert not api_tokens.may_have(occasion)
    assert Client(site, "modou_unknown")("GET", "/me").status_int == 401
    told: list[str] = []
    with site.occasion() as occasion:
        for _batch in grant_api_tokens({"modou": occasion.site}, told.append):
            pass
    assert len(told) == 4
    assert Client(site, token_for(site, "olga"))("GET", "/me").json["username"] == "olga"
    with site.occasion("lin") as occasion:
        assert not api_tokens.may_have(occasion)
