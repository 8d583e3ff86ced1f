"""A large exam: hand-in with marks, statistics, reckoning all marks again; time and memory.

    .venv/bin/python scripts/bench/quiz_statistics.py [--attempts 10000] [--questions 50]

The exam is made on a FileStorage, then counted in a process of its own, so that the peak of its
memory is the job's. "base": the same process with the site open, before it counts.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import _checkout  # noqa: F401 - first: the checkout's packages

from modou.services import jobs
from modou_quiz.services import results
from modou_quiz.services.marking import checking, regrading
from modou_quiz.services.statistics import reading
from tests import exams
from tests.conftest import SiteUnderTest

BATCH = 500


def peak() -> float:
    """Most memory that this process has had since its start, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if "VmHWM" in line).split()[1]) / 1024


def must(answer: object) -> None:
    """A wrong answer is no result."""
    if not answer:
        raise SystemExit("that was wrong")


@contextmanager
def told(what: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    print(f"{what:45} {time.perf_counter() - started:7.2f} s   peak {peak():5.0f} MB", flush=True)


def open_site(folder: Path) -> SiteUnderTest:
    return SiteUnderTest(folder, **{"modou.plugins": "quiz"})


def make(folder: Path, attempts: int, questions: int) -> None:
    site = open_site(folder)
    chance = random.Random(1)  # noqa: S311 - an exam that is the same each time
    with site.occasion() as occasion:
        contents = [exams.single(f"第 {n + 1} 题", right=n % 4) for n in range(questions)]
        exam = exams.exam(occasion, contents, [2.0] * questions)
    with told(f"{attempts} attempts at {questions} questions made, graded"):
        for begin in range(0, attempts, BATCH):
            with site.occasion() as occasion:
                for number in range(begin, min(attempts, begin + BATCH)):
                    user = exams.learner(occasion, exam, f"l{number}", f"学员{number}")
                    strength = chance.random()
                    given = {
                        n: n % 4 if chance.random() < strength else chance.randrange(4)
                        for n in range(questions)
                    }
                    exams.sit(occasion, exam, user, given, seconds=chance.randrange(600, 5400))
    (folder / "activity").write_text(f"{exam.course} {exam.activity} {exam.questions[0]}")
    site.close()


def count(folder: Path) -> None:
    site = open_site(folder)
    course, activity, _question = map(int, (folder / "activity").read_text().split())
    exam = exams.Exam(course, activity)
    with told("base"):
        pass
    with told("statistics, by the job"):
        with site.occasion() as occasion:
            jobs.enqueue(occasion, "quiz_statistics", activity=activity, which="first")
        site.work()
    with told("reading what was counted"), site.occasion() as occasion:
        found = reading.counted(occasion, exam.activity_of(occasion))
        must(found is not None and reading.sorted_items(found, "facility"))
    print(
        f"    {found.quiz['attempts']} attempts, {found.quiz['kind']} {found.quiz['reliability']}"
    )
    with told("reckoning all marks again"), site.occasion() as occasion:
        must(not list(checking.differences(occasion, activity)))
    with told("list of results by name, first page"), site.occasion() as occasion:
        listing = results.Listing(occasion, exam.activity_of(occasion), results.Choice())
        must(len(list(listing.rows(listing.refs[:50]))) == 50)
    with told("list of results by score, first page"), site.occasion() as occasion:
        choice = results.Choice(sort="-score")
        listing = results.Listing(occasion, exam.activity_of(occasion), choice)
        must(len(list(listing.rows(listing.refs[:50]))) == 50)
    with told("page of grading again: what was asked"), site.occasion() as occasion:
        must(regrading.asked(occasion, exam.activity_of(occasion)))
    site.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=50)
    parser.add_argument("--folder", type=Path, help="count what lies there (used by itself)")
    options = parser.parse_args()
    if options.folder is not None:
        count(options.folder)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.attempts, options.questions)
        subprocess.run([sys.executable, __file__, "--folder", name], check=True)


if __name__ == "__main__":
    main()
