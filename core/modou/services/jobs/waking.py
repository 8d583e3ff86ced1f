"""The queue by which workers are woken: huey, on a SQLite file or on Redis.

Only numbers of jobs travel through it, signed with the site's keys. What gets lost on the way is
found by the workers in the database a little later.
"""

import logging
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from modou.errors import ConfigurationError
from modou.store.vault import Keyring

log = logging.getLogger(__name__)

_REDIS = re.compile(r"(redis|rediss|unix)://.+")


class JobQueue:
    """Where the site's workers are woken; imports and opens huey when it is first needed.

    :param store: path of an SQLite file, or a Redis URL
    :param keys: by which the site's messages are known from others in the same Redis
    :param ringing: whether `ring` does anything; a process that works itself switches it on when
        its workers are there
    """

    def __init__(self, store: str, keys: Keyring, *, ringing: bool = True) -> None:
        self.store = store
        self.ringing = ringing
        self._secret = keys.fingerprint("job queue", "jobs").hex()
        #: Called with the number of a job, in processes that work.
        self.run: Callable[[int], object] | None = None
        self._pid = 0
        self._lock = threading.Lock()
        self._hueys: dict[bool, Any] = {}
        self._tasks: dict[bool, Any] = {}
        self._bell: SimpleQueue[tuple[int, bool]] = SimpleQueue()

    def ring(self, id: int, long: bool) -> None:
        """Wake a worker for a job. Neither waits nor fails: a thread of its own hands it on."""
        if not self.ringing:
            return
        with self._lock:
            if self._pid != os.getpid():
                # First of all, or a child of the process that rang before.
                self._pid = os.getpid()
                self._hueys, self._tasks = {}, {}
                self._bell = SimpleQueue()
                threading.Thread(target=self._hand_on, name="modou-jobs-bell", daemon=True).start()
        self._bell.put((id, long))

    def _hand_on(self) -> None:
        bell = self._bell
        while True:
            id, long = bell.get()
            try:
                self.put(id, long)
            except Exception as error:  # noqa: BLE001 - of whatever the queue is made
                log.warning(
                    "no worker can be woken (%s: %s); they find job %d by themselves",
                    type(error).__name__,
                    error,
                    id,
                )

    def put(self, id: int, long: bool) -> None:
        """Wake a worker now; raises what the queue raises."""
        self.huey(long)
        self._tasks[long](id)

    def huey(self, long: bool) -> Any:
        """The huey of the short or the long jobs."""
        with self._lock:
            found = self._hueys.get(long)
            if found is None:
                found = self._hueys[long] = self._open(long)

                def run_job(id: int) -> None:
                    if self.run is not None:
                        self.run(id)

                self._tasks[long] = found.task(name="run_job")(run_job)
            return found

    def _open(self, long: bool) -> Any:
        from_redis = is_redis(self.store)
        with _without_redis(not from_redis):
            import huey
            from huey.serializer import SignedSerializer
        options = {
            "name": f"modou{self._secret[:8]}{'long' if long else ''}",
            "results": False,
            "serializer": SignedSerializer(secret=self._secret),
        }
        if from_redis:
            return huey.RedisHuey(url=self.store, **options)
        return huey.SqliteHuey(filename=self.store, cache_mb=1, fsync=False, **options)


@contextmanager
def _without_redis(hide: bool) -> Iterator[None]:
    """Where redis is installed, huey imports it: 20 MB that a site on SQLite has no use for."""
    if not hide or "redis" in sys.modules or "huey" in sys.modules:
        yield
        return
    sys.modules["redis"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["redis"]


def is_redis(store: str) -> bool:
    return bool(_REDIS.fullmatch(store))


def place_of_queue(store: str, keys: Path) -> str:
    """What `modou.jobs_store` means.

    :param keys: the keys file, beside which the SQLite file lies by default
    :raises ConfigurationError: neither a path nor an address of Redis
    """
    if not store:
        return str(keys.absolute().with_name("jobs.sqlite"))
    if is_redis(store):
        if not urlsplit(store).netloc and not store.startswith("unix:"):
            raise ConfigurationError(f"modou.jobs_store = {store!r} names no host")
        return store
    if "://" in store:
        raise ConfigurationError(
            f"modou.jobs_store = {store!r} is neither a path nor redis://host:port/number"
        )
    path = Path(store).expanduser()
    if not path.parent.is_dir():
        raise ConfigurationError(f"modou.jobs_store: there is no folder {path.parent}")
    return str(path)
