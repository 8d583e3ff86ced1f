"""Roles: who may grant what, what may be taken away, what plugins bring."""

import pytest

from modou.declarations import CapabilityDeclaration
from modou.errors import Conflict, Invalid, NotAllowed, NotFound
from modou.models.people import User
from modou.models.site import Site
from modou.permissions import DEFAULT_ROLES, Capability
from modou.services import accounts, identity, role_editing, roles
from modou.services.authority import PERSONAL
from modou.services.occasion import Occasion
from tests import factories
from tests.conftest import SiteUnderTest

ROLES = {role.name: role for role in DEFAULT_ROLES}


def named(occasion: Occasion, username: str) -> User:
    found = accounts.find_by_login(occasion, username)
    assert found is not None
    return found


class TestGranting:
    @pytest.mark.parametrize("granter", sorted(ROLES.keys() - {"everyone", "member", "learner"}))
    def test_nobody_hands_out_more_than_they_have(self, site: SiteUnderTest, granter: str) -> None:
        with site.occasion() as occasion:
            category = factories.category(occasion)
            course = factories.course(occasion)
            course.category = category
            ids = category.id, course.id
            user = factories.user(occasion, "granter")
            level = "site" if "site" in ROLES[granter].levels else "category"
            level = level if level in ROLES[granter].levels else "course"
            user.grant(level, {"site": 0, "category": ids[0], "course": ids[1]}[level], granter)
            factories.user(occasion, "wang")
        with site.occasion("granter") as occasion:
            wang = named(occasion, "wang")
            contexts = (
                occasion.site,
                occasion.site.categories.by_id(ids[0]),
                occasion.site.courses.by_id(ids[1]),
            )
            for context in contexts:
                for role in roles.grantable(occasion, context):
                    mine = occasion.capabilities(context)
                    assert Capability.ROLES_ASSIGN in mine
                    if granter != "system_admin":
                        assert role.capabilities - PERSONAL <= mine
                can = {role.name for role in roles.grantable(occasion, context)}
                for role in ROLES.values():
                    if role.name not in can:
                        with pytest.raises((NotAllowed, Invalid)):
                            roles.grant_role(occasion, wang, role.name, context)
            assert wang.grants == {}

    def test_what_is_granted_on_a_category_holds_below_it_only(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            category = factories.category(occasion)
            below = factories.category(occasion, "低压", category)
            inside, outside = factories.course(occasion), factories.course(occasion)
            inside.category = below
            ids = inside.id, outside.id
            user = factories.user(occasion, "wang")
            assert roles.grant_role(occasion, user, "teacher", category)
            assert not roles.grant_role(occasion, user, "teacher", category)
        with site.occasion("wang") as occasion:
            courses = [occasion.site.courses.by_id(id) for id in ids]
            assert occasion.can(Capability.COURSE_EDIT, courses[0])
            assert not occasion.can(Capability.COURSE_EDIT, courses[1])
            assert not occasion.can(Capability.COURSE_EDIT)

    def test_a_role_is_granted_at_its_levels_only(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            user = factories.user(occasion)
            for role in ("learner", "member", "everyone"):
                with pytest.raises(Invalid):
                    roles.grant_role(occasion, user, role, occasion.site)
            with pytest.raises(NotFound):
                roles.grant_role(occasion, user, "nonsense", occasion.site)

    def test_an_operator_cannot_revoke_what_he_cannot_grant(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "boss", role="operator")
            factories.user(occasion, "admin", role="system_admin")
        with site.occasion("boss") as occasion, pytest.raises(NotAllowed):
            roles.revoke_role(occasion, named(occasion, "admin"), "system_admin", "site", 0)

    def test_a_grant_in_a_deleted_context_can_be_revoked(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            user = factories.user(occasion)
            roles.grant_role(occasion, user, "teacher", course)
            occasion.site.courses.remove(course.id)
            (grant,) = roles.grants_of(occasion, user)
            assert grant.context is None
            assert roles.revoke_role(occasion, user, grant.role, grant.level, grant.id)
            assert user.grants == {}
            assert len(occasion.site.user_index.holders) == 0

    def test_holders_are_found(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            course = factories.course(occasion)
            people = [factories.user(occasion) for _ in range(3)]
            for user in people:
                roles.grant_role(occasion, user, "teacher", course)
            roles.revoke_role(occasion, people[0], "teacher", "course", course.id)
            found = {
                grant.user.id for grant in roles.holders(occasion, occasion.site.roles["teacher"])
            }
            assert found == {people[1].id, people[2].id}


class TestLastAdmin:
    def admins(self, occasion: Occasion, number: int) -> list[User]:
        return [factories.user(occasion, role="system_admin") for _ in range(number)]

    def test_the_last_one_stays(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            one, two = self.admins(occasion, 2)
            assert roles.revoke_role(occasion, two, "system_admin", "site", 0)
            with pytest.raises(Conflict):
                roles.revoke_role(occasion, one, "system_admin", "site", 0)

    def test_a_suspended_one_does_not_count(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            one, two = self.admins(occasion, 2)
            two.status = "suspended"
            with pytest.raises(Conflict):
                roles.revoke_role(occasion, one, "system_admin", "site", 0)

    def test_the_role_keeps_what_administers(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            self.admins(occasion, 1)
            role = occasion.site.roles["system_admin"]
            with pytest.raises(Conflict):
                role_editing.change_role(
                    occasion, role, capabilities=role.capabilities - {"roles:edit"}
                )
            role_editing.change_role(
                occasion, role, capabilities=role.capabilities - {"user:invite"}
            )
            assert "user:invite" not in role.capabilities

    def test_another_role_may_take_over(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            self.admins(occasion, 1)
            role = occasion.site.roles["system_admin"]
            second = role_editing.create_role(
                occasion,
                name="second_admin",
                title="副管理员",
                capabilities=role.capabilities,
                levels=["site"],
            )
            user = factories.user(occasion)
            roles.grant_role(occasion, user, second.name, occasion.site)
            role_editing.change_role(occasion, role, capabilities=["admin:view"])
            with pytest.raises(Conflict):
                roles.revoke_role(occasion, user, second.name, "site", 0)

    def test_a_site_without_any_is_not_blocked(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            role = occasion.site.roles["system_admin"]
            with pytest.raises(Conflict):
                role_editing.change_role(occasion, role, capabilities=[])
            user = factories.user(occasion, role="operator")
            assert roles.revoke_role(occasion, user, "operator", "site", 0)


class TestEditing:
    def test_only_with_the_right(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "boss", role="operator")
        with site.occasion("boss") as occasion:
            role = occasion.site.roles["operator"]
            for change in (
                lambda: role_editing.change_role(occasion, role, capabilities=role.capabilities),
                lambda: role_editing.reset_role(occasion, role),
                lambda: role_editing.delete_role(occasion, role),
            ):
                with pytest.raises(NotAllowed):
                    change()

    def test_visitors_get_no_power(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            for name, capability in (("everyone", "course:view"), ("member", "user:view")):
                role = occasion.site.roles[name]
                with pytest.raises(Invalid, match="too much"):
                    role_editing.change_role(
                        occasion, role, capabilities=role.capabilities | {capability}
                    )

    def test_a_role_of_the_sites_own_comes_and_goes(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            with pytest.raises(Invalid) as caught:
                role_editing.create_role(
                    occasion, name="Nö", title="", capabilities=["nonsense"], levels=["moon"]
                )
            assert set(caught.value.errors) == {"name", "title", "capabilities", "levels"}
            role = role_editing.create_role(
                occasion, name="tutor", title="助教", capabilities=["grade:view"], levels=["course"]
            )
            user, course = factories.user(occasion), factories.course(occasion)
            roles.grant_role(occasion, user, "tutor", course)
            with pytest.raises(Conflict):
                role_editing.delete_role(occasion, role)
            roles.revoke_role(occasion, user, "tutor", "course", course.id)
            role_editing.delete_role(occasion, role)
            assert "tutor" not in occasion.site.roles
            with pytest.raises(Conflict):
                role_editing.delete_role(occasion, occasion.site.roles["teacher"])

    def test_a_default_role_is_reset(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            role = occasion.site.roles["teacher"]
            role_editing.change_role(occasion, role, capabilities=[])
            role_editing.reset_role(occasion, role)
            assert role.capabilities == ROLES["teacher"].capabilities

    def test_who_decides_is_recorded(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            factories.user(occasion, "admin", role="system_admin")
        with site.occasion("admin") as occasion:
            role = occasion.site.roles["operator"]
            role_editing.change_role(
                occasion, role, capabilities=role.capabilities - {"user:edit"} | {"audit:view"}
            )
        with site.occasion() as occasion:
            event = next(occasion.site.journal.newest_first())
            assert event.actor == named(occasion, "admin").id
            assert event.values["added"] == ["audit:view"]
            assert event.values["removed"] == ["user:edit"]

    def test_no_default_role_sees_numbers_in_clear(self, site: SiteUnderTest) -> None:
        for role in DEFAULT_ROLES:
            assert Capability.USER_IDENTITY not in role.capabilities
        with site.occasion() as occasion:
            id = accounts.create_account(occasion, username="wang", phone="13812345678").id
            for role in ROLES:
                factories.user(occasion, f"a-{role}").grant("site", 0, role)
        for role in ROLES:
            with site.occasion(f"a-{role}") as occasion, pytest.raises(NotAllowed):
                identity.reveal_identity(occasion, occasion.site.users.by_id(id), "curious")


class FakeAssembly:
    """What the plugins declare, as `adopt_capabilities` sees it."""

    def __init__(self, *declarations: CapabilityDeclaration) -> None:
        self.capabilities = {d.name: d for d in declarations}


class TestPlugins:
    def test_default_roles_are_given_once(self) -> None:
        site = Site()
        poll = CapabilityDeclaration("poll:vote", "Vote", roles=("learner", "nonsense"))
        assembled = FakeAssembly(poll)
        assert role_editing.adopt_capabilities(site, assembled) == ["poll:vote"]  # type: ignore[arg-type]
        assert "poll:vote" in site.roles["learner"].capabilities
        site.roles["learner"].capabilities -= {"poll:vote"}
        # The system admin has decided otherwise: a restart, or enabling it again, changes nothing.
        assert role_editing.adopt_capabilities(site, assembled) == []  # type: ignore[arg-type]
        assert "poll:vote" not in site.roles["learner"].capabilities

    def test_a_disabled_plugins_rights_sleep(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            role = occasion.site.roles["teacher"]
            role.capabilities |= {"poll:vote"}
            role_editing.change_role(occasion, role, capabilities=["course:view"])
            assert role.capabilities == {"course:view", "poll:vote"}
            other = occasion.site.roles["learner"]
            with pytest.raises(Invalid):
                role_editing.change_role(occasion, other, capabilities=["poll:vote"])
