#!/usr/bin/env python3
"""A roster of 20,000 rows, from the file to the result file, and the list of participants after it.

    scripts/bench/roster.py [--rows 20000] [--format xlsx] [--learners 0]

Prints rows per second, CPU seconds and the highest memory of each step. The site is made in a
temporary folder, with `--learners` accounts in it before. Budget: memory grows by less than 200 MB
from 2,000 to 20,000 rows.
"""

import argparse
import io
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2] / "core"), str(HERE.parents[2] / "plugins")]

from modou.app import main as make_app  # noqa: E402
from modou.models.courses import Course  # noqa: E402
from modou.models.identity_numbers import identity_check_character  # noqa: E402
from modou.models.people import User  # noqa: E402
from modou.services import participants, rosters  # noqa: E402
from modou.services.participants import Filters  # noqa: E402
from modou.services.tables import write_csv, write_xlsx  # noqa: E402

HEADINGS = ("姓名", "证件类型", "证件号码", "手机号码", "课程编号", "角色")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀英华玉兰"
MB = 1024 * 1024


def id_number(number: int) -> str:
    """A valid number of GB 11643 for the person with that number."""
    month, day = 1 + number // 27_000 % 12, 1 + number // 1_000 % 27
    first = f"110105{1970 + number // 324_000}{month:02}{day:02}{number % 1000:03}"
    return first + identity_check_character(first)


def roster_rows(count: int) -> Iterator[list[str]]:
    """People that do not exist."""
    for n in range(count):
        name = SURNAMES[n % 20] + GIVEN[n // 20 % 22] + GIVEN[n // 440 % 22]
        yield [name, "居民身份证", id_number(n), f"139{n:08}", "BENCH", "学员"]


class Meter:
    """The resident memory of this process while something runs, looked at 50 times a second."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()

    @staticmethod
    def resident() -> int:
        """Bytes."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize()

    @contextmanager
    def running(self) -> Iterator[None]:
        self.peak = self.resident()
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.02):
            self.peak = max(self.peak, self.resident())


def measured(title: str, rows: int, function: Callable[[], Any]) -> Any:
    """Run one step and print its line."""
    before, meter = Meter.resident(), Meter()
    begin, cpu = time.perf_counter(), time.process_time()
    with meter.running():
        result = function()
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    print(
        f"{title:<26}{seconds:7.2f} s {rows / seconds:8,.0f} rows/s, CPU {cpu:6.2f} s"
        f"   memory {before / MB:5.0f} -> at most {meter.peak / MB:5.0f} MB",
        flush=True,
    )
    return result


def work_with_bar(access: Any, job_id: int, token: str) -> None:
    """Do a phase of the job with a progress bar on the terminal."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.5):
            with access.occasion() as occasion:
                job = occasion.site.rosters.by_id(job_id)
                place = job.progress.checked if job.status == "checking" else job.progress.done
                size = job.size
            bar = "#" * (40 * place // max(1, size))
            print(f"\r  [{bar:<40}] {place:,} / {size:,}", end="", file=sys.stderr, flush=True)

    watcher = threading.Thread(target=watch, daemon=True)
    if sys.stderr.isatty():
        watcher.start()
    rosters.work(access, job_id, token)
    done.set()
    if watcher.is_alive():
        watcher.join()
        print("\r" + " " * 70 + "\r", end="", file=sys.stderr)


def run(folder: Path, count: int, format: str, learners: int) -> None:
    """All steps."""
    settings = {
        "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
        "&connection_cache_size=20000",
        "modou.keys": str(folder / "keys"),
        "modou.mail": "console",
    }
    access = make_app({}, **settings).registry.access
    with access.occasion() as occasion:
        course = occasion.site.courses.add(Course("低压电工作业", "BENCH"))
        course.status = "published"
        course_id = course.id
    _fill(access, learners)
    file = io.BytesIO()
    writer = write_csv if format == "csv" else write_xlsx
    writer(file, HEADINGS, roster_rows(count))  # type: ignore[operator]
    print(f"{count:,} rows, {format}, {file.tell() / MB:.1f} MB, {learners:,} accounts before")

    def upload() -> int:
        with access.occasion() as occasion:
            job = rosters.upload(occasion, file, f"bench.{format}")
            return int(job.id)

    def phase(job_id: int) -> None:
        with access.occasion() as occasion:
            token = rosters.launch(occasion, occasion.site.rosters.by_id(job_id))
        work_with_bar(access, job_id, token)

    def result(job_id: int) -> None:
        with access.occasion() as occasion, tempfile.TemporaryFile() as out:
            rosters.write_result(occasion, occasion.site.rosters.by_id(job_id), out, str)

    job_id = measured("read and keep", count, upload)
    measured("check every row", count, lambda: phase(job_id))
    measured("take the good rows", count, lambda: phase(job_id))
    measured("result file", count, lambda: result(job_id))
    again = measured("the same file again: read", count, upload)
    measured("  check", count, lambda: phase(again))
    measured("  take (nothing to do)", count, lambda: phase(again))
    with access.occasion() as occasion:
        outcomes = dict(occasion.site.rosters.by_id(again).progress.outcomes)
    if outcomes != {"same": count}:
        sys.exit(f"the second time changed something: {outcomes}")
    _lists(access, course_id)


def _fill(access: Any, learners: int) -> None:
    """Accounts that were there before, in batches."""
    for first in range(0, learners, 1000):
        with access.occasion() as occasion:
            index = occasion.site.user_index
            for n in range(first, min(first + 1000, learners)):
                user = User()
                user.username = f"before{n:07}"
                user.name = SURNAMES[n % 20] + GIVEN[n % 22]
                occasion.site.users.add(user)
                index.usernames[user.username] = user.id


def _lists(access: Any, course_id: int) -> None:
    """Pages of the list of participants, cold and warm."""
    for title, filters, sort in (
        ("by name, first time", Filters(state="present"), "name"),
        ("by name", Filters(state="present"), "name"),
        ("by date, backwards", Filters(state="present"), "-created"),
        ("search", Filters(state="present", text="wangfang"), "name"),
    ):
        begin = time.process_time()
        with access.occasion() as occasion:
            course = occasion.site.courses.by_id(course_id)
            found = participants.select(occasion, course, filters, sort)
            list(participants.opened(occasion, course, found[:50]))
        milliseconds = (time.process_time() - begin) * 1000
        print(f"participants {title:<22}{milliseconds:8.1f} ms CPU  {len(found):,} found")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--format", choices=("csv", "xlsx"), default="xlsx")
    parser.add_argument("--learners", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="modou-bench-") as folder:
        run(Path(folder), options.rows, options.format, options.learners)


if __name__ == "__main__":
    main()
