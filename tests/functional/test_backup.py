"""Backup and restore on both storages: what comes back is what there was, or nothing is written."""

import hashlib
import json
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from BTrees.LOBTree import LOBTree

from modou.services import accounts, files, grading, identity
from modou.store.opening import open_database
from tests import factories
from tests.commands import here, ini_of, refused_here
from tests.conftest import SiteUnderTest
from tests.graph import objects

pytestmark = pytest.mark.both_storages

ID_NUMBER = "11010519491231002X"


def fill(site: SiteUnderTest) -> None:
    """People with encrypted numbers, courses with grades, files, a plugin's data."""
    with site.occasion() as occasion:
        for number in range(20):
            accounts.create_account(
                occasion,
                username=f"learner{number}",
                name=f"学员{number}",
                password=None,
                phone=f"1381234{number:04}",
                id_number=ID_NUMBER if number == 0 else "",
            )
        people = sorted(occasion.site.users, key=lambda user: int(user.username[7:]))
        for title in ("低压电工作业", "焊接与热切割"):
            course = factories.course(occasion, title, sections=2, activities=3)
            item = grading.add_item(occasion, course, {"title": "结业考核", "maximum": 100.0})
            for place, user in enumerate(people):
                enrolment = factories.enrolment(occasion, course, user)
                grading.set_grade(occasion, course, item, enrolment, 60.0 + place, source="manual")
    with site.occasion() as occasion:
        for number in range(5):
            files.store(occasion, b"\x00picture %d" % number * 5000, f"图{number}.bin", "public")
        occasion.site.plugin_data("gone")["things"] = LOBTree({1: "kept"})


def meaning(site: SiteUnderTest) -> dict[str, Any]:
    """What people see of the site."""
    with site.occasion() as occasion:
        root = occasion.site
        people = {}
        for user in root.users:
            kept = identity.read_identity(occasion, user)
            people[user.username] = (user.name, kept.phone, kept.id_number)
        courses: dict[str, Any] = {}
        for course in root.courses:
            grades = {
                root.users.by_id(id).username: [
                    grade.value for _item, grade in sorted(enrolment.grades.grades.items())
                ]
                for id, enrolment in course.enrolments.items()
            }
            outline = [
                (s.title, [course.activities.get(a).title for a in s.activities])
                for s in course.outline
            ]
            courses[course.title] = (outline, grades)
        stored = {}
        for item in root.files:
            with item.open() as stream:
                stored[item.filename] = hashlib.sha256(stream.read()).hexdigest()
        events = [(e.kind, e.time, dict(e.values)) for e in root.journal]
        plugin = dict(root.plugins["gone"]["things"])
        return {
            "people": people,
            "courses": courses,
            "files": stored,
            "events": events,
            "plugin": plugin,
        }


@pytest.fixture
def filled(site: SiteUnderTest) -> SiteUnderTest:
    fill(site)
    return site


@pytest.fixture
def ini(filled: SiteUnderTest, tmp_path: Path) -> Path:
    return ini_of(filled.settings, tmp_path / "site.ini")


@pytest.fixture
def elsewhere(
    filled: SiteUnderTest, storage: str, tmp_path: Path, request: pytest.FixtureRequest
) -> dict[str, str]:
    """Settings of an empty place of the same kind, with the site's keys file."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    uri = f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
    if storage == "postgresql":
        cluster = request.getfixturevalue("postgresql")
        uri = cluster.uri(cluster.create("elsewhere"), folder)
    return {**filled.settings, "zodbconn.uri": uri}


def backed_up(target: Path, ini: Path, *options: str) -> dict[str, Any]:
    ended = here("backup", target, "--config", ini, *options)
    assert ended.returncode == 0, ended.stderr
    manifest: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return manifest


def restored(source: Path, ini: Path, *options: str) -> str:
    ended = here("restore", source, "--config", ini, *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


class TestThereAndBack:
    def test_the_site_comes_back_as_it_was(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        """Backed up while the site is running, restored into an empty place."""
        backed_up(tmp_path / "backup", ini)
        said = restored(tmp_path / "backup", ini_of(elsewhere, tmp_path / "other.ini"))
        before = objects(filled.database)
        assert len(before) > 200
        with closing(open_database(elsewhere["zodbconn.uri"])) as database:
            assert objects(database) == before
        assert f"{len(before)} objects" in said
        assert "5 stored files" in said
        again = SiteUnderTest(tmp_path, **elsewhere)
        try:
            assert meaning(again) == meaning(filled)
            assert meaning(again)["courses"]["低压电工作业"][1]["learner7"] == [67.0]
            again.browser("learner3").get("/")
        finally:
            again.close()

    def test_people_may_work_meanwhile(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        """What comes back is the site of one moment: each user with the file of the same commit."""
        stop = threading.Event()
        written = []

        def work() -> None:
            while not stop.is_set():
                with filled.occasion() as occasion:
                    name = f"late{len(written)}"
                    factories.user(occasion, name)
                    files.store(occasion, name.encode() * 500, name, "public")
                written.append(name)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            backed_up(tmp_path / "backup", ini)
            backed_up(tmp_path / "backup", ini)
        finally:
            stop.set()
            worker.join()
        restored(tmp_path / "backup", ini_of(elsewhere, tmp_path / "other.ini"))
        again = SiteUnderTest(tmp_path, **elsewhere)
        try:
            with again.occasion() as occasion:
                users = {u.username for u in occasion.site.users if u.username.startswith("late")}
                kept = {f.filename for f in occasion.site.files if f.filename.startswith("late")}
        finally:
            again.close()
        assert users == kept == set(written[: len(users)])
        assert users

    def test_a_second_backup_adds_what_is_new(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        first = backed_up(tmp_path / "backup", ini)
        with filled.occasion() as occasion:
            factories.user(occasion, "later", "后来的")
            files.store(occasion, b"later", "后.bin", "public")
        second = backed_up(tmp_path / "backup", ini)
        assert second["files"].keys() - first["files"].keys()
        if "filestorage" in second["storage"]:
            kept = [name for name in first["files"] if name.endswith((".fsz", ".blob"))]
            assert kept
            assert all(second["files"][name] == first["files"][name] for name in kept)
            assert any(name.endswith(".deltafsz") for name in second["files"])
        restored(tmp_path / "backup", ini_of(elsewhere, tmp_path / "other.ini"))
        with closing(open_database(elsewhere["zodbconn.uri"])) as database:
            assert objects(database) == objects(filled.database)

    def test_a_full_one_replaces_what_was_there(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        target = tmp_path / "backup"
        first = backed_up(target, ini)
        with filled.occasion() as occasion:
            factories.user(occasion, "later")
        second = backed_up(target, ini, "--full")
        assert not {n for n in first["files"] if n.startswith("data/")} & second["files"].keys()
        there = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()}
        assert there == {*second["files"], "manifest.json"}
        restored(target, ini_of(elsewhere, tmp_path / "other.ini"))
        with closing(open_database(elsewhere["zodbconn.uri"])) as database:
            assert objects(database) == objects(filled.database)

    def test_what_an_interrupted_backup_left_does_not_count(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        target = tmp_path / "backup"
        backed_up(target, ini)
        before = objects(filled.database)
        (target / "data/2999-01-01-00-00-00.fsz").write_bytes(b"half")
        (target / "data/2999-01-01-00-00-00.dump").write_bytes(b"half")
        restored(target, ini_of(elsewhere, tmp_path / "other.ini"))
        with closing(open_database(elsewhere["zodbconn.uri"])) as database:
            assert objects(database) == before
        backed_up(target, ini)
        assert not list(target.rglob("2999*"))


class TestKeys:
    def test_they_are_in_the_backup_only_when_asked_for(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        keys = Path(filled.settings["modou.keys"])
        secrets = [line for line in keys.read_text().splitlines() if not line.startswith("#")]
        backed_up(tmp_path / "without", ini)
        for path in (tmp_path / "without").rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert not any(s.partition(":")[2].encode() in content for s in secrets)
                assert path.stat().st_mode & 0o077 == 0
        backed_up(tmp_path / "with", ini, "--with-keys")
        elsewhere["modou.keys"] = str(tmp_path / "elsewhere/keys")
        other = ini_of(elsewhere, tmp_path / "other.ini")
        assert "keys file" in refused_here("restore", tmp_path / "without", "--config", other)
        restored(tmp_path / "with", other)
        assert (tmp_path / "elsewhere/keys").read_text() == keys.read_text()

    def test_another_sites_keys_are_refused(
        self, filled: SiteUnderTest, ini: Path, elsewhere: dict[str, str], tmp_path: Path
    ) -> None:
        backed_up(tmp_path / "backup", ini)
        elsewhere["modou.keys"] = str(tmp_path / "elsewhere/keys")
        other = ini_of(elsewhere, tmp_path / "other.ini")
        assert here("keys", "create", "--config", other).returncode == 0
        assert "is not the one" in refused_here("restore", tmp_path / "backup", "--config", other)
        assert not (tmp_path / "elsewhere/Data.fs").exists()
        ended = here("restore", tmp_path / "backup", "--config", other, "--without-keys")
        assert ended.returncode == 0, ended.stderr


class TestRefusals:
    def test_a_place_that_is_not_empty(self, ini: Path, tmp_path: Path) -> None:
        backed_up(tmp_path / "backup", ini)
        assert "empty place" in refused_here("restore", tmp_path / "backup", "--config", ini)

    @pytest.mark.parametrize("pattern", ["data/*", "blobs/**/*.blob"])
    def test_a_damaged_backup_writes_nothing(
        self,
        filled: SiteUnderTest,
        ini: Path,
        elsewhere: dict[str, str],
        tmp_path: Path,
        pattern: str,
    ) -> None:
        target = tmp_path / "backup"
        manifest = backed_up(target, ini)
        damaged = [p for p in target.glob(pattern) if p.suffix in {".fsz", ".dump", ".blob"}]
        if not damaged:
            assert manifest["storage"] == "postgresql"  # its blobs are in the dump
            return
        content = bytearray(damaged[0].read_bytes())
        content[len(content) // 2] ^= 1
        damaged[0].chmod(0o600)
        damaged[0].write_bytes(content)
        other = ini_of(elsewhere, tmp_path / "other.ini")
        said = refused_here("restore", target, "--config", other)
        assert "damaged" in said
        assert damaged[0].name in said
        assert not (tmp_path / "elsewhere/Data.fs").exists()
        assert not (tmp_path / "elsewhere/blobs").exists()

    def test_a_folder_without_backup(
        self, elsewhere: dict[str, str], tmp_path: Path, ini: Path
    ) -> None:
        (tmp_path / "nothing").mkdir()
        other = ini_of(elsewhere, tmp_path / "other.ini")
        assert "holds no backup" in refused_here("restore", tmp_path / "nothing", "--config", other)
        (tmp_path / "nothing/letter.txt").write_text("dear")
        assert "letter.txt" in refused_here("backup", tmp_path / "nothing", "--config", ini)

    def test_a_backup_of_another_site(
        self, ini: Path, filled: SiteUnderTest, tmp_path: Path
    ) -> None:
        backed_up(tmp_path / "backup", ini)
        path = tmp_path / "backup/manifest.json"
        manifest = json.loads(path.read_text())
        path.write_text(json.dumps({**manifest, "keys_mark": "0" * 32}))
        assert "another keys file" in refused_here("backup", tmp_path / "backup", "--config", ini)
        path.write_text(json.dumps({**manifest, "format": 99}))
        assert "format 99" in refused_here("backup", tmp_path / "backup", "--config", ini)
        path.write_text("{")
        assert "manifest.json is damaged" in refused_here("backup", tmp_path / "backup", "-c", ini)
