#!/usr/bin/env python
"""How long the demonstration takes from the command to its first page, and what memory it holds.

::

    .venv/bin/python scripts/bench/start.py [--runs 5]

Makes the demonstration once in a temporary folder, then starts `modou serve` several times. Budget
(docs/explanation/performance.md): at most 3 seconds and 200 MB. The time is compared with that of
an empty Python on the same machine, since that is what a busy machine stretches too.
"""

import argparse
import math
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for part in ("", "plugins", "core"):
    sys.path.insert(0, str(ROOT / part))

from tests.commands import command, environment, free_port, modou, write_ini  # noqa: E402

#: Seconds and MB of the issue's budget.
MOST_SECONDS = 3.0
MOST_MEGABYTES = 200.0
#: The pages of a first minute: their templates and data count as well.
PAGES = ("/", "/courses", "/login")


def start(ini: Path) -> tuple[float, float, float]:
    """Seconds to the first answer, MB resident after `PAGES`, CPU seconds of the process."""
    port = free_port()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    process = subprocess.Popen(
        command("serve", "--config", ini, "--port", str(port)),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(PYTHONUNBUFFERED="1"),
    )
    try:
        for line in process.stdout or ():
            if "Ctrl-C" in line:
                break
        else:
            raise SystemExit("modou serve did not start")
        urllib.request.urlopen(f"http://127.0.0.1:{port}/").read()
        seconds = time.perf_counter() - began
        for page in PAGES:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{page}").read()
        megabytes = resident(process.pid)
    finally:
        process.terminate()
        process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, megabytes, cpu


def resident(pid: int) -> float:
    """MB of a process's resident memory (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) / 1000 if found is not None else math.nan


def bare_python() -> float:
    """Seconds that Python itself takes to start."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Start of the demonstration: time and memory.")
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="modou-start-") as name:
        ini = write_ini(Path(name), "modou.development = true")
        made = modou("demo", "--config", ini)
        if made.returncode:
            raise SystemExit(made.stderr)
        start(ini)  # byte code and the disk's cache are warm afterwards
        measured = [start(ini) for _run in range(runs)]
        bare = statistics.median(bare_python() for _run in range(runs))
    seconds, megabytes, cpu = (statistics.median(values) for values in zip(*measured, strict=True))
    print(f"start to first answer  {seconds:6.2f} s   (budget {MOST_SECONDS} s)")
    print(
        f"  of it CPU            {cpu:6.2f} s   {cpu / bare:.0f} x an empty Python ({bare:.3f} s)"
    )
    print(f"resident memory        {megabytes:6.1f} MB  (budget {MOST_MEGABYTES:.0f} MB)")
    if seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES:
        raise SystemExit("over the budget")


if __name__ == "__main__":
    main()
