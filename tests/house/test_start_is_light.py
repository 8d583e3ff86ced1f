"""What a start imports: heavy libraries wait until somebody needs them."""

import subprocess
import sys
from pathlib import Path

from tests.commands import environment

PROGRAM = """
import sys, warnings
warnings.simplefilter("ignore")
from modou.app import main
folder = sys.argv[1]
app = main({}, **{
    "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs",
    "modou.keys": f"{folder}/keys",
    "modou.mail": "console",
    "modou.plugins": "lesson notices quiz",
})
app.registry.access.close()
print(*sys.modules)
"""
#: Library -> what it would cost each start, measured on the 2-core development machine.
HEAVY = {
    "openpyxl": "0.25 s",
    "pypinyin": "0.4 s and 45 MB",
    "reportlab": "0.2 s",
    "docx": "0.05 s",
    "latex2mathml": "0.03 s",
    "playwright": "tests only",
    "huey": "0.06 s; the workers import it",
    "redis": "0.07 s and 20 MB; only for sites with modou.jobs_store = redis://",
}


def test_heavy_libraries_are_not_imported_by_a_start(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    loaded = {name.partition(".")[0] for name in ended.stdout.split()}
    assert "modou" in loaded
    assert not loaded & HEAVY.keys()
