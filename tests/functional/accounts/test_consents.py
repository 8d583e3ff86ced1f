"""Consents: asked at registration and sign-in, kept with version and time, withdrawn."""

from collections.abc import Callable
from typing import Any

import pytest
from webtest import TestApp

from modou.errors import Invalid, NotAllowed
from modou.services import accounts, consents, registration, settings
from tests import factories
from tests.conftest import SiteUnderTest

PASSWORD = "Jiàn-zhù 2026 dēng"
ASKING = {"modou.consents.ask": "true"}
ALL = {"agreement", "privacy", "regulator"}


@pytest.fixture
def asking(make_site: Callable[..., SiteUnderTest]) -> SiteUnderTest:
    """A site that asks for consents; an operator made the account of lin, who has a password."""
    site = make_site(**ASKING)
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        lin = factories.user(occasion, "lin")
        lin.password = accounts.hashing().hash(PASSWORD)
    return site


def person(occasion: Any, username: str = "lin") -> Any:
    return occasion.site.users.by_id(occasion.site.user_index.usernames[username])


def sign_in(site: SiteUnderTest, next_path: str = "") -> tuple[TestApp, Any]:
    browser = site.browser()
    page = browser.get("/login", {"next": next_path} if next_path else {})
    form = next(f for f in page.forms.values() if "password" in f.fields)
    form["login"], form["password"] = "lin", PASSWORD
    return browser, form.submit()


def ticks(page: Any, *names: str) -> Any:
    """The form of the page with these consents ticked."""
    form = next(f for f in page.forms.values() if "consent" in f.fields)
    for box in form.fields["consent"]:
        box.checked = box._value in names
    return form


def events(site: SiteUnderTest) -> list[tuple[str, str, str]]:
    kinds = {"consented", "consent_refused", "consent_withdrawn"}
    with site.occasion() as occasion:
        return [
            (e.kind, e.values["consent"], e.values["version"])
            for e in occasion.site.journal
            if e.kind in kinds
        ]


class TestSigningIn:
    def test_first_sign_in_asks_and_goes_on_to_the_wanted_page(self, asking: SiteUnderTest) -> None:
        browser, answer = sign_in(asking, "/my/grades?x=1")
        assert answer.status_code == 303
        page = answer.follow()
        assert page.request.path == "/consents"
        assert "User agreement" in page
        assert "at least three years" in page
        done = ticks(page, "agreement", "privacy").submit()
        assert done.status_code == 303
        assert done.location.endswith("/my/grades?x=1")
        assert browser.get("/my/grades").status_code == 200
        assert events(asking) == [
            ("consented", "agreement", "1"),
            ("consented", "privacy", "1"),
            ("consent_refused", "regulator", "1"),
        ]
        with asking.occasion() as occasion:
            given = person(occasion).consents
            assert given["privacy"] == ("1", occasion.now, True)
            assert not given["regulator"].given

    def test_nothing_else_opens_before_the_answer(self, asking: SiteUnderTest) -> None:
        browser, answer = sign_in(asking)
        answer.follow()
        away = browser.get("/my/courses?tab=2")
        assert away.status_code == 302
        assert away.location.endswith("/consents?next=%2Fmy%2Fcourses%3Ftab%3D2")
        assert browser.get("/consents/privacy").status_code == 200
        refused = browser.get("/my/courses", headers={"Accept": "application/json"}, status="4*")
        assert "/consents" in refused.json["url"]

    def test_what_is_required_must_be_ticked(self, asking: SiteUnderTest) -> None:
        _browser, answer = sign_in(asking)
        page = ticks(answer.follow(), "agreement", "regulator").submit(status=200)
        assert "Please read and accept: Privacy notice." in page
        assert ticks(page, "agreement", "privacy").submit().status_code == 303

    def test_a_changed_version_is_asked_at_the_next_sign_in_only(
        self, asking: SiteUnderTest
    ) -> None:
        browser, answer = sign_in(asking)
        ticks(answer.follow(), *ALL).submit()
        with asking.occasion("olga") as occasion:
            changes = {"privacy": "# 隐私政策\n\n第二版", "privacy_version": "2"}
            settings.change(occasion, "consents", changes)
        assert browser.get("/my/courses").status_code == 200
        _browser, answer = sign_in(asking)
        page = answer.follow()
        assert "第二版" in page
        assert "User agreement" not in page.html.find("main").text
        assert ticks(page, "privacy").submit().status_code == 303
        assert events(asking)[-1] == ("consented", "privacy", "2")
        _browser, answer = sign_in(asking)
        assert "/consents" not in answer.location

    def test_a_site_may_ask_for_nothing(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "lin").password = accounts.hashing().hash(PASSWORD)
        _browser, answer = sign_in(site)
        assert answer.location.endswith("/my/courses")
        assert "asks for no consents" in site.browser("lin").get("/profile/consents")


class TestRegistering:
    def test_the_form_asks_and_nobody_is_asked_again(self, asking: SiteUnderTest) -> None:
        browser = asking.browser()
        page = browser.get("/register")
        form = ticks(page, "agreement")
        form["username"], form["password"], form["name"] = "zhou", PASSWORD, "周敏"
        page = form.submit(status=200)
        assert "Please read and accept: Privacy notice." in page
        form = ticks(page, "agreement", "privacy")
        form["password"] = PASSWORD
        answer = form.submit(status=303)
        assert answer.location.endswith("/my/courses")
        assert browser.get("/my/courses").status_code == 200
        with asking.occasion() as occasion:
            assert set(person(occasion, "zhou").consents) == ALL

    def test_the_verb_refuses_too(self, asking: SiteUnderTest) -> None:
        with pytest.raises(Invalid) as refused, asking.occasion() as occasion:
            registration.register(occasion, username="zhou", name="周敏", password=PASSWORD)
        assert set(refused.value.errors) == {"consent"}


class TestOwnAnswers:
    def test_what_is_optional_is_withdrawn_and_given_again(self, asking: SiteUnderTest) -> None:
        browser, answer = sign_in(asking)
        ticks(answer.follow(), *ALL).submit()
        page = browser.get("/profile/consents")
        assert page.text.count(">needed for the account<") == 2
        form = next(f for f in page.forms.values() if "withdraw" in f.fields)
        page = form.submit("withdraw").follow()
        assert "refused" in page
        assert events(asking)[-1] == ("consent_withdrawn", "regulator", "1")
        form = next(f for f in page.forms.values() if "give" in f.fields)
        form.submit("give").follow()
        assert events(asking)[-1] == ("consented", "regulator", "1")

    def test_what_the_account_needs_stays(self, asking: SiteUnderTest) -> None:
        with pytest.raises(NotAllowed, match="Without this"), asking.occasion("lin") as occasion:
            consents.withdraw(occasion, person(occasion), "privacy")

    def test_nobody_answers_for_others(self, asking: SiteUnderTest) -> None:
        with pytest.raises(NotAllowed, match="for themselves"), asking.occasion("olga") as occasion:
            consents.answer(occasion, person(occasion), ALL)

    def test_the_text_that_was_shown_can_be_told_from_another(self, asking: SiteUnderTest) -> None:
        with asking.occasion() as occasion:
            shipped = consents.find(occasion, "privacy").digest
            settings.change(occasion, "consents", {"privacy": "other"})
            assert consents.find(occasion, "privacy").digest != shipped


def test_operators_edit_the_texts(asking: SiteUnderTest) -> None:
    browser = asking.browser("olga")
    form = next(
        f for f in browser.get("/admin/consents").forms.values() if "privacy_version" in f.fields
    )
    form["agreement"] = "## 用户协议\n\n<script>alert(1)</script>"
    form["agreement_version"] = "2026-12"
    form.submit(status=303)
    page = browser.get("/consents/agreement")
    assert "用户协议" in page
    assert "<script>alert" not in page
    assert "Version 2026-12" in page
