"""`modou jobs`: looking at jobs, repeating, cancelling and running them from the command line."""

from pathlib import Path
from typing import Any

import pytest

from modou.errors import Invalid
from modou.models.jobs import CANCELLED, DONE, QUEUED
from modou.services import jobs
from tests.commands import here, ini_of, refused_here
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages


@pytest.fixture
def site(told: Any, make_site: Any) -> SiteUnderTest:
    made: SiteUnderTest = make_site(**{"modou.plugins": "probe"})
    return made


@pytest.fixture
def ini(site: SiteUnderTest, tmp_path: Path) -> Path:
    return ini_of(site.settings, tmp_path / "site.ini")


def key_of(site: SiteUnderTest, name: str, **values: Any) -> str:
    with site.occasion() as occasion:
        return jobs.enqueue(occasion, name, **values).key


def state(make_site: Any, key: str) -> str:
    site = make_site(**{"modou.plugins": "probe"})
    try:
        with site.occasion() as occasion:
            return str(occasion.site.jobs.records[key].state)
    finally:
        site.close()


def test_list_and_show(site: SiteUnderTest, told: Any, ini: Path) -> None:
    told.answers["jobs"] = Invalid("The film has no pictures.")
    failed = key_of(site, "probe_poke", to="wang@example.com")
    site.work()
    waiting = key_of(site, "probe_long", film="7")
    site.close()
    said = here("jobs", "list", "-c", ini).stdout
    assert failed in said
    assert waiting in said
    assert "probe_hourly" in said
    said = here("jobs", "list", "--state", "failed", "--name", "probe_poke", "-n", "1", "-c", ini)
    assert waiting not in said.stdout
    assert "There are no such jobs." in here("jobs", "list", "--state", "done", "-c", ini).stdout
    said = here("jobs", "show", failed, "-c", ini).stdout
    assert "The film has no pictures." in said
    assert "secret" in said
    assert "wang@example.com" not in said
    assert "'film': '7'" in here("jobs", "show", waiting, "-c", ini).stdout
    assert "no such job" in refused_here("jobs", "show", "0000000000000", "-c", ini)


def test_retry_and_cancel(site: SiteUnderTest, told: Any, ini: Path, make_site: Any) -> None:
    told.answers["jobs"] = Invalid("No.")
    failed = key_of(site, "probe_poke")
    site.work()
    waiting = key_of(site, "probe_long")
    site.close()
    assert "waits for a worker" in here("jobs", "retry", failed, "-c", ini).stdout
    assert state(make_site, failed) == QUEUED
    assert "is cancelled" in here("jobs", "cancel", waiting, "-c", ini).stdout
    assert state(make_site, waiting) == CANCELLED
    assert "has ended" in refused_here("jobs", "cancel", waiting, "-c", ini)


def test_run(site: SiteUnderTest, told: Any, ini: Path) -> None:
    site.close()
    ended = here("jobs", "run", "probe_daily", "-c", ini)
    assert (ended.returncode, ended.stdout) == (0, f"probe_daily: {DONE}.\n")
    assert len(told.heard("jobs")) == 1
    told.answers["jobs"] = Invalid("The disk is full.")
    ended = here("jobs", "run", "probe_daily", "-c", ini)
    assert ended.returncode == 1
    assert "failed. The disk is full." in ended.stdout
    assert "runs by itself" in refused_here("jobs", "run", "mail", "-c", ini)
