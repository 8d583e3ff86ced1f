"""Many people at the same moment, through the whole application, in threads."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from webtest import TestApp

from modou.services import accounts, invitations
from modou.services.settings import change
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.accounts.test_accounts import ID_NUMBER

pytestmark = pytest.mark.both_storages

PASSWORD = "Lan-tian 42"
PEOPLE = 50


def at_once(site: SiteUnderTest, posts: list[tuple[str, dict[str, str]]]) -> list[int]:
    """Send all posts at the same moment; the statuses."""
    start = Barrier(len(posts))

    def send(path: str, values: dict[str, str]) -> int:
        browser = TestApp(site.app, extra_environ={"HTTP_ORIGIN": "http://localhost"})
        start.wait(timeout=60)
        status: int = browser.post(path, values, expect_errors=True).status_int
        return status

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(send, *zip(*posts, strict=True)))


def registration(number: int, **more: str) -> tuple[str, dict[str, str]]:
    return "/register", {
        "username": f"user{number:02d}",
        "name": "王芳",
        "password": PASSWORD,
        **more,
    }


def test_one_id_number_gets_one_account(site: SiteUnderTest) -> None:
    statuses = Counter(at_once(site, [registration(n, id_number=ID_NUMBER) for n in range(PEOPLE)]))
    assert statuses[303] == 1
    # The others are told (200), or asked to try again because of the crowd (503).
    assert set(statuses) <= {303, 200, 503}
    with site.occasion() as occasion:
        assert len(occasion.site.users) == 1
        found = accounts.find_by_id_number(occasion, ID_NUMBER)
        assert found is not None
        assert list(occasion.site.user_index.usernames) == [found.username]
        assert len(list(occasion.site.users)) == 1


def test_one_place_is_taken_by_one(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        change(occasion, "site", {"registration": "invitation"})
        course = factories.course(occasion)
        invitation = invitations.create_invitation(occasion, places=3, courses=[course.id])
        code = invitations.code_of(occasion, invitation)
        id = invitation.id
    statuses = Counter(at_once(site, [registration(n, invitation=code) for n in range(20)]))
    with site.occasion() as occasion:
        found = occasion.site.invitations.by_id(id)
        assert found.used() == len(found.uses) == statuses[303] <= 3
        assert len(occasion.site.users) == statuses[303]
        enrolled = occasion.site.courses.by_id(found.courses[0]).enrolments
        assert sorted(enrolled) == sorted(found.uses.values())


def test_failures_of_different_people_do_not_meet(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        for number in range(20):
            accounts.create_account(occasion, username=f"user{number:02d}")
    statuses = at_once(
        site, [("/login", {"login": f"user{n:02d}", "password": "wrong"}) for n in range(20)]
    )
    assert set(statuses) == {200}
