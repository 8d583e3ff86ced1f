"""Commands that look at the site or change people, against a real site."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from BTrees.OOBTree import OOBTree
from persistent.mapping import PersistentMapping
from webtest import TestApp

from modou.builtin import health
from modou.errors import ConfigurationError
from modou.models.courses import Activity
from modou.models.site import SITE_KEY
from modou.services import plugin_states
from modou.store.evolve import EVOLVE_KEY
from tests import factories
from tests.commands import here, ini_of, modou, refused_here, serving, write_ini
from tests.conftest import SiteUnderTest

pytestmark = pytest.mark.both_storages

PASSWORD = "Jiàn-zhù 2026 dēng"


@pytest.fixture
def ini(site: SiteUnderTest, tmp_path: Path) -> Path:
    return ini_of(site.settings, tmp_path / "site.ini")


@pytest.fixture
def closed(site: SiteUnderTest, ini: Path) -> Path:
    """The .ini of a site that no process has open."""
    site.close()
    return ini


class TestUser:
    def test_the_first_system_admin_signs_in(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        site.close()
        ended = here(
            *("user", "create", "olga", "--name", "欧阳", "--role", "system_admin"),
            *("--password-stdin", "--config", ini),
            input=f"{PASSWORD}\n",
        )
        assert ended.returncode == 0, ended.stderr
        again = make_site()
        with again.occasion() as occasion:
            (made,) = occasion.site.users
            assert made.name == "欧阳"
            assert made.granted("site", 0) == ("system_admin",)
            assert PASSWORD not in repr(list(occasion.site.journal))
        browser: TestApp = again.browser("olga")
        assert browser.get("/admin/plugins").status_int == 200

    def test_every_problem_is_named_and_nothing_is_made(self, closed: Path) -> None:
        said = refused_here(*("user", "create", "x", "--phone", "12", "--code", "--config", closed))
        assert "phone:" in said
        said = refused_here(
            *("user", "create", "olga", "--role", "nobody", "--code", "--config", closed)
        )
        assert "nobody" in said
        assert here("user", "create", "olga", "--code", "--config", closed).returncode == 0

    def test_roles_come_and_go_but_not_the_last_admin(self, closed: Path) -> None:
        for name in ("olga", "petra"):
            here("user", "create", name, "--code", "--config", closed)
            assert here("user", "grant", name, "system_admin", "-c", closed).returncode == 0
        assert here("user", "revoke", "olga", "system_admin", "-c", closed).returncode == 0
        assert (
            "at least one"
            in refused_here("user", "revoke", "petra", "system_admin", "-c", closed).lower()
        )
        assert "'nobody'" in refused_here("user", "grant", "nobody", "operator", "-c", closed)

    def test_a_new_password_ends_sessions(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            factories.user(occasion, "wang")
        site.browser("wang")
        site.close()
        ended = here("user", "passwd", "wang", "--password-stdin", "-c", ini, input=PASSWORD)
        assert ended.returncode == 0, ended.stderr
        with make_site().occasion() as occasion:
            (wang,) = occasion.site.users
            assert wang.password.startswith("$argon2id$")
            assert not occasion.site.sessions


class TestSessions:
    def test_sweeping_drops_the_dead_only(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            factories.user(occasion, "wang")
        site.browser("wang")
        site.close()
        # The site's clock stood still in March 2026; the command's is the machine's.
        assert "1 sessions dropped" in here("sessions", "sweep", "-c", ini).stdout
        with make_site().occasion() as occasion:
            assert not occasion.site.sessions


class TestPlugins:
    def test_states_as_table_and_as_json(self, site: SiteUnderTest, ini: Path) -> None:
        """While the site is running: nothing is locked."""
        with site.occasion() as occasion:
            occasion.site.plugin_data("vanished")
        known = {p["name"]: p for p in json.loads(here("plugins", "--json", "-c", ini).stdout)}
        assert known["builtin"]["state"] == "enabled"
        assert "health_checks" in known["builtin"]["hooks"]
        assert known["vanished"] == {**known["vanished"], "state": "absent", "has_data": True}
        table = here("plugins", "-c", ini).stdout
        assert "not installed, has data" in table
        assert "No process of this site answers" in table

    def test_a_running_process_tells_errors_and_timings(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path)
        with serving(ini) as address:
            ended = here("plugins", "--json", "--url", address, "-c", ini)
            (builtin, *_others) = json.loads(ended.stdout)
            assert builtin["stats"]["health_checks"]["calls"] == 1
            assert builtin["stats"]["health_checks"]["errors"] == 0
        assert "no process of this site" in refused_here("plugins", "--url", address, "-c", ini)

    def test_only_the_holder_of_the_keys_may_ask(self, site: SiteUnderTest) -> None:
        browser = site.browser()
        browser.get("/plugin-stats", status=404)
        browser.get("/plugin-stats", headers={"X-Modou-Token": "0" * 64}, status=404)
        now = site.clock.seconds()
        old, _older = plugin_states.stats_tokens(site.registry.keys, now - 180)
        browser.get("/plugin-stats", headers={"X-Modou-Token": old}, status=404)
        token, last = plugin_states.stats_tokens(site.registry.keys, now)
        for good in (token, last):
            answer = browser.get("/plugin-stats", headers={"X-Modou-Token": good})
            assert answer.json["plugins"]["builtin"]["plugin_info"]["errors"] == 0


class TestDoctor:
    def test_a_running_site_is_examined_without_touching_it(
        self, site: SiteUnderTest, ini: Path
    ) -> None:
        before = site.database.lastTransaction()
        said = here("doctor", "-c", ini).stdout
        assert "✓ The keys file is this site's" in said
        assert "✓ No evolve step is open" in said
        assert site.database.lastTransaction() == before

    def test_what_is_wrong_is_named_and_ends_with_1(
        self, site: SiteUnderTest, ini: Path, tmp_path: Path
    ) -> None:
        with site.database.transaction() as connection:
            del connection.root()[EVOLVE_KEY]["builtin"]["index_names"]
        Path(site.settings["modou.keys"]).chmod(0o644)
        ended = here("doctor", "-c", ini)
        assert ended.returncode == 1
        assert "chmod 600" in ended.stdout
        Path(site.settings["modou.keys"]).chmod(0o600)
        ended = here("doctor", "-c", ini)
        assert ended.returncode == 1
        assert "✗ No evolve step is open: run modou evolve for builtin.index_names" in ended.stdout

    def test_it_makes_nothing(self, tmp_path: Path) -> None:
        ended = here("doctor", "-c", write_ini(tmp_path))
        assert ended.returncode == 1
        assert "there is no such keys file" in ended.stdout
        assert not (tmp_path / "var/keys").exists()
        assert not (tmp_path / "var/Data.fs").exists()


class TestEvolve:
    def test_open_steps_stop_the_start_until_they_are_run(
        self, make_site: Any, tmp_path: Path
    ) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            user = factories.user(occasion, "wang", "王芳")
            occasion.site.user_index.names.clear()
            user_id = user.id
        with site.database.transaction() as connection:
            connection.root()[EVOLVE_KEY]["builtin"] = OOBTree()
        site.close()
        with pytest.raises(ConfigurationError, match=r"builtin\.index_names.*modou evolve"):
            make_site()
        assert "modou evolve" in refused_here("user", "create", "li", "--code", "-c", ini)
        assert "OPEN" in here("evolve", "--list", "-c", ini).stdout
        assert "nothing was changed" in here("evolve", "--dry-run", "-c", ini).stdout
        with pytest.raises(ConfigurationError):
            make_site()
        assert "builtin.index_names" in here("evolve", "-c", ini).stdout
        assert "no step is open" in here("evolve", "-c", ini).stdout
        with make_site().occasion() as occasion:
            assert list(occasion.site.user_index.named("王芳")) == [user_id]


class TestPluginCommands:
    def test_they_are_mounted_under_the_plugins_name(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        with site.occasion() as occasion:
            course = factories.course(occasion, "电工", activities=2)
            course.add_activity(Activity("poll", "投票"), course.outline[0])
            course.add_activity(Activity("page", "空"), course.outline[0])
        site.close()
        said = here("builtin", "--config", ini, "orphans").stdout
        assert "电工 / 投票: no enabled plugin brings activities of the type poll" in said
        assert "电工 / 空: its content is gone" in said
        assert "2 activities" in said
        assert "orphans" in here("builtin", "--config", ini, "--help").stdout

    def test_an_installed_plugin_must_be_enabled(self, closed: Path) -> None:
        said = refused_here("notices", "--config", closed, "anything")
        assert "the plugin notices is not enabled" in said


class TestShell:
    def test_only_what_is_committed_stays(self, make_site: Any, tmp_path: Path) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        site.close()
        lines = "site.kept = 1\ncommit()\nsite.lost = 1\n"
        assert modou("shell", "-c", ini, input=lines).returncode == 0
        with make_site().database.transaction() as connection:
            root = connection.root()[SITE_KEY]
            assert root.kept == 1
            assert not hasattr(root, "lost")


class TestPacking:
    def test_it_gives_room_back_and_keeps_what_is_reachable(
        self, make_site: Any, tmp_path: Path
    ) -> None:
        site = make_site()
        ini = ini_of(site.settings, tmp_path / "site.ini")
        for number in range(20):
            with site.occasion() as occasion:
                occasion.site.plugin_data("x")["big"] = os.urandom(50_000).hex() + str(number)
        site.close()
        ended = here("pack", "--days", "0", "-c", ini)
        assert ended.returncode == 0, ended.stderr
        if "file:" in site.settings["zodbconn.uri"]:
            assert (tmp_path / "Data.fs").stat().st_size < 400_000
        with make_site().occasion() as occasion:
            assert occasion.site.plugin_data("x")["big"].endswith("19")

    def test_a_second_time_after_many_objects_changed(self, make_site: Any, tmp_path: Path) -> None:
        # More than RelStorage takes at a time, three times over.
        for value in range(2):
            site = make_site()
            ini = ini_of(site.settings, tmp_path / "site.ini")
            with site.occasion() as occasion:
                data = occasion.site.plugin_data("x")
                for number in range(6000):
                    data[str(number)] = data.get(str(number)) or PersistentMapping()
                    data[str(number)]["value"] = value
            site.close()
            ended = here("pack", "--days", "0", "-c", ini)
            assert ended.returncode == 0, ended.stderr


class TestReadiness:
    def test_another_sites_keys_take_the_process_out_of_service(self, site: SiteUnderTest) -> None:
        with site.occasion() as occasion:
            occasion.site.canary = b"\x01\x02k1" + bytes(40)
        answer = site.browser().get("/readyz", status=503)
        assert answer.json == {"ready": False, "failures": ["keys"]}

    def test_a_full_disk_does(self, site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "NO_ROOM", 1 << 62)
        assert site.browser().get("/readyz", status=503).json["failures"] == ["disk"]

    def test_a_database_that_is_gone_does(self, site: SiteUnderTest) -> None:
        site.database.close()
        assert "database" in site.browser().get("/readyz", status=503).json["failures"]

    def test_a_clock_that_went_back_is_noticed(
        self, site: SiteUnderTest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with site.occasion() as occasion:
            assert health.clock_is_right(occasion) is None
            monkeypatch.setattr(health, "CLOCK_DIFFERENCE", -3600)
            assert "behind the newest change" in (health.clock_is_right(occasion) or "")
