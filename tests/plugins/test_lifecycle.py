"""A third party's plugin through its whole life: installed, enabled, disabled, uninstalled, back.

The plugin is the tutorial's: its files are taken out of the page, built and installed by pip into
an environment made for the test, in which each stage runs in a process of its own.
"""

import json
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-plugin.md"
STAGES = Path(__file__).parent / "lifecycle_stages.py"


def write_tutorial_files(folder: Path) -> None:
    text = TUTORIAL.read_text(encoding="utf-8")
    files = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(files) == 7
    for name, body in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body, encoding="utf-8")


class Environment:
    """A virtual environment that sees this one's packages and has some of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        own = sysconfig.get_path("purelib", vars={"base": str(folder)})
        parents = [sysconfig.get_path("purelib"), str(ROOT / "core"), str(ROOT / "plugins")]
        (Path(own) / "parents.pth").write_text("\n".join(parents), encoding="utf-8")

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def stage(self, name: str, site: Path, plugins: str) -> dict[str, object]:
        """Run a stage of lifecycle_stages.py; what it reports."""
        command = [str(self.python), str(STAGES), name, str(site), plugins]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        report: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return report


@pytest.mark.slow
def test_a_plugin_comes_goes_and_returns_with_its_data(tmp_path: Path) -> None:
    source, site = tmp_path / "acme-modou-poll", tmp_path / "site"
    site.mkdir()
    write_tutorial_files(source)
    environment = Environment(tmp_path / "environment")
    environment.pip("install", "--no-deps", "--no-index", "--no-build-isolation", str(source))

    made = environment.stage("create", site, "poll")
    assert made["voted"] == 1

    disabled = environment.stage("look", site, "")
    assert disabled["course_status"] == 200
    assert disabled["activity_status"] == 200
    assert "unavailable" in disabled["activity_text"]
    assert disabled["states"]["poll"] == "installed"

    environment.pip("uninstall", "--yes", "acme-modou-poll")
    gone = environment.stage("look", site, "")
    assert gone["course_status"] == 200
    assert "unavailable" in gone["activity_text"]
    assert gone["states"]["poll"] == "absent"

    packed = environment.stage("pack", site, "")
    assert packed["course_status"] == 200

    environment.pip("install", "--no-deps", "--no-index", "--no-build-isolation", str(source))
    back = environment.stage("look", site, "poll")
    assert "Which one?" in back["activity_text"]
    assert "This: 1" in back["activity_text"]
    assert back["states"]["poll"] == "enabled"


def test_enabling_an_uninstalled_plugin_names_the_installed_ones(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "environment")
    site = tmp_path / "site"
    site.mkdir()
    report = environment.stage("refused", site, "poll")
    assert "'poll', which is not installed" in report["error"]
    assert "notices" in report["error"]
