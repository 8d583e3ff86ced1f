"""The copy that a learner may have of what quizzes and courses hold about them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form
from tests.sitting import ALL_TYPES, Scene, everything, single


@pytest.fixture
def site(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    return make_site(**{"modou.plugins": "quiz"})


def copy_of(site: SiteUnderTest, username: str) -> Any:
    answer = main_form(site.browser(username).get("/profile/data")).submit()
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json


def test_a_learner_has_a_copy_of_everything_that_may_be_shown(site: SiteUnderTest) -> None:
    questions = [("single", single("第一题", 1)), ("essay", ALL_TYPES["essay"])]
    scene = Scene(site, questions, kind="final", review=frozenset())
    with site.occasion() as occasion:
        user = occasion.site.users.by_id(occasion.site.user_index.usernames["lin"])
        user.phone_masked = "138****0000"
        zhou = scene.begin("zhou")
    page = scene.begin()
    page.save((0, 1), (1, {"text": "先停电，再验电", "files": []}))
    zhou.save((0, 2))
    scene.hand_in(page)
    found = copy_of(site, "lin")
    assert found["username"] == "lin"
    data = found["data"]
    assert data["account"]["phone_masked"] == "138****0000"
    (attempt,) = data["quizzes"]
    assert [one["answer"] for one in attempt["answers"]] == [
        1,
        {"text": "先停电，再验电", "files": []},
    ]
    assert (attempt["attempt"], attempt["state"], attempt["handed_in_by"]) == (
        1,
        "handed_in",
        "learner",
    )
    # The exam shows no results yet, so that the copy has none.
    assert "marks" not in attempt
    (course,) = data["courses"]
    assert course["grades"] == []
    (event,) = scene.events("privacy_copied")
    assert event.actor == event.subject == user.id


def test_results_come_with_it_once_they_are_shown(site: SiteUnderTest) -> None:
    scene = Scene(site, [("single", single("第一题", 1))], review=everything())
    page = scene.begin()
    page.save((0, 1))
    scene.hand_in(page)
    data = copy_of(site, "lin")["data"]
    assert (data["quizzes"][0]["marks"], data["quizzes"][0]["of"]) == (1.0, 1.0)
    (grade,) = data["courses"][0]["grades"]
    assert grade["points"] == 100.0
    assert data["courses"][0]["activities"][0]["known"]["handed_in"]


def test_there_are_not_many_an_hour(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        factories.user(occasion, "li")
    browser = site.browser("li")
    form = main_form(browser.get("/profile/data"))
    for _copy in range(5):
        form.submit(status=200)
    assert "Try again in 60 minutes" in form.submit(status=429).text
