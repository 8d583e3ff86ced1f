"""What ends by itself, and how it is cleaned up; limits in memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modou.services import accounts, logins, sessions
from modou.services.throttle import Throttle
from tests import factories
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

IDLE, LONGEST = 1800, 43200


def test_ended_sessions_are_dropped_in_pages(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        user = factories.user(occasion)
        for _number in range(25):
            sessions.start(occasion, user)
    site.clock.move(minutes=31)
    with site.occasion() as occasion:
        kept = sessions.key_of(sessions.start(occasion, user := next(iter(occasion.site.users))))
        dropped, after = 0, b""
        while True:
            count, after = sessions.sweep(occasion, IDLE, LONGEST, after, limit=10)
            dropped += count
            if not after:
                break
        assert dropped == 25
        assert list(occasion.site.sessions) == [kept]
        assert [key for key, _session in sessions.of_user(occasion.site, user)] == [kept]


def test_old_failures_are_dropped(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        for number in range(12):
            logins.sign_in(occasion, f"nobody{number}", "wrong")
    site.clock.move(minutes=10)
    with site.occasion() as occasion:
        logins.sign_in(occasion, "late", "wrong")
        assert len(occasion.site.login_failures) == 13
    site.clock.move(minutes=6)
    with site.occasion() as occasion:
        dropped, after = 0, b""
        while True:
            count, after = logins.sweep_failures(occasion, after, limit=5)
            dropped += count
            if not after:
                break
        assert dropped == 12
        assert len(occasion.site.login_failures) == 1


def test_an_address_that_fails_too_often_must_wait(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        accounts.create_account(occasion, username="wang", password="Lan-tian 42")
        occasion.limits.failed_sign_ins = Throttle(3, 900)
        for number in range(3):
            assert logins.sign_in(occasion, f"nobody{number}", "wrong").retry_after == 0
        came = logins.sign_in(occasion, "wang", "Lan-tian 42")
        assert came.user is None
        assert came.retry_after == 900


class TestThrottle:
    @given(
        steps=st.lists(st.tuples(st.integers(0, 400), st.sampled_from("ab")), max_size=60),
        limit=st.integers(1, 5),
        window=st.integers(1, 900),
    )
    def test_never_more_than_the_limit_within_a_window(
        self, steps: list[tuple[int, str]], limit: int, window: int
    ) -> None:
        throttle = Throttle(limit, window)
        now = 0
        passed: dict[str, list[int]] = {"a": [], "b": []}
        for pause, key in steps:
            now += pause
            wait = throttle.hit(key, now)
            if wait == 0:
                passed[key].append(now)
            else:
                assert 0 < wait <= window
                assert throttle.wait(key, now + wait) == 0
        for times in passed.values():
            for first in times:
                # A window begins with the first try after the one before has ended.
                assert sum(first <= t < first + window for t in times) <= 2 * limit

    def test_it_forgets_the_oldest_when_it_is_full(self) -> None:
        throttle = Throttle(1, 900, size=10)
        for number in range(100):
            throttle.hit(f"address {number}", 0)
        assert throttle.wait("address 99", 1) > 0
        assert throttle.wait("address 0", 1) == 0
