"""A site on PostgreSQL by the real commands: the file, the start, what can stand against it."""

import json
import re
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from modou.services import files
from modou.store.opening import open_database
from modou.store.places import PostgresPlace, place_of
from tests import factories
from tests.commands import ROOT, free_port, here, ini_of, refused, refused_here, serving, write_ini
from tests.conftest import SiteUnderTest
from tests.graph import objects

pytestmark = pytest.mark.postgresql


@pytest.fixture
def ini(postgresql: Any, tmp_path: Path) -> Path:
    """The .ini of a new site on a new database, its ZConfig file written by the command."""
    dsn = postgresql.create("served")
    conf = tmp_path / "zodb.conf"
    ended = here("zodb-conf", dsn, "--to", conf, "--data", tmp_path / "var", "--cache", "20")
    assert ended.returncode == 0, ended.stderr
    assert conf.stat().st_mode & 0o077 == 0
    return write_ini(tmp_path, f"zodbconn.uri = zconfig://{conf}")


class TestServing:
    def test_several_processes_start_at_once_on_a_new_database(self, ini: Path) -> None:
        """Each may find the database empty; one of them makes the site."""
        with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
            starts = [serving(ini), serving(ini)]
            addresses = list(pool.map(stack.enter_context, starts))
            for address in addresses:
                with urllib.request.urlopen(f"{address}/readyz") as answer:
                    assert json.load(answer) == {"ready": True, "failures": []}
        said = here("doctor", "-c", ini).stdout
        assert "✓ pg_dump is installed" in said
        assert "✓ The keys file is this site's" in said


class TestOutage:
    def test_people_are_asked_to_come_back_and_the_process_is_taken_out_of_service(
        self, postgresql: Any, tmp_path: Path
    ) -> None:
        cluster = type(postgresql)()
        try:
            uri = cluster.uri(cluster.create("gone"), tmp_path)
            site = SiteUnderTest(tmp_path, **{"zodbconn.uri": uri})
            browser = site.browser()
            browser.get("/courses", status=200)
        finally:
            cluster.stop()
        answer = browser.get("/courses", status=503)
        assert int(answer.headers["Retry-After"]) > 0
        assert "The database does not answer right now" in answer.text
        assert browser.get("/readyz", status=503).json["failures"] == ["database"]
        browser.get("/healthz", status=200)


class TestRefusals:
    def test_a_server_that_does_not_answer(self, tmp_path: Path) -> None:
        dsn = f"host=127.0.0.1 port={free_port()} dbname=modou password=hush-hush"
        conf = tmp_path / "zodb.conf"
        here("zodb-conf", dsn, "--to", conf, "--data", tmp_path / "var")
        ini = write_ini(tmp_path, f"zodbconn.uri = zconfig://{conf}")
        said = refused("serve", "-c", ini, "--port", str(free_port()))
        assert str(conf) in said
        assert "cannot be reached" in said
        assert "hush-hush" not in said
        assert "cannot reach the PostgreSQL database modou on 127.0.0.1" in refused_here(
            "restore", backup_of_postgresql(tmp_path), "-c", ini, "--without-keys"
        )

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "names no database"),
            ("<zodb main>\n", "cannot be understood"),
            ("%import relstorrage\n", "cannot be understood"),
        ],
    )
    def test_a_file_that_is_no_zconfig(self, tmp_path: Path, text: str, why: str) -> None:
        (tmp_path / "zodb.conf").write_text(text)
        ini = write_ini(tmp_path, f"zodbconn.uri = zconfig://{tmp_path}/zodb.conf")
        said = refused("serve", "-c", ini, "--port", str(free_port()))
        assert f"{tmp_path}/zodb.conf" in said
        assert why in said

    def test_a_file_that_is_missing(self, tmp_path: Path) -> None:
        ini = write_ini(tmp_path, f"zodbconn.uri = zconfig://{tmp_path}/zodb.conf")
        said = refused("serve", "-c", ini, "--port", str(free_port()))
        assert f"{tmp_path}/zodb.conf, which does not exist" in said

    def test_fresh_never_empties_postgresql(self, ini: Path) -> None:
        ini.write_text(ini.read_text().replace("[server", "modou.development = true\n\n[server"))
        assert "only a FileStorage" in refused_here("serve", "-c", ini, "--fresh")


class TestConf:
    def test_a_password_with_a_dollar_comes_through(self, tmp_path: Path) -> None:
        conf = tmp_path / "zodb.conf"
        dsn = "host=127.0.0.1 dbname=modou password='pa$$ word'"
        assert here("zodb-conf", dsn, "--to", conf).returncode == 0
        place = place_of(f"zconfig://{conf}")
        assert isinstance(place, PostgresPlace)
        assert place.environment() == {"PGPASSWORD": "pa$$ word"}
        assert "pa$$" not in place.public_dsn()
        assert "already" in refused_here("zodb-conf", dsn, "--to", conf)

    @pytest.mark.parametrize("dsn", ["host=x", "nonsense", "postgresql://"])
    def test_what_is_no_dsn(self, dsn: str, tmp_path: Path) -> None:
        assert "dsn" in refused_here("zodb-conf", dsn, "--to", tmp_path / "zodb.conf")
        assert not (tmp_path / "zodb.conf").exists()


class TestSharedFolder:
    def test_a_shared_folder_of_stored_files_is_backed_up_as_well(
        self, postgresql: Any, tmp_path: Path
    ) -> None:
        def settings(name: str) -> dict[str, str]:
            folder = tmp_path / name
            folder.mkdir()
            uri = postgresql.uri(postgresql.create(f"shared_{name}"), folder)
            conf = folder / "zodb.conf"
            conf.write_text(conf.read_text().replace("blob-dir false", "blob-dir true"))
            return {"zodbconn.uri": uri}

        site = SiteUnderTest(tmp_path, **settings("one"))
        with site.occasion() as occasion:
            files.store(occasion, b"picture" * 1000, "图.bin", "public")
        before = objects(site.database)
        target = tmp_path / "backup"
        ini = ini_of(site.settings, tmp_path / "one.ini")
        assert here("backup", target, "-c", ini).returncode == 0
        assert list((target / "blobs").rglob("*.blob"))
        site.close()
        other = {**site.settings, **settings("two")}
        ended = here("restore", target, "-c", ini_of(other, tmp_path / "two.ini"))
        assert ended.returncode == 0, ended.stderr
        with closing(open_database(other["zodbconn.uri"])) as database:
            assert objects(database) == before


class TestConverting:
    def test_a_site_comes_along_from_filestorage(self, postgresql: Any, tmp_path: Path) -> None:
        """By the file that docs/howto/postgresql.md shows."""
        site = SiteUnderTest(tmp_path)
        with site.occasion() as occasion:
            factories.course(occasion, activities=3)
            files.store(occasion, b"picture" * 1000, "图.bin", "public")
        before = objects(site.database)
        site.close()
        page = (ROOT / "docs/howto/postgresql.md").read_text(encoding="utf-8")
        (text,) = re.findall(r"```\n(%import relstorage.*?)```", page, re.DOTALL)
        dsn = postgresql.create("converted")
        text = re.sub(r"dsn .*", f"dsn {dsn}", text)
        text = text.replace("/srv/modou/var/cache", f"{tmp_path}/cache")
        text = text.replace("/srv/modou/var", str(tmp_path))
        conf = tmp_path / "convert.conf"
        conf.write_text(text)
        subprocess.run(
            [sys.executable, "-m", "relstorage.zodbconvert", conf], check=True, capture_output=True
        )
        uri = postgresql.uri(dsn, tmp_path / "cache")
        with closing(open_database(uri)) as database:
            assert objects(database) == before


def backup_of_postgresql(folder: Path) -> Path:
    """A folder with a manifest and nothing else."""
    made = folder / "backup"
    made.mkdir()
    (made / "manifest.json").write_text(
        json.dumps({"format": 1, "storage": "postgresql", "files": {}})
    )
    return made
