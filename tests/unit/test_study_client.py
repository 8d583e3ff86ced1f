"""The browser's side of study time (themes/modou/static/js/study/), tested in Node."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The system's, or the one that scripts/ installs beside Python.
NODE = shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_study_client_keeps_the_protocol() -> None:
    done = subprocess.run(
        [str(NODE), "--test", "tests/unit/js/"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "# pass 0" not in done.stdout
