"""API tokens on the profile page."""

from modou.services import accounts
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.api.conftest import Client
from tests.pages import main_form


def people(site: SiteUnderTest) -> None:
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        factories.user(occasion, "lin")
        teacher = factories.user(occasion, "tao")
        factories.enrolment(occasion, factories.course(occasion), teacher, role="teacher")


def make(site: SiteUnderTest, username: str = "olga", name: str = "导入名单") -> str:
    """Make a token on the page; its text."""
    form = main_form(site.browser(username).get("/profile/tokens"))
    form["name"] = name
    form.set("scopes", True, index=0)
    shown = form.submit()
    assert shown.headers["Cache-Control"] == "no-store"
    return str(shown.html.select_one(".token-shown").text)


class TestMaking:
    def test_it_is_shown_once_and_works(self, site: SiteUnderTest) -> None:
        people(site)
        text = make(site)
        page = site.browser("olga").get("/profile/tokens")
        assert text not in page.text
        assert "导入名单" in page.text
        assert "never" in page.text
        answer = Client(site, text)("GET", "/courses")
        assert answer.status_int == 200
        assert "never" not in site.browser("olga").get("/profile/tokens").text

    def test_teachers_by_enrolment_have_tokens_learners_have_none(
        self, site: SiteUnderTest
    ) -> None:
        people(site)
        assert make(site, "tao")
        site.browser("lin").get("/profile/tokens", status=403)
        assert "/profile/tokens" not in site.browser("lin").get("/profile").text
        assert "/profile/tokens" in site.browser("tao").get("/profile").text

    def test_what_is_missing_is_named(self, site: SiteUnderTest) -> None:
        people(site)
        form = main_form(site.browser("olga").get("/profile/tokens"))
        form["name"] = "x"
        page = form.submit()
        assert "Choose at least one thing" in page.text
        make(site)
        form = main_form(site.browser("olga").get("/profile/tokens"))
        form["name"] = "导入名单"
        form.set("scopes", True, index=0)
        assert "You have a token of that name already." in form.submit().text

    def test_the_journal_says_so_without_the_token(self, site: SiteUnderTest) -> None:
        people(site)
        text = make(site)
        with site.occasion() as occasion:
            kinds = [event.kind for event in occasion.site.journal.newest_first()]
        assert "api_token_made" in kinds
        assert text.encode() not in site.stored()


class TestRevoking:
    def test_it_opens_nothing_any_more(self, site: SiteUnderTest) -> None:
        people(site)
        text = make(site)
        browser = site.browser("olga")
        form = main_form(browser.get("/profile/tokens"), 0)
        answer = form.submit("revoke", status=303).follow()
        assert "opens nothing any more" in answer.text
        assert Client(site, text)("GET", "/courses").status_int == 401

    def test_suspending_a_person_ends_their_tokens_for_good(self, site: SiteUnderTest) -> None:
        people(site)
        text = make(site, "tao")
        with site.occasion() as occasion:
            accounts.suspend(occasion, site._user(occasion.site, "tao"), "left the school")
        assert Client(site, text)("GET", "/courses").status_int == 401
        with site.occasion() as occasion:
            accounts.reopen(occasion, site._user(occasion.site, "tao"))
        assert Client(site, text)("GET", "/courses").status_int == 401
