"""`modou keys`: rotation from the first key to the last field."""

from pathlib import Path
from typing import Any

import pytest

from modou.errors import ConfigurationError
from modou.services import accounts, enrol_methods, identity, invitations, settings
from modou.store.vault import Keyring
from tests import factories, rosters
from tests.commands import here, ini_of, refused_here
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages


@pytest.fixture
def ini(site: SiteUnderTest, tmp_path: Path) -> Path:
    return ini_of(site.settings, tmp_path / "site.ini")


def tokens(site: SiteUnderTest) -> dict[str, bytes]:
    """Every encrypted field that the tests make."""
    with site.occasion() as occasion:
        found = {}
        for user in occasion.site.users:
            found[f"{user.username} id"] = user.id_cipher
            found[f"{user.username} phone"] = user.phone_cipher
        for invitation in occasion.site.invitations:
            found["invitation"] = invitation.code_cipher
        for course in occasion.site.courses:
            for method, values in course.enrol_methods.items():
                found |= {
                    f"{course.code} {method} {name}": value
                    for name, value in values.items()
                    if isinstance(value, bytes)
                }
        found["setting"] = occasion.site.settings.get("poll", {}).get("token", b"")
        return found


def read_all(site: SiteUnderTest) -> dict[str, Any]:
    with site.occasion() as occasion:
        found: dict[str, Any] = {}
        for user in occasion.site.users:
            kept = identity.read_identity(occasion, user)
            found[user.username] = (kept.id_number, kept.phone)
        for invitation in occasion.site.invitations:
            found["invitation"] = invitations.code_of(occasion, invitation)
        for course in occasion.site.courses:
            method = enrol_methods.method_of(occasion, "key")
            found["key"] = enrol_methods.settings_of(occasion, course, method)
        token = occasion.site.settings.get("poll", {}).get("token")
        found["setting"] = occasion.keys.decrypt(token, settings.secret_context("poll", "token"))
        return found


class TestRotation:
    def test_everything_is_encrypted_anew_and_the_old_key_can_go(
        self, make_site: Any, tmp_path: Path
    ) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            for number in range(7):
                accounts.create_account(
                    occasion,
                    username=f"learner{number}",
                    phone=f"1381234{number:04}",
                    id_number="11010519491231002X" if number == 3 else "",
                )
            course = factories.course(occasion)
            method = enrol_methods.method_of(occasion, "key")
            enrol_methods.change_method(
                occasion, course, method, opened=True, values={"key": "open-sesame"}
            )
            invitations.create_invitation(occasion, places=3)
            secret = occasion.keys.encrypt("s3cret", settings.secret_context("poll", "token"))
            occasion.site.settings_of("poll")["token"] = secret
        job = rosters.check(site, rosters.csv_bytes(rosters.people(100, 103)))
        rows = rosters.reports(site, job, outcomes=False)
        before, clear = tokens(site), read_all(site)
        site.close()
        assert here("keys", "rotate", "--config", ini).returncode == 0
        ended = here("keys", "reencrypt", "--config", ini)
        assert ended.returncode == 0, ended.stderr
        keys_file = Path(site.settings["modou.keys"])
        lines = [line for line in keys_file.read_text().splitlines() if line[:3] != "k1:"]
        keys_file.write_text("\n".join(lines) + "\n")
        assert Keyring.from_file(keys_file).key_ids == ("k2",)
        again = make_site()
        after = tokens(again)
        assert after.keys() == before.keys()
        changed = {name for name in before if before[name]}
        assert all(before[name] != after[name] for name in changed)
        assert read_all(again) == clear
        assert len(changed) == 7 + 1 + 1 + 1 + 1
        assert len(rows) == 3
        assert rosters.reports(again, job, outcomes=False) == rows

    def test_a_missing_key_is_named(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            accounts.create_account(occasion, username="learner", phone="13812345678")
        site.close()
        here("keys", "rotate", "--config", ini)
        keys_file = Path(site.settings["modou.keys"])
        text = keys_file.read_text()
        keys_file.write_text("\n".join(x for x in text.splitlines() if x[:3] != "k1:") + "\n")
        assert "holds no key 'k1'" in refused_here("keys", "reencrypt", "--config", ini)
        keys_file.write_text(text)
        assert here("keys", "reencrypt", "--config", ini).returncode == 0


class TestFile:
    def test_show_tells_ids_and_no_key(self, site: SiteUnderTest, ini: Path) -> None:
        here("keys", "rotate", "--config", ini)
        said = here("keys", "show", "--config", ini).stdout
        assert said.splitlines() == ["k2  (current)", "k1"]

    def test_one_that_is_there_is_never_overwritten(self, site: SiteUnderTest, ini: Path) -> None:
        before = Path(site.settings["modou.keys"]).read_text()
        assert "never overwritten" in refused_here("keys", "create", "--config", ini)
        assert Path(site.settings["modou.keys"]).read_text() == before

    def test_one_that_everybody_can_read_is_refused(self, site: SiteUnderTest, ini: Path) -> None:
        Path(site.settings["modou.keys"]).chmod(0o644)
        assert "chmod 600" in refused_here("keys", "show", "--config", ini)


class TestWhoseKeys:
    """A site refuses another site's keys before anybody writes with them."""

    def test_another_file_is_refused(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        site.close()
        keys_file = Path(site.settings["modou.keys"])
        own = keys_file.read_text()
        keys_file.unlink()
        Keyring.create(keys_file)
        with pytest.raises(ConfigurationError, match="not the one of this site"):
            make_site()
        foreign = [x for x in keys_file.read_text().splitlines() if x.startswith("index:")]
        kept = [x for x in own.splitlines() if not x.startswith("index:")]
        keys_file.write_text("\n".join([*kept, *foreign]))
        with pytest.raises(ConfigurationError, match="index line differs"):
            make_site()
        keys_file.write_text(own)
        make_site().browser().get("/readyz", status=200)

    def test_a_missing_file_is_not_replaced(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        site.close()
        keys_file = Path(site.settings["modou.keys"])
        own = keys_file.read_text()
        keys_file.unlink()
        with pytest.raises(ConfigurationError, match="put your copy back"):
            make_site()
        assert not keys_file.exists()
        keys_file.write_text(own)
        keys_file.chmod(0o600)
        make_site()
