"""Web processes that are killed in the middle of an exam: every acknowledged answer is there, none
is there twice, and learners go on where they were."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modou.cli.site import opened
from tests import answering
from tests.commands import free_port, here, write_ini
from tests.functional.test_crashes import Web, rounds, server_settings, webs

pytestmark = [pytest.mark.functional, pytest.mark.both_storages]


class Exam(Web):
    """`modou serve` for learners in an exam."""

    def __init__(self, ini: Path) -> None:
        self.ini = ini
        self.port = free_port()
        with opened(ini) as access:
            self.learners: Any = answering.Class(access, 12)
        self.process = None
        webs.append(self)


@pytest.fixture(autouse=True)
def _none_is_left() -> Iterator[None]:
    """Also when a test has failed."""
    yield
    while webs:
        web = webs.pop()
        web.learners.end()
        web.end(signal.SIGKILL)


def exam_ini(folder: Path, uri: str) -> Path:
    (folder / "var").mkdir(exist_ok=True)
    return write_ini(folder, f"zodbconn.uri = {uri}\nmodou.plugins = quiz", "threads = 16")


@rounds(2, 40)
def test_the_web_process_is_killed(tmp_path: Path, count: int) -> None:
    exam = Exam(exam_ini(tmp_path, f"file://{tmp_path}/Data.fs?blobstorage_dir={tmp_path}/b"))
    for _round in range(count):
        exam.start()
        exam.learners.begin(exam.port)
        exam.learners.more(random.randint(1, 250))
        exam.end(signal.SIGKILL)
        exam.learners.end()
        exam.check()
    assert here("journal", "verify", "--config", exam.ini).returncode == 0


@pytest.mark.postgresql
@rounds(1, 40)
def test_it_is_killed_on_postgresql(tmp_path: Path, postgresql: Any, count: int) -> None:
    uri = server_settings(postgresql, tmp_path)["zodbconn.uri"]
    exam = Exam(exam_ini(tmp_path, uri))
    for _round in range(count):
        exam.start()
        exam.learners.begin(exam.port)
        exam.learners.more(random.randint(1, 250))
        exam.end(signal.SIGKILL)
        exam.learners.end()
        assert exam.check().answers > 0
