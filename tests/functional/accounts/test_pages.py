"""The pages of people and permissions."""

import gc
import re
from typing import Any

import pytest
from pyramid_mailer.interfaces import IMailer

from modou.models.people import User
from modou.services import accounts, invitations, role_editing
from modou.services.settings import change
from tests import factories
from tests.conftest import SiteUnderTest
from tests.functional.accounts.test_accounts import ID_NUMBER, id_number

PASSWORD = "Lan-tian 42"
#: WebOb keeps large bodies in temporary files that are closed by the garbage collector.
LARGE_BODIES = pytest.mark.filterwarnings(
    "ignore:unclosed file:ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def member(site: SiteUnderTest, username: str = "wang", **values: Any) -> int:
    with site.occasion() as occasion:
        values.setdefault("password", PASSWORD)
        return accounts.create_account(occasion, username=username, **values).id


def person(site: SiteUnderTest, username: str, role: str = "") -> None:
    with site.occasion() as occasion:
        factories.user(occasion, username, role=role)


def read(site: SiteUnderTest, username: str) -> User:
    with site.occasion() as occasion:
        found = accounts.find_by_login(occasion, username)
        assert found is not None
        _ = found.name  # loaded while the connection is open
        return found


def fill(form: Any, **values: str) -> Any:
    for name, value in values.items():
        form[name] = value
    return form


def main_form(answer: Any) -> Any:
    """The form of the page's content (the frame has some of its own)."""
    found = [
        f
        for f in answer.forms.values()
        if f.action.split("?")[0].strip("/") not in {"preferences", "logout", "courses"}
    ]
    return found[0]


def csrf_token(page: Any) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def outbox(site: SiteUnderTest) -> list[Any]:
    site.work()
    messages: list[Any] = site.registry.getUtility(IMailer).outbox
    return messages


class TestLogin:
    @pytest.mark.parametrize("login", ["wang", "13812345678", "wang@example.com"])
    def test_by_username_phone_or_mail(self, site: SiteUnderTest, login: str) -> None:
        member(site, phone="13812345678", email="wang@example.com")
        browser = site.browser()
        form = main_form(browser.get("/login"))
        answer = fill(form, login=login, password=PASSWORD).submit(status=303)
        assert answer.location == "http://localhost/my/courses"
        assert "wang" in browser.get("/profile").text

    def test_the_form_is_the_same_for_all_visitors(self, site: SiteUnderTest) -> None:
        for path in ("/login", "/register", "/forgot"):
            answer = site.browser().get(path)
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Cache-Control"] == "public, max-age=10"
            browser = site.browser()
            browser.post("/preferences", {"mode": "dark", "return_to": "/"}, status=303)
            assert "public" not in browser.get(path).headers["Cache-Control"]

    def test_it_goes_on_to_where_one_wanted(self, site: SiteUnderTest) -> None:
        member(site)
        browser = site.browser()
        answer = browser.get("/profile", status=302).follow()
        form = fill(main_form(answer), login="wang", password=PASSWORD)
        assert form.submit(status=303).location == "http://localhost/profile"
        browser = site.browser()
        form = main_form(browser.get("/login", {"next": "https://evil.example/"}))
        answer = fill(form, login="wang", password=PASSWORD).submit(status=303)
        assert answer.location == "http://localhost/my/courses"

    def test_a_wrong_password_and_an_unknown_name_look_alike(self, site: SiteUnderTest) -> None:
        member(site)
        answers = []
        for login in ("wang", "nobody"):
            browser = site.browser()
            texts = []
            for _try in range(6):
                form = fill(main_form(browser.get("/login")), login=login, password="wrong")
                answer = form.submit(expect_errors=True)
                texts.append((answer.status_int, answer.text.replace(login, "LOGIN")))
            answers.append(texts)
        assert answers[0] == answers[1]
        assert [status for status, _text in answers[0]] == [200] * 4 + [429] * 2

    def test_five_failures_pause_an_account_for_a_quarter_of_an_hour(
        self, site: SiteUnderTest
    ) -> None:
        member(site, email="wang@example.com")
        browser = site.browser()
        for login in ("wang", "wang@example.com", "WANG", "wang", "wang"):
            fill(main_form(browser.get("/login")), login=login, password="wrong").submit(
                expect_errors=True
            )
        right = {"login": "wang", "password": PASSWORD}
        answer = fill(main_form(browser.get("/login")), **right).submit(status=429)
        assert "15 minutes" in answer.text
        assert answer.headers["Retry-After"] == "900"
        site.clock.move(minutes=14)
        fill(main_form(browser.get("/login")), **right).submit(status=429)
        site.clock.move(minutes=2)
        fill(main_form(browser.get("/login")), **right).submit(status=303)

    def test_old_failures_are_forgotten(self, site: SiteUnderTest) -> None:
        member(site)
        browser = site.browser()
        for _try in range(4):
            fill(main_form(browser.get("/login")), login="wang", password="no").submit()
        site.clock.move(minutes=16)
        fill(main_form(browser.get("/login")), login="wang", password="no").submit(status=200)
        fill(main_form(browser.get("/login")), login="wang", password=PASSWORD).submit(status=303)

    def test_a_suspended_account_is_told_so_only_with_its_password(
        self, site: SiteUnderTest
    ) -> None:
        member(site)
        with site.occasion() as occasion:
            user = accounts.find_by_login(occasion, "wang")
            assert user is not None
            accounts.suspend(occasion, user, "left us")
        browser = site.browser()
        form = fill(main_form(browser.get("/login")), login="wang", password="wrong")
        assert "suspended" not in form.submit().text
        form = fill(main_form(browser.get("/login")), login="wang", password=PASSWORD)
        assert "suspended" in form.submit().text

    def test_a_planted_session_is_of_no_use(self, site: SiteUnderTest) -> None:
        member(site)
        browser = site.browser()
        browser.set_cookie("modou", "planted-by-somebody-else")
        form = fill(main_form(browser.get("/login")), login="wang", password=PASSWORD)
        form.submit(status=303)
        assert browser.cookies["modou"] != "planted-by-somebody-else"

    def test_signing_in_again_ends_the_former_session(self, site: SiteUnderTest) -> None:
        member(site)
        browser = site.browser()
        fill(main_form(browser.get("/login")), login="wang", password=PASSWORD).submit(status=303)
        first = browser.cookies["modou"]
        token = csrf_token(browser.get("/profile"))
        browser.post(
            "/login",
            {"login": "wang", "password": PASSWORD, "csrf_token": token},
            status=303,
        )
        assert browser.cookies["modou"] != first
        other = site.browser()
        other.set_cookie("modou", first)
        other.get("/profile", status=302)

    def test_signing_out_ends_the_session_on_the_server(self, site: SiteUnderTest) -> None:
        person(site, "wang")
        browser = site.browser("wang")
        cookie = browser.cookies["modou"]
        page = browser.get("/profile")
        logout = next(f for f in page.forms.values() if f.action == "/logout")
        logout.submit(status=303)
        other = site.browser()
        other.set_cookie("modou", cookie)
        other.get("/profile", status=302)

    @LARGE_BODIES
    def test_ten_megabytes_get_one_sentence(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        answer = browser.post("/login", {"login": "a" * 10_000_000, "password": "x"}, status=413)
        assert "larger than 2 MB" in answer.text
        answer = browser.post("/login", {"login": "a" * 300, "password": "x"})
        assert "longer than 254" in answer.text
        gc.collect()

    @LARGE_BODIES
    def test_a_multipart_form_is_no_way_around_the_limits(self, site: SiteUnderTest) -> None:
        values = {"username": "wang", "name": "a" * 3_000_000, "password": PASSWORD}
        file = [("file", "a.txt", b"x")]
        answer = site.browser().post("/register", values, upload_files=file, status=413)
        assert "larger than 2 MB" in answer.text
        person(site, "wang")
        browser = site.browser("wang")
        values["csrf_token"] = csrf_token(browser.get("/profile"))
        answer = browser.post("/profile", values, upload_files=file, status=200)
        assert "longer than 60" in answer.text
        assert read(site, "wang").name == ""
        gc.collect()


class TestOneTimeCode:
    def test_it_opens_an_account_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            user = accounts.create_account(occasion, username="wang")
            code = accounts.issue_activation(occasion, user)
        browser = site.browser()
        typed = code.lower().replace("0", "o").replace("1", "l")
        form = fill(main_form(browser.get("/login")), login="wang", password=typed)
        choose = form.submit(status=303).follow()
        answer = fill(main_form(choose), password="short").submit(status=200)
        assert "at least 8" in answer.text
        fill(main_form(answer), password=PASSWORD).submit(status=303)
        assert "wang" in browser.get("/profile").text
        form = fill(main_form(site.browser().get("/login")), login="wang", password=code)
        form.submit(status=200)
        form = fill(main_form(site.browser().get("/login")), login="wang", password=PASSWORD)
        form.submit(status=303)

    def test_it_does_not_last_for_ever(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            user = accounts.create_account(occasion, username="wang")
            code = accounts.issue_activation(occasion, user)
        site.clock.move(days=15)
        form = fill(main_form(site.browser().get("/login")), login="wang", password=code)
        assert "wrong" in form.submit(status=200).text

    def test_an_operator_resets_a_password_by_it(self, site: SiteUnderTest) -> None:
        id = member(site)
        person(site, "boss", "operator")
        browser = site.browser("boss")
        with site.occasion() as occasion:
            key = occasion.site.users.by_id(id).key
        page = browser.get(f"/admin/users/{key}")
        form = next(
            f
            for f in page.forms.values()
            if f.action.endswith("/status") and "reason" not in f.fields
        )
        answer = form.submit("action", value="code")
        code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", answer.text)
        assert code is not None
        assert answer.headers["Cache-Control"] == "no-store"
        form = fill(main_form(site.browser().get("/login")), login="wang", password=PASSWORD)
        form.submit(status=200)
        form = fill(main_form(site.browser().get("/login")), login="wang", password=code[0])
        assert "/reset/" in form.submit(status=303).location


class TestRegistration:
    def values(self, **more: str) -> dict[str, str]:
        return {"username": "wang", "name": "王芳", "password": PASSWORD, **more}

    def test_one_makes_an_account_and_is_in(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        form = fill(
            main_form(browser.get("/register")),
            **self.values(phone="13812345678", email="w@example.com", id_number=ID_NUMBER),
        )
        form.submit(status=303)
        assert "王芳" in browser.get("/profile").text
        user = read(site, "13812345678")
        assert (user.username, user.source, user.id_state) == ("wang", "self", "valid")
        assert [m.recipients for m in outbox(site)] == [["w@example.com"]]

    def test_problems_are_shown_at_their_fields_and_nothing_is_kept(
        self, site: SiteUnderTest
    ) -> None:
        browser = site.browser()
        form = fill(
            main_form(browser.get("/register")),
            **self.values(password="wangwang", phone="12", id_number="110105194912310021"),
        )
        answer = form.submit(status=200)
        for word in ("mainland mobile", "GB 11643", "at least 3"):
            assert word in answer.text
        assert "wangwang" not in answer.text
        with site.occasion() as occasion:
            assert len(occasion.site.users) == 0
            assert not occasion.site.user_index.usernames

    def test_it_can_be_closed(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            change(occasion, "site", {"registration": "closed"})
        browser = site.browser()
        page = browser.get("/register")
        assert "Registration is closed" in page.text
        assert "username" not in page.text
        browser.post("/register", self.values(), status=200)
        with site.occasion() as occasion:
            assert len(occasion.site.users) == 0

    def test_by_invitation_into_cohort_and_course(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            change(occasion, "site", {"registration": "invitation"})
            course = factories.course(occasion)
            invitation = invitations.create_invitation(
                occasion, places=1, courses=[course.id], note="2026-11"
            )
            code = invitations.code_of(occasion, invitation)
        browser = site.browser()
        answer = browser.post("/register", self.values())
        assert "needs an invitation" in answer.text
        page = browser.get("/register", {"invitation": code})
        assert "public" not in page.headers["Cache-Control"]
        form = main_form(page)
        assert form["invitation"].value == code
        fill(form, **self.values()).submit(status=303)
        with site.occasion() as occasion:
            user = accounts.find_by_login(occasion, "wang")
            assert user is not None
            assert user.source == "invitation"
            assert user.courses
        answer = site.browser().get("/register", {"invitation": code})
        assert "used up" in answer.text
        answer = site.browser().post(
            "/register", self.values(username="li", invitation=code), status=200
        )
        assert "used up" in answer.text

    def test_a_plugin_may_refuse(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            change(occasion, "builtin", {"email_domains": ["example.com"]})
        answer = site.browser().post("/register", self.values(email="w@elsewhere.org"), status=200)
        assert "example.com" in answer.text
        with site.occasion() as occasion:
            assert len(occasion.site.users) == 0


class TestForgottenPassword:
    def test_a_mailed_link_works_once_and_for_an_hour(self, site: SiteUnderTest) -> None:
        member(site, email="wang@example.com")
        other = site.browser("wang")
        browser = site.browser()
        fill(main_form(browser.get("/forgot")), login="wang").submit(status=200)
        body = outbox(site)[0].body
        link = re.search(r"http://localhost(/reset/\S+)", body)
        assert link is not None
        page = browser.get(link[1])
        fill(main_form(page), password="Bai-yun 2026").submit(status=303)
        assert browser.get("/profile").status_int == 200
        other.get("/profile", status=302)
        assert read(site, "wang").email_confirmed
        assert "used already" in site.browser().get(link[1], status=404).text
        form = fill(main_form(site.browser().get("/login")), login="wang", password="Bai-yun 2026")
        form.submit(status=303)

    def test_an_old_link_is_of_no_use(self, site: SiteUnderTest) -> None:
        member(site, email="wang@example.com")
        browser = site.browser()
        browser.post("/forgot", {"login": "wang"})
        link = re.search(r"http://localhost(/reset/\S+)", outbox(site)[0].body)
        assert link is not None
        site.clock.move(minutes=61)
        browser.get(link[1], status=404)
        browser.post(link[1], {"password": "Bai-yun 2026"}, status=404)

    def test_nobody_learns_who_has_an_account(self, site: SiteUnderTest) -> None:
        member(site, email="wang@example.com")
        known = site.browser().post("/forgot", {"login": "wang@example.com"}).text
        unknown = site.browser().post("/forgot", {"login": "nobody@example.com"}).text
        assert known == unknown
        assert len(outbox(site)) == 1

    def test_nobody_fills_a_mailbox(self, site: SiteUnderTest) -> None:
        member(site, email="wang@example.com")
        for _try in range(5):
            site.browser().post("/forgot", {"login": "wang"})
        assert len(outbox(site)) == 1
        site.clock.move(minutes=3)
        site.browser().post("/forgot", {"login": "wang"})
        assert len(outbox(site)) == 2

    def test_the_link_does_not_follow_the_host_header(self, tmp_path: Any) -> None:
        site = SiteUnderTest(tmp_path, **{"modou.address": "https://learn.example.com"})
        try:
            member(site, email="wang@example.com")
            browser = site.browser()
            browser.post(
                "/forgot",
                {"login": "wang"},
                headers={"Host": "evil.example", "Origin": "http://evil.example"},
            )
            assert "https://learn.example.com/reset/" in outbox(site)[0].body
            assert "evil" not in outbox(site)[0].body
        finally:
            site.close()


class TestProfile:
    def test_one_changes_ones_data_and_confirms_the_address(self, site: SiteUnderTest) -> None:
        member(site, name="王方")
        browser = site.browser("wang")
        form = fill(
            main_form(browser.get("/profile")),
            name="王芳",
            email="w@example.com",
            phone="13812345678",
        )
        form.submit(status=303)
        user = read(site, "wang")
        assert (user.name, user.phone_masked) == ("王芳", "138****5678")
        assert "13812345678" not in browser.get("/profile").text
        link = re.search(r"http://localhost(/confirm/\S+)", outbox(site)[0].body)
        assert link is not None
        page = site.browser().get(link[1])
        assert not read(site, "wang").email_confirmed
        main_form(page).submit(status=303)
        assert read(site, "wang").email_confirmed
        fill(main_form(browser.get("/profile")), email="new@example.com").submit(status=303)
        assert not read(site, "wang").email_confirmed
        told = {m.recipients[0]: m.subject for m in outbox(site)[1:]}
        assert "was changed" in told["w@example.com"]
        assert "confirm" in told["new@example.com"]

    def test_the_id_number_is_entered_once_and_shown_masked(self, site: SiteUnderTest) -> None:
        member(site, name="王芳")
        browser = site.browser("wang")
        form = main_form(browser.get("/profile/identity"))
        answer = fill(form, id_number="110105194912310021").submit(status=200)
        assert "GB 11643" in answer.text
        fill(main_form(answer), id_number=ID_NUMBER).submit(status=303)
        page = browser.get("/profile/identity")
        assert "110***********002X" in page.text
        assert ID_NUMBER not in page.text
        assert "id_number" not in page.text
        token = csrf_token(page)
        answer = browser.post(
            "/profile/identity",
            {"csrf_token": token, "id_type": "id_card", "id_number": id_number(3)},
        )
        assert read(site, "wang").id_masked == "110***********002X"

    def test_a_new_password_signs_out_all_other_devices(self, site: SiteUnderTest) -> None:
        member(site)
        here, there = site.browser("wang"), site.browser("wang")
        form = main_form(here.get("/profile/password"))
        answer = fill(form, old="wrong", new="Bai-yun 2026").submit(status=200)
        assert "not your present" in answer.text
        fill(main_form(answer), old=PASSWORD, new="Bai-yun 2026").submit(status=303)
        here.get("/profile", status=200)
        there.get("/profile", status=302)

    def test_sessions_are_listed_and_ended(self, site: SiteUnderTest) -> None:
        member(site)
        here, there = site.browser("wang"), site.browser("wang")
        page = here.get("/profile/sessions")
        assert "this one" in page.text
        form = main_form(page)
        names = [f.value_if_submitted() for f in form.fields["session"]]
        form.submit("session", value=names[0], status=303)
        here.get("/profile", status=200)
        there.get("/profile", status=302)

    def test_an_idle_session_ends(self, site: SiteUnderTest) -> None:
        person(site, "wang")
        browser = site.browser("wang")
        site.clock.move(minutes=29)
        browser.get("/profile", status=200)
        site.clock.move(minutes=31)
        browser.get("/profile", status=302)


class TestAdministration:
    def key(self, site: SiteUnderTest, id: int) -> str:
        with site.occasion() as occasion:
            return occasion.site.users.by_id(id).key

    def test_the_start_page_shows_what_one_may(self, site: SiteUnderTest) -> None:
        person(site, "boss", "operator")
        person(site, "auditor", "security_auditor")
        page = site.browser("boss").get("/admin")
        assert "/admin/users" in page.text
        assert "/admin/audit" not in page.text
        assert "/admin/audit" in site.browser("auditor").get("/admin").text

    def test_people_are_listed_and_searched(self, site: SiteUnderTest) -> None:
        person(site, "boss", "operator")
        with site.occasion() as occasion:
            for number in range(120):
                factories.user(occasion, f"learner{number:03d}")
        browser = site.browser("boss")
        page = browser.get("/admin/users")
        assert "learner048" in page.text
        assert "learner060" not in page.text
        page = page.click("Next")
        assert "learner060" in page.text
        page = page.click("Previous")
        assert "learner048" in page.text
        member(site, name="吴𠮷", phone="13812345678", id_number=ID_NUMBER)
        for text in ("吴", "wang", "13812345678", ID_NUMBER):
            assert "吴𠮷" in browser.get("/admin/users", {"q": text}).text
        assert "Nobody is found" in browser.get("/admin/users", {"q": "zzz"}).text
        page = browser.get("/admin/users", {"q": "learner"})
        assert "learner000" in page.text
        assert "learner070" in page.click("Next").text

    def test_an_account_is_made_with_a_code(self, site: SiteUnderTest) -> None:
        person(site, "boss", "operator")
        browser = site.browser("boss")
        form = fill(main_form(browser.get("/admin/users/new")), username="wang", name="王芳")
        answer = form.submit(status=200)
        assert re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", answer.text)
        form = fill(main_form(browser.get("/admin/users/new")), username="wang", phone="12")
        answer = form.submit(status=200)
        assert "taken" in answer.text
        assert "mainland" in answer.text

    def test_an_account_is_changed_suspended_and_reopened(self, site: SiteUnderTest) -> None:
        id = member(site)
        person(site, "boss", "operator")
        browser = site.browser("boss")
        path = f"/admin/users/{self.key(site, id)}"
        fill(main_form(browser.get(path)), name="王芳", phone="13812345678").submit(status=303)
        assert read(site, "13812345678").name == "王芳"
        form = next(f for f in browser.get(path).forms.values() if "reason" in f.fields)
        form["reason"] = ""
        page = form.submit("action", value="suspend").follow()
        assert "Say why" in page.text
        form = next(f for f in page.forms.values() if "reason" in f.fields)
        form["reason"] = "left us"
        page = form.submit("action", value="suspend").follow()
        assert "Reopen" in page.text
        form = next(f for f in page.forms.values() if "Reopen the account" in f.text)
        form.submit("action", value="reopen").follow()
        assert read(site, "wang").status == "active"

    def test_a_number_is_revealed_with_a_reason(self, site: SiteUnderTest) -> None:
        id = member(site, id_number=ID_NUMBER, phone="13812345678")
        person(site, "boss", "operator")
        path = f"/admin/users/{self.key(site, id)}/identity"
        assert "Show the numbers" not in site.browser("boss").get(path).text
        with site.occasion() as occasion:
            role = occasion.site.roles["operator"]
            role_editing.change_role(
                occasion, role, capabilities=role.capabilities | {"user:identity"}
            )
        browser = site.browser("boss")
        page = browser.get(path)
        assert ID_NUMBER not in page.text
        form = next(f for f in page.forms.values() if "reason" in f.fields)
        page = form.submit("action", value="reveal")
        assert ID_NUMBER not in page.text
        form = next(f for f in page.forms.values() if "reason" in f.fields)
        form["reason"] = "人社局抽查"
        page = form.submit("action", value="reveal")
        assert ID_NUMBER in page.text
        assert page.headers["Cache-Control"] == "no-store"
        assert ID_NUMBER not in browser.get(path).text

    def test_roles_are_granted_and_revoked(self, site: SiteUnderTest) -> None:
        id = member(site)
        person(site, "boss", "operator")
        browser = site.browser("boss")
        path = f"/admin/users/{self.key(site, id)}/roles"
        form = main_form(browser.get(path))
        choices = [value for value, _chosen, _text in form["role"].options]
        assert "operator" in choices
        assert "system_admin" not in choices
        fill(form, role="supervisor").submit(status=303)
        page = browser.get(path)
        form = next(f for f in page.forms.values() if "revoke" in f.fields)
        form.submit("revoke", value=form.fields["revoke"][0].value_if_submitted(), status=303)
        assert read(site, "wang").grants == {}

    def test_sessions_of_others_are_ended(self, site: SiteUnderTest) -> None:
        id = member(site)
        person(site, "admin", "system_admin")
        victim = site.browser("wang")
        browser = site.browser("admin")
        page = browser.get(f"/admin/users/{self.key(site, id)}/sessions")
        main_form(page).submit(status=303)
        victim.get("/profile", status=302)

    def test_invitations_are_made_and_revoked(self, site: SiteUnderTest) -> None:
        person(site, "boss", "operator")
        with site.occasion() as occasion:
            course = factories.course(occasion)
            wanted = str(course.id)
        browser = site.browser("boss")
        form = main_form(browser.get("/admin/invitations"))
        form["places"] = "30"
        form["note"] = "2026-11 班"
        form["until"] = "2026-12-31"
        form["courses"] = [wanted]
        page = form.submit(status=303).follow()
        code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)
        assert code is not None
        assert "0 / 30" in page.text
        assert "username" in site.browser().get("/register", {"invitation": code[0]}).text
        form = next(f for f in page.forms.values() if "revoke" in f.fields)
        form.submit("revoke", value=form.fields["revoke"][0].value_if_submitted(), status=303)
        assert "used up" in site.browser().get("/register", {"invitation": code[0]}).text
        form = main_form(browser.get("/admin/invitations"))
        form = next(
            f for f in browser.get("/admin/invitations").forms.values() if "places" in f.fields
        )
        form["until"] = "2020-01-01"
        assert "passed" in form.submit(status=200).text

    def test_a_role_is_edited(self, site: SiteUnderTest) -> None:
        person(site, "admin", "system_admin")
        person(site, "auditor", "security_auditor")
        assert "disabled" in site.browser("auditor").get("/admin/roles/teacher").text
        browser = site.browser("admin")
        page = browser.get("/admin/roles")
        form = next(f for f in page.forms.values() if "like" in f.fields)
        page = (
            fill(form, name="assistant", title="助教", like="teacher").submit(status=303).follow()
        )
        form = next(f for f in page.forms.values() if "capabilities" in f.fields)
        for box in form.fields["capabilities"]:
            box.checked = box._value in {"course:view", "grade:view"}
        form.submit("action", value="save", status=303)
        with site.occasion() as occasion:
            assert occasion.site.roles["assistant"].capabilities == {"course:view", "grade:view"}
        page = browser.get("/admin/roles/system_admin")
        form = next(f for f in page.forms.values() if "capabilities" in f.fields)
        for box in form.fields["capabilities"]:
            box.checked = False
        answer = form.submit("action", value="save", status=200)
        assert "At least one" in answer.text

    def test_the_trail_is_read_by_kind_and_person(self, site: SiteUnderTest) -> None:
        person(site, "auditor", "security_auditor")
        for number in range(60):
            site.clock.move(seconds=1)
            member(site, f"user{number:02d}", password=None)
        browser = site.browser("auditor")
        page = browser.get("/admin/audit")
        assert "user59" in page.text
        assert "user05" not in page.text
        assert "user05" in page.click("Next").text
        page = browser.get("/admin/audit", {"kind": "registered", "user": "user07"})
        assert page.text.count("Account created") == 2  # the row and the choice
        assert "no such account" in browser.get("/admin/audit", {"user": "nobody"}).text
