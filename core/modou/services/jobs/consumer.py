"""huey's consumer as the site's workers use it; imports huey."""

import logging
import time
from typing import Any

from huey.consumer import Consumer
from huey.consumer import Worker as HueyWorker

from modou.services.jobs.running import Runner

log = logging.getLogger(__name__)

#: Seconds between looks into a queue that does not wake by itself (SQLite): at first, and at most.
_FIRST, _LAST = 0.1, 1.0
#: Seconds between looks into the database while the queue does not answer.
_WITHOUT = 5.0


def make_consumer(huey: Any, runner: Runner, long: bool, threads: int) -> Any:
    """Threads that wait at `huey`; see `_Consumer`."""

    class Worker(_Worker):
        """Knows where the jobs are."""

        jobs = runner
        is_long = long

    class ForJobs(_Consumer):
        """With these workers."""

        worker_class = Worker

    return ForJobs(
        huey,
        workers=threads,
        periodic=False,
        initial_delay=_FIRST,
        max_delay=_LAST,
        # It has nothing to do: what is due later stands in the database.
        scheduler_interval=60,
        check_worker_health=False,
    )


class _Consumer(Consumer):
    """Runs in a process of which it is only a part: leaves the signals alone."""

    def _set_signal_handlers(self) -> None:
        """Whoever stops the process stops us."""

    @property
    def alive(self) -> bool:
        return any(self.environment.is_alive(thread) for _worker, thread in self.worker_threads)


class _Worker(HueyWorker):
    """Takes jobs from the database when the queue does not answer."""

    jobs: Runner
    is_long = False
    _complained = 0.0

    def loop(self, now: Any = None) -> None:
        try:
            task = self.huey.dequeue()
        except Exception as error:  # noqa: BLE001 - of whatever the queue is made
            self._without_queue(error)
            return
        if task is not None:
            self.delay = self.default_delay
            self.huey.execute(task, now)
        elif not self.huey.storage.blocking:
            self.sleep()

    def _without_queue(self, error: Exception) -> None:
        if time.monotonic() - self._complained > 60:
            self._complained = time.monotonic()
            log.warning(
                "the job queue does not answer (%s: %s); jobs are looked for in the database",
                type(error).__name__,
                error,
            )
        try:
            for id in self.jobs.next_due(self.is_long)[:20]:
                self.jobs.run(id)
        except Exception:
            log.exception("looking for jobs in the database failed")
        self.stop_flag.wait(_WITHOUT)
