"""Sites that are older than study time."""

import pytest

from modou.builtin.evolve import STEPS
from modou.models.site import SITE_KEY
from modou.permissions import DEFAULT_ROLES
from tests.conftest import SiteUnderTest
from tests.studying import Player

pytestmark = pytest.mark.both_storages


def test_default_roles_get_their_part_and_own_ones_stay(site: SiteUnderTest) -> None:
    (step,) = [step for step in STEPS if step.name == "study_capabilities"]
    with site.occasion() as occasion:
        for role in occasion.site.roles.values():
            role.capabilities = frozenset(
                c for c in role.capabilities if not c.startswith("study:")
            )
        occasion.site.roles["teacher"].capabilities |= {"user:identity"}
    told: list[str] = []
    with site.occasion() as occasion:
        list(step.run({SITE_KEY: occasion.site}, told.append) or ())
        for default in DEFAULT_ROLES:
            wanted = {c for c in default.capabilities if c.startswith("study:")}
            assert wanted <= occasion.site.roles[default.name].capabilities
        assert "user:identity" in occasion.site.roles["teacher"].capabilities
        assert "study:decide" not in occasion.site.roles["teacher"].capabilities
    assert any(text.startswith("operator: study:correct") for text in told)
    told.clear()
    with site.occasion() as occasion:
        list(step.run({SITE_KEY: occasion.site}, told.append) or ())
    assert told == []


def test_the_root_is_made_when_somebody_first_studies(studio: SiteUnderTest) -> None:
    with studio.occasion() as occasion:
        assert occasion.site.study is None
    Player(studio, "lin").play(15)
    with studio.occasion() as occasion:
        assert len(occasion.site.study.live) == 1
