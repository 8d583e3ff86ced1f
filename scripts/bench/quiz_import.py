"""A file of 10,000 questions, from the bytes to the question bank, and back into a file.

    .venv/bin/python scripts/bench/quiz_import.py [--questions 10000] [--format gift]

Budget: reading and taking 10,000 GIFT questions within 30 s; memory grows by less than 200 MB.
Seconds of CPU of the process that does it, with the wall clock's beside them, which a busy machine
makes longer. The site is made in a temporary folder.
"""

import argparse
import io
import random
import resource
import tempfile
import time
from pathlib import Path

import _checkout  # noqa: F401 - first: the checkout's packages
from pyramid.config import Configurator

from modou.app import FIXED_SETTINGS, configure, prepare_database
from modou.services.access import SiteAccess
from modou.services.files import Upload
from modou_quiz.services import bank, shelf
from modou_quiz.services.interchange import exporting, finding, reading, taking
from modou_quiz.services.interchange.working import Here

BUDGET, MEMORY = 30.0, 200.0
SUBJECTS = (
    "低压配电箱",
    "三相异步电动机",
    "接触器",
    "热继电器",
    "漏电保护器",
    "变压器",
    "电缆终端",
)
DEEDS = (
    "运行中应当检查",
    "停电检修时必须先",
    "安装以后应当测量",
    "发生过载时会",
    "合闸之前应当确认",
)
THINGS = (
    "绝缘电阻",
    "额定电压",
    "环境温度",
    "接触压力",
    "相序",
    "剩余电流",
    "短路电流",
    "机械强度",
)


def questions(count: int) -> bytes:
    """A GIFT file of several types, with feedback, tags and categories."""
    chance = random.Random(7)  # noqa: S311 - the same in every run
    parts = []
    for number in range(count):
        if number % 500 == 0:
            parts.append(f"$CATEGORY: $course$/top/章节 {number // 500 + 1}\n")
        stem = f"{number}：{chance.choice(SUBJECTS)}{chance.choice(DEEDS)}什么？"
        right, *wrong = chance.sample(THINGS, 4)
        kind = number % 5
        if kind == 0:
            answers = "TRUE#不对#对"
        elif kind == 1:
            answers = f"={right} =%50%{wrong[0]}#接近"
        elif kind == 2:
            answers = "".join(
                f"\n\t~%{w}%{t}" for w, t in zip((50, 50, -100, 0), [right, *wrong], strict=True)
            )
        else:
            answers = f"\n\t={right}#正确" + "".join(f"\n\t~{text}" for text in wrong)
        parts.append(
            f"// [tag:电工] [id:Q{number}]\n::第 {number} 题::{stem}{{{answers}\n\t####见教材。}}\n"
        )
    return "\n".join(parts).encode()


def memory() -> float:
    """Highest use of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def site(folder: Path) -> SiteAccess:
    settings = {
        "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs",
        "modou.keys": str(folder / "keys"),
        "modou.mail": "console",
        "modou.plugins": "quiz",
        **FIXED_SETTINGS,
    }
    config = Configurator(settings=settings)
    configure(config, settings, None)
    prepare_database(config.registry)
    return config.registry.access


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=10_000)
    parser.add_argument("--format", default="gift")
    asked = parser.parse_args()
    data = questions(asked.questions)
    with tempfile.TemporaryDirectory() as folder:
        access = site(Path(folder))
        before = memory()
        begun, begun_cpu = time.perf_counter(), time.process_time()
        with access.occasion() as occasion:
            upload = Upload("questions.gift", io.BytesIO(data), len(data))
            id = reading.keep(occasion, upload).id
        reading.read(Here(access, found=id))
        read = time.perf_counter()
        with access.occasion() as occasion:
            found = finding.store_of(occasion).imports.by_id(id)
            print(f"{len(data) / 1e6:.1f} MB, {found.size} items: {found.progress.counts}")
            taking.choose_all(found, "", True)
            taking.begin(occasion, found, bank.top_of(occasion, "site").key)
        taking.take(Here(access, found=id))
        taken, taken_cpu = time.perf_counter(), time.process_time()
        with access.occasion() as occasion:
            found = finding.store_of(occasion).imports.by_id(id)
            print(f"{found.progress.taken} taken, {found.progress.failed} not")
            questions_ = exporting.of_category(occasion, bank.top_of(occasion, "site"), None)
            made = exporting.begin(occasion, questions_, asked.format).id
        grown = memory() - before
        exporting.write(Here(access, made=made))
        written = time.perf_counter()
        with access.occasion() as occasion:
            assert shelf.find_bank(occasion.site) is not None  # noqa: S101
        access.close()
    total = taken_cpu - begun_cpu
    verdict = "kept" if total <= BUDGET else "BROKEN"
    print(f"wall clock: read and reported in {read - begun:.1f} s, taken in {taken - read:.1f} s")
    print(f"import {total:.1f} s of CPU (budget {BUDGET:.0f} s): {verdict}")
    verdict = "kept" if grown <= MEMORY else "BROKEN"
    print(f"memory +{grown:.0f} MB (budget {MEMORY:.0f} MB): {verdict}")
    print(f"exported as {asked.format} in {written - taken:.1f} s")


if __name__ == "__main__":
    main()
