"""`modou serve`: it serves, and when it cannot it says in one sentence why."""

import socket
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from modou.services import files
from modou.store.opening import open_database
from tests.commands import free_port, modou, refused, refused_here, serving, write_ini
from tests.conftest import SiteUnderTest


class TestServing:
    def test_it_serves_a_new_site_until_it_is_told_to_stop(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path)
        for _start in ("new", "again"):
            with serving(ini) as address, urllib.request.urlopen(f"{address}/readyz") as answer:
                assert answer.status == 200
        assert (tmp_path / "var/Data.fs").exists()
        assert (tmp_path / "var/keys").stat().st_mode & 0o077 == 0

    def test_fresh_takes_the_database_away_but_not_the_keys(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, "modou.development = true")
        with serving(ini):
            pass
        keys = (tmp_path / "var/keys").read_text()
        uri = f"file://{tmp_path}/var/Data.fs"
        with closing(open_database(uri)) as database, database.transaction() as connection:
            connection.root()["old"] = True
        with serving(ini, "--fresh"):
            pass
        with closing(open_database(uri)) as database, database.transaction() as connection:
            assert "old" not in connection.root()
        assert (tmp_path / "var/keys").read_text() == keys

    def test_fresh_is_refused_outside_of_development(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path)
        with serving(ini):
            pass
        assert "--fresh works only with modou.development" in refused("serve", "-c", ini, "--fresh")
        assert (tmp_path / "var/Data.fs").exists()


class TestGranian:
    """The other server: sites of several processes run on it."""

    @pytest.fixture(autouse=True)
    def installed(self) -> None:
        pytest.importorskip("granian")

    def test_it_serves_pages_and_takes_forms(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, server="use = granian\nthreads = 2")
        ini.write_text(ini.read_text().replace("use = egg:waitress#main\n", ""))
        with serving(ini) as address:
            with urllib.request.urlopen(f"{address}/readyz") as answer:
                assert answer.status == 200
            form = urllib.parse.urlencode({"login": "无名氏", "password": "wrong"}).encode()
            request = urllib.request.Request(f"{address}/login", form, {"Origin": address})
            with urllib.request.urlopen(request) as answer:
                assert 'value="无名氏"' in answer.read().decode()
        # The database was closed in good order: nothing holds it.
        with closing(open_database(f"file://{tmp_path}/var/Data.fs")):
            pass

    def test_a_wrong_key_is_told_in_one_sentence(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, "modou.pluginz = quiz", server="use = granian")
        ini.write_text(ini.read_text().replace("use = egg:waitress#main\n", ""))
        assert "Did you mean modou.plugins?" in refused("serve", "-c", ini)

    def test_settings_of_waitress_are_not_for_it(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, server="use = granian\nasyncore_use_poll = true")
        ini.write_text(ini.read_text().replace("use = egg:waitress#main\n", ""))
        assert "asyncore_use_poll is not for use = granian" in refused("serve", "-c", ini)


class TestRefusals:
    def test_there_is_no_ini(self, tmp_path: Path) -> None:
        assert str(tmp_path / "no.ini") in refused("serve", "-c", tmp_path / "no.ini")

    def test_an_ini_that_is_none(self, tmp_path: Path) -> None:
        ini = tmp_path / "site.ini"
        ini.write_text("just words\n")
        assert str(ini) in refused("serve", "-c", ini)
        ini.write_bytes(b"[app:main]\nuse = egg:modou\nmodou.mail_sender = \xd5\xc5\n")
        assert "UTF-8" in refused("serve", "-c", ini)
        ini.write_text("[app:other]\nuse = egg:modou\n")
        assert "[app:main]" in refused("serve", "-c", ini)

    def test_a_wrong_key_names_the_near_one(self, tmp_path: Path) -> None:
        said = refused("serve", "-c", write_ini(tmp_path, "modou.pluginz = quiz"))
        assert "modou.pluginz" in said
        assert "Did you mean modou.plugins?" in said

    def test_a_wrong_value_names_the_key(self, tmp_path: Path) -> None:
        said = refused("serve", "-c", write_ini(tmp_path, "modou.session_idle = soon"))
        assert "modou.session_idle = 'soon'" in said

    def test_an_unknown_plugin(self, tmp_path: Path) -> None:
        said = refused("serve", "-c", write_ini(tmp_path, "modou.plugins = quizz"))
        assert "'quizz', which is not installed" in said

    def test_a_setting_of_a_plugin_that_is_not_enabled(self, tmp_path: Path) -> None:
        said = refused("serve", "-c", write_ini(tmp_path, "modou.poll.limit = 3"))
        assert "modou.poll.limit" in said

    def test_a_port_in_use(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            said = refused("serve", "-c", write_ini(tmp_path), "--port", str(port))
        assert f"port {port}" in said
        assert "in use" in said
        assert not (tmp_path / "var").exists()

    def test_an_address_of_another_machine(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path)
        port = str(free_port())
        assert "192.0.2.1" in refused("serve", "-c", ini, "--host", "192.0.2.1", "--port", port)

    def test_a_wrong_key_of_the_server(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, server=f"port = {free_port()}\nthreds = 8")
        assert "[server:main]" in refused("serve", "-c", ini)

    def test_a_folder_that_is_not_writable(self, tmp_path: Path) -> None:
        (tmp_path / "var").mkdir(mode=0o555)
        ini = write_ini(tmp_path)
        said = refused("serve", "-c", ini, "--port", str(free_port()), powerless=True)
        assert str(tmp_path / "var") in said

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "var").write_text("a file, where a folder is needed")
        said = refused("serve", "-c", write_ini(tmp_path), "--port", str(free_port()))
        assert str(tmp_path / "var") in said

    def test_a_database_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "var").mkdir()
        (tmp_path / "var/Data.fs").write_text("Ceci n'est pas une base de données. " * 100)
        said = refused("serve", "-c", write_ini(tmp_path), "--port", str(free_port()))
        assert f"{tmp_path}/var/Data.fs" in said

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data[:600] + b"XXXXXXXXXXXXXXXX" + data[616:],
            lambda data: data[:200] + bytes(3000) + data[3200:],
            lambda data: data.replace(b"modou.models.site", b"modou.models.sate"),
            lambda data: data[: len(data) // 4],
            lambda data: b"",
        ],
        ids=["altered", "zeros", "other class", "cut off", "empty"],
    )
    @pytest.mark.parametrize("index", [True, False], ids=["index", "no index"])
    def test_a_damaged_database_is_never_taken_for_a_new_one(
        self, tmp_path: Path, damage: Callable[[bytes], bytes], index: bool
    ) -> None:
        (tmp_path / "var").mkdir()
        site = SiteUnderTest(tmp_path / "var")
        with site.occasion() as occasion:
            files.store(occasion, b"picture", "picture.bin", "public")
        site.close()
        data = tmp_path / "var/Data.fs"
        data.write_bytes(damage(data.read_bytes()))
        if not index:
            Path(f"{data}.index").unlink()
        ini = write_ini(tmp_path)
        for _start in ("first", "second"):
            said = refused_here("serve", "-c", ini, "--port", str(free_port()))
            assert str(data) in said

    def test_a_database_that_another_process_has_open(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path)
        with serving(ini):
            said = refused("serve", "-c", ini, "--port", str(free_port()))
        assert f"{tmp_path}/var/Data.fs is in use by another process" in said

    def test_no_sentence_is_hidden_in_a_page_of_help(self, tmp_path: Path) -> None:
        ended = modou("serve", "-c", write_ini(tmp_path), "--port", "no")
        assert ended.returncode == 2
        assert "--port" in ended.stderr
