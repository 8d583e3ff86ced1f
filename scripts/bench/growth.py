#!/usr/bin/env python3
"""What a page and a sign-in cost with a thousand, a hundred thousand, a million learners.

    scripts/bench/growth.py [--folder FOLDER] [--sizes 1000,100000,1000000]

Each site lies in a FileStorage of its own under FOLDER and is generated when it is not there yet (a
million accounts take minutes); without FOLDER they are thrown away at the end. Budgets: the last
size costs at most 1.2 times the first; a site with a million learners answers 3 s after its start.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import _checkout  # noqa: F401 - puts this checkout on the path
from pages import hello
from pyramid.config import Configurator
from pyramid.request import Request
from sites import SIZE_S, add_course, add_learners

from modou.app import FIXED_SETTINGS, configure, open_site, prepare_database
from modou.services import sessions
from modou.services.passwords import PasswordHashing
from modou.store.containers import encode_id
from modou.store.vault import make_when_absent
from modou.web.requests import settle
from modou.web.security import SESSION_COOKIE
from tests.commands import command, environment, free_port, write_ini

LEARNERS = 64
ENROLLED = 1000
PASSWORD = "安全第一 Ink-line 9"  # noqa: S105 - of accounts that are thrown away
SIGN_INS = 4 * LEARNERS


def settings_of(folder: Path) -> dict[str, str]:
    return {
        "zodbconn.uri": f"file://{folder}/var/Data.fs?blobstorage_dir={folder}/var/blobs"
        "&connection_cache_size=20000",
        "modou.keys": f"{folder}/var/keys",
        "modou.mail": "console",
        # A site that was generated some days ago can still be measured.
        "modou.session_idle": "31536000",
        "modou.session_longest": "31536000",
    }


def generate(folder: Path, count: int) -> None:
    """A site with `count` learners, a thousand of them in a course of size S."""
    (folder / "var").mkdir(parents=True)
    settings = settings_of(folder)
    make_when_absent(Path(settings["modou.keys"]))
    access = open_site(settings)
    with closing(access.database):
        begin = time.monotonic()

        def progress(text: str) -> None:
            print(f"  {text}, {time.monotonic() - begin:.0f} s", flush=True)

        add_learners(access, count, progress=progress)
        course = add_course(access, **{**SIZE_S, "learners": ENROLLED})
        tokens = []
        with access.occasion() as occasion:
            names = occasion.site.user_index.usernames
            users = occasion.site.users
            for number in range(LEARNERS):
                tokens.append(sessions.start(occasion, users.by_id(names[f"learner{number}"])))
            # Those who sign in are anywhere among all.
            signing = [f"learner{number * count // LEARNERS}" for number in range(LEARNERS)]
            stored = PasswordHashing().hash(PASSWORD)
            for name in signing:
                users.by_id(names[name]).password = stored
    about = {"course": encode_id(course), "tokens": tokens, "signing": signing}
    (folder / "about.json").write_text(json.dumps(about))


class Hashing:
    """Adds up the CPU that verifying passwords takes, so that it can be told apart."""

    def __init__(self) -> None:
        self.seconds = 0.0
        verify = PasswordHashing.verify

        def timed(hashing: PasswordHashing, stored: str | None, password: str) -> bool:
            begin = time.process_time()
            try:
                return verify(hashing, stored, password)
            finally:
                self.seconds += time.process_time() - begin

        PasswordHashing.verify = timed  # type: ignore[method-assign]


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """CPU µs of the pages and of signing in, in this process."""
    about = json.loads((folder / "about.json").read_text())
    settings = settings_of(folder)
    begin = time.monotonic()
    config = Configurator(settings={**FIXED_SETTINGS, **settings})
    configure(config, settings)
    config.add_route("hello", "/hello")
    config.add_view(hello, route_name="hello")
    config.commit()
    prepare_database(config.registry)
    settle(config)
    app = config.make_wsgi_app()
    opened = time.monotonic() - begin

    def send(path: str, status: int, **environ: Any) -> None:
        request = Request.blank(path, environ={"REMOTE_ADDR": "127.0.0.1", **environ.pop("env")})
        for name, value in environ.items():
            setattr(request, name, value)
        response = request.get_response(app)
        if response.status_int != status:
            raise SystemExit(f"{path} answers {response.status}, not {status}")

    cookies = cycle([f"{SESSION_COOKIE}={token}" for token in about["tokens"]])
    names = cycle(about["signing"])
    origin = {"HTTP_ORIGIN": "http://localhost"}

    def page(path: str) -> Callable[[], None]:
        return lambda: send(path, 200, env={"HTTP_COOKIE": next(cookies)})

    def sign_in() -> None:
        form = {"login": next(names), "password": PASSWORD}
        request = Request.blank("/login", environ=origin, POST=form)
        response = request.get_response(app)
        if response.status_int != 303:
            raise SystemExit(f"signing in answers {response.status}")

    hashing = Hashing()
    with closing(config.registry.access.database):
        pages = {"hello": page("/hello"), "course": page(f"/courses/{about['course']}")}
        results: dict[str, float] = {"opened": opened}
        for name, work in pages.items():
            for _call in range(4 * LEARNERS):
                work()
            results[name] = min(cpu(work, 10 * LEARNERS) for _round in range(rounds))
        for _call in range(LEARNERS):
            sign_in()
        rest, verifying = [], []
        for _call in range(SIGN_INS):
            hashing.seconds = 0.0
            used = cpu(sign_in, 1)
            rest.append(used - hashing.seconds * 1e6)
            verifying.append(hashing.seconds * 1e6)
        results["sign_in"] = statistics.median(rest)
        results["argon2"] = statistics.median(verifying)
    # Not ru_maxrss, which begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    results["megabytes"] = int(status.split("VmHWM:")[1].split()[0]) / 1000
    return results


def cpu(work: Callable[[], None], calls: int) -> float:
    """µs of CPU for one call."""
    begin = time.process_time()
    for _call in range(calls):
        work()
    return (time.process_time() - begin) / calls * 1e6


def first_answer(folder: Path) -> float:
    """Seconds from the start of `modou serve` until the front page has come."""
    lines = "\n".join(f"{name} = {value}" for name, value in settings_of(folder).items())
    ini = write_ini(folder, lines)
    port = free_port()
    begin = time.monotonic()
    process = subprocess.Popen(
        command("serve", "--config", ini, "--port", str(port)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        while time.monotonic() < begin + 120 and process.poll() is None:
            with suppress(URLError, ConnectionError), urlopen(f"http://127.0.0.1:{port}/"):
                return time.monotonic() - begin
            time.sleep(0.01)
        raise SystemExit("modou serve does not answer")
    finally:
        process.terminate()
        process.wait(timeout=60)


def main() -> None:
    """Generate what is missing, measure each in a process of its own, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, help="where the sites are kept")
    parser.add_argument("--sizes", default="1000,100000,1000000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        print(json.dumps(measure(chosen.measure, chosen.rounds)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        base = chosen.folder or Path(scratch)
        sizes = [int(size) for size in chosen.sizes.split(",")]
        results: dict[int, dict[str, float]] = {}
        for size in sizes:
            folder = base.absolute() / f"{size}"
            if not (folder / "about.json").exists():
                print(f"generating {size:,} learners in {folder}")
                generate(folder, size)
        # Twice, and the other way round: what else runs here should not look like growth.
        for order in (sizes, sizes[::-1]):
            for size in order:
                found = in_process(base.absolute() / f"{size}", chosen.rounds)
                old = results.setdefault(size, found)
                results[size] = {name: min(old[name], value) for name, value in found.items()}
        show(results, base.absolute())


def in_process(folder: Path, rounds: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", str(folder), "--rounds", str(rounds)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    starts = [first_answer(folder) for _start in range(2)]
    return {**found, "first_answer": min(starts)}


def show(results: dict[int, dict[str, float]], base: Path) -> None:
    print(f"load average {os.getloadavg()[0]:.1f}")
    print(
        f"{'learners':>10}{'hello':>8}{'course page':>13}{'sign-in':>9}{'(argon2)':>10}"
        f"{'first answer':>14}{'memory':>9}{'Data.fs':>10}"
    )
    for size, found in results.items():
        data = (base / f"{size}/var/Data.fs").stat().st_size / 1e6
        print(
            f"{size:>10,}{found['hello']:>8.0f}{found['course']:>13.0f}{found['sign_in']:>9.0f}"
            f"{found['argon2']:>10.0f}{found['first_answer']:>12.2f} s{found['megabytes']:>6.0f} MB"
            f"{data:>7.0f} MB"
        )
    first, last = next(iter(results.values())), list(results.values())[-1]
    for name in ("hello", "course", "sign_in"):
        print(f"{name}: last / first = {last[name] / first[name]:.2f}")
    print("CPU µs; sign-in without argon2")


if __name__ == "__main__":
    main()
