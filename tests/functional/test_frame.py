"""The frame of every page: it answers, protects, translates and fails politely."""

from tests import factories
from tests.conftest import SiteUnderTest


class TestHome:
    def test_it_answers_a_visitor_without_setting_a_cookie(self, site: SiteUnderTest) -> None:
        answer = site.browser().get("/")
        assert "Set-Cookie" not in answer.headers
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]

    def test_the_cached_page_shows_each_reader_only_their_own_name(
        self, site: SiteUnderTest
    ) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "wang", "王芳")
            factories.user(occasion, "li", "<李>")
        assert "王芳" in site.browser("wang").get("/").text
        other = site.browser("li").get("/").text
        assert "王芳" not in other
        assert "&lt;李&gt;" in other


class TestPreferences:
    def test_a_visitor_chooses_language_and_appearance(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        browser.post("/preferences", {"locale": "zh_CN", "return_to": "/"}, status=303)
        browser.post("/preferences", {"mode": "dark", "return_to": "/"}, status=303)
        answer = browser.get("/")
        assert 'lang="zh-CN"' in answer.text
        assert 'data-bs-theme="dark"' in answer.text

    def test_it_never_leads_away_from_the_site(self, site: SiteUnderTest) -> None:
        for path in ("https://evil.example", "//evil.example", "/\\evil.example"):
            answer = site.browser().post("/preferences", {"return_to": path}, status=303)
            assert answer.location == "http://localhost/"

    def test_a_foreign_page_cannot_post(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        browser.extra_environ["HTTP_ORIGIN"] = "http://evil.example"
        browser.post("/preferences", {"locale": "en"}, status=403)

    def test_a_signed_in_form_needs_its_token(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "wang")
        browser = site.browser("wang")
        browser.post("/preferences", {"locale": "en"}, status=403)
        form = browser.get("/").forms[1]
        form.submit("locale", value="zh_CN", status=303)
        with site.occasion() as occasion:
            assert next(iter(occasion.site.users)).locale == "zh_CN"


class TestProblems:
    def test_an_unknown_address_is_a_page_with_404(self, site: SiteUnderTest) -> None:
        answer = site.browser().get("/nowhere", status=404)
        assert answer.content_type == "text/html"

    def test_programs_get_problem_json(self, site: SiteUnderTest) -> None:
        answer = site.browser().get("/nowhere", headers={"Accept": "application/json"}, status=404)
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == 404


class TestHealth:
    def test_it_is_alive_and_ready(self, site: SiteUnderTest) -> None:
        assert site.browser().get("/healthz").text == "ok\n"
        assert site.browser().get("/readyz").json["ready"] is True
