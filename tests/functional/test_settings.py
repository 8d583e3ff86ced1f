"""Settings: defaults, forms made from schemas, refusals."""

import io

import pytest
from PIL import Image
from webtest import Upload

from modou.errors import ConfigurationError, Invalid, NotAllowed
from modou.services import settings
from tests import factories
from tests.conftest import SiteUnderTest
from tests.pages import main_form


@pytest.fixture
def operated(site: SiteUnderTest) -> SiteUnderTest:
    with site.occasion() as occasion:
        factories.user(occasion, "olga", role="operator")
        factories.user(occasion, "sam", role="system_admin")
        factories.user(occasion, "audrey", role="security_auditor")
    return site


class TestSiteSettings:
    def test_the_operator_renames_the_site_and_every_page_shows_it(
        self, operated: SiteUnderTest
    ) -> None:
        browser = operated.browser("olga")
        assert "天津职培" not in browser.get("/").text
        form = main_form(browser.get("/admin/settings"))
        form["name"] = "天津职培"
        form["registration"] = "closed"
        form.submit(status=303)
        assert "天津职培" in browser.get("/").text
        with operated.occasion() as occasion:
            assert settings.site_settings(occasion).registration == "closed"
            newest = next(occasion.site.journal.newest_first())
            assert newest.kind == "settings_changed"
            assert newest.values["settings"] == ["name", "registration"]

    def test_a_bad_value_is_named_and_nothing_is_stored(self, operated: SiteUnderTest) -> None:
        form = main_form(operated.browser("olga").get("/admin/settings"))
        form["name"] = "x" * 61
        form["organisation"] = "某机构"
        answer = form.submit(status=200)
        assert "at most 60 characters" in answer.text
        with operated.occasion() as occasion:
            assert settings.site_settings(occasion).organisation == ""

    def test_reset_goes_back_to_the_default(self, operated: SiteUnderTest) -> None:
        with operated.occasion("olga") as occasion:
            settings.change(occasion, "site", {"name": "别的"})
        with operated.occasion("olga") as occasion:
            settings.reset(occasion, "site")
        with operated.occasion() as occasion:
            assert settings.site_settings(occasion).name == "墨斗"

    def test_who_may_only_look_sees_values_without_a_form(self, operated: SiteUnderTest) -> None:
        browser = operated.browser("audrey")
        answer = browser.get("/admin/settings")
        assert 'name="organisation"' not in answer.text
        with pytest.raises(NotAllowed), operated.occasion("audrey") as occasion:
            settings.change(occasion, "site", {"name": "别的"})

    def test_an_unknown_setting_is_refused_with_the_known_ones(
        self, operated: SiteUnderTest
    ) -> None:
        with operated.occasion("olga") as occasion, pytest.raises(Invalid, match="registration"):
            settings.change(occasion, "site", {"nmae": "别的"})


class TestThemeSettings:
    def test_a_colour_reaches_the_style_sheet(self, operated: SiteUnderTest) -> None:
        browser = operated.browser("olga")
        form = main_form(browser.get("/admin/theme"))
        form["primary"] = "#0b5d3b"
        form["icp_number"] = "津ICP备12345678号-1"
        form.submit(status=303)
        page = browser.get("/")
        assert "津ICP备12345678号-1" in page.text
        sheets = [link["href"] for link in page.html.select("link[rel=stylesheet]")]
        assert "--modou-indigo:#0b5d3b" in browser.get(sheets[-2]).text

    def test_a_colour_nobody_can_read_is_refused(self, operated: SiteUnderTest) -> None:
        form = main_form(operated.browser("olga").get("/admin/theme"))
        form["primary"] = "#ffee88"
        assert "hard to read" in form.submit(status=200).text


class TestIniDefaults:
    def test_a_default_of_the_ini_counts_until_an_operator_changes_it(self, tmp_path) -> None:
        site = SiteUnderTest(tmp_path, **{"modou.site.name": "从文件来"})
        with site.occasion() as occasion:
            assert settings.site_settings(occasion).name == "从文件来"
        site.close()

    @pytest.mark.parametrize(
        ("key", "value", "said"),
        [
            ("modou.site.nmae", "x", "unknown setting. Settings of site: name"),
            ("modou.sight.name", "x", "Sections with settings: "),
            ("modou.site.registration", "perhaps", "modou.site.registration = 'perhaps'"),
            ("modou.plugin", "quiz", "Did you mean modou.plugins?"),
            ("modou.session_idle", "soon", "modou.session_idle = 'soon'"),
        ],
    )
    def test_a_wrong_key_stops_the_start_and_is_named(
        self, tmp_path, key: str, value: str, said: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=said.replace("?", r"\?")):
            SiteUnderTest(tmp_path, **{key: value})


class TestPluginsPage:
    def test_it_lists_the_builtin_plugin_with_its_hooks(self, operated: SiteUnderTest) -> None:
        browser = operated.browser("sam")
        assert "Built-in activities" in browser.get("/admin/plugins").text
        assert "nav_items" in browser.get("/admin/plugins/builtin").text
        browser.get("/admin/plugins/nix", status=404)


class TestLogo:
    def test_the_operator_sends_a_logo_and_every_page_shows_it(
        self, operated: SiteUnderTest
    ) -> None:
        picture = io.BytesIO()
        Image.new("RGBA", (900, 200), (36, 71, 168, 128)).save(picture, "PNG")
        browser = operated.browser("olga")
        form = main_form(browser.get("/admin/theme"))
        form["logo"] = Upload("logo.png", picture.getvalue())
        form.submit(status=303)
        source = browser.get("/").html.select_one(".brand img")["src"]
        answer = browser.get(source)
        assert answer.content_type == "image/png"
        assert Image.open(io.BytesIO(answer.body)).size == (480, 107)

    def test_what_is_no_picture_is_refused_and_the_rest_is_not_saved_either(
        self, operated: SiteUnderTest
    ) -> None:
        browser = operated.browser("olga")
        form = main_form(browser.get("/admin/theme"))
        form["logo"] = Upload("logo.png", b"<svg onload='alert(1)'/>")
        form["support_phone"] = "022-12345678"
        assert "SVG pictures can hold programs" in form.submit(status=200).text
        assert "022-12345678" not in browser.get("/").text
