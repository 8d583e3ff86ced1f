"""Configuration files for running a site behind HAProxy and nginx, made from one plan.

`modou deploy render` writes them; the benchmarks use exactly these. What each piece is for:

- **HAProxy** takes all connections and lets only a few at a time through to each process: ten
  thousand simultaneous clicks become a short line before a few busy threads. The beats of learners,
  which mostly wait for the disk, have a line of their own and go to the front of each process
  (`modou.web.front`). Pages for visitors who are not signed in are kept for some seconds.
- **nginx** serves static files, and stored files by signed address without asking Modou. It takes
  forms with files and pieces of large files in, however long they last, before it bothers Modou
  with them.
- **systemd** keeps the processes running.
- **PostgreSQL** gets settings that suit RelStorage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

_TEMPLATES = Path(__file__).parent / "templates"
#: Only for sites whose background jobs have a process of their own.
WORKER = "modou-worker.service"
#: File to write -> template.
FILES: Mapping[str, str] = {
    "haproxy.cfg": "haproxy.cfg.jinja2",
    "nginx.conf": "nginx.conf.jinja2",
    "modou@.service": "modou@.service.jinja2",
    WORKER: "modou-worker.service.jinja2",
    "modou.target": "modou.target.jinja2",
    "postgresql-modou.conf": "postgresql-modou.conf.jinja2",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that the files need to know.

    :param ini: the site's .ini
    :param command: path of the `modou` command
    :param statics: name of a theme -> folder of its static files, for nginx
    :param files_secret: signs the addresses of stored files, see `modou.services.files`
    :param data: folder for caches
    :param domain: where plain http is sent on to, when there is a certificate
    :param address: on which HAProxy listens; "*" for all
    :param processes: how many Modou processes run; cores minus one is a good beginning
    :param threads: of each process
    :param most_pages: requests that HAProxy lets through to a process at a time; the other threads
        are for opening players, and where there is no front also for the beats of learners, which
        wait for a commit that they share
    :param deferred: method -> addresses that the front serves: the beats of learners, and what
        else of plugins waits for a shared commit
    :param beats_socket: the front's, with {port} for the process's port; "" for no front
    :param most_beats: that HAProxy lets through to a front at a time
    :param first_port: the processes listen on this port and the following ones
    :param port: HAProxy's
    :param plain_port: HAProxy's for http, when there is a certificate
    :param media_port: nginx's
    :param certificate: PEM with key, for https; "" for http only (behind another proxy, or a test)
    :param user: that everything runs as; "" leaves it to who starts it
    :param log: where HAProxy writes a line for each request: a socket, or address:port, of syslog;
        "" for nowhere
    :param nginx_pid: where Debian's service file of nginx looks for it
    :param max_connections: that HAProxy holds at a time
    :param inside_connections: of those, how many are kept for what nginx asks Modou for
    :param sign_ins_per_minute: from one address
    :param upload_megabytes: largest form with files that Modou takes
    :param piece_megabytes: largest piece of an upload that goes on after a broken line; the page's
        script sends smaller ones
    :param uploads: folder of unfinished uploads, where that is not in `data`
    :param memory_megabytes: of the machine that PostgreSQL runs on
    """

    ini: Path
    command: Path
    statics: Mapping[str, Path]
    files_secret: str
    data: Path
    deferred: Mapping[str, Sequence[str]]
    beats_socket: str = ""
    most_beats: int = 1000
    domain: str = "localhost"
    address: str = "*"
    processes: int = 2
    worker: bool = True
    threads: int = 38
    most_pages: int = 6
    first_port: int = 6551
    port: int = 8080
    plain_port: int = 80
    media_port: int = 8081
    certificate: str = ""
    user: str = "modou"
    log: str = "/dev/log"
    nginx_pid: Path = Path("/run/nginx.pid")
    max_connections: int = 12000
    inside_connections: int = 500
    sign_ins_per_minute: int = 300
    upload_megabytes: int = 100
    piece_megabytes: int = 64
    uploads: Path | None = None
    memory_megabytes: int = 4096
    ports: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        ports = tuple(range(self.first_port, self.first_port + self.processes))
        object.__setattr__(self, "ports", ports)

    @property
    def page_threads(self) -> int:
        """Requests at a time that take a database connection and the processor."""
        return min(self.most_pages, max(1, self.threads - 1))

    @property
    def beat_threads(self) -> int:
        """Beats that a process gets at a time, where it has no front."""
        # Two are for opening players.
        return max(1, self.threads - self.page_threads - 2)

    def beats_address(self, port: int) -> str:
        """Where the process with this port takes beats, as HAProxy writes it."""
        if not self.beats_socket:
            return f"127.0.0.1:{port}"
        return f'"unix@{self.beats_socket.replace("{port}", str(port))}"'


def render(plan: Plan) -> dict[str, str]:
    """File name -> text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration files, no HTML
    )
    return {
        name: environment.get_template(template).render(plan=plan)
        for name, template in FILES.items()
        if plan.worker or name != WORKER
    }


def write(plan: Plan, folder: Path) -> list[Path]:
    """Write the files into `folder` (made when absent), readable by their owner only: they hold
    the secret that signs file addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in render(plan).items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
