"""Running jobs, one by one."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable

from modou.errors import ModouError
from modou.services.access import SiteAccess
from modou.services.jobs import schedule, transitions
from modou.services.jobs.context import Interrupted, JobContext

log = logging.getLogger(__name__)

#: Runs in one `work_off`, against jobs that ask for themselves for ever.
_MOST = 10_000


class Runner:
    """Claims jobs and runs them in the caller's thread; shared by the threads of a worker."""

    def __init__(self, access: SiteAccess, *, often: float = 1.0) -> None:
        """:param often: seconds between notes of progress of a job"""
        self.access = access
        self.stopping = threading.Event()
        self._often = often
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._lock = threading.Lock()
        self._under_way: set[JobContext] = set()

    def run(self, id: int) -> bool:
        """Run a job if it waits and is due; False when there was nothing to do."""
        if self.stopping.is_set():
            return False
        claim = transitions.claim(self.access, id, f"{self._name}:{secrets.token_hex(8)}")
        if claim is None:
            return False
        context = JobContext(
            self.access, claim.record, claim.values, self.stopping, sleep_between=self._often
        )
        with self._lock:
            self._under_way.add(context)
        error: Exception | None = None
        try:
            claim.job.run(context)
        except Interrupted:
            context.told = True
            log.info("job %s %s stopped where it was", claim.record.name, claim.record.key)
        except ModouError as refused:
            error = refused
            log.warning("job %s %s failed: %s", claim.record.name, claim.record.key, refused)
        except Exception as failed:
            error = failed
            log.exception("job %s %s failed", claim.record.name, claim.record.key)
        finally:
            with self._lock:
                self._under_way.discard(context)
        transitions.settle(self.access, claim, error=error, told=context.told)
        return True

    def beat(self) -> None:
        """A sign of life for everything that runs here."""
        with self._lock:
            contexts = list(self._under_way)
        for context in contexts:
            context.beat()

    @property
    def busy(self) -> int:
        """How many jobs run here."""
        return len(self._under_way)

    def next_due(self, long: bool | None = None) -> list[int]:
        with self.access.occasion() as occasion:
            return transitions.due(occasion, long)

    def work_off(self, tell: Callable[[int], None] | None = None) -> int:
        """Start what is scheduled by now, and run everything that is due, until nothing is; how
        many runs there were. For tests and commands: workers have `modou.services.jobs.worker`.
        """
        schedule.tick(self.access)
        transitions.release_lost(self.access)
        count = 0
        while count < _MOST:
            ids = self.next_due()
            if not ids:
                return count
            for id in ids:
                count += self.run(id)
        raise RuntimeError(f"jobs ask for jobs without end: {_MOST} runs")
