"""Accounts by the verbs: what is refused, what is stored, who may."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modou.errors import Conflict, Invalid, NotAllowed
from modou.models.identity_numbers import identity_check_character
from modou.models.people import User
from modou.services import accounts, identity
from modou.services.account_checks import account_problems
from modou.services.occasion import Occasion
from modou.services.user_index import search_users, users_by_username
from tests import factories
from tests.conftest import SiteUnderTest

ID_NUMBER = "11010519491231002X"


def id_number(serial: int, birth: str = "19900307") -> str:
    """A well-formed number of nobody in particular (GB 11643)."""
    first = f"120101{birth}{serial:03d}"
    return first + identity_check_character(first)


def make(occasion: Occasion, username: str = "wang", **values: str) -> User:
    return accounts.create_account(occasion, username=username, **values)


class TestCreateAccount:
    @pytest.mark.both_storages
    def test_it_is_found_by_everything_that_its_owner_may_type(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(
                occasion,
                "WangFang",
                name="王芳",
                email="Fang@Example.com",
                phone="+86 138-1234-5678",
                id_number=ID_NUMBER.lower(),
            )
            for login in ("wangfang", " WANGFANG ", "fang@example.COM", "13812345678"):
                assert accounts.find_by_login(occasion, login) is made
            assert accounts.find_by_id_number(occasion, "110105 19491231 002x") is made
            assert accounts.find_by_login(occasion, "nobody") is None

    @pytest.mark.both_storages
    def test_numbers_are_masked_and_nowhere_in_clear(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion, phone="13812345678", id_number=ID_NUMBER)
            assert made.phone_masked == "138****5678"
            assert made.id_masked == "110***********002X"
            assert made.id_state == "valid"
        stored = site.stored()
        assert b"13812345678" not in stored
        assert ID_NUMBER.encode() not in stored

    def test_all_problems_come_at_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            make(occasion, email="wang@example.com", phone="13812345678", id_number=ID_NUMBER)
            problems = account_problems(
                occasion,
                username="WANG",
                name="\u202e",
                password="short",
                email="wang@example.com",
                phone="138 1234 5678",
                id_number=ID_NUMBER,
            )
            assert set(problems) == {
                "username",
                "name",
                "password",
                "email",
                "phone",
                "id_number",
            }
            with pytest.raises(Invalid) as caught:
                make(occasion, email="nonsense", phone="123")
            assert set(caught.value.errors) == {"username", "email", "phone"}
            assert len(occasion.site.users) == 1

    @pytest.mark.parametrize("name", ["买买提·吐尔逊", "𠮷田", "㐂"])
    def test_rare_names_survive(self, site: SiteUnderTest, name: str) -> None:
        with site.occasion() as occasion:
            make(occasion, name=name)
        with site.occasion() as occasion:
            found = accounts.find_by_login(occasion, "wang")
            assert found is not None
            assert found.name == name

    @pytest.mark.parametrize("username", ["", "  ", "x", "a b", "-a", "a" * 101, ID_NUMBER])
    def test_bad_usernames_are_refused(self, site: SiteUnderTest, username: str) -> None:
        with site.occasion() as occasion:
            assert set(account_problems(occasion, username=username)) == {"username"}

    def test_the_account_itself_is_no_obstacle(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion, email="wang@example.com", phone="13812345678")
            assert not account_problems(
                occasion,
                username="wang",
                email="wang@example.com",
                phone="13812345678",
                exclude=made,
            )

    def test_only_those_who_may_create_accounts(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "teacher")
            factories.user(occasion, "boss", role="institution_admin")
        with site.occasion("teacher") as occasion, pytest.raises(NotAllowed):
            make(occasion)
        with site.occasion("boss") as occasion:
            make(occasion)

    def test_it_is_recorded(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = accounts.create_account(occasion, username="wang", source="roster")
            id = made.id
        with site.occasion() as occasion:
            event = next(iter(occasion.site.journal))
            assert (event.kind, event.subject) == ("registered", id)
            assert event.values == {"how": "roster"}


class TestIdentity:
    def test_one_person_has_one_account(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            make(occasion, id_number=ID_NUMBER)
            other = make(occasion, "li")
            with pytest.raises(Invalid, match="One person"):
                identity.set_identity(
                    occasion, other, id_type="id_card", id_number=ID_NUMBER.lower()
                )
            assert other.id_masked == ""

    def test_people_enter_theirs_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            make(occasion)
        with site.occasion("wang") as occasion:
            assert occasion.actor is not None
            identity.set_identity(occasion, occasion.actor, id_type="id_card", id_number=ID_NUMBER)
            with pytest.raises(NotAllowed):
                identity.set_identity(
                    occasion, occasion.actor, id_type="id_card", id_number=id_number(17)
                )

    def test_other_documents_wait_for_a_person(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion)
            identity.set_identity(occasion, made, id_type="passport", id_number="e1234 5678")
            assert (made.id_state, made.id_masked) == ("review", "E******78")
            identity.review_identity(occasion, made, accepted=True, reason="原件已核对")
            assert made.id_state == "valid"
            with pytest.raises(Conflict):
                identity.review_identity(occasion, made, accepted=True, reason="again")

    def test_a_refused_document_is_gone_and_free(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion, id_type="passport", id_number="E12345678")
            identity.review_identity(occasion, made, accepted=False, reason="not readable")
            assert made.id_cipher == b""
            assert accounts.find_by_id_number(occasion, "E12345678") is None

    def test_a_residence_permit_is_no_id_card(self, site: SiteUnderTest) -> None:
        first = "81000019900307001"
        with site.occasion() as occasion:
            problems = account_problems(
                occasion, username="wang", id_number=first + identity_check_character(first)
            )
            assert set(problems) == {"id_type"}

    def test_a_corrected_number_frees_the_old_one(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion, phone="13812345678", id_number=ID_NUMBER)
            identity.set_identity(occasion, made, id_type="id_card", id_number=id_number(5))
            identity.set_phone(occasion, made, "13912345678")
            assert accounts.find_by_id_number(occasion, ID_NUMBER) is None
            assert accounts.find_by_login(occasion, "13812345678") is None
            assert accounts.find_by_login(occasion, "13912345678") is made
            identity.set_phone(occasion, made, "")
            assert accounts.find_by_login(occasion, "13912345678") is None

    def test_revealing_needs_right_and_reason_and_leaves_a_trace(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            id = make(occasion, phone="13812345678", id_number=ID_NUMBER).id
            factories.user(occasion, "operator", role="operator")
            factories.user(occasion, "checker", role="security_auditor")
            occasion.site.roles["security_auditor"].capabilities |= {"user:identity"}
        with site.occasion("operator") as occasion, pytest.raises(NotAllowed):
            identity.reveal_identity(occasion, occasion.site.users.by_id(id), "curious")
        with site.occasion("checker") as occasion:
            user = occasion.site.users.by_id(id)
            with pytest.raises(Invalid):
                identity.reveal_identity(occasion, user, "  ")
            clear = identity.reveal_identity(occasion, user, "人社局抽查")
            assert (clear.id_number, clear.phone) == (ID_NUMBER, "13812345678")
            assert ID_NUMBER not in repr(clear)
        with site.occasion() as occasion:
            last = list(occasion.site.journal)[-1]
            assert (last.kind, last.subject) == ("identity_revealed", id)
            assert last.values["reason"] == "人社局抽查"

    @pytest.mark.both_storages
    def test_keys_are_changed_while_the_site_runs(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            made = make(occasion, phone="13812345678", id_number=ID_NUMBER)
            id, old = made.id, made.id_cipher
        newer = type(site.registry.keys).rotate(site.folder / "keys")
        with site.occasion() as occasion:
            occasion.keys = newer
            last = identity.reencrypt(occasion)
            assert last == id
            assert identity.reencrypt(occasion, last) == -1
            user = occasion.site.users.by_id(id)
            assert user.id_cipher != old
            assert not newer.needs_rotation(user.id_cipher)
            assert identity.read_identity(occasion, user).id_number == ID_NUMBER
            assert accounts.find_by_id_number(occasion, ID_NUMBER) is user

    @settings(
        max_examples=25,
        # The same test on each storage: each is an executor of its own.
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
        deadline=None,
    )
    @given(
        steps=st.lists(
            st.tuples(
                st.integers(0, 2), st.sampled_from(["phone", "id", "email"]), st.integers(0, 4)
            ),
            max_size=12,
        )
    )
    def test_the_indexes_tell_the_truth(
        self, site: SiteUnderTest, steps: list[tuple[int, str, int]]
    ) -> None:
        with site.occasion() as occasion:
            stamp = len(occasion.site.users)
            people = [make(occasion, f"user{stamp + place}") for place in range(3)]
            values: dict[tuple[int, str], int] = {}
            for who, what, number in steps:
                taken = any(v == number and w == what and p != who for (p, w), v in values.items())
                unique = stamp * 10 + number
                try:
                    match what:
                        case "phone":
                            identity.set_phone(occasion, people[who], f"138{unique:08d}")
                        case "id":
                            identity.set_identity(
                                occasion,
                                people[who],
                                id_type="passport",
                                id_number=f"E{unique:07d}",
                            )
                        case _:
                            accounts.change_profile(
                                occasion, people[who], email=f"u{unique}@example.com"
                            )
                    assert not taken
                    values[who, what] = number
                except Invalid:
                    assert taken
            index = occasion.site.user_index
            ids = {p.id for p in people}
            for tree, what in (
                (index.phones, "phone"),
                (index.id_numbers, "id"),
                (index.emails, "email"),
            ):
                expected = sorted(people[p].id for (p, w) in values if w == what)
                assert sorted(i for i in tree.values() if i in ids) == expected


class TestChangeProfile:
    def test_a_name_is_free_until_the_id_number_stands_beside_it(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            make(occasion, name="王方")
            factories.user(occasion, "boss", role="operator")
        with site.occasion("wang") as occasion:
            me = occasion.actor
            assert me is not None
            accounts.change_profile(occasion, me, name="王芳")
            identity.set_identity(occasion, me, id_type="id_card", id_number=ID_NUMBER)
            with pytest.raises(NotAllowed):
                accounts.change_profile(occasion, me, name="王方")
            with pytest.raises(NotAllowed):
                accounts.change_profile(occasion, me, username="wang2")
        with site.occasion("boss") as occasion:
            user = accounts.find_by_login(occasion, "wang")
            assert user is not None
            accounts.change_profile(occasion, user, name="王方", username="wang2")
            assert accounts.find_by_login(occasion, "wang") is None
            assert accounts.find_by_login(occasion, "wang2") is user

    def test_nobody_changes_an_account_that_may_do_more(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "admin", role="system_admin")
            factories.user(occasion, "boss", role="institution_admin")
        with site.occasion("boss") as occasion:
            admin = accounts.find_by_login(occasion, "admin")
            assert admin is not None
            for change in (
                lambda: accounts.change_profile(occasion, admin, email="me@example.com"),
                lambda: accounts.issue_activation(occasion, admin),
                lambda: accounts.suspend(occasion, admin, "because"),
                lambda: identity.set_phone(occasion, admin, "13812345678"),
            ):
                with pytest.raises(NotAllowed, match="more than you"):
                    change()


class TestSuspend:
    def test_not_oneself_and_not_the_last_admin(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            admin = factories.user(occasion, "admin", role="system_admin")
            with pytest.raises(Conflict, match="At least one"):
                accounts.suspend(occasion, admin, "left us")
            second = factories.user(occasion, "admin2", role="system_admin")
            accounts.suspend(occasion, second, "left us")
            with pytest.raises(Conflict, match="At least one"):
                accounts.suspend(occasion, admin, "left us")
            accounts.reopen(occasion, second)
            accounts.suspend(occasion, admin, "left us")
        with site.occasion("admin2") as occasion, pytest.raises(Conflict, match="own"):
            accounts.suspend(occasion, occasion.actor, "bye")  # type: ignore[arg-type]

    def test_sessions_end_at_once(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "wang")
        browser = site.browser("wang")
        assert "wang" in browser.get("/").text
        with site.occasion() as occasion:
            user = accounts.find_by_login(occasion, "wang")
            assert user is not None
            accounts.suspend(occasion, user, "left us")
        assert "wang" not in browser.get("/").text


class TestSearch:
    def test_a_beginning_is_enough(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            wang = make(occasion, "wang01", name="王芳", phone="13812345678")
            li = make(occasion, "li02", name="李雷", id_number=ID_NUMBER)

            def found(text: str) -> list[User]:
                return list(search_users(occasion, text))

            assert found("wan") == [wang]
            for text in ("王", "wangf", "wf", "Wang F"):
                assert found(text) == [wang]
            assert found("138 1234 5678") == [wang]
            assert found(ID_NUMBER) == [li]
            assert found("nobody") == []
            accounts.change_profile(occasion, wang, name="汪芳")
            assert found("王") == []
            assert found("汪芳") == [wang]

    def test_pages_follow_each_other_both_ways(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            for number in range(25):
                factories.user(occasion, f"u{number:02d}")
            first = users_by_username(occasion, limit=10)
            second = users_by_username(occasion, after=first[-1].username, limit=10)
            third = users_by_username(occasion, after=second[-1].username, limit=10)
            assert [u.username for u in first + second + third] == [f"u{n:02d}" for n in range(25)]
            assert users_by_username(occasion, before=third[0].username, limit=10) == second
            assert users_by_username(occasion, before=first[0].username, limit=10) == []
