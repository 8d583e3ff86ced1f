"""Many readers of media at once, and one very large upload: see scripts/bench/README.md.

python scripts/bench/media.py [--connections 10000] [--rounds 3] [--gigabytes 1] [--json FILE]
"""

import base64
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import _checkout  # noqa: F401 - puts this checkout on the path
import click

from modou.services import files, sessions
from modou.services.access import SiteAccess
from modou.web.security import CSRFPolicy
from tests import factories
from tests.stack import Shape, Stack, family

#: What a player, a page and a PDF viewer ask for: kind -> (files, bytes of each, bytes of a range,
#: share of the requests).
KINDS = {
    "film": (20, 20_000_000, 65_536, 0.6),
    "picture": (50, 100_000, 100_000, 0.2),
    "pdf": (20, 5_000_000, 65_536, 0.2),
}
PIECE = 8_000_000
LOAD = Path(__file__).with_name("media_load.py")


class Content:
    """The site: a teacher, and files of all kinds."""

    def __init__(self) -> None:
        self.named: dict[str, list[tuple[str, str, int]]] = {kind: [] for kind in KINDS}

    def fill(self, access: SiteAccess) -> None:
        heads = {"film": b"\0\0\0\x20ftypisom", "picture": b"\xff\xd8\xff\xe0", "pdf": b"%PDF-1.7"}
        ends = {"film": "mp4", "picture": "jpg", "pdf": "pdf"}
        chance = random.Random(1)  # noqa: S311 - noise, no secret
        with access.occasion() as occasion:
            course = factories.course(occasion, sections=1)
            teacher = factories.user(occasion, "wang")
            factories.enrolment(occasion, course, teacher, "teacher")
            self.token = sessions.start(occasion, teacher)
            self.teacher = teacher.id
            self.form = f"/courses/{course.key}/sections/{course.outline[0].key}/new/file"
            for kind, (count, size, _range, _share) in KINDS.items():
                for number in range(count):
                    body = heads[kind] + chance.randbytes(size - len(heads[kind]))
                    kept = files.store(
                        occasion, body, f"{kind}-{number}.{ends[kind]}", f"course:{course.id}"
                    )
                    self.named[kind].append((kept.key, kept.filename, size))
        with access.occasion(self.teacher) as occasion:
            self.ticket = access.uploads.ticket(occasion, "file")
            self.secret = files.secret("", access.keys)
            self.now = occasion.now

    def requests(self, count: int) -> list[tuple[str, int, int]]:
        """Address, first and last offset of so many requests."""
        chance = random.Random(2)  # noqa: S311
        signer = files.Signer(self.secret, 7200)
        addresses = {
            kind: signer.sign_many([(k, n) for k, n, _s in named], self.now)
            for kind, named in self.named.items()
        }
        kinds = list(KINDS)
        shares = [KINDS[kind][3] for kind in kinds]
        found = []
        for kind in chance.choices(kinds, shares, k=count):
            number = chance.randrange(len(addresses[kind]))
            size, part = KINDS[kind][1], KINDS[kind][2]
            start = chance.randrange(0, size - part + 1)
            found.append((addresses[kind][number], start, start + part - 1))
        return found


def wave(stack: Stack, port: int, calls: list[tuple[str, int, int]]) -> dict[str, Any]:
    """All requests at once, from a process of its own: what it says, and who used how much CPU."""
    listed = stack.folder / "wave"
    listed.write_text("".join(f"{path}\t{start}\t{stop}\n" for path, start, stop in calls))
    before = stack.cpu()
    done = subprocess.run(
        [sys.executable, str(LOAD), str(port), str(listed)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    after = stack.cpu()
    result: dict[str, Any] = json.loads(done.stdout)
    result["cpu"] = {part: round(after[part] - before[part], 2) for part in after}
    result["cpu"]["load"] = result.pop("own_cpu")
    return result


def show(name: str, result: dict[str, Any]) -> None:
    cpu = result["cpu"]
    total = sum(cpu.values()) or 1
    used = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in cpu.items() if seconds >= 0.05)
    click.echo(
        f"{name:<22}{result['requests']:>7} requests, {result['open']} connections open at once, "
        f"{result['bytes'] / 1e6:.0f} MB, errors {result['errors']}; first byte p50 "
        f"{result['first_p50']:.2f} p99 {result['first_p99']:.2f}, all bytes p50 "
        f"{result['p50']:.2f} p95 {result['p95']:.2f} p99 {result['p99']:.2f} max "
        f"{result['max']:.2f} s; CPU: {used} (load generator {cpu['load'] / total:.0%})"
    )
    for line in result["said"]:
        click.echo(f"    {line}")


class Memory:
    """The most memory that a process of Modou had: its own, and MB of RSS at the start."""

    def __init__(self, stack: Stack) -> None:
        self._pids = [pid for first in stack.pids["modou"] for pid in family(first)]
        self.before = self.now()
        for pid in self._pids:
            # The kernel then counts the peak anew.
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _read(self, name: str) -> float:
        found = []
        for pid in self._pids:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            found += [int(line.split()[1]) / 1e3 for line in lines if line.startswith(name)]
        return max(found)

    def now(self) -> float:
        return self._read("VmRSS")

    def peak(self) -> float:
        return self._read("VmHWM")


class Cookies:
    """As much of a request as its CSRF token is made of."""

    def __init__(self, token: str) -> None:
        self.cookies = {"modou": token}


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times[name] = time.perf_counter() - began


def upload(stack: Stack, content: Content, gigabytes: float) -> dict[str, Any]:
    """One upload in pieces through HAProxy and nginx, then its form."""
    size = int(gigabytes * 1e9)
    memory = Memory(stack)
    parts = urlsplit(stack.address)
    csrf = CSRFPolicy().get_csrf_token(Cookies(content.token))  # type: ignore[arg-type]
    headers = {"Cookie": f"modou={content.token}", "X-CSRF-Token": csrf, "Tus-Resumable": "1.0.0"}
    headers |= {"Sec-Fetch-Site": "same-origin"}
    about = {"filename": "film.mp4", "ticket": content.ticket}
    metadata = ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in about.items())
    line = HTTPConnection(parts.hostname or "", parts.port)

    def ask(
        method: str, path: str, body: bytes = b"", status: int = 200, **more: str
    ) -> tuple[Any, bytes]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        line.request(method, path, body, {**headers, **named})
        answer = line.getresponse()
        said = answer.read()
        if answer.status != status:
            raise SystemExit(f"{method} {path}: {answer.status} {said.decode()}")
        return answer.headers, said

    times: dict[str, float] = {}
    # The same random megabytes again and again, but for a mark: making a GB of them takes longer.
    noise = random.Random(3).randbytes(PIECE)  # noqa: S311
    with timed(times, "pieces"):
        begun, _said = ask(
            *("POST", "/uploads", b"", 201), Upload_Length=str(size), Upload_Metadata=metadata
        )
        path = urlsplit(begun["Location"]).path
        offset = 0
        while offset < size:
            head = b"\0\0\0\x20ftypisom" if not offset else offset.to_bytes(12, "big")
            body = (head + noise[12:])[: size - offset]
            last = offset + len(body) == size
            with timed(times, "last piece" if last else "piece"):
                ask(
                    *("PATCH", path, body, 204),
                    Upload_Offset=str(offset),
                    Content_Type="application/offset+octet-stream",
                )
            offset += len(body)
    peak = memory.peak()
    fields = {
        "csrf_token": csrf,
        "title": "film",
        "content-file": f"upload:{path.rpartition('/')[2]}",
        **dict.fromkeys(("prerequisites-0", "prerequisites-1", "grade_of"), ""),
    }
    with timed(times, "form"):
        saved, _said = ask(
            *("POST", content.form, urlencode(fields).encode(), 303),
            Content_Type="application/x-www-form-urlencoded",
        )
    _headers, outline = ask("GET", urlsplit(saved["Location"]).path)
    activity = re.findall(rb'href="(/courses/[^"/]+/a/[0-9a-z]{13})"', outline)[-1].decode()
    _headers, page = ask("GET", activity)
    film = re.findall(rb'"(/files/[^"]+/film[.]mp4)"', page)[0].decode()
    _headers, end = ask("GET", film, b"", 206, Range=f"bytes=-{len(body)}")
    if end != body:
        raise SystemExit("the film does not end as it was sent")
    return {
        "bytes": size,
        "seconds": times["pieces"],
        "last": times["last piece"],
        "form": times["form"],
        "rss_before": memory.before,
        "rss_peak": peak,
        "rss_after": memory.now(),
    }


@click.command()
@click.option("--connections", default=10_000, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Of each wave; the best counts.")
@click.option("--gigabytes", default=1.0, show_default=True, help="Of the upload; 0: none.")
@click.option("--server", type=click.Choice(["granian", "waitress"]), default="waitress")
@click.option("--postgresql/--filestorage", default=True, show_default=True)
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the results here.")
def main(
    connections: int,
    rounds: int,
    gigabytes: float,
    server: str,
    postgresql: bool,
    target: Path | None,
) -> None:
    """Measure nginx and HAProxy as `modou deploy render` sets them up, on this machine."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    content = Content()
    shape = Shape(
        processes=2 if postgresql else 1,
        postgresql=postgresql,
        server=server,
        app="modou.upload_limits = file=20000",
    )
    results: dict[str, Any] = {}
    with Stack(content.fill, shape) as stack:
        if gigabytes:
            done = results["upload"] = upload(stack, content, gigabytes)
            click.echo(
                f"upload of {done['bytes'] / 1e9:g} GB in pieces of {PIECE / 1e6:g} MB: "
                f"{done['bytes'] / done['seconds'] / 1e6:.0f} MB/s, last piece (hash and look) "
                f"{done['last']:.2f} s, form {done['form']:.2f} s; RSS of Modou "
                f"{done['rss_before']:.0f} MB before, {done['rss_peak']:.0f} at most, "
                f"{done['rss_after']:.0f} after"
            )
        calls = content.requests(connections)
        click.echo(f"load average {os.getloadavg()[0]:.1f}, files per process {hard}")
        for name, port in (
            ("nginx", stack.plan.media_port),
            ("HAProxy and nginx", stack.plan.port),
        ):
            waves = []
            for number in range(rounds + 1):
                result = wave(stack, port, calls)
                cold = name == "nginx" and not number
                show(f"{name}{', cold cache' if cold else ''}", result)
                if result["errors"]:
                    click.echo(stack.logs())
                waves.append(result)
            results[name] = min(waves[1:] or waves, key=lambda wave: wave["p99"])
    if target is not None:
        target.write_text(json.dumps(results, indent=1))
    if any(result.get("errors") for result in results.values()):
        raise SystemExit("some answers were not as expected")


if __name__ == "__main__":
    main()
