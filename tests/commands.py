"""The real `modou` command as a process of its own, and .ini files for it."""

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from modou.cli import main

ROOT = Path(__file__).parents[1]
#: The ports that were given away, see `free_port`.
_taken: set[int] = set()

INI = """\
[app:main]
use = egg:modou
modou.keys = %(here)s/var/keys
modou.mail = console
zodbconn.uri = file://%(here)s/var/Data.fs?blobstorage_dir=%(here)s/var/blobs
{app}

[server:main]
use = egg:waitress#main
{server}

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(levelname)s %(message)s
"""


def write_ini(folder: Path, app: str = "", server: str = "", name: str = "site.ini") -> Path:
    """An .ini of a site in `folder`; `app` and `server` are more lines for those sections (a key
    that stands there twice replaces the first)."""
    lines = INI.format(app="", server=server).splitlines()
    for line in app.splitlines():
        key = line.partition("=")[0].strip()
        lines = [old for old in lines if old.partition("=")[0].strip() != key or key == "use"]
        lines.insert(2, line)
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def environment(**more: str) -> dict[str, str]:
    """The environment in which the command imports this checkout."""
    paths = os.pathsep.join(str(ROOT / part) for part in ("core", "plugins"))
    kept = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "MODOU_CONFIG"}}
    return {**kept, "PYTHONPATH": paths, "COLUMNS": "200", **more}


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-c", "import modou.cli; modou.cli.main()", *map(str, args)]


def modou(
    *args: str | Path,
    input: str | None = None,
    env: Mapping[str, str] | None = None,
    powerless: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run ``modou <args>`` to its end; `powerless`: see `without_power`."""
    return subprocess.run(
        [*(without_power() if powerless else ()), *command(*args)],
        input=input,
        capture_output=True,
        text=True,
        env=environment(**(env or {})),
        timeout=120,
        check=False,
    )


def here(*args: str | Path, input: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``modou <args>`` in this process: quicker by the start of Python and all imports."""
    runner = CliRunner(env={"COLUMNS": "200", "MODOU_CONFIG": None})
    ended = runner.invoke(main, [str(a) for a in args], input=input)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return subprocess.CompletedProcess(args, ended.exit_code, ended.stdout, ended.stderr)


def refused(
    *args: str | Path,
    powerless: bool = False,
) -> str:
    """Run a command that must end with one sentence and status 2; the sentence."""
    return sentence(modou(*args, powerless=powerless))


def refused_here(*args: str | Path) -> str:
    """As `refused`, in this process."""
    return sentence(here(*args))


def sentence(ended: subprocess.CompletedProcess[str]) -> str:
    """What a command said that could not go on."""
    said = ended.stderr.strip().splitlines()
    assert ended.returncode == 2, ended
    assert "Traceback" not in ended.stderr, ended.stderr
    assert said[-1].startswith("modou: "), ended.stderr
    return said[-1].removeprefix("modou: ")


def without_power() -> list[str]:
    """What to put before a command so that file permissions count, which they do not for root."""
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to take that away")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def free_port() -> int:
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nothing listens on, never the same twice. Each
    worker has a thousand of its own, and all are below those that the kernel gives to connections:
    one of these could take a port before the server does that it is for."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 16
    while True:
        first = 16_000 + 1_000 * worker + random.randrange(1_000 - count)
        row = range(first, first + count)
        if _taken.isdisjoint(row) and all(map(_is_free, row)):
            _taken.update(row)
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


@contextmanager
def serving(ini: Path, *args: str) -> Iterator[str]:
    """`modou serve` on a free port; its address. Ended with SIGTERM, which it must obey."""
    port = free_port()
    process = subprocess.Popen(
        command("serve", "--config", ini, "--port", str(port), *args),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(PYTHONUNBUFFERED="1"),
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        else:
            raise AssertionError(f"it did not start:\n{''.join(said)}")
        yield f"http://127.0.0.1:{port}"
        process.terminate()
        rest = process.stdout.read()
        assert process.wait(timeout=60) == 0, "".join(said) + rest
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def ini_of(settings: Mapping[str, str], path: Path) -> Path:
    """An .ini with these settings of the application, e.g. a `SiteUnderTest`'s."""
    lines = [f"{key} = {value}" for key, value in settings.items()]
    path.write_text(
        "\n".join(["[app:main]", "use = egg:modou", *lines, ""]).replace("%", "%%"),
        encoding="utf-8",
    )
    return path
