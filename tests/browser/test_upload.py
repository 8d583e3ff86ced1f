"""Files sent in pieces by a real browser: broken lines, reloads, keyboard, drag and drop, without
scripts; accessibility."""

import hashlib
import random
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from modou.builtin.services import contents
from tests import factories
from tests.browser.conftest import until_ready
from tests.conftest import SiteUnderTest

SIZE = 5_000_000
PDF = b"%PDF-1.7\n" + random.Random(5).randbytes(SIZE - 9)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "安全操作规程.pdf"
    path.write_bytes(PDF)
    return path


@pytest.fixture
def form(site: SiteUnderTest) -> str:
    """The path of the form for a new file in a course that wang teaches."""
    with site.occasion() as occasion:
        course = factories.course(occasion, "低压电工作业", sections=1, activities=1)
        factories.enrolment(occasion, course, factories.user(occasion, "wang", "王"), "teacher")
        return f"/courses/{course.key}/sections/{course.outline[0].key}/new/file"


def stored(site: SiteUnderTest) -> list[tuple[str, int, str]]:
    """Name, size and digest of the files of file activities."""
    with site.occasion() as occasion:
        course = next(iter(occasion.site.courses))
        found = []
        for activity in course.ordered_activities():
            if activity.type == "file":
                content: Any = contents.find(occasion.site, activity)
                kept = occasion.site.files.by_id(content.file)
                found.append((kept.filename, kept.size, kept.sha256))
        return found


EXPECTED = ("安全操作规程.pdf", SIZE, hashlib.sha256(PDF).hexdigest())


class Line:
    """The line between browser and site: counts what is sent, and breaks on demand."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pieces: list[int] = []
        self.broken: set[int] = set()
        self.held: Route | None = None
        self.hold: int | None = None
        page.route("**/uploads/*", self.handle)

    def handle(self, route: Route) -> None:
        request = route.request
        if request.method != "PATCH":
            route.continue_()
            return
        number = len(self.pieces)
        self.pieces.append(int(request.headers["upload-offset"]))
        if number in self.broken:
            route.abort("connectionreset")
        elif number == self.hold:
            self.held = route
        else:
            route.continue_()


def choose(page: Page, *paths: Path) -> None:
    page.locator("[data-upload].is-ready input[type=file]").set_input_files(list(paths))


def item(page: Page) -> Any:
    return page.locator(".upload-item")


def in_the_middle(line: Line) -> Route:
    """Wait until the first piece is there and shown; the second one, which is held.

    What is shown runs ahead: it counts what has left the browser, not yet what was answered.
    """
    expect(line.page.locator(".ink-progress-text")).to_have_text(re.compile(r"^[4-9]\d %"))
    end = time.monotonic() + 10
    while line.held is None and time.monotonic() < end:
        line.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert line.held is not None, "the second piece was never sent"
    return line.held


def save(page: Page) -> None:
    page.get_by_label("Title").fill("操作规程")
    page.get_by_role("button", name="Add activity").click()
    page.wait_for_url("**/outline*")


class TestBrokenLines:
    def test_a_broken_line_costs_one_piece(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        line = Line(page)
        line.broken = {1, 2}
        choose(page, film)
        expect(item(page)).to_have_attribute("data-state", "done")
        expect(page.locator("#live")).to_have_text("安全操作规程.pdf is uploaded")
        first = line.pieces[3]
        assert line.pieces[:4] == [0, first, first, first]
        assert first > 0
        save(page)
        assert stored(site) == [EXPECTED]
        assert list(site.registry.uploads.spool.folder.glob("*/*")) == []

    def test_after_a_reload_the_same_file_goes_on_from_where_it_was(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        line = Line(page)
        line.hold = 1
        choose(page, film)
        in_the_middle(line)
        page.reload()
        until_ready(page)
        expect(item(page)).to_have_attribute("data-state", "interrupted")
        expect(item(page)).to_contain_text("Interrupted at")
        choose(page, film)
        expect(item(page)).to_have_attribute("data-state", "done")
        expect(item(page)).to_have_count(1)
        assert 0 not in line.pieces[2:]
        save(page)
        assert stored(site) == [EXPECTED]

    def test_what_was_complete_is_still_there_after_a_reload(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        choose(page, film)
        expect(item(page)).to_have_attribute("data-state", "done")
        page.reload()
        until_ready(page)
        expect(item(page)).to_have_attribute("data-state", "done")
        save(page)
        assert stored(site) == [EXPECTED]
        # What the form has taken is no offer for the next one.
        page.goto(form)
        until_ready(page)
        expect(page.locator("[data-upload].is-ready")).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(item(page)).to_have_count(0)

    def test_a_form_with_errors_keeps_the_upload(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        choose(page, film)
        expect(item(page)).to_have_attribute("data-state", "done")
        page.get_by_role("button", name="Add activity").click()
        expect(page.locator("[data-error-summary]")).to_be_visible()
        expect(item(page)).to_have_count(1)
        expect(item(page)).to_have_attribute("data-state", "done")
        save(page)
        assert stored(site) == [EXPECTED]


class TestUse:
    def test_pause_and_continue_by_keyboard(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        line = Line(page)
        line.hold = 1
        choose(page, film)
        in_the_middle(line)
        page.get_by_role("button", name="Pause: 安全操作规程.pdf").focus()
        page.keyboard.press("Enter")
        expect(item(page)).to_have_attribute("data-state", "paused")
        expect(page.get_by_role("button", name="Continue: 安全操作规程.pdf")).to_be_focused()
        page.keyboard.press("Enter")
        expect(item(page)).to_have_attribute("data-state", "done")
        save(page)
        assert stored(site) == [EXPECTED]

    def test_a_form_sent_early_is_saved_when_the_upload_is_complete(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        line = Line(page)
        line.hold = 1
        choose(page, film)
        page.get_by_label("Title").fill("操作规程")
        page.get_by_role("button", name="Add activity").click()
        expect(page.locator(".upload-hold")).to_be_visible()
        assert stored(site) == []
        in_the_middle(line).continue_()
        page.wait_for_url("**/outline*")
        assert stored(site) == [EXPECTED]

    def test_cancelling_deletes_it_on_the_server(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        line = Line(page)
        line.hold = 1
        choose(page, film)
        in_the_middle(line)
        with page.expect_response(lambda r: r.request.method == "DELETE") as answered:
            page.get_by_role("button", name="Cancel: 安全操作规程.pdf").click()
        assert answered.value.status == 204
        expect(item(page)).to_have_count(0)
        assert list(site.registry.uploads.spool.folder.glob("*/*")) == []

    def test_dropping_a_file(
        self, site: SiteUnderTest, form: str, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang")
        expect(page.locator("[data-upload].is-ready")).to_be_visible()
        data = page.evaluate_handle(
            """() => {
                const data = new DataTransfer();
                data.items.add(new File(["%PDF-1.7 hello"], "a.pdf"));
                return data;
            }"""
        )
        for event in ("dragenter", "dragover", "drop"):
            page.dispatch_event(".upload-drop", event, {"dataTransfer": data})
        expect(item(page)).to_have_attribute("data-state", "done")
        save(page)
        assert [(name, size) for name, size, _digest in stored(site)] == [("a.pdf", 14)]

    def test_what_is_not_welcome_is_said_in_the_pages_language(
        self, form: str, tmp_path: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang", locale="zh-CN")
        page.context.add_cookies(
            [{"name": "modou_locale", "value": "zh_CN", "url": page.url.split("/courses")[0]}]
        )
        page.reload()
        until_ready(page)
        bad = tmp_path / "课件.pdf"
        bad.write_bytes(b"MZ" + bytes(5000))
        choose(page, bad)
        expect(item(page)).to_have_attribute("data-state", "failed")
        expect(item(page).locator(".upload-error")).to_contain_text("不能上传可执行程序")
        empty = tmp_path / "空.pdf"
        empty.write_bytes(b"")
        choose(page, empty)
        expect(item(page)).to_have_count(1)
        expect(item(page).locator(".upload-error")).to_have_text("文件为空。")

    def test_without_scripts_it_is_a_plain_control(
        self, site: SiteUnderTest, form: str, film: Path, open_page: Callable[..., Page]
    ) -> None:
        page = open_page(form, "wang", java_script_enabled=False)
        page.locator("input[type=file]").set_input_files(film)
        save(page)
        assert stored(site) == [EXPECTED]


@pytest.mark.parametrize(("width", "mode"), [(360, "dark"), (1280, "light")])
def test_it_is_accessible_and_fits(
    form: str, film: Path, tmp_path: Path, open_page: Callable[..., Page], width: int, mode: str
) -> None:
    page = open_page(form, "wang", color_scheme=mode, viewport={"width": width, "height": 900})
    line = Line(page)
    for state in ("sending", "done"):
        if state == "sending":
            line.hold = 1
            choose(page, film)
            in_the_middle(line)
        else:
            assert line.held is not None
            line.held.continue_()
            expect(item(page)).to_have_attribute("data-state", "done")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        wrong = [v for v in found if v["impact"] in {"serious", "critical"}]
        assert not wrong, [(v["id"], v["nodes"][0]["html"][:150]) for v in wrong]
