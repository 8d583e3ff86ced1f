"""The question bank with up to 100,000 questions: drawing papers, lists, search, memory.

    .venv/bin/python scripts/bench/quiz_draw.py [--sizes 1000 10000 100000] [--keep FOLDER]

Budget: a paper from 100,000 questions within 50 ms. "cold": a fresh connection that has nothing in
its cache; "warm": the same again. Milliseconds of CPU, in process, the least of some rounds.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import _checkout  # noqa: F401 - first: the checkout's packages
from pyramid.config import Configurator

from modou.app import FIXED_SETTINGS, configure, prepare_database
from modou.services.access import SiteAccess
from modou.services.occasion import Occasion
from modou_quiz.content import Rich
from modou_quiz.models.papers import Draw, Paper, PaperSection
from modou_quiz.models.quizzes import Quiz
from modou_quiz.services import bank, drawing, duplicates, papers, searching, shelf
from modou_quiz.types.contents import Option, SingleChoice, TrueFalse

BUDGET = 50.0
BATCH = 1000
CHAPTERS, PARTS = 20, 10


def words(text: str) -> list[str]:
    return text.split()


SUBJECTS = words(
    """
    低压配电箱 三相异步电动机 接触器 热继电器 漏电保护器 电压互感器 电流互感器 变压器 电缆终端
    避雷器 绝缘手套 验电器 接地线 万用表 兆欧表 断路器 隔离开关 熔断器 电容器组 照明回路
    控制回路 保护接零 保护接地 重复接地 触电急救 心肺复苏 安全标示牌 工作票 操作票 架空线路
    """
)
DEEDS = words(
    """
    运行中应当检查 停电检修时必须先 安装以后应当测量 发生过载时会 选择时主要依据 更换之前必须
    定期试验的周期是 接线时不允许 合闸之前应当确认 的额定电流应当大于 的绝缘电阻不得低于
    的动作时间不得超过 在潮湿场所应当采用
    """
)
THINGS = words(
    """
    绝缘电阻 额定电压 环境温度 接触压力 相序 中性线截面 剩余电流 短路电流 机械强度 防护等级
    温升 功率因数 启动电流 操作顺序 监护人 安全距离 接地电阻 警告标志 个人防护用品 备用电源
    """
)
POINTS = [f"{subject}的{thing}" for subject in SUBJECTS for thing in THINGS[:10]]


def settings_of(folder: Path) -> dict[str, str]:
    return {
        "zodbconn.uri": f"file://{folder}/Data.fs?blobstorage_dir={folder}/blobs"
        "&connection_cache_size=50000",
        "modou.keys": str(folder / "keys"),
        "modou.mail": "console",
        "modou.plugins": "quiz",
        "modou.locale": "zh_CN",
    }


def open_site(folder: Path) -> SiteAccess:
    config = Configurator(settings={**FIXED_SETTINGS, **settings_of(folder)})
    configure(config, settings_of(folder))
    config.commit()
    prepare_database(config.registry)
    access: SiteAccess = config.registry.access
    return access


def rich(text: str) -> Rich:
    return Rich(source=text, markup="plain")


def sentence(chance: random.Random) -> str:
    things = chance.sample(THINGS, 3)
    number = chance.randrange(1, 1000)
    return (
        f"{chance.choice(SUBJECTS)}{chance.choice(DEEDS)}{things[0]}，"
        f"当{things[1]}达到 {number} 时，{things[2]}应当怎样处理？"
    )


def add(occasion: Occasion, chance: random.Random, categories: list[Any], number: int) -> None:
    """One question, of the kind that trainers have most of."""
    kind = chance.random()
    if kind < 0.6:
        name, content = (
            "single",
            SingleChoice(
                stem=rich(sentence(chance)),
                options=tuple(
                    Option(text=rich(thing), fraction=1.0 if place == 0 else 0.0)
                    for place, thing in enumerate(chance.sample(THINGS, 4))
                ),
            ),
        )
    else:
        name, content = "truefalse", TrueFalse(stem=rich(sentence(chance)), answer=kind < 0.8)
    bank.create_question(
        occasion,
        chance.choice(categories),
        name,
        content,
        difficulty=chance.randrange(1, 6),
        point=chance.choice(POINTS),
        syllabus=f"{chance.randrange(1, 8)}.{chance.randrange(1, 20)}",
        tags=[chance.choice(("理论", "实操", "易错", "新规"))],
        idnumber=f"T{number:06}",
        status="ready" if chance.random() < 0.97 else "draft",
    )


def fill(access: SiteAccess, size: int, have: int, chance: random.Random) -> None:
    with access.occasion() as occasion:
        top = bank.top_of(occasion, "site")
        if not have:
            for chapter in range(CHAPTERS):
                node = bank.create_category(occasion, top, f"第 {chapter + 1} 章")
                for part in range(PARTS):
                    bank.create_category(occasion, node, f"第 {part + 1} 节")
    for start in range(have, size, BATCH):
        with access.occasion() as occasion:
            store = shelf.bank_of(occasion)
            root = store.root("site", 0)
            categories = [store.categories.by_id(id) for id, _depth in store.walk(root.id)][1:]
            for number in range(start, min(size, start + BATCH)):
                add(occasion, chance, categories, number)
    while True:
        with access.occasion() as occasion:
            store = shelf.bank_of(occasion)
            if not store.fresh:
                break
            searching.seal(store)


def quiz_of(occasion: Occasion) -> Quiz:
    """100 questions: chapters by difficulty, a whole half of the bank, a knowledge point, a tag."""
    store = shelf.bank_of(occasion)
    chapters = store.below(store.root("site", 0).id)
    singles = [
        Draw(5, (chapter,), types=("single",), difficulties=(1, 2, 3), marks=1.0)
        for chapter in chapters[:10]
    ]
    judgements = [
        Draw(20, tuple(chapters[10:]), types=("truefalse",), marks=1.0),
        Draw(20, (), types=("single",), difficulties=(4, 5), marks=1.0),
        Draw(5, (), tags=("易错",), syllabus=("3.7", "3.8", "3.9"), marks=1.0),
        Draw(5, (), points=tuple(POINTS[:20]), marks=1.0),
    ]
    quiz = Quiz(0)
    quiz.paper = Paper(
        (
            PaperSection("一、单项选择题", tuple(singles), shuffle=True),
            PaperSection("二、判断题", tuple(judgements), shuffle=True),
        )
    )
    return quiz


def least(work: Callable[[], Any], rounds: int = 15) -> tuple[float, float]:
    """(the first, the least of the others) in milliseconds."""
    spent = []
    for _round in range(rounds + 1):
        begin = time.process_time()
        work()
        spent.append((time.process_time() - begin) * 1000)
    return spent[0], min(spent[1:])


def memory() -> float:
    """Megabytes of the process now."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def measure(access: SiteAccess) -> dict[str, tuple[float, float]]:
    chance = random.Random(5)  # noqa: S311
    results: dict[str, tuple[float, float]] = {}

    def draw(occasion: Occasion) -> Callable[[], Any]:
        quiz = quiz_of(occasion)
        return lambda: drawing.draw(occasion, quiz, chance)

    def state(occasion: Occasion) -> Callable[[], Any]:
        quiz = quiz_of(occasion)
        return lambda: papers.check(papers.state_of(occasion, 0, quiz.paper))

    def listed(sort: str, start: int, **more: Any) -> Callable[[Occasion], Callable[[], Any]]:
        def make(occasion: Occasion) -> Callable[[], Any]:
            store = shelf.bank_of(occasion)
            chapter = store.below(store.root("site", 0).id)[3]
            extra = {"categories": (chapter,), **more} if more.pop("chapter", False) else more
            criteria = searching.Criteria(("site:0",), **extra)
            return lambda: searching.page(store, criteria, sort, start, 50)

        return make

    def alike(occasion: Occasion) -> Callable[[], Any]:
        text = sentence(chance)
        criteria = searching.Criteria(("site:0",))
        return lambda: duplicates.alike(occasion, criteria, text=text)

    for title, make in (
        ("draw 100 questions, 14 lines", draw),
        ("state and check of that paper", state),
        ("list: all, newest first", listed("-created", 0)),
        ("list: all, page 1000", listed("-created", 49_950)),
        ("list: a chapter by title", listed("title", 0, chapter=True)),
        (
            "list: type, difficulty, status",
            listed("-created", 0, types=("single",), difficulties=(2,)),
        ),
        ("search: 绝缘电阻", listed("-created", 0, text="绝缘电阻")),
        ("search: 避雷器 相序 417", listed("-created", 0, text="避雷器 相序 417")),
        ("search: bileiqi", listed("-created", 0, text="bileiqi")),
        ("search: one sign, 雷", listed("-created", 0, text="雷")),
        ("questions like a given text", alike),
    ):
        colds, warms = [], []
        for _again in range(3):
            with access.occasion() as occasion:
                occasion.site._p_jar.cacheMinimize()
                work = make(occasion)
                occasion.site._p_jar.cacheMinimize()
                cold, warm = least(work)
                colds.append(cold)
                warms.append(warm)
        results[title] = (min(colds), min(warms))
    return results


def written(access: SiteAccess, folder: Path) -> tuple[float, float]:
    """(KB in the database, milliseconds with the commit) for one new question, the median."""
    chance = random.Random(11)  # noqa: S311
    sizes, spent = [], []
    for number in range(20):
        before = (folder / "Data.fs").stat().st_size
        begin = time.process_time()
        with access.occasion() as occasion:
            store = shelf.bank_of(occasion)
            chapter = store.below(store.root("site", 0).id)[3]
            add(occasion, chance, [store.categories.by_id(chapter)], 900_000 + number)
        spent.append((time.process_time() - begin) * 1000)
        sizes.append((folder / "Data.fs").stat().st_size - before)
    return statistics.median(sizes) / 1000, statistics.median(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument(
        "--keep", type=Path, help="a folder for the database; reused when it is there"
    )
    options = parser.parse_args()
    chance = random.Random(3)  # noqa: S311 - the same questions in every run
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        access = open_site(folder)
        stack.callback(access.close)
        columns: dict[int, dict[str, tuple[float, float]]] = {}
        for size in sorted(options.sizes):
            with access.occasion() as occasion:
                found = shelf.find_bank(occasion.site)
                have = len(found.questions) if found is not None else 0
            begin = time.process_time()
            fill(access, size, have, chance)
            spent = time.process_time() - begin
            print(
                f"{size:,} questions: {spent:.1f} s for {max(0, size - have):,} new ones, "
                f"Data.fs {(folder / 'Data.fs').stat().st_size / 1e6:.0f} MB, "
                f"process {memory():.0f} MB",
                flush=True,
            )
            columns[size] = measure(access)
            size_kb, milliseconds = written(access, folder)
            print(
                f"  one more question: {size_kb:.0f} KB written, {milliseconds:.1f} ms", flush=True
            )
        print(f"\n{'cold / warm, ms':34}" + "".join(f"{size:>18,}" for size in columns))
        for title in next(iter(columns.values())):
            cells = (columns[size][title] for size in columns)
            print(f"{title:34}" + "".join(f"{cold:9.1f} /{warm:7.2f}" for cold, warm in cells))
        largest = columns[max(columns)]
        cold, warm = largest["draw 100 questions, 14 lines"]
        print(f"\nbudget {BUDGET:.0f} ms: cold {cold:.1f}, warm {warm:.1f}")


if __name__ == "__main__":
    main()
