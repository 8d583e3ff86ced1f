"""The threads that work: some wait at the queue, one looks after everything.

The looking after: it starts what is scheduled, wakes workers for what nobody woke them for (a
process died before it could, the queue lost it, a repetition is due), gives signs of life for what
runs here, and takes back what other workers left in the middle.
"""

import logging
import threading
import time
from typing import Any

from modou.services.jobs import schedule, transitions
from modou.services.jobs.running import Runner
from modou.services.jobs.waking import JobQueue

log = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK = 10.0
#: Seconds between signs of life; a fraction of `transitions.LEASE`.
BEAT = 15.0
#: Seconds after which a worker is woken again for a job that still waits.
AGAIN = 120.0


class Worker:
    """The workers of one process. Starts in its own time: `start` does not wait.

    :param long: how many threads do long jobs; one more does the short ones
    :param alone: no other process can have the database open
    """

    def __init__(
        self, runner: Runner, queue: JobQueue, *, long: int = 1, alone: bool = False
    ) -> None:
        self.runner = runner
        self.queue = queue
        self._long = long
        self._alone = alone
        self._consumers: list[Any] = []
        self._stop = threading.Event()
        self._woken: dict[int, float] = {}
        self._beaten = 0.0
        self._thread = threading.Thread(target=self._look_after, name="modou-jobs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, grace: float) -> bool:
        """Take nothing more on, and let what runs come to its end (or see that it shall stop).

        :param grace: seconds
        :returns: whether everything ended in time
        """
        deadline = time.monotonic() + grace
        self.runner.stopping.set()
        self._stop.set()
        # The beats go on meanwhile: what runs here is not to be taken for left.
        for consumer in list(self._consumers):
            consumer.stop_flag.set()
        while time.monotonic() < deadline:
            if not self.runner.busy and not any(c.alive for c in self._consumers):
                break
            self._beat()
            time.sleep(0.05)
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self.runner.busy

    # -- the thread

    def _look_after(self) -> None:
        first = True
        while not self._stop.is_set():
            try:
                if first:
                    transitions.release_lost(self.runner.access, alone=self._alone)
                    self._start_consumers()
                    first = False
                self._beat()
                schedule.tick(self.runner.access)
                transitions.release_lost(self.runner.access)
                self._wake()
            except Exception:
                # The database is away, say. The next look is soon.
                log.exception("looking after the jobs failed")
            self._stop.wait(LOOK)

    def _start_consumers(self) -> None:
        from modou.services.jobs.consumer import make_consumer

        self.queue.run = self.runner.run
        for long, threads in ((False, 1), (True, self._long)):
            if threads:
                consumer = make_consumer(self.queue.huey(long), self.runner, long, threads)
                consumer.start()
                self._consumers.append(consumer)
        self.queue.ringing = True

    def _beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten >= BEAT:
            self._beaten = now
            self.runner.beat()

    def _wake(self) -> None:
        now = time.monotonic()
        self._woken = {id: when for id, when in self._woken.items() if now - when < AGAIN}
        for long in (False, True):
            for id in self.runner.next_due(long):
                if id not in self._woken:
                    self._woken[id] = now
                    self.queue.ring(id, long)
